//! Rows as PostgreSQL gives them, and the domain types they become. A row that does not parse is an inconsistency.

use std::{fmt::Display, str::FromStr};

use pipeline_domain::{
    CaseFolderId, DocumentKey, DocumentKind, DocumentVersion, ErrorCode, JournalNumber, NoticeKind, Sha256, Timestamp, WrittenForm,
};
use pipeline_store::{
    ArchivedAt, Attempt, AttemptSubject, DocumentRow, DocumentState, FactSource, Folder, Mail, MailId, PaperItem, PendingDocument, Plan,
    QueuePlace, Reservation, Run, RunCounts, StoreError,
};

use crate::accept::Opened;

/// Names the row while its columns are read.
pub(crate) struct Row {
    table: &'static str,
    id: String,
}

impl Row {
    pub(crate) fn of(table: &'static str, id: impl Display) -> Self {
        Self { table, id: id.to_string() }
    }

    pub(crate) fn bad(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, id: self.id.clone() }
    }

    pub(crate) fn text<T: FromStr>(&self, column: &'static str, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|_| self.bad(column))
    }

    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str, number: i64) -> Result<T, StoreError> {
        T::try_from(number).map_err(|_| self.bad(column))
    }

    pub(crate) fn instant(&self, column: &'static str, seconds: i64) -> Result<Timestamp, StoreError> {
        Timestamp::from_unix_seconds(seconds).ok_or_else(|| self.bad(column))
    }

    pub(crate) fn maybe_instant(&self, column: &'static str, seconds: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
        seconds.map(|s| self.instant(column, s)).transpose()
    }

    fn code(&self, column: &'static str, code: &str) -> Result<ErrorCode, StoreError> {
        ErrorCode::from_id(code).ok_or_else(|| self.bad(column))
    }

    pub(crate) fn maybe_code(&self, column: &'static str, code: Option<&str>) -> Result<Option<ErrorCode>, StoreError> {
        code.map(|c| self.code(column, c)).transpose()
    }

    fn kind(&self, kind: &str) -> Result<DocumentKind, StoreError> {
        DocumentKind::from_id(kind).ok_or_else(|| self.bad("kind"))
    }

    pub(crate) fn key(&self, id: &str, version: i64) -> Result<DocumentKey, StoreError> {
        Ok(DocumentKey { id: self.text("document_id", id)?, version: DocumentVersion(self.number("version", version)?) })
    }

    pub(crate) fn source(&self, event: Option<&str>, document: Option<&str>, version: Option<i64>) -> Result<FactSource, StoreError> {
        match (event, document, version) {
            (Some(id), None, None) => Ok(FactSource::Event(self.text("event_id", id)?)),
            (None, Some(id), Some(version)) => Ok(FactSource::Document(self.key(id, version)?)),
            _ => Err(self.bad("event_id")),
        }
    }

    pub(crate) fn folder(&self, municipality: &str, year: i64, sequence: i64) -> Result<CaseFolderId, StoreError> {
        Ok(CaseFolderId {
            municipality: self.text("municipality", municipality)?,
            year: self.number("year", year)?,
            sequence: self.number("sequence", sequence)?,
        })
    }
}

/// Columns of a document and its folder, as `document_rows!` selects them.
pub(crate) struct RawDocument {
    pub id: i64,
    pub document_id: String,
    pub version: i64,
    pub kind: String,
    pub digest: String,
    pub source_system: String,
    pub plan_id: String,
    pub municipality: String,
    pub year: i64,
    pub sequence: i64,
    pub opened_at: i64,
    pub journal_year: i64,
    pub journal_sequence: i64,
    pub accepted_at: i64,
    pub state: String,
    pub attempts: i64,
    pub first_failed_at: Option<i64>,
    pub next_at: i64,
    pub last_code: Option<String>,
    pub folder_version: Option<i64>,
    pub pdf: Option<String>,
    pub inventory: Option<String>,
    pub archived_at: Option<i64>,
}

impl RawDocument {
    fn row(&self) -> Row {
        Row::of("documents", self.id)
    }

    fn reservation(&self, row: &Row) -> Result<Reservation, StoreError> {
        Ok(Reservation {
            folder: row.folder(&self.municipality, self.year, self.sequence)?,
            folder_opened_at: row.instant("opened_at", self.opened_at)?,
            journal: JournalNumber {
                year: row.number("journal_year", self.journal_year)?,
                sequence: row.number("journal_sequence", self.journal_sequence)?,
            },
            accepted_at: row.instant("accepted_at", self.accepted_at)?,
        })
    }

    fn archived(&self, row: &Row) -> Result<Option<ArchivedAt>, StoreError> {
        let Some(at) = self.archived_at else { return Ok(None) };
        Ok(Some(ArchivedAt {
            folder_version: row.number("folder_version", self.folder_version.ok_or_else(|| row.bad("folder_version"))?)?,
            pdf: row.text("pdf", self.pdf.as_deref().ok_or_else(|| row.bad("pdf"))?)?,
            inventory: row.text("inventory", self.inventory.as_deref().ok_or_else(|| row.bad("inventory"))?)?,
            at: row.instant("archived_at", at)?,
        }))
    }
}

impl TryFrom<RawDocument> for DocumentRow {
    type Error = StoreError;
    fn try_from(raw: RawDocument) -> Result<Self, StoreError> {
        let row = raw.row();
        Ok(Self {
            key: row.key(&raw.document_id, raw.version)?,
            kind: row.kind(&raw.kind)?,
            digest: row.text("digest", &raw.digest)?,
            plan: Plan {
                source_system: row.text("source_system", &raw.source_system)?,
                plan: row.text("plan_id", &raw.plan_id)?,
                municipality: row.text("municipality", &raw.municipality)?,
            },
            reservation: raw.reservation(&row)?,
            state: row.text("state", &raw.state)?,
            archived: raw.archived(&row)?,
            attempts: row.number("attempts", raw.attempts)?,
            first_failed_at: row.maybe_instant("first_failed_at", raw.first_failed_at)?,
            next_at: row.instant("next_at", raw.next_at)?,
            last_code: row.maybe_code("last_code", raw.last_code.as_deref())?,
        })
    }
}

impl TryFrom<RawDocument> for PendingDocument {
    type Error = StoreError;
    fn try_from(raw: RawDocument) -> Result<Self, StoreError> {
        let row = raw.row();
        Ok(Self {
            place: QueuePlace(raw.id),
            key: row.key(&raw.document_id, raw.version)?,
            kind: row.kind(&raw.kind)?,
            digest: row.text("digest", &raw.digest)?,
            reservation: raw.reservation(&row)?,
            attempts: row.number("attempts", raw.attempts)?,
            first_failed_at: row.maybe_instant("first_failed_at", raw.first_failed_at)?,
        })
    }
}

/// What an acceptance needs of a folder.
pub(crate) struct RawOpened {
    pub id: i64,
    pub municipality: String,
    pub year: i64,
    pub sequence: i64,
    pub opened_at: i64,
}

impl TryFrom<RawOpened> for Opened {
    type Error = StoreError;
    fn try_from(raw: RawOpened) -> Result<Self, StoreError> {
        let row = Row::of("case_folders", raw.id);
        let id = row.folder(&raw.municipality, raw.year, raw.sequence)?;
        Ok(Self { row: raw.id, id, opened_at: row.instant("opened_at", raw.opened_at)? })
    }
}

/// What `states_of` asks for.
pub(crate) struct RawState {
    pub id: i64,
    pub digest: String,
    pub state: String,
}

impl TryFrom<RawState> for (Sha256, DocumentState) {
    type Error = StoreError;
    fn try_from(raw: RawState) -> Result<Self, StoreError> {
        let row = Row::of("documents", raw.id);
        Ok((row.text("digest", &raw.digest)?, row.text("state", &raw.state)?))
    }
}

/// Columns of a folder, as `folder_rows!` selects them.
pub(crate) struct RawFolder {
    pub id: i64,
    pub source_system: String,
    pub plan_id: String,
    pub municipality: String,
    pub year: i64,
    pub sequence: i64,
    pub opened_at: i64,
    pub documents: i64,
    pub folder_version: Option<i64>,
}

impl TryFrom<RawFolder> for Folder {
    type Error = StoreError;
    fn try_from(raw: RawFolder) -> Result<Self, StoreError> {
        let row = Row::of("case_folders", raw.id);
        Ok(Self {
            id: row.folder(&raw.municipality, raw.year, raw.sequence)?,
            plan: Plan {
                source_system: row.text("source_system", &raw.source_system)?,
                plan: row.text("plan_id", &raw.plan_id)?,
                municipality: row.text("municipality", &raw.municipality)?,
            },
            opened_at: row.instant("opened_at", raw.opened_at)?,
            documents: row.number("documents", raw.documents)?,
            folder_version: raw.folder_version.map(|v| row.number("folder_version", v)).transpose()?,
        })
    }
}

/// Columns of a mail, as `mail_rows!` selects them.
pub(crate) struct RawMail {
    pub id: i64,
    pub dedupe_key: String,
    pub kind: String,
    pub document_id: Option<String>,
    pub version: Option<i64>,
    pub event_id: Option<String>,
    pub municipality: Option<String>,
    pub year: Option<i64>,
    pub sequence: Option<i64>,
    pub recipient: String,
    pub written_form: String,
    pub message_id: Option<String>,
    pub state: String,
    pub attempts: i64,
    pub first_failed_at: Option<i64>,
    pub queued_at: i64,
    pub next_at: i64,
    pub claimed_at: Option<i64>,
    pub settled_at: Option<i64>,
    pub last_code: Option<String>,
}

impl TryFrom<RawMail> for Mail {
    type Error = StoreError;
    fn try_from(raw: RawMail) -> Result<Self, StoreError> {
        let row = Row::of("outbox", raw.id);
        let document = match (&raw.document_id, raw.version) {
            (Some(id), Some(version)) => Some(row.key(id, version)?),
            _ => None,
        };
        let folder = match (&raw.municipality, raw.year, raw.sequence) {
            (Some(municipality), Some(year), Some(sequence)) => Some(row.folder(municipality, year, sequence)?),
            _ => None,
        };
        Ok(Self {
            id: MailId(raw.id),
            kind: NoticeKind::from_id(&raw.kind).ok_or_else(|| row.bad("kind"))?,
            document,
            event: raw.event_id.as_deref().map(|id| row.text("event_id", id)).transpose()?,
            folder,
            recipient: row.text("recipient", &raw.recipient)?,
            written_form: written_form(&raw.written_form).ok_or_else(|| row.bad("written_form"))?,
            message_id: raw.message_id,
            state: row.text("state", &raw.state)?,
            attempts: row.number("attempts", raw.attempts)?,
            first_failed_at: row.maybe_instant("first_failed_at", raw.first_failed_at)?,
            queued_at: row.instant("queued_at", raw.queued_at)?,
            next_at: row.instant("next_at", raw.next_at)?,
            claimed_at: row.maybe_instant("claimed_at", raw.claimed_at)?,
            settled_at: row.maybe_instant("settled_at", raw.settled_at)?,
            last_code: row.maybe_code("last_code", raw.last_code.as_deref())?,
            dedupe_key: raw.dedupe_key,
        })
    }
}

fn written_form(tag: &str) -> Option<WrittenForm> {
    [WrittenForm::Nb, WrittenForm::Nn].into_iter().find(|w| w.tag() == tag)
}

/// One line of `attempts`.
pub(crate) struct RawAttempt {
    pub id: i64,
    pub document_id: Option<String>,
    pub version: Option<i64>,
    pub mail: Option<i64>,
    pub stage: String,
    pub number: i64,
    pub at: i64,
    pub code: String,
    pub detail: String,
}

impl TryFrom<RawAttempt> for Attempt {
    type Error = StoreError;
    fn try_from(raw: RawAttempt) -> Result<Self, StoreError> {
        let row = Row::of("attempts", raw.id);
        let subject = match (raw.mail, &raw.document_id, raw.version) {
            (Some(mail), _, _) => AttemptSubject::Mail(MailId(mail)),
            (None, Some(id), Some(version)) => AttemptSubject::Document(row.key(id, version)?),
            _ => return Err(row.bad("document_id")),
        };
        Ok(Self {
            subject,
            stage: row.text("stage", &raw.stage)?,
            number: row.number("number", raw.number)?,
            at: row.instant("at", raw.at)?,
            code: row.code("code", &raw.code)?,
            detail: raw.detail,
        })
    }
}

/// One line of `paper_list`, with the folder of what it is about.
pub(crate) struct RawPaperItem {
    pub id: i64,
    pub document_id: Option<String>,
    pub version: Option<i64>,
    pub event_id: Option<String>,
    pub municipality: String,
    pub year: i64,
    pub sequence: i64,
    pub recipient: String,
    pub listed_at: i64,
}

impl TryFrom<RawPaperItem> for PaperItem {
    type Error = StoreError;
    fn try_from(raw: RawPaperItem) -> Result<Self, StoreError> {
        let row = Row::of("paper_list", raw.id);
        Ok(Self {
            about: row.source(raw.event_id.as_deref(), raw.document_id.as_deref(), raw.version)?,
            folder: row.folder(&raw.municipality, raw.year, raw.sequence)?,
            recipient: row.text("recipient", &raw.recipient)?,
            at: row.instant("listed_at", raw.listed_at)?,
        })
    }
}

/// One line of `runs`.
pub(crate) struct RawRun {
    pub id: String,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub accepted: i64,
    pub known: i64,
    pub refused: i64,
    pub archived: i64,
    pub failed: i64,
    pub mailed: i64,
}

impl TryFrom<RawRun> for Run {
    type Error = StoreError;
    fn try_from(raw: RawRun) -> Result<Self, StoreError> {
        let row = Row::of("runs", &raw.id);
        Ok(Self {
            id: row.text("id", &raw.id)?,
            started_at: row.instant("started_at", raw.started_at)?,
            finished_at: row.maybe_instant("finished_at", raw.finished_at)?,
            counts: RunCounts {
                accepted: row.number("accepted", raw.accepted)?,
                known: row.number("known", raw.known)?,
                refused: row.number("refused", raw.refused)?,
                archived: row.number("archived", raw.archived)?,
                failed: row.number("failed", raw.failed)?,
                mailed: row.number("mailed", raw.mailed)?,
            },
        })
    }
}

/// Every row, or the first that does not parse.
pub(crate) fn all<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}

/// Rows that were read newest first, oldest first.
pub(crate) fn all_turned<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().rev().map(T::try_from).collect()
}
