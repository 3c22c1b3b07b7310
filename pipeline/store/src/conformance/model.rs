//! Random steps, held against a model of the state machine after every one.
//!
//! A step takes a minute of the shifted clock, so the few seconds that a run really takes decide nothing. Same seed, same steps.

mod state;

use std::time::Duration;

use pipeline_domain::{NextStep, Timestamp};

use self::state::{LEASE_S, Model, QUEUES, STEP_S};
use super::{
    Stand,
    jobs_sample::{Dice, failed, job, later, now, settle, worker},
};
use crate::{
    Cancelling, ClaimRequest, Enqueued, JobFilter, JobId, JobState, Jobs, Lease, NewJob, Outcome, Priority, PrunePolicy, RescuePolicy,
};

const STEPS: u64 = 250;
const RESCUE: RescuePolicy = RescuePolicy { first_wait: Duration::ZERO, longest_lease: Duration::from_secs(LEASE_S as u64), limit: 1000 };
const PRUNE: PrunePolicy = PrunePolicy { done_after: Duration::from_secs(3630), cancelled_after: Duration::from_secs(1830), limit: 1000 };

/// Mostly lanes and keys in tight quarters.
pub async fn random_steps_follow_the_model(stand: &impl Stand) {
    for seed in 1..=4 {
        Walk::begin(stand, seed).await.go().await;
    }
}

struct Walk<S> {
    store: S,
    seed: u64,
    dice: Dice,
    model: Model,
    began: Timestamp,
    /// Jobs of earlier walks on the same stand are not ours.
    before: Option<JobId>,
    /// Leases that were once valid: most of them are stale.
    old: Vec<Lease>,
}

impl<S: Jobs> Walk<S> {
    async fn begin<T: Stand<Store = S>>(stand: &T, seed: u64) -> Self {
        let store = stand.open().await;
        for queue in QUEUES {
            store.set_paused(&queue, false).await.unwrap();
            store.set_max_running(&queue, None).await.unwrap();
        }
        let rows = store.jobs(&JobFilter::default(), 10_000).await.unwrap();
        for row in &rows {
            clear(&store, row.id).await;
        }
        let before = rows.last().map(|r| r.id);
        let began = now(&store).await;
        Self { store, seed, dice: Dice::new(seed), model: Model::default(), began, before, old: Vec::new() }
    }

    async fn go(mut self) {
        for step in 1..=STEPS {
            self.store.shift_clock(STEP_S * 1000);
            self.model.tick();
            let what = self.step().await;
            self.compare(&format!("seed {}, step {step}: {what}", self.seed)).await;
        }
    }

    async fn step(&mut self) -> &'static str {
        match self.dice.roll(20) {
            0..=5 => self.enqueue().await,
            6..=9 => self.claim().await,
            10..=13 => self.settle().await,
            14 => self.beat().await,
            15 => self.rescue().await,
            16 => self.cancel().await,
            17 => self.retry().await,
            18 => self.discard_or_prune().await,
            _ => self.pause_or_limit().await,
        }
    }

    /// An instant half a step from every step: `steps` of them from now.
    fn instant(&self, steps: i64) -> Timestamp {
        later(self.began, self.model.now + steps * STEP_S + STEP_S / 2)
    }

    fn new_job(&mut self) -> NewJob {
        let lane = self.dice.pick(&[None, Some("case:1"), Some("case:1"), Some("case:2")]);
        let key = self.dice.pick(&[None, None, Some("k"), Some("l")]);
        let wait = self.dice.pick(&[None, None, None, Some(-3), Some(3), Some(9)]);
        NewJob {
            queue: QUEUES[self.dice.pick(&[0_usize, 0, 1])].clone(),
            lane: lane.map(|l: &str| l.parse().unwrap()),
            unique_key: key.map(str::to_owned),
            priority: Priority(self.dice.pick(&[2, 4])),
            not_before: wait.map(|w| self.instant(w)),
            max_failures: self.dice.pick(&[1, 2, 3]),
            ..job(1)
        }
    }

    async fn enqueue(&mut self) -> &'static str {
        let jobs: Vec<NewJob> = (0..=self.dice.roll(3)).map(|_| self.new_job()).collect();
        let answers = self.store.enqueue(&jobs).await.unwrap();
        for (job, answer) in jobs.iter().zip(answers) {
            let existing = self.model.unfinished(job);
            match answer {
                Enqueued::Existing(id) => assert_eq!(Some(id), existing),
                Enqueued::New(id) => {
                    assert_eq!(existing, None);
                    self.model.insert(id, job, self.began, false);
                }
            }
        }
        "enqueue"
    }

    async fn claim(&mut self) -> &'static str {
        let queues: Vec<_> = QUEUES.iter().map(|q| (q.clone(), u32::try_from(self.dice.roll(4)).unwrap())).collect();
        let worker = worker(u32::try_from(self.dice.roll(3)).unwrap());
        let request = ClaimRequest { worker, queues: queues.clone(), lease: Duration::from_secs(LEASE_S as u64) };
        let taken = self.store.claim(&request).await.unwrap();
        let ids: Vec<JobId> = taken.iter().map(|c| c.lease.job).collect();
        assert_eq!(ids, self.model.claim(worker, &queues), "seed {}: claimed in this order", self.seed);
        for claimed in taken {
            let known = &self.model.jobs[&claimed.lease.job];
            assert_eq!((claimed.lease.attempt, claimed.failures), (known.attempt, known.failures));
            self.old.push(claimed.lease);
        }
        "claim"
    }

    async fn settle(&mut self) -> &'static str {
        if self.old.is_empty() {
            return "nothing to settle";
        }
        // A recent one is likely to be valid still.
        let back = self.dice.roll(self.old.len().min(8) as u64);
        let lease = self.old[self.old.len() - 1 - usize::try_from(back).unwrap()];
        let outcome = match self.dice.roll(9) {
            0..=2 => Outcome::done(),
            3 => Outcome::Done { next: vec![self.new_job(), self.new_job()], result: None },
            4 => failed(NextStep::RetryAt(self.instant(2))),
            5 => failed(NextStep::Failed),
            6 => Outcome::Snoozed { until: self.instant(1), code: None },
            7 => Outcome::Returned,
            _ => Outcome::Cancelled,
        };
        let answer = settle(&self.store, lease, outcome.clone()).await;
        assert_eq!(answer.is_ok(), self.model.holds(lease), "seed {}: {lease:?} {answer:?}", self.seed);
        if answer.is_ok() {
            let rows = self.rows().await;
            let new = rows.iter().map(|r| r.id).filter(|id| !self.model.jobs.contains_key(id)).collect();
            self.model.settle(lease, &outcome, self.began, new);
        }
        "settle"
    }

    async fn beat(&mut self) -> &'static str {
        let leases: Vec<Lease> = self.old.iter().rev().take(6).copied().filter(|l| l.worker == worker(1)).collect();
        let beat = self.store.heartbeat(worker(1), &leases, Duration::from_secs(LEASE_S as u64), &[]).await.unwrap();
        for lease in leases {
            assert_eq!(beat.lost.contains(&lease), !self.model.holds(lease), "seed {}: {lease:?}", self.seed);
            if let Some(known) = self.model.beat(lease) {
                assert_eq!(beat.cancelled.contains(&lease.job), known.cancel_requested);
            }
        }
        "heartbeat"
    }

    async fn rescue(&mut self) -> &'static str {
        let mut freed: Vec<JobId> = self.store.rescue(&RESCUE).await.unwrap().iter().map(|r| r.job).collect();
        freed.sort();
        assert_eq!(freed, self.model.rescue(), "seed {}: rescued", self.seed);
        "rescue"
    }

    async fn cancel(&mut self) -> &'static str {
        let Some(id) = self.any() else { return "nothing to cancel" };
        let answer = self.store.cancel_job(id).await.unwrap();
        let expected = match self.model.jobs[&id].state {
            JobState::Ready | JobState::Waiting => Cancelling::Cancelled,
            JobState::Running => Cancelling::Asked,
            ended => Cancelling::Ended(ended),
        };
        assert_eq!(answer, Some(expected));
        self.model.cancel(id);
        "cancel"
    }

    async fn retry(&mut self) -> &'static str {
        let Some(id) = self.any() else { return "nothing to retry" };
        let done = self.store.retry_job(id).await.unwrap();
        assert_eq!(done, self.model.retry(id), "seed {}: retry {id}", self.seed);
        "retry"
    }

    async fn discard_or_prune(&mut self) -> &'static str {
        if self.dice.roll(3) == 0 {
            let gone = self.store.prune_jobs(&PRUNE).await.unwrap();
            let (expected, ours) = (self.model.prune(), gone);
            // Earlier walks' leftovers go too.
            assert!(ours >= expected, "seed {}: pruned {ours}, expected {expected}", self.seed);
            return "prune";
        }
        let Some(id) = self.any() else { return "nothing to discard" };
        assert_eq!(self.store.discard_job(id).await.unwrap(), self.model.discard(id));
        "discard"
    }

    async fn pause_or_limit(&mut self) -> &'static str {
        let queue = QUEUES[usize::try_from(self.dice.roll(2)).unwrap()].clone();
        if self.dice.roll(2) == 0 {
            let paused = self.dice.roll(3) == 0;
            self.store.set_paused(&queue, paused).await.unwrap();
            self.model.pause(&queue, paused);
            return "pause";
        }
        let most = self.dice.pick(&[None, None, Some(1), Some(3)]);
        self.store.set_max_running(&queue, most).await.unwrap();
        self.model.limit(&queue, most);
        "limit"
    }

    fn any(&mut self) -> Option<JobId> {
        let ids: Vec<JobId> = self.model.jobs.keys().copied().collect();
        (!ids.is_empty()).then(|| self.dice.pick(&ids))
    }

    async fn rows(&self) -> Vec<crate::JobRow> {
        let rows = self.store.jobs(&JobFilter::default(), 10_000).await.unwrap();
        rows.into_iter().filter(|r| Some(r.id) > self.before).collect()
    }

    async fn compare(&self, place: &str) {
        let rows = self.rows().await;
        let ids: Vec<JobId> = rows.iter().map(|r| r.id).collect();
        assert_eq!(ids, self.model.jobs.keys().copied().collect::<Vec<_>>(), "{place}");
        for row in rows {
            let known = &self.model.jobs[&row.id];
            let told = (row.state, row.attempt, row.failures, row.worker, row.cancel_requested);
            assert_eq!(told, (known.state, known.attempt, known.failures, known.worker, known.cancel_requested), "{place}: job {}", row.id);
            let ends: Vec<_> = self.store.attempts_of(row.id).await.unwrap().iter().map(|a| (a.attempt, a.end)).collect();
            assert_eq!(ends, known.ends, "{place}: job {}", row.id);
            assert_eq!(row.finished_at.is_some(), known.finished.is_some(), "{place}: job {}", row.id);
        }
        self.model.check(place);
    }
}

/// Brings a job of an earlier walk to an end.
async fn clear<S: Jobs>(store: &S, id: JobId) {
    let Some(row) = store.job(id).await.unwrap() else { return };
    match row.state {
        JobState::Running => {
            let lease = Lease { job: id, attempt: row.attempt, worker: row.worker.unwrap() };
            settle(store, lease, Outcome::Cancelled).await.unwrap();
        }
        JobState::Ready | JobState::Waiting => {
            store.cancel_job(id).await.unwrap();
        }
        JobState::Dead => {
            store.discard_job(id).await.unwrap();
        }
        JobState::Done | JobState::Cancelled => {}
    }
}
