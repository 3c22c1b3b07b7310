//! Plans as schedules see them: what each has lived through, who is told of what was found, and how they are reached.

use std::collections::BTreeSet;

use chrono::Datelike;
use pipeline_domain::{CaseFolderId, Contact, Date, ErrorCode, Event, EventId, Notice, NoticeKind, RecipientRef, Sha256, Snapshot};
use pipeline_intake::Incoming;
use pipeline_lifecycle::{Life, Whom, has_gone_stale};
use pipeline_notify::Telling;
use pipeline_store::{AddressRow, FactRow, NewJob, Plans};

use crate::{
    failure::Failure,
    jobs::{events, stages::notify_event_job},
    shell::Shell,
};

/// One plan now.
pub struct PlanNow {
    pub folder: CaseFolderId,
    /// Its facts, by when they happened, then by when they came.
    pub rows: Vec<FactRow>,
    pub life: Life,
}

impl PlanNow {
    pub async fn of(shell: &Shell, folder: &CaseFolderId) -> Result<Self, Failure> {
        let rows = shell.store.facts_of(folder).await?;
        let life = Life::of(rows.iter().map(|row| &row.fact));
        Ok(Self { folder: folder.clone(), rows, life })
    }

    /// The newest event whose file tells how the lead is reached.
    pub fn newest_contacts(&self) -> Option<&FactRow> {
        self.rows.iter().rev().find(|row| row.tells_contacts)
    }

    /// That event as it came. `None` for a plan whose source system sends none, and when the file cannot be read: nobody can be
    /// reached then, and the other plans have to go on.
    pub async fn contacts(&self, shell: &Shell) -> Result<Option<Box<Event>>, Failure> {
        let Some(row) = self.newest_contacts() else { return Ok(None) };
        match events::read_back(shell, row).await {
            Ok(event) => Ok(Some(event)),
            Err(failure) if failure.code == ErrorCode::DocumentMissing => {
                tracing::warn!(folder.id = %self.folder, code = %failure.code, "nobody can be told of a plan: {}", failure.detail);
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The people behind a reminder, as the plan's newest event names them. Those called to a meeting stand in the invitation.
pub fn people(whom: Whom, event: &Event, today: Date) -> Vec<RecipientRef> {
    match whom {
        Whom::Lead => vec![RecipientRef::Lead],
        Whom::Deciders => event.case.deciders(today),
        Whom::Called => Vec::new(),
    }
}

/// What a document said when it was accepted; `None` when its file is no longer there, or not what it was.
pub async fn read_document(shell: &Shell, digest: Sha256) -> Result<Option<Box<Snapshot>>, Failure> {
    let (path, reader) = (shell.data.accepted_file(digest), shell.reader.clone());
    let read = tokio::task::spawn_blocking(move || std::fs::read(path).map(|bytes| reader.take(&bytes))).await;
    match read.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "reading ended in an internal error"))? {
        Ok(Incoming::Document(snapshot)) => Ok(Some(snapshot)),
        Ok(_) => Ok(None),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::retry(ErrorCode::ArchiveWrite, format!("an accepted file cannot be read: {e}"))),
    }
}

/// What is told, and to whom on paper. Queued in one go.
#[derive(Default)]
pub struct Findings {
    by_mail: Vec<Notice>,
    on_paper: Vec<(EventId, RecipientRef)>,
    events: BTreeSet<EventId>,
    jobs: Vec<NewJob>,
}

impl Findings {
    /// Somebody whom an event knows is told of this. On paper when there is no address, when they are reserved, when the address
    /// takes no mail, or when it is too old for what has legal effect.
    pub async fn tell(&mut self, shell: &Shell, about: &About<'_>, recipient: RecipientRef, dedupe_key: String) -> Result<(), Failure> {
        let About { event, folder, kind } = about;
        let Some(contact) = event.contact(recipient) else {
            self.on_paper.push((event.id, recipient));
            return Ok(());
        };
        let written_form = contact.written_form;
        let folder = Some((*folder).clone());
        let notice = Notice { kind: *kind, document: None, event: Some(event.id), folder, recipient, written_form, dedupe_key };
        if takes_mail(shell, &notice, event, contact).await? {
            self.events.insert(event.id);
            self.by_mail.push(notice);
        } else {
            self.on_paper.push((event.id, recipient));
        }
        Ok(())
    }

    /// A notice whose address stands elsewhere, and the job that sends it.
    pub fn add(&mut self, notice: Notice, job: NewJob) {
        self.by_mail.push(notice);
        self.jobs.push(job);
    }

    /// Queues all of it. How many were new.
    pub async fn queue(mut self, shell: &Shell) -> Result<u32, Failure> {
        if self.by_mail.is_empty() && self.on_paper.is_empty() {
            return Ok(0);
        }
        self.jobs.extend(self.events.into_iter().map(notify_event_job));
        Ok(shell.store.queue_notices(&self.by_mail, &self.on_paper, &self.jobs, shell.clock.now()).await?)
    }
}

/// What somebody is told of, and where their address stands.
pub struct About<'a> {
    pub kind: NoticeKind,
    pub event: &'a Event,
    pub folder: &'a CaseFolderId,
}

/// Of the notices that an event causes at once: those with legal effect go on paper where the address is too old for them.
pub async fn with_good_addresses(shell: &Shell, event: &Event, mut telling: Telling) -> Result<Telling, Failure> {
    let mut by_mail = Vec::with_capacity(telling.by_mail.len());
    for notice in telling.by_mail {
        let contact = event.contact(notice.recipient).filter(|_| has_legal_effect(&notice));
        let takes_mail = match contact {
            Some(contact) => takes_mail(shell, &notice, event, contact).await?,
            None => true,
        };
        if takes_mail {
            by_mail.push(notice);
        } else {
            telling.on_paper.push(notice.recipient);
        }
    }
    Ok(Telling { by_mail, ..telling })
}

async fn takes_mail(shell: &Shell, notice: &Notice, event: &Event, contact: &Contact) -> Result<bool, Failure> {
    let Some(address) = pipeline_notify::event_address_of(notice, event) else { return Ok(false) };
    let known = shell.store.address(shell.pseudonyms()?.address(&address)).await?;
    let is_too_old = has_legal_effect(notice) && is_stale(contact, &known, shell.clock.now().oslo_date());
    Ok(known.blocked_at.is_none() && !is_too_old)
}

/// Whether it says something to subject or guardians that the municipality is bound to say (eForvaltningsforskriften § 32).
fn has_legal_effect(notice: &Notice) -> bool {
    let is_about_consent = matches!(notice.kind, NoticeKind::ConsentRequest | NoticeKind::ConsentExpiring | NoticeKind::ConsentExpired);
    is_about_consent && matches!(notice.recipient, RecipientRef::Subject | RecipientRef::Guardian(_))
}

/// The week that a weekly mail is of, in its key: one that was missed on Monday and one that is asked for on Tuesday are the same.
/// ISO 8601: `2026-w48`.
pub fn week(day: Date) -> String {
    let week = day.naive().iso_week();
    format!("{}-w{:02}", week.year(), week.week())
}

/// Whether nobody has said for 18 months that the contact data is right. When nobody has ever said so, it is not known.
pub fn is_stale(contact: &Contact, known: &AddressRow, today: Date) -> bool {
    let confirmed = contact.confirmed_on.max(known.confirmed_at.map(pipeline_domain::Timestamp::oslo_date));
    confirmed.is_some_and(|day| has_gone_stale(day, today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_and_belongs_to_one_year() {
        for (day, expected) in [
            ("2026-11-22", "2026-w47"),
            ("2026-11-23", "2026-w48"),
            ("2026-11-29", "2026-w48"),
            ("2027-01-03", "2026-w53"),
            ("2027-01-04", "2027-w01"),
            ("2024-12-30", "2025-w01"),
        ] {
            assert_eq!(week(day.parse().unwrap()), expected, "{day}");
        }
    }

    #[test]
    fn contact_data_is_as_old_as_the_last_word_on_it() {
        let check = |confirmed_on: Option<&str>, address: Option<&str>, expected: bool| {
            let contact = Contact {
                email: None,
                written_form: pipeline_domain::WrittenForm::Nb,
                reserved: false,
                person: None,
                confirmed_on: confirmed_on.map(|day| day.parse().unwrap()),
            };
            let confirmed_at = address.map(|at| at.parse().unwrap());
            let known = AddressRow { confirmed_at, ..AddressRow::default() };
            assert_eq!(is_stale(&contact, &known, "2026-11-24".parse().unwrap()), expected, "{confirmed_on:?} {address:?}");
        };
        check(None, None, false);
        check(Some("2025-05-24"), None, false);
        check(Some("2025-05-23"), None, true);
        check(Some("2025-05-23"), Some("2026-01-01T09:00:00+01:00"), false);
        check(None, Some("2025-01-01T09:00:00+01:00"), true);
    }
}
