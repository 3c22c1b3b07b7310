//! What a job's handler is given, and what it answers.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use pipeline_domain::{Clock, ErrorCode, NextStep, Timestamp, Verdict};
use pipeline_store::{ClaimedJob, Effect, JobId, Lease, NewJob, Outcome, StoreError};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{Backoff, Failures, Seed};

/// Does one kind of job. It may be called for the same job more than once, never twice at the same time in one process.
///
/// A handler must not block the thread it is polled on: leases are extended from the same threads. Work that computes or waits
/// without `await` goes through [`JobContext::blocking`].
///
/// Every `Fn(JobContext) -> impl Future<Output = Conclusion>` is a handler.
pub trait Handler: Send + Sync + 'static {
    /// Does the job. The future is dropped when the job's time is up, or some time after [`JobContext::stop`] was cancelled.
    fn handle(&self, job: JobContext) -> impl Future<Output = Conclusion> + Send;
}

impl<F, Fut> Handler for F
where
    F: Fn(JobContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Conclusion> + Send,
{
    fn handle(&self, job: JobContext) -> impl Future<Output = Conclusion> + Send {
        self(job)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`Handler`] whose future has no type of its own, so that one table holds all kinds.
pub(crate) trait AnyHandler: Send + Sync {
    fn call(self: Arc<Self>, job: JobContext) -> BoxFuture<'static, Conclusion>;
}

impl<H: Handler> AnyHandler for H {
    fn call(self: Arc<Self>, job: JobContext) -> BoxFuture<'static, Conclusion> {
        Box::pin(async move { self.handle(job).await })
    }
}

/// The way from a handler back to the runner.
pub(crate) trait Link: Send + Sync {
    fn keep_progress(&self, lease: Lease, progress: Value);
    fn write_progress(&self, lease: Lease, progress: Value) -> BoxFuture<'_, Result<(), StoreError>>;
    fn clock(&self) -> &dyn Clock;
    fn backoff(&self) -> &Backoff;
}

/// A job in hand. Its clones are of the same attempt, and for as long as one of them lives the attempt counts as running: give
/// one to whatever goes on beside the handler's own future. (A closure or `async` block takes along only the fields that it
/// mentions: name the whole context in it.)
#[derive(Clone)]
pub struct JobContext {
    /// The job: its arguments, the lease, what earlier attempts left behind.
    pub job: Arc<ClaimedJob>,
    /// Cancelled when the job was called off, its lease was lost, its time is up or the process stops. The handler then ends
    /// soon, with whatever conclusion: [`Conclusion::stopped`] says that it did not get through.
    pub stop: CancellationToken,
    pub(crate) link: Arc<dyn Link>,
    pub(crate) presence: Arc<DropGuard>,
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext").field("lease", &self.job.lease).field("kind", &self.job.kind).finish_non_exhaustive()
    }
}

impl JobContext {
    /// Number of the job.
    pub fn id(&self) -> JobId {
        self.job.lease.job
    }

    /// Saves how far the job has come, with the next heartbeat or the attempt's end, whichever is first; of several only the
    /// last. Ids and numbers only. A later attempt finds it in [`ClaimedJob::progress`].
    pub fn save_progress(&self, progress: Value) {
        self.link.keep_progress(self.job.lease, progress);
    }

    /// As [`save_progress`](Self::save_progress), now: on return it is durable.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when the job is no longer ours, and whatever stops the store.
    pub async fn save_progress_now(&self, progress: Value) -> Result<(), StoreError> {
        self.link.write_progress(self.job.lease, progress).await
    }

    /// Runs work that computes or waits without `await` on a thread of its own kind, and gives it the stop token to look at
    /// now and then. It cannot be cut off: one that never looks keeps its slot after the job's time is up.
    ///
    /// # Panics
    /// When the work panics.
    pub async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&CancellationToken) -> T + Send + 'static) -> T {
        let (stop, presence) = (self.stop.clone(), self.presence.clone());
        let here = move || {
            // Named, or the closure would not take it along: a closure holds only what it mentions.
            let _presence = presence;
            work(&stop)
        };
        match tokio::task::spawn_blocking(here).await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that is going down cancels blocking work; nobody polls us again then.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Now, by the runner's clock.
    pub fn now(&self) -> Timestamp {
        self.link.clock().now()
    }

    /// What would come after a failure of this attempt, by the runner's backoff: for an effect that must say it too.
    pub fn next_step(&self, verdict: Verdict) -> NextStep {
        next_step(self.link.backoff(), verdict, &self.job, self.now())
    }
}

/// What a handler answers: how its attempt ended, and what it changed in the store beside that.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    pub(crate) end: End,
    pub(crate) effect: Option<Effect>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// As the store takes it.
    Outcome(Outcome),
    /// The runner's clock and backoff say when it is tried again.
    Failed { verdict: Verdict, code: ErrorCode, detail: String },
    /// Not yet; the runner's clock says from when the wait counts.
    SnoozedFor { wait: Duration, code: Option<ErrorCode> },
    /// Infrastructure was away.
    StoreTrouble,
    /// Ended because it was asked to.
    Stopped,
}

impl From<Outcome> for Conclusion {
    fn from(outcome: Outcome) -> Self {
        Self { end: End::Outcome(outcome), effect: None }
    }
}

impl Conclusion {
    /// Through, with nothing after it.
    pub fn done() -> Self {
        Outcome::done().into()
    }

    /// Through. `next` is enqueued in the same transaction.
    pub fn done_then(next: Vec<NewJob>) -> Self {
        Outcome::Done { next, result: None }.into()
    }

    /// Through, with `result` for who asks later: ids and numbers only.
    pub fn done_with(next: Vec<NewJob>, result: Value) -> Self {
        Outcome::Done { next, result: Some(result) }.into()
    }

    /// Not yet: again at `until`, at no cost.
    pub fn snooze(until: Timestamp) -> Self {
        Outcome::Snoozed { until, code: None }.into()
    }

    /// Not yet: again after `wait` (rounded up to seconds), at no cost. `code` says what stood in the way.
    pub fn snooze_for(wait: Duration, code: Option<ErrorCode>) -> Self {
        Self { end: End::SnoozedFor { wait, code }, effect: None }
    }

    /// Failed, and the handler knows what comes next. `detail` holds ids and numbers only.
    pub fn failed(code: ErrorCode, detail: impl Into<String>, next: NextStep) -> Self {
        Outcome::Failed { code, detail: detail.into(), next }.into()
    }

    /// Failed; what comes next is decided by the runner's backoff.
    pub fn fail(verdict: Verdict, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { end: End::Failed { verdict, code, detail: detail.into() }, effect: None }
    }

    /// The store or other infrastructure was away: handed back at no cost, tried again after a short back-off that grows for
    /// as long as jobs end this way.
    pub fn store_trouble() -> Self {
        Self { end: End::StoreTrouble, effect: None }
    }

    /// It ended because [`JobContext::stop`] was cancelled: handed back at no cost, or called off if that was the reason.
    pub fn stopped() -> Self {
        Self { end: End::Stopped, effect: None }
    }

    /// What a store's error means for a job that met it: trouble when the store was away, stopped when the lease was lost,
    /// otherwise a failure with the error's own code and verdict.
    pub fn store_error(error: &StoreError) -> Self {
        match (error, error.verdict()) {
            (StoreError::LeaseLost { .. }, _) => Self::stopped(),
            (_, Verdict::Retry) => Self::store_trouble(),
            (_, verdict @ Verdict::GiveUp) => Self::fail(verdict, error.code(), error.to_string()),
        }
    }

    /// With a change that is written in the same transaction as the outcome, or not at all.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }
}

/// What comes after one more failure of `job` at `now`: also [`NextStep::Failed`] when this was its last try.
pub fn next_step(backoff: &Backoff, verdict: Verdict, job: &ClaimedJob, now: Timestamp) -> NextStep {
    let count = job.failures.saturating_add(1);
    if count >= job.max_failures {
        return NextStep::Failed;
    }
    let failures = Failures { count, first_at: job.first_failed_at.unwrap_or(now) };
    backoff.next_step(verdict, failures, now, Seed::of(&job.lease.job.to_string()))
}

/// A failure with its next step by the backoff for jobs ([`Backoff::for_jobs`]).
pub fn conclude_failure(verdict: Verdict, code: ErrorCode, detail: impl Into<String>, job: &ClaimedJob, now: Timestamp) -> Conclusion {
    Conclusion::failed(code, detail, next_step(&Backoff::for_jobs(), verdict, job, now))
}

impl Backoff {
    /// For jobs: 15 s, doubled after each failure, at most 6 hours; tried for 30 days, so that `max_failures` is what ends it.
    pub fn for_jobs() -> Self {
        let first: Vec<Duration> = (0..11).map(|n| Duration::from_secs(15 << n)).collect();
        Self::new(&first, Duration::from_secs(6 * 3600), Duration::from_secs(30 * 24 * 3600))
    }
}
