//! Instants, and days on the wall clock of Oslo (DOMAIN § 9: times are Europe/Oslo).

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Europe::Oslo;

/// A point in time.
pub type Instant = DateTime<Utc>;

/// An instant as JSON writes it (RFC 3339).
pub fn instant(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}

/// A day as JSON writes it.
pub fn day(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

/// That time of that day in Oslo. A time in the gap of the spring night is when the gap ends; one that comes twice is the first.
pub fn in_oslo(day: NaiveDate, hour: u32, minute: u32) -> Instant {
    let wall = day.and_hms_opt(hour, minute, 0).expect("a time of day");
    let found = (0..=3).find_map(|hours| Oslo.from_local_datetime(&(wall + TimeDelta::hours(hours))).earliest());
    found.expect("no gap is three hours long").with_timezone(&Utc)
}

/// The wall clock's day in Oslo.
pub fn day_in_oslo(at: Instant) -> NaiveDate {
    at.with_timezone(&Oslo).date_naive()
}

/// Every day from one to another, both among them.
pub fn days(from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= until)
}

/// Whether it is a Monday.
pub fn is_monday(day: &NaiveDate) -> bool {
    day.weekday() == Weekday::Mon
}

/// So many days before.
pub fn days_before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).expect("a day of this age")
}

/// The same time on the wall clock of Oslo, so many days before: 47 or 49 hours where the clock was moved.
pub fn wall_days_before(at: Instant, days: u64) -> Instant {
    let wall = at.with_timezone(&Oslo).naive_local();
    in_oslo(days_before(wall.date(), days), wall.hour(), wall.minute())
}

/// The day after.
pub fn next_day(day: NaiveDate) -> NaiveDate {
    day.succ_opt().expect("a day of this age")
}

/// The same day so many months on; the month's last day where it has no such day.
pub fn months_after(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).expect("a day of this age")
}

/// The later of two.
pub fn latest(one: Instant, other: Instant) -> Instant {
    one.max(other)
}

/// How old somebody is on a day, by the birth date. Who is born on 29 February has the birthday on 1 March in other years.
pub fn age(born: NaiveDate, on: NaiveDate) -> i32 {
    let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
    on.year() - born.year() - i32::from(!had_birthday)
}

/// The school year that a day lies in, as DOMAIN § 9 writes it: `2026/2027`.
pub fn school_year(day: NaiveDate) -> String {
    let first = if day.month() >= 8 { day.year() } else { day.year() - 1 };
    format!("{first}/{}", first + 1)
}

/// A quarter of a year, in order.
pub fn quarter(day: NaiveDate) -> (i32, u32) {
    (day.year(), day.month0() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        day(text).unwrap()
    }

    #[test]
    fn the_wall_clock_of_oslo() {
        let utc = |text: &str| instant(text).unwrap();
        assert_eq!(in_oslo(date("2026-11-23"), 7, 30), utc("2026-11-23T07:30:00+01:00"));
        assert_eq!(in_oslo(date("2026-08-01"), 5, 0), utc("2026-08-01T05:00:00+02:00"));
        // 29 March 2026: two o'clock is three o'clock.
        assert_eq!(in_oslo(date("2026-03-29"), 2, 0), utc("2026-03-29T03:00:00+02:00"));
        assert_eq!(day_in_oslo(utc("2026-12-31T23:30:00Z")), date("2027-01-01"));
    }

    #[test]
    fn days_before_on_the_wall_clock() {
        let before = |text: &str| wall_days_before(instant(text).unwrap(), 2);
        assert_eq!(before("2026-10-26T11:30:00+01:00"), instant("2026-10-24T11:30:00+02:00").unwrap());
        assert_eq!(before("2027-01-13T10:30:00+01:00"), instant("2027-01-11T10:30:00+01:00").unwrap());
    }

    #[test]
    fn ages_and_years() {
        assert_eq!((age(date("2011-07-18"), date("2027-07-17")), age(date("2011-07-17"), date("2027-07-17"))), (15, 16));
        assert_eq!((school_year(date("2026-07-31")), school_year(date("2026-08-01"))), ("2025/2026".to_owned(), "2026/2027".to_owned()));
        assert_eq!(months_after(date("2025-05-30"), 18), date("2026-11-30"));
        assert!(is_monday(&date("2026-11-23")) && quarter(date("2026-12-01")) < quarter(date("2027-01-01")));
    }
}
