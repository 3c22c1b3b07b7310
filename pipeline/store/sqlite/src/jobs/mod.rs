//! `Jobs`: writes go to the writer, lists are read here. Start with `claim.rs` and `settle.rs`.
//!
//! Calls that bring many jobs are set-based, since each statement costs a step to SQLite's thread and back: lists travel as one
//! JSON text. Every statement names its index where the planner could be led astray by old statistics.

mod claim;
mod enqueue;
mod lanes;
mod lease;
mod list;
mod mend;
mod rescue;
mod rows;
mod settle;
mod workers;

use std::{sync::Arc, time::Duration};

use pipeline_store::{
    Beat, Cancelling, ClaimRequest, ClaimedJob, Enqueued, JobAttempt, JobFilter, JobId, JobRow, Jobs, Lease, NewJob, PrunePolicy,
    QueueName, QueueStats, RescuePolicy, Rescued, Settlement, StoreError, WorkerId, WorkerRow,
};
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

pub(crate) use self::{
    enqueue::{End, enqueue, enqueue_one},
    mend::{finish_document, follow_up, has_jobs, revive_document},
};
use crate::{SqliteStore, clock::Clock, writer::BoxFuture};

/// A rescue that has waited longer for the write lock frees nothing: leases ran out meanwhile of workers that waited as well, and
/// they are to extend them first.
const LATEST_RESCUE: Duration = Duration::from_secs(2);

/// A duration in rows.
fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

impl SqliteStore {
    /// A write that is told the time.
    pub(crate) async fn timed<T, F>(&self, doing: &'static str, wakes: fn(&T) -> bool, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut sqlx::SqliteConnection, i64) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let clock: Clock = self.clock.clone();
        self.writer
            .write_and_wake(doing, wakes, move |c| {
                Box::pin(async move {
                    let now = clock.now(&mut *c).await?;
                    work(c, now).await
                })
            })
            .await
    }
}

impl Jobs for SqliteStore {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>, StoreError> {
        let jobs = jobs.to_vec();
        let any_new = |answers: &Vec<Enqueued>| answers.iter().any(|a| matches!(a, Enqueued::New(_)));
        self.timed("enqueue jobs", any_new, move |c, now| Box::pin(async move { enqueue(c, &jobs, now).await })).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError> {
        let request = request.clone();
        // Dropped with this future. A claim whose caller has gone while it waited for the lock would be nobody's.
        let caller = Arc::new(());
        let waits = Arc::downgrade(&caller);
        let claimed = self.timed(
            "claim jobs",
            |_| false,
            move |c, now| {
                Box::pin(async move {
                    match waits.strong_count() {
                        0 => Ok(Vec::new()),
                        _ => claim::claim(c, &request, now).await,
                    }
                })
            },
        );
        let claimed = claimed.await;
        drop(caller);
        claimed
    }

    async fn heartbeat(
        &self,
        worker: WorkerId,
        leases: &[Lease],
        lease: Duration,
        progress: &[(Lease, Value)],
    ) -> Result<Beat, StoreError> {
        let (leases, progress) = (leases.to_vec(), progress.to_vec());
        self.timed(
            "extend leases",
            |_| false,
            move |c, now| {
                Box::pin(async move {
                    workers::see(c, worker, now).await?;
                    lease::extend(c, &leases, &progress, now.saturating_add(ms(lease))).await
                })
            },
        )
        .await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        // Whatever went through may have made room in a queue with a limit.
        let any = |answers: &Vec<Result<(), StoreError>>| answers.iter().any(Result::is_ok);
        self.timed("settle jobs", any, move |c, now| Box::pin(settle::settle(c, settlements, now))).await
    }

    async fn rescue(&self, policy: &RescuePolicy) -> Result<Vec<Rescued>, StoreError> {
        let (policy, asked) = (*policy, Instant::now());
        let any = |freed: &Vec<Rescued>| !freed.is_empty();
        let rescued = self.timed("rescue jobs", any, move |c, now| {
            Box::pin(async move {
                match asked.elapsed() < LATEST_RESCUE {
                    true => rescue::rescue(c, &policy, now).await,
                    false => Ok(Vec::new()),
                }
            })
        });
        rescued.await
    }

    async fn next_job_in(&self, queues: &[QueueName]) -> Result<Option<Duration>, StoreError> {
        list::next_job_in(&self.readers, &self.clock, queues).await
    }

    fn wakeups(&self) -> watch::Receiver<u64> {
        self.wake.receiver(&self.writer)
    }

    async fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        list::job(&self.readers, id).await
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        list::jobs(&self.readers, filter, limit).await
    }

    async fn attempts_of(&self, id: JobId) -> Result<Vec<JobAttempt>, StoreError> {
        list::attempts_of(&self.readers, id).await
    }

    async fn cancel_job(&self, id: JobId) -> Result<Option<Cancelling>, StoreError> {
        let wakes = |answer: &Option<Cancelling>| *answer == Some(Cancelling::Cancelled);
        self.timed("cancel a job", wakes, move |c, now| Box::pin(mend::cancel(c, id, now))).await
    }

    async fn retry_job(&self, id: JobId) -> Result<bool, StoreError> {
        self.timed("retry a job", |done| *done, move |c, now| Box::pin(mend::retry(c, id, now))).await
    }

    async fn retry_jobs(&self, filter: &JobFilter) -> Result<u64, StoreError> {
        let filter = filter.clone();
        self.timed("retry jobs", |n| *n > 0, move |c, now| Box::pin(async move { mend::retry_all(c, &filter, now).await })).await
    }

    async fn discard_job(&self, id: JobId) -> Result<bool, StoreError> {
        self.timed("discard a job", |_| false, move |c, now| Box::pin(mend::discard(c, id, now))).await
    }

    async fn queue_stats(&self) -> Result<Vec<QueueStats>, StoreError> {
        list::queue_stats(&self.readers, &self.clock).await
    }

    async fn set_paused(&self, queue: &QueueName, paused: bool) -> Result<(), StoreError> {
        let queue = queue.clone();
        self.writer
            .write_and_wake("pause a queue", |()| true, move |c| Box::pin(async move { workers::set_paused(c, &queue, paused).await }))
            .await
    }

    async fn set_max_running(&self, queue: &QueueName, most: Option<u32>) -> Result<(), StoreError> {
        let queue = queue.clone();
        self.writer
            .write_and_wake("limit a queue", |()| true, move |c| Box::pin(async move { workers::set_max_running(c, &queue, most).await }))
            .await
    }

    async fn prune_jobs(&self, policy: &PrunePolicy) -> Result<u64, StoreError> {
        let policy = *policy;
        self.timed("prune jobs", |_| false, move |c, now| Box::pin(async move { mend::prune(c, &policy, now).await })).await
    }

    async fn register_worker(&self, worker: &WorkerRow) -> Result<(), StoreError> {
        let worker = worker.clone();
        self.timed("register a worker", |()| false, move |c, now| Box::pin(async move { workers::register(c, &worker, now).await })).await
    }

    async fn forget_worker(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.writer.write("forget a worker", move |c| Box::pin(workers::forget(c, worker))).await
    }

    async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        workers::list(&self.readers).await
    }

    fn shift_clock(&self, by_ms: i64) {
        self.clock.shift(by_ms);
    }
}
