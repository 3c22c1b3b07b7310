//! Consents from the question to the end.

use pipeline_domain::{ConsentState::*, EventName, Fact};
use pipeline_lifecycle::{ConsentEnd, Life, Sharing, Standing};

use crate::made::{approved, asked, at, consent, day, event, matter, of};

fn withdrawn(n: u128, when: &str) -> Fact {
    event(EventName::ConsentWithdrawn, when, of(n))
}

fn expired(n: u128, when: &str) -> Fact {
    event(EventName::ConsentExpired, when, of(n))
}

#[test]
fn a_consent_stands_as_was_last_said_and_as_its_last_day_says() {
    let check = |facts: &[Fact], on: &str, expected: Standing| {
        let life = Life::of(facts);
        assert_eq!(life.consents[&matter(1)].standing(day(on)), expected, "{on}: {facts:#?}");
    };
    let given = || approved(1, "2026-09-01", "2027-02-28");
    check(&[asked(1, "2026-08-30")], "2026-09-01", Standing::NotGiven);
    check(&[given()], "2027-02-28", Standing::Valid);
    check(&[given()], "2027-03-01", Standing::Expired(day("2027-02-28")));
    // A leap day is a day.
    check(&[approved(1, "2027-09-01", "2028-02-29")], "2028-02-29", Standing::Valid);
    check(&[approved(1, "2027-09-01", "2028-02-29")], "2028-03-01", Standing::Expired(day("2028-02-29")));
    check(&[given(), withdrawn(1, "2026-10-05")], "2026-10-05", Standing::Withdrawn(day("2026-10-05")));
    check(&[given(), expired(1, "2026-12-01")], "2026-12-02", Standing::Expired(day("2026-12-01")));
    check(&[given(), withdrawn(1, "2026-10-05"), expired(1, "2026-12-01")], "2026-12-02", Standing::Withdrawn(day("2026-10-05")));
    check(&[given(), withdrawn(1, "2026-10-05"), approved(1, "2026-11-01", "2027-11-01")], "2026-11-02", Standing::Valid);
    check(&[given(), approved(1, "2026-10-01", "2027-10-01")], "2027-09-30", Standing::Valid);
    check(&[asked(1, "2026-08-30"), consent(1, "2026-08-30", Draft, "2027-01-01")], "2026-09-01", Standing::NotGiven);
    // In one second: what is taken back stays back.
    check(&[withdrawn(1, "2026-09-01"), given()], "2026-09-02", Standing::Withdrawn(day("2026-09-01")));
}

#[test]
fn the_first_word_of_a_withdrawal_stands() {
    let life = Life::of(&[
        approved(1, "2026-09-01", "2027-02-28"),
        withdrawn(1, "2026-10-05T23:30:00+02:00"),
        consent(1, "2026-10-06", Withdrawn, "2027-02-28"),
    ]);
    assert_eq!(life.consents[&matter(1)].ended, Some(ConsentEnd::Withdrawn(at("2026-10-05T23:30:00+02:00"))));
}

#[test]
fn a_question_waits_until_somebody_takes_a_stand() {
    let check = |facts: &[Fact], waits: bool| {
        assert_eq!(Life::of(facts).unanswered_consents().count(), usize::from(waits), "{facts:#?}");
    };
    check(&[], false);
    check(&[asked(1, "2026-09-01")], true);
    check(&[asked(1, "2026-09-01"), approved(1, "2026-09-01", "2027-09-01")], false);
    check(&[asked(1, "2026-09-01"), approved(2, "2026-09-02", "2027-09-01")], true);
    check(&[asked(1, "2026-09-01"), withdrawn(1, "2026-09-02")], false);
    check(&[asked(1, "2026-09-01"), expired(1, "2026-10-02")], false);
    // Asked to renew: the end of the old one is no answer.
    let renewed = [approved(1, "2025-09-01", "2026-09-15"), asked(1, "2026-09-01"), expired(1, "2026-09-16")];
    check(&renewed, true);
}

#[test]
fn one_that_holds_is_enough_and_else_the_last_end_tells_why() {
    let check = |facts: &[Fact], on: &str, expected: Sharing| {
        let life = Life::of(facts);
        assert_eq!(life.sharing(at(on)), expected, "{on}: {facts:#?}");
        assert_eq!(life.is_suspended(at(on)), matches!(expected, Sharing::Missing | Sharing::Expired));
    };
    let one = || approved(1, "2026-09-01", "2026-12-31");
    let other = || approved(2, "2026-09-01", "2027-06-30");
    check(&[], "2026-09-02", Sharing::Unasked);
    check(&[asked(1, "2026-09-01")], "2026-09-02", Sharing::Missing);
    check(&[one()], "2026-09-02", Sharing::Allowed);
    check(&[one()], "2027-01-02", Sharing::Expired);
    check(&[one(), other()], "2027-01-02", Sharing::Allowed);
    check(&[one(), other()], "2027-07-01", Sharing::Expired);
    check(&[one(), other(), withdrawn(2, "2026-11-01")], "2027-01-02", Sharing::Expired);
    check(&[one(), other(), withdrawn(2, "2027-02-01")], "2027-02-02", Sharing::Missing);
    check(&[one(), asked(3, "2026-10-01")], "2026-10-02", Sharing::Allowed);
    // The last day ends at midnight in Oslo, winter and summer.
    check(&[one()], "2026-12-31T23:59:59+01:00", Sharing::Allowed);
    check(&[one()], "2027-01-01T00:00:00+01:00", Sharing::Expired);
    check(&[other()], "2027-06-30T23:59:59+02:00", Sharing::Allowed);
    check(&[other()], "2027-07-01T00:00:00+02:00", Sharing::Expired);
}
