//! `overview`: the list of all that a closed folder holds (innholdsliste), made by Arkivflyt itself from the folder's own record.
//!
//! Whether a folder lacks one is read from the folder alone: a closing note has closed it, and its last document is not a list of
//! all the others. So it does not matter how often it is asked. What is made is a function of the record, so its digest is the
//! same each time, and the store accepts it once. A document that comes later, or a reopening and another closing, gives a new
//! version.
//!
//! The asking survives a crash as a job: enqueued together with the recording of a document of the closing, in the lane of the
//! folder, so that it looks while nobody else writes there.

use std::sync::Arc;

use pipeline_archive::CaseArchive;
use pipeline_domain::{
    CaseFolderId, Content, DocumentId, DocumentKey, DocumentKind, DocumentVersion, Envelope, ErrorCode, FolderItem, FolderOverview, Line,
    Name, NextStep, OWN_SYSTEM, PlanStatus, Record, Snapshot, Source, WrittenForm, schema_name,
};
use pipeline_package::CaseRecord;
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{DocumentFilter, DocumentState, Documents, JobFilter, JobKind, JobState, Jobs, NewJob};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    failure::Failure,
    jobs::{
        accept::{self, Answer},
        run::{self, RunReport, StopFlag, Watcher},
        stages::{case_lane, queue, trouble},
    },
    shell::Shell,
};

/// A published name: rows outlive programs.
pub const KIND: JobKind = JobKind::of("overview");

/// Jobs read at a time.
const MOST: u32 = 10_000;
/// Each round archives what the one before made. One is enough unless documents keep coming.
const MOST_ROUNDS: u32 = 8;

/// What follows when a document is archived: whether the folder of a closed plan lacks its overview.
pub fn follow_up(snapshot: &Snapshot, folder: &CaseFolderId) -> Option<NewJob> {
    (snapshot.case.plan_status == PlanStatus::Passive).then(|| {
        let mut job = NewJob::new(KIND, queue::ARCHIVE, json!({ "case_folder": folder.to_string() }));
        job.lane = Some(case_lane(folder));
        job.unique_key = Some(format!("overview:{folder}"));
        job
    })
}

/// The job: accepts an overview if the folder lacks one. It goes on its way as every other document.
pub async fn overview(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    let Some(folder) = folder_of(&ctx.job.args) else {
        return Conclusion::failed(ErrorCode::JobUnknownKind, "its arguments are not those of this version", NextStep::Failed);
    };
    make(&shell, &folder).await.map_or_else(trouble, |_| Conclusion::done())
}

fn folder_of(args: &Value) -> Option<CaseFolderId> {
    args["case_folder"].as_str()?.parse().ok()
}

/// Does for `run-once` what the job does: makes what folders lack, archives it, and calls the jobs off.
pub async fn make_all(shell: &Arc<Shell>, stop: &StopFlag, report: &mut RunReport, watch: Watcher<'_>) -> Result<(), Failure> {
    for _ in 0..MOST_ROUNDS {
        let mut made = false;
        // Nobody else works here: one that counts as running was left by a worker that died.
        for state in [JobState::Ready, JobState::Waiting, JobState::Running] {
            let filter = JobFilter { kind: Some(KIND), state: Some(state), ..JobFilter::default() };
            let jobs = shell.store.jobs(&filter, MOST).await?;
            let mut jobs: Vec<_> = jobs.into_iter().filter_map(|job| Some((folder_of(&job.args)?, job))).collect();
            // Folder by folder, so that journal numbers do not tell which document was through first: the same input gives the same bytes.
            jobs.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (folder, job) in jobs {
                match make(shell, &folder).await? {
                    Made::Accepted(answer) => {
                        report.count(*answer);
                        made = true;
                    }
                    Made::Waits => {}
                    Made::Nothing => drop(shell.store.cancel_job(job.id).await?),
                }
            }
        }
        if !made || stop.is_raised() {
            break;
        }
        run::carry_all(shell, stop, report, watch).await?;
    }
    Ok(())
}

/// What came of looking at a folder.
enum Made {
    /// It lacked an overview, which is accepted now.
    Accepted(Box<Answer>),
    /// Something of the folder is on its way, and looks again when it is there.
    Waits,
    /// It lacks none.
    Nothing,
}

async fn make(shell: &Shell, folder: &CaseFolderId) -> Result<Made, Failure> {
    let waiting = DocumentFilter { state: Some(DocumentState::Accepted), folder: Some(folder.clone()) };
    let Some(closed) = FolderContents::read(shell, folder)? else { return Ok(Made::Nothing) };
    if !closed.is_closed() || !closed.lacks_overview()? {
        return Ok(Made::Nothing);
    }
    if !shell.store.documents(&waiting, 1).await?.is_empty() {
        return Ok(Made::Waits);
    }
    let key = closed.next_key();
    if let Some(row) = shell.store.document(key).await?
        && row.state == DocumentState::Failed
    {
        // It is a person's to try again.
        return Ok(Made::Nothing);
    }
    match accept::accept_all(shell, vec![closed.compose()?.archival_json()]).await?.pop() {
        Some(Answer::Refused(_)) | None => {
            let detail = format!("the overview of case folder {folder} was refused; it lies in refused/ with the reason");
            Err(Failure::give_up(ErrorCode::MetadataInvalid, detail))
        }
        Some(answer) => Ok(Made::Accepted(Box::new(answer))),
    }
}

/// A folder with its record, and what its documents were made from.
pub struct FolderContents {
    record: CaseRecord,
    archive: Arc<CaseArchive>,
}

impl FolderContents {
    /// `None` when nothing was archived there.
    pub fn read(shell: &Shell, folder: &CaseFolderId) -> Result<Option<Self>, Failure> {
        // Looking must not found a store.
        if !CaseArchive::storage_root(&shell.archive_root(), &folder.municipality).is_dir() {
            return Ok(None);
        }
        let archive = shell.archive(&folder.municipality)?;
        let Some(head) = archive.read_head(folder)? else { return Ok(None) };
        Ok(Some(Self { record: CaseRecord::read(&head.case_record)?, archive }))
    }

    /// What the folder says of itself.
    pub fn record(&self) -> &CaseRecord {
        &self.record
    }

    /// The envelope that document `no` was made from, as the archive keeps it.
    pub fn source(&self, no: u32) -> Result<Value, Failure> {
        let missing = || Failure::give_up(ErrorCode::ArchiveDamaged, format!("case folder {}: no source {no}", self.record.folder()));
        let entry = self.record.documents().iter().find(|d| d.no == no).ok_or_else(missing)?;
        let bytes = self.archive.read_file(self.record.folder(), &entry.source())?;
        serde_json::from_slice(&bytes).map_err(|_| missing())
    }

    fn is_closed(&self) -> bool {
        self.record.is_closed_by_a_note()
    }

    /// Whether the last document is no list of all the others.
    fn lacks_overview(&self) -> Result<bool, Failure> {
        let Some(last) = self.record.documents().last() else { return Ok(false) };
        if last.kind != DocumentKind::FolderOverview {
            return Ok(true);
        }
        let listed = self.source(last.no)?["content"]["items"].as_array().map_or(0, Vec::len);
        Ok(listed + 1 != self.record.documents().len())
    }

    /// One id for the overviews of a folder; the version counts them.
    fn next_key(&self) -> DocumentKey {
        let name = format!("arkivflyt folder overview {}", self.record.folder());
        let id = DocumentId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()));
        let before = self.record.documents().iter().filter(|d| d.document == id).map(|d| d.version.0).max();
        DocumentKey { id, version: DocumentVersion(before.unwrap_or(0) + 1) }
    }

    /// The overview of the folder as it stands.
    pub fn compose(&self) -> Result<Snapshot, Failure> {
        let record = &self.record;
        let sources = record.documents().iter().map(|d| self.source(d.no)).collect::<Result<Vec<_>, _>>()?;
        let unreadable =
            |_| Failure::give_up(ErrorCode::ArchiveDamaged, format!("case folder {}: a source cannot be read", record.folder()));
        // The document that the folder's facts are from; there is one.
        let is_newest = |s: &&Value| s["occurred_at"].as_str().and_then(|at| at.parse().ok()) == Some(record.facts_as_of());
        let newest = sources.iter().rev().find(is_newest).or(sources.last());
        let newest = newest.ok_or_else(|| Failure::give_up(ErrorCode::ArchiveDamaged, "a case folder without documents"))?;
        let items = record.documents().iter().zip(&sources).map(|(entry, source)| FolderItem {
            no: entry.no,
            date: entry.date,
            kind: entry.kind,
            title: Line::new(entry.title.as_str()),
            version: entry.version,
            sha256: entry.sha256,
            screening: Line::new(source["case"]["screening_basis"].as_str().unwrap_or("–")),
        });
        let key = self.next_key();
        let at = record.updated_at();
        let content = FolderOverview {
            record: Record { version: key.version, snapshot_at: at, produced_at: at, produced_by: Name::new("Arkivflyt") },
            plan_system: record.source_system().to_owned(),
            items: items.collect(),
        };
        let envelope = Envelope {
            schema: schema_name(DocumentKind::FolderOverview),
            id: key.id,
            // Not later than what it lists: a reopening that was on its way still counts as news.
            occurred_at: record.facts_as_of(),
            source: Source {
                system: OWN_SYSTEM.to_owned(),
                record: format!("overview-{}-v{}", record.folder().case_number(), key.version),
                event: None,
            },
            case: serde_json::from_value(newest["case"].clone()).map_err(unreadable)?,
            written_form: serde_json::from_value::<WrittenForm>(newest["written_form"].clone()).map_err(unreadable)?,
            synthetic: record.is_synthetic(),
            content: Content::FolderOverview(content),
        };
        Ok(Snapshot::new(envelope))
    }
}
