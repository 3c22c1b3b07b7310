//! What is delivered to a municipality's case archive, where one is set up: a message for each archived document, its receipts, and how
//! the closing of a plan waits for them.
//!
//! ```text
//! archived ─(row opened before it is recorded, job with it)→ deliver ─→ exchange folder ─→ whoever carries messages
//!                                                                ↑                                │
//!                          keep ←─ delivery.receipts ←───────────┴──────── what came back ←───────┘
//! ```
//! A delivery is a set of facts that only grows (`pipeline_arkivmelding::Delivery`); its row says where it stood when it was last looked
//! at, so that whatever was cut short is found again by `delivery.receipts`. A message has the same id whenever it is made again, and
//! that id is written down before it is handed over: nothing is sent twice under two ids, and no answer is unknown.

mod book;
mod gate;
mod keep;
mod message;
mod receipts;
mod send;

use std::path::PathBuf;

use pipeline_arkivmelding::{ClosingTravels, Delivery, FolderExchange, Sender, Subject};
use pipeline_domain::{CaseFolderId, DocumentKey, DocumentKind, DocumentVersion, ErrorCode, MunicipalityNumber};
use pipeline_store::{Deliveries, DeliveryFilter, DeliveryPart, DeliveryRow, DeliveryState, JobKind, Lane, NewJob};
use serde::{Deserialize, Serialize};

pub use self::{
    book::{life_of, resend},
    keep::{keep, told},
    receipts::{Summary, carry_all, receipts},
    send::deliver,
};
use crate::{
    config::{Municipality, MunicipalityDelivery},
    failure::Failure,
    jobs::stages::{case_lane, queue},
    shell::Shell,
};

/// Hands one message over. A published name: rows outlive programs.
pub const DELIVER: JobKind = JobKind::of("deliver");
/// Puts what was answered into the case folder. A published name too.
pub const KEEP: JobKind = JobKind::of("deliver.keep");

/// A job that meets trouble is dead after more failures than two days bring; the schedule gives its delivery another.
const MAX_FAILURES: u32 = 60;

/// What a job on a delivery is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct DeliverArgs {
    document_id: pipeline_domain::DocumentId,
    version: u32,
    part: Part,
}

/// What a job on a folder is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeepArgs {
    case_folder: CaseFolderId,
}

/// [`DeliveryPart`] as it stands in job rows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Reopening,
    Document,
    Closing,
}

impl From<DeliveryPart> for Part {
    fn from(part: DeliveryPart) -> Self {
        match part {
            DeliveryPart::Reopening => Self::Reopening,
            DeliveryPart::Document => Self::Document,
            DeliveryPart::Closing => Self::Closing,
        }
    }
}

impl From<Part> for DeliveryPart {
    fn from(part: Part) -> Self {
        match part {
            Part::Reopening => Self::Reopening,
            Part::Document => Self::Document,
            Part::Closing => Self::Closing,
        }
    }
}

impl DeliverArgs {
    fn key(&self) -> DocumentKey {
        DocumentKey { id: self.document_id, version: DocumentVersion(self.version) }
    }
}

/// Where the documents of a municipality go, if anywhere.
pub fn of<'s>(shell: &'s Shell, number: &MunicipalityNumber) -> Option<(&'s Municipality, &'s MunicipalityDelivery)> {
    let municipality = shell.municipalities.get(number)?;
    Some((municipality, municipality.delivery.as_ref()?))
}

/// What a message says of who sends it.
fn sender(municipality: &Municipality) -> Sender<'_> {
    Sender {
        municipality: &municipality.number,
        organisation_number: &municipality.organisation_number,
        organisation_name: &municipality.name,
    }
}

fn exchange_path(shell: &Shell, delivery: &MunicipalityDelivery) -> PathBuf {
    shell.data.resolve(&delivery.exchange)
}

/// Blocks.
fn open_exchange(path: &std::path::Path, delivery: &MunicipalityDelivery) -> Result<FolderExchange, Failure> {
    Ok(FolderExchange::open_or_create(path, delivery.target.dialect)?)
}

fn subject(part: DeliveryPart, document: DocumentKey) -> Subject {
    match part {
        DeliveryPart::Reopening => Subject::Reopening(document),
        DeliveryPart::Document => Subject::Document(document),
        DeliveryPart::Closing => Subject::Closing(document),
    }
}

/// Opens what follows for the case archive when a document is archived, and gives the jobs. Before the document is recorded: what is
/// opened too early waits, and what is recorded is opened.
pub async fn open(shell: &Shell, document: DocumentKey, kind: DocumentKind, folder: &CaseFolderId) -> Result<Vec<NewJob>, Failure> {
    let Some((_, delivery)) = of(shell, &folder.municipality) else { return Ok(Vec::new()) };
    let mut parts = vec![DeliveryPart::Document];
    if delivery.target.closing() == ClosingTravels::Alone {
        if kind == DocumentKind::ReopeningNote && has_closing(shell, folder).await? {
            parts.insert(0, DeliveryPart::Reopening);
        }
        // The last document of a closed folder.
        if kind == DocumentKind::FolderOverview {
            parts.push(DeliveryPart::Closing);
        }
    }
    let mut jobs = Vec::with_capacity(parts.len());
    for part in parts {
        let life = book::write(&Delivery::new(subject(part, document), delivery.target.dialect));
        shell.store.open_delivery(document, part, &life, shell.clock.now()).await?;
        jobs.push(deliver_job(document, part, folder));
    }
    Ok(jobs)
}

/// Opens the delivery of one document that was archived before there was a target, or leaves the one it has.
pub async fn open_one(shell: &Shell, document: DocumentKey, folder: &CaseFolderId) -> Result<NewJob, Failure> {
    let Some((_, delivery)) = of(shell, &folder.municipality) else {
        let text = format!("municipality {} delivers to no case archive: there is no [delivery] in its file", folder.municipality);
        return Err(Failure::give_up(ErrorCode::ConfigInvalid, text));
    };
    let life = book::write(&Delivery::new(Subject::Document(document), delivery.target.dialect));
    shell.store.open_delivery(document, DeliveryPart::Document, &life, shell.clock.now()).await?;
    Ok(deliver_job(document, DeliveryPart::Document, folder))
}

async fn has_closing(shell: &Shell, folder: &CaseFolderId) -> Result<bool, Failure> {
    let rows = of_folder(shell, folder).await?;
    Ok(rows.iter().any(|row| row.part == DeliveryPart::Closing && row.state != DeliveryState::Moot))
}

async fn of_folder(shell: &Shell, folder: &CaseFolderId) -> Result<Vec<DeliveryRow>, Failure> {
    let filter = DeliveryFilter { folder: Some(folder.clone()), ..DeliveryFilter::default() };
    Ok(shell.store.deliveries(&filter, u32::MAX).await?)
}

/// Deliveries of the folder that the closing of its plan waits for. None where nothing is delivered (any more).
pub async fn outstanding(shell: &Shell, folder: &CaseFolderId) -> Result<usize, Failure> {
    if of(shell, &folder.municipality).is_none() {
        return Ok(0);
    }
    Ok(of_folder(shell, folder).await?.iter().filter(|row| !row.state.is_over()).count())
}

/// In a lane of its own: messages of one folder go in their order, and the archive waits for nobody's exchange folder.
pub fn deliver_job(document: DocumentKey, part: DeliveryPart, folder: &CaseFolderId) -> NewJob {
    let args = DeliverArgs { document_id: document.id, version: document.version.0, part: part.into() };
    let mut job = NewJob::new(DELIVER, queue::ARCHIVE, serde_json::to_value(args).expect("ids and words are writable"));
    job.unique_key = Some(format!("deliver:{document}:{part}"));
    job.lane = Some(deliver_lane(folder));
    job.max_failures = MAX_FAILURES;
    job
}

fn deliver_lane(folder: &CaseFolderId) -> Lane {
    let name = format!("deliver:{}-{}-{:06}", folder.municipality, folder.year, folder.sequence);
    name.parse().expect("digits and dashes make a lane")
}

/// In the folder's lane: it makes a version of it.
fn keep_job(folder: &CaseFolderId) -> NewJob {
    let args = KeepArgs { case_folder: folder.clone() };
    let mut job = NewJob::new(KEEP, queue::ARCHIVE, serde_json::to_value(args).expect("an id is writable"));
    job.unique_key = Some(format!("keep:{folder}"));
    job.lane = Some(case_lane(folder));
    job.max_failures = MAX_FAILURES;
    job
}
