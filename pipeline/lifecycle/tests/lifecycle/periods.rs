//! Closed and reopened; whose plan it is.

use pipeline_domain::{About, AddressProtection, DocumentKind, EventName, Fact, PlanStatus, UnitId};
use pipeline_lifecycle::{Duty, Hindrance, Life, duties, hindrances_to_closing};
use uuid::Uuid;

use crate::made::{actor, asked, at, closed, event, held, matter, minutes, of, reopened, snapshot};

#[test]
fn what_is_owed_hinders_the_closing_and_is_named() {
    let facts = [held(1, "2026-11-10", "2026-11-10T10:00:00+01:00"), asked(2, "2026-11-01")];
    let hindrances = hindrances_to_closing(&Life::of(&facts), 3);
    assert_eq!(hindrances, [Hindrance::UnsentMinutes(matter(1)), Hindrance::UnansweredConsent(matter(2)), Hindrance::NotArchived(3)]);
    assert_eq!(hindrances.map_ids(), ["unsent_minutes", "unanswered_consent", "not_archived"]);
    let done = [minutes(5, "2026-11-11", "2026-11-10T10:00:00+01:00"), event(EventName::ConsentWithdrawn, "2026-11-12", of(2))];
    assert_eq!(hindrances_to_closing(&Life::of(facts.iter().chain(&done)), 0), []);
}

trait Ids {
    fn map_ids(&self) -> Vec<&'static str>;
}

impl Ids for Vec<Hindrance> {
    fn map_ids(&self) -> Vec<&'static str> {
        self.iter().map(|h| h.id()).collect()
    }
}

#[test]
fn a_reopening_begins_a_new_period_that_owes_nothing_of_the_old() {
    let old = [
        snapshot("2026-01-10", &["2026-05-01"]),
        held(1, "2026-02-10", "2026-02-10T10:00:00+01:00"),
        asked(2, "2026-02-01"),
        event(EventName::ClosingRequested, "2026-05-20", About::default()),
        closed("2026-06-01"),
    ];
    let life = Life::of(&old);
    assert!(life.is_closed() && life.periods.closing_asked_at.is_none());
    assert_eq!(duties(&life, at("2027-06-01")), []);
    let reopened_at = "2027-06-01";
    let again: Vec<Fact> = old.iter().cloned().chain([reopened(reopened_at)]).collect();
    let life = Life::of(&again);
    assert!(!life.is_closed());
    assert_eq!((life.periods.reopened, life.periods.began_at), (1, Some(at(reopened_at))));
    assert_eq!(duties(&life, at("2027-06-02")), []);
    // A second version of the note is no second period.
    assert_eq!(Life::of(again.iter().chain(&[reopened("2027-06-03")])).periods.reopened, 1);
    let new = held(3, "2027-06-10", "2027-06-10T10:00:00+02:00");
    assert_eq!(duties(&Life::of(again.iter().chain(&[new])), at("2027-06-11")), [Duty::UnsentMinutes { matter: matter(3) }]);
}

#[test]
fn a_request_to_close_is_remembered_until_it_is_done() {
    let request = event(EventName::ClosingRequested, "2026-05-20", About::default());
    assert_eq!(Life::of([&request]).periods.closing_asked_at, Some(at("2026-05-20")));
}

#[test]
fn whose_it_is_and_how_it_is_protected_is_what_was_said_last() {
    let unit = |n| Some(UnitId::from_uuid(Uuid::from_u128(n)));
    let said = |when: &str, about: About| event(EventName::PlanUpdated, when, about);
    let one = said("2026-01-01", About { lead: Some(actor(1)), unit: unit(1), ..About::default() });
    let other = said("2026-02-01", About { lead: Some(actor(2)), ..About::default() });
    let hidden = AddressProtection::StrictlyConfidential;
    let protected = event(EventName::ProtectionChanged, "2026-03-01", About { protection: hidden, ..About::default() });
    let suspended = said("2026-04-01", About { status: Some(PlanStatus::Suspended), protection: hidden, ..About::default() });
    // Of what came before facts were kept, the type is all that is known: nothing is unsaid by it.
    let old = Fact::of_kind(DocumentKind::MeetingMinutes, at("2026-05-01"));
    let life = Life::of(&[one, other, protected, suspended, old]);
    assert_eq!((life.lead, life.unit), (Some(actor(2)), unit(1)));
    assert_eq!((life.status, life.protection), (Some(PlanStatus::Suspended), hidden));
}

#[test]
fn what_somebody_opened_counts_from_an_instant_on() {
    let opened = event(EventName::ContentOpened, "2026-03-05", About { actor: Some(actor(7)), ..of(1) });
    let life = Life::of(&[opened]);
    assert!(life.was_opened(matter(1), actor(7), at("2026-03-05")));
    assert!(!life.was_opened(matter(1), actor(7), at("2026-03-06")), "an older version was opened");
    assert!(!life.was_opened(matter(1), actor(8), at("2026-03-05")) && !life.was_opened(matter(2), actor(7), at("2026-03-05")));
}
