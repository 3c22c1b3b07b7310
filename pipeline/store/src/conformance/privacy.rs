//! Rows hold no personal data.

use pipeline_domain::{
    Content, DocumentKey, DocumentKind, EVENT_SCHEMA, Envelope, ErrorCode, Event, Fact, NextStep, Notice, NoticeKind, PlanEvent, PlanType,
    RecipientRef, Snapshot, WrittenForm,
};
use serde_json::{Value, json};

use super::{
    Stand,
    jobs_sample::{LEASE, job, past, put, settle, take_one, worker},
    sample::{accepted, address, archived, at, slot},
};
use crate::{Documents, Jobs, MailOutcome, NewDocument, NewEvent, NewJob, Outbox, Outcome, Plan, Plans, SlotChange, Stage};

/// In every field of the snapshot that a person can be known by. None of them is of anybody.
const CANARIES: [&str; 11] = [
    "Blid Fjellbekk",
    "17851490027",
    "2014-05-17",
    "blid.fjellbekk@example.org",
    "Rask Myrull",
    "Prøvebakken skole",
    "Prøveteamet",
    "Møterom Kanari",
    "Sak om kanarifugl",
    "Drøfting av kanarifugl",
    "stafettlogg-kanari",
];

/// A plan's case, in a status.
fn case(status: &str) -> Value {
    json!({
        "municipality_name": "Fjellvik kommune", "municipality_number": "9901", "unit_name": "Prøvebakken skole",
        "plan_id": "9c691b30-4b10-541f-b81c-97f0b00cf693", "plan_type": "sl", "plan_status": status,
        "subject_name": "Blid Fjellbekk", "subject_birth_date": "2014-05-17", "subject_national_id": "17851490027",
        "subject_contact": { "email": "blid.fjellbekk@example.org", "written_form": "nb" },
        "lead_name": "Rask Myrull", "lead_unit": "Prøveteamet",
        "screening_mark": "Unntatt offentlighet", "screening_basis": "Offl. § 13 jf. fvl. § 13"
    })
}

fn snapshot() -> Snapshot {
    let content = json!({
        "version": 1, "snapshot_at": "2026-11-02T14:20:00+01:00", "produced_at": "2026-11-02T14:20:00+01:00",
        "produced_by": "Rask Myrull", "held_at": "2026-11-02T13:00:00+01:00", "place": "Møterom Kanari",
        "present": [{ "name": "Blid Fjellbekk", "role": "Hovedperson" }], "absent": [],
        "chair": "Rask Myrull", "minute_taker": "Rask Myrull",
        "items": [{ "no": "1", "title": "Sak om kanarifugl", "discussion": "Drøfting av kanarifugl" }],
        "sent_at": "2026-11-02T14:20:00+01:00", "recipients": [{ "name": "Blid Fjellbekk", "role": "Hovedperson" }]
    });
    Snapshot::new(Envelope {
        schema: "arkivflyt/meeting_minutes/1".to_owned(),
        id: "11a3cd13-6038-590f-a8ae-32f9047686f4".parse().unwrap(),
        occurred_at: at(0),
        source: serde_json::from_value(json!({ "system": "samspill", "record": "stafettlogg-kanari" })).unwrap(),
        case: serde_json::from_value(case("active")).unwrap(),
        written_form: WrittenForm::Nb,
        synthetic: true,
        content: Content::from_json(DocumentKind::MeetingMinutes, PlanType::Sl, content).unwrap(),
    })
}

/// A job for the document, with progress, a failure and a result.
async fn work_on<S: Jobs>(store: &S, document: DocumentKey) {
    let new = NewJob {
        lane: Some("case:9901-2026-000001".parse().unwrap()),
        unique_key: Some(document.to_string()),
        args: json!({ "document": document.to_string() }),
        ..job(1)
    };
    put(store, &new).await;
    let lease = take_one(store, worker(1)).await.lease;
    store.heartbeat(worker(1), &[lease], LEASE, &[(lease, json!({ "folders_done": 3 }))]).await.unwrap();
    let failed = Outcome::Failed { code: ErrorCode::RenderCrashed, detail: "child 7".to_owned(), next: NextStep::RetryAt(past()) };
    settle(store, lease, failed).await.unwrap();
    let lease = take_one(store, worker(1)).await.lease;
    settle(store, lease, Outcome::Done { next: vec![job(2)], result: Some(json!({ "version": 1 })) }).await.unwrap();
}

/// An event full of the same values, with mail of its own; then the address is blocked.
async fn live_on<S: Plans>(store: &S) {
    let event = Event::new(Envelope {
        schema: EVENT_SCHEMA.to_owned(),
        id: "22a3cd13-6038-590f-a8ae-32f9047686f4".parse().unwrap(),
        occurred_at: at(10),
        source: serde_json::from_value(json!({ "system": "samspill", "record": "stafettlogg-kanari" })).unwrap(),
        case: serde_json::from_value(case("awaiting_consent")).unwrap(),
        written_form: WrittenForm::Nb,
        synthetic: true,
        content: serde_json::from_value::<PlanEvent>(json!({
            "event": "consent.requested", "reason": "Drøfting av kanarifugl", "parts": ["Sak om kanarifugl"],
            "people": [{ "name": "Rask Myrull", "contact": { "email": "blid.fjellbekk@example.org", "written_form": "nb" } }],
            "standing": { "lead_contact": { "email": "blid.fjellbekk@example.org", "written_form": "nb" } }
        }))
        .unwrap(),
    });
    let new = NewEvent {
        id: event.id,
        digest: event.digest,
        plan: Plan {
            source_system: event.system.parse().unwrap(),
            plan: event.case.plan_id,
            municipality: event.case.municipality_number.clone(),
        },
        fact: Fact::of_event(&event),
        tells_contacts: true,
        slot: SlotChange::Claim(slot(1)),
        at: at(11),
    };
    let notice = Notice {
        kind: NoticeKind::ConsentRequest,
        document: None,
        event: Some(event.id),
        folder: None,
        recipient: RecipientRef::Guardian(0),
        written_form: WrittenForm::Nb,
        dedupe_key: format!("consent_request:{}:guardian:0", event.id),
    };
    store.accept_event(&new, &[notice], &[RecipientRef::Subject], &[]).await.unwrap();
    store.confirm_address(address(1), at(12)).await.unwrap();
    store.block_address(address(1), ErrorCode::MailRefused, at(13)).await.unwrap();
}

/// A document full of personal values goes all the way, with failures; then every text of every row is searched.
pub async fn no_row_holds_a_personal_value(stand: &impl Stand) {
    let store = stand.open().await;
    let snapshot = snapshot();
    let new = NewDocument::of(&snapshot, SlotChange::Keep, at(0)).unwrap();
    let reservation = accepted(&store, &new).await;
    store
        .record_attempt_failed(new.key, Stage::Render, ErrorCode::RenderCrashed, "child 1", at(1), NextStep::RetryAt(at(2)))
        .await
        .unwrap();
    let mut archived = archived(1, &reservation);
    archived.document = new.key;
    let notice = Notice {
        kind: NoticeKind::MinutesReady,
        document: Some(new.key),
        event: None,
        folder: Some(reservation.folder.clone()),
        recipient: RecipientRef::Recipient(0),
        written_form: snapshot.written_form,
        dedupe_key: format!("minutes_ready:{}:recipient:0", new.key),
    };
    store.record_archived(&archived, std::slice::from_ref(&notice), &[RecipientRef::Subject], at(3)).await.unwrap();
    store.claim_mail(&notice.dedupe_key, "message@fjellvik.example.org", at(4)).await.unwrap();
    let refused =
        MailOutcome::NotSent { code: ErrorCode::MailRefused, detail: "smtp 550 5.1.1".to_owned(), next: NextStep::RetryAt(at(5)) };
    store.record_mail(&notice.dedupe_key, &refused, at(4)).await.unwrap();

    work_on(&store, new.key).await;
    live_on(&store).await;

    let texts = stand.texts().await;
    let has = |what: &str| texts.iter().any(|t| t.contains(what));
    assert!(has(&new.key.id.to_string()) && has(&new.digest.to_string()) && has("smtp 550 5.1.1"), "the search sees every table");
    assert!(has("consent.requested") && has("awaiting_consent") && has("mail_refused"), "facts and addresses are searched");
    assert!(has(&slot(1).to_string()) && has(&address(1).to_string()), "so are places and addresses");
    assert!(has("case:9901-2026-000001") && has("child 7") && has("folders_done"), "jobs and their attempts are searched");
    for canary in CANARIES {
        assert!(!texts.iter().any(|t| t.to_lowercase().contains(&canary.to_lowercase())), "a row holds a personal value");
    }
}
