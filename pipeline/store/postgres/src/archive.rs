//! What became of a document: archived with its mail queued, failed once more, or tried again. Inside an open transaction.
//!
//! Each of these locks the document's row first: what it then reads of the document and its mails cannot change beside it.

use pipeline_domain::{Archived, DocumentKey, ErrorCode, NextStep, Notice, RecipientRef, Timestamp};
use pipeline_store::{DocumentRow, DocumentState, FactSource, FollowUp, Recorded, Stage, StoreError};
use sqlx::{PgConnection, postgres::PgQueryResult};

use crate::{documents::document_rows, fault::Doing, jobs, mail, paper, rows::RawDocument};

const DETAIL: usize = 300;

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
    c: &mut PgConnection,
    archived: &Archived,
    notices: &[Notice],
    on_paper: &[RecipientRef],
    at: Timestamp,
) -> Result<Recorded, StoreError> {
    let row = locked(c, archived.document).await?;
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
    jobs::finish_unbegun(c, &row.key.to_string()).await?;
    Ok(recorded)
}

pub(crate) async fn record_failure(c: &mut PgConnection, key: DocumentKey, failed: &FailedAttempt) -> Result<(), StoreError> {
    let row = locked(c, key).await?;
    keep_attempt(c, key, failed).await?;
    match (row.state, failed.next) {
        (DocumentState::Accepted, NextStep::RetryAt(next_at)) => set_failed(c, key, failed, DocumentState::Accepted, next_at).await,
        (DocumentState::Accepted, NextStep::Failed) => set_failed(c, key, failed, DocumentState::Failed, failed.at).await,
        // Another task or process has decided already; the attempt is kept, the decision stands.
        (DocumentState::Archived | DocumentState::Notified | DocumentState::Failed, _) => Ok(()),
    }
}

pub(crate) async fn retry(c: &mut PgConnection, key: DocumentKey, at: Timestamp, follow_up: FollowUp) -> Result<Recorded, StoreError> {
    let row = locked(c, key).await?;
    let recorded = match row.state {
        DocumentState::Failed => start_over(c, key, at).await?,
        DocumentState::Accepted => make_due(c, key, at).await?,
        DocumentState::Archived | DocumentState::Notified => return Ok(Recorded::Before),
    };
    jobs::revive_or_enqueue(c, &key.to_string(), &follow_up(key, &row.reservation)).await?;
    Ok(recorded)
}

/// `no key`: mails that point to the document may be written meanwhile.
async fn locked(c: &mut PgConnection, key: DocumentKey) -> Result<DocumentRow, StoreError> {
    let (id, version) = (key.id.to_string(), i64::from(key.version.0));
    let row: Option<RawDocument> = document_rows!("where d.document_id = $1 and d.version = $2 for no key update of d", id, version)
        .fetch_optional(c)
        .await
        .doing("find a document")?;
    row.ok_or(StoreError::UnknownDocument { document: key })?.try_into()
}

async fn set_archived(c: &mut PgConnection, archived: &Archived, at: Timestamp) -> Result<(), StoreError> {
    let (id, version) = (archived.document.id.to_string(), i64::from(archived.document.version.0));
    let (pdf, inventory) = (archived.pdf.as_str(), archived.inventory.to_string());
    let update = sqlx::query!(
        "update documents set state = 'archived', folder_version = $1, pdf = $2, inventory = $3, archived_at = $4, last_code = null
         where document_id = $5 and version = $6 and state in ('accepted', 'failed')",
        i64::from(archived.folder_version),
        pdf,
        inventory,
        at.unix_seconds(),
        id,
        version,
    );
    update.execute(c).await.doing("record a document as archived")?;
    Ok(())
}

async fn keep_attempt(c: &mut PgConnection, key: DocumentKey, failed: &FailedAttempt) -> Result<(), StoreError> {
    let (id, version, stage, code) = (key.id.to_string(), i64::from(key.version.0), failed.stage.id(), failed.code.id());
    let insert = sqlx::query!(
        "insert into attempts (document_id, version, stage, number, at, code, detail)
         select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6 from attempts
         where document_id = $1 and version = $2 and mail is null",
        id,
        version,
        stage,
        failed.at.unix_seconds(),
        code,
        failed.detail,
    );
    insert.execute(c).await.doing("keep a failed attempt")?;
    Ok(())
}

async fn set_failed(
    c: &mut PgConnection,
    key: DocumentKey,
    failed: &FailedAttempt,
    state: DocumentState,
    next_at: Timestamp,
) -> Result<(), StoreError> {
    let (id, version, state, code) = (key.id.to_string(), i64::from(key.version.0), state.id(), failed.code.id());
    let update = sqlx::query!(
        "update documents
         set state = $1, attempts = attempts + 1, first_failed_at = coalesce(first_failed_at, $2), next_at = $3, last_code = $4
         where document_id = $5 and version = $6 and state = 'accepted'",
        state,
        failed.at.unix_seconds(),
        next_at.unix_seconds(),
        code,
        id,
        version,
    );
    update.execute(c).await.doing("record a failed attempt")?;
    Ok(())
}

async fn start_over(c: &mut PgConnection, key: DocumentKey, at: Timestamp) -> Result<Recorded, StoreError> {
    let (id, version) = (key.id.to_string(), i64::from(key.version.0));
    let update = sqlx::query!(
        "update documents set state = 'accepted', attempts = 0, first_failed_at = null, next_at = $1
         where document_id = $2 and version = $3 and state = 'failed'",
        at.unix_seconds(),
        id,
        version,
    );
    Ok(changed(&update.execute(c).await.doing("retry a document")?))
}

async fn make_due(c: &mut PgConnection, key: DocumentKey, at: Timestamp) -> Result<Recorded, StoreError> {
    let (id, version) = (key.id.to_string(), i64::from(key.version.0));
    let update = sqlx::query!(
        "update documents set next_at = $1 where document_id = $2 and version = $3 and state = 'accepted' and next_at > $1",
        at.unix_seconds(),
        id,
        version,
    );
    Ok(changed(&update.execute(c).await.doing("retry a document")?))
}

pub(crate) fn changed(result: &PgQueryResult) -> Recorded {
    if result.rows_affected() > 0 { Recorded::Now } else { Recorded::Before }
}
