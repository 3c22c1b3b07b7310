//! Settles what has ended: many attempts a call, a few calls at once, and again until the store has answered.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use pipeline_domain::{NextStep, Verdict};
use pipeline_store::{AttemptEnd, Jobs, Lease, Outcome, Settlement, StoreError};
use tokio::{
    sync::{Semaphore, mpsc::UnboundedReceiver},
    task::JoinSet,
};

use super::{JobEnd, JobEvent, Shared, attempt::Ended, figures};
use crate::handler::next_step;

/// Most attempts in one call.
const BATCH: usize = 500;
/// A settling that has not answered by then may have been done; it is asked again.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name of the call, for the breaker: nothing is claimed while it fails.
pub(super) const SETTLE: &str = "settle jobs";
const SAVE: &str = "save progress";
const LOOK: &str = "look an attempt up";

/// Settles until every sender is gone and all is settled.
pub(super) async fn run<S: Jobs + Send + Sync + 'static>(shared: Arc<Shared<S>>, mut ended: UnboundedReceiver<Ended>) {
    let calls = Arc::new(Semaphore::new(shared.settings.settles_at_once));
    let mut batches = JoinSet::new();
    loop {
        // First the right to call, then the batch: while all calls are under way the next batch grows.
        let Ok(call) = calls.clone().acquire_owned().await else { break };
        let mut batch = Vec::new();
        if ended.recv_many(&mut batch, BATCH).await == 0 {
            break;
        }
        while batches.try_join_next().is_some() {}
        let shared = shared.clone();
        batches.spawn(async move {
            settle_all(&shared, batch).await;
            drop(call);
        });
    }
    batches.join_all().await;
}

/// What one answer of the store leaves to do.
enum Left {
    Nothing,
    /// Again, as it is.
    Again,
    /// Again, in this way.
    Instead(Outcome),
}

async fn settle_all<S: Jobs + Send + Sync>(shared: &Shared<S>, mut batch: Vec<Ended>) {
    save_progress(shared, &batch).await;
    // Whether an earlier call may have written what we ask for again.
    let mut repeated = false;
    while !batch.is_empty() {
        let settlements = batch.iter().map(Ended::settlement).collect();
        match shared.breaker.ask(SETTLE, PATIENCE, shared.store.settle(settlements)).await {
            Err(wait) => {
                repeated = true;
                tokio::time::sleep(wait).await;
            }
            Ok(answers) => {
                let mut left = Vec::new();
                let mut settled = Vec::new();
                let asked_before = repeated;
                for (mut ended, answer) in batch.into_iter().zip(answers) {
                    match heed(shared, &ended, answer, asked_before).await {
                        Left::Nothing => settled.push(ended.job.queue.clone()),
                        // One item that was not answered may have been written as much as a whole call.
                        Left::Again => {
                            repeated = true;
                            left.push(ended);
                        }
                        Left::Instead(outcome) => {
                            (ended.outcome, ended.effect) = (outcome, None);
                            left.push(ended);
                        }
                    }
                }
                shared.hands.hopeful(settled.iter());
                batch = left;
                if !batch.is_empty() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

impl Ended {
    fn settlement(&self) -> Settlement {
        Settlement { lease: self.job.lease, outcome: self.outcome.clone(), effect: self.effect.clone() }
    }
}

/// Progress that no beat has carried yet, of attempts that are to be taken up again.
async fn save_progress<S: Jobs>(shared: &Shared<S>, batch: &[Ended]) {
    let again = |e: &&Ended| !matches!(e.outcome, Outcome::Done { .. } | Outcome::Cancelled);
    if !batch.iter().any(|e| again(&e)) {
        return;
    }
    shared.beat_under_way().await;
    let leases = batch.iter().filter(again).map(|e| e.job.lease);
    let progress: Vec<_> = leases.filter_map(|lease| Some((lease, shared.hands.take_progress(lease)?))).collect();
    if progress.is_empty() {
        return;
    }
    let leases: Vec<Lease> = progress.iter().map(|(lease, _)| *lease).collect();
    let settings = &shared.settings;
    loop {
        let call = shared.store.heartbeat(settings.worker, &leases, settings.lease, &progress);
        match shared.breaker.ask(SAVE, PATIENCE, call).await {
            // A lease that was lost is told again by the settling.
            Ok(_) => return,
            Err(wait) => tokio::time::sleep(wait).await,
        }
    }
}

async fn heed<S: Jobs>(shared: &Shared<S>, ended: &Ended, answer: Result<(), StoreError>, repeated: bool) -> Left {
    match answer {
        Ok(()) => settled(shared, ended),
        Err(StoreError::LeaseLost { .. }) if repeated && was_ours(shared, ended).await => settled(shared, ended),
        Err(StoreError::LeaseLost { .. }) => lost(shared, ended),
        Err(error) if error.verdict() == Verdict::Retry => return Left::Again,
        Err(error) => return refused(shared, ended, &error),
    }
    Left::Nothing
}

/// Whether an earlier call, whose answer we did not get, wrote this end.
async fn was_ours<S: Jobs>(shared: &Shared<S>, ended: &Ended) -> bool {
    let Lease { job, attempt, worker } = ended.job.lease;
    loop {
        match shared.breaker.ask(LOOK, PATIENCE, shared.store.attempts_of(job)).await {
            Ok(attempts) => {
                let written = attempts.iter().find(|a| a.attempt == attempt && a.worker == worker);
                return written.is_some_and(|a| a.end == attempt_end(&ended.outcome));
            }
            Err(wait) => tokio::time::sleep(wait).await,
        }
    }
}

fn attempt_end(outcome: &Outcome) -> AttemptEnd {
    match outcome {
        Outcome::Done { .. } => AttemptEnd::Done,
        Outcome::Failed { .. } => AttemptEnd::Failed,
        Outcome::Snoozed { .. } => AttemptEnd::Snoozed,
        Outcome::Returned => AttemptEnd::Returned,
        Outcome::Cancelled => AttemptEnd::Cancelled,
    }
}

fn settled<S>(shared: &Shared<S>, ended: &Ended) {
    let Lease { job, attempt, .. } = ended.job.lease;
    let kind = &ended.job.kind;
    match &ended.outcome {
        Outcome::Failed { code, next: NextStep::Failed, .. } => {
            tracing::error!(job.id = job.0, job.kind = %kind, job.attempt = attempt, code = code.id(), "job failed and is left for a person");
        }
        Outcome::Failed { code, next: NextStep::RetryAt(at), .. } => {
            tracing::warn!(job.id = job.0, job.kind = %kind, job.attempt = attempt, code = code.id(), retry_at = %at, "job failed");
        }
        Outcome::Returned => {
            figures::returned();
            tracing::info!(job.id = job.0, job.kind = %kind, job.attempt = attempt, "job handed back");
        }
        Outcome::Cancelled => tracing::info!(job.id = job.0, job.kind = %kind, job.attempt = attempt, "job called off"),
        Outcome::Done { .. } | Outcome::Snoozed { .. } => {
            tracing::debug!(job.id = job.0, job.kind = %kind, job.attempt = attempt, "job settled");
        }
    }
    tell(shared, ended, JobEnd::of(&ended.outcome));
}

fn lost<S>(shared: &Shared<S>, ended: &Ended) {
    let Lease { job, attempt, .. } = ended.job.lease;
    figures::lost();
    tracing::warn!(job.id = job.0, job.kind = %ended.job.kind, job.attempt = attempt, "lease lost; nothing of the attempt was written");
    tell(shared, ended, JobEnd::LeaseLost);
}

/// The outcome or its effect breaks a rule of the store: a failure of the job. When that is refused too, the lease runs out.
fn refused<S>(shared: &Shared<S>, ended: &Ended, error: &StoreError) -> Left {
    let Lease { job, attempt, .. } = ended.job.lease;
    if matches!(&ended.outcome, Outcome::Failed { .. }) && ended.effect.is_none() {
        tracing::error!(job.id = job.0, job.kind = %ended.job.kind, job.attempt = attempt, error = %error, "the store refuses to settle the job");
        shared.hands.drop_lease(ended.job.lease);
        return Left::Nothing;
    }
    let next = next_step(&shared.settings.backoff, error.verdict(), &ended.job, shared.clock.now());
    Left::Instead(Outcome::Failed { code: error.code(), detail: error.to_string(), next })
}

fn tell<S>(shared: &Shared<S>, ended: &Ended, end: JobEnd) {
    shared.hands.drop_lease(ended.job.lease);
    shared.count(|report| report.add(end));
    if let Some(watcher) = &shared.watcher {
        let Lease { job: id, attempt, .. } = ended.job.lease;
        let event = JobEvent { id, kind: ended.job.kind.clone(), attempt, end, ran: ended.ran };
        // A watcher that panics is the watcher's trouble: the batch goes on.
        let _panicked = std::panic::catch_unwind(AssertUnwindSafe(|| watcher(&event)));
    }
}
