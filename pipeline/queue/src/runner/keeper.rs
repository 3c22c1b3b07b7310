//! Frees the jobs of dead workers, and removes what has been finished for long enough.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use pipeline_store::{JobState, Jobs, WorkerRow};

use super::{Shared, breaker::RESCUE, figures};

/// A dead worker's jobs are free at most so long after their lease.
const RESCUE_AT_LEAST_EVERY: Duration = Duration::from_secs(5);
/// The next look when leases come first.
const HELD_UP: Duration = Duration::from_millis(100);
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// Between two calls of one pruning, so that others get at the database.
const PRUNE_PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);

/// Rescues. Never before our own leases were extended: an outage outlasts leases, and whoever is first after it
/// would free the jobs of everyone who only waited. So it also lets some time pass after each outage, for the others' beats.
pub(super) async fn rescue<S: Jobs + Send + Sync>(shared: Arc<Shared<S>>, alive: Arc<AtomicBool>) {
    let settings = &shared.settings;
    let every = (settings.lease / 4).min(RESCUE_AT_LEAST_EVERY);
    // Who starts just after an outage does not know of it: the others get a beat first.
    let mut wait = every.max(settings.beat);
    loop {
        tokio::time::sleep(wait).await;
        wait = every;
        if !alive.load(Ordering::Acquire) || !shared.breaker.is_well_for(settings.beat) {
            // Soon: a beat is under way for a moment only, and both may be in step.
            wait = every.min(HELD_UP);
            continue;
        }
        match shared.breaker.ask(RESCUE, PATIENCE, shared.store.rescue(&settings.rescue)).await {
            Err(longer) => wait = every.max(longer),
            Ok(freed) => {
                for job in &freed {
                    let state = job.state.id();
                    if job.state == JobState::Dead {
                        tracing::error!(job.id = job.job.0, worker = %job.worker, state, "job of a dead worker is left for a person");
                    } else {
                        tracing::warn!(job.id = job.job.0, worker = %job.worker, state, "freed the job of a dead worker");
                    }
                }
                let jobs = u64::try_from(freed.len()).unwrap_or(u64::MAX);
                if jobs > 0 {
                    figures::rescued(jobs);
                    shared.count(|report| report.rescued += jobs);
                }
                if jobs >= u64::from(settings.rescue.limit) {
                    wait = PRUNE_PAUSE;
                }
            }
        }
    }
}

/// Prunes hourly, the first time within some minutes of the start: not all workers at once.
pub(super) async fn prune<S: Jobs + Send + Sync>(shared: Arc<Shared<S>>) {
    let Some(policy) = shared.settings.prune.filter(|p| p.limit > 0) else { return };
    let spread = shared.settings.worker.0.as_u128() % 240;
    let mut wait = Duration::from_secs(60 + u64::try_from(spread).unwrap_or_default());
    loop {
        tokio::time::sleep(wait).await;
        wait = match shared.breaker.ask("remove finished jobs", PATIENCE, shared.store.prune_jobs(&policy)).await {
            Err(longer) => longer,
            Ok(removed) => {
                shared.count(|report| report.pruned += removed);
                if removed >= u64::from(policy.limit) { PRUNE_PAUSE } else { PRUNE_EVERY }
            }
        };
    }
}

/// Writes this worker down, once.
pub(super) async fn register<S: Jobs + Send + Sync>(shared: Arc<Shared<S>>) {
    let settings = &shared.settings;
    let now = shared.clock.now();
    let row = WorkerRow {
        id: settings.worker,
        place: settings.place.clone(),
        version: settings.version.clone(),
        queues: settings.queues.iter().map(|(queue, _)| queue.clone()).collect(),
        started_at: now,
        seen_at: now,
    };
    while let Err(wait) = shared.breaker.ask("register the worker", PATIENCE, shared.store.register_worker(&row)).await {
        tokio::time::sleep(wait).await;
    }
}
