//! The whole story of one document, from its accepted file to its sealed place in the case folder.

use std::sync::Arc;

use pipeline_archive::CaseArchive;
use pipeline_domain::{
    Archived, CaseFolderId, DocumentKey, DocumentKind, ErrorCode, NextStep, Placement, PlanStatus, Rendered, Sha512, Snapshot, Verdict,
};
use pipeline_intake::Reading;
use pipeline_package::{Head, Packaging};
use pipeline_queue::{Backoff, Failures, Seed};
use pipeline_store::{Documents, PendingDocument, Stage};

use crate::{
    failure::Failure,
    handover::Handover,
    jobs::{attach, plan_now, print_source::Kept},
    shell::Shell,
    snapshots::FileStamp,
    witness::{Closing, PlacedVersion},
};

/// Where a document stopped, and why.
#[derive(Debug)]
pub struct Stopped {
    pub stage: Stage,
    pub failure: Failure,
}

/// Says where it stopped.
pub fn at(stage: Stage) -> impl Fn(Failure) -> Stopped {
    move |failure| Stopped { stage, failure }
}

/// Reads the accepted file back. It was checked when it came; it is read by the same rules now. The same content may have been
/// sent again under another id, with newer addresses: the document keeps the id that it was accepted under.
async fn read_back(shell: &Shell, document: &PendingDocument) -> Result<Arc<Snapshot>, Failure> {
    let path = shell.data.accepted_file(document.digest);
    let reader = shell.reader.clone();
    let read = tokio::task::spawn_blocking(move || std::fs::read(path).map(|bytes| reader.read(&bytes))).await;
    match read.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "reading ended in an internal error"))? {
        Ok(Reading::Accepted(mut snapshot)) if snapshot.digest == document.digest => {
            snapshot.document = document.key.id;
            Ok(Arc::from(snapshot))
        }
        Ok(_) => Err(Failure::give_up(ErrorCode::DocumentMissing, "the accepted file holds other content than was accepted")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::give_up(ErrorCode::DocumentMissing, "the accepted file is not there"))
        }
        // Rights, a disk in trouble, too many open files: it is still there, and may be read another time.
        Err(e) => Err(Failure::retry(ErrorCode::ArchiveWrite, format!("the accepted file cannot be read: {e}"))),
    }
}

/// The accepted file's content. The stages of one document follow each other closely: they share what was read, as long as the
/// file stays the same.
pub async fn snapshot(shell: &Shell, document: &PendingDocument) -> Result<Arc<Snapshot>, Stopped> {
    let stamp = FileStamp::of(&shell.data.accepted_file(document.digest));
    let snapshot = match shell.snapshots.find(document.key, stamp) {
        Some(known) => known,
        None => {
            let read = read_back(shell, document).await.map_err(at(Stage::Intake))?;
            shell.snapshots.keep(document.key, stamp, &read);
            read
        }
    };
    plan_now::screened(shell, &document.reservation.folder, snapshot).await.map_err(at(Stage::Intake))
}

/// Snapshot → Rendered, in a child process.
pub async fn print(shell: &Shell, document: &PendingDocument) -> Result<Rendered, Stopped> {
    let snapshot = snapshot(shell, document).await?;
    plan_now::may_be_set(shell, document, &snapshot).await.map_err(at(Stage::Render))?;
    let former = before(shell, &document.reservation.folder, &snapshot).await.map_err(at(Stage::Archive))?;
    print_snapshot(shell, document, snapshot, former.as_deref()).await.map_err(at(Stage::Render))
}

/// What a plan snapshot is compared with on its page: the one that was archived before it. Documents of one folder are set and placed
/// one after the other (plan snapshots are, `run.rs` and the lanes see to it), so a second try meets the same one.
async fn before(shell: &Shell, folder: &CaseFolderId, snapshot: &Arc<Snapshot>) -> Result<Option<Box<Snapshot>>, Failure> {
    if snapshot.kind() != DocumentKind::PlanSnapshot || !CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir() {
        return Ok(None);
    }
    let archive = shell.archive(&folder.municipality)?;
    let (reader, folder, snapshot) = (shell.reader.clone(), folder.clone(), snapshot.clone());
    let look = move || Kept { archive: &archive, reader: &reader, folder: &folder }.before(&snapshot);
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "looking for the former plan ended in an internal error"))?
}

async fn print_snapshot(
    shell: &Shell,
    document: &PendingDocument,
    snapshot: Arc<Snapshot>,
    former: Option<&Snapshot>,
) -> Result<Rendered, Failure> {
    let letterhead = shell.municipality(&snapshot.case.municipality_number)?.letterhead()?;
    let job = pipeline_render::render_job_after(&snapshot, former, Some(&document.reservation.folder), &letterhead);
    let printed = shell.press().await?.print(job).await?;
    if printed.replaced > 0 {
        tracing::warn!(document.id = %document.key.id, characters = printed.replaced, "characters without a glyph were replaced on paper; the source keeps them");
    }
    Ok(Rendered::new(snapshot, document.reservation.clone(), printed.bytes, printed.pages))
}

/// Rendered → Packaged → Archived. One writer at a time in each folder here; another process may still come first, and then
/// the package is made again against what the folder has become.
pub async fn place(shell: &Shell, rendered: Rendered) -> Result<Archived, Stopped> {
    let key = rendered.snapshot().key();
    let rendered = attach::attach(shell, rendered).await.map_err(at(Stage::Package))?;
    let made_pages = rendered.attached().iter().any(|a| a.page.is_some());
    let archived = place_attached(shell, rendered).await?;
    // Pages of images lie between the stages until the archive has them.
    if made_pages && let Err(e) = Handover::of(&shell.data.work(), key).clear() {
        tracing::warn!(document.id = %key.id, "cannot clear the work folder: {e}");
    }
    Ok(archived)
}

async fn place_attached(shell: &Shell, rendered: Rendered) -> Result<Archived, Stopped> {
    let folder = rendered.reservation().folder.clone();
    let archive = shell.archive(&folder.municipality).map_err(at(Stage::Archive))?;
    let profile = shell.municipality(&folder.municipality).map_err(at(Stage::Package))?.profile();
    let work = move || loop {
        let head = archive.read_head(&folder).map_err(|e| at(Stage::Archive)(e.into()))?;
        let now = head.as_ref().map(|h| Head { version: h.version, case_record: &h.case_record });
        match pipeline_package::package(&rendered, now, &profile).map_err(|e| at(Stage::Package)(e.into()))? {
            Packaging::AlreadyThere { folder_version, pdf } => {
                let inventory = receipt(&archive, &folder, folder_version).map_err(at(Stage::Archive))?;
                let document = rendered.snapshot().key();
                return Ok(Archived { document, folder, folder_version, pdf, inventory, placement: Placement::AlreadyThere });
            }
            Packaging::New(packaged) => match archive.place(&packaged) {
                Err(e) if e.code() == ErrorCode::ArchiveConflict => continue,
                placed => return placed.map_err(|e| at(Stage::Archive)(e.into())),
            },
        }
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(at(Stage::Package)(Failure::give_up(ErrorCode::MetadataInvalid, "packaging ended in an internal error"))),
    }
}

/// SHA-512 of the inventory of a version that was placed before: a crash came between placing and recording.
pub fn receipt(archive: &CaseArchive, folder: &CaseFolderId, version: u32) -> Result<Sha512, Failure> {
    let inventory = archive.folder_path(folder).join(format!("v{version}/inventory.json"));
    let bytes = std::fs::read(inventory).map_err(|e| {
        Failure::give_up(ErrorCode::ArchiveDamaged, format!("version {version} of case folder {folder} cannot be read: {e}"))
    })?;
    Ok(Sha512::of(&bytes))
}

/// The version's leaf in the log of the archive, on the disk before the document is recorded. Done again after a crash, it is there twice.
pub async fn attest(shell: &Shell, snapshot: &Snapshot, archived: &Archived, job: Option<i64>) -> Result<(), Stopped> {
    let closing = if snapshot.case.plan_status == PlanStatus::Passive { Closing::Possible } else { Closing::No };
    let placed = PlacedVersion::of(archived, closing);
    let archive = shell.archive(&archived.folder.municipality).map_err(at(Stage::Archive))?;
    let witnesses = shell.witnesses.clone();
    match tokio::task::spawn_blocking(move || witnesses.attest(&archive, &placed, job)).await {
        Ok(done) => done.map_err(at(Stage::Archive)),
        Err(_) => Err(at(Stage::Archive)(Failure::give_up(ErrorCode::WitnessWrite, "logging ended in an internal error"))),
    }
}

/// Archived → recorded, with the notices that follow queued in the same transaction.
pub async fn record(shell: &Shell, snapshot: &Snapshot, archived: &Archived) -> Result<(), Stopped> {
    let telling = pipeline_notify::notices(snapshot, &archived.folder);
    shell
        .store
        .record_archived(archived, &telling.by_mail, &telling.on_paper, shell.clock.now())
        .await
        .map_err(|e| at(Stage::Archive)(e.into()))?;
    tracing::info!(
        document.id = %archived.document.id, document.version = %archived.document.version, folder.id = %archived.folder,
        folder.version = archived.folder_version, placement = ?archived.placement, "archived"
    );
    Ok(())
}

/// Keeps a failure with its reason and decides what comes next.
pub async fn record_stop(shell: &Shell, document: &PendingDocument, stopped: &Stopped) -> Result<NextStep, Failure> {
    let now = shell.clock.now();
    let failure = &stopped.failure;
    let failures = Failures { count: document.attempts + 1, first_at: document.first_failed_at.unwrap_or(now) };
    let next = Backoff::default().next_step(failure.verdict, failures, now, Seed::of(&document.key.to_string()));
    log_stop(document.key, stopped);
    shell.store.record_attempt_failed(document.key, stopped.stage, failure.code, &failure.detail, now, next).await?;
    Ok(next)
}

/// Once, where it is handled.
pub fn log_stop(key: DocumentKey, Stopped { stage, failure }: &Stopped) {
    match failure.verdict {
        Verdict::GiveUp => tracing::error!(document.id = %key.id, code = %failure.code, %stage, "failed: {}", failure.detail),
        Verdict::Retry => tracing::warn!(document.id = %key.id, code = %failure.code, %stage, "will be tried again: {}", failure.detail),
    }
}
