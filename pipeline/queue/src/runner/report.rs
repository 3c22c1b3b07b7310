//! What a run has done, and word of each job's end while it goes on.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep};
use pipeline_store::{JobId, JobKind, Outcome};

/// What a runner has done, in attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunnerReport {
    /// Claimed.
    pub claimed: u64,
    /// Through.
    pub done: u64,
    /// Failed, panics and timeouts included.
    pub failed: u64,
    /// Not yet, unknown kinds and trouble with the store included.
    pub snoozed: u64,
    /// Handed back at the stop.
    pub returned: u64,
    /// Called off.
    pub cancelled: u64,
    /// Lost to another worker, or to the rescuer.
    pub lost: u64,
    /// Jobs of dead workers that this one freed.
    pub rescued: u64,
    /// Finished jobs that this one removed.
    pub pruned: u64,
    /// Left unsettled at the stop because the store was away: their leases run out.
    pub unsettled: u64,
}

/// A job's attempt has ended, and the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEvent {
    /// Which.
    pub id: JobId,
    /// What it was.
    pub kind: JobKind,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How it ended.
    pub end: JobEnd,
    /// How long it ran.
    pub ran: Duration,
}

/// How an attempt ended, for who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Through.
    Done,
    /// Failed.
    Failed {
        /// Why.
        code: ErrorCode,
        /// What comes next.
        next: NextStep,
    },
    /// Not yet.
    Snoozed {
        /// What stood in the way, if something did.
        code: Option<ErrorCode>,
    },
    /// Handed back at the stop.
    Returned,
    /// Called off.
    Cancelled,
    /// No longer ours: whoever has it now reports its end.
    LeaseLost,
}

impl JobEnd {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done { .. } => Self::Done,
            Outcome::Failed { code, next, .. } => Self::Failed { code: *code, next: *next },
            Outcome::Snoozed { code, .. } => Self::Snoozed { code: *code },
            Outcome::Returned => Self::Returned,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

impl RunnerReport {
    pub(super) fn add(&mut self, end: JobEnd) {
        let counter = match end {
            JobEnd::Done => &mut self.done,
            JobEnd::Failed { .. } => &mut self.failed,
            JobEnd::Snoozed { .. } => &mut self.snoozed,
            JobEnd::Returned => &mut self.returned,
            JobEnd::Cancelled => &mut self.cancelled,
            JobEnd::LeaseLost => &mut self.lost,
        };
        *counter += 1;
    }
}
