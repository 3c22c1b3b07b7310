//! Laws of a schedule, held against its definition: minute by minute around clock changes of several zones, without the
//! calendar crate and without asking a zone to map a wall-clock time.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::{
    Africa::Casablanca,
    America::{New_York, Sao_Paulo},
    Australia::Lord_Howe,
    Europe::Oslo,
    Pacific::Apia,
    Tz,
};
use pipeline_domain::Timestamp;
use pipeline_queue::Schedule;
use proptest::prelude::*;

/// A field as text and as the values it means.
#[derive(Clone, Debug)]
struct Field {
    text: String,
    values: BTreeSet<u32>,
}

impl Field {
    fn has_star(&self) -> bool {
        self.text.contains('*')
    }
}

/// A field over `low..=high`: single values, lists, ranges, steps and stars.
fn field(low: u32, high: u32) -> impl Strategy<Value = Field> {
    let all = move || low..=high;
    prop_oneof![
        Just(Field { text: "*".to_owned(), values: all().collect() }),
        all().prop_map(|v| Field { text: v.to_string(), values: [v].into() }),
        (1..=high.min(20)).prop_map(move |n| Field { text: format!("*/{n}"), values: all().step_by(n as usize).collect() }),
        (all(), all()).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            Field { text: format!("{a}-{b}"), values: (a..=b).collect() }
        }),
        proptest::collection::btree_set(all(), 1..4).prop_map(|values| {
            let text = values.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            Field { text, values }
        }),
    ]
}

#[derive(Clone, Debug)]
struct Rule {
    minute: Field,
    hour: Field,
    weekday: Option<u32>,
}

const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

impl Rule {
    fn text(&self) -> String {
        let weekday = self.weekday.map_or("*", |w| WEEKDAYS[w as usize]);
        format!("{} {} * * {weekday}", self.minute.text, self.hour.text)
    }

    fn fits(&self, wall: NaiveDateTime) -> bool {
        self.minute.values.contains(&wall.minute())
            && self.hour.values.contains(&wall.hour())
            && self.weekday.is_none_or(|w| wall.weekday().num_days_from_monday() == w)
    }

    fn is_interval(&self) -> bool {
        let hours = self.hour.values.len();
        hours == 24 || (hours > 1 && (self.minute.has_star() || self.hour.has_star()))
    }

    /// The definition, walked minute by minute: what the clock on the wall shows, whether it was shown before, and what was
    /// left out since the minute before.
    fn firings(&self, zone: Tz, from: i64, to: i64) -> Vec<i64> {
        let wall = |s: i64| DateTime::from_timestamp(s, 0).unwrap().with_timezone(&zone).naive_local();
        let mut fired = Vec::new();
        // A day before the window, so that what it shows for the second time is known as such.
        let mut newest = wall(from - 86_400 - 60);
        for s in (from - 86_400..=to).step_by(60) {
            let now = wall(s);
            let left_out = (1..(now - newest).num_minutes()).any(|m| self.fits(newest + TimeDelta::minutes(m)));
            let fires = match self.is_interval() {
                true => self.fits(now),
                false => now > newest && (self.fits(now) || left_out),
            };
            newest = newest.max(now);
            if fires && s > from {
                fired.push(s);
            }
        }
        fired
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    // Hours around the changes as often as all others.
    let hour = prop_oneof![field(0, 23), field(0, 4)].prop_map(|f| {
        // A star means all hours, also in the narrow field.
        if f.has_star() && f.values.iter().all(|v| *v <= 4) { Field { text: "1-3".to_owned(), values: (1..=3).collect() } } else { f }
    });
    let weekday = prop_oneof![3 => Just(None), 1 => (0u32..7).prop_map(Some)];
    (field(0, 59), hour, weekday).prop_map(|(minute, hour, weekday)| Rule { minute, hour, weekday })
}

/// A zone and a day on which its clock changes, as an instant in UTC.
fn change() -> impl Strategy<Value = (Tz, i64)> {
    let changes = [
        (Oslo, "2027-03-28T01:00:00Z"),
        (Oslo, "2027-10-31T01:00:00Z"),
        (Oslo, "2036-03-30T01:00:00Z"),
        (Oslo, "2036-10-26T01:00:00Z"),
        (New_York, "2027-03-14T07:00:00Z"),
        (New_York, "2027-11-07T06:00:00Z"),
        // By half an hour.
        (Lord_Howe, "2027-04-03T15:00:00Z"),
        (Lord_Howe, "2027-10-02T15:30:00Z"),
        // At midnight: from 00:00 to 01:00, and back from 00:00 to 23:00.
        (Sao_Paulo, "2018-11-04T03:00:00Z"),
        (Sao_Paulo, "2018-02-18T02:00:00Z"),
        // A whole day that never was.
        (Apia, "2011-12-30T10:00:00Z"),
        (Casablanca, "2026-02-15T02:00:00Z"),
        (Casablanca, "2026-03-22T02:00:00Z"),
    ];
    prop::sample::select(changes.map(|(zone, at)| (zone, at.parse::<DateTime<chrono::Utc>>().unwrap().timestamp())).to_vec())
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_unix_seconds(s).unwrap()
}

proptest! {
    #[test]
    fn fires_as_defined_around_every_change(rule in rule(), (zone, change) in change(), from in -7000i64..0, length in 1i64..8000) {
        let schedule = Schedule::parse(&rule.text(), zone).unwrap();
        let (from, to) = (change + from * 30, change + from * 30 + length * 60);
        let expected = rule.firings(zone, from.div_euclid(60) * 60, to);
        let expected: Vec<i64> = expected.into_iter().filter(|s| *s > from && *s <= to).collect();
        let fired: Vec<i64> = schedule.between(at(from), at(to), usize::MAX).iter().map(|t| t.unix_seconds()).collect();
        prop_assert_eq!(fired, expected, "{} in {}", rule.text(), zone);
    }

    #[test]
    fn next_and_previous_are_the_same_list_read_both_ways(rule in rule(), (zone, change) in change(), near in -200_000i64..200_000) {
        let schedule = Schedule::parse(&rule.text(), zone).unwrap();
        let now = at(change + near);
        let next = schedule.next_after(now).unwrap();
        prop_assert!(next > now);
        prop_assert_eq!(schedule.previous_at_or_before(next), Some(next));
        let previous = schedule.previous_at_or_before(now).unwrap();
        prop_assert!(previous <= now);
        prop_assert_eq!(schedule.next_after(previous), Some(next), "nothing between {} and {}", previous, next);
        prop_assert_eq!(schedule.next_after(at(previous.unix_seconds() - 1)), Some(previous));
    }

    #[test]
    fn every_instant_between_two_firings_is_answered_alike(rule in rule(), (zone, change) in change(), part in 0.0f64..1.0) {
        let schedule = Schedule::parse(&rule.text(), zone).unwrap();
        for pair in schedule.iter_after(at(change - 90_000)).take(40).collect::<Vec<_>>().windows(2) {
            let (a, b) = (pair[0].unix_seconds(), pair[1].unix_seconds());
            prop_assert!(a < b);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a place between two instants, any will do")]
            let between = a + ((b - a - 1) as f64 * part) as i64;
            prop_assert_eq!(schedule.next_after(at(between)), Some(pair[1]));
            prop_assert_eq!(schedule.previous_at_or_before(at(between)), Some(pair[0]));
        }
    }

    #[test]
    fn any_instant_of_the_calendar_is_answered(rule in rule(), s in -62_000_000_000i64..200_000_000_000) {
        let schedule = Schedule::parse(&rule.text(), Oslo).unwrap();
        prop_assert!(schedule.next_after(at(s)).is_none_or(|t| t > at(s)));
        prop_assert!(schedule.previous_at_or_before(at(s)).is_none_or(|t| t <= at(s)));
    }

    #[test]
    fn a_limit_takes_the_first(rule in rule(), limit in 0usize..20, s in 1_767_225_600i64..2_082_758_400) {
        let schedule = Schedule::parse(&rule.text(), Oslo).unwrap();
        let (from, to) = (at(s), at(s + 400_000));
        let all = schedule.between(from, to, usize::MAX);
        prop_assert_eq!(&schedule.between(from, to, limit), &all[..limit.min(all.len())]);
    }
}

#[test]
fn the_calendar_ends_with_the_year_2100() {
    let schedule = Schedule::parse("0 12 * * *", Oslo).unwrap();
    let last = at("2100-12-31T11:00:00Z".parse::<DateTime<chrono::Utc>>().unwrap().timestamp());
    assert_eq!(schedule.next_after(at(last.unix_seconds() - 1)), Some(last));
    assert_eq!(schedule.next_after(last), None);
    assert_eq!(schedule.previous_at_or_before(at(200_000_000_000)), Some(last));
    assert_eq!(schedule.next_after(at(-62_000_000_000)), Some(at(11 * 3600)));
    assert_eq!(schedule.previous_at_or_before(at(11 * 3600 - 1)), None);
}
