//! `Documents`: writes go to the writer, lists are read here.

use pipeline_domain::{Archived, CaseFolderId, DocumentId, DocumentKey, ErrorCode, NextStep, Notice, RecipientRef, Sha256, Timestamp};
use pipeline_store::{
    Acceptance, Attempt, DocumentFilter, DocumentRow, DocumentState, Documents, Folder, FollowUp, NewDocument, PaperItem, PendingDocument,
    Plan, QueuePlace, Recorded, Stage, StoreError,
};

use crate::{
    SqliteStore,
    accept::accept,
    archive::{self, FailedAttempt},
    fault::Doing,
    plans::as_list,
    rows::{RawAttempt, RawDocument, RawFolder, RawPaperItem, RawState, all, all_turned},
};

/// Documents with their folders. The rest of the statement follows.
macro_rules! document_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::rows::RawDocument,
            r#"select d.id as "id!", d.document_id as "document_id!", d.version as "version!", d.kind as "kind!", d.digest as "digest!",
                 f.source_system as "source_system!", f.plan_id as "plan_id!", f.municipality as "municipality!", f.year as "year!",
                 f.sequence as "sequence!", f.opened_at as "opened_at!", d.journal_year as "journal_year!",
                 d.journal_sequence as "journal_sequence!", d.accepted_at as "accepted_at!", d.state as "state!", d.attempts as "attempts!",
                 d.first_failed_at as "first_failed_at?", d.next_at as "next_at!", d.last_code as "last_code?",
                 d.folder_version as "folder_version?", d.pdf as "pdf?", d.inventory as "inventory?", d.archived_at as "archived_at?"
               from documents d join case_folders f on f.id = d.folder "# + $rest
            $(, $arg)*
        )
    };
}
pub(crate) use document_rows;

/// Folders with what is in them. The rest of the statement follows.
macro_rules! folder_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            RawFolder,
            r#"select f.id as "id!", f.source_system as "source_system!", f.plan_id as "plan_id!", f.municipality as "municipality!",
                 f.year as "year!", f.sequence as "sequence!", f.opened_at as "opened_at!",
                 (select count(*) from documents d where d.folder = f.id) as "documents!: i64",
                 (select max(d.folder_version) from documents d where d.folder = f.id) as "folder_version?: i64"
               from case_folders f "# + $rest
            $(, $arg)*
        )
    };
}

impl Documents for SqliteStore {
    async fn accept(&self, document: &NewDocument, follow_up: FollowUp) -> Result<Acceptance, StoreError> {
        let new = document.clone();
        let any = |answer: &Acceptance| !matches!(answer, Acceptance::IdReused | Acceptance::SlotTaken(_));
        self.timed("accept a document", any, move |c, now| Box::pin(async move { accept(c, &new, follow_up, now).await })).await
    }

    async fn pending(&self, now: Timestamp, after: Option<QueuePlace>, limit: u32) -> Result<Vec<PendingDocument>, StoreError> {
        let (now, after) = (now.unix_seconds(), after.map_or(0, |p| p.0));
        let rows: Vec<RawDocument> =
            document_rows!("where d.state = 'accepted' and d.next_at <= ? and d.id > ? order by d.id limit ?", now, after, limit)
                .fetch_all(&self.readers)
                .await
                .doing("list pending documents")?;
        all(rows)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let at = sqlx::query_scalar!(r#"select min(next_at) as "at?: i64" from documents where state = 'accepted'"#);
        Ok(at.fetch_one(&self.readers).await.doing("find the next due document")?.and_then(Timestamp::from_unix_seconds))
    }

    async fn record_archived(
        &self,
        archived: &Archived,
        notices: &[Notice],
        on_paper: &[RecipientRef],
        at: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let (archived, notices, on_paper) = (archived.clone(), notices.to_vec(), on_paper.to_vec());
        self.timed(
            "record a document as archived",
            |_| true,
            move |c, now| Box::pin(async move { archive::record_archived(c, &archived, &notices, &on_paper, at, now).await }),
        )
        .await
    }

    async fn record_attempt_failed(
        &self,
        document: DocumentKey,
        stage: Stage,
        code: ErrorCode,
        detail: &str,
        at: Timestamp,
        next: NextStep,
    ) -> Result<(), StoreError> {
        let failed = FailedAttempt::new(stage, code, detail, at, next);
        self.writer
            .write("record a failed attempt", move |c| Box::pin(async move { archive::record_failure(c, document, &failed).await }))
            .await
    }

    async fn retry_document(&self, document: DocumentKey, at: Timestamp, follow_up: FollowUp) -> Result<Recorded, StoreError> {
        self.timed("retry a document", |_| true, move |c, now| Box::pin(archive::retry(c, document, at, follow_up, now))).await
    }

    async fn document(&self, key: DocumentKey) -> Result<Option<DocumentRow>, StoreError> {
        let (id, version) = (key.id.to_string(), key.version.0);
        let row: Option<RawDocument> = document_rows!("where d.document_id = ? and d.version = ?", id, version)
            .fetch_optional(&self.readers)
            .await
            .doing("read a document")?;
        row.map(DocumentRow::try_from).transpose()
    }

    async fn states_of(&self, digests: &[Sha256]) -> Result<Vec<(Sha256, DocumentState)>, StoreError> {
        let list = as_list(digests);
        let rows = sqlx::query_as!(
            RawState,
            r#"select id as "id!", digest as "digest!", state as "state!" from documents where digest in (select value from json_each(?))"#,
            list,
        );
        rows.fetch_all(&self.readers).await.doing("find documents by content")?.into_iter().map(TryInto::try_into).collect()
    }

    async fn versions(&self, id: DocumentId) -> Result<Vec<DocumentRow>, StoreError> {
        let id = id.to_string();
        let rows: Vec<RawDocument> =
            document_rows!("where d.document_id = ? order by d.version", id).fetch_all(&self.readers).await.doing("list versions")?;
        all(rows)
    }

    async fn documents(&self, filter: &DocumentFilter, limit: u32) -> Result<Vec<DocumentRow>, StoreError> {
        match &filter.folder {
            Some(folder) => self.documents_in(folder, filter, limit).await,
            None => self.documents_anywhere(filter, limit).await,
        }
    }

    async fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        let rows: Vec<RawFolder> =
            folder_rows!("order by f.municipality, f.year, f.sequence").fetch_all(&self.readers).await.doing("list case folders")?;
        all(rows)
    }

    async fn folder(&self, id: &CaseFolderId) -> Result<Option<Folder>, StoreError> {
        let municipality = id.municipality.as_str();
        let row: Option<RawFolder> =
            folder_rows!("where f.municipality = ? and f.year = ? and f.sequence = ?", municipality, id.year, id.sequence)
                .fetch_optional(&self.readers)
                .await
                .doing("read a case folder")?;
        row.map(Folder::try_from).transpose()
    }

    async fn folder_of(&self, plan: &Plan) -> Result<Option<Folder>, StoreError> {
        let (source, id, municipality) = (plan.source_system.as_str(), plan.plan.to_string(), plan.municipality.as_str());
        let row: Option<RawFolder> =
            folder_rows!("where f.source_system = ? and f.plan_id = ? and f.municipality = ?", source, id, municipality)
                .fetch_optional(&self.readers)
                .await
                .doing("find a plan's case folder")?;
        row.map(Folder::try_from).transpose()
    }

    async fn attempts(&self, document: DocumentKey) -> Result<Vec<Attempt>, StoreError> {
        let (id, version) = (document.id.to_string(), document.version.0);
        let rows = sqlx::query_as!(
            RawAttempt,
            r#"select id as "id!", document_id, version, mail, stage, number, at, code, detail from attempts
             where document_id = ? and version = ? order by id"#,
            id,
            version,
        );
        all(rows.fetch_all(&self.readers).await.doing("list failed attempts")?)
    }

    async fn paper_list(&self) -> Result<Vec<PaperItem>, StoreError> {
        let rows = sqlx::query_as!(
            RawPaperItem,
            r#"select p.id as "id!", p.document_id as "document_id?", p.version as "version?", p.event_id as "event_id?",
                 f.municipality as "municipality!", f.year as "year!", f.sequence as "sequence!", p.recipient as "recipient!",
                 p.listed_at as "listed_at!"
               from paper_list p
               left join documents d on d.document_id = p.document_id and d.version = p.version
               left join plan_facts e on e.event_id = p.event_id
               join case_folders f on f.id = coalesce(d.folder, e.folder)
               order by p.id"#,
        );
        all(rows.fetch_all(&self.readers).await.doing("read the paper list")?)
    }
}

impl SqliteStore {
    async fn documents_anywhere(&self, filter: &DocumentFilter, limit: u32) -> Result<Vec<DocumentRow>, StoreError> {
        let state = filter.state.map(|s| s.id());
        let rows: Vec<RawDocument> = document_rows!("where (?1 is null or d.state = ?1) order by d.id desc limit ?2", state, limit)
            .fetch_all(&self.readers)
            .await
            .doing("list documents")?;
        all_turned(rows)
    }

    async fn documents_in(&self, folder: &CaseFolderId, filter: &DocumentFilter, limit: u32) -> Result<Vec<DocumentRow>, StoreError> {
        let (municipality, state) = (folder.municipality.as_str(), filter.state.map(|s| s.id()));
        let rows: Vec<RawDocument> = document_rows!(
            "where f.municipality = ?1 and f.year = ?2 and f.sequence = ?3 and (?4 is null or d.state = ?4) order by d.id desc limit ?5",
            municipality,
            folder.year,
            folder.sequence,
            state,
            limit,
        )
        .fetch_all(&self.readers)
        .await
        .doing("list documents of a case folder")?;
        all_turned(rows)
    }
}
