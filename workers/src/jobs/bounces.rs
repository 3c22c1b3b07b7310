//! What comes back: delivery reports (RFC 3464) from the Maildir that the return path of our mails leads to.
//!
//! A report is matched to its mail by what we put into it, written down by the mail's number, and put aside. Where it says that an
//! address is no good, the address is blocked first: a stop between any two steps is met by doing the message again, and each step
//! knows what it has done. What is no report, or none of ours, is flagged for a person; nothing is guessed and nothing of it removed.

mod blocking;
mod book;
mod mailbox;

use std::{collections::HashMap, fs::File, sync::Arc};

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_notify::{
    DeliveryAction, DeliveryReport, LARGEST_RETURNED_BYTES, MailName, MailReference, ReturnedKind, ReturnedMail, UnknownReason,
};
use pipeline_store::{Mail, MailId, MailOutcome, MailState, Outbox};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use serde::Serialize;

pub use blocking::block;
pub use book::{AddressBook, Noted, ReportBook, ReportKey};
use mailbox::{Mailbox, Mark};

use crate::{failure::Failure, shell::Shell};

/// Messages in one look; the rest waits for the next.
const PAGE: usize = 1000;
/// Where a report does not bring our envelope id, its mail is looked for among so many, the newest.
const NEWEST: u32 = 20_000;
/// Why a report on a mail that the outbox does not have is left to a person.
const NO_SUCH_MAIL: &str = "no_such_mail";

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BounceSummary {
    pub delivered: u32,
    /// Out of sight: given to a server that does not report, or on to several addresses.
    pub relayed: u32,
    pub delayed: u32,
    pub failed: u32,
    /// Of those that failed: addresses that get no mail any more.
    pub blocked: u32,
    /// Reports that were known already.
    pub known: u32,
    pub auto_replies: u32,
    /// Flagged for a person.
    pub unknown: u32,
    /// Not ordinary files, or not ours to read or move. They lie where they lay.
    pub left: u32,
}

/// Answer to a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The configuration names no mailbox.
    NotSetUp,
    /// Another process is looking.
    Busy,
    /// Everything that lay there was seen to.
    Done(BounceSummary),
}

/// A message that is left to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flagged {
    /// Its name in `cur/`.
    pub file: String,
    pub why: &'static str,
}

/// Sees to every message that waits in the mailbox.
pub async fn look(shell: &Shell) -> Result<Look, Failure> {
    let Some(mailbox) = mailbox_of(shell) else { return Ok(Look::NotSetUp) };
    let Some(_held) = hold(shell)? else { return Ok(Look::Busy) };
    let book = ReportBook::of(shell);
    let mut looking = Looking { shell, book: &book, mailbox: &mailbox, index: None, summary: BounceSummary::default() };
    for name in mailbox.waiting(PAGE)? {
        looking.see_to(&name).await?;
    }
    mailbox.prune(shell.clock.now(), shell.config.mail.keep_bounces_days)?;
    Ok(Look::Done(looking.summary))
}

/// Messages that wait for a person, at most so many.
pub async fn flagged(shell: &Shell, most: usize) -> Result<Vec<Flagged>, Failure> {
    let Some(mailbox) = mailbox_of(shell) else { return Ok(Vec::new()) };
    let mut flagged = Vec::new();
    for name in mailbox.flagged(most)? {
        let Some(bytes) = mailbox.read_flagged(&name)? else { continue };
        let why = match judge(bytes).await.kind {
            ReturnedKind::Unknown(reason) => reason.id(),
            ReturnedKind::Reports { .. } | ReturnedKind::AutoReply => NO_SUCH_MAIL,
        };
        // A name is the mail server's own; what a terminal would act on is not shown.
        let file = name.to_string_lossy().replace(char::is_control, "?");
        flagged.push(Flagged { file, why });
    }
    Ok(flagged)
}

fn mailbox_of(shell: &Shell) -> Option<Mailbox> {
    shell.config.mail.bounces.as_ref().map(|folder| Mailbox::at(shell.data.resolve(folder)))
}

/// One process looks at a time. The kernel lets go when it ends.
fn hold(shell: &Shell) -> Result<Option<File>, Failure> {
    let failed = |e: std::io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot hold the folder of delivery reports: {e}"));
    let folder = File::open(shell.data.bounces()).map_err(failed)?;
    match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(folder)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(e) => Err(failed(e.into())),
    }
}

/// Reads one message off the threads that must not wait. A panic in there says that the message cannot be read, and stops nothing.
async fn judge(bytes: Vec<u8>) -> ReturnedMail {
    let bytes = Arc::new(bytes);
    let read = bytes.clone();
    let judged = tokio::task::spawn_blocking(move || pipeline_notify::read_returned(&read)).await;
    judged
        .unwrap_or_else(|_| ReturnedMail { id: pipeline_domain::Sha256::of(&bytes), kind: ReturnedKind::Unknown(UnknownReason::Malformed) })
}

/// One look.
struct Looking<'a, B> {
    shell: &'a Shell,
    book: &'a B,
    mailbox: &'a Mailbox,
    /// The newest mails by name, once they are asked for.
    index: Option<HashMap<MailName, MailId>>,
    summary: BounceSummary,
}

impl<B: AddressBook> Looking<'_, B> {
    async fn see_to(&mut self, name: &std::ffi::OsStr) -> Result<(), Failure> {
        // One byte more than is read: it shows that there is more.
        let Some(bytes) = self.mailbox.read_waiting(name, LARGEST_RETURNED_BYTES + 1)? else {
            self.summary.left += 1;
            return Ok(());
        };
        let returned = judge(bytes).await;
        let mark = match &returned.kind {
            ReturnedKind::Reports { about, reports } => match self.mail_of(about).await? {
                Some(mail) => {
                    self.take(&mail, &returned, reports).await?;
                    Mark::Handled
                }
                None => self.flag(NO_SUCH_MAIL),
            },
            ReturnedKind::AutoReply => {
                self.summary.auto_replies += 1;
                Mark::Handled
            }
            ReturnedKind::Unknown(reason) => self.flag(reason.id()),
        };
        if !self.mailbox.put_aside(name, mark)? {
            self.summary.left += 1;
        }
        Ok(())
    }

    fn flag(&mut self, why: &'static str) -> Mark {
        tracing::warn!(why, "a message that came back is left to a person");
        self.summary.unknown += 1;
        Mark::Flagged
    }

    /// Every report of one message. The note comes last and shows that the rest is done.
    async fn take(&mut self, mail: &Mail, returned: &ReturnedMail, reports: &[DeliveryReport]) -> Result<(), Failure> {
        let now = self.shell.clock.now();
        self.resolve_doubt(mail, now).await?;
        for (place, report) in reports.iter().enumerate() {
            let key = ReportKey::of(returned.id, place);
            if self.book.has(mail.id, key).await? {
                self.summary.known += 1;
                continue;
            }
            let blocked = report.condemns_address() && self.block(mail, report, now).await?;
            self.book.note(mail, key, report, now).await?;
            self.count(report, blocked);
            tracing::info!(mail.id = %mail.id, action = report.action.id(), status = %report.status, "delivery report");
        }
        Ok(())
    }

    /// Whether the address is blocked by this now. One that is not known any more cannot be.
    async fn block(&self, mail: &Mail, report: &DeliveryReport, at: Timestamp) -> Result<bool, Failure> {
        match self.book.block(mail, report, at).await {
            Ok(()) => Ok(true),
            Err(failure) if failure.verdict == pipeline_domain::Verdict::GiveUp => {
                tracing::error!(mail.id = %mail.id, code = %failure.code, "an address that takes no mail is not blocked: {}", failure.detail);
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whoever reports on a mail has taken it: where we did not hear the server's answer, this is it.
    async fn resolve_doubt(&self, mail: &Mail, now: Timestamp) -> Result<(), Failure> {
        if mail.state == MailState::Doubtful {
            self.shell.store.record_mail(&mail.dedupe_key, &MailOutcome::Accepted, now).await?;
        }
        Ok(())
    }

    fn count(&mut self, report: &DeliveryReport, blocked: bool) {
        let counted = match report.action {
            DeliveryAction::Delivered => &mut self.summary.delivered,
            DeliveryAction::Relayed | DeliveryAction::Expanded => &mut self.summary.relayed,
            DeliveryAction::Delayed => &mut self.summary.delayed,
            DeliveryAction::Failed => &mut self.summary.failed,
        };
        *counted += 1;
        self.summary.blocked += u32::from(blocked);
    }

    /// The mail that a report is about; `None` when its number and name do not belong together, or there is none.
    async fn mail_of(&mut self, about: &MailReference) -> Result<Option<Mail>, Failure> {
        let number = match about {
            MailReference::Envelope(id) => Some(MailId(id.number())),
            MailReference::Name(name) => self.number_of(name).await?,
        };
        let Some(number) = number else { return Ok(None) };
        let mail = self.shell.store.mail_by_id(number).await?;
        Ok(mail.filter(|mail| MailName::of(&mail.dedupe_key) == *about.name()))
    }

    async fn number_of(&mut self, name: &MailName) -> Result<Option<MailId>, Failure> {
        if self.index.is_none() {
            let newest = self.shell.store.mails(&pipeline_store::MailFilter::default(), NEWEST).await?;
            self.index = Some(newest.iter().map(|mail| (MailName::of(&mail.dedupe_key), mail.id)).collect());
        }
        Ok(self.index.as_ref().and_then(|index| index.get(name)).copied())
    }
}
