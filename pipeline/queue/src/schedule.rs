//! When something happens again and again: a cron expression in a time zone.
//!
//! The `cron` crate reads the expression and walks the calendar; it never sees a time zone, because there it loses firings, doubles
//! them and goes back in time (`tests/schedule_oracle.rs` shows how each case is answered here). It is fed wall-clock times as
//! if they were UTC, and this type maps them to instants:
//!
//! | | fixed times | at intervals |
//! |---|---|---|
//! | wall-clock time that is left out in spring | the first instant after the gap, once for all of them | left out: the next one is near |
//! | wall-clock time that comes twice in autumn | the first of the two | both, in the order of time |
//!
//! The rule is that of Vixie cron: an expression with `*` in a time field is meant as "every so often", one without as "at". Two
//! refinements keep the promise that a clock change makes no job run twice or never: hours that name a single hour are
//! fixed times whatever the minutes are (`*/30 2 * * *` would not run at all on a day without that hour), and all 24 hours
//! written out are an interval.

mod defaults;
mod lint;
mod misfire;
mod parse;

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc, offset::LocalResult};
use chrono_tz::Tz;
use pipeline_domain::Timestamp;

pub use defaults::{DEFAULTS, DefaultSchedule, DefaultState};
pub use misfire::Misfire;
pub(crate) use misfire::{GRACE_S, shifted};
pub use parse::ScheduleError;

/// A cron expression in a time zone. Made only by [`Schedule::parse`]: holding one means that it fires.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Five or six fields, in capitals, one blank between them.
    expression: String,
    zone: Tz,
    /// The expression with a field for seconds. Knows wall-clock times only.
    calendar: cron::Schedule,
    pace: Pace,
}

/// What a clock change does to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// At named times: each once a day, whatever the clock does.
    Fixed,
    /// Every so often: by the time that passes.
    Interval,
}

const DAY_S: i64 = 86_400;
/// 2101-01-01: the calendar knows the years 1970 to 2100.
const END_S: i64 = 4_133_980_800;
const END: DateTime<Utc> = DateTime::from_timestamp(END_S, 0).expect("2101 is in the calendar");

impl Schedule {
    /// The first firing strictly after the instant; `None` after the year 2100.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let (after, wall) = self.at(after);
        let mut found = None;
        // In a repeated hour, what was passed on the first round comes again, and comes before what lies beyond it.
        for next in self.calendar.after(&(wall - self.repeated(wall)).and_utc()) {
            let firing = self.firings(next.naive_utc()).into_iter().flatten().find(|t| *t > after);
            found = found.into_iter().chain(firing).min();
            if firing.is_some() && next.naive_utc() > wall {
                break;
            }
        }
        found.map(Timestamp::from_utc)
    }

    /// The last firing at the instant or before it; `None` before the year 1970.
    pub fn previous_at_or_before(&self, at: Timestamp) -> Option<Timestamp> {
        let (at, wall) = self.at(at);
        let mut found = None;
        // From a year beyond its calendar the crate would not start at that calendar's end, but on the same day of the year.
        let start = (wall + self.repeated(wall) + TimeDelta::seconds(1)).and_utc().min(END);
        for previous in self.calendar.after(&start).rev() {
            let firing = self.firings(previous.naive_utc()).into_iter().flatten().rfind(|t| *t <= at);
            found = found.into_iter().chain(firing).max();
            if firing.is_some() && previous.naive_utc() <= wall {
                break;
            }
        }
        found.map(Timestamp::from_utc)
    }

    /// All firings after `after`, in order.
    pub fn iter_after(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.next_after(after), |t| self.next_after(*t))
    }

    /// The firings after `from` and not after `to`, oldest first, at most `limit`.
    pub fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Vec<Timestamp> {
        self.iter_after(from).take_while(|t| *t <= to).take(limit).collect()
    }

    /// The time zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The instant and what the clock on the wall shows then.
    fn at(&self, at: Timestamp) -> (DateTime<Utc>, NaiveDateTime) {
        // Two days of room for any zone's offset.
        let known = at.unix_seconds().clamp(-2 * DAY_S, END_S + 2 * DAY_S);
        let at = DateTime::from_timestamp(known, 0).expect("the years 1970 to 2100 are in the calendar");
        (at, self.wall(at))
    }

    fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    /// How much later the same wall-clock time comes again; nothing, unless it comes twice.
    fn repeated(&self, wall: NaiveDateTime) -> TimeDelta {
        match self.zone.from_local_datetime(&wall) {
            LocalResult::Ambiguous(first, second) => second - first,
            _ => TimeDelta::zero(),
        }
    }

    /// The instants at which a wall-clock time of the calendar fires, in order.
    fn firings(&self, wall: NaiveDateTime) -> [Option<DateTime<Utc>>; 2] {
        match (self.zone.from_local_datetime(&wall), self.pace) {
            (LocalResult::Single(at), _) => [Some(at.to_utc()), None],
            (LocalResult::Ambiguous(first, _), Pace::Fixed) => [Some(first.to_utc()), None],
            (LocalResult::Ambiguous(first, second), Pace::Interval) => [Some(first.to_utc()), Some(second.to_utc())],
            (LocalResult::None, Pace::Fixed) => [Some(self.end_of_gap(wall)), None],
            (LocalResult::None, Pace::Interval) => [None, None],
        }
    }

    /// The first instant after the gap that swallowed a wall-clock time.
    fn end_of_gap(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        let instant = |s| DateTime::from_timestamp(s, 0).expect("a day beside a known one is in the calendar");
        let near = wall.and_utc().timestamp();
        // Wall clocks are less than a day from UTC, and no zone has two gaps in two days: one turning point to be found.
        let (mut before, mut after) = (near - DAY_S, near + DAY_S);
        while after - before > 1 {
            let middle = before.midpoint(after);
            if self.wall(instant(middle)) > wall { after = middle } else { before = middle }
        }
        instant(after)
    }
}

/// Expression and zone, as stored: `0 7 * * MON Europe/Oslo`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expression, self.zone)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.expression, self.zone) == (&other.expression, other.zone)
    }
}

impl Eq for Schedule {}
