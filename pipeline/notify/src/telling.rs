//! Who is told about a document.

use pipeline_domain::{CaseFolderId, Contact, EmailAddress, Notice, NoticeKind, RecipientRef, Snapshot, WrittenForm};

use crate::address::Deliverable;

/// Who is told about one document, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telling {
    /// One notice per person who can be reached by mail.
    pub by_mail: Vec<Notice>,
    /// People who must be told on paper: no address, reserved, or an address that ordinary mail servers cannot carry.
    pub on_paper: Vec<RecipientRef>,
}

/// Who is told about an archived document, sorted into those who can be reached by mail and those who can't. Whom each
/// document type tells is the type's own matter ([`pipeline_domain::Content::told`]).
pub fn notices(snapshot: &Snapshot, folder: &CaseFolderId) -> Telling {
    let mut telling = Telling::default();
    for (kind, recipient) in snapshot.content.told(&snapshot.case) {
        match snapshot.content.contact(&snapshot.case, recipient).filter(|c| reachable(c)) {
            Some(contact) => telling.by_mail.push(notice(kind, recipient, contact.written_form, snapshot, folder)),
            None => telling.on_paper.push(recipient),
        }
    }
    telling
}

/// One notice for the archivist about a run. The run's id goes into the dedupe key and nowhere else.
pub fn run_report_notice(run_id: &str, written_form: WrittenForm) -> Notice {
    let kind = NoticeKind::ArchiveReport;
    let dedupe_key = format!("{}:{run_id}:{}", kind.id(), recipient_key(RecipientRef::Archivist));
    Notice { kind, document: None, event: None, folder: None, recipient: RecipientRef::Archivist, written_form, dedupe_key }
}

/// Where a notice goes, looked up in the snapshot only when the mail is made. `None` for people who are told on paper, for
/// people that the snapshot does not have, and for the archivist, whose address is in the configuration.
pub fn address_of(notice: &Notice, snapshot: &Snapshot) -> Option<EmailAddress> {
    snapshot.content.contact(&snapshot.case, notice.recipient).filter(|c| reachable(c)).and_then(|c| c.email.clone())
}

fn reachable(contact: &Contact) -> bool {
    !contact.reserved && contact.email.as_ref().is_some_and(|address| Deliverable::try_from(address).is_ok())
}

fn notice(kind: NoticeKind, recipient: RecipientRef, written_form: WrittenForm, snapshot: &Snapshot, folder: &CaseFolderId) -> Notice {
    let document = snapshot.key();
    let dedupe_key = format!("{}:{document}:{}", kind.id(), recipient_key(recipient));
    Notice { kind, document: Some(document), event: None, folder: Some(folder.clone()), recipient, written_form, dedupe_key }
}

/// As rows write it, but with no colon: the key's own parts stand between colons.
fn recipient_key(recipient: RecipientRef) -> String {
    recipient.to_string().replace(':', "-")
}
