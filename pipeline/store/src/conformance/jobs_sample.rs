//! Jobs by number, and the steps that the cases take with them.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::{
    AttemptEnd, ClaimRequest, ClaimedJob, Effect, Enqueued, JobId, JobKind, JobRow, JobState, Jobs, Lane, Lease, NewJob, Outcome,
    QueueName, Settlement, Stage, StoreError, WorkerId, WorkerRow,
};

pub const WORK: QueueName = QueueName::of("work");
pub const OTHER: QueueName = QueueName::of("other");
pub const KIND: JobKind = JobKind::of("render");
pub const LEASE: Duration = Duration::from_secs(60);
pub const MINUTE_MS: i64 = 60_000;

pub fn worker(n: u32) -> WorkerId {
    WorkerId(Uuid::from_u128(0x3000_0000 + u128::from(n)))
}

pub fn job(n: u32) -> NewJob {
    NewJob::new(KIND, WORK, json!({ "n": n }))
}

pub fn in_lane(n: u32, lane: &str) -> NewJob {
    NewJob { lane: Some(lane.parse::<Lane>().unwrap()), ..job(n) }
}

pub fn with_key(n: u32, key: &str) -> NewJob {
    NewJob { unique_key: Some(key.to_owned()), ..job(n) }
}

/// The number that `job` was made from.
pub fn number(claimed: &ClaimedJob) -> u64 {
    claimed.args["n"].as_u64().unwrap()
}

/// Enqueues one that must be new.
pub async fn put<S: Jobs>(store: &S, job: &NewJob) -> JobId {
    match store.enqueue(std::slice::from_ref(job)).await.unwrap()[..] {
        [Enqueued::New(id)] => id,
        ref other => panic!("expected a new job, got {other:?}"),
    }
}

pub fn request(worker: WorkerId, most: u32) -> ClaimRequest {
    ClaimRequest { worker, queues: vec![(WORK, most)], lease: LEASE }
}

/// Claims from the queue `work`.
pub async fn take<S: Jobs>(store: &S, worker: WorkerId, most: u32) -> Vec<ClaimedJob> {
    store.claim(&request(worker, most)).await.unwrap()
}

/// Claims the one job that is due.
pub async fn take_one<S: Jobs>(store: &S, worker: WorkerId) -> ClaimedJob {
    let mut taken = take(store, worker, 10).await;
    assert_eq!(taken.len(), 1, "{taken:?}");
    taken.remove(0)
}

pub async fn settle_with<S: Jobs>(store: &S, lease: Lease, outcome: Outcome, effect: Option<Effect>) -> Result<(), StoreError> {
    let mut answers = store.settle(vec![Settlement { lease, outcome, effect }]).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

pub async fn settle<S: Jobs>(store: &S, lease: Lease, outcome: Outcome) -> Result<(), StoreError> {
    settle_with(store, lease, outcome, None).await
}

pub async fn finish<S: Jobs>(store: &S, lease: Lease) {
    settle(store, lease, Outcome::done()).await.unwrap();
}

pub fn failed(next: NextStep) -> Outcome {
    Outcome::Failed { code: ErrorCode::RenderCrashed, detail: "child 1".to_owned(), next }
}

/// Fails for good, at the first try.
pub async fn kill<S: Jobs>(store: &S, lease: Lease) {
    settle(store, lease, failed(NextStep::Failed)).await.unwrap();
}

pub fn document_failed(n: u32) -> Effect {
    Effect::DocumentFailed {
        document: super::sample::key(n),
        stage: Stage::Render,
        code: ErrorCode::RenderCrashed,
        detail: String::new(),
        at: super::sample::at(1),
        next: NextStep::Failed,
    }
}

pub async fn row<S: Jobs>(store: &S, id: JobId) -> JobRow {
    store.job(id).await.unwrap().unwrap_or_else(|| panic!("job {id} is gone"))
}

pub async fn state<S: Jobs>(store: &S, id: JobId) -> JobState {
    row(store, id).await.state
}

pub async fn ends<S: Jobs>(store: &S, id: JobId) -> Vec<AttemptEnd> {
    store.attempts_of(id).await.unwrap().iter().map(|a| a.end).collect()
}

/// Now, by the clock of the database and this handle.
pub async fn now<S: Jobs>(store: &S) -> Timestamp {
    let probe = worker(0xffff);
    store.register_worker(&worker_row(probe)).await.unwrap();
    let seen_at = store.workers().await.unwrap().iter().find(|w| w.id == probe).unwrap().seen_at;
    store.forget_worker(probe).await.unwrap();
    seen_at
}

pub fn worker_row(id: WorkerId) -> WorkerRow {
    let at = super::sample::at(0);
    WorkerRow { id, place: "arkiv1:4711".to_owned(), version: "0.1.0".to_owned(), queues: vec![WORK, OTHER], started_at: at, seen_at: at }
}

pub fn later(than: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(than.unix_seconds() + seconds).unwrap()
}

/// Long ago, by any clock.
pub fn past() -> Timestamp {
    Timestamp::from_unix_seconds(1_000_000_000).unwrap()
}

/// Is the answer that the lease does not hold, and about this lease?
pub fn is_lost(answer: &Result<(), StoreError>, of: Lease) -> bool {
    matches!(answer, Err(StoreError::LeaseLost { lease }) if *lease == of)
}

/// A small generator with a seed (xorshift64*): the same seed gives the same case on every database.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Less than `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}
