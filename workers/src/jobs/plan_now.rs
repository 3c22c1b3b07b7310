//! What is known of a plan at the moment when one of its documents is carried on: how strictly it is screened by now, and whether it
//! can be closed yet.

use std::{collections::BTreeMap, sync::Arc};

use pipeline_domain::{CaseFolderId, Content, ErrorCode, JournalNumber, Snapshot};
use pipeline_lifecycle::{Life, hindrances_to_closing};
use pipeline_store::{DocumentFilter, DocumentState, Documents, PendingDocument, Plans};

use crate::{failure::Failure, jobs::deliveries, shell::Shell};

/// The plan's life as far as it is known.
pub async fn life(shell: &Shell, folder: &CaseFolderId) -> Result<Life, Failure> {
    let facts = shell.store.facts_of(folder).await?;
    Ok(Life::of(facts.iter().map(|row| &row.fact)))
}

/// The document under the address protection that holds now: what was handed in before the protection was raised is not set, described
/// or placed as if nothing had been said. Its own words stay as they came.
pub async fn screened(shell: &Shell, folder: &CaseFolderId, snapshot: Arc<Snapshot>) -> Result<Arc<Snapshot>, Failure> {
    let now = life(shell, folder).await?.protection;
    if now <= snapshot.screened_as {
        return Ok(snapshot);
    }
    let mut raised = Snapshot::clone(&snapshot);
    raised.screened_as = now;
    Ok(Arc::new(raised))
}

/// Whether a document must wait: the note that closes a plan does, for minutes that are not sent, consents that are not answered,
/// documents that came before it and are not archived, and receipts of the case archive where there is one, unless it says itself what is outstanding.
pub async fn may_be_set(shell: &Shell, document: &PendingDocument, snapshot: &Snapshot) -> Result<(), Failure> {
    let Content::ClosingNote(note) = &snapshot.content else { return Ok(()) };
    if !note.outstanding.is_empty() {
        return Ok(());
    }
    let folder = &document.reservation.folder;
    let life = life(shell, folder).await?;
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for hindrance in hindrances_to_closing(&life, not_archived_before(shell, document).await?) {
        *missing.entry(hindrance.id()).or_default() += 1;
    }
    let hindered = !missing.is_empty();
    let unreceipted = deliveries::outstanding(shell, folder).await?;
    if unreceipted > 0 {
        missing.insert("delivery_without_receipt", unreceipted);
    }
    if missing.is_empty() {
        return Ok(());
    }
    // By itself only when nothing else is missing.
    let code = if hindered { ErrorCode::ClosingWaits } else { ErrorCode::DeliveryWaits };
    let missing: Vec<String> = missing.into_iter().map(|(what, count)| format!("{what}={count}")).collect();
    Err(Failure::retry(code, format!("case folder {folder} is not closed yet: {}", missing.join(" "))))
}

/// Documents of the folder that came before this one and wait, or have failed.
async fn not_archived_before(shell: &Shell, document: &PendingDocument) -> Result<u32, Failure> {
    let place = |journal: JournalNumber| (journal.year, journal.sequence);
    let own = place(document.reservation.journal);
    let mut before = 0;
    for state in [DocumentState::Accepted, DocumentState::Failed] {
        let filter = DocumentFilter { state: Some(state), folder: Some(document.reservation.folder.clone()) };
        let rows = shell.store.documents(&filter, u32::MAX).await?;
        before += rows.iter().filter(|row| place(row.reservation.journal) < own).count();
    }
    Ok(u32::try_from(before).unwrap_or(u32::MAX))
}
