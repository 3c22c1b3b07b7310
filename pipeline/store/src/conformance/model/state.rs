//! The state machine in memory: the shortest thing that does what the doc comments say.

use std::collections::BTreeMap;

use pipeline_domain::{NextStep, Timestamp};

use crate::{AttemptEnd, JobId, JobKind, JobState, Lane, Lease, NewJob, Outcome, Priority, QueueName, WorkerId};

pub const QUEUES: [QueueName; 2] = [QueueName::of("work"), QueueName::of("other")];
pub const STEP_S: i64 = 60;
/// Ends half way between two steps.
pub const LEASE_S: i64 = 4 * STEP_S + STEP_S / 2;
const DONE_AFTER_S: i64 = 3630;
const CANCELLED_AFTER_S: i64 = 1830;

#[derive(Clone)]
pub struct Known {
    pub state: JobState,
    pub attempt: u32,
    pub failures: u32,
    pub worker: Option<WorkerId>,
    pub cancel_requested: bool,
    pub ends: Vec<(u32, AttemptEnd)>,
    pub finished: Option<i64>,
    queue: QueueName,
    kind: JobKind,
    priority: Priority,
    lane: Option<Lane>,
    key: Option<String>,
    max_failures: u32,
    run_at: i64,
    due: i64,
    place: u64,
    lease_until: i64,
}

#[derive(Default)]
pub struct Model {
    /// Seconds since the walk began, by the shifted clock.
    pub now: i64,
    pub jobs: BTreeMap<JobId, Known>,
    places: u64,
    paused: Vec<QueueName>,
    limits: BTreeMap<QueueName, u32>,
}

fn is_unfinished(state: JobState) -> bool {
    matches!(state, JobState::Ready | JobState::Waiting | JobState::Running)
}

impl Model {
    pub fn tick(&mut self) {
        self.now += STEP_S;
    }

    fn seconds(&self, at: Timestamp, began: Timestamp) -> i64 {
        at.unix_seconds() - began.unix_seconds()
    }

    pub fn unfinished(&self, new: &NewJob) -> Option<JobId> {
        let key = new.unique_key.as_ref()?;
        self.jobs.iter().find(|(_, j)| is_unfinished(j.state) && j.key.as_ref() == Some(key) && j.kind == new.kind).map(|(id, _)| *id)
    }

    fn in_lane(&self, lane: &Lane, is: impl Fn(JobState) -> bool) -> Option<JobId> {
        let of_lane = self.jobs.iter().filter(|(_, j)| j.lane.as_ref() == Some(lane) && is(j.state));
        of_lane.min_by_key(|(_, j)| j.place).map(|(id, _)| *id)
    }

    /// At the end of its lane, or in its predecessor's place.
    pub fn insert(&mut self, id: JobId, new: &NewJob, began: Timestamp, takes_place: bool) {
        let free = takes_place || new.lane.as_ref().is_none_or(|l| self.in_lane(l, is_unfinished).is_none());
        self.places += 1;
        let run_at = new.not_before.map_or(i64::MIN, |at| self.seconds(at, began));
        let known = Known {
            state: if free { JobState::Ready } else { JobState::Waiting },
            attempt: 0,
            failures: 0,
            worker: None,
            cancel_requested: false,
            ends: Vec::new(),
            finished: None,
            queue: new.queue.clone(),
            kind: new.kind.clone(),
            priority: new.priority,
            lane: new.lane.clone(),
            key: new.unique_key.clone(),
            max_failures: new.max_failures,
            run_at,
            due: run_at.max(self.now),
            place: self.places,
            lease_until: 0,
        };
        self.jobs.insert(id, known);
    }

    pub fn claim(&mut self, worker: WorkerId, queues: &[(QueueName, u32)]) -> Vec<JobId> {
        let mut all = Vec::new();
        for (queue, most) in queues {
            let running = self.jobs.values().filter(|j| j.queue == *queue && j.state == JobState::Running).count();
            let free = self.limits.get(queue).map_or(usize::MAX, |l| (*l as usize).saturating_sub(running));
            let most = if self.paused.contains(queue) { 0 } else { free.min(*most as usize) };
            let mut due: Vec<_> = self
                .jobs
                .iter()
                .filter(|(_, j)| j.queue == *queue && j.state == JobState::Ready && j.run_at <= self.now)
                .map(|(id, j)| (j.priority, j.due, *id))
                .collect();
            due.sort();
            all.extend(due.into_iter().take(most));
        }
        all.sort();
        for (_, _, id) in &all {
            let lease_until = self.now + LEASE_S;
            let job = self.job(*id);
            (job.state, job.worker, job.lease_until) = (JobState::Running, Some(worker), lease_until);
            job.attempt += 1;
        }
        all.into_iter().map(|(_, _, id)| id).collect()
    }

    fn job(&mut self, id: JobId) -> &mut Known {
        self.jobs.get_mut(&id).expect("the model knows it")
    }

    pub fn holds(&self, lease: Lease) -> bool {
        self.jobs
            .get(&lease.job)
            .is_some_and(|j| j.state == JobState::Running && j.attempt == lease.attempt && j.worker == Some(lease.worker))
    }

    pub fn beat(&mut self, lease: Lease) -> Option<&Known> {
        if !self.holds(lease) {
            return None;
        }
        let until = self.now + LEASE_S;
        let job = self.job(lease.job);
        job.lease_until = until;
        Some(job)
    }

    /// `new` are the numbers of what follows, as the store gave them.
    pub fn settle(&mut self, lease: Lease, outcome: &Outcome, began: Timestamp, mut new: Vec<JobId>) {
        let id = lease.job;
        match outcome {
            Outcome::Done { next, .. } => {
                self.end(id, AttemptEnd::Done, JobState::Done);
                new.reverse();
                self.hand_on(id, next, began, &mut new);
            }
            Outcome::Failed { next, .. } => {
                let job = self.job(id);
                job.failures += 1;
                let retry = match next {
                    NextStep::RetryAt(at) if job.failures < job.max_failures => Some(*at),
                    NextStep::RetryAt(_) | NextStep::Failed => None,
                };
                match retry {
                    Some(at) => self.again(id, AttemptEnd::Failed, Some(self.seconds(at, began))),
                    None => self.end_or_cancel(id, AttemptEnd::Failed, JobState::Dead),
                }
            }
            Outcome::Snoozed { until, .. } => self.again(id, AttemptEnd::Snoozed, Some(self.seconds(*until, began))),
            Outcome::Returned => self.again(id, AttemptEnd::Returned, None),
            Outcome::Cancelled => self.end(id, AttemptEnd::Cancelled, JobState::Cancelled),
        }
        self.promote();
    }

    fn hand_on(&mut self, id: JobId, next: &[NewJob], began: Timestamp, new: &mut Vec<JobId>) {
        let lane = self.jobs[&id].lane.clone();
        let mut place_is_free = lane.is_some();
        for job in next {
            let takes_place = place_is_free && job.lane == lane;
            place_is_free &= job.lane != lane;
            if self.unfinished(job).is_none() {
                let id = new.pop().expect("the store has made it");
                self.insert(id, job, began, takes_place);
            }
        }
        assert_eq!(*new, [], "the store has made too many");
    }

    /// Back to the queue, unless it was called off.
    fn again(&mut self, id: JobId, end: AttemptEnd, run_at: Option<i64>) {
        if self.jobs[&id].cancel_requested {
            return self.end(id, end, JobState::Cancelled);
        }
        self.end(id, end, JobState::Ready);
        let now = self.now;
        let job = self.job(id);
        job.finished = None;
        if let Some(run_at) = run_at {
            (job.run_at, job.due) = (run_at, run_at.max(now));
        }
    }

    fn end_or_cancel(&mut self, id: JobId, end: AttemptEnd, state: JobState) {
        let state = if self.jobs[&id].cancel_requested { JobState::Cancelled } else { state };
        self.end(id, end, state);
    }

    fn end(&mut self, id: JobId, end: AttemptEnd, state: JobState) {
        let now = self.now;
        let job = self.job(id);
        job.ends.push((job.attempt, end));
        (job.state, job.worker, job.cancel_requested, job.finished) = (state, None, false, Some(now));
    }

    /// Lanes without a head let the first one through.
    fn promote(&mut self) {
        let lanes: Vec<Lane> = self.jobs.values().filter(|j| j.state == JobState::Waiting).filter_map(|j| j.lane.clone()).collect();
        for lane in lanes {
            if self.in_lane(&lane, |s| matches!(s, JobState::Ready | JobState::Running)).is_none()
                && let Some(id) = self.in_lane(&lane, |s| s == JobState::Waiting)
            {
                let now = self.now;
                let job = self.job(id);
                (job.state, job.due) = (JobState::Ready, job.run_at.max(now));
            }
        }
    }

    pub fn rescue(&mut self) -> Vec<JobId> {
        let lost: Vec<JobId> =
            self.jobs.iter().filter(|(_, j)| j.state == JobState::Running && j.lease_until <= self.now).map(|(id, _)| *id).collect();
        for id in &lost {
            let now = self.now;
            let job = self.job(*id);
            job.failures += 1;
            if job.failures >= job.max_failures {
                self.end_or_cancel(*id, AttemptEnd::LeaseLost, JobState::Dead);
            } else {
                self.again(*id, AttemptEnd::LeaseLost, Some(now));
            }
        }
        self.promote();
        lost
    }

    pub fn cancel(&mut self, id: JobId) {
        let now = self.now;
        let job = self.job(id);
        match job.state {
            JobState::Ready | JobState::Waiting => (job.state, job.finished) = (JobState::Cancelled, Some(now)),
            JobState::Running => job.cancel_requested = true,
            JobState::Done | JobState::Dead | JobState::Cancelled => {}
        }
        self.promote();
    }

    pub fn retry(&mut self, id: JobId) -> bool {
        let known = self.jobs[&id].clone();
        let now = self.now;
        match known.state {
            JobState::Ready => {
                let job = self.job(id);
                (job.run_at, job.due) = (i64::MIN, job.due.min(now));
                true
            }
            JobState::Dead => {
                let taken = |j: &Known| is_unfinished(j.state) && j.key.is_some() && j.key == known.key && j.kind == known.kind;
                if self.jobs.values().any(taken) {
                    return false;
                }
                let free = known.lane.as_ref().is_none_or(|l| self.in_lane(l, is_unfinished).is_none());
                self.places += 1;
                let place = self.places;
                let job = self.job(id);
                job.state = if free { JobState::Ready } else { JobState::Waiting };
                (job.failures, job.finished, job.run_at, job.due, job.place) = (0, None, i64::MIN, now, place);
                true
            }
            JobState::Waiting | JobState::Running | JobState::Done | JobState::Cancelled => false,
        }
    }

    pub fn discard(&mut self, id: JobId) -> bool {
        let now = self.now;
        let job = self.job(id);
        let is_dead = job.state == JobState::Dead;
        if is_dead {
            (job.state, job.finished) = (JobState::Cancelled, Some(now));
        }
        is_dead
    }

    pub fn prune(&mut self) -> u64 {
        let (now, before) = (self.now, self.jobs.len());
        self.jobs.retain(|_, j| match (j.state, j.finished) {
            (JobState::Done, Some(at)) => at + DONE_AFTER_S > now,
            (JobState::Cancelled, Some(at)) => at + CANCELLED_AFTER_S > now,
            _ => true,
        });
        (before - self.jobs.len()) as u64
    }

    pub fn pause(&mut self, queue: &QueueName, paused: bool) {
        self.paused.retain(|q| q != queue);
        if paused {
            self.paused.push(queue.clone());
        }
    }

    pub fn limit(&mut self, queue: &QueueName, most: Option<u32>) {
        self.limits.remove(queue);
        self.limits.extend(most.map(|m| (queue.clone(), m)));
    }

    /// What must hold whatever happened.
    pub fn check(&self, place: &str) {
        for job in self.jobs.values() {
            let same_lane = |j: &&Known| j.lane.is_some() && j.lane == job.lane;
            let heads = self.jobs.values().filter(same_lane).filter(|j| matches!(j.state, JobState::Ready | JobState::Running)).count();
            assert!(heads <= 1, "{place}: two heads of a lane");
            assert!(job.state != JobState::Waiting || heads == 1, "{place}: a lane without a head");
            let same = |j: &&Known| j.key.is_some() && j.key == job.key && j.kind == job.kind && is_unfinished(j.state);
            assert!(self.jobs.values().filter(same).count() <= 1, "{place}: two of a unique key");
        }
    }
}
