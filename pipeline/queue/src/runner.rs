//! Runs jobs: claims what can start at once, keeps the leases alive, settles what is through.
//!
//! Start with [`Runner::builder`]. Inside, each task is a file: `claims` takes jobs, `attempt` runs one, `acker` settles,
//! `heart` extends leases, `keeper` frees the dead's jobs and prunes; `hands` is what they share, and `breaker` is how all of
//! them wait when the store is away.

mod acker;
mod attempt;
mod breaker;
mod builder;
mod claims;
mod figures;
mod hands;
mod heart;
mod keeper;
mod report;
mod stop;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pipeline_domain::{Clock, Timestamp};
use pipeline_store::{JobKind, Jobs, Lease, PrunePolicy, QueueName, RescuePolicy, StoreError, WorkerId};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use builder::{RunnerBuilder, RunnerError};
pub use figures::describe_metrics;
pub use report::{JobEnd, JobEvent, RunnerReport};

use self::{breaker::Breaker, hands::Hands};
use crate::{
    Backoff, Shutdown,
    handler::{AnyHandler, Link},
};

/// Runs the jobs of some queues until it is asked to stop.
pub struct Runner<S> {
    shared: Arc<Shared<S>>,
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// When asked.
    Asked,
    /// When asked, or when nothing is due or running in its queues.
    Idle,
}

/// How one kind is run.
struct Registered {
    handler: Arc<dyn AnyHandler>,
    timeout: Duration,
}

/// What the builder was told.
struct Settings {
    worker: WorkerId,
    queues: Vec<(QueueName, u32)>,
    lease: Duration,
    beat: Duration,
    drain: Duration,
    grace: Duration,
    place: String,
    version: String,
    backoff: Backoff,
    rescue: RescuePolicy,
    prune: Option<PrunePolicy>,
    settles_at_once: usize,
}

type Watcher = Box<dyn Fn(&JobEvent) + Send + Sync>;

/// What all tasks of one runner share.
struct Shared<S> {
    store: Arc<S>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    handlers: HashMap<JobKind, Registered>,
    watcher: Option<Watcher>,
    hands: Hands,
    breaker: Breaker,
    report: Mutex<RunnerReport>,
    /// Held by a beat that carries progress, so that what is saved beside it is not overtaken by what is older.
    carrying: tokio::sync::Mutex<()>,
    /// Ends the tasks in the background, and with them everything that is still in hand.
    end: CancellationToken,
}

impl<S> Runner<S> {
    /// A runner of `store`'s jobs under the name `worker`, which must be drawn anew at every start.
    pub fn builder(store: Arc<S>, worker: WorkerId, clock: Arc<dyn Clock>) -> RunnerBuilder<S> {
        RunnerBuilder::new(store, worker, clock)
    }
}

impl<S: Jobs + Send + Sync + 'static> Runner<S> {
    /// Runs until `shutdown` is asked for, then stops in order: nothing new is begun; what is in hand gets the drain time;
    /// the rest is asked to stop and handed back at no cost. Never ends because the store was away.
    pub async fn run(self, shutdown: Shutdown) -> RunnerReport {
        stop::run(self.shared, shutdown, Until::Asked).await
    }

    /// As [`run`](Self::run), but ends by itself when nothing is due or running in its queues, in this process or another.
    /// What is due later is left for later. For tests and commands that run once.
    pub async fn run_until_idle(self, shutdown: Shutdown) -> RunnerReport {
        stop::run(self.shared, shutdown, Until::Idle).await
    }
}

impl<S> Shared<S> {
    fn count(&self, change: impl FnOnce(&mut RunnerReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for the beat that carries progress, if one is under way.
    async fn beat_under_way(&self) {
        drop(self.carrying.lock().await);
    }

    /// The instant when `wait` from now has passed, by our clock. That clock's now is cut to seconds, so one is added.
    fn after(&self, wait: Duration) -> Timestamp {
        let now = self.clock.now();
        let seconds = i64::try_from(wait.as_millis().div_ceil(1000) + 1).unwrap_or(i64::MAX);
        now.unix_seconds().checked_add(seconds).and_then(Timestamp::from_unix_seconds).unwrap_or(now)
    }
}

impl<S: Jobs + Send + Sync + 'static> Link for Shared<S> {
    fn keep_progress(&self, lease: Lease, progress: Value) {
        self.hands.keep_progress(lease, progress);
    }

    fn write_progress(&self, lease: Lease, progress: Value) -> std::pin::Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async move {
            self.beat_under_way().await;
            // What was kept for the next beat is older than this.
            let _older = self.hands.take_progress(lease);
            let beat = self.store.heartbeat(self.settings.worker, &[lease], self.settings.lease, &[(lease, progress)]).await?;
            heart::heed(self, &beat);
            if beat.lost.contains(&lease) { Err(StoreError::LeaseLost { lease }) } else { Ok(()) }
        })
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn backoff(&self) -> &Backoff {
        &self.settings.backoff
    }
}
