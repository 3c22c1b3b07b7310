//! What becomes of firings that were missed.

use pipeline_domain::Timestamp;

use super::Schedule;

/// What becomes of firings that nobody fired within a minute of their time. One that is fired in time is never left
/// out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfire {
    /// Nothing: the next one will do.
    Skip,
    /// One job for all of them, with the latest due time; none if another firing is due in time just now.
    Once,
    /// One job for each, oldest first, but of too many only the newest.
    All {
        /// At most so many.
        max: u32,
    },
}

/// A firing that is later than this, in seconds, was missed.
pub(crate) const GRACE_S: i64 = 60;

impl Misfire {
    /// Which of the firings from `due` to `now` make a job, oldest first.
    pub(crate) fn kept(self, schedule: &Schedule, due: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        let before = |t: Timestamp| schedule.previous_at_or_before(shifted(t, -1));
        let newest_first = std::iter::successors(schedule.previous_at_or_before(now), |t| before(*t)).take_while(|t| *t >= due);

        let in_time = |t: &Timestamp| now.unix_seconds() - t.unix_seconds() <= GRACE_S;
        let (mut kept, mut late) = (Vec::new(), 0);
        for firing in newest_first {
            if !in_time(&firing) {
                late += 1;
                if late > self.most_late(kept.len()) {
                    break;
                }
            }
            kept.push(firing);
        }
        kept.reverse();
        kept
    }

    /// How many late firings are made good beside (or before) `others`.
    fn most_late(self, others: usize) -> u32 {
        match self {
            Self::Skip => 0,
            Self::Once => u32::from(others == 0),
            Self::All { max } => max,
        }
    }
}

/// So many seconds later; the same instant at the ends of the calendar.
pub(crate) fn shifted(t: Timestamp, seconds: i64) -> Timestamp {
    t.unix_seconds().checked_add(seconds).and_then(Timestamp::from_unix_seconds).unwrap_or(t)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Oslo;

    use super::*;

    /// Due times that are kept, as minutes and seconds before `now`, of a schedule that fires every ten minutes.
    fn kept(misfire: Misfire, since_due_s: i64, late_s: i64) -> Vec<i64> {
        let schedule = Schedule::parse("*/10 * * * *", Oslo).unwrap();
        let newest: Timestamp = "2027-02-01T12:00:00+01:00".parse().unwrap();
        let now = shifted(newest, late_s);
        let due = shifted(newest, -since_due_s);
        misfire.kept(&schedule, due, now).iter().map(|t| now.unix_seconds() - t.unix_seconds()).collect()
    }

    #[test]
    fn a_firing_in_time_is_kept_by_every_policy() {
        for misfire in [Misfire::Skip, Misfire::Once, Misfire::All { max: 0 }, Misfire::All { max: 3 }] {
            assert_eq!(kept(misfire, 0, 0), [0], "{misfire:?}");
            assert_eq!(kept(misfire, 0, GRACE_S), [GRACE_S], "{misfire:?}");
        }
    }

    #[test]
    fn three_missed_hours_are_met_as_the_policy_says() {
        let (three_hours, late) = (3 * 3600, 90);
        assert_eq!(kept(Misfire::Skip, three_hours, late), [0; 0]);
        assert_eq!(kept(Misfire::Once, three_hours, late), [90]);
        assert_eq!(kept(Misfire::All { max: 3 }, three_hours, late), [1290, 690, 90]);
        assert_eq!(kept(Misfire::All { max: 100 }, three_hours, late).len(), 19);
    }

    #[test]
    fn a_firing_in_time_stands_for_those_that_were_missed_before_it() {
        assert_eq!(kept(Misfire::Skip, 3600, 5), [5]);
        assert_eq!(kept(Misfire::Once, 3600, 5), [5]);
        assert_eq!(kept(Misfire::All { max: 2 }, 3600, 5), [1205, 605, 5]);
    }

    #[test]
    fn a_due_time_that_the_rule_does_not_know_makes_nothing() {
        // As after new time zone data: the stored time lies between two firings.
        assert_eq!(kept(Misfire::All { max: 9 }, -1, 30), [0; 0]);
    }
}
