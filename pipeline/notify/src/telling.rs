//! Who is told about a document.

use pipeline_domain::{
    AnnualReport, CaseFolderId, Contact, Content, EmailAddress, Notice, NoticeKind, RecipientRef, Snapshot, WrittenForm,
};

use crate::address::Deliverable;

/// From this age the pupil gets the annual report's notice in person, and the guardians do not.
const OF_AGE: i32 = 15;

/// Who is told about one document, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telling {
    /// One notice per person who can be reached by mail.
    pub by_mail: Vec<Notice>,
    /// People who must be told on paper: no address, reserved, or an address that ordinary mail servers cannot carry.
    pub on_paper: Vec<RecipientRef>,
}

/// Who is told about an archived document (DOMAIN § 8). Minutes: every recipient. Annual report: the pupil if 15 or older on
/// the day it was finalised, else every guardian; with no guardian on record the child's own entry goes on the paper list,
/// so that nobody's report stays untold. Plan snapshots: none.
pub fn notices(snapshot: &Snapshot, folder: &CaseFolderId) -> Telling {
    let mut telling = Telling::default();
    for (kind, recipient) in people(snapshot) {
        match contact_of(recipient, snapshot).filter(|c| reachable(c)) {
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
    Notice { kind, document: None, folder: None, recipient: RecipientRef::Archivist, written_form, dedupe_key }
}

/// Where a notice goes, looked up in the snapshot only when the mail is made. `None` for people who are told on paper, for
/// people that the snapshot does not have, and for the archivist, whose address is in the configuration.
pub fn address_of(notice: &Notice, snapshot: &Snapshot) -> Option<EmailAddress> {
    contact_of(notice.recipient, snapshot).filter(|c| reachable(c)).and_then(|c| c.email.clone())
}

fn people(snapshot: &Snapshot) -> Vec<(NoticeKind, RecipientRef)> {
    match &snapshot.content {
        Content::PlanSnapshot(_) => Vec::new(),
        Content::MeetingMinutes(minutes) => {
            (0..).take(minutes.recipients.len()).map(|n| (NoticeKind::MinutesReady, RecipientRef::Recipient(n))).collect()
        }
        Content::AnnualReport(report) => {
            let told = if is_of_age(snapshot, report) || snapshot.case.guardians.is_empty() {
                vec![RecipientRef::Subject]
            } else {
                (0..).take(snapshot.case.guardians.len()).map(RecipientRef::Guardian).collect()
            };
            told.into_iter().map(|who| (NoticeKind::AnnualReportReady, who)).collect()
        }
    }
}

fn contact_of(recipient: RecipientRef, snapshot: &Snapshot) -> Option<&Contact> {
    match (recipient, &snapshot.content) {
        (RecipientRef::Subject, Content::AnnualReport(report)) => {
            // A child under 15 is never written to, even where the record has an address.
            snapshot.case.subject_contact.as_ref().filter(|_| is_of_age(snapshot, report))
        }
        (RecipientRef::Subject, _) => snapshot.case.subject_contact.as_ref(),
        (RecipientRef::Guardian(n), _) => snapshot.case.guardians.get(usize::from(n))?.contact.as_ref(),
        (RecipientRef::Recipient(n), Content::MeetingMinutes(minutes)) => minutes.recipients.get(usize::from(n))?.contact.as_ref(),
        (RecipientRef::Recipient(_) | RecipientRef::Archivist, _) => None,
    }
}

fn is_of_age(snapshot: &Snapshot, report: &AnnualReport) -> bool {
    snapshot.case.subject_birth_date.age_at(report.finalised_at.oslo_date()) >= OF_AGE
}

fn reachable(contact: &Contact) -> bool {
    !contact.reserved && contact.email.as_ref().is_some_and(|address| Deliverable::try_from(address).is_ok())
}

fn notice(kind: NoticeKind, recipient: RecipientRef, written_form: WrittenForm, snapshot: &Snapshot, folder: &CaseFolderId) -> Notice {
    let document = snapshot.key();
    let dedupe_key = format!("{}:{document}:{}", kind.id(), recipient_key(recipient));
    Notice { kind, document: Some(document), folder: Some(folder.clone()), recipient, written_form, dedupe_key }
}

fn recipient_key(recipient: RecipientRef) -> String {
    match recipient {
        RecipientRef::Subject => "subject".to_owned(),
        RecipientRef::Guardian(n) => format!("guardian-{n}"),
        RecipientRef::Recipient(n) => format!("recipient-{n}"),
        RecipientRef::Archivist => "archivist".to_owned(),
    }
}
