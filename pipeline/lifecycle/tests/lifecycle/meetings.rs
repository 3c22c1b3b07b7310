//! Which minutes are of which meeting.

use pipeline_domain::Fact;
use pipeline_lifecycle::Life;

use crate::made::{called_off, held, invited, matter, minutes};

fn check(facts: &[Fact], without: &[u128]) {
    let expected: Vec<_> = without.iter().map(|n| matter(*n)).collect();
    assert_eq!(Life::of(facts).meetings_without_minutes(), expected, "{facts:#?}");
}

const TEN: &str = "2026-11-10T10:00:00+01:00";
const NOON: &str = "2026-11-10T12:00:00+01:00";
const AFTER: &str = "2026-11-11";

#[test]
fn minutes_are_owed_of_a_meeting_that_was_held() {
    check(&[invited(1, "2026-11-01", TEN)], &[]);
    check(&[invited(1, "2026-11-01", TEN), held(1, AFTER, TEN)], &[1]);
    check(&[held(1, AFTER, TEN)], &[1]);
    check(&[called_off(1, "2026-11-05", TEN)], &[]);
    check(&[held(1, AFTER, TEN), minutes(20, AFTER, TEN)], &[]);
}

#[test]
fn minutes_find_their_meeting_by_id_or_on_its_day() {
    check(&[held(1, AFTER, TEN), minutes(1, AFTER, "2026-12-24T10:00:00+01:00")], &[]);
    check(&[held(1, AFTER, TEN), minutes(20, AFTER, "2026-11-10T10:07:00+01:00")], &[]);
    check(&[held(1, AFTER, TEN), minutes(20, AFTER, "2026-11-09T10:00:00+01:00")], &[1]);
    // The day is Oslo's: 00:30 and 23:30 of one day lie on two days in UTC.
    check(&[held(1, AFTER, "2026-11-10T00:30:00+01:00"), minutes(20, AFTER, "2026-11-10T23:30:00+01:00")], &[]);
    check(&[held(1, AFTER, "2026-11-10T23:30:00+01:00"), minutes(20, AFTER, "2026-11-11T00:30:00+01:00")], &[1]);
    // 25 October 2026 has 25 hours.
    check(&[held(1, "2026-10-26", "2026-10-25T00:15:00+02:00"), minutes(20, "2026-10-26", "2026-10-25T23:45:00+01:00")], &[]);
}

#[test]
fn one_set_of_minutes_is_of_one_meeting_the_nearest() {
    let both = || [held(1, AFTER, TEN), held(2, AFTER, NOON)];
    check(&[&both()[..], &[minutes(20, AFTER, TEN)]].concat(), &[2]);
    check(&[&both()[..], &[minutes(20, AFTER, "2026-11-10T11:30:00+01:00")]].concat(), &[1]);
    check(&[&both()[..], &[minutes(20, AFTER, TEN), minutes(21, AFTER, "2026-11-10T10:30:00+01:00")]].concat(), &[]);
    // A second version of the same minutes is no other minutes.
    check(&[&both()[..], &[minutes(20, AFTER, TEN), minutes(20, "2026-11-12", TEN)]].concat(), &[2]);
    // Minutes do not go to a meeting that nobody has said was held.
    check(&[invited(1, "2026-11-01", TEN), held(2, AFTER, NOON), minutes(20, AFTER, TEN)], &[]);
}
