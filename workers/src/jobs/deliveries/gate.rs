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

/// Whether a delivery must wait for an earlier one of its folder:
/// - a document for the word that its folder is open again, and, where it closes the folder by itself, for every document before it;
/// - the closing for all that is before it; a reopening for an earlier closing.
pub fn waits(own: &DeliveryRow, all: &[DeliveryRow], record: &CaseRecord, closing: ClosingTravels) -> bool {
    let place = |row: &DeliveryRow| (record.document(row.document).map_or(u32::MAX, |d| d.no), row.part);
    let here = place(own);
    let closes = closing == ClosingTravels::WithLastDocument && is_last_document(record, own.document);
    let hinders = |row: &DeliveryRow| match own.part {
        DeliveryPart::Reopening => row.part == DeliveryPart::Closing,
        DeliveryPart::Document => closes || row.part == DeliveryPart::Reopening,
        DeliveryPart::Closing => true,
    };
    all.iter().any(|row| !row.state.is_over() && place(row) < here && hinders(row))
}
