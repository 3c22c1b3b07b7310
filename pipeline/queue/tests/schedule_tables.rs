//! Two tables of firing times, 2026–2028, Europe/Oslo, for people to read: a changed table is a changed promise.

use std::fmt::Write;

use chrono::{DateTime, Days, Months, NaiveDate};
use chrono_tz::{Europe::Oslo, Tz};
use pipeline_domain::Timestamp;
use pipeline_queue::{DEFAULTS, DefaultSchedule, Schedule};

const CHANGES: [&str; 6] = ["2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31", "2028-03-26", "2028-10-29"];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Months of 2026 to 2028, by their first days.
fn months() -> impl Iterator<Item = NaiveDate> {
    (0..36).map(|n| day("2026-01-01") + Months::new(n))
}

/// Firings from midnight to midnight, in Oslo.
fn firings(schedule: &Schedule, from: NaiveDate, to: NaiveDate) -> Vec<DateTime<Tz>> {
    let last_second_before = |day: NaiveDate| {
        let midnight = day.and_hms_opt(0, 0, 0).unwrap().and_local_timezone(Oslo).unwrap();
        Timestamp::from_unix_seconds(midnight.timestamp() - 1).unwrap()
    };
    let all = schedule.between(last_second_before(from), last_second_before(to), usize::MAX);
    all.into_iter().map(|t| t.utc().with_timezone(&Oslo)).collect()
}

/// The defaults that fire at most daily, or the others: told by their first week.
fn defaults(at_most_daily: bool) -> impl Iterator<Item = (&'static DefaultSchedule, Schedule)> {
    let parsed = DEFAULTS.iter().map(|d| (d, Schedule::parse(d.expression, Oslo).unwrap()));
    parsed.filter(move |(_, s)| (firings(s, day("2026-01-01"), day("2026-01-08")).len() <= 7) == at_most_daily)
}

#[test]
fn schedules_that_fire_at_most_daily() {
    let mut table = String::new();
    for (default, schedule) in defaults(true) {
        writeln!(table, "# {} `{}`", default.name, default.expression).unwrap();
        for month in months() {
            let firings = firings(&schedule, month, month + Months::new(1));
            for same_hour in firings.chunk_by(|a, b| a.format("%T%z").to_string() == b.format("%T%z").to_string()) {
                let days: Vec<String> = same_hour.iter().map(|f| f.format("%d").to_string()).collect();
                writeln!(table, "{} at {}: {}", month.format("%Y-%m"), same_hour[0].format("%H:%M%:::z"), days.join(" ")).unwrap();
            }
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

#[test]
fn schedules_that_fire_more_often() {
    let mut table = String::new();
    for (default, schedule) in defaults(false) {
        writeln!(table, "# {} `{}`", default.name, default.expression).unwrap();
        let counts: Vec<usize> = months().map(|m| firings(&schedule, m, m + Months::new(1)).len()).collect();
        for (year, of_year) in (2026..).zip(counts.chunks(12)) {
            writeln!(table, "{year} by month: {of_year:?}").unwrap();
        }
        CHANGES.map(day).iter().for_each(|change| write_change(&mut table, &schedule, *change));
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

/// The days before, of and after a change with their numbers, and the night itself hour by hour.
fn write_change(table: &mut String, schedule: &Schedule, change: NaiveDate) {
    let of_day = |d: NaiveDate| firings(schedule, d, d + Days::new(1));
    let days = [change - Days::new(1), change, change + Days::new(1)];
    writeln!(table, "{}", days.map(|d| format!("{d}: {}", of_day(d).len())).join(", ")).unwrap();
    let night: Vec<_> = of_day(change).into_iter().filter(|f| f.format("%H").to_string().as_str() < "05").collect();
    for hour in night.chunk_by(|a, b| a.format("%H%z").to_string() == b.format("%H%z").to_string()) {
        let minutes: Vec<String> = hour.iter().map(|f| f.format("%M").to_string()).collect();
        writeln!(table, "  {} {}", hour[0].format("%H%:::z"), minutes.join(" ")).unwrap();
    }
}
