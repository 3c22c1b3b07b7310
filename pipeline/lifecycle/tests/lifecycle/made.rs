//! Facts, made up.

use pipeline_domain::{
    About, ActorId, ClosingReason, ConsentState, Date, DocumentId, DocumentKind, EventName, Fact, FactKind, MeetingState, PlanStatus,
    SchoolYear, Timestamp, TransferDestination,
};
use uuid::Uuid;

pub fn at(text: &str) -> Timestamp {
    let text = if text.len() == 10 { format!("{text}T12:00:00Z") } else { text.to_owned() };
    text.parse().unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn matter(n: u128) -> DocumentId {
    DocumentId::from_uuid(Uuid::from_u128(n))
}

pub fn actor(n: u128) -> ActorId {
    ActorId::from_uuid(Uuid::from_u128(n))
}

pub fn year(text: &str) -> SchoolYear {
    serde_json::from_value(text.into()).unwrap()
}

fn said(about: About) -> About {
    About { status: about.status.or(Some(PlanStatus::Active)), ..about }
}

pub fn event(event: EventName, when: &str, about: About) -> Fact {
    Fact { kind: FactKind::Event(event), at: at(when), about: said(about) }
}

pub fn document(kind: DocumentKind, when: &str, about: About) -> Fact {
    Fact { kind: FactKind::Document(kind), at: at(when), about: said(about) }
}

pub fn of(n: u128) -> About {
    About { matter: Some(matter(n)), ..About::default() }
}

pub fn asked(n: u128, when: &str) -> Fact {
    event(EventName::ConsentRequested, when, of(n))
}

pub fn consent(n: u128, when: &str, state: ConsentState, until: &str) -> Fact {
    document(DocumentKind::ConsentRecord, when, About { consent: Some(state), due: Some(day(until)), ..of(n) })
}

pub fn approved(n: u128, when: &str, until: &str) -> Fact {
    consent(n, when, ConsentState::Approved, until)
}

pub fn invited(n: u128, when: &str, begins: &str) -> Fact {
    let begins = at(begins);
    let ends = Timestamp::from_unix_seconds(begins.unix_seconds() + 3600);
    let about = About { begins: Some(begins), ends, meeting: Some(MeetingState::Planned), ..of(n) };
    document(DocumentKind::MeetingInvitation, when, about)
}

pub fn called_off(n: u128, when: &str, begins: &str) -> Fact {
    let mut fact = invited(n, when, begins);
    fact.about.meeting = Some(MeetingState::Cancelled);
    fact
}

pub fn held(n: u128, when: &str, begins: &str) -> Fact {
    event(EventName::MeetingHeld, when, About { begins: Some(at(begins)), ..of(n) })
}

pub fn minutes(n: u128, when: &str, began: &str) -> Fact {
    document(DocumentKind::MeetingMinutes, when, About { begins: Some(at(began)), ..of(n) })
}

pub fn snapshot(when: &str, revisions: &[&str]) -> Fact {
    let revisions = revisions.iter().map(|d| day(d)).collect();
    document(DocumentKind::PlanSnapshot, when, About { revisions, ..of(9000) })
}

pub fn iop(when: &str, in_year: &str) -> Fact {
    document(DocumentKind::PlanSnapshot, when, About { school_year: Some(year(in_year)), ..of(9001) })
}

pub fn annual_report(when: &str, of_year: &str) -> Fact {
    document(DocumentKind::AnnualReport, when, About { school_year: Some(year(of_year)), ..of(9002) })
}

pub fn carried_on(when: &str, to: &str, destination: TransferDestination) -> Fact {
    let about = About { school_year: Some(year(to)), destination: Some(destination), ..of(9003) };
    document(DocumentKind::SchoolYearTransferNote, when, about)
}

pub fn closed(when: &str) -> Fact {
    document(DocumentKind::ClosingNote, when, About { closed: Some(ClosingReason::GoalsReached), ..of(9004) })
}

pub fn reopened(when: &str) -> Fact {
    document(DocumentKind::ReopeningNote, when, of(9005))
}

pub fn changed(when: &str) -> Fact {
    event(EventName::PlanUpdated, when, About::default())
}
