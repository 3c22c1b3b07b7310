//! Mail that waits, is under way, or is settled.

use std::{fmt, future::Future};

use pipeline_domain::{CaseFolderId, DocumentKey, ErrorCode, EventId, NextStep, NoticeKind, RecipientRef, Timestamp, WrittenForm};

use crate::{Attempt, Recorded, StoreError, words};

words! {
    /// Where a mail is. The table's `check` has the same words.
    MailState, "mail state" {
        /// In: with its document's archiving, or back after a passing failure, or a claim whose process died. Out: sending.
        Queued "queued",
        /// In: claimed. Out: delivered, body_sent, queued again, failed.
        Sending "sending",
        /// In (SMTP only): just before the final dot of the message is written. Out: accepted, queued again, failed, or
        /// doubtful when the process dies or the connection breaks.
        BodySent "body_sent",
        /// In: the server took it over. Never left.
        Accepted "accepted",
        /// In: it lies in the Maildir. Never left.
        Delivered "delivered",
        /// In: refused for good, or the last retry. Out: queued, by a person's `retry`.
        Failed "failed",
        /// In: nobody knows whether the server took it. Out: queued, by a person's `retry`, or accepted when learnt later.
        Doubtful "doubtful",
    }
}

/// Number of a mail in the outbox, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct MailId(pub i64);

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One mail to one person. The address is in the document, never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub id: MailId,
    /// The same key is never sent twice.
    pub dedupe_key: String,
    /// What it tells.
    pub kind: NoticeKind,
    /// The document it tells about; `None` for reports on a run and where an event tells.
    pub document: Option<DocumentKey>,
    /// The event that it tells about, or that holds the address.
    pub event: Option<EventId>,
    /// The plan's folder; `None` for reports on a run.
    pub folder: Option<CaseFolderId>,
    /// Who gets it.
    pub recipient: RecipientRef,
    /// Its language.
    pub written_form: WrittenForm,
    /// Set by the first claim; the same on every attempt.
    pub message_id: Option<String>,
    /// Where it is.
    pub state: MailState,
    /// Failed attempts since it was queued or last retried by a person.
    pub attempts: u32,
    /// When the first of those failed.
    pub first_failed_at: Option<Timestamp>,
    /// When it was queued: the date on the mail, the same on every attempt.
    pub queued_at: Timestamp,
    /// Not tried before this instant. Means something in `queued` only.
    pub next_at: Timestamp,
    /// When it was last claimed.
    pub claimed_at: Option<Timestamp>,
    /// When it was accepted or delivered.
    pub settled_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_code: Option<ErrorCode>,
}

/// Answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Yours to send, with the message id that stands.
    Yours(Box<Mail>),
    /// Not waiting: somebody has it, or it is settled.
    Taken(MailState),
}

/// How an attempt to send ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server took it over.
    Accepted,
    /// It lies in the Maildir.
    Delivered,
    /// The connection broke after the message had gone out.
    Doubtful {
        /// In our own words, such as `reply timeout`: no server text, no address.
        detail: String,
    },
    /// It was not sent.
    NotSent {
        /// Why.
        code: ErrorCode,
        /// In our own words, such as `smtp 550 5.1.1`: no server text, no address.
        detail: String,
        /// What comes next.
        next: NextStep,
    },
}

/// Which mails to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// Only in this state.
    pub state: Option<MailState>,
    /// Only of this document.
    pub document: Option<DocumentKey>,
    /// Only of this event.
    pub event: Option<EventId>,
    /// Only of these kinds; none named means of every kind.
    pub kinds: Vec<NoticeKind>,
    /// Only those that were accepted or delivered at this instant or later.
    pub settled_after: Option<Timestamp>,
    /// Only those that were accepted or delivered earlier than this instant.
    pub settled_before: Option<Timestamp>,
}

/// Mail. One process at a time sends: the first [`mails_due`](Outbox::mails_due) or [`claim_mail`](Outbox::claim_mail) makes it
/// this one until the store is closed; in another process both answer [`StoreError::OutboxHeld`].
///
/// When a store becomes the one that sends, it first frees what a dead process left behind: `sending` goes back to `queued`
/// (nothing irrevocable had happened; a Maildir recognises its own file), `body_sent` becomes `doubtful`.
/// Only a server's transport marks `body_sent`: a Maildir's claim is simply sent again.
pub trait Outbox {
    /// Queued mails whose time has come, oldest first.
    fn mails_due(&self, now: Timestamp, limit: u32) -> impl Future<Output = Result<Vec<Mail>, StoreError>> + Send;

    /// When the next queued mail falls due; `None` when none waits.
    fn next_mail_due(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Takes a queued mail. `message_id` is kept if it has none yet.
    fn claim_mail(&self, dedupe_key: &str, message_id: &str, at: Timestamp) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Notes that the message is about to be complete at the server; durable before the final dot is written.
    fn mark_body_sent(&self, dedupe_key: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes down how a claimed mail went, keeps the attempt if it failed, and counts the document as notified when this
    /// was its last open mail. Repeating a success changes nothing.
    fn record_mail(&self, dedupe_key: &str, outcome: &MailOutcome, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Queues a failed or doubtful mail again, with a clean count. A queued one becomes due at once; others are left alone.
    fn retry_mail(&self, dedupe_key: &str, at: Timestamp) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// One mail, by key.
    fn mail(&self, dedupe_key: &str) -> impl Future<Output = Result<Option<Mail>, StoreError>> + Send;

    /// One mail, by number.
    fn mail_by_id(&self, id: MailId) -> impl Future<Output = Result<Option<Mail>, StoreError>> + Send;

    /// One mail, by the message id that its first claim gave it; the newest, should several bear it.
    fn mail_by_message_id(&self, message_id: &str) -> impl Future<Output = Result<Option<Mail>, StoreError>> + Send;

    /// Mails, oldest first, at most `limit` of them, the newest when there are more. With a document, an event or an instant in the
    /// filter no others are read.
    fn mails(&self, filter: &MailFilter, limit: u32) -> impl Future<Output = Result<Vec<Mail>, StoreError>> + Send;

    /// Failed attempts of one mail.
    fn mail_attempts(&self, id: MailId) -> impl Future<Output = Result<Vec<Attempt>, StoreError>> + Send;
}
