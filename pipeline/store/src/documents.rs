//! Documents from acceptance to notified.

use std::{fmt, future::Future, str::FromStr};

use pipeline_domain::{
    Archived, CaseFolderId, DocumentKey, DocumentKind, ErrorCode, Fact, LogicalPath, MunicipalityNumber, NextStep, NotValid, Notice,
    PlanId, RecipientRef, Reservation, Sha256, Sha512, Snapshot, Timestamp,
};

use crate::{FactSource, Folder, MailId, Plan, SlotChange, StoreError, words};

words! {
    /// Where a document is. The table's `check` has the same words.
    DocumentState, "document state" {
        /// In: accepted, numbers reserved. Out: archived, or failed when no retry is left.
        Accepted "accepted",
        /// In: safe in its case folder, mail queued in the same transaction. Out: notified when every mail is settled.
        Archived "archived",
        /// In: archived, and each of its mails accepted or delivered (at once when there are none). Never left.
        Notified "notified",
        /// In: a failure that retrying does not help, or the last retry. Out: accepted, by a person's `retry`.
        Failed "failed",
    }
}

words! {
    /// Which part of the work failed.
    Stage, "stage" {
        /// Reading the accepted file back.
        Intake "intake",
        /// Setting the PDF.
        Render "render",
        /// Describing it.
        Package "package",
        /// Placing it in its case folder.
        Archive "archive",
        /// Sending a mail.
        Notify "notify",
    }
}

/// Short name of a source system, such as `samspill`: a lower-case letter, then up to 31 of `a-z`, `0-9`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceSystem(String);

impl SourceSystem {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SourceSystem {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let ok = s.len() <= 32
            && s.starts_with(|c: char| c.is_ascii_lowercase())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if ok { Ok(Self(s.to_owned())) } else { Err(NotValid("source system")) }
    }
}

impl fmt::Display for SourceSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the store is told of a document that intake has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// Document and version.
    pub key: DocumentKey,
    /// Document type.
    pub kind: DocumentKind,
    /// Of the content: equal digests are the same document.
    pub digest: Sha256,
    /// Whose archive.
    pub municipality: MunicipalityNumber,
    /// The plan.
    pub plan: PlanId,
    /// Whose id the plan's is.
    pub source_system: SourceSystem,
    /// What is remembered of it in the life of its plan.
    pub fact: Fact,
    /// What it does with the person's one place.
    pub slot: SlotChange,
    /// Now. Gives folder and journal their year.
    pub at: Timestamp,
}

impl NewDocument {
    /// The part of a snapshot that the store may know. Fails on a source system name that intake would have refused.
    pub fn of(snapshot: &Snapshot, slot: SlotChange, at: Timestamp) -> Result<Self, NotValid> {
        Ok(Self {
            key: snapshot.key(),
            kind: snapshot.kind(),
            digest: snapshot.digest,
            municipality: snapshot.case.municipality_number.clone(),
            plan: snapshot.case.plan_id,
            source_system: snapshot.plan_system().parse()?,
            fact: Fact::of_document(snapshot),
            slot,
            at,
        })
    }
}

/// Answer to an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// New: these numbers are its own from now on.
    New(Reservation),
    /// The same content was accepted before (`duplicate_snapshot`), perhaps under another id: this row.
    Known(Box<DocumentRow>),
    /// Document id and version stand for other content (`document_id_reused`).
    IdReused,
    /// Another open plan, with this folder, has the person's one place (`plan_exists`); nothing was done.
    SlotTaken(CaseFolderId),
}

/// Place in the queue of accepted documents, to read on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePlace(pub i64);

/// A document that waits to be archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingDocument {
    /// Where it stands in the queue.
    pub place: QueuePlace,
    /// Document and version.
    pub key: DocumentKey,
    /// Document type.
    pub kind: DocumentKind,
    /// Of its content.
    pub digest: Sha256,
    /// Its numbers.
    pub reservation: Reservation,
    /// Failed attempts since it was accepted or last retried by a person.
    pub attempts: u32,
    /// When the first of those failed.
    pub first_failed_at: Option<Timestamp>,
}

/// Where a document lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedAt {
    /// Version of the folder that brought it.
    pub folder_version: u32,
    /// Its PDF inside the folder.
    pub pdf: LogicalPath,
    /// SHA-512 of that version's inventory: the receipt.
    pub inventory: Sha512,
    /// When it was recorded.
    pub at: Timestamp,
}

/// All that the store knows of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Document and version.
    pub key: DocumentKey,
    /// Document type.
    pub kind: DocumentKind,
    /// Of its content.
    pub digest: Sha256,
    /// Its plan.
    pub plan: Plan,
    /// Its numbers.
    pub reservation: Reservation,
    /// Where it is.
    pub state: DocumentState,
    /// Set from `archived` on.
    pub archived: Option<ArchivedAt>,
    /// Failed attempts since it was accepted or last retried by a person.
    pub attempts: u32,
    /// When the first of those failed.
    pub first_failed_at: Option<Timestamp>,
    /// Not tried before this instant. Means something in `accepted` only.
    pub next_at: Timestamp,
    /// Why the last attempt failed.
    pub last_code: Option<ErrorCode>,
}

/// Which documents to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// Only in this state.
    pub state: Option<DocumentState>,
    /// Only in this folder.
    pub folder: Option<CaseFolderId>,
}

/// Whether a recording changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Recorded by this call.
    Now,
    /// It was recorded already, word for word.
    Before,
}

/// What an attempt was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptSubject {
    /// A document on its way into the archive.
    Document(DocumentKey),
    /// A mail.
    Mail(MailId),
}

/// One failed attempt. Kept for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub subject: AttemptSubject,
    /// Where it failed.
    pub stage: Stage,
    /// 1 for the first failure of this subject; never starts over.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub code: ErrorCode,
    /// More on why, in our own words: ids and numbers only.
    pub detail: String,
}

/// Someone who must be told on paper, since there is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperItem {
    /// What to tell about.
    pub about: FactSource,
    /// Its folder.
    pub folder: CaseFolderId,
    /// Who: the name is in the document or event.
    pub recipient: RecipientRef,
    /// When it was listed.
    pub at: Timestamp,
}

/// Documents, their folders and numbers.
///
/// Lists come oldest first. A call whose future is dropped may still take effect.
pub trait Documents {
    /// Takes a document in: recognises content and id, finds or opens the plan's folder, gives a journal number, and enqueues what
    /// follows, in one transaction. A known document that still waits gets its jobs too, unless an unfinished or dead job bears its
    /// key as unique key.
    fn accept(&self, document: &NewDocument, follow_up: crate::FollowUp) -> impl Future<Output = Result<Acceptance, StoreError>> + Send;

    /// Accepted documents whose time has come, oldest first, `after` a place when reading on. A document stays in this list
    /// until it is recorded as archived or failed: who works on several at once remembers which.
    fn pending(
        &self,
        now: Timestamp,
        after: Option<QueuePlace>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<PendingDocument>, StoreError>> + Send;

    /// When the next accepted document falls due; `None` when none waits.
    fn next_due(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Records a document as archived and queues its mail, in one transaction. Repeating it changes nothing, also after the
    /// document was counted as failed; a notice whose key is there already is left as it is. Jobs that have not begun and bear
    /// the document's key as unique key are finished with it: `run-once` may be quicker than the queue.
    fn record_archived(
        &self,
        archived: &Archived,
        notices: &[Notice],
        on_paper: &[RecipientRef],
        at: Timestamp,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// Keeps a failed attempt with its reason, and what comes next. `detail` is in our own words: ids and numbers only; it is
    /// cut at 300 characters.
    fn record_attempt_failed(
        &self,
        document: DocumentKey,
        stage: Stage,
        code: ErrorCode,
        detail: &str,
        at: Timestamp,
        next: NextStep,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts a failed document back among the accepted, with a clean count. Its earlier attempts stay listed. An accepted
    /// document becomes due at once; one that is archived is left alone ([`Recorded::Before`]). An unfinished
    /// job with its key as unique key becomes due at once; if there is none, the newest dead one comes back, as
    /// [`retry_job`](crate::Jobs::retry_job) would bring it; if there is none either, what follows is enqueued.
    fn retry_document(
        &self,
        document: DocumentKey,
        at: Timestamp,
        follow_up: crate::FollowUp,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// One document.
    fn document(&self, key: DocumentKey) -> impl Future<Output = Result<Option<DocumentRow>, StoreError>> + Send;

    /// Where the documents with these contents are; a content that no document has is left out. In no order.
    fn states_of(&self, digests: &[Sha256]) -> impl Future<Output = Result<Vec<(Sha256, DocumentState)>, StoreError>> + Send;

    /// Every version of one document, lowest first.
    fn versions(&self, id: pipeline_domain::DocumentId) -> impl Future<Output = Result<Vec<DocumentRow>, StoreError>> + Send;

    /// Documents, at most `limit` of them, the newest when there are more.
    fn documents(&self, filter: &DocumentFilter, limit: u32) -> impl Future<Output = Result<Vec<DocumentRow>, StoreError>> + Send;

    /// Every case folder, by municipality, year and number.
    fn folders(&self) -> impl Future<Output = Result<Vec<Folder>, StoreError>> + Send;

    /// One case folder.
    fn folder(&self, id: &CaseFolderId) -> impl Future<Output = Result<Option<Folder>, StoreError>> + Send;

    /// A plan's case folder.
    fn folder_of(&self, plan: &Plan) -> impl Future<Output = Result<Option<Folder>, StoreError>> + Send;

    /// Failed attempts of one document, its mails included.
    fn attempts(&self, document: DocumentKey) -> impl Future<Output = Result<Vec<Attempt>, StoreError>> + Send;

    /// Who must be told on paper.
    fn paper_list(&self) -> impl Future<Output = Result<Vec<PaperItem>, StoreError>> + Send;
}
