//! `Documents`: writes go to the writer, lists are read here.

use pipeline_domain::{Archived, CaseFolderId, DocumentId, DocumentKey, ErrorCode, NextStep, Notice, RecipientRef, Sha256, Timestamp};
use pipeline_store::{
    Acceptance, Attempt, DocumentFilter, DocumentRow, DocumentState, Documents, Folder, FollowUp, NewDocument, PaperItem, PendingDocument,
    Plan, QueuePlace, Recorded, Stage, StoreError,
};

use crate::{
    PostgresStore,
    accept::accept,
    archive::{self, FailedAttempt},
    rows::{RawAttempt, RawFolder, RawPaperItem, RawState, all, all_turned},
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
                 (select count(*) from documents d where d.folder = f.id) as "documents!",
                 (select max(d.folder_version) from documents d where d.folder = f.id) as "folder_version?"
               from case_folders f "# + $rest
            $(, $arg)*
        )
    };
}

impl Documents for PostgresStore {
    async fn accept(&self, document: &NewDocument, follow_up: FollowUp) -> Result<Acceptance, StoreError> {
        let input = (document.clone(), follow_up);
        let accepted = self.writer.write("accept a document", input, |c, (new, follow_up)| Box::pin(accept(c, new, *follow_up))).await;
        self.wake();
        accepted
    }

    async fn pending(&self, now: Timestamp, after: Option<QueuePlace>, limit: u32) -> Result<Vec<PendingDocument>, StoreError> {
        let (now, after, limit) = (now.unix_seconds(), after.map_or(0, |p| p.0), i64::from(limit));
        let rows = document_rows!("where d.state = 'accepted' and d.next_at <= $1 and d.id > $2 order by d.id limit $3", now, after, limit);
        all(self.read("list pending documents", rows.fetch_all(&self.pool)).await?)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let at = sqlx::query_scalar!("select min(next_at) from documents where state = 'accepted'");
        Ok(self.read("find the next due document", at.fetch_one(&self.pool)).await?.and_then(Timestamp::from_unix_seconds))
    }

    async fn record_archived(
        &self,
        archived: &Archived,
        notices: &[Notice],
        on_paper: &[RecipientRef],
        at: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let input = (archived.clone(), notices.to_vec(), on_paper.to_vec(), at);
        let recorded = self.writer.write("record a document as archived", input, |c, (archived, notices, on_paper, at)| {
            Box::pin(archive::record_archived(c, archived, notices, on_paper, *at))
        });
        let recorded = recorded.await;
        // Its jobs may have handed their lane on.
        self.wake();
        recorded
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
        let input = (document, FailedAttempt::new(stage, code, detail, at, next));
        self.writer
            .write("record a failed attempt", input, |c, (document, failed)| Box::pin(archive::record_failure(c, *document, failed)))
            .await
    }

    async fn retry_document(&self, document: DocumentKey, at: Timestamp, follow_up: FollowUp) -> Result<Recorded, StoreError> {
        let input = (document, at, follow_up);
        let retried = self
            .writer
            .write("retry a document", input, |c, (document, at, follow_up)| Box::pin(archive::retry(c, *document, *at, *follow_up)));
        let retried = retried.await;
        self.wake();
        retried
    }

    async fn document(&self, key: DocumentKey) -> Result<Option<DocumentRow>, StoreError> {
        let (id, version) = (key.id.to_string(), i64::from(key.version.0));
        let row = document_rows!("where d.document_id = $1 and d.version = $2", id, version);
        self.read("read a document", row.fetch_optional(&self.pool)).await?.map(DocumentRow::try_from).transpose()
    }

    async fn states_of(&self, digests: &[Sha256]) -> Result<Vec<(Sha256, DocumentState)>, StoreError> {
        let list: Vec<String> = digests.iter().map(Sha256::to_string).collect();
        let rows = sqlx::query_as!(RawState, "select id, digest, state from documents where digest = any($1)", &list);
        self.read("find documents by content", rows.fetch_all(&self.pool)).await?.into_iter().map(TryInto::try_into).collect()
    }

    async fn versions(&self, id: DocumentId) -> Result<Vec<DocumentRow>, StoreError> {
        let id = id.to_string();
        let rows = document_rows!("where d.document_id = $1 order by d.version", id);
        all(self.read("list versions", rows.fetch_all(&self.pool)).await?)
    }

    async fn documents(&self, filter: &DocumentFilter, limit: u32) -> Result<Vec<DocumentRow>, StoreError> {
        match &filter.folder {
            Some(folder) => self.documents_in(folder, filter, limit).await,
            None => self.documents_anywhere(filter, limit).await,
        }
    }

    async fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        let rows = folder_rows!(r#"order by f.municipality collate "C", f.year, f.sequence"#);
        all(self.read("list case folders", rows.fetch_all(&self.pool)).await?)
    }

    async fn folder(&self, id: &CaseFolderId) -> Result<Option<Folder>, StoreError> {
        let (municipality, year, sequence) = (id.municipality.as_str(), i64::from(id.year), i64::from(id.sequence));
        let row = folder_rows!("where f.municipality = $1 and f.year = $2 and f.sequence = $3", municipality, year, sequence);
        self.read("read a case folder", row.fetch_optional(&self.pool)).await?.map(Folder::try_from).transpose()
    }

    async fn folder_of(&self, plan: &Plan) -> Result<Option<Folder>, StoreError> {
        let (source, id, municipality) = (plan.source_system.as_str(), plan.plan.to_string(), plan.municipality.as_str());
        let row = folder_rows!("where f.source_system = $1 and f.plan_id = $2 and f.municipality || '' = $3", source, id, municipality);
        self.read("find a plan's case folder", row.fetch_optional(&self.pool)).await?.map(Folder::try_from).transpose()
    }

    async fn attempts(&self, document: DocumentKey) -> Result<Vec<Attempt>, StoreError> {
        let (id, version) = (document.id.to_string(), i64::from(document.version.0));
        let rows = sqlx::query_as!(
            RawAttempt,
            "select id, document_id, version, mail, stage, number, at, code, detail from attempts
             where document_id = $1 and version = $2 order by id",
            id,
            version,
        );
        all(self.read("list failed attempts", rows.fetch_all(&self.pool)).await?)
    }

    async fn paper_list(&self) -> Result<Vec<PaperItem>, StoreError> {
        let rows = sqlx::query_as!(
            RawPaperItem,
            r#"select p.id, p.document_id, p.version, p.event_id, f.municipality, f.year, f.sequence, p.recipient, p.listed_at
             from paper_list p
             left join documents d on d.document_id = p.document_id and d.version = p.version
             left join plan_facts e on e.event_id = p.event_id
             join case_folders f on f.id = coalesce(d.folder, e.folder)
             order by p.id"#,
        );
        all(self.read("read the paper list", rows.fetch_all(&self.pool)).await?)
    }
}

impl PostgresStore {
    async fn documents_anywhere(&self, filter: &DocumentFilter, limit: u32) -> Result<Vec<DocumentRow>, StoreError> {
        let (state, limit) = (filter.state.map(|s| s.id()), i64::from(limit));
        let rows = document_rows!("where ($1::text is null or d.state = $1) order by d.id desc limit $2", state, limit);
        let mut own_plan = self.replanned("list documents").await?;
        all_turned(self.read("list documents", rows.fetch_all(&mut *own_plan)).await?)
    }

    async fn documents_in(&self, folder: &CaseFolderId, filter: &DocumentFilter, limit: u32) -> Result<Vec<DocumentRow>, StoreError> {
        let (municipality, year, sequence) = (folder.municipality.as_str(), i64::from(folder.year), i64::from(folder.sequence));
        let (state, limit) = (filter.state.map(|s| s.id()), i64::from(limit));
        let rows = document_rows!(
            "where f.municipality = $1 and f.year = $2 and f.sequence = $3 and ($4::text is null or d.state = $4)
             order by d.id desc limit $5",
            municipality,
            year,
            sequence,
            state,
            limit,
        );
        let mut own_plan = self.replanned("list documents of a case folder").await?;
        all_turned(self.read("list documents of a case folder", rows.fetch_all(&mut *own_plan)).await?)
    }
}
