//! Who is reminded of what on which day.

use pipeline_domain::{ConsentState, EventName, Fact, NoticeKind, RecipientRef};
use pipeline_lifecycle::{Life, Reminder, Stage, Whom, reminders};

use crate::made::{approved, at, called_off, closed, consent, day, event, held, invited, matter, of};

fn due(facts: &[Fact], now: &str) -> Vec<Reminder> {
    reminders(&Life::of(facts), at(now))
}

fn expiring(last: &str, days: u16, whom: Whom) -> Reminder {
    Reminder { kind: NoticeKind::ConsentExpiring, matter: matter(1), day: day(last), stage: Stage::DaysBefore(days), whom }
}

#[test]
fn a_consent_that_ends_is_told_of_thirty_fourteen_and_one_day_before_and_when_it_has_ended() {
    let last = "2027-06-30";
    let facts = [approved(1, "2026-07-01", last)];
    let lead = |days| expiring(last, days, Whom::Lead);
    for (on, expected) in [
        ("2027-05-30", vec![]),
        ("2027-05-31", vec![lead(30)]),
        ("2027-06-15", vec![lead(30)]),
        ("2027-06-16", vec![lead(14), expiring(last, 14, Whom::Deciders)]),
        ("2027-06-28", vec![lead(14), expiring(last, 14, Whom::Deciders)]),
        ("2027-06-29", vec![lead(1)]),
        ("2027-06-30", vec![lead(1)]),
    ] {
        assert_eq!(due(&facts, &format!("{on}T06:00:00+02:00")), expected, "{on}");
    }
    let ended = Reminder { kind: NoticeKind::ConsentExpired, stage: Stage::Reached, ..lead(1) };
    assert_eq!(due(&facts, "2027-07-01T06:00:00+02:00"), [ended]);
    assert_eq!(due(&facts, "2027-07-14T06:00:00+02:00"), [ended]);
    assert_eq!(due(&facts, "2027-07-15T06:00:00+02:00"), []);
}

#[test]
fn days_are_counted_by_the_calendar() {
    // Over both clock changes and a leap day.
    for (last, first) in
        [("2027-04-10", "2027-03-11"), ("2026-11-10", "2026-10-11"), ("2028-03-10", "2028-02-09"), ("2027-03-10", "2027-02-08")]
    {
        let facts = [approved(1, "2026-01-01", last)];
        let before = day(first).naive().pred_opt().unwrap();
        assert_eq!(due(&facts, &before.to_string()), [], "{last}");
        assert_eq!(due(&facts, first), [expiring(last, 30, Whom::Lead)], "{last}");
    }
}

#[test]
fn a_stage_that_was_over_when_the_consent_was_given_never_comes() {
    let facts = [approved(1, "2027-06-10", "2027-06-30")];
    assert_eq!(due(&facts, "2027-06-11"), []);
    assert_eq!(due(&facts, "2027-06-16").len(), 2);
    assert_eq!(due(&[approved(1, "2027-06-30", "2027-06-30")], "2027-06-30"), []);
}

#[test]
fn what_was_taken_back_or_closed_is_told_of_no_more() {
    let given = || approved(1, "2026-07-01", "2027-06-30");
    for end in [
        event(EventName::ConsentWithdrawn, "2027-01-01", of(1)),
        consent(1, "2027-01-01", ConsentState::Withdrawn, "2027-06-30"),
        closed("2027-01-01"),
    ] {
        for on in ["2027-06-16", "2027-06-29", "2027-07-01"] {
            assert_eq!(due(&[given(), end.clone()], on), [], "{on}: {end:?}");
        }
    }
}

#[test]
fn an_end_is_told_of_under_one_key_whoever_finds_it() {
    let given = || approved(1, "2026-07-01", "2027-06-30");
    let key = |facts: &[Fact], on: &str| {
        let [one] = due(facts, on)[..] else { panic!("one: {:?}", due(facts, on)) };
        one.dedupe_key(RecipientRef::Lead)
    };
    // The source system may say so earlier. Its event has this key.
    let expired = || event(EventName::ConsentExpired, "2027-05-10", of(1));
    assert_eq!(key(&[given()], "2027-07-01"), format!("consent_expired:{}:lead", matter(1)));
    assert_eq!(key(&[given(), expired()], "2027-05-10"), format!("consent_expired:{}:lead", matter(1)));
    assert_eq!(due(&[given(), expired()], "2027-05-25"), []);
    // Given anew after an end, and ended again.
    for end in [vec![], vec![expired()]] {
        let again = [vec![given()], end, vec![approved(1, "2027-08-01", "2028-06-30")]].concat();
        assert_eq!(key(&again, "2028-07-01"), format!("consent_expired:{}:2028-06-30:again:lead", matter(1)));
    }
    // Given anew in time: that is the first end.
    let in_time = [given(), approved(1, "2027-06-30", "2028-06-30")];
    assert_eq!(key(&in_time, "2028-07-01"), format!("consent_expired:{}:lead", matter(1)));
}

#[test]
fn a_new_end_has_keys_of_its_own() {
    let given = || approved(1, "2026-07-01", "2027-06-30");
    // Renewed under the same id: the new end counts, with keys of its own.
    let renewed = [given(), approved(1, "2027-06-20", "2028-06-30")];
    assert_eq!(due(&renewed, "2027-06-29"), []);
    let [one] = due(&[given()], "2027-05-31")[..] else { panic!("one") };
    let [other] = due(&renewed, "2028-05-31")[..] else { panic!("one") };
    assert_ne!(one.dedupe_key(RecipientRef::Lead), other.dedupe_key(RecipientRef::Lead));
    assert_eq!(one.dedupe_key(RecipientRef::Guardian(1)), format!("consent_expiring:{}:2027-06-30:30:guardian-1", matter(1)));
}

#[test]
fn a_meeting_is_two_days_away_by_the_clock_on_the_wall() {
    let remind = |begins: &str| Reminder {
        kind: NoticeKind::MeetingReminder,
        matter: matter(1),
        day: at(begins).oslo_date(),
        stage: Stage::DaysBefore(2),
        whom: Whom::Called,
    };
    let check = |begins: &str, last_silent: &str, first: &str| {
        let facts = [invited(1, "2026-01-01", begins)];
        assert_eq!(due(&facts, last_silent), [], "{begins}");
        assert_eq!(due(&facts, first), [remind(begins)], "{begins}");
        assert_eq!(due(&facts, begins), [], "it has begun");
    };
    check("2026-11-30T09:00:00+01:00", "2026-11-28T08:59:59+01:00", "2026-11-28T09:00:00+01:00");
    check("2026-03-30T09:00:00+02:00", "2026-03-28T08:59:59+01:00", "2026-03-28T09:00:00+01:00");
    check("2026-10-26T09:00:00+01:00", "2026-10-24T08:59:59+02:00", "2026-10-24T09:00:00+02:00");
}

#[test]
fn nobody_is_reminded_of_what_they_have_just_heard_or_what_is_not_to_be() {
    let begins = "2026-11-30T09:00:00+01:00";
    let now = "2026-11-29T09:00:00+01:00";
    assert_eq!(due(&[invited(1, "2026-11-28T09:00:00+01:00", begins)], now).len(), 1);
    assert_eq!(due(&[invited(1, "2026-11-28T09:00:01+01:00", begins)], now), []);
    assert_eq!(due(&[invited(1, "2026-11-01", begins), called_off(1, "2026-11-20", begins)], now), []);
    assert_eq!(due(&[invited(1, "2026-11-01", begins), held(1, "2026-11-28", begins)], now), []);
    assert_eq!(due(&[invited(1, "2026-11-01", begins), closed("2026-11-20")], now), []);
    // Moved: the new day counts.
    let moved = [invited(1, "2026-11-01", begins), invited(1, "2026-11-10", "2026-12-10T09:00:00+01:00")];
    assert_eq!(due(&moved, now), []);
    assert_eq!(due(&moved, "2026-12-09").len(), 1);
}
