//! `Jobs`: work that survives a restart, for many processes.
//!
//! Start with `jobs/claim.rs` and `jobs/settle.rs` for the way of one job, then `jobs/lanes.rs` for why no two jobs of a lane meet and
//! none is forgotten. Every statement finds its rows by an index, whatever the planner believes of the table: rows by number
//! through the key (`state || '' = …` keeps it from taking a partial index instead), all else through the one index made for it.

mod claim;
mod enqueue;
mod lanes;
mod list;
mod manage;
mod queues;
mod rescue;
mod rows;
mod settle;
mod wake;

use std::{sync::Arc, time::Duration};

use pipeline_store::{
    Beat, Cancelling, ClaimRequest, ClaimedJob, Enqueued, JobAttempt, JobFilter, JobId, JobRow, Jobs, Lease, NewJob, PrunePolicy,
    QueueName, QueueStats, RescuePolicy, Rescued, Settlement, StoreError, WorkerId, WorkerRow,
};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::{sync::watch, time::Instant};

pub(crate) use enqueue::{enqueue_in, enqueue_unless_known, finish_unbegun, revive_or_enqueue};

use crate::{
    PostgresStore,
    fault::{Doing as _, meaning, unavailable},
    jobs::{rows::Shift, settle::Settler, wake::Wake},
    open::replanned,
    writer::Writer,
};

/// What a store keeps for its jobs. Shared by its clones.
pub(crate) struct JobDesk {
    shift: Shift,
    wake: Wake,
    settler: Settler,
}

impl JobDesk {
    /// Needs a Tokio runtime.
    pub(crate) fn new(writer: &Writer, options: &PgConnectOptions) -> Arc<Self> {
        Arc::new(Self { shift: Shift::default(), wake: Wake::new(options.clone()), settler: Settler::start(writer.clone()) })
    }
}

impl Jobs for PostgresStore {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let input = (self.jobs.shift.clone(), jobs.to_vec());
        let answers = self
            .writer
            .write("enqueue jobs", input, |c, (shift, jobs)| {
                Box::pin(async move {
                    let now = enqueue::clock(c, shift).await?;
                    enqueue::place(c, jobs, now).await
                })
            })
            .await?;
        self.jobs.wake.bump();
        Ok(answers)
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError> {
        if request.queues.iter().all(|(_, most)| *most == 0) {
            return Ok(Vec::new());
        }
        let (request, shift) = (request.clone(), self.jobs.shift.clone());
        self.on_pool("claim jobs", async move |c| claim::claim(c, &request, &shift).await).await
    }

    async fn heartbeat(
        &self,
        worker: WorkerId,
        leases: &[Lease],
        lease: Duration,
        progress: &[(Lease, Value)],
    ) -> Result<Beat, StoreError> {
        let beat = claim::Extension { worker, leases: leases.to_vec(), lease, progress: progress.to_vec(), shift: self.jobs.shift.clone() };
        self.writer.write_apart("extend leases", beat, |c, beat| Box::pin(claim::extend(c, beat))).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let answers = settle::settle(&self.writer, &self.jobs.settler, settlements, &self.jobs.shift).await?;
        self.jobs.wake.bump();
        Ok(answers)
    }

    async fn rescue(&self, policy: &RescuePolicy) -> Result<Vec<Rescued>, StoreError> {
        let input = (self.jobs.shift.clone(), *policy, Instant::now());
        let deed =
            self.writer.write_apart("rescue jobs", input, |c, (shift, policy, asked)| Box::pin(rescue::rescue(c, policy, *asked, shift)));
        let rescued = deed.await?;
        if !rescued.is_empty() {
            self.jobs.wake.bump();
        }
        Ok(rescued)
    }

    async fn next_job_in(&self, queues: &[QueueName]) -> Result<Option<Duration>, StoreError> {
        let names = queues.iter().map(|q| q.as_str().to_owned()).collect::<Vec<_>>();
        let shift = self.jobs.shift.clone();
        self.on_pool("see when the next job is due", async move |c| claim::next_job_in(c, &names, &shift).await).await
    }

    fn wakeups(&self) -> watch::Receiver<u64> {
        self.jobs.wake.subscribe()
    }

    async fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        self.on_pool("find a job", async move |c| list::job(c, id).await).await
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        let filter = filter.clone();
        self.on_pool("list jobs", async move |c| {
            let mut own_plan = replanned(c).await.doing("list jobs")?;
            list::jobs(&mut own_plan, &filter, limit).await
        })
        .await
    }

    async fn attempts_of(&self, id: JobId) -> Result<Vec<JobAttempt>, StoreError> {
        self.on_pool("list attempts", async move |c| list::attempts_of(c, id).await).await
    }

    async fn cancel_job(&self, id: JobId) -> Result<Option<Cancelling>, StoreError> {
        let input = (self.jobs.shift.clone(), id);
        self.writer.write_apart("cancel a job", input, |c, (shift, id)| Box::pin(manage::cancel(c, *id, shift))).await
    }

    async fn retry_job(&self, id: JobId) -> Result<bool, StoreError> {
        let input = (self.jobs.shift.clone(), id);
        let retried = self.writer.write_apart("retry a job", input, |c, (shift, id)| Box::pin(manage::retry(c, *id, shift))).await?;
        self.jobs.wake.bump();
        Ok(retried)
    }

    async fn retry_jobs(&self, filter: &JobFilter) -> Result<u64, StoreError> {
        let (mut retried, mut after) = (0, JobId(0));
        loop {
            let input = (self.jobs.shift.clone(), filter.clone(), after);
            let page = self
                .writer
                .write_apart("retry jobs", input, |c, (shift, filter, after)| Box::pin(manage::retry_page(c, filter, *after, shift)))
                .await?;
            self.jobs.wake.bump();
            retried += page.retried;
            let Some(last) = page.last else { return Ok(retried) };
            after = last;
        }
    }

    async fn discard_job(&self, id: JobId) -> Result<bool, StoreError> {
        let input = (self.jobs.shift.clone(), id);
        self.writer.write_apart("discard a job", input, |c, (shift, id)| Box::pin(manage::discard(c, *id, shift))).await
    }

    async fn queue_stats(&self) -> Result<Vec<QueueStats>, StoreError> {
        let shift = self.jobs.shift.clone();
        self.on_pool("count jobs", async move |c| queues::stats(c, &shift).await).await
    }

    async fn set_paused(&self, queue: &QueueName, paused: bool) -> Result<(), StoreError> {
        let input = (queue.clone(), paused);
        self.writer.write_apart("pause a queue", input, |c, (queue, paused)| Box::pin(queues::set_paused(c, queue, *paused))).await?;
        self.jobs.wake.bump();
        Ok(())
    }

    async fn set_max_running(&self, queue: &QueueName, most: Option<u32>) -> Result<(), StoreError> {
        let input = (queue.clone(), most);
        self.writer.write_apart("limit a queue", input, |c, (queue, most)| Box::pin(queues::set_max_running(c, queue, *most))).await?;
        self.jobs.wake.bump();
        Ok(())
    }

    async fn prune_jobs(&self, policy: &PrunePolicy) -> Result<u64, StoreError> {
        let input = (self.jobs.shift.clone(), *policy);
        self.writer.write_apart("prune jobs", input, |c, (shift, policy)| Box::pin(manage::prune(c, policy, shift))).await
    }

    async fn register_worker(&self, worker: &WorkerRow) -> Result<(), StoreError> {
        let input = (self.jobs.shift.clone(), worker.clone());
        self.writer.write_apart("register a worker", input, |c, (shift, worker)| Box::pin(queues::register(c, worker, shift))).await
    }

    async fn forget_worker(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.writer.write_apart("forget a worker", worker, |c, worker| Box::pin(queues::forget(c, *worker))).await
    }

    async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        self.on_pool("list workers", async move |c| queues::workers(c).await).await
    }

    fn shift_clock(&self, by_ms: i64) {
        self.jobs.shift.by(by_ms);
    }
}

impl PostgresStore {
    /// Something may be claimable by what this process did.
    pub(crate) fn wake(&self) {
        self.jobs.wake.bump();
    }

    /// One statement, or a few that need no transaction, on a connection of the pool. One whose state nobody knows is closed.
    pub(crate) async fn on_pool<T>(
        &self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let pool: &PgPool = &self.pool;
        let mut connection = pool.acquire().await.map_err(|e| meaning(doing, &e))?;
        let done = match tokio::time::timeout(self.patience, work(&mut connection)).await {
            Ok(done) => done,
            Err(_) => Err(unavailable(doing, "no answer in time")),
        };
        if matches!(done, Err(StoreError::Unavailable { .. })) {
            drop(connection.detach());
        }
        done
    }
}
