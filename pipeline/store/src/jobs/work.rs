//! What goes in and out of the queue: a new job, a claim, and what settles it.

use std::time::Duration;

use pipeline_domain::{Archived, DocumentKey, ErrorCode, NextStep, Notice, RecipientRef, Reservation, Timestamp};
use serde_json::Value;

use super::{JobId, JobKind, Lane, Priority, QueueName, WorkerId, rows::JobState};
use crate::{RunCounts, RunId, Stage};

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
