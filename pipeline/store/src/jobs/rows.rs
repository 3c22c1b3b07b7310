//! What the queue tells of its jobs, their attempts, its queues and its workers.

use std::time::Duration;

use pipeline_domain::{ErrorCode, Timestamp};
use serde_json::Value;

use super::{JobId, JobKind, Lane, Priority, QueueName, WorkerId};
use crate::words;

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
