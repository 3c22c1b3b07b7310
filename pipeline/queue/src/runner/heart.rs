//! Extends the leases of all that is in hand, and hears what must stop. Depends on nothing but the clock: not on claims, not
//! on free slots, not on settling.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use pipeline_store::{Beat, Jobs, Lease};
use serde_json::Value;
use tokio::{sync::MutexGuard, time::Instant};

use super::{
    Shared, figures,
    hands::{Hands, Why},
};

pub(super) const BEAT: &str = "extend leases";

/// Beats. `alive` says whether the last beat got through and none is under way.
pub(super) async fn run<S: Jobs + Send + Sync>(shared: Arc<Shared<S>>, alive: Arc<AtomicBool>) {
    let mut next = Instant::now() + shared.settings.beat;
    loop {
        tokio::time::sleep_until(next).await;
        // Counted from before the call: a slow store shall not stretch the beat.
        let began = Instant::now();
        alive.store(false, Ordering::Release);
        next = match beat(&shared).await {
            Ok(()) => began + shared.settings.beat,
            Err(wait) => Instant::now() + wait.min(shared.settings.beat),
        };
        alive.store(!shared.breaker.is_failing(BEAT), Ordering::Release);
    }
}

async fn beat<S: Jobs>(shared: &Shared<S>) -> Result<(), std::time::Duration> {
    let settings = &shared.settings;
    let (leases, carried) = shared.hands.for_beat();
    let turn = if carried.is_empty() { None } else { Some(shared.carrying.lock().await) };
    let progress = Carried { hands: &shared.hands, progress: carried, _turn: turn };
    let call = shared.store.heartbeat(settings.worker, &leases, settings.lease, &progress.progress);
    let beat = shared.breaker.ask(BEAT, settings.lease / 2, call).await?;
    progress.arrived();
    heed(shared, &beat);
    Ok(())
}

/// Progress on its way: put back if it does not arrive.
struct Carried<'a> {
    hands: &'a Hands,
    progress: Vec<(Lease, Value)>,
    /// Given up after the rest.
    _turn: Option<MutexGuard<'a, ()>>,
}

impl Carried<'_> {
    fn arrived(mut self) {
        self.progress.clear();
    }
}

impl Drop for Carried<'_> {
    fn drop(&mut self) {
        self.hands.put_back(std::mem::take(&mut self.progress));
    }
}

/// Stops an attempt that is no longer ours. One whose end is on its way to the store may be settled already: the store's answer
/// to that tells.
pub(super) fn lose<S>(shared: &Shared<S>, lease: Lease) {
    if shared.hands.stop(lease, Why::Lost) {
        figures::lost();
        shared.count(|report| report.lost += 1);
        tracing::warn!(job.id = lease.job.0, job.attempt = lease.attempt, "lease lost; the attempt is stopped and writes nothing");
    }
}

/// Stops what is no longer ours and what was called off.
pub(super) fn heed<S>(shared: &Shared<S>, beat: &Beat) {
    for lease in &beat.lost {
        lose(shared, *lease);
    }
    for job in &beat.cancelled {
        shared.hands.call_off(*job);
    }
}
