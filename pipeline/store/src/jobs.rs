//! Jobs: work that survives a restart. Small data, ids and digests only; what a job works on lies elsewhere.
//!
//! The journey: [`Jobs::enqueue`] → `ready` (or `waiting` behind another job of its lane) → [`Jobs::claim`] → `running`, for as
//! long as [`Jobs::heartbeat`] extends the lease → [`Jobs::settle`] writes the outcome *and* its effect in one transaction.
//!
//! Promised by every store:
//! - A claim is fenced: only who holds the newest lease (job, attempt, worker) can settle; anyone else gets
//!   [`StoreError::LeaseLost`] and nothing of its effect is written.
//! - Of a lane at most one job is `ready` or `running`; the others wait in the order they came. A follow-up in the same lane
//!   takes its predecessor's place.
//! - Every attempt is kept with its end and its reason.
//! - Leases, due times and ages are read from the database's own clock, so that workers need not agree on the time.
//!
//! Times of jobs are milliseconds since 1970-01-01T00:00:00Z in rows.

use std::{borrow::Cow, fmt, future::Future, str::FromStr, time::Duration};

use pipeline_domain::{Archived, DocumentKey, ErrorCode, NextStep, NotValid, Notice, RecipientRef, Reservation, Timestamp};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{RunCounts, RunId, Stage, StoreError, words};

words! {
    /// Where a job is. The table's `check` has the same words.
    JobState, "job state" {
        /// In: enqueued with a free lane or none, promoted, returned, failed with a try left. Out: running, cancelled.
        Ready "ready",
        /// In: enqueued behind another job of its lane. Out: ready, when that one is settled; cancelled.
        Waiting "waiting",
        /// In: claimed. Out: done, ready, dead, cancelled.
        Running "running",
        /// In: its handler was through, and its effect is written. Never left.
        Done "done",
        /// In: a failure that trying again does not help, or the last try. Out: ready or waiting, by a person's `retry`; cancelled.
        Dead "dead",
        /// In: called off. Never left.
        Cancelled "cancelled",
    }
}

words! {
    /// How one attempt ended. The table's `check` has the same words.
    AttemptEnd, "attempt end" {
        /// Through.
        Done "done",
        /// Its handler failed.
        Failed "failed",
        /// The worker died, hung or was cut off: its lease ran out.
        LeaseLost "lease_lost",
        /// Handed back unfinished at a shutdown. Costs no try.
        Returned "returned",
        /// Not yet: to be started again later. Costs no try.
        Snoozed "snoozed",
        /// Called off while it ran.
        Cancelled "cancelled",
    }
}

/// Number of a job, from 1, in the order of enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One start of one worker process. Drawn anew at every start, so that nobody is mistaken for its predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct WorkerId(pub Uuid);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A published name: a lower-case letter, then up to 79 of `a-z`, `0-9`, `.`, `_`, `:`, `-`.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// A name that the program itself gives. It must keep the rule; `FromStr` checks names from outside.
            pub const fn of(name: &'static str) -> Self {
                Self(Cow::Borrowed(name))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotValid;
            fn from_str(s: &str) -> Result<Self, NotValid> {
                let ok = s.len() <= 80
                    && s.starts_with(|c: char| c.is_ascii_lowercase())
                    && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._:-".contains(&b));
                if ok { Ok(Self(Cow::Owned(s.to_owned()))) } else { Err(NotValid($what)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

names! {
    /// What kind of work, such as `render`. A published name: rows outlive programs.
    JobKind, "job kind";
    /// Which queue, such as `mail`: what is paused, limited and claimed together.
    QueueName, "queue name";
    /// What must not be worked on twice at once, such as `case:9901-2026-000001`.
    Lane, "lane";
    /// Name of a schedule, such as `archive.sweep`.
    ScheduleName, "schedule name";
}

/// 0 is first, 9 last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    /// A person waits for it.
    pub const PERSON: Self = Self(1);
    /// Something happened.
    pub const EVENT: Self = Self(4);
    /// A schedule asked for it.
    pub const SCHEDULE: Self = Self(7);
}

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// What to do.
    pub kind: JobKind,
    /// Where it waits.
    pub queue: QueueName,
    /// On what: a JSON object of ids, digests and numbers, at most 8 KiB as text. Never names, addresses or content.
    pub args: Value,
    /// How urgent.
    pub priority: Priority,
    /// Not before this instant; `None` means at once, whatever the clock says.
    pub not_before: Option<Timestamp>,
    /// One at a time, in the order they came.
    pub lane: Option<Lane>,
    /// While a job of this kind and key is unfinished, no other is made. At most 200 characters.
    ///
    /// Jobs that carry a document into the archive have its key here ([`DocumentKey`] as text): recording the document as
    /// archived finishes those that have not begun.
    pub unique_key: Option<String>,
    /// Dead after so many failures. At least 1.
    pub max_failures: u32,
}

impl NewJob {
    /// One that starts at once, is tried ten times, and stands in no lane.
    pub fn new(kind: JobKind, queue: QueueName, args: Value) -> Self {
        Self { kind, queue, args, priority: Priority::EVENT, not_before: None, lane: None, unique_key: None, max_failures: 10 }
    }
}

/// Answer to an enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// A new job.
    New(JobId),
    /// The unfinished one of the same kind and unique key.
    Existing(JobId),
}

/// What follows when a document is taken in. A plain function, so that it can be called inside the store's transaction.
pub type FollowUp = fn(DocumentKey, &Reservation) -> Vec<NewJob>;

/// Nothing follows.
pub fn nothing_follows(_: DocumentKey, _: &Reservation) -> Vec<NewJob> {
    Vec::new()
}

/// The right to settle one attempt of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// Which attempt, from 1. Only grows: the fencing token.
    pub attempt: u32,
    /// Whose.
    pub worker: WorkerId,
}

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Who asks.
    pub worker: WorkerId,
    /// From which queues, and at most how many of each. Paused queues give nothing.
    pub queues: Vec<(QueueName, u32)>,
    /// For how long, unless it is extended.
    pub lease: Duration,
}

/// A job in hand.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    /// The right to settle it.
    pub lease: Lease,
    /// What to do.
    pub kind: JobKind,
    /// Where it waited.
    pub queue: QueueName,
    /// On what.
    pub args: Value,
    /// How urgent.
    pub priority: Priority,
    /// Its lane.
    pub lane: Option<Lane>,
    /// Failures before this attempt.
    pub failures: u32,
    /// When the first of those was.
    pub first_failed_at: Option<Timestamp>,
    /// Dead after so many.
    pub max_failures: u32,
    /// What an earlier attempt saved.
    pub progress: Option<Value>,
    /// How long it had been due when it was claimed.
    pub waited: Duration,
}

/// Answer to a heartbeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// No longer the worker's own: stop, and change nothing.
    pub lost: Vec<Lease>,
    /// A person has called these off.
    pub cancelled: Vec<JobId>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Through. `next` is enqueued in the same transaction; the first of them in the same lane takes this job's place there.
    Done {
        /// What follows.
        next: Vec<NewJob>,
        /// What came of it: ids and numbers, for who asks later.
        result: Option<Value>,
    },
    /// Failed. Counts as a failure; `next` says whether it is tried again, the store makes it dead at `max_failures` all the same.
    Failed {
        /// Why.
        code: ErrorCode,
        /// In our own words: ids and numbers only; cut at 300 characters.
        detail: String,
        /// What comes next.
        next: NextStep,
    },
    /// Not yet. Counts as nothing. Keeps its lane.
    Snoozed {
        /// Not before this instant.
        until: Timestamp,
        /// Why, if something stood in the way: kept as the job's last code.
        code: Option<ErrorCode>,
    },
    /// Handed back at a shutdown. Counts as nothing.
    Returned,
    /// A person called it off while it ran. (However an attempt ends, a job that was called off does not come back: unless it
    /// is through, it is cancelled.)
    Cancelled,
}

impl Outcome {
    /// Through, with nothing after it.
    pub fn done() -> Self {
        Self::Done { next: Vec::new(), result: None }
    }
}

/// What a job changed in the store beside itself: written in the same transaction as its outcome, or not at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// As [`Documents::record_archived`](crate::Documents::record_archived).
    Archived {
        /// What, and where.
        archived: Archived,
        /// Mail that follows.
        notices: Vec<Notice>,
        /// Who is told on paper.
        on_paper: Vec<RecipientRef>,
        /// When.
        at: Timestamp,
    },
    /// As [`Documents::record_attempt_failed`](crate::Documents::record_attempt_failed).
    DocumentFailed {
        /// Which.
        document: DocumentKey,
        /// Where.
        stage: Stage,
        /// Why.
        code: ErrorCode,
        /// In our own words.
        detail: String,
        /// When.
        at: Timestamp,
        /// What comes next.
        next: NextStep,
    },
    /// As [`Runs::finish_run`](crate::Runs::finish_run).
    RunFinished {
        /// Which.
        run: RunId,
        /// What it did.
        counts: RunCounts,
        /// Mail that follows.
        reports: Vec<Notice>,
        /// When.
        at: Timestamp,
    },
}

/// The end of one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// The right to write it.
    pub lease: Lease,
    /// How it ended.
    pub outcome: Outcome,
    /// What it changed.
    pub effect: Option<Effect>,
}

/// What becomes of a job whose lease ran out. Counts as a failure: a job that kills its worker shall not do so for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RescuePolicy {
    /// Wait after the first; doubled after each further failure, at most an hour. Then made longer by (367 · job number mod 101)
    /// thousandths, so that those that died together do not start together. Zero: due at once.
    pub first_wait: Duration,
    /// The longest lease that anyone asks for. A lease that ends later than this from now was written under a wrong clock, and
    /// is cut to it.
    pub longest_lease: Duration,
    /// At most so many at a time.
    pub limit: u32,
}

/// A job that was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rescued {
    /// Which.
    pub job: JobId,
    /// Whose it was.
    pub worker: WorkerId,
    /// Ready again, or dead.
    pub state: JobState,
}

/// All that the store knows of one job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Its number.
    pub id: JobId,
    /// What to do.
    pub kind: JobKind,
    /// Where it waits.
    pub queue: QueueName,
    /// On what.
    pub args: Value,
    /// Where it is.
    pub state: JobState,
    /// How urgent.
    pub priority: Priority,
    /// Its lane.
    pub lane: Option<Lane>,
    /// Its unique key.
    pub unique_key: Option<String>,
    /// Not before this instant. `None` when it was due at once, or has been claimed since.
    pub not_before: Option<Timestamp>,
    /// Claims so far.
    pub attempt: u32,
    /// Failures since it was enqueued or last retried by a person.
    pub failures: u32,
    /// Dead after so many.
    pub max_failures: u32,
    /// Who has it, while it runs.
    pub worker: Option<WorkerId>,
    /// Until when, while it runs.
    pub lease_until: Option<Timestamp>,
    /// Whether a person has called it off while it runs.
    pub cancel_requested: bool,
    /// What an attempt saved.
    pub progress: Option<Value>,
    /// What came of it.
    pub result: Option<Value>,
    /// Why the last attempt failed.
    pub last_code: Option<ErrorCode>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it ended: done, dead or cancelled.
    pub finished_at: Option<Timestamp>,
}

/// One attempt of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobAttempt {
    /// Which, from 1.
    pub attempt: u32,
    /// Whose.
    pub worker: WorkerId,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub end: AttemptEnd,
    /// Why, when it failed.
    pub code: Option<ErrorCode>,
    /// More on why, in our own words.
    pub detail: String,
}

/// Which jobs. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only of this kind.
    pub kind: Option<JobKind>,
    /// Only in this queue.
    pub queue: Option<QueueName>,
    /// Only those that failed last with this code.
    pub code: Option<ErrorCode>,
}

/// A queue in numbers. Finished jobs are not counted: there may be millions.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct QueueStats {
    /// Which.
    pub queue: QueueName,
    /// Due now.
    pub ready: u64,
    /// Due later.
    pub scheduled: u64,
    /// Behind another of their lane.
    pub waiting: u64,
    /// In hand.
    pub running: u64,
    /// Left for a person.
    pub dead: u64,
    /// How long the oldest that is due has been due, in seconds.
    pub oldest_ready_s: Option<f64>,
    /// Whether claims get nothing.
    pub paused: bool,
    /// Most that may run at once, in all processes together.
    pub max_running: Option<u32>,
}

/// Answer to a cancelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelling {
    /// It will not run.
    Cancelled,
    /// It runs; its worker is asked to stop.
    Asked,
    /// It has ended already, in this state.
    Ended(JobState),
}

/// What is removed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunePolicy {
    /// Done jobs, with their attempts, this long after their end.
    pub done_after: Duration,
    /// Cancelled ones.
    pub cancelled_after: Duration,
    /// At most so many at a time.
    pub limit: u32,
}

/// A worker process that lives, or did so a short while ago.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WorkerRow {
    /// Which.
    pub id: WorkerId,
    /// Machine name and process number, such as `arkiv1:4711`.
    pub place: String,
    /// Version of the program.
    pub version: String,
    /// Its queues.
    pub queues: Vec<QueueName>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last heard of, by the database's clock: registering and heartbeats set it, what the caller brings is not read.
    pub seen_at: Timestamp,
}

/// Jobs. Dead jobs pass their lane on and are never removed by themselves.
pub trait Jobs {
    /// Enqueues, in order, all or nothing.
    fn enqueue(&self, jobs: &[NewJob]) -> impl Future<Output = Result<Vec<Enqueued>, StoreError>> + Send;

    /// Takes due jobs of the queues: most urgent first, then the longest due, then the oldest. What is claimed is in hand at
    /// once: ask for no more than can be started now. Nobody else gets them while the lease lasts.
    fn claim(&self, request: &ClaimRequest) -> impl Future<Output = Result<Vec<ClaimedJob>, StoreError>> + Send;

    /// Extends leases, saves what `progress` brings (a fenced write), and says what must stop. Also tells that the worker lives.
    fn heartbeat(
        &self,
        worker: WorkerId,
        leases: &[Lease],
        lease: Duration,
        progress: &[(Lease, Value)],
    ) -> impl Future<Output = Result<Beat, StoreError>> + Send;

    /// Ends attempts: each with its effect, in one transaction or (for all of them together) one after the other. An answer for
    /// each, in order: one that lost its lease, or whose effect is refused, takes no other with it. When the call itself
    /// fails, nothing of any may be counted on.
    fn settle(&self, settlements: Vec<Settlement>) -> impl Future<Output = Result<Vec<Result<(), StoreError>>, StoreError>> + Send;

    /// Frees jobs whose lease has run out.
    fn rescue(&self, policy: &RescuePolicy) -> impl Future<Output = Result<Vec<Rescued>, StoreError>> + Send;

    /// When the next ready job of these queues falls due, from now; zero when one is due. `None` when none is ready.
    fn next_job_in(&self, queues: &[QueueName]) -> impl Future<Output = Result<Option<Duration>, StoreError>> + Send;

    /// Changes whenever there may be something to claim, from whichever process. May change for nothing; may miss a change that
    /// another process made while the connection was down, so look now and then all the same.
    fn wakeups(&self) -> watch::Receiver<u64>;

    /// One job.
    fn job(&self, id: JobId) -> impl Future<Output = Result<Option<JobRow>, StoreError>> + Send;

    /// Jobs, oldest first, at most `limit` of them, the newest when there are more.
    fn jobs(&self, filter: &JobFilter, limit: u32) -> impl Future<Output = Result<Vec<JobRow>, StoreError>> + Send;

    /// Attempts that have ended, first to last.
    fn attempts_of(&self, id: JobId) -> impl Future<Output = Result<Vec<JobAttempt>, StoreError>> + Send;

    /// Calls a job off.
    fn cancel_job(&self, id: JobId) -> impl Future<Output = Result<Option<Cancelling>, StoreError>> + Send;

    /// Puts a dead job back, with a clean count, at the end of its lane; makes a ready one due at once. Others are left alone
    /// (`false`), also a dead one while an unfinished job has its unique key.
    fn retry_job(&self, id: JobId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Retries every dead job that matches, in the order of their numbers. How many.
    fn retry_jobs(&self, filter: &JobFilter) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Gives a dead job up: cancelled. `false` when it is not dead.
    fn discard_job(&self, id: JobId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Every queue that has unfinished or dead jobs, a pause or a limit, by name.
    fn queue_stats(&self) -> impl Future<Output = Result<Vec<QueueStats>, StoreError>> + Send;

    /// Stops or restarts claims from a queue, for every process.
    fn set_paused(&self, queue: &QueueName, paused: bool) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Limits how many of a queue run at once, in all processes together. Claims at the very same moment may pass it by a few.
    fn set_max_running(&self, queue: &QueueName, most: Option<u32>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes what has been finished for long enough. How many jobs; call again while it is `limit`.
    fn prune_jobs(&self, policy: &PrunePolicy) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Writes a worker down. Its rows of a day ago and older go.
    fn register_worker(&self, worker: &WorkerRow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a worker's name off at an orderly end.
    fn forget_worker(&self, worker: WorkerId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Workers by start.
    fn workers(&self) -> impl Future<Output = Result<Vec<WorkerRow>, StoreError>> + Send;

    /// Moves the clock that leases and due times are read from, for this handle and its clones. For tests: in production it
    /// is never called.
    fn shift_clock(&self, by_ms: i64);
}
