//! The trait on [`MemoryJobs`]: each call says what it does to the rows.

use std::time::Duration;

use pipeline_domain::ErrorCode;
use pipeline_store::*;
use serde_json::Value;
use tokio::sync::watch;

use super::{MemoryJobs, Row, Rows, claim, gone, locked, ms};

impl Jobs for MemoryJobs {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>, StoreError> {
        let added = self.call("enqueue", |rows, now| jobs.iter().map(|j| Enqueued::New(rows.enqueue(j, now))).collect()).await;
        self.ring();
        added
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError> {
        self.call("claim", |rows, now| {
            let mut claimed = Vec::new();
            for (queue, most) in &request.queues {
                let running = rows.jobs.values().filter(|j| j.row.queue == *queue && j.row.state == JobState::Running).count();
                let limit = rows.most.get(queue).map_or(usize::MAX, |most| (*most as usize).saturating_sub(running));
                if rows.paused.contains(queue) {
                    continue;
                }
                let mut due: Vec<&mut Row> = rows.jobs.values_mut().collect();
                due.retain(|j| j.row.queue == *queue && j.row.state == JobState::Ready && j.due_ms <= now);
                due.sort_by_key(|j| (j.row.priority, j.due_ms, j.row.id));
                claimed.extend(due.into_iter().take(limit.min(*most as usize)).map(|j| claim(j, request, now)));
            }
            claimed
        })
        .await
    }

    async fn heartbeat(
        &self,
        worker: WorkerId,
        leases: &[Lease],
        lease: Duration,
        progress: &[(Lease, Value)],
    ) -> Result<Beat, StoreError> {
        self.call("heartbeat", |rows, now| {
            assert!(leases.iter().all(|l| l.worker == worker));
            let mut beat = Beat::default();
            for held in leases {
                match rows.held(held) {
                    None => beat.lost.push(*held),
                    Some(job) => {
                        job.lease_until_ms = now + ms(lease);
                        beat.cancelled.extend(job.row.cancel_requested.then_some(held.job));
                    }
                }
            }
            for (lease, value) in progress {
                if let Some(job) = rows.held(lease) {
                    job.row.progress = Some(value.clone());
                }
            }
            beat
        })
        .await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        assert!(settlements.len() <= 500);
        let answers: Vec<_> = self.call("settle", |rows, now| settlements.into_iter().map(|s| rows.settle(s, now)).collect()).await?;
        self.ring();
        let unsure = &mut locked(&self.faults).unsure_settlings;
        if *unsure == 0 {
            return Ok(answers);
        }
        *unsure -= 1;
        Ok(answers.iter().map(|_| Err(gone())).collect())
    }

    async fn rescue(&self, policy: &RescuePolicy) -> Result<Vec<Rescued>, StoreError> {
        self.call("rescue", |rows, now| {
            let mut freed = Vec::new();
            for job in rows.jobs.values_mut().filter(|j| j.row.state == JobState::Running && j.lease_until_ms < now) {
                let worker = job.row.worker.unwrap();
                let state = job.failed(true, now);
                job.end(AttemptEnd::LeaseLost, state, Some(ErrorCode::JobLeaseLost), now + ms(policy.first_wait), now);
                freed.push(Rescued { job: job.row.id, worker, state });
            }
            freed
        })
        .await
    }

    async fn next_job_in(&self, queues: &[QueueName]) -> Result<Option<Duration>, StoreError> {
        self.call("next_job_in", |rows, now| {
            let ready = rows.jobs.values().filter(|j| queues.contains(&j.row.queue) && j.row.state == JobState::Ready);
            ready.map(|j| Duration::from_millis(u64::try_from(j.due_ms - now).unwrap_or(0))).min()
        })
        .await
    }

    fn wakeups(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    async fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        self.call("job", |rows, _| rows.jobs.get(&id.0).map(|j| j.row.clone())).await
    }

    async fn jobs(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        let fits = |row: &JobRow| filter.state.is_none_or(|s| s == row.state);
        self.call("jobs", |rows, _| rows.jobs.values().map(|j| j.row.clone()).filter(fits).take(limit as usize).collect()).await
    }

    async fn attempts_of(&self, id: JobId) -> Result<Vec<JobAttempt>, StoreError> {
        self.call("attempts_of", |rows, _| rows.jobs.get(&id.0).map_or(Vec::new(), |j| j.attempts.clone())).await
    }

    async fn cancel_job(&self, id: JobId) -> Result<Option<Cancelling>, StoreError> {
        self.call("cancel_job", |rows, _| {
            let job = rows.jobs.get_mut(&id.0)?;
            Some(match job.row.state {
                JobState::Running => {
                    job.row.cancel_requested = true;
                    Cancelling::Asked
                }
                JobState::Ready | JobState::Waiting => {
                    job.row.state = JobState::Cancelled;
                    Cancelling::Cancelled
                }
                ended => Cancelling::Ended(ended),
            })
        })
        .await
    }

    async fn retry_job(&self, id: JobId) -> Result<bool, StoreError> {
        let done = self
            .call("retry_job", |rows, now| {
                let Some(job) = rows.jobs.get_mut(&id.0).filter(|j| j.row.state == JobState::Dead) else { return false };
                (job.row.state, job.row.failures, job.due_ms) = (JobState::Ready, 0, now);
                true
            })
            .await;
        self.ring();
        done
    }

    async fn retry_jobs(&self, filter: &JobFilter) -> Result<u64, StoreError> {
        let mut retried = 0;
        for row in self.jobs(filter, u32::MAX).await? {
            retried += u64::from(self.retry_job(row.id).await?);
        }
        Ok(retried)
    }

    async fn discard_job(&self, id: JobId) -> Result<bool, StoreError> {
        self.call("discard_job", |rows, _| match rows.jobs.get_mut(&id.0) {
            Some(job) if job.row.state == JobState::Dead => {
                job.row.state = JobState::Cancelled;
                true
            }
            _ => false,
        })
        .await
    }

    async fn queue_stats(&self) -> Result<Vec<QueueStats>, StoreError> {
        self.call("queue_stats", |rows, now| {
            let mut queues: Vec<QueueName> = rows.jobs.values().map(|j| j.row.queue.clone()).collect();
            queues.sort();
            queues.dedup();
            queues.into_iter().map(|queue| rows.stats(queue, now)).collect()
        })
        .await
    }

    async fn set_paused(&self, queue: &QueueName, paused: bool) -> Result<(), StoreError> {
        let set = |rows: &mut Rows, _| {
            rows.paused.retain(|q| q != queue);
            rows.paused.extend(paused.then(|| queue.clone()));
        };
        self.call("set_paused", set).await?;
        self.ring();
        Ok(())
    }

    async fn set_max_running(&self, queue: &QueueName, most: Option<u32>) -> Result<(), StoreError> {
        self.call("set_max_running", |rows, _| {
            rows.most.remove(queue);
            rows.most.extend(most.map(|most| (queue.clone(), most)));
        })
        .await
    }

    async fn prune_jobs(&self, policy: &PrunePolicy) -> Result<u64, StoreError> {
        self.call("prune_jobs", |rows, _| {
            let done: Vec<i64> = rows.jobs.iter().filter(|(_, j)| j.row.state == JobState::Done).map(|(id, _)| *id).collect();
            let done: Vec<i64> = done.into_iter().take(policy.limit as usize).collect();
            done.iter().for_each(|id| drop(rows.jobs.remove(id)));
            done.len() as u64
        })
        .await
    }

    async fn register_worker(&self, worker: &WorkerRow) -> Result<(), StoreError> {
        self.call("register_worker", |rows, _| rows.workers.push(worker.clone())).await
    }

    async fn forget_worker(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.call("forget_worker", |rows, _| rows.workers.retain(|w| w.id != worker)).await
    }

    async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        self.call("workers", |rows, _| rows.workers.clone()).await
    }

    fn shift_clock(&self, _: i64) {
        unimplemented!("tokio's clock is stepped instead")
    }
}
