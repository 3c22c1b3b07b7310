//! One attempt at one job: starts its handler, cuts it off when it must, and makes a settlement of how it ended.

use std::{sync::Arc, time::Duration};

use pipeline_domain::{ErrorCode, Verdict};
use pipeline_store::{ClaimedJob, Effect, Jobs, Outcome};
use tokio::{
    sync::mpsc::UnboundedSender,
    task::{JoinError, JoinHandle},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use super::{
    Registered, Shared, figures,
    hands::{self, Place, Why},
};
use crate::{
    Conclusion,
    handler::{End, JobContext, next_step},
};

/// How long a new attempt waits for what is left of an earlier one in this process.
const FORMER_WAIT: Duration = Duration::from_secs(5);
/// When it is tried again if that was not enough.
const FORMER_SNOOZE: Duration = Duration::from_secs(60);
/// When a job is looked at again that this program does not know: a newer program may take it meanwhile.
const UNKNOWN_SNOOZE: Duration = Duration::from_secs(60);
/// How long a task that was cut off has to be gone.
pub(super) const CUT_OFF_WAIT: Duration = Duration::from_millis(500);
/// For a handler that says it was stopped when nobody asked it to.
const IDLE_SNOOZE: Duration = Duration::from_secs(5);

/// An attempt that has ended, on its way to the store.
pub(super) struct Ended {
    pub(super) job: Arc<ClaimedJob>,
    pub(super) outcome: Outcome,
    pub(super) effect: Option<Effect>,
    pub(super) ran: Duration,
}

/// What came of running it: what its handler answered, or why there is no answer.
type Ran = Result<Conclusion, Cut>;

#[derive(Clone, Copy)]
enum Cut {
    Panicked,
    TimedOut,
    UnknownKind,
    /// Something of an earlier attempt still runs.
    FormerStays,
    /// Cut off, or never begun, because it was asked to stop.
    Stopped,
}

/// What an attempt needs.
pub(super) struct Attempt<S> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) job: Arc<ClaimedJob>,
    pub(super) place: Place,
    pub(super) ended: UnboundedSender<Ended>,
    /// Cancelled when nothing is waited for any more.
    pub(super) abandon: CancellationToken,
}

impl<S: Jobs + Send + Sync + 'static> Attempt<S> {
    /// Runs it to its end, and frees its slot when nothing of it runs any more.
    pub(super) async fn run(self) {
        let presence = Arc::new(self.place.gone.clone().drop_guard());
        let begun = Instant::now();
        let ran = self.work(presence).await;
        self.conclude(ran, begun.elapsed());
        tokio::select! {
            () = self.place.gone.cancelled() => {}
            () = self.abandon.cancelled() => {}
        }
        self.shared.hands.leave(&self.job);
    }

    async fn work(&self, presence: Arc<DropGuard>) -> Ran {
        if let Some(former) = &self.place.former {
            tokio::select! {
                () = former.cancelled() => {}
                () = self.place.stop.cancelled() => return Err(Cut::Stopped),
                () = tokio::time::sleep(FORMER_WAIT) => return Err(Cut::FormerStays),
            }
        }
        if self.place.stop.is_cancelled() {
            return Err(Cut::Stopped);
        }
        let Some(registered) = self.shared.handlers.get(&self.job.kind) else { return Err(Cut::UnknownKind) };
        figures::started(&figures::label(self.job.queue.as_str()), self.job.waited);
        self.handle(registered, presence).await
    }

    async fn handle(&self, registered: &Registered, presence: Arc<DropGuard>) -> Ran {
        let stop = self.place.stop.child_token();
        let context = JobContext { job: self.job.clone(), stop: stop.clone(), link: self.shared.clone(), presence: presence.clone() };
        let lease = self.job.lease;
        let span = tracing::info_span!("job", job.id = lease.job.0, job.kind = %self.job.kind, job.attempt = lease.attempt);
        let call = registered.handler.clone();
        // A task of its own: a panic ends it and nothing else, and it can be cut off between two polls.
        let task = async move {
            // For as long as the handler's future lives, whichever parts of its context it kept.
            let _presence = presence;
            call.call(context).await
        };
        let mut task = tokio::spawn(task.instrument(span));
        let out_of_time = tokio::select! {
            biased;
            ended = &mut task => return concluded(ended),
            () = self.place.stop.cancelled() => false,
            () = tokio::time::sleep(registered.timeout) => true,
        };
        stop.cancel();
        match self.last_words(task).await {
            // It got through in the meantime.
            late @ (Ok(Conclusion { end: End::Outcome(Outcome::Done { .. }), .. }) | Err(Cut::Panicked)) => late,
            _ if out_of_time => Err(Cut::TimedOut),
            late => late,
        }
    }

    /// Gives a handler that was asked to stop some time to end by itself, then cuts it off.
    async fn last_words(&self, mut task: JoinHandle<Conclusion>) -> Ran {
        tokio::select! {
            ended = &mut task => return concluded(ended),
            () = tokio::time::sleep(self.shared.settings.grace) => {}
            () = self.abandon.cancelled() => {}
        }
        task.abort();
        // A task that blocks its thread does not hear; its context keeps the slot for as long as it goes on.
        match tokio::time::timeout(CUT_OFF_WAIT, task).await {
            Ok(ended) => concluded(ended),
            Err(_) => Err(Cut::Stopped),
        }
    }

    /// Hands the end over to the acker, unless the lease is known to be lost.
    fn conclude(&self, ran: Ran, long: Duration) {
        let lease = self.job.lease;
        let why = self.shared.hands.why(lease);
        let word = word(&ran, why);
        let kind = if self.shared.handlers.contains_key(&self.job.kind) { self.job.kind.as_str() } else { "unknown" };
        figures::ran(&figures::label(kind), word, long);
        if why == Some(Why::Lost) {
            self.shared.hands.drop_lease(lease);
            return;
        }
        let (outcome, effect) = self.settlement(ran, why);
        let is_plain = effect.is_none() && matches!(&outcome, Outcome::Done { next, .. } if next.is_empty());
        self.shared.hands.settling(lease, if is_plain { hands::End::Plain } else { hands::End::WithMore });
        let ended = Ended { job: self.job.clone(), outcome, effect, ran: long };
        if self.ended.send(ended).is_err() {
            // The acker ends last, so this is a runner that was dropped; the lease runs out.
            self.shared.hands.drop_lease(lease);
        }
    }

    fn settlement(&self, ran: Ran, why: Option<Why>) -> (Outcome, Option<Effect>) {
        let conclusion = match ran {
            Ok(conclusion) => conclusion,
            Err(Cut::Panicked) => Conclusion::fail(Verdict::Retry, ErrorCode::JobPanicked, ""),
            Err(Cut::TimedOut) => Conclusion::fail(Verdict::Retry, ErrorCode::JobTimedOut, ""),
            Err(Cut::UnknownKind) => {
                let lease = self.job.lease;
                tracing::warn!(job.id = lease.job.0, job.kind = %self.job.kind, job.attempt = lease.attempt,
                    "this program does not know the job's kind; left for another");
                Conclusion::snooze_for(UNKNOWN_SNOOZE, Some(ErrorCode::JobUnknownKind))
            }
            Err(Cut::FormerStays) => Conclusion::snooze_for(FORMER_SNOOZE, Some(ErrorCode::JobTimedOut)),
            Err(Cut::Stopped) => Conclusion::stopped(),
        };
        let through = matches!(conclusion.end, End::Outcome(Outcome::Done { .. }));
        match why {
            // What was done is done, also when it was called off too late.
            Some(Why::CalledOff) if !through => (Outcome::Cancelled, None),
            // A failure of something that was told to stop says nothing about the job.
            Some(Why::Drain) if !through && !matches!(conclusion.end, End::Outcome(Outcome::Snoozed { .. })) => (Outcome::Returned, None),
            _ => (self.outcome(conclusion.end), conclusion.effect),
        }
    }

    fn outcome(&self, end: End) -> Outcome {
        let shared = &self.shared;
        match end {
            End::Outcome(outcome) => outcome,
            End::Failed { verdict, code, detail } => {
                let next = next_step(&shared.settings.backoff, verdict, &self.job, shared.clock.now());
                Outcome::Failed { code, detail, next }
            }
            End::SnoozedFor { wait, code } => Outcome::Snoozed { until: shared.after(wait), code },
            End::StoreTrouble => Outcome::Snoozed { until: shared.after(trouble_wait(&self.job)), code: Some(ErrorCode::StoreUnavailable) },
            End::Stopped => Outcome::Snoozed { until: shared.after(IDLE_SNOOZE), code: None },
        }
    }
}

fn concluded(ended: Result<Conclusion, JoinError>) -> Ran {
    match ended {
        Ok(conclusion) => Ok(conclusion),
        Err(error) if error.is_panic() => Err(Cut::Panicked),
        Err(_) => Err(Cut::Stopped),
    }
}

/// Doubled with each attempt that cost nothing, from 1 s to a minute, so that a long trouble does not fill the attempts' table;
/// spread by the job's number.
fn trouble_wait(job: &ClaimedJob) -> Duration {
    let for_nothing = job.lease.attempt.saturating_sub(job.failures + 1);
    let spread = u64::try_from(job.lease.job.0.rem_euclid(1000)).unwrap_or_default();
    Duration::from_millis((1_000 << for_nothing.min(6)).min(60_000) + spread)
}

/// The word for the metric.
fn word(ran: &Ran, why: Option<Why>) -> &'static str {
    match (ran, why) {
        (_, Some(Why::Lost)) => "lease_lost",
        (Ok(Conclusion { end: End::Outcome(Outcome::Done { .. }), .. }), _) => "done",
        (_, Some(Why::CalledOff)) => "cancelled",
        (_, Some(Why::Drain)) => "returned",
        (Err(Cut::Panicked), None) => "panicked",
        (Err(Cut::TimedOut), None) => "timed_out",
        (Err(Cut::UnknownKind), None) => "unknown_kind",
        (Err(Cut::FormerStays | Cut::Stopped), None) => "returned",
        (Ok(conclusion), None) => match &conclusion.end {
            End::Failed { .. } | End::Outcome(Outcome::Failed { .. }) => "failed",
            End::StoreTrouble => "store_trouble",
            End::Outcome(Outcome::Returned) | End::Stopped => "returned",
            End::Outcome(Outcome::Cancelled) => "cancelled",
            End::Outcome(Outcome::Snoozed { .. } | Outcome::Done { .. }) | End::SnoozedFor { .. } => "snoozed",
        },
    }
}
