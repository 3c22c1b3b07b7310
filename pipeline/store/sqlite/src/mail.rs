//! A mail's steps, inside the writer's transaction.

use pipeline_domain::{DocumentKey, ErrorCode, NextStep, Notice, Timestamp};
use pipeline_store::{Claim, Mail, MailOutcome, MailState, Recorded, Stage, StoreError};
use sqlx::SqliteConnection;

use crate::{
    archive::{FailedAttempt, changed},
    fault::Doing,
    outbox::mail_rows,
    rows::RawMail,
};

/// Puts a notice in the outbox, unless its key is there.
pub(crate) async fn queue(c: &mut SqliteConnection, notice: &Notice, at: Timestamp) -> Result<Recorded, StoreError> {
    let (kind, recipient, written_form, at) =
        (notice.kind.id(), notice.recipient.to_string(), notice.written_form.tag(), at.unix_seconds());
    let (id, version) = (notice.document.map(|d| d.id.to_string()), notice.document.map(|d| d.version.0));
    let event = notice.event.map(|id| id.to_string());
    let municipality = notice.folder.as_ref().map(|f| f.municipality.as_str());
    let (year, sequence) = (notice.folder.as_ref().map(|f| f.year), notice.folder.as_ref().map(|f| f.sequence));
    let insert = sqlx::query!(
        "insert into outbox
           (dedupe_key, kind, document_id, version, event_id, municipality, year, sequence, recipient, written_form, state, queued_at,
            next_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)
         on conflict (dedupe_key) do nothing",
        notice.dedupe_key,
        kind,
        id,
        version,
        event,
        municipality,
        year,
        sequence,
        recipient,
        written_form,
        at,
        at,
    );
    Ok(changed(insert.execute(c).await.doing("queue a mail")?))
}

/// Counts an archived document as notified when none of its mails is open.
pub(crate) async fn settle_document(c: &mut SqliteConnection, key: DocumentKey) -> Result<(), StoreError> {
    let (id, version) = (key.id.to_string(), key.version.0);
    let update = sqlx::query!(
        "update documents set state = 'notified'
         where document_id = ?1 and version = ?2 and state = 'archived' and not exists (
           select 1 from outbox
           where outbox.document_id = ?1 and outbox.version = ?2 and outbox.state not in ('accepted', 'delivered'))",
        id,
        version,
    );
    update.execute(c).await.doing("settle a document")?;
    Ok(())
}

/// Frees what a dead process left claimed.
pub(crate) async fn free_claims(c: &mut SqliteConnection) -> Result<(), StoreError> {
    const DOING: &str = "free claimed mail";
    sqlx::query!("update outbox set state = 'queued' where state = 'sending'").execute(&mut *c).await.doing(DOING)?;
    let broken: Vec<RawMail> = mail_rows!("where state = 'body_sent' order by id").fetch_all(&mut *c).await.doing(DOING)?;
    for mail in broken {
        let mail = Mail::try_from(mail)?;
        // Nobody knows when the process died; the attempt is dated by its claim.
        let at = mail.claimed_at.unwrap_or(mail.queued_at);
        doubt(c, &mail, "process ended after the body was sent", at).await?;
    }
    Ok(())
}

pub(crate) async fn claim(c: &mut SqliteConnection, dedupe_key: &str, message_id: &str, at: Timestamp) -> Result<Claim, StoreError> {
    let mut mail = known(c, dedupe_key).await?;
    if mail.state != MailState::Queued {
        return Ok(Claim::Taken(mail.state));
    }
    let claimed_at = at.unix_seconds();
    let update = sqlx::query!(
        "update outbox set state = 'sending', message_id = coalesce(message_id, ?), claimed_at = ? where dedupe_key = ? and state = 'queued'",
        message_id,
        claimed_at,
        dedupe_key,
    );
    update.execute(c).await.doing("claim a mail")?;
    mail.state = MailState::Sending;
    mail.claimed_at = Some(at);
    mail.message_id.get_or_insert_with(|| message_id.to_owned());
    Ok(Claim::Yours(Box::new(mail)))
}

pub(crate) async fn mark_body_sent(c: &mut SqliteConnection, dedupe_key: &str) -> Result<(), StoreError> {
    const DOING: &str = "mark its body as sent";
    let mail = known(c, dedupe_key).await?;
    match mail.state {
        MailState::BodySent => Ok(()),
        MailState::Sending => {
            let update = sqlx::query!("update outbox set state = 'body_sent' where dedupe_key = ?", dedupe_key);
            update.execute(c).await.doing(DOING)?;
            Ok(())
        }
        MailState::Queued | MailState::Accepted | MailState::Delivered | MailState::Failed | MailState::Doubtful => {
            Err(not_allowed(&mail, DOING))
        }
    }
}

pub(crate) async fn record(c: &mut SqliteConnection, dedupe_key: &str, outcome: &MailOutcome, at: Timestamp) -> Result<(), StoreError> {
    let mail = known(c, dedupe_key).await?;
    let under_way = matches!(mail.state, MailState::Sending | MailState::BodySent);
    match outcome {
        MailOutcome::Accepted | MailOutcome::Delivered if matches!(mail.state, MailState::Accepted | MailState::Delivered) => Ok(()),
        MailOutcome::Accepted if under_way || mail.state == MailState::Doubtful => settle(c, &mail, MailState::Accepted, at).await,
        MailOutcome::Delivered if under_way => settle(c, &mail, MailState::Delivered, at).await,
        MailOutcome::Doubtful { .. } if mail.state == MailState::Doubtful => Ok(()),
        MailOutcome::Doubtful { detail } if under_way => doubt(c, &mail, detail, at).await,
        MailOutcome::NotSent { code, detail, next } if under_way => {
            let state = match next {
                NextStep::RetryAt(_) => MailState::Queued,
                NextStep::Failed => MailState::Failed,
            };
            fail(c, &mail, state, &FailedAttempt::new(Stage::Notify, *code, detail, at, *next)).await
        }
        _ => Err(not_allowed(&mail, "record how it went")),
    }
}

pub(crate) async fn retry(c: &mut SqliteConnection, dedupe_key: &str, at: Timestamp) -> Result<Recorded, StoreError> {
    const DOING: &str = "retry a mail";
    let mail = known(c, dedupe_key).await?;
    let at = at.unix_seconds();
    match mail.state {
        MailState::Failed | MailState::Doubtful => {
            let update = sqlx::query!(
                "update outbox set state = 'queued', attempts = 0, first_failed_at = null, next_at = ? where dedupe_key = ?",
                at,
                dedupe_key,
            );
            Ok(changed(update.execute(c).await.doing(DOING)?))
        }
        MailState::Queued => {
            let update = sqlx::query!("update outbox set next_at = ?1 where dedupe_key = ?2 and next_at > ?1", at, dedupe_key);
            Ok(changed(update.execute(c).await.doing(DOING)?))
        }
        MailState::Sending | MailState::BodySent | MailState::Accepted | MailState::Delivered => Ok(Recorded::Before),
    }
}

async fn known(c: &mut SqliteConnection, dedupe_key: &str) -> Result<Mail, StoreError> {
    let row: Option<RawMail> = mail_rows!("where dedupe_key = ?", dedupe_key).fetch_optional(c).await.doing("find a mail")?;
    row.ok_or_else(|| StoreError::UnknownMail { dedupe_key: dedupe_key.to_owned() })?.try_into()
}

async fn settle(c: &mut SqliteConnection, mail: &Mail, state: MailState, at: Timestamp) -> Result<(), StoreError> {
    let (state, at) = (state.id(), at.unix_seconds());
    let update = sqlx::query!("update outbox set state = ?, settled_at = ?, last_code = null where id = ?", state, at, mail.id.0,);
    update.execute(&mut *c).await.doing("record a mail as sent")?;
    match mail.document {
        Some(document) => settle_document(c, document).await,
        None => Ok(()),
    }
}

async fn doubt(c: &mut SqliteConnection, mail: &Mail, detail: &str, at: Timestamp) -> Result<(), StoreError> {
    let failed = FailedAttempt::new(Stage::Notify, ErrorCode::MailDoubtful, detail, at, NextStep::Failed);
    fail(c, mail, MailState::Doubtful, &failed).await
}

async fn fail(c: &mut SqliteConnection, mail: &Mail, state: MailState, failed: &FailedAttempt) -> Result<(), StoreError> {
    keep_attempt(c, mail, failed).await?;
    let (state, code, at) = (state.id(), failed.code.id(), failed.at.unix_seconds());
    let next_at = match failed.next {
        NextStep::RetryAt(next_at) => next_at.unix_seconds(),
        NextStep::Failed => at,
    };
    let update = sqlx::query!(
        "update outbox set state = ?, attempts = attempts + 1, first_failed_at = coalesce(first_failed_at, ?), next_at = ?, last_code = ?
         where id = ?",
        state,
        at,
        next_at,
        code,
        mail.id.0,
    );
    update.execute(c).await.doing("record how a mail went")?;
    Ok(())
}

async fn keep_attempt(c: &mut SqliteConnection, mail: &Mail, failed: &FailedAttempt) -> Result<(), StoreError> {
    let (id, version) = (mail.document.map(|d| d.id.to_string()), mail.document.map(|d| d.version.0));
    let (stage, code, at) = (failed.stage.id(), failed.code.id(), failed.at.unix_seconds());
    let insert = sqlx::query!(
        "insert into attempts (document_id, version, mail, stage, number, at, code, detail)
         select ?1, ?2, ?3, ?4, coalesce(max(number), 0) + 1, ?5, ?6, ?7 from attempts where mail = ?3",
        id,
        version,
        mail.id.0,
        stage,
        at,
        code,
        failed.detail,
    );
    insert.execute(c).await.doing("keep a failed attempt")?;
    Ok(())
}

fn not_allowed(mail: &Mail, doing: &'static str) -> StoreError {
    StoreError::NotAllowed { subject: format!("mail {}", mail.dedupe_key), state: mail.state.id(), doing }
}
