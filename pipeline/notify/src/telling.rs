//! Who is told about a document.

use std::fmt::Display;

use pipeline_domain::{CaseFolderId, Contact, EmailAddress, Event, Notice, NoticeKind, RecipientRef, Snapshot, WrittenForm};

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
    let told = snapshot.content.told(&snapshot.case);
    let contact = |who| snapshot.content.contact(&snapshot.case, who);
    let document = snapshot.key();
    sort(told, contact, |kind, recipient, written_form| Notice {
        kind,
        document: Some(document),
        event: None,
        folder: Some(folder.clone()),
        recipient,
        written_form,
        dedupe_key: dedupe_key(kind, document, recipient),
    })
}

/// The same for an event. The folder is the store's to fill in: it may be opened with this event.
pub fn event_notices(event: &Event) -> Telling {
    sort(
        event.told(),
        |who| event.contact(who),
        |kind, recipient, written_form| {
            let about = match (kind, event.content.matter) {
                // A schedule that finds the same end tells of it under the same key.
                (NoticeKind::ConsentExpired, Some(consent)) => consent.to_string(),
                _ => event.id.to_string(),
            };
            let dedupe_key = dedupe_key(kind, about, recipient);
            Notice { kind, document: None, event: Some(event.id), folder: None, recipient, written_form, dedupe_key }
        },
    )
}

fn sort<'a>(
    told: Vec<(NoticeKind, RecipientRef)>,
    contact: impl Fn(RecipientRef) -> Option<&'a Contact>,
    notice: impl Fn(NoticeKind, RecipientRef, WrittenForm) -> Notice,
) -> Telling {
    let mut telling = Telling::default();
    for (kind, recipient) in with_one_hat(told, &contact) {
        match contact(recipient).filter(|c| reachable(c)) {
            Some(contact) => telling.by_mail.push(notice(kind, recipient, contact.written_form)),
            None => telling.on_paper.push(recipient),
        }
    }
    telling
}

/// Who wears two hats (a guardian who also is a service provider) is told once: as subject or guardian, else under the first hat.
/// They are known by their pseudonym, or by the address alone where there is none.
fn with_one_hat<'a>(
    told: Vec<(NoticeKind, RecipientRef)>,
    contact: &impl Fn(RecipientRef) -> Option<&'a Contact>,
) -> Vec<(NoticeKind, RecipientRef)> {
    let is_private = |who| matches!(who, RecipientRef::Subject | RecipientRef::Guardian(_));
    let is_same = |a, b| contact(a).zip(contact(b)).is_some_and(|(a, b): (&Contact, &Contact)| a.is_same_as(b));
    let mut kept: Vec<(NoticeKind, RecipientRef)> = Vec::with_capacity(told.len());
    for (kind, who) in told {
        match kept.iter_mut().find(|(k, other)| *k == kind && is_same(*other, who)) {
            Some(other) if is_private(who) && !is_private(other.1) => other.1 = who,
            Some(_) => {}
            None => kept.push((kind, who)),
        }
    }
    kept
}

/// One notice for the archivist about a run. The run's id goes into the dedupe key and nowhere else.
pub fn run_report_notice(run_id: &str, written_form: WrittenForm) -> Notice {
    let kind = NoticeKind::ArchiveReport;
    let dedupe_key = dedupe_key(kind, run_id, RecipientRef::Archivist);
    Notice { kind, document: None, event: None, folder: None, recipient: RecipientRef::Archivist, written_form, dedupe_key }
}

/// Where a notice goes, looked up in the snapshot only when the mail is made. `None` for people who are told on paper, for
/// people that the snapshot does not have, and for the archivist, whose address is in the configuration.
pub fn address_of(notice: &Notice, snapshot: &Snapshot) -> Option<EmailAddress> {
    snapshot.content.contact(&snapshot.case, notice.recipient).filter(|c| reachable(c)).and_then(|c| c.email.clone())
}

/// The same, looked up in an event.
pub fn event_address_of(notice: &Notice, event: &Event) -> Option<EmailAddress> {
    event.contact(notice.recipient).filter(|c| reachable(c)).and_then(|c| c.email.clone())
}

fn reachable(contact: &Contact) -> bool {
    !contact.reserved && contact.email.as_ref().is_some_and(|address| Deliverable::try_from(address).is_ok())
}

/// The same key is never sent twice.
fn dedupe_key(kind: NoticeKind, about: impl Display, recipient: RecipientRef) -> String {
    format!("{}:{about}:{}", kind.id(), recipient_key(recipient))
}

/// As rows write it, but with no colon: the key's own parts stand between colons.
fn recipient_key(recipient: RecipientRef) -> String {
    recipient.to_string().replace(':', "-")
}
