//! Every firing of ten years, day by day, beside those of croner: another parser, another walk, another map to the time zone.
//!
//! Where the two part, DOMAIN § 9 decides ("on clock change a job runs once, not twice or never"), and the test says so.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate};
use chrono_tz::{Europe::Oslo, Tz};
use croner::Cron;
use pipeline_domain::Timestamp;
use pipeline_queue::{DEFAULTS, Schedule};

const FROM: &str = "2026-01-01T00:00:00+01:00";
const TO: &str = "2037-01-01T00:00:00+01:00";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ours(expression: &str, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    Schedule::parse(expression, Oslo).unwrap().between(from, to, usize::MAX)
}

/// One question after the other, each from the answer before: what a scheduler does.
fn croner_stepwise(expression: &str, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let cron = Cron::from_str(expression).unwrap();
    let next = |t: &DateTime<Tz>| cron.find_next_occurrence(t, false).ok();
    std::iter::successors(next(&from.utc().with_timezone(&Oslo)), next)
        .map(|t| Timestamp::from_utc(t.to_utc()))
        .take_while(|t| *t <= to)
        .collect()
}

fn croner_iterated(expression: &str, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let cron = Cron::from_str(expression).unwrap();
    cron.iter_after(from.utc().with_timezone(&Oslo)).map(|t| Timestamp::from_utc(t.to_utc())).take_while(|t| *t <= to).collect()
}

/// Days of Oslo on which two lists of firings differ.
fn days_apart(a: &[Timestamp], b: &[Timestamp]) -> Vec<NaiveDate> {
    let (a, b): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) = (a.iter().copied().collect(), b.iter().copied().collect());
    let mut days: Vec<NaiveDate> = a.symmetric_difference(&b).map(|t| t.oslo_date().naive()).collect();
    days.dedup();
    days
}

/// Last Sundays of March and October.
fn changes(month: u32) -> Vec<NaiveDate> {
    (2026..=2036)
        .map(|year| {
            let mut days = NaiveDate::from_ymd_opt(year, month, 25).unwrap().iter_days();
            days.find(|d| chrono::Datelike::weekday(d) == chrono::Weekday::Sun).unwrap()
        })
        .collect()
}

fn check_agree(expression: &str) {
    check_agree_between(expression, instant(FROM), instant(TO));
}

fn check_agree_between(expression: &str, from: Timestamp, to: Timestamp) {
    let ours = ours(expression, from, to);
    assert!(ours.len() > 1, "{expression} hardly fires");
    assert!(ours.is_sorted_by(|a, b| a < b), "{expression} steps back");
    for theirs in [croner_stepwise(expression, from, to), croner_iterated(expression, from, to)] {
        assert_eq!(days_apart(&ours, &theirs), [], "{expression}");
        assert_eq!(ours, theirs, "{expression}");
    }
}

const EVERY_MINUTE: &str = "* * * * *";

#[test]
fn the_defaults_agree_with_the_oracle() {
    for d in DEFAULTS.iter().filter(|d| d.expression != EVERY_MINUTE) {
        check_agree(d.expression);
    }
}

/// Days from noon to noon around every change, for what fires very often: ten years of it take a debug build minutes.
fn check_agree_around_changes(expression: &str) {
    for day in changes(3).into_iter().chain(changes(10)) {
        let noon = |d: NaiveDate| instant(&format!("{d}T12:00:00Z"));
        check_agree_between(expression, noon(day.pred_opt().unwrap()), noon(day.succ_opt().unwrap()));
    }
}

/// A whole year, for which nobody needs an oracle, and the days around every change.
#[test]
fn every_minute_is_every_minute() {
    let (from, to) = (instant("2027-01-01T00:00:00+01:00"), instant("2028-01-01T00:00:00+01:00"));
    let firings = ours(EVERY_MINUTE, from, to);
    let minutes = (from.unix_seconds() + 60..=to.unix_seconds()).step_by(60);
    assert!(firings.iter().map(|t| t.unix_seconds()).eq(minutes));
    check_agree_around_changes(EVERY_MINUTE);
}

#[test]
fn daily_times_agree_with_the_oracle() {
    for minute in ["0", "1", "15", "29", "30", "59"] {
        for hour in 0..=4 {
            check_agree(&format!("{minute} {hour} * * *"));
        }
    }
    for expression in ["0 12 * * *", "59 23 * * *", "45 30 2 * * *", "59 59 1 * * *", "59 59 2 * * *"] {
        check_agree(expression);
    }
}

#[test]
fn weekly_monthly_and_yearly_times_agree_with_the_oracle() {
    for expression in [
        "30 2 * * SUN",
        "30 2 * * MON-FRI",
        "0 2 * * SAT,SUN",
        "0 3 * * SUN",
        "30 2 * MAR,OCT SUN",
        "30 2 25-31 MAR,OCT *",
        "0 2 31 * *",
        "30 2 29 2 *",
        "0 0 1 1 *",
        "15 4 */10 * *",
        "0 7 1-7 1-12/3 *",
        "0 2 28 3 *",
        "30 2 31 10 *",
    ] {
        check_agree(expression);
    }
}

#[test]
fn intervals_agree_with_the_oracle() {
    for expression in [
        "*/15 * * * *",
        "0 * * * *",
        "30 * * * *",
        "30 15 * * * *",
        "0 */2 * * *",
        "30 */3 * * *",
        "*/20 1-3 * * *",
        "*/30 0-2,4 * * SUN",
        "10 * * MAR,OCT *",
        "0 * 25-31 * *",
    ] {
        check_agree(expression);
    }
    for expression in ["*/5 * * * *", "7-59/13 * * * *", "*/2 1-3 * * *", "*/20 * 1-3 * * *"] {
        check_agree_around_changes(expression);
    }
}

/// croner takes every expression with more than one time a day for an interval: in spring it leaves a time out, in autumn it
/// fires twice. Ours are fixed times when no star says "every so often", and every one of them runs once.
#[test]
fn several_fixed_times_run_once_where_the_oracle_runs_them_never_or_twice() {
    let (from, to) = (instant(FROM), instant(TO));
    let (spring, autumn) = (changes(3), changes(10));
    let both: Vec<NaiveDate> = spring.iter().zip(&autumn).flat_map(|(s, a)| [*s, *a]).collect();
    // Days that differ; then, of 2027, firings of ours and of croner's in spring, and the same in autumn.
    type Case<'a> = (&'static str, &'a [NaiveDate], [&'static str; 2], [&'static str; 2]);
    let cases: [Case; 6] = [
        ("0 2,14 * * *", &both, ["03+02 14+02", "14+02"], ["02+02 14+01", "02+02 02+01 14+01"]),
        ("0,30 2 * * *", &both, ["03+02", ""], ["02+02 02:30+02", "02+02 02:30+02 02+01 02:30+01"]),
        ("*/30 2 * * *", &both, ["03+02", ""], ["02+02 02:30+02", "02+02 02:30+02 02+01 02:30+01"]),
        ("30 1,2 * * *", &both, ["01:30+01 03+02", "01:30+01"], ["01:30+02 02:30+02", "01:30+02 02:30+02 02:30+01"]),
        // 03:00 was due anyway: two times that become one instant are one firing.
        ("0 2,3 * * *", &autumn, ["03+02", "03+02"], ["02+02 03+01", "02+02 02+01 03+01"]),
        ("0 1-4 * * *", &autumn, ["01+01 03+02 04+02", "01+01 03+02 04+02"], ["01+02 02+02 03+01 04+01", "01+02 02+02 02+01 03+01 04+01"]),
    ];
    for (expression, days, in_spring, in_autumn) in cases {
        let (ours, theirs) = (ours(expression, from, to), croner_stepwise(expression, from, to));
        assert_eq!(days_apart(&ours, &theirs), days, "{expression}");
        assert_eq!([on(&ours, spring[1]), on(&theirs, spring[1])], in_spring, "{expression}");
        assert_eq!([on(&ours, autumn[1]), on(&theirs, autumn[1])], in_autumn, "{expression}");
    }
}

/// Firings of a day, as `02:30+02`; full hours as `02+02`.
fn on(firings: &[Timestamp], day: NaiveDate) -> String {
    let short = |t: &Timestamp| {
        let local = t.utc().with_timezone(&Oslo);
        let form = if local.format("%M").to_string() == "00" { "%H%:::z" } else { "%H:%M%:::z" };
        local.format(form).to_string()
    };
    firings.iter().filter(|t| t.oslo_date().naive() == day).map(short).collect::<Vec<_>>().join(" ")
}

/// What QUEUE.md § 5 found in the `cron` crate, asked of the type that hides it.
#[test]
fn the_faults_of_the_calendar_crate_do_not_show() {
    let (gap, overlap) = (changes(3)[1], changes(10)[1]);
    let whole = |e| ours(e, instant(FROM), instant(TO));
    assert_eq!(on(&whole("30 2 * * *"), gap), "03+02");
    assert_eq!(on(&whole("0 2 * * *"), gap), "03+02");
    assert_eq!(on(&whole("30 2 * * *"), overlap), "02:30+02");
    let quarters = on(&whole("*/15 1-3 * * *"), overlap);
    assert_eq!(
        quarters,
        "01+02 01:15+02 01:30+02 01:45+02 02+02 02:15+02 02:30+02 02:45+02 \
         02+01 02:15+01 02:30+01 02:45+01 03+01 03:15+01 03:30+01 03:45+01"
    );
    let half_past = Schedule::parse("30 * * * *", Oslo).unwrap();
    assert_eq!(half_past.next_after(instant("2027-10-31T02:10:00+01:00")), Some(instant("2027-10-31T02:30:00+01:00")));
    // Monday to Friday, not Sunday to Thursday.
    let week = ours("0 7 * * MON-FRI", instant("2027-01-03T00:00:00+01:00"), instant("2027-01-10T23:59:59+01:00"));
    let days: Vec<String> = week.iter().map(|t| t.oslo_date().to_string()).collect();
    assert_eq!(days, ["2027-01-04", "2027-01-05", "2027-01-06", "2027-01-07", "2027-01-08"]);
}
