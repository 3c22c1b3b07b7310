//! Jobs: work that survives a restart. Small data, ids and digests only; what a job works on lies elsewhere.
//!
//! The journey: [`Jobs::enqueue`] → `ready` (or `waiting` behind another job of its lane) → [`Jobs::claim`] → `running`, for as
//! long as [`Jobs::heartbeat`] extends the lease → [`Jobs::settle`] writes the outcome *and* its effect in one transaction.
//!
//! Promised by every store:
//! - A claim is fenced: only who holds the newest lease (job, attempt, worker) can settle; anyone else gets
//!   [`StoreError::LeaseLost`] and nothing of its effect is written.
//! - Of a lane at most one job is `ready` or `running`; the others wait in the order they came. A follow-up in the same lane
//!   takes its predecessor's place.
//! - Every attempt is kept with its end and its reason.
//! - Leases, due times and ages are read from the database's own clock, so that workers need not agree on the time.
//!
//! Times of jobs are milliseconds since 1970-01-01T00:00:00Z in rows.

mod names;
mod rows;
mod work;

use std::{future::Future, time::Duration};

use serde_json::Value;
use tokio::sync::watch;

pub use names::{JobId, JobKind, Lane, Priority, QueueName, ScheduleName, WorkerId};
pub use rows::{AttemptEnd, Cancelling, JobAttempt, JobFilter, JobRow, JobState, PrunePolicy, QueueStats, WorkerRow};
pub use work::{
    Beat, ClaimRequest, ClaimedJob, Effect, Enqueued, FollowUp, Lease, NewJob, Outcome, RescuePolicy, Rescued, Settlement, nothing_follows,
};

use crate::StoreError;

/// Jobs. Dead jobs pass their lane on and are never removed by themselves.
pub trait Jobs {
    /// Enqueues, in order, all or nothing.
    fn enqueue(&self, jobs: &[NewJob]) -> impl Future<Output = Result<Vec<Enqueued>, StoreError>> + Send;

    /// Takes due jobs of the queues: most urgent first, then the longest due, then the oldest. What is claimed is in hand at
    /// once: ask for no more than can be started now. Nobody else gets them while the lease lasts.
    fn claim(&self, request: &ClaimRequest) -> impl Future<Output = Result<Vec<ClaimedJob>, StoreError>> + Send;

    /// Extends leases, saves what `progress` brings (a fenced write), and says what must stop. Also tells that the worker lives.
    fn heartbeat(
        &self,
        worker: WorkerId,
        leases: &[Lease],
        lease: Duration,
        progress: &[(Lease, Value)],
    ) -> impl Future<Output = Result<Beat, StoreError>> + Send;

    /// Ends attempts: each with its effect, in one transaction or (for all of them together) one after the other. An answer for
    /// each, in order: one that lost its lease, or whose effect is refused, takes no other with it. When the call itself
    /// fails, nothing of any may be counted on.
    fn settle(&self, settlements: Vec<Settlement>) -> impl Future<Output = Result<Vec<Result<(), StoreError>>, StoreError>> + Send;

    /// Frees jobs whose lease has run out.
    fn rescue(&self, policy: &RescuePolicy) -> impl Future<Output = Result<Vec<Rescued>, StoreError>> + Send;

    /// When the next ready job of these queues falls due, from now; zero when one is due. `None` when none is ready.
    fn next_job_in(&self, queues: &[QueueName]) -> impl Future<Output = Result<Option<Duration>, StoreError>> + Send;

    /// Changes whenever there may be something to claim, from whichever process. May change for nothing; may miss a change that
    /// another process made while the connection was down, so look now and then all the same.
    fn wakeups(&self) -> watch::Receiver<u64>;

    /// One job.
    fn job(&self, id: JobId) -> impl Future<Output = Result<Option<JobRow>, StoreError>> + Send;

    /// Jobs, oldest first, at most `limit` of them, the newest when there are more.
    fn jobs(&self, filter: &JobFilter, limit: u32) -> impl Future<Output = Result<Vec<JobRow>, StoreError>> + Send;

    /// Attempts that have ended, first to last.
    fn attempts_of(&self, id: JobId) -> impl Future<Output = Result<Vec<JobAttempt>, StoreError>> + Send;

    /// Calls a job off.
    fn cancel_job(&self, id: JobId) -> impl Future<Output = Result<Option<Cancelling>, StoreError>> + Send;

    /// Puts a dead job back, with a clean count, at the end of its lane; makes a ready one due at once. Others are left alone
    /// (`false`), also a dead one while an unfinished job has its unique key.
    fn retry_job(&self, id: JobId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Retries every dead job that matches, in the order of their numbers. How many.
    fn retry_jobs(&self, filter: &JobFilter) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Gives a dead job up: cancelled. `false` when it is not dead.
    fn discard_job(&self, id: JobId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Every queue that has unfinished or dead jobs, a pause or a limit, by name.
    fn queue_stats(&self) -> impl Future<Output = Result<Vec<QueueStats>, StoreError>> + Send;

    /// Stops or restarts claims from a queue, for every process.
    fn set_paused(&self, queue: &QueueName, paused: bool) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Limits how many of a queue run at once, in all processes together. Claims at the very same moment may pass it by a few.
    fn set_max_running(&self, queue: &QueueName, most: Option<u32>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes what has been finished for long enough. How many jobs; call again while it is `limit`.
    fn prune_jobs(&self, policy: &PrunePolicy) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Writes a worker down. Its rows of a day ago and older go.
    fn register_worker(&self, worker: &WorkerRow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a worker's name off at an orderly end.
    fn forget_worker(&self, worker: WorkerId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Workers by start.
    fn workers(&self) -> impl Future<Output = Result<Vec<WorkerRow>, StoreError>> + Send;

    /// Moves the clock that leases and due times are read from, for this handle and its clones. For tests: in production it
    /// is never called.
    fn shift_clock(&self, by_ms: i64);
}
