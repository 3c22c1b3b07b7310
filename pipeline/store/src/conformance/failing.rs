//! Failed attempts and what comes after.

use pipeline_domain::{ErrorCode, NextStep};

use super::{
    Stand,
    sample::{accepted, archived, at, document, key},
};
use crate::{AttemptSubject, DocumentState, Documents, Recorded, Stage, nothing_follows};

const CODE: ErrorCode = ErrorCode::ArchiveDiskFull;

/// Not a second before, also after a restart; every failure is kept with its number.
pub async fn retry_times_are_respected(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    store
        .record_attempt_failed(key(1), Stage::Render, ErrorCode::RenderCrashed, "child 1", at(10), NextStep::RetryAt(at(70)))
        .await
        .unwrap();
    store.record_attempt_failed(key(1), Stage::Archive, CODE, "", at(71), NextStep::RetryAt(at(371))).await.unwrap();
    drop(store);
    let store = stand.open().await;
    assert_eq!(store.pending(at(370), None, 10).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), Some(at(371)));
    let due = store.pending(at(371), None, 10).await.unwrap();
    assert_eq!((due[0].key, due[0].attempts, due[0].first_failed_at), (key(1), 2, Some(at(10))));
    let row = store.document(key(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.next_at, row.last_code), (DocumentState::Accepted, at(371), Some(CODE)));
    let kept = store.attempts(key(1)).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|a| (a.subject, a.stage, a.number, a.at, a.code, a.detail.as_str())).collect();
    let subject = AttemptSubject::Document(key(1));
    assert_eq!(
        kept,
        [(subject, Stage::Render, 1, at(10), ErrorCode::RenderCrashed, "child 1"), (subject, Stage::Archive, 2, at(71), CODE, "")]
    );
}

/// Failed is failed until a person says otherwise; then the count is clean and the history stays.
pub async fn a_failed_document_waits_for_a_person(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    store.record_attempt_failed(key(1), Stage::Archive, CODE, "", at(10), NextStep::Failed).await.unwrap();
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Failed);
    assert_eq!(store.pending(at(1_000_000), None, 10).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), None);

    assert_eq!(store.retry_document(key(1), at(20), nothing_follows).await.unwrap(), Recorded::Now);
    let due = store.pending(at(20), None, 10).await.unwrap();
    assert_eq!((due[0].attempts, due[0].first_failed_at, &due[0].reservation), (0, None, &reservation));
    store.record_attempt_failed(key(1), Stage::Archive, CODE, "", at(21), NextStep::Failed).await.unwrap();
    let numbers: Vec<u32> = store.attempts(key(1)).await.unwrap().iter().map(|a| a.number).collect();
    assert_eq!(numbers, [1, 2], "numbers never start over");
}

/// The file was safe although the answer was lost: what is true wins.
pub async fn a_failed_document_may_turn_out_archived(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    store.record_attempt_failed(key(1), Stage::Archive, CODE, "", at(10), NextStep::Failed).await.unwrap();
    assert_eq!(store.record_archived(&archived(1, &reservation), &[], &[], at(11)).await.unwrap(), Recorded::Now);
    let row = store.document(key(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.last_code), (DocumentState::Notified, None));
    assert_eq!(store.retry_document(key(1), at(12), nothing_follows).await.unwrap(), Recorded::Before);
}

/// A second worker fails on what the first has done: kept, but nothing is undone.
pub async fn a_late_failure_changes_no_decision(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    store.record_archived(&archived(1, &reservation), &[], &[], at(1)).await.unwrap();
    store.record_attempt_failed(key(1), Stage::Render, CODE, "", at(2), NextStep::Failed).await.unwrap();
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
    assert_eq!(store.attempts(key(1)).await.unwrap().len(), 1);
}

/// A person need not wait for the next try.
pub async fn a_waiting_document_can_be_made_due(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    store.record_attempt_failed(key(1), Stage::Archive, CODE, "", at(10), NextStep::RetryAt(at(3600))).await.unwrap();
    assert_eq!(store.retry_document(key(1), at(11), nothing_follows).await.unwrap(), Recorded::Now);
    assert_eq!(store.pending(at(11), None, 10).await.unwrap().len(), 1);
    assert_eq!(store.retry_document(key(1), at(12), nothing_follows).await.unwrap(), Recorded::Before, "it is due already");
}

/// A detail of any length is kept, its first 300 characters.
pub async fn long_details_are_cut(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    store.record_attempt_failed(key(1), Stage::Archive, CODE, &"ø".repeat(1000), at(10), NextStep::Failed).await.unwrap();
    assert_eq!(store.attempts(key(1)).await.unwrap()[0].detail, "ø".repeat(300));
}
