//! The stages of a document as durable jobs: each does one step, may run twice, and enqueues the next in the transaction that
//! records its own.
//!
//! ```text
//! intake ─(accept)→ render → package → archive ─→ notify
//!                     ↑         │  ↑       │
//!                     └─────────┘  └───────┘   what was left for the next is not there, or the folder has moved on
//! ```
//!
//! From `render` to `archive` a document stands in the lane of its case folder, so that documents of one folder are placed in the
//! order they came and never two at once. What a job is told are ids and digests.

mod archive;
mod intake;
mod notify;
mod package;
mod render;

use std::{sync::Arc, time::Duration};

use pipeline_domain::{
    AddressProtection, CaseFolderId, DocumentId, DocumentKey, DocumentVersion, ErrorCode, EventId, NextStep, Reservation, Sha256, Snapshot,
    Timestamp, Verdict,
};
use pipeline_queue::{Backoff, Conclusion, Failures, JobContext, Seed};
use pipeline_store::{
    DocumentRow, DocumentState, Documents, Effect, JobKind, JobRow, Lane, NewJob, PendingDocument, QueueName, QueuePlace, Stage,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use archive::archive;
pub use intake::intake;
pub use notify::{notify, notify_event};
pub use package::package;
pub use render::render;

use crate::{
    failure::Failure,
    handover::Handover,
    jobs::carry::{self, Stopped},
    shell::Shell,
};

/// Names of kinds. Published: rows outlive programs.
pub mod kind {
    use super::JobKind;

    pub const INTAKE: JobKind = JobKind::of("intake");
    pub const RENDER: JobKind = JobKind::of("render");
    pub const PACKAGE: JobKind = JobKind::of("package");
    pub const ARCHIVE: JobKind = JobKind::of("archive");
    pub const NOTIFY: JobKind = JobKind::of("notify");
    pub const NOTIFY_EVENT: JobKind = JobKind::of("notify.event");
}

/// Names of queues. Published: the configuration and `--queues` name them.
pub mod queue {
    use super::QueueName;

    pub const INBOX: QueueName = QueueName::of("inbox");
    pub const RENDER: QueueName = QueueName::of("render");
    pub const ARCHIVE: QueueName = QueueName::of("archive");
    pub const MAIL: QueueName = QueueName::of("mail");
    pub const RUNS: QueueName = QueueName::of("runs");
}

/// A document's failures are counted by its own retry rule, to 48 hours. A job is dead after more than that rule ever needs; only
/// one that keeps killing its workers gets there.
const MAX_FAILURES: u32 = 60;
/// Back to the beginning no more often than this: then something is wrong with the folder between the stages.
const MOST_ROUNDS: u32 = 5;

/// What a job on a document is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct DocumentArgs {
    document_id: DocumentId,
    version: u32,
    /// Of what the stage before left: PDF or package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    /// The address protection that the PDF was set under.
    #[serde(default)]
    screened_as: AddressProtection,
    /// How often the document had to go back to the beginning.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    rounds: u32,
}

/// What a job on an event's mail is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct EventArgs {
    event_id: EventId,
}

/// The shape is serde's.
fn is_none_yet(rounds: &u32) -> bool {
    *rounds == 0
}

impl DocumentArgs {
    fn of(key: DocumentKey) -> Self {
        Self { document_id: key.id, version: key.version.0, sha256: None, pages: None, screened_as: AddressProtection::None, rounds: 0 }
    }

    fn key(&self) -> DocumentKey {
        DocumentKey { id: self.document_id, version: DocumentVersion(self.version) }
    }
}

/// What follows when a document is accepted: its first job, in the lane of its case folder.
pub fn document_jobs(key: DocumentKey, reservation: &Reservation) -> Vec<NewJob> {
    vec![stage_job(kind::RENDER, queue::RENDER, DocumentArgs::of(key), &reservation.folder)]
}

/// Looks into the drop folder. One at a time, whoever asks.
pub fn intake_job() -> NewJob {
    let mut job = NewJob::new(kind::INTAKE, queue::INBOX, serde_json::json!({}));
    job.unique_key = Some("inbox".to_owned());
    job.lane = Some(Lane::of("inbox"));
    job.max_failures = u32::MAX >> 8;
    job
}

/// Tells about a document, once it is archived.
pub fn notify_job(key: DocumentKey) -> NewJob {
    let mut job = NewJob::new(kind::NOTIFY, queue::MAIL, json(&DocumentArgs::of(key)));
    job.unique_key = Some(format!("notify:{key}"));
    job.max_failures = MAX_FAILURES;
    job
}

/// Tells of an event, or what a schedule found and an event holds the address for.
pub fn notify_event_job(event: EventId) -> NewJob {
    let args = serde_json::to_value(EventArgs { event_id: event }).expect("an id is writable");
    let mut job = NewJob::new(kind::NOTIFY_EVENT, queue::MAIL, args);
    job.unique_key = Some(format!("notify:{event}"));
    job.max_failures = MAX_FAILURES;
    job
}

fn stage_job(kind: JobKind, queue: QueueName, args: DocumentArgs, folder: &CaseFolderId) -> NewJob {
    let mut job = NewJob::new(kind, queue, json(&args));
    job.lane = Some(case_lane(folder));
    job.unique_key = Some(args.key().to_string());
    job.max_failures = MAX_FAILURES;
    job
}

/// One writer at a time in each case folder.
pub fn case_lane(folder: &CaseFolderId) -> Lane {
    let name = format!("case:{}-{}-{:06}", folder.municipality, folder.year, folder.sequence);
    name.parse().expect("digits and dashes make a lane")
}

fn json(args: &DocumentArgs) -> serde_json::Value {
    serde_json::to_value(args).expect("ids and numbers are writable")
}

/// The document that a job carries into the archive.
pub fn document_of(job: &JobRow) -> Option<DocumentKey> {
    let carries = [kind::RENDER, kind::PACKAGE, kind::ARCHIVE].contains(&job.kind);
    let args = carries.then(|| serde_json::from_value::<DocumentArgs>(job.args.clone()).ok()).flatten()?;
    Some(args.key())
}

/// What the job was told; a job of another version of the program is a person's to look at.
fn told<T: DeserializeOwned>(ctx: &JobContext) -> Result<T, Box<Conclusion>> {
    let not_ours =
        |_| Box::new(Conclusion::failed(ErrorCode::JobUnknownKind, "its arguments are not those of this version", NextStep::Failed));
    serde_json::from_value(ctx.job.args.clone()).map_err(not_ours)
}

/// A document that is this job's to carry on.
struct Hand {
    shell: Arc<Shell>,
    ctx: JobContext,
    row: DocumentRow,
    args: DocumentArgs,
    handover: Handover,
}

impl Hand {
    /// Takes the document up, or says how the job ends without work: it is archived already, it has failed and waits for a person,
    /// or its next try is not due.
    async fn take(shell: Arc<Shell>, ctx: JobContext) -> Result<Self, Conclusion> {
        let args: DocumentArgs = told(&ctx).map_err(|end| *end)?;
        let row = shell.store.document(args.key()).await.map_err(|e| Conclusion::store_error(&e))?;
        let Some(row) = row else {
            return Err(Conclusion::failed(ErrorCode::DocumentMissing, "the document is not in the database", NextStep::Failed));
        };
        match row.state {
            DocumentState::Archived | DocumentState::Notified | DocumentState::Failed => Err(Conclusion::done()),
            DocumentState::Accepted if waits(row.attempts, row.next_at, shell.clock.now()) => Err(Conclusion::snooze(row.next_at)),
            DocumentState::Accepted => {
                let handover = Handover::of(&shell.data.work(), row.key);
                Ok(Self { shell, ctx, row, args, handover })
            }
        }
    }

    /// The document as the rest of the program knows it.
    fn pending(&self) -> PendingDocument {
        PendingDocument {
            place: QueuePlace(0),
            key: self.row.key,
            kind: self.row.kind,
            digest: self.row.digest,
            reservation: self.row.reservation.clone(),
            attempts: self.row.attempts,
            first_failed_at: self.row.first_failed_at,
        }
    }

    /// The document's content: parsed once for all its stages, as long as they follow each other closely.
    async fn snapshot(&self) -> Result<Arc<Snapshot>, Stopped> {
        carry::snapshot(&self.shell, &self.pending()).await
    }

    /// Whether what the stage before left was set under the address protection that holds now.
    fn is_screened_so(&self, snapshot: &Snapshot) -> bool {
        self.args.screened_as == snapshot.screened_as
    }

    /// The next stage, in the same lane.
    fn then(&self, kind: JobKind, queue: QueueName, sha256: Sha256, pages: Option<u32>, screened_as: AddressProtection) -> Conclusion {
        let sha256 = Some(sha256);
        let args = DocumentArgs { sha256, pages, screened_as, rounds: self.args.rounds, ..DocumentArgs::of(self.row.key) };
        Conclusion::done_then(vec![stage_job(kind, queue, args, &self.row.reservation.folder)])
    }

    /// Back to the beginning: what the stage before left is not there any more, or was made against an older folder.
    fn back_to_the_start(&self) -> Conclusion {
        let rounds = self.args.rounds + 1;
        if rounds > MOST_ROUNDS {
            let detail = "what one stage leaves for the next is gone again and again: see that all workers share one work folder";
            return self.stopped(&Stopped { stage: Stage::Package, failure: Failure::retry(ErrorCode::ArchiveWrite, detail) });
        }
        tracing::info!(document.id = %self.row.key.id, "what the stage before left does not hold any more: it is made again");
        let args = DocumentArgs { rounds, ..DocumentArgs::of(self.row.key) };
        Conclusion::done_then(vec![stage_job(kind::RENDER, queue::RENDER, args, &self.row.reservation.folder)])
    }

    /// The failure of one stage: kept with the document and with the job, in one transaction.
    fn stopped(&self, stopped: &Stopped) -> Conclusion {
        let Stopped { stage, failure } = stopped;
        if is_store_trouble(failure) {
            return Conclusion::store_trouble();
        }
        if self.ctx.stop.is_cancelled() {
            return Conclusion::stopped();
        }
        let now = self.shell.clock.now();
        let failures = Failures { count: self.row.attempts + 1, first_at: self.row.first_failed_at.unwrap_or(now) };
        let next = Backoff::default().next_step(failure.verdict, failures, now, Seed::of(&self.row.key.to_string()));
        carry::log_stop(self.row.key, stopped);
        let (code, detail) = (failure.code, failure.detail.clone());
        let effect = Effect::DocumentFailed { document: self.row.key, stage: *stage, code, detail: detail.clone(), at: now, next };
        Conclusion::failed(code, detail, next).with_effect(effect)
    }
}

/// Whether a next try is not due. Only who has failed waits: what was never tried is due at once, whatever the clock said that wrote
/// it down.
fn waits(attempts: u32, next_at: Timestamp, now: Timestamp) -> bool {
    attempts > 0 && next_at > now && !is_beyond_any_wait(next_at, now)
}

/// Whether something was put off under a wrong clock: no wait that is given is longer than an hour and a tenth ([`Backoff`]).
pub fn is_beyond_any_wait(at: Timestamp, now: Timestamp) -> bool {
    const LONGEST_WAIT_S: i64 = 70 * 60;
    at.unix_seconds() - now.unix_seconds() > LONGEST_WAIT_S
}

/// The database was away: nobody's failure.
fn is_store_trouble(failure: &Failure) -> bool {
    failure.code == ErrorCode::StoreUnavailable
}

/// The end of a job that failed for a reason of its own, not its document's.
pub fn trouble(failure: Failure) -> Conclusion {
    if is_store_trouble(&failure) {
        return Conclusion::store_trouble();
    }
    tracing::warn!(code = %failure.code, "a job stopped: {}", failure.detail);
    Conclusion::fail(failure.verdict, failure.code, failure.detail)
}

/// The same for a job that comes by again and again: what may pass is looked at again at its own pace, since nobody else can look
/// in the meantime.
pub fn trouble_for_now(failure: Failure, again: Duration) -> Conclusion {
    match failure.verdict {
        Verdict::Retry if !is_store_trouble(&failure) => {
            tracing::warn!(code = %failure.code, "a job has to wait: {}", failure.detail);
            Conclusion::snooze_for(again, Some(failure.code))
        }
        _ => trouble(failure),
    }
}

/// Shared by the stages: the disk under `work/` is in trouble.
fn cannot_leave(e: &std::io::Error) -> Failure {
    let code = if e.kind() == std::io::ErrorKind::StorageFull { ErrorCode::ArchiveDiskFull } else { ErrorCode::ArchiveWrite };
    Failure::retry(code, format!("cannot use the work folder: {e}"))
}
