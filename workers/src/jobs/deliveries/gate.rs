//! Which message goes before which.

use pipeline_arkivmelding::ClosingTravels;
use pipeline_domain::{DocumentKey, DocumentKind};
use pipeline_package::CaseRecord;
use pipeline_store::{DeliveryPart, DeliveryRow};

/// Whether this is the list of all that a closed folder holds, with nothing after it.
pub fn is_last_document(record: &CaseRecord, document: DocumentKey) -> bool {
    let last = record.documents().last();
    record.closed_at().is_some() && last.is_some_and(|d| d.key() == document && d.kind == DocumentKind::FolderOverview)
}

/// Whether a delivery must wait for another one of its folder:
/// - a document for the word that its folder is open again, and, where it closes the folder by itself, for every other document;
/// - the closing for every document and for an earlier reopening; a reopening for an earlier closing.
pub fn waits(own: &DeliveryRow, all: &[DeliveryRow], record: &CaseRecord, closing: ClosingTravels) -> bool {
    let place = |row: &DeliveryRow| record.document(row.document).map_or(u32::MAX, |d| d.no);
    let here = (place(own), own.part);
    let others = all.iter().filter(|row| row.id != own.id && !row.state.is_over());
    let is_before = |row: &DeliveryRow| (place(row), row.part) < here;
    let mut others = others.filter(|row| match own.part {
        DeliveryPart::Reopening => row.part == DeliveryPart::Closing && is_before(row),
        DeliveryPart::Document if closing == ClosingTravels::WithLastDocument && is_last_document(record, own.document) => {
            row.part == DeliveryPart::Document
        }
        DeliveryPart::Document => row.part == DeliveryPart::Reopening && is_before(row),
        DeliveryPart::Closing => row.part == DeliveryPart::Document || is_before(row),
    });
    others.next().is_some()
}
