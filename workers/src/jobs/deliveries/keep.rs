//! `deliver.keep`: what the case archive answered, as files of the case folder's next version.
//!
//! A version, not `logs/`: OCFL 1.1 leaves what lies there out of the inventory, so nobody could see that it was changed or lost. As
//! content it has its digest, and `verify` judges it with all the rest. Nothing of the receiver's own words is in it.

use std::{collections::BTreeMap, sync::Arc};

use pipeline_archive::CaseArchive;
use pipeline_arkivmelding::{Answer, ReceiverUnit, SendingFacts};
use pipeline_domain::{CaseFolderId, ErrorCode, LogicalPath, NextStep, Packaged, PackagedFile, Timestamp};
use pipeline_package::CaseRecord;
use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Deliveries, DeliveryChange, DeliveryPart, DeliveryRow};
use serde_json::{Value, json};

use super::{KeepArgs, book, of_folder};
use crate::{
    failure::Failure,
    jobs::stages::trouble,
    shell::Shell,
    witness::{Closing, PlacedVersion},
};

/// Shape of a file.
const SCHEMA: &str = "arkivflyt/delivery_receipts/1";
/// So often somebody else may place a version first.
const TRIES: u32 = 5;

/// Puts what is not kept yet into the folder that the job names.
pub async fn keep(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    let Ok(args) = serde_json::from_value::<KeepArgs>(ctx.job.args.clone()) else {
        return Conclusion::failed(ErrorCode::JobUnknownKind, "its arguments are not those of this version", NextStep::Failed);
    };
    keep_all(&shell, &args.case_folder, Some(ctx.job.lease.job.0)).await.map_or_else(trouble, |()| Conclusion::done())
}

/// The same, without a job.
pub async fn keep_all(shell: &Arc<Shell>, folder: &CaseFolderId, job: Option<i64>) -> Result<(), Failure> {
    let rows: Vec<DeliveryRow> = of_folder(shell, folder).await?.into_iter().filter(|row| !row.is_kept).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let (hands, folder, kept) = (shell.clone(), folder.clone(), rows.clone());
    let work = move || place(&hands, &folder, &kept, job);
    let placed = tokio::task::spawn_blocking(work).await;
    placed.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "keeping a receipt ended in an internal error"))??;
    let now = shell.clock.now();
    for row in rows {
        // One that was answered once more meanwhile is kept the next time.
        let change = DeliveryChange { is_kept: true, ..DeliveryChange::nothing(&row, now) };
        shell.store.change_delivery(row.id, row.revision, &change).await?;
    }
    Ok(())
}

/// Blocks. What is in the folder already is not placed again.
fn place(shell: &Shell, folder: &CaseFolderId, rows: &[DeliveryRow], job: Option<i64>) -> Result<(), Failure> {
    let archive = shell.archive(&folder.municipality)?;
    for _ in 0..TRIES {
        let Some((packaged, closing)) = next_version(&archive, folder, rows, shell.clock.now())? else { return Ok(()) };
        match archive.place(&packaged) {
            // Its leaf in the log of the archive is on the disk before the receipts count as kept.
            Ok(archived) => return shell.witnesses.attest(&archive, &PlacedVersion::of(&archived, closing), job),
            Err(e) if e.code() == ErrorCode::ArchiveConflict => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Failure::retry(ErrorCode::ArchiveConflict, format!("case folder {folder} is written to all the time")))
}

fn next_version(
    archive: &CaseArchive,
    folder: &CaseFolderId,
    rows: &[DeliveryRow],
    now: Timestamp,
) -> Result<Option<(Packaged, Closing)>, Failure> {
    let gone = || Failure::give_up(ErrorCode::ArchiveDamaged, format!("case folder {folder} or a delivered document is not there"));
    let head = archive.read_head(folder)?.ok_or_else(gone)?;
    let record = CaseRecord::read(&head.case_record)?;
    let mut files: BTreeMap<LogicalPath, Vec<u8>> = BTreeMap::new();
    for row in rows {
        let entry = record.document(row.document).ok_or_else(gone)?;
        let answers = book::answers(&book::life_of(row)?);
        if !answers.is_empty() {
            files.insert(path(entry.no, row.part), text(row, &answers));
        }
    }
    let Some(first) = rows.first().filter(|_| !files.is_empty()) else { return Ok(None) };
    let pdf = record.document(first.document).ok_or_else(gone)?.pdf.clone();
    let closing = if record.closed_at().is_some() { Closing::Possible } else { Closing::No };
    let packaged = Packaged {
        folder: folder.clone(),
        object_id: head.object_id,
        document: first.document,
        based_on: Some(head.version),
        files: files.into_iter().map(|(path, bytes)| PackagedFile { path, bytes: bytes.into() }).collect(),
        copies: Vec::new(),
        pdf,
        created: now.max(record.updated_at()),
        message: "receipts of the case archive kept".to_owned(),
    };
    Ok(Some((packaged, closing)))
}

/// `metadata/kvitteringer/02.json`; what was said of closing and reopening beside it.
fn path(no: u32, part: DeliveryPart) -> LogicalPath {
    let name = match part {
        DeliveryPart::Document => format!("{no:02}"),
        DeliveryPart::Closing => format!("{no:02}-avslutning"),
        DeliveryPart::Reopening => format!("{no:02}-gjenaapning"),
    };
    format!("metadata/kvitteringer/{name}.json").parse().expect("digits and our own words make a valid path")
}

/// Equal deliveries give equal bytes.
fn text(row: &DeliveryRow, answers: &[SendingFacts]) -> Vec<u8> {
    let body = json!({
        "schema": SCHEMA,
        "document_id": row.document.id,
        "version": row.document.version,
        "part": row.part,
        "answers": answers.iter().map(told).collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&body).expect("JSON is writable");
    bytes.push(b'\n');
    bytes
}

/// One sending, for the folder and for whoever asks.
pub fn told(facts: &SendingFacts) -> Value {
    let mut told = json!({ "sending": facts.sending.0, "message_id": facts.message.to_string(), "sent_at": facts.sent_at });
    let Some((answer, at)) = &facts.answer else { return told };
    told["answered_at"] = json!(at);
    match answer {
        Answer::Received => told["answer"] = json!("received"),
        Answer::Refused(refusal) => {
            told["answer"] = json!("refused");
            told["reason"] = json!(refusal.reason.id());
            told["reference"] = json!(refusal.reference);
        }
        Answer::Accepted(ids) => {
            told["answer"] = json!("accepted");
            told["folder"] = json!(ids.folder.as_ref().map(unit));
            told["registration"] = json!(ids.registration.as_ref().map(unit));
            told["with_warning"] = json!(ids.with_warning);
        }
    }
    told
}

fn unit(unit: &ReceiverUnit) -> Value {
    json!({ "system_id": unit.system_id, "number": unit.number, "found": unit.found })
}
