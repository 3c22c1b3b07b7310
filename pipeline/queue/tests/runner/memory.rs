//! Jobs in memory, with the promises of `pipeline_store::Jobs`, and faults on demand. Time is tokio's, so that tests step it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pipeline_domain::{Clock, ErrorCode, NextStep, Timestamp};
use pipeline_store::*;
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

/// 2026-11-23T08:00:00Z.
const DAY_ONE_MS: i64 = 1_795_420_800_000;

struct Row {
    row: JobRow,
    due_ms: i64,
    lease_until_ms: i64,
    first_failed_at: Option<Timestamp>,
    started_at: Timestamp,
    attempts: Vec<JobAttempt>,
}

#[derive(Default)]
struct Rows {
    jobs: BTreeMap<i64, Row>,
    workers: Vec<WorkerRow>,
    paused: Vec<QueueName>,
    most: HashMap<QueueName, u32>,
    effects: Vec<(JobId, Effect)>,
}

/// What goes wrong, for one handle.
#[derive(Default)]
struct Faults {
    /// Calls that are refused before they do anything, by name.
    failing: HashMap<&'static str, u32>,
    /// Calls that are carried out and whose answer is lost.
    deaf: HashMap<&'static str, u32>,
    /// How long an answer is under way.
    slow: HashMap<&'static str, Duration>,
    away_until: Option<Instant>,
    dead: bool,
    calls: HashMap<&'static str, u64>,
}

/// One process's handle. [`MemoryJobs::another`] gives a second process on the same rows.
pub struct MemoryJobs {
    rows: Arc<Mutex<Rows>>,
    bell: watch::Sender<u64>,
    began: Instant,
    faults: Mutex<Faults>,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone() -> StoreError {
    StoreError::Unavailable { doing: "answer", source: "away".into() }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_seconds(ms.div_euclid(1000)).unwrap()
}

fn ms(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap()
}

/// The same clock for runners and rows.
pub struct StepClock(Instant);

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        at(DAY_ONE_MS + ms(self.0.elapsed()))
    }
}

impl MemoryJobs {
    pub fn new() -> Arc<Self> {
        let began = Instant::now();
        Arc::new(Self { rows: Arc::default(), bell: watch::Sender::new(0), began, faults: Mutex::default() })
    }

    pub fn another(&self) -> Arc<Self> {
        let (rows, bell) = (self.rows.clone(), self.bell.clone());
        Arc::new(Self { rows, bell, began: self.began, faults: Mutex::default() })
    }

    pub fn clock(&self) -> Arc<StepClock> {
        Arc::new(StepClock(self.began))
    }

    /// The next `times` calls of this name are refused.
    pub fn fail(&self, call: &'static str, times: u32) {
        locked(&self.faults).failing.insert(call, times);
    }

    /// The next `times` calls of this name are carried out, but answered with an error.
    pub fn lose_answers(&self, call: &'static str, times: u32) {
        locked(&self.faults).deaf.insert(call, times);
    }

    /// Calls of this name read and write at once, and answer after `wait`.
    pub fn slow(&self, call: &'static str, wait: Duration) {
        locked(&self.faults).slow.insert(call, wait);
    }

    /// Every call is refused for so long.
    pub fn go_away(&self, wait: Duration) {
        locked(&self.faults).away_until = Some(Instant::now() + wait);
    }

    /// As if the process were killed: nothing that this handle does is seen any more.
    pub fn kill(&self) {
        locked(&self.faults).dead = true;
    }

    /// Calls of this name so far.
    pub fn calls(&self, call: &'static str) -> u64 {
        locked(&self.faults).calls.get(call).copied().unwrap_or(0)
    }

    pub fn effects(&self) -> Vec<(JobId, Effect)> {
        locked(&self.rows).effects.clone()
    }

    pub fn row(&self, id: JobId) -> JobRow {
        locked(&self.rows).jobs[&id.0].row.clone()
    }

    pub fn ends(&self, id: JobId) -> Vec<AttemptEnd> {
        locked(&self.rows).jobs[&id.0].attempts.iter().map(|a| a.end).collect()
    }

    pub fn count(&self, state: JobState) -> usize {
        locked(&self.rows).jobs.values().filter(|j| j.row.state == state).count()
    }

    pub fn add(&self, jobs: &[NewJob]) -> Vec<JobId> {
        let now = self.now_ms();
        let ids = jobs.iter().map(|j| locked(&self.rows).enqueue(j, now)).collect();
        self.ring();
        ids
    }

    fn ring(&self) {
        self.bell.send_modify(|n| *n += 1);
    }

    fn now_ms(&self) -> i64 {
        DAY_ONE_MS + ms(self.began.elapsed())
    }

    async fn call<T>(&self, name: &'static str, work: impl FnOnce(&mut Rows, i64) -> T) -> Result<T, StoreError> {
        let (refused, deaf, slow) = {
            let mut faults = locked(&self.faults);
            *faults.calls.entry(name).or_default() += 1;
            let mut due = |list: fn(&mut Faults) -> &mut HashMap<&'static str, u32>| match list(&mut faults).get_mut(name) {
                Some(n) if *n > 0 => {
                    *n -= 1;
                    true
                }
                _ => false,
            };
            let (failing, deaf) = (due(|f| &mut f.failing), due(|f| &mut f.deaf));
            let away = faults.away_until.is_some_and(|until| Instant::now() < until);
            (failing || away || faults.dead, deaf, faults.slow.get(name).copied())
        };
        if refused {
            return Err(gone());
        }
        let answer = work(&mut locked(&self.rows), self.now_ms());
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
        if deaf { Err(gone()) } else { Ok(answer) }
    }
}

impl Rows {
    fn enqueue(&mut self, new: &NewJob, now: i64) -> JobId {
        let id = JobId(self.jobs.len() as i64 + 1);
        let lane_is_taken = new.lane.is_some() && self.jobs.values().any(|j| j.row.lane == new.lane && unfinished(&j.row));
        let row = JobRow {
            id,
            kind: new.kind.clone(),
            queue: new.queue.clone(),
            args: new.args.clone(),
            state: if lane_is_taken { JobState::Waiting } else { JobState::Ready },
            priority: new.priority,
            lane: new.lane.clone(),
            unique_key: new.unique_key.clone(),
            not_before: new.not_before,
            attempt: 0,
            failures: 0,
            max_failures: new.max_failures,
            worker: None,
            lease_until: None,
            cancel_requested: false,
            progress: None,
            result: None,
            last_code: None,
            created_at: at(now),
            finished_at: None,
        };
        let due_ms = new.not_before.map_or(now, |t| t.unix_seconds() * 1000);
        let row = Row { row, due_ms, lease_until_ms: 0, first_failed_at: None, started_at: at(now), attempts: Vec::new() };
        self.jobs.insert(id.0, row);
        id
    }

    fn held(&mut self, lease: &Lease) -> Option<&mut Row> {
        let job = self.jobs.get_mut(&lease.job.0)?;
        let ours = job.row.state == JobState::Running && job.row.attempt == lease.attempt && job.row.worker == Some(lease.worker);
        ours.then_some(job)
    }

    fn promote(&mut self, lane: Option<Lane>) {
        if lane.is_none() || self.jobs.values().any(|j| j.row.lane == lane && matches!(j.row.state, JobState::Ready | JobState::Running)) {
            return;
        }
        if let Some(next) = self.jobs.values_mut().find(|j| j.row.lane == lane && j.row.state == JobState::Waiting) {
            next.row.state = JobState::Ready;
        }
    }

    fn settle(&mut self, settlement: Settlement, now: i64) -> Result<(), StoreError> {
        let Settlement { lease, outcome, effect } = settlement;
        if self.held(&lease).is_none() {
            return Err(StoreError::LeaseLost { lease });
        }
        if let Some(Effect::RunFinished { .. }) = &effect {
            // Stands for any effect that a rule of the store forbids.
            return Err(StoreError::Refused { doing: "finish a run", source: "no such run".into() });
        }
        self.effects.extend(effect.map(|e| (lease.job, e)));
        let job = self.held(&lease).unwrap();
        let (mut code, mut due) = (None, now);
        let (end, state) = match &outcome {
            Outcome::Done { result, .. } => {
                job.row.result = result.clone();
                (AttemptEnd::Done, JobState::Done)
            }
            Outcome::Failed { code: why, next, .. } => {
                code = Some(*why);
                due = match next {
                    NextStep::RetryAt(t) => t.unix_seconds() * 1000,
                    NextStep::Failed => now,
                };
                (AttemptEnd::Failed, job.failed(*next != NextStep::Failed, now))
            }
            Outcome::Snoozed { until, code: why } => {
                (code, due) = (*why, until.unix_seconds() * 1000);
                (AttemptEnd::Snoozed, JobState::Ready)
            }
            Outcome::Returned => (AttemptEnd::Returned, JobState::Ready),
            Outcome::Cancelled => (AttemptEnd::Cancelled, JobState::Cancelled),
        };
        job.end(end, state, code, due, now);
        let lane = job.row.lane.clone();
        if let Outcome::Done { next, .. } = outcome {
            for job in next {
                self.enqueue(&job, now);
            }
        }
        self.promote(lane);
        Ok(())
    }
}

impl Row {
    fn failed(&mut self, again: bool, now: i64) -> JobState {
        self.row.failures += 1;
        self.first_failed_at.get_or_insert(at(now));
        if again && self.row.failures < self.row.max_failures { JobState::Ready } else { JobState::Dead }
    }

    fn end(&mut self, end: AttemptEnd, state: JobState, code: Option<ErrorCode>, due_ms: i64, now: i64) {
        let (attempt, worker) = (self.row.attempt, self.row.worker.unwrap());
        let (started_at, ended_at) = (self.started_at, at(now));
        self.attempts.push(JobAttempt { attempt, worker, started_at, ended_at, end, code, detail: String::new() });
        self.row.last_code = code.or(self.row.last_code);
        (self.row.state, self.row.worker, self.due_ms) = (state, None, due_ms);
    }
}

fn unfinished(row: &JobRow) -> bool {
    matches!(row.state, JobState::Ready | JobState::Waiting | JobState::Running)
}

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
        let answers = self.call("settle", |rows, now| settlements.into_iter().map(|s| rows.settle(s, now)).collect()).await;
        self.ring();
        answers
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

impl Rows {
    fn stats(&self, queue: QueueName, now: i64) -> QueueStats {
        let of = |state, due: fn(i64, i64) -> bool| {
            let of_state = self.jobs.values().filter(|j| j.row.queue == queue && j.row.state == state);
            of_state.filter(|j| due(j.due_ms, now)).count() as u64
        };
        QueueStats {
            ready: of(JobState::Ready, |due, now| due <= now),
            scheduled: of(JobState::Ready, |due, now| due > now),
            waiting: of(JobState::Waiting, |_, _| true),
            running: of(JobState::Running, |_, _| true),
            dead: of(JobState::Dead, |_, _| true),
            oldest_ready_s: None,
            paused: self.paused.contains(&queue),
            max_running: self.most.get(&queue).copied(),
            queue,
        }
    }
}

fn claim(job: &mut Row, request: &ClaimRequest, now: i64) -> ClaimedJob {
    job.row.attempt += 1;
    (job.row.state, job.row.worker, job.started_at) = (JobState::Running, Some(request.worker), at(now));
    job.lease_until_ms = now + ms(request.lease);
    ClaimedJob {
        lease: Lease { job: job.row.id, attempt: job.row.attempt, worker: request.worker },
        kind: job.row.kind.clone(),
        queue: job.row.queue.clone(),
        args: job.row.args.clone(),
        priority: job.row.priority,
        lane: job.row.lane.clone(),
        failures: job.row.failures,
        first_failed_at: job.first_failed_at,
        max_failures: job.row.max_failures,
        progress: job.row.progress.clone(),
        waited: Duration::from_millis(u64::try_from(now - job.due_ms).unwrap_or(0)),
    }
}
