//! Documents and events by number: every number is its own document or event, plan and content. Document and event of one number
//! are of one plan.

use pipeline_domain::{
    About, Archived, CaseFolderId, DocumentId, DocumentKey, DocumentKind, DocumentVersion, EventId, EventName, Fact, FactKind, Notice,
    NoticeKind, Placement, PlanId, PlanStatus, RecipientRef, Reservation, Sha256, Sha512, Timestamp, WrittenForm,
};
use uuid::Uuid;

use crate::{Acceptance, AddressKey, EventAcceptance, NewDocument, NewEvent, Plan, Slot, SlotChange, Store, nothing_follows};

/// 2026-11-23T08:30:00Z and `seconds` more.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_422_600 + seconds).expect("an instant of our time")
}

pub fn key(n: u32) -> DocumentKey {
    DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(0x1000_0000 + u128::from(n))), version: DocumentVersion(1) }
}

pub fn document(n: u32) -> NewDocument {
    NewDocument {
        key: key(n),
        kind: DocumentKind::MeetingMinutes,
        digest: Sha256::of(&n.to_be_bytes()),
        municipality: "9901".parse().expect("four digits"),
        plan: PlanId::from_uuid(Uuid::from_u128(0x2000_0000 + u128::from(n))),
        source_system: "samspill".parse().expect("a short name"),
        fact: Fact::of_kind(DocumentKind::MeetingMinutes, at(0)),
        slot: SlotChange::Keep,
        at: at(0),
    }
}

pub async fn accepted<S: Store>(store: &S, new: &NewDocument) -> Reservation {
    match store.accept(new, nothing_follows).await.expect("the store answers") {
        Acceptance::New(reservation) => reservation,
        other => panic!("expected a new document, got {other:?}"),
    }
}

pub fn archived(n: u32, reservation: &Reservation) -> Archived {
    Archived {
        document: key(n),
        folder: reservation.folder.clone(),
        folder_version: 1,
        pdf: "2026/referat.pdf".parse().expect("a path"),
        inventory: Sha512::of(&n.to_be_bytes()),
        placement: Placement::Written,
    }
}

pub fn notice(n: u32, recipient: RecipientRef, reservation: &Reservation) -> Notice {
    Notice {
        kind: NoticeKind::MinutesReady,
        document: Some(key(n)),
        event: None,
        folder: Some(reservation.folder.clone()),
        recipient,
        written_form: WrittenForm::Nn,
        dedupe_key: format!("minutes_ready:{}:{recipient}", key(n)),
    }
}

/// Accepts document `n`, archives it, and queues one mail to its recipient 0. Gives the mail's key.
pub async fn with_mail<S: Store>(store: &S, n: u32) -> String {
    let reservation = accepted(store, &document(n)).await;
    let notice = notice(n, RecipientRef::Recipient(0), &reservation);
    store.record_archived(&archived(n, &reservation), std::slice::from_ref(&notice), &[], at(1)).await.expect("the store answers");
    notice.dedupe_key
}

pub fn plan(n: u32) -> Plan {
    let new = document(n);
    Plan { source_system: new.source_system, plan: new.plan, municipality: new.municipality }
}

pub fn event_id(n: u32) -> EventId {
    EventId::from_uuid(Uuid::from_u128(0x4000_0000 + u128::from(n)))
}

/// An active plan was changed, `n` seconds in.
pub fn event(n: u32) -> NewEvent {
    let about = About { status: Some(PlanStatus::Active), ..About::default() };
    NewEvent {
        id: event_id(n),
        digest: Sha256::of(format!("event {n}").as_bytes()),
        plan: plan(n),
        fact: Fact { kind: FactKind::Event(EventName::PlanUpdated), at: at(i64::from(n)), about },
        tells_contacts: false,
        slot: SlotChange::Keep,
        at: at(100),
    }
}

/// Accepts an event without anything; it must be new.
pub async fn taken<S: Store>(store: &S, new: &NewEvent) -> CaseFolderId {
    match store.accept_event(new, &[], &[], &[]).await.expect("the store answers") {
        EventAcceptance::New(folder) => folder,
        other => panic!("expected a new event, got {other:?}"),
    }
}

/// About event `n`, of no folder.
pub fn event_notice(n: u32, recipient: RecipientRef) -> Notice {
    Notice {
        kind: NoticeKind::NewMessage,
        document: None,
        event: Some(event_id(n)),
        folder: None,
        recipient,
        written_form: WrittenForm::Nb,
        dedupe_key: format!("new_message:{}:{recipient}", event_id(n)),
    }
}

pub fn slot(n: u32) -> Slot {
    Slot::from_keyed_digest(Sha256::of(format!("slot {n}").as_bytes()))
}

pub fn address(n: u32) -> AddressKey {
    AddressKey::from_keyed_digest(Sha256::of(format!("address {n}").as_bytes()))
}
