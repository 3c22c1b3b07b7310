//! Documents and their jobs, in one transaction.

use pipeline_domain::{DocumentKey, ErrorCode, NextStep, Reservation, Sha256};
use serde_json::json;

use super::{
    Stand,
    jobs_sample::{MINUTE_MS, OTHER, WORK, finish, in_lane, job, kill, later, now, put, row, settle_with, state, take, take_one, worker},
    sample::{accepted, archived, at, document, key},
};
use crate::{
    Acceptance, DocumentState, Documents, Effect, Enqueued, JobFilter, JobId, JobRow, JobState, Jobs, NewDocument, NewJob, Outcome,
    Recorded, Stage, StoreError, nothing_follows,
};

/// One job per document, in the lane of its folder, and one that has nothing to do with its key.
fn carry(document: DocumentKey, reservation: &Reservation) -> Vec<NewJob> {
    let lane = format!("case:{}", reservation.folder.to_string().replace('/', "-"));
    let args = json!({ "document": document.to_string(), "journal": reservation.journal.sequence });
    let carry = NewJob {
        lane: Some(lane.parse().unwrap()),
        unique_key: Some(document.to_string()),
        ..NewJob::new("carry".parse().unwrap(), WORK, args)
    };
    vec![carry, NewJob::new("count".parse().unwrap(), OTHER, json!({}))]
}

/// Breaks a rule of the table.
fn refused(_: DocumentKey, _: &Reservation) -> Vec<NewJob> {
    vec![job(1), NewJob { max_failures: 0, ..job(2) }]
}

async fn all<S: Jobs>(store: &S) -> Vec<JobRow> {
    store.jobs(&JobFilter::default(), 100).await.unwrap()
}

async fn known<S: Documents>(store: &S, new: &NewDocument) {
    assert!(matches!(store.accept(new, carry).await.unwrap(), Acceptance::Known(_)));
}

/// With the document's number in it, once; a known document brings no second one, whatever the job is doing.
pub async fn acceptance_enqueues_once(stand: &impl Stand) {
    let store = stand.open().await;
    let Acceptance::New(reservation) = store.accept(&document(1), carry).await.unwrap() else { panic!("not new") };
    let jobs = all(&store).await;
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[0].args, json!({ "document": key(1).to_string(), "journal": reservation.journal.sequence }));
    assert_eq!((jobs[0].unique_key.clone(), jobs[0].state), (Some(key(1).to_string()), JobState::Ready));
    known(&store, &document(1)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    known(&store, &document(1)).await;
    kill(&store, lease).await;
    known(&store, &document(1)).await;
    assert_eq!(all(&store).await.len(), 2, "ready, running or dead: it has its jobs");
    let mut reused = document(1);
    reused.digest = Sha256::of(b"other");
    assert_eq!(store.accept(&reused, carry).await.unwrap(), Acceptance::IdReused);
    assert_eq!(all(&store).await.len(), 2);
}

/// A known document that still waits and has none gets its jobs; the same content under another id gets those of its own id.
pub async fn a_known_document_without_jobs_gets_them(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let mut renamed = document(2);
    renamed.digest = document(1).digest;
    known(&store, &renamed).await;
    let jobs = all(&store).await;
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[0].args, carry(key(1), &reservation)[0].args);

    store.cancel_job(jobs[0].id).await.unwrap();
    known(&store, &document(1)).await;
    assert_eq!(all(&store).await.len(), 4, "a cancelled one is gone: it gets them again");
    store.record_archived(&archived(1, &reservation), &[], &[], at(1)).await.unwrap();
    known(&store, &document(1)).await;
    assert_eq!(all(&store).await.len(), 4, "archived: nothing follows");
    accepted(&store, &document(3)).await;
    store.record_attempt_failed(key(3), Stage::Render, ErrorCode::RenderCrashed, "", at(1), NextStep::Failed).await.unwrap();
    known(&store, &document(3)).await;
    assert_eq!(all(&store).await.len(), 4, "failed: it waits for a person");
}

/// When what follows is refused, the document is not taken in, and no number is used.
pub async fn a_refused_follow_up_refuses_the_document(stand: &impl Stand) {
    let store = stand.open().await;
    let answer = store.accept(&document(1), refused).await;
    assert!(matches!(answer, Err(StoreError::Refused { .. })), "{answer:?}");
    assert_eq!((store.document(key(1)).await.unwrap(), all(&store).await), (None, vec![]));
    assert_eq!(accepted(&store, &document(1)).await.journal.sequence, 1);
}

/// Two documents of one folder: their jobs share a lane and go in the order of acceptance.
pub async fn documents_of_a_folder_go_in_order(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=3 {
        let mut new = document(n);
        new.plan = document(1).plan;
        assert!(matches!(store.accept(&new, carry).await.unwrap(), Acceptance::New(_)));
    }
    for n in 1..=3 {
        let claimed = take_one(&store, worker(1)).await;
        assert_eq!(claimed.args["journal"], n);
        finish(&store, claimed.lease).await;
    }
}

/// Recorded by another way: its jobs that have not begun are done and let their lanes go; one that runs is left to its worker.
pub async fn recording_finishes_what_has_not_begun(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let keyed = |kind: &str, n| NewJob { kind: kind.parse().unwrap(), unique_key: Some(key(1).to_string()), ..in_lane(n, "case:1") };
    let running = put(&store, &keyed("running", 1)).await;
    take_one(&store, worker(1)).await;
    let waiting = put(&store, &keyed("waiting", 2)).await;
    let ready = put(&store, &NewJob { lane: Some("case:2".parse().unwrap()), ..keyed("ready", 3) }).await;
    let in_future = NewJob { lane: None, not_before: Some(later(now(&store).await, 900)), ..keyed("later", 4) };
    let in_future = put(&store, &in_future).await;
    let behind = put(&store, &in_lane(5, "case:2")).await;
    let stranger = put(&store, &NewJob { unique_key: Some(key(2).to_string()), ..job(6) }).await;
    store.record_archived(&archived(1, &reservation), &[], &[], at(1)).await.unwrap();
    for id in [waiting, ready, in_future] {
        let done = row(&store, id).await;
        assert_eq!((done.state, done.finished_at.is_some(), done.attempt), (JobState::Done, true, 0), "{:?}", done.kind);
    }
    assert_eq!((state(&store, running).await, state(&store, stranger).await), (JobState::Running, JobState::Ready));
    assert_eq!(state(&store, behind).await, JobState::Ready, "its lane was let go");
    let recorded = store.record_archived(&archived(1, &reservation), &[], &[], at(1)).await.unwrap();
    assert_eq!(recorded, Recorded::Before);
}

/// The job that records its document is finished by its own settlement, and what it hands on to is not finished with it.
pub async fn a_job_that_records_hands_on(stand: &impl Stand) {
    let store = stand.open().await;
    let Acceptance::New(reservation) = store.accept(&document(1), carry).await.unwrap() else { panic!("not new") };
    let claimed = take_one(&store, worker(1)).await;
    let effect = Effect::Archived { archived: archived(1, &reservation), notices: vec![], on_paper: vec![], at: at(1) };
    let tell = NewJob { kind: "tell".parse().unwrap(), unique_key: Some(key(1).to_string()), ..job(5) };
    let outcome = Outcome::Done { next: vec![tell], result: None };
    settle_with(&store, claimed.lease, outcome, Some(effect)).await.unwrap();
    assert_eq!(state(&store, claimed.lease.job).await, JobState::Done);
    assert_eq!(take_one(&store, worker(1)).await.kind.as_str(), "tell");
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
}

/// A person tries a failed document again: its dead job comes back; when there is none, what follows is enqueued.
pub async fn retrying_a_document_brings_its_job_back(stand: &impl Stand) {
    let store = stand.open().await;
    store.accept(&document(1), carry).await.unwrap();
    let claimed = take_one(&store, worker(1)).await;
    let effect = super::jobs_sample::document_failed(1);
    settle_with(&store, claimed.lease, super::jobs_sample::failed(NextStep::Failed), Some(effect)).await.unwrap();
    assert_eq!(state(&store, claimed.lease.job).await, JobState::Dead);
    assert_eq!(store.retry_document(key(1), at(9), carry).await.unwrap(), Recorded::Now);
    let back = row(&store, claimed.lease.job).await;
    assert_eq!((back.state, back.failures, all(&store).await.len()), (JobState::Ready, 0, 2), "revived, and nothing new");
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Accepted);

    let reservation = accepted(&store, &document(2)).await;
    store.record_attempt_failed(key(2), Stage::Render, ErrorCode::RenderCrashed, "", at(1), NextStep::Failed).await.unwrap();
    assert_eq!(store.retry_document(key(2), at(9), carry).await.unwrap(), Recorded::Now);
    assert_eq!(store.retry_document(key(2), at(9), carry).await.unwrap(), Recorded::Before);
    let jobs = all(&store).await;
    assert_eq!((jobs.len(), &jobs[2].args), (4, &carry(key(2), &reservation)[0].args), "enqueued once");

    store.record_archived(&archived(2, &reservation), &[], &[], at(10)).await.unwrap();
    assert_eq!(store.retry_document(key(2), at(11), carry).await.unwrap(), Recorded::Before);
    assert_eq!(all(&store).await.len(), 4, "archived: left alone");
    assert!(matches!(store.retry_document(key(99), at(9), carry).await, Err(StoreError::UnknownDocument { .. })));
}

/// A document whose job waits for a later try: a person's retry makes it due at once. The newest of several dead ones is it.
pub async fn retrying_a_waiting_document_makes_its_job_due(stand: &impl Stand) {
    let store = stand.open().await;
    store.accept(&document(1), carry).await.unwrap();
    let id = all(&store).await[0].id;
    let lease = take_one(&store, worker(1)).await.lease;
    let at_later = later(now(&store).await, 3600);
    settle_with(&store, lease, super::jobs_sample::failed(NextStep::RetryAt(at_later)), None).await.unwrap();
    assert_eq!(take(&store, worker(1), 10).await, []);
    store.retry_document(key(1), at(9), carry).await.unwrap();
    let lease = take_one(&store, worker(1)).await.lease;
    assert_eq!(lease.job, id);
    kill(&store, lease).await;
    store.shift_clock(MINUTE_MS);
    let newer = NewJob { kind: "carry".parse().unwrap(), unique_key: Some(key(1).to_string()), ..job(2) };
    let Enqueued::New(newer) = store.enqueue(&[newer]).await.unwrap()[0] else { panic!("not new") };
    kill(&store, take_one(&store, worker(1)).await.lease).await;
    store.retry_document(key(1), at(9), nothing_follows).await.unwrap();
    let states = async |id: JobId| state(&store, id).await;
    assert_eq!((states(id).await, states(newer).await), (JobState::Dead, JobState::Ready));
}
