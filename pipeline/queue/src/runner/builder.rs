//! What a runner is told before it starts.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex},
    time::Duration,
};

use pipeline_domain::Clock;
use pipeline_store::{JobKind, Jobs, PrunePolicy, QueueName, RescuePolicy, WorkerId};
use tokio_util::sync::CancellationToken;

use super::{JobEvent, Registered, Runner, RunnerReport, Settings, Shared, Watcher, breaker::Breaker, hands::Hands};
use crate::{Backoff, Handler};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The longest lease that any program of ours asks for, unless this one asks for a longer.
const LONGEST_LEASE: Duration = Duration::from_secs(300);

/// Why a runner cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunnerError {
    /// Two handlers for one kind.
    #[error("job kind {kind} is registered twice")]
    KindTwice {
        /// Which.
        kind: JobKind,
    },
    /// Two entries for one queue.
    #[error("queue {queue} is named twice")]
    QueueTwice {
        /// Which.
        queue: QueueName,
    },
    /// Nothing could ever be claimed.
    #[error("no queue has a slot")]
    NoSlots,
    /// One late heartbeat would lose every job in hand.
    #[error("a lease of {lease:?} is shorter than two beats of {beat:?}")]
    LeaseTooShort {
        /// As asked for.
        lease: Duration,
        /// As asked for.
        beat: Duration,
    },
}

/// Settings of a [`Runner`]. Made by [`Runner::builder`].
pub struct RunnerBuilder<S> {
    store: Arc<S>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    longest_lease: Duration,
    handlers: HashMap<JobKind, Registered>,
    watcher: Option<Watcher>,
    wrong: Option<RunnerError>,
}

impl<S> RunnerBuilder<S> {
    pub(super) fn new(store: Arc<S>, worker: WorkerId, clock: Arc<dyn Clock>) -> Self {
        let settings = Settings {
            worker,
            queues: Vec::new(),
            lease: Duration::from_secs(60),
            beat: Duration::from_secs(15),
            drain: Duration::from_secs(25),
            grace: Duration::from_secs(2),
            place: String::new(),
            version: String::new(),
            backoff: Backoff::for_jobs(),
            rescue: RescuePolicy { first_wait: Duration::from_secs(15), longest_lease: LONGEST_LEASE, limit: 1000 },
            prune: Some(PrunePolicy { done_after: 30 * DAY, cancelled_after: 7 * DAY, limit: 1000 }),
            settles_at_once: 2,
        };
        Self { store, clock, settings, longest_lease: LONGEST_LEASE, handlers: HashMap::new(), watcher: None, wrong: None }
    }

    /// Claims from this queue too, and runs at most `slots` of its jobs at once in this process.
    pub fn queue(mut self, queue: QueueName, slots: usize) -> Self {
        if self.settings.queues.iter().any(|(q, _)| *q == queue) {
            self.wrong.get_or_insert(RunnerError::QueueTwice { queue });
        } else {
            self.settings.queues.push((queue, u32::try_from(slots).unwrap_or(u32::MAX)));
        }
        self
    }

    /// Runs jobs of this kind with `handler`; an attempt that takes longer than `timeout` has failed.
    pub fn handler(mut self, kind: JobKind, timeout: Duration, handler: impl Handler) -> Self {
        match self.handlers.entry(kind) {
            Entry::Vacant(free) => {
                free.insert(Registered { handler: Arc::new(handler), timeout });
            }
            Entry::Occupied(taken) => {
                self.wrong.get_or_insert(RunnerError::KindTwice { kind: taken.key().clone() });
            }
        }
        self
    }

    /// How long a claim holds without a heartbeat: 60 s unless said otherwise, at least two beats.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease;
        self
    }

    /// How often leases are extended: every 15 s unless said otherwise.
    pub fn beat(mut self, beat: Duration) -> Self {
        self.settings.beat = beat;
        self
    }

    /// How long jobs in hand may go on after a stop is asked for: 25 s unless said otherwise.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.settings.drain = drain;
        self
    }

    /// How long a handler has between its stop token and being cut off: 2 s unless said otherwise.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// Machine and process, such as `arkiv1:4711`, for the list of workers.
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.settings.place = place.into();
        self
    }

    /// Version of the program, for the list of workers.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.settings.version = version.into();
        self
    }

    /// Waits after failures that handlers leave to the runner, panics and timeouts: [`Backoff::for_jobs`] unless said otherwise.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// How long a job waits after its worker died for the first time: 15 s unless said otherwise.
    pub fn first_wait_after_rescue(mut self, wait: Duration) -> Self {
        self.settings.rescue.first_wait = wait;
        self
    }

    /// The longest lease that any process on this database asks for: five minutes unless said otherwise. Leases that end later
    /// were written under a wrong clock, and are cut to it.
    pub fn longest_lease(mut self, longest: Duration) -> Self {
        self.longest_lease = longest;
        self
    }

    /// What is removed, and when; `None` removes nothing. Done jobs after 30 days and cancelled ones after 7 unless said
    /// otherwise. Dead jobs are never removed.
    pub fn prune(mut self, policy: Option<PrunePolicy>) -> Self {
        self.settings.prune = policy;
        self
    }

    /// How many calls that settle jobs may be under way at once: 2 unless said otherwise, at least 1.
    pub fn settles_at_once(mut self, calls: usize) -> Self {
        self.settings.settles_at_once = calls.max(1);
        self
    }

    /// Tells `watcher` of every attempt that has ended. It is called from the runner's tasks: it must be quick.
    pub fn on_event(mut self, watcher: impl Fn(&JobEvent) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Box::new(watcher));
        self
    }

    /// The runner, which has not started yet.
    ///
    /// # Errors
    /// When what was said cannot work.
    pub fn build(mut self) -> Result<Runner<S>, RunnerError>
    where
        S: Jobs + Send + Sync + 'static,
    {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let Settings { lease, beat, .. } = self.settings;
        if lease < 2 * beat || beat.is_zero() {
            return Err(RunnerError::LeaseTooShort { lease, beat });
        }
        if self.settings.queues.iter().all(|(_, slots)| *slots == 0) {
            return Err(RunnerError::NoSlots);
        }
        self.settings.rescue.longest_lease = self.longest_lease.max(lease);
        let end = CancellationToken::new();
        let shared = Shared {
            hands: Hands::new(&self.settings.queues, end.clone()),
            breaker: Breaker::default(),
            report: Mutex::new(RunnerReport::default()),
            store: self.store,
            clock: self.clock,
            settings: self.settings,
            handlers: self.handlers,
            watcher: self.watcher,
            carrying: tokio::sync::Mutex::new(()),
            end,
        };
        Ok(Runner { shared: Arc::new(shared) })
    }
}
