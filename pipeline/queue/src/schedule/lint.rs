//! A warning for times that a clock change touches.

use chrono::{DateTime, TimeDelta, TimeZone, offset::LocalResult};

use super::{DAY_S, Pace, Schedule};

/// 2026-01-01 and the 28 years in which every date meets every weekday.
const WATCHED: std::ops::Range<i64> = 1_767_225_600..1_767_225_600 + 28 / 4 * 1461 * DAY_S;

impl Schedule {
    /// Whether a fixed time of this schedule is left out or comes twice on some day of 28 years: in Oslo one in 02:00–02:59 on
    /// a last Sunday of March or October. It then runs at 03:00, or the first time. Worth a warning: another hour is clearer.
    pub fn falls_in_changing_hour(&self) -> bool {
        self.pace == Pace::Fixed && WATCHED.step_by(86_400).any(|day| self.is_touched(day))
    }

    /// Whether a change in the 24 hours from `day` touches a firing.
    fn is_touched(&self, day: i64) -> bool {
        let instant = |s| DateTime::from_timestamp(s, 0).expect("28 years are in the calendar");
        let offset = |s| self.wall(instant(s)) - instant(s).naive_utc();
        if offset(day) == offset(day + DAY_S) {
            return false;
        }
        // A gap ends at the change, and a repeated time lies around it: no zone changes by more than a day.
        let walls = self.wall(instant(day)) - TimeDelta::days(1);
        let end = self.wall(instant(day + DAY_S)) + TimeDelta::days(1);
        self.calendar
            .after(&walls.and_utc())
            .map(|t| t.naive_utc())
            .take_while(|t| *t <= end)
            .any(|wall| !matches!(self.zone.from_local_datetime(&wall), LocalResult::Single(_)))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Asia::Tokyo, Australia::Lord_Howe, Europe::Oslo, Tz};

    use super::*;

    fn touched(expression: &str, zone: Tz) -> bool {
        Schedule::parse(expression, zone).unwrap().falls_in_changing_hour()
    }

    #[test]
    fn only_fixed_times_that_meet_a_change_are_touched() {
        for (expression, expected) in [
            ("30 2 * * *", true),
            ("0 2 * * *", true),
            ("59 2 * * SUN", true),
            ("30 2 31 MAR *", true),
            ("*/30 2 * * *", true),
            ("0 3 * * *", false),
            ("59 1 * * *", false),
            ("30 2 * * MON-SAT", false),
            ("0 2 15 JAN,JUN *", false),
            ("30 2 1 * *", false),
            ("*/15 * * * *", false),
            ("30 * * * *", false),
        ] {
            assert_eq!(touched(expression, Oslo), expected, "{expression}");
        }
    }

    #[test]
    fn the_zone_decides_which_hour_it_is() {
        assert!(!touched("30 2 * * *", Tokyo));
        // Back from 02:00 to 01:30, and ahead from 02:00 to 02:30.
        assert!(touched("45 1 * * *", Lord_Howe));
        assert!(touched("15 2 * * *", Lord_Howe));
        assert!(!touched("45 2 * * *", Lord_Howe));
    }
}
