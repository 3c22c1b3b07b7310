//! Takes jobs: as many as can start at once, in one call for all queues, when there may be something to take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use pipeline_store::{ClaimRequest, ClaimedJob, JobFilter, JobState, Jobs, Lease, Outcome, QueueName, QueueStats, Settlement};
use tokio::{
    sync::{mpsc::UnboundedSender, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Shared, Until, acker,
    attempt::{Attempt, Ended},
    figures, heart,
};
use crate::Shutdown;

const CLAIM: &str = "claim jobs";
const LOOK: &str = "look for due jobs";
const UNHEARD: &str = "hand back unheard claims";
/// Running jobs that are looked at after a claim without an answer.
const MOST_RUNNING: u32 = 10_000;
/// At least so often, should a wake-up have been lost on its way from another process.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(5);
/// After a claim that got something: what else falls due soon is asked for then, unless there was a reason to ask earlier.
const SOON: Duration = Duration::from_millis(100);
/// The shortest wait after a claim that got nothing although something is due: its queue is paused, or at its limit.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
/// Wake-ups that come so soon after a claim are gathered for the next: under load, each job that ends wakes every process.
const GATHER: Duration = Duration::from_millis(25);
/// The same for a process that has work in hand: what it ends itself lets it ask at once, and what others end they mostly take up
/// themselves. Asking for each of those is more work for the database than all that is got by it.
const GATHER_AT_WORK: Duration = Duration::from_millis(100);

/// How long a claim that is under way may still take when a stop is asked for.
const LAST_CLAIM: Duration = Duration::from_secs(5);

/// The loop that claims, and what it starts.
pub(super) struct Claims<S> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) attempts: TaskTracker,
    pub(super) ended: UnboundedSender<Ended>,
    pub(super) abandon: CancellationToken,
    /// The last claim had no answer.
    pub(super) unheard: AtomicBool,
}

impl<S: Jobs + Send + Sync + 'static> Claims<S> {
    /// Claims until a stop is asked for, or until nothing is left to do.
    pub(super) async fn run(&self, shutdown: &Shutdown, until: Until) {
        tokio::select! {
            biased;
            () = self.go(shutdown, until) => {}
            // A store that hangs shall not hold up the stop. What it may have given us is freed when its lease runs out.
            () = async { shutdown.requested().await; tokio::time::sleep(LAST_CLAIM).await; } => {}
        }
    }

    async fn go(&self, shutdown: &Shutdown, until: Until) {
        let hands = &self.shared.hands;
        let mut wakeups = self.shared.store.wakeups();
        let mut in_vain = SHORTEST_WAIT;
        let mut look_at = Instant::now();
        let mut asked_at = None;
        loop {
            if Instant::now() >= look_at {
                hands.all_hopeful();
                look_at = Instant::now() + LOOK_AT_LEAST_EVERY;
            }
            // Seen before the claim: what comes while the claim is under way changes it once more.
            if Instant::now() >= self.heed_from(asked_at) && wakeups.has_changed().unwrap_or(false) {
                wakeups.borrow_and_update();
                hands.all_hopeful();
                in_vain = SHORTEST_WAIT;
            }
            if shutdown.is_requested() {
                return;
            }
            let wanted = hands.wanted();
            if !wanted.is_empty() && !self.shared.breaker.is_failing(acker::SETTLE) {
                asked_at = Some(Instant::now());
                let wait = match self.claim(&wanted, shutdown).await {
                    Answer::Away(wait) => wait,
                    Answer::Full => LOOK_AT_LEAST_EVERY,
                    Answer::Some => {
                        in_vain = SHORTEST_WAIT;
                        SOON
                    }
                    Answer::Nothing => {
                        if until == Until::Idle && hands.is_empty() && self.is_idle().await {
                            return;
                        }
                        self.next_look(&mut in_vain, until).await
                    }
                };
                look_at = Instant::now() + wait;
            }
            tokio::select! {
                () = shutdown.requested() => return,
                () = hands.bell.notified() => {}
                () = woken(&mut wakeups, self.heed_from(asked_at)) => {}
                () = tokio::time::sleep_until(look_at) => {}
            }
        }
    }

    /// From when on a wake-up is reason enough to ask again.
    fn heed_from(&self, asked_at: Option<Instant>) -> Instant {
        let gather = if self.shared.hands.is_empty() { GATHER } else { GATHER_AT_WORK };
        asked_at.map_or_else(Instant::now, |at| at + gather)
    }

    /// A claim whose answer was cut off may have given us jobs that nobody here knows of. They are handed back, so that they neither
    /// wait for their lease nor are charged.
    async fn hand_back_unheard(&self) -> Result<(), Duration> {
        let shared = &self.shared;
        let (worker, lease) = (shared.settings.worker, shared.settings.lease);
        let running = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
        let rows = shared.breaker.ask(UNHEARD, lease, shared.store.jobs(&running, MOST_RUNNING)).await?;
        let ours = rows.iter().filter(|row| row.worker == Some(worker));
        let leases = ours.map(|row| Lease { job: row.id, attempt: row.attempt, worker }).filter(|lease| !shared.hands.holds(*lease));
        let back: Vec<Settlement> = leases.map(|lease| Settlement { lease, outcome: Outcome::Returned, effect: None }).collect();
        if !back.is_empty() {
            tracing::info!(jobs = back.len(), "handed back what a claim without an answer had taken");
            shared.breaker.ask(UNHEARD, lease, shared.store.settle(back)).await?;
        }
        Ok(())
    }

    async fn claim(&self, wanted: &[(QueueName, u32)], shutdown: &Shutdown) -> Answer {
        let shared = &self.shared;
        if self.unheard.load(Ordering::Relaxed) {
            match self.hand_back_unheard().await {
                Ok(()) => self.unheard.store(false, Ordering::Relaxed),
                Err(wait) => return Answer::Away(wait),
            }
        }
        let settings = &shared.settings;
        let request = ClaimRequest { worker: settings.worker, queues: wanted.to_vec(), lease: settings.lease };
        let began = Instant::now();
        // A claim is never cut off while its jobs could still be ours: nobody would know that we have them.
        let jobs = match shared.breaker.ask(CLAIM, settings.lease, shared.store.claim(&request)).await {
            Ok(jobs) => jobs,
            Err(wait) => {
                // No queue is asked again before the wait is over, whoever rings.
                shared.hands.note_answer(wanted, &[]);
                self.unheard.store(true, Ordering::Relaxed);
                return Answer::Away(wait);
            }
        };
        figures::claimed(began.elapsed());
        let any_dry = shared.hands.note_answer(wanted, &jobs);
        let claimed = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
        shared.count(|report| report.claimed += claimed);
        for job in jobs {
            self.start(job, shutdown);
        }
        match (claimed, any_dry) {
            (0, _) => Answer::Nothing,
            (_, true) => Answer::Some,
            (_, false) => Answer::Full,
        }
    }

    fn start(&self, job: ClaimedJob, shutdown: &Shutdown) {
        for lease in self.shared.hands.superseded(job.lease.job) {
            heart::lose(&self.shared, lease);
        }
        let place = self.shared.hands.take(&job);
        if shutdown.is_requested() {
            // Claimed while the stop was asked for: handed back unbegun.
            self.shared.hands.stop(job.lease, super::hands::Why::Drain);
        }
        let attempt =
            Attempt { shared: self.shared.clone(), job: Arc::new(job), place, ended: self.ended.clone(), abandon: self.abandon.clone() };
        self.attempts.spawn(attempt.run());
    }

    /// How long nothing can be had, unless something wakes us.
    async fn next_look(&self, in_vain: &mut Duration, until: Until) -> Duration {
        let queues: Vec<QueueName> = self.shared.settings.queues.iter().map(|(queue, _)| queue.clone()).collect();
        let longest = if until == Until::Idle { SOON } else { LOOK_AT_LEAST_EVERY };
        match self.shared.breaker.ask(LOOK, self.shared.settings.lease, self.shared.store.next_job_in(&queues)).await {
            Ok(Some(due)) if due < *in_vain => {
                let wait = *in_vain;
                *in_vain = (wait * 2).min(longest);
                wait.min(longest)
            }
            Ok(due) => due.map_or(longest, |due| due.min(longest)),
            Err(wait) => wait,
        }
    }

    /// Whether nothing of our queues is due or running anywhere. A queue that is paused or may run nothing is as good as empty.
    async fn is_idle(&self) -> bool {
        let ours = |stats: &&QueueStats| self.shared.settings.queues.iter().any(|(queue, _)| *queue == stats.queue);
        let busy = |stats: &QueueStats| {
            let closed = stats.paused || stats.max_running == Some(0);
            stats.running > 0 || (stats.ready > 0 && !closed)
        };
        match self.shared.breaker.ask("count jobs", self.shared.settings.lease, self.shared.store.queue_stats()).await {
            Ok(stats) => !stats.iter().filter(ours).any(busy),
            Err(_) => false,
        }
    }
}

enum Answer {
    /// Every queue gave all that was asked for.
    Full,
    /// Some queue has no more.
    Some,
    /// None had anything.
    Nothing,
    /// The store did not answer: not before this wait is over.
    Away(Duration),
}

/// Returns when there may be something to claim, not before `from`. A store that went away says nothing any more.
async fn woken(wakeups: &mut watch::Receiver<u64>, from: Instant) {
    // Not marked as seen here: the loop does that before its claim.
    if wakeups.changed().await.is_ok() {
        wakeups.mark_changed();
        tokio::time::sleep_until(from).await;
    } else {
        std::future::pending().await
    }
}
