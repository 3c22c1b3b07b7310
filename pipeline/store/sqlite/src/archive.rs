//! What became of a document: archived with its mail queued, failed once more, or tried again. Inside the writer's transaction.

use pipeline_domain::{Archived, DocumentKey, ErrorCode, NextStep, Notice, RecipientRef, Timestamp};
use pipeline_store::{DocumentRow, DocumentState, FactSource, FollowUp, Recorded, Stage, StoreError};
use sqlx::SqliteConnection;

use crate::{documents::document_rows, fault::Doing, jobs, mail, paper, rows::RawDocument};

pub(crate) const DETAIL: usize = 300;

/// A failed attempt, as the caller tells it.
pub(crate) struct FailedAttempt {
    pub stage: Stage,
    pub code: ErrorCode,
    pub detail: String,
    pub at: Timestamp,
    pub next: NextStep,
}

impl FailedAttempt {
    pub(crate) fn new(stage: Stage, code: ErrorCode, detail: &str, at: Timestamp, next: NextStep) -> Self {
        Self { stage, code, detail: detail.chars().take(DETAIL).collect(), at, next }
    }
}

pub(crate) async fn record_archived(
    c: &mut SqliteConnection,
    archived: &Archived,
    notices: &[Notice],
    on_paper: &[RecipientRef],
    at: Timestamp,
    now: i64,
) -> Result<Recorded, StoreError> {
    let row = known(c, archived.document).await?;
    if row.reservation.folder != archived.folder {
        return Err(StoreError::ArchivedElsewhere { document: row.key });
    }
    let recorded = match &row.archived {
        None => {
            set_archived(c, archived, at).await?;
            Recorded::Now
        }
        Some(there)
            if (there.folder_version, &there.pdf, there.inventory) == (archived.folder_version, &archived.pdf, archived.inventory) =>
        {
            Recorded::Before
        }
        Some(_) => return Err(StoreError::ArchivedElsewhere { document: row.key }),
    };
    // Also when it was recorded before: a repeated call may bring a notice that the first one did not know of.
    for notice in notices {
        mail::queue(c, notice, at).await?;
    }
    for recipient in on_paper {
        paper::list(c, FactSource::Document(row.key), *recipient, at).await?;
    }
    mail::settle_document(c, row.key).await?;
    jobs::finish_document(c, row.key, now).await?;
    Ok(recorded)
}

pub(crate) async fn record_failure(c: &mut SqliteConnection, key: DocumentKey, failed: &FailedAttempt) -> Result<(), StoreError> {
    let row = known(c, key).await?;
    keep_attempt(c, key, failed).await?;
    match (row.state, failed.next) {
        (DocumentState::Accepted, NextStep::RetryAt(next_at)) => set_failed(c, key, failed, DocumentState::Accepted, next_at).await,
        (DocumentState::Accepted, NextStep::Failed) => set_failed(c, key, failed, DocumentState::Failed, failed.at).await,
        // Another task or process has decided already; the attempt is kept, the decision stands.
        (DocumentState::Archived | DocumentState::Notified | DocumentState::Failed, _) => Ok(()),
    }
}

pub(crate) async fn retry(
    c: &mut SqliteConnection,
    key: DocumentKey,
    at: Timestamp,
    follow_up: FollowUp,
    now: i64,
) -> Result<Recorded, StoreError> {
    let row = known(c, key).await?;
    let recorded = match row.state {
        DocumentState::Failed => start_over(c, key, at).await?,
        DocumentState::Accepted => make_due(c, key, at).await?,
        DocumentState::Archived | DocumentState::Notified => return Ok(Recorded::Before),
    };
    if !jobs::revive_document(c, key, now).await? {
        jobs::follow_up(c, key, &row.reservation, follow_up, now).await?;
    }
    Ok(recorded)
}

async fn known(c: &mut SqliteConnection, key: DocumentKey) -> Result<DocumentRow, StoreError> {
    let (id, version) = (key.id.to_string(), key.version.0);
    let row: Option<RawDocument> =
        document_rows!("where d.document_id = ? and d.version = ?", id, version).fetch_optional(c).await.doing("find a document")?;
    row.ok_or(StoreError::UnknownDocument { document: key })?.try_into()
}

async fn set_archived(c: &mut SqliteConnection, archived: &Archived, at: Timestamp) -> Result<(), StoreError> {
    let (id, version) = (archived.document.id.to_string(), archived.document.version.0);
    let (pdf, inventory, at) = (archived.pdf.as_str(), archived.inventory.to_string(), at.unix_seconds());
    let update = sqlx::query!(
        "update documents set state = 'archived', folder_version = ?, pdf = ?, inventory = ?, archived_at = ?, last_code = null
         where document_id = ? and version = ? and state in ('accepted', 'failed')",
        archived.folder_version,
        pdf,
        inventory,
        at,
        id,
        version,
    );
    update.execute(c).await.doing("record a document as archived")?;
    Ok(())
}

async fn keep_attempt(c: &mut SqliteConnection, key: DocumentKey, failed: &FailedAttempt) -> Result<(), StoreError> {
    let (id, version, stage, code) = (key.id.to_string(), key.version.0, failed.stage.id(), failed.code.id());
    let at = failed.at.unix_seconds();
    let insert = sqlx::query!(
        "insert into attempts (document_id, version, stage, number, at, code, detail)
         select ?1, ?2, ?3, coalesce(max(number), 0) + 1, ?4, ?5, ?6 from attempts
         where document_id = ?1 and version = ?2 and mail is null",
        id,
        version,
        stage,
        at,
        code,
        failed.detail,
    );
    insert.execute(c).await.doing("keep a failed attempt")?;
    Ok(())
}

async fn set_failed(
    c: &mut SqliteConnection,
    key: DocumentKey,
    failed: &FailedAttempt,
    state: DocumentState,
    next_at: Timestamp,
) -> Result<(), StoreError> {
    let (id, version, state, code) = (key.id.to_string(), key.version.0, state.id(), failed.code.id());
    let (at, next_at) = (failed.at.unix_seconds(), next_at.unix_seconds());
    let update = sqlx::query!(
        "update documents set state = ?, attempts = attempts + 1, first_failed_at = coalesce(first_failed_at, ?), next_at = ?, last_code = ?
         where document_id = ? and version = ? and state = 'accepted'",
        state,
        at,
        next_at,
        code,
        id,
        version,
    );
    update.execute(c).await.doing("record a failed attempt")?;
    Ok(())
}

async fn start_over(c: &mut SqliteConnection, key: DocumentKey, at: Timestamp) -> Result<Recorded, StoreError> {
    let (id, version, at) = (key.id.to_string(), key.version.0, at.unix_seconds());
    let update = sqlx::query!(
        "update documents set state = 'accepted', attempts = 0, first_failed_at = null, next_at = ?
         where document_id = ? and version = ? and state = 'failed'",
        at,
        id,
        version,
    );
    Ok(changed(update.execute(c).await.doing("retry a document")?))
}

async fn make_due(c: &mut SqliteConnection, key: DocumentKey, at: Timestamp) -> Result<Recorded, StoreError> {
    let (id, version, at) = (key.id.to_string(), key.version.0, at.unix_seconds());
    let update = sqlx::query!(
        "update documents set next_at = ?1 where document_id = ?2 and version = ?3 and state = 'accepted' and next_at > ?1",
        at,
        id,
        version,
    );
    Ok(changed(update.execute(c).await.doing("retry a document")?))
}

pub(crate) fn changed(result: sqlx::sqlite::SqliteQueryResult) -> Recorded {
    if result.rows_affected() > 0 { Recorded::Now } else { Recorded::Before }
}
