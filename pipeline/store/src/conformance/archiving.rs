//! Recording documents as archived.

use pipeline_domain::{CaseFolderId, ErrorCode, RecipientRef, Sha512};

use super::{
    Stand,
    sample::{accepted, archived, at, document, key, notice},
};
use crate::{DocumentState, Documents, FactSource, MailFilter, MailState, Outbox, Recorded, StoreError};

/// Mail is queued once and the place stays, however often it is recorded.
pub async fn archiving_twice_is_once(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let notices = [notice(1, RecipientRef::Recipient(0), &reservation), notice(1, RecipientRef::Recipient(2), &reservation)];
    let on_paper = [RecipientRef::Recipient(1)];
    let first = store.record_archived(&archived(1, &reservation), &notices, &on_paper, at(1)).await.unwrap();
    let again = store.record_archived(&archived(1, &reservation), &notices, &on_paper, at(9)).await.unwrap();
    assert_eq!((first, again), (Recorded::Now, Recorded::Before));

    let row = store.document(key(1)).await.unwrap().unwrap();
    let place = row.archived.unwrap();
    assert_eq!(row.state, DocumentState::Archived);
    assert_eq!((place.folder_version, place.pdf.as_str(), place.at), (1, "2026/referat.pdf", at(1)));
    assert_eq!(place.inventory, archived(1, &reservation).inventory);
    assert_eq!(store.pending(at(100), None, 10).await.unwrap(), []);

    let mails = store.mails(&MailFilter { document: Some(key(1)), ..MailFilter::default() }, 10).await.unwrap();
    let told: Vec<_> = mails.iter().map(|m| (m.recipient, m.state, m.queued_at)).collect();
    assert_eq!(told, [(RecipientRef::Recipient(0), MailState::Queued, at(1)), (RecipientRef::Recipient(2), MailState::Queued, at(1))]);
    assert_eq!(mails[0].folder.as_ref(), Some(&reservation.folder));
    assert_eq!(mails[0].document, Some(key(1)));
    assert_eq!((mails[0].kind, mails[0].written_form), (notices[0].kind, notices[0].written_form));
    let paper = store.paper_list().await.unwrap();
    assert_eq!(paper.len(), 1);
    assert_eq!(
        (paper[0].about, &paper[0].folder, paper[0].recipient, paper[0].at),
        (FactSource::Document(key(1)), &reservation.folder, on_paper[0], at(1))
    );
}

/// Nothing to send: nothing is open.
pub async fn without_mail_a_document_is_notified_at_once(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    store.record_archived(&archived(1, &reservation), &[], &[RecipientRef::Subject], at(1)).await.unwrap();
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
}

/// A document has one place: another folder, version or inventory is a matter for a person.
pub async fn another_place_is_refused(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let right = archived(1, &reservation);
    let mut other_folder = right.clone();
    other_folder.folder = CaseFolderId { sequence: 99, ..reservation.folder.clone() };
    let refused = store.record_archived(&other_folder, &[], &[], at(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::ArchivedElsewhere { document } if document == key(1)), "{refused:?}");
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Accepted);

    store.record_archived(&right, &[], &[], at(1)).await.unwrap();
    let (mut other_version, mut other_inventory) = (right.clone(), right.clone());
    other_version.folder_version = 2;
    other_inventory.inventory = Sha512::of(b"other");
    for other in [other_version, other_inventory] {
        let refused = store.record_archived(&other, &[], &[], at(1)).await.unwrap_err();
        assert!(matches!(refused, StoreError::ArchivedElsewhere { .. }), "{refused:?}");
    }
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().archived.unwrap().folder_version, 1);
}

/// One transaction: when a notice cannot be queued, the document is not recorded either, and nothing of it is left.
pub async fn a_refused_notice_leaves_nothing(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let good = notice(1, RecipientRef::Recipient(0), &reservation);
    let mut of_nothing = notice(2, RecipientRef::Recipient(1), &reservation);
    of_nothing.document = Some(key(2));
    let refused =
        store.record_archived(&archived(1, &reservation), &[good, of_nothing], &[RecipientRef::Subject], at(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused:?}");
    assert_eq!(refused.code(), ErrorCode::StoreInconsistent);
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Accepted);
    assert_eq!(store.mails(&MailFilter::default(), 10).await.unwrap(), []);
    assert_eq!(store.paper_list().await.unwrap(), []);
}

/// Never accepted, never archived.
pub async fn an_unknown_document_is_refused(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let refused = store.record_archived(&archived(2, &reservation), &[], &[], at(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::UnknownDocument { document } if document == key(2)), "{refused:?}");
}

/// Recorded, dropped without a goodbye, opened: archived, with its mail.
pub async fn archiving_survives_a_crash(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let notices = [notice(1, RecipientRef::Recipient(0), &reservation)];
    store.record_archived(&archived(1, &reservation), &notices, &[], at(1)).await.unwrap();
    drop(store);
    let store = stand.open().await;
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Archived);
    assert_eq!(store.mails_due(at(1), 10).await.unwrap().len(), 1);
    assert_eq!(store.record_archived(&archived(1, &reservation), &notices, &[], at(5)).await.unwrap(), Recorded::Before);
    assert_eq!(store.mails_due(at(5), 10).await.unwrap().len(), 1);
}
