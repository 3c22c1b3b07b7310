//! Runs, and what there is in numbers.

use std::{fmt, future::Future, str::FromStr};

use pipeline_domain::{NotValid, Notice, Timestamp};
use uuid::Uuid;

use crate::{Recorded, StoreError};

/// One run of the pipeline: a UUID (version 7) that the caller draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct RunId(pub Uuid);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for RunId {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        Uuid::parse_str(s).map(Self).map_err(|_| NotValid("run id"))
    }
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RunCounts {
    /// New documents taken in.
    pub accepted: u32,
    /// Documents whose content was known.
    pub known: u32,
    /// Files refused with problems.
    pub refused: u32,
    /// Documents archived.
    pub archived: u32,
    /// Documents that failed for good; of a scheduled run, everything that a person should look at.
    pub failed: u32,
    /// Mails accepted or delivered. `run-once` leaves it at 0: it writes a run down before the run's mail goes, because the
    /// report on the run is part of that mail.
    pub mailed: u32,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, and for ever when it was killed.
    pub finished_at: Option<Timestamp>,
    /// What it did; zeros until it ends.
    pub counts: RunCounts,
}

/// Documents by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DocumentCounts {
    /// Waiting to be archived.
    pub accepted: u32,
    /// Archived, with mail still open.
    pub archived: u32,
    /// Archived, mail settled.
    pub notified: u32,
    /// Waiting for a person.
    pub failed: u32,
}

/// Mails by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct MailCounts {
    /// Waiting.
    pub queued: u32,
    /// Claimed, or with the body sent.
    pub under_way: u32,
    /// Accepted by a server or delivered to a Maildir.
    pub settled: u32,
    /// Waiting for a person: failed.
    pub failed: u32,
    /// Waiting for a person: doubtful.
    pub doubtful: u32,
}

/// What there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Documents by state.
    pub documents: DocumentCounts,
    /// Mails by state.
    pub mails: MailCounts,
    /// Case folders.
    pub folders: u32,
    /// Lines on the paper list.
    pub on_paper: u32,
}

/// Runs and counts.
pub trait Runs {
    /// Writes down that a run began. Repeating it changes nothing.
    fn start_run(&self, run: RunId, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes down how a run ended and queues its reports, in one transaction. Of a run that has ended nothing is changed; a
    /// run that was never started counts as started now.
    fn finish_run(
        &self,
        run: RunId,
        counts: &RunCounts,
        reports: &[Notice],
        at: Timestamp,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// The latest runs, newest first.
    fn runs(&self, limit: u32) -> impl Future<Output = Result<Vec<Run>, StoreError>> + Send;

    /// One run.
    fn run(&self, run: RunId) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send;

    /// What there is, counted now.
    fn counts(&self) -> impl Future<Output = Result<Counts, StoreError>> + Send;
}
