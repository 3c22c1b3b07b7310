//! One run from its start to an orderly stop.

use std::{
    sync::{Arc, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use pipeline_store::Jobs;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{RunnerReport, Shared, Until, acker, attempt::CUT_OFF_WAIT, claims::Claims, heart, keeper};
use crate::Shutdown;

/// How long the last settlements may take when the store is slow or away. After that their leases run out.
const LAST_SETTLE: Duration = Duration::from_secs(5);
/// What a handler has to end by itself after a second request.
const LAST_WORD_IN_A_HURRY: Duration = Duration::from_millis(100);
const LAST_WORD: Duration = Duration::from_secs(1);

pub(super) async fn run<S: Jobs + Send + Sync + 'static>(shared: Arc<Shared<S>>, shutdown: Shutdown, until: Until) -> RunnerReport {
    // If this future is dropped, all that it started ends too.
    let _end = shared.end.clone().drop_guard();
    let background = start_background(&shared);
    let attempts = TaskTracker::new();
    let abandon = CancellationToken::new();
    let (ended, settling) = mpsc::unbounded_channel();
    let acker = tokio::spawn(acker::run(shared.clone(), settling));
    let claims =
        Claims { shared: shared.clone(), attempts: attempts.clone(), ended, abandon: abandon.clone(), unheard: AtomicBool::new(false) };
    claims.run(&shutdown, until).await;
    drop(claims);
    attempts.close();
    drain(&shared, &shutdown, &attempts, &abandon).await;
    settle_the_last(acker, &shutdown).await;
    shared.end.cancel();
    background.close();
    background.wait().await;
    // Its row goes with the next worker that registers if it cannot be removed now.
    let _forgotten = tokio::time::timeout(LAST_WORD, shared.store.forget_worker(shared.settings.worker)).await;
    let unsettled = u64::try_from(shared.hands.in_hand()).unwrap_or(u64::MAX);
    let mut report = *shared.report.lock().unwrap_or_else(PoisonError::into_inner);
    report.unsettled = unsettled;
    report
}

fn start_background<S: Jobs + Send + Sync + 'static>(shared: &Arc<Shared<S>>) -> TaskTracker {
    let background = TaskTracker::new();
    let alive = Arc::new(AtomicBool::new(true));
    // Each of their calls may be cut off: done or not done, the next one does the same.
    let end = || shared.end.clone();
    background.spawn(end().run_until_cancelled_owned(heart::run(shared.clone(), alive.clone())));
    background.spawn(end().run_until_cancelled_owned(keeper::rescue(shared.clone(), alive)));
    background.spawn(end().run_until_cancelled_owned(keeper::prune(shared.clone())));
    background.spawn(end().run_until_cancelled_owned(keeper::register(shared.clone())));
    background
}

/// Gives what is in hand its time, then asks it to stop, then waits no more.
async fn drain<S>(shared: &Shared<S>, shutdown: &Shutdown, attempts: &TaskTracker, abandon: &CancellationToken) {
    tokio::select! {
        () = attempts.wait() => return,
        () = tokio::time::sleep(shared.settings.drain) => {}
        () = shutdown.requested_twice() => {}
    }
    shared.hands.stop_all();
    tokio::select! {
        () = attempts.wait() => return,
        // Long enough for every attempt to be cut off and to hand over its end.
        () = tokio::time::sleep(shared.settings.grace + 2 * CUT_OFF_WAIT) => {}
        () = async { shutdown.requested_twice().await; tokio::time::sleep(LAST_WORD_IN_A_HURRY).await; } => {}
    }
    abandon.cancel();
    attempts.wait().await;
}

async fn settle_the_last(acker: JoinHandle<()>, shutdown: &Shutdown) {
    let abort = acker.abort_handle();
    tokio::select! {
        _settled = acker => {}
        () = tokio::time::sleep(LAST_SETTLE) => abort.abort(),
        () = async { shutdown.requested_twice().await; tokio::time::sleep(LAST_WORD).await; } => abort.abort(),
    }
}
