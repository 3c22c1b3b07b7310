//! Jobs in memory, with the promises of `pipeline_store::Jobs`, and faults on demand. Time is tokio's, so that tests step it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pipeline_domain::{Clock, ErrorCode, NextStep, Timestamp};
use pipeline_store::*;
use tokio::{sync::watch, time::Instant};

mod jobs;

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
    /// Settlings that are carried out, and answered with an error for each item.
    unsure_settlings: u32,
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

    /// The next `times` settlings are carried out, but each of their items is answered with an error.
    pub fn lose_answers_by_item(&self, times: u32) {
        locked(&self.faults).unsure_settlings = times;
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
