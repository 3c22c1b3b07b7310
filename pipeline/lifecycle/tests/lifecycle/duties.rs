//! What is owed, and from which day on.

use pipeline_domain::{DocumentKind, EventName, Fact, TransferDestination::*};
use pipeline_lifecycle::{Duty, Life, duties};

use crate::made::*;

fn owed(facts: &[Fact], now: &str) -> Vec<Duty> {
    duties(&Life::of(facts), at(now))
}

/// Nothing is owed at the one instant, and this at the other.
fn check(facts: &[Fact], not_yet: &str, then: &str, expected: Duty) {
    assert_eq!(owed(facts, not_yet), [], "{facts:#?}");
    assert_eq!(owed(facts, then), [expected], "{facts:#?}");
}

#[test]
fn answers_and_minutes_are_owed_until_they_come() {
    assert_eq!(owed(&[asked(1, "2026-11-01")], "2026-11-02"), [Duty::UnansweredConsent { matter: matter(1), answer_by: None }]);
    assert_eq!(owed(&[asked(1, "2026-11-01"), approved(1, "2026-11-02", "2027-11-02")], "2026-11-03"), []);
    let meeting = held(2, "2026-11-01", "2026-11-01T10:00:00+01:00");
    assert_eq!(owed(&[meeting], "2026-11-02"), [Duty::UnsentMinutes { matter: matter(2) }]);
}

#[test]
fn an_evaluation_is_overdue_from_the_day_after() {
    let overdue = |planned: &str| Duty::OverdueEvaluation { planned: day(planned) };
    let plan = || snapshot("2026-09-01", &["2026-11-01", "2027-02-28"]);
    check(&[plan()], "2026-11-01T23:59:59+01:00", "2026-11-02T00:00:00+01:00", overdue("2026-11-01"));
    let report = |when: &str| document(DocumentKind::EvaluationReport, when, of(30));
    // Done on the day or later is done; done before it is not.
    assert_eq!(owed(&[plan(), report("2026-11-01")], "2026-11-02"), []);
    assert_eq!(owed(&[plan(), report("2026-11-20")], "2026-11-21"), []);
    assert_eq!(owed(&[plan(), report("2026-10-31")], "2026-11-02"), [overdue("2026-11-01")]);
    assert_eq!(owed(&[plan(), report("2026-11-20")], "2027-03-01"), [overdue("2027-02-28")]);
    // A goal that was evaluated, or the plan written anew, will do.
    assert_eq!(owed(&[plan(), event(EventName::GoalEvaluated, "2026-11-02", of(31))], "2026-11-03"), []);
    assert_eq!(owed(&[plan(), snapshot("2026-11-03", &["2027-01-10"])], "2026-11-04"), []);
    check(&[snapshot("2027-10-01", &["2028-02-29"])], "2028-02-29", "2028-03-01", overdue("2028-02-29"));
}

#[test]
fn archiving_is_overdue_after_190_days() {
    let overdue = |since: &str| Duty::OverdueArchiving { since: at(since) };
    // 1 January + 190 days is 10 July; the clock change in between does not count.
    let plan = || snapshot("2026-01-01", &[]);
    check(&[plan()], "2026-07-10T23:59:59+02:00", "2026-07-11T00:00:00+02:00", overdue("2026-01-01"));
    check(&[plan(), changed("2026-03-01")], "2026-07-10", "2026-07-11", overdue("2026-01-01"));
    // 2028 is a leap year.
    check(&[snapshot("2028-01-01", &[])], "2028-07-09", "2028-07-10", overdue("2028-01-01"));
    // Not changed, and the source system would have said so.
    assert_eq!(owed(&[event(EventName::PlanCreated, "2025-12-01", of(1)), plan()], "2027-07-11"), []);
    assert_eq!(owed(&[changed("2025-12-01"), plan()], "2027-07-11"), []);
    // Never archived.
    check(&[event(EventName::PlanCreated, "2026-01-01", of(1))], "2026-07-10", "2026-07-11", overdue("2026-01-01"));
    check(&[minutes(1, "2026-01-01", "2026-01-01T10:00:00+01:00")], "2026-07-10", "2026-07-11", overdue("2026-01-01"));
    assert_eq!(owed(&[], "2027-07-11"), []);
}

#[test]
fn changed_since_archived_is_known_of_whoever_sends_events() {
    let changed_since = |facts: &[Fact]| Life::of(facts).archiving.changed_since_snapshot();
    let plan = || snapshot("2026-01-01", &[]);
    assert_eq!(changed_since(&[plan()]), None);
    assert_eq!(changed_since(&[changed("2025-12-31"), plan()]), Some(false));
    assert_eq!(changed_since(&[plan(), changed("2026-01-02")]), Some(true));
    assert_eq!(changed_since(&[changed("2026-01-02")]), Some(true), "never archived");
}

#[test]
fn an_annual_report_is_owed_from_the_first_of_may() {
    let report = |of_year: &str| Duty::AnnualReport { year: year(of_year) };
    check(&[iop("2027-01-10", "2026/2027")], "2027-04-30T23:59:59+02:00", "2027-05-01T00:00:00+02:00", report("2026/2027"));
    let two = [iop("2026-09-01", "2026/2027"), annual_report("2027-06-10", "2026/2027"), iop("2027-06-15", "2026/2027")];
    assert_eq!(owed(&two, "2027-06-20"), []);
    assert_eq!(owed(&[iop("2027-05-02", "2026/2027"), annual_report("2026-06-10", "2025/2026")], "2027-05-03"), [report("2026/2027")]);
    // Carried on into the year is used in the year, unless it went to another municipality.
    check(&[carried_on("2026-12-20", "2026/2027", SameSchool)], "2027-04-30", "2027-05-01", report("2026/2027"));
    check(&[carried_on("2026-12-20", "2026/2027", OtherSchool)], "2027-04-30", "2027-05-01", report("2026/2027"));
    assert_eq!(owed(&[carried_on("2026-12-20", "2026/2027", OtherMunicipality)], "2027-05-01"), []);
    assert_eq!(owed(&[snapshot("2027-01-01", &[])], "2027-05-02"), [], "only an IOP has school years");
}
