//! Days and instants of a school year, as offices, schools and homes keep them.

use chrono::{Datelike, Days, NaiveDate, TimeZone, Weekday};
use chrono_tz::Europe::Oslo;
use pipeline_domain::Timestamp;

/// This day at this time in Oslo. Of an hour that a day does not have, the same minute of the one after.
pub fn at(day: NaiveDate, hour: u32, minute: u32) -> Timestamp {
    let wall = |hour| Oslo.from_local_datetime(&day.and_hms_opt(hour, minute, 0).expect("a time of day")).earliest();
    let found = wall(hour).or_else(|| wall(hour + 1)).expect("no day lacks two hours on end");
    Timestamp::from_utc(found.to_utc())
}

/// So many minutes later, or earlier.
pub fn minutes_after(at: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::from_unix_seconds(at.unix_seconds() + 60 * minutes).expect("within the calendar")
}

/// The day so many days after an instant.
pub fn day_after(at: Timestamp, days: i64) -> NaiveDate {
    plus(at.oslo_date().naive(), days)
}

/// So many days later, or earlier.
pub fn plus(day: NaiveDate, days: i64) -> NaiveDate {
    let n = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(n) } else { day.checked_add_days(n) };
    moved.expect("within the calendar")
}

/// The day itself, or the Monday after it.
pub fn working_day(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Sat => plus(day, 2),
        Weekday::Sun => plus(day, 1),
        _ => day,
    }
}

/// The school year of a day, `2026/2027`: 1 August to 31 July.
pub fn school_year(day: NaiveDate) -> String {
    named(first_year(day))
}

/// The one after it.
pub fn next_school_year(day: NaiveDate) -> String {
    named(first_year(day) + 1)
}

/// The day on which the school year of a day begins.
pub fn school_year_begins(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(first_year(day), 8, 1).expect("every year has a 1 August")
}

fn first_year(day: NaiveDate) -> i32 {
    if day.month() >= 8 { day.year() } else { day.year() - 1 }
}

fn named(first: i32) -> String {
    format!("{first}/{}", first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn instants_follow_the_clocks_in_oslo() {
        let check = |on: &str, hour, expected: &str| assert_eq!(at(day(on), hour, 30), expected.parse().unwrap(), "{on} {hour}");
        check("2026-08-01", 9, "2026-08-01T09:30:00+02:00");
        check("2026-12-01", 9, "2026-12-01T09:30:00+01:00");
        check("2027-03-28", 2, "2027-03-28T03:30:00+02:00");
        check("2026-10-25", 2, "2026-10-25T02:30:00+02:00");
    }

    #[test]
    fn weekends_are_free_and_school_years_turn_in_august() {
        assert_eq!(working_day(day("2026-08-01")), day("2026-08-03"));
        assert_eq!(working_day(day("2026-08-02")), day("2026-08-03"));
        assert_eq!(working_day(day("2026-08-03")), day("2026-08-03"));
        assert_eq!((school_year(day("2027-07-31")), next_school_year(day("2027-07-31"))), ("2026/2027".into(), "2027/2028".into()));
        assert_eq!(school_year(day("2027-08-01")), "2027/2028");
        assert_eq!(school_year_begins(day("2027-02-28")), day("2026-08-01"));
    }
}
