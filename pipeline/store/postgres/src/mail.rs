//! A mail's steps, inside an open transaction. Each locks the mail's row first, and those of who sends it hold the epoch.

use pipeline_domain::{DocumentKey, ErrorCode, NextStep, Notice, Timestamp};
use pipeline_store::{Claim, Mail, MailOutcome, MailState, Recorded, Stage, StoreError};
use sqlx::PgConnection;

use crate::{
    archive::{FailedAttempt, changed},
    fault::Doing,
    hold::Epoch,
    outbox::mail_rows,
    rows::RawMail,
};

/// Puts a notice in the outbox, unless its key is there.
pub(crate) async fn queue(c: &mut PgConnection, notice: &Notice, at: Timestamp) -> Result<Recorded, StoreError> {
    let (kind, recipient, written_form) = (notice.kind.id(), notice.recipient.to_string(), notice.written_form.tag());
    let (id, version) = (notice.document.map(|d| d.id.to_string()), notice.document.map(|d| i64::from(d.version.0)));
    let event = notice.event.map(|id| id.to_string());
    let municipality = notice.folder.as_ref().map(|f| f.municipality.as_str());
    let (year, sequence) = (notice.folder.as_ref().map(|f| i64::from(f.year)), notice.folder.as_ref().map(|f| i64::from(f.sequence)));
    let insert = sqlx::query!(
        "insert into outbox
           (dedupe_key, kind, document_id, version, event_id, municipality, year, sequence, recipient, written_form, state, queued_at,
            next_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11, $11)
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
        at.unix_seconds(),
    );
    Ok(changed(&insert.execute(c).await.doing("queue a mail")?))
}

/// Counts an archived document as notified when none of its mails is open. In two statements: when two of its mails are settled
/// at the same moment, the second waits for the row, and must then see what the first has written.
pub(crate) async fn settle_document(c: &mut PgConnection, key: DocumentKey) -> Result<(), StoreError> {
    const DOING: &str = "settle a document";
    let (id, version) = (key.id.to_string(), i64::from(key.version.0));
    let lock = sqlx::query_scalar!("select id from documents where document_id = $1 and version = $2 for no key update", id, version);
    lock.fetch_optional(&mut *c).await.doing(DOING)?;
    let update = sqlx::query!(
        "update documents set state = 'notified'
         where document_id = $1 and version = $2 and state = 'archived' and not exists (
           select 1 from outbox
           where outbox.document_id = $1 and outbox.version = $2 and outbox.state not in ('accepted', 'delivered'))",
        id,
        version,
    );
    update.execute(c).await.doing(DOING)?;
    Ok(())
}

/// Frees what a dead process left claimed.
pub(crate) async fn free_claims(c: &mut PgConnection) -> Result<(), StoreError> {
    const DOING: &str = "free claimed mail";
    sqlx::query!("update outbox set state = 'queued' where state = 'sending'").execute(&mut *c).await.doing(DOING)?;
    let broken: Vec<RawMail> =
        mail_rows!("where state = 'body_sent' order by id for no key update").fetch_all(&mut *c).await.doing(DOING)?;
    for mail in broken {
        let mail = Mail::try_from(mail)?;
        // Nobody knows when the process died; the attempt is dated by its claim.
        let at = mail.claimed_at.unwrap_or(mail.queued_at);
        doubt(c, &mail, "process ended after the body was sent", at).await?;
    }
    Ok(())
}

/// The epoch that stands, held until the transaction ends: nobody else becomes the one that sends before.
async fn held_epoch(c: &mut PgConnection) -> Result<Epoch, StoreError> {
    let read = sqlx::query_scalar!("select epoch from outbox_holder where one = 1 for share");
    read.fetch_one(c).await.doing("see who sends mail")
}

pub(crate) async fn claim(
    c: &mut PgConnection,
    dedupe_key: &str,
    message_id: &str,
    at: Timestamp,
    epoch: Epoch,
) -> Result<Claim, StoreError> {
    if held_epoch(c).await? != epoch {
        return Err(StoreError::OutboxHeld);
    }
    let mut mail = locked(c, dedupe_key).await?;
    if mail.state != MailState::Queued {
        return Ok(Claim::Taken(mail.state));
    }
    let update = sqlx::query!(
        "update outbox set state = 'sending', message_id = coalesce(message_id, $1), claimed_at = $2 where id = $3",
        message_id,
        at.unix_seconds(),
        mail.id.0,
    );
    update.execute(c).await.doing("claim a mail")?;
    mail.state = MailState::Sending;
    mail.claimed_at = Some(at);
    mail.message_id.get_or_insert_with(|| message_id.to_owned());
    Ok(Claim::Yours(Box::new(mail)))
}

/// Gives a mail back that was claimed for nobody.
pub(crate) async fn unclaim(c: &mut PgConnection, dedupe_key: &str, epoch: Epoch) -> Result<(), StoreError> {
    if held_epoch(c).await? == epoch {
        let update = sqlx::query!("update outbox set state = 'queued' where dedupe_key = $1 and state = 'sending'", dedupe_key);
        update.execute(c).await.doing("give a claimed mail back")?;
    }
    Ok(())
}

/// `claim` is the epoch under which the caller's store claimed it, if it did.
pub(crate) async fn mark_body_sent(c: &mut PgConnection, dedupe_key: &str, claim: Option<Epoch>) -> Result<(), StoreError> {
    const DOING: &str = "mark its body as sent";
    let stands = held_epoch(c).await?;
    let mail = locked(c, dedupe_key).await?;
    match mail.state {
        MailState::Sending | MailState::BodySent if claim != Some(stands) => Err(StoreError::OutboxHeld),
        MailState::BodySent => Ok(()),
        MailState::Sending => {
            let update = sqlx::query!("update outbox set state = 'body_sent' where id = $1", mail.id.0);
            update.execute(c).await.doing(DOING)?;
            Ok(())
        }
        MailState::Queued | MailState::Accepted | MailState::Delivered | MailState::Failed | MailState::Doubtful => {
            Err(not_open(&mail, DOING, claim, stands))
        }
    }
}

/// `claim` is the epoch under which the caller's store claimed it, if it did.
pub(crate) async fn record(
    c: &mut PgConnection,
    dedupe_key: &str,
    outcome: &MailOutcome,
    at: Timestamp,
    claim: Option<Epoch>,
) -> Result<(), StoreError> {
    let stands = held_epoch(c).await?;
    let mail = locked(c, dedupe_key).await?;
    let under_way = matches!(mail.state, MailState::Sending | MailState::BodySent);
    if under_way && claim != Some(stands) {
        return Err(StoreError::OutboxHeld);
    }
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
        _ => Err(not_open(&mail, "record how it went", claim, stands)),
    }
}

pub(crate) async fn retry(c: &mut PgConnection, dedupe_key: &str, at: Timestamp) -> Result<Recorded, StoreError> {
    const DOING: &str = "retry a mail";
    let mail = locked(c, dedupe_key).await?;
    let at = at.unix_seconds();
    match mail.state {
        MailState::Failed | MailState::Doubtful => {
            let update = sqlx::query!(
                "update outbox set state = 'queued', attempts = 0, first_failed_at = null, next_at = $1 where id = $2",
                at,
                mail.id.0,
            );
            Ok(changed(&update.execute(c).await.doing(DOING)?))
        }
        MailState::Queued => {
            let update = sqlx::query!("update outbox set next_at = $1 where id = $2 and next_at > $1", at, mail.id.0);
            Ok(changed(&update.execute(c).await.doing(DOING)?))
        }
        MailState::Sending | MailState::BodySent | MailState::Accepted | MailState::Delivered => Ok(Recorded::Before),
    }
}

async fn locked(c: &mut PgConnection, dedupe_key: &str) -> Result<Mail, StoreError> {
    let row: Option<RawMail> =
        mail_rows!("where dedupe_key = $1 for no key update", dedupe_key).fetch_optional(c).await.doing("find a mail")?;
    row.ok_or_else(|| StoreError::UnknownMail { dedupe_key: dedupe_key.to_owned() })?.try_into()
}

async fn settle(c: &mut PgConnection, mail: &Mail, state: MailState, at: Timestamp) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update outbox set state = $1, settled_at = $2, last_code = null where id = $3",
        state.id(),
        at.unix_seconds(),
        mail.id.0,
    );
    update.execute(&mut *c).await.doing("record a mail as sent")?;
    match mail.document {
        Some(document) => settle_document(c, document).await,
        None => Ok(()),
    }
}

async fn doubt(c: &mut PgConnection, mail: &Mail, detail: &str, at: Timestamp) -> Result<(), StoreError> {
    let failed = FailedAttempt::new(Stage::Notify, ErrorCode::MailDoubtful, detail, at, NextStep::Failed);
    fail(c, mail, MailState::Doubtful, &failed).await
}

async fn fail(c: &mut PgConnection, mail: &Mail, state: MailState, failed: &FailedAttempt) -> Result<(), StoreError> {
    keep_attempt(c, mail, failed).await?;
    let at = failed.at.unix_seconds();
    let next_at = match failed.next {
        NextStep::RetryAt(next_at) => next_at.unix_seconds(),
        NextStep::Failed => at,
    };
    let update = sqlx::query!(
        "update outbox
         set state = $1, attempts = attempts + 1, first_failed_at = coalesce(first_failed_at, $2), next_at = $3, last_code = $4
         where id = $5",
        state.id(),
        at,
        next_at,
        failed.code.id(),
        mail.id.0,
    );
    update.execute(c).await.doing("record how a mail went")?;
    Ok(())
}

async fn keep_attempt(c: &mut PgConnection, mail: &Mail, failed: &FailedAttempt) -> Result<(), StoreError> {
    let (id, version) = (mail.document.map(|d| d.id.to_string()), mail.document.map(|d| i64::from(d.version.0)));
    let insert = sqlx::query!(
        "insert into attempts (document_id, version, mail, stage, number, at, code, detail)
         select $1, $2, $3, $4, coalesce(max(number), 0) + 1, $5, $6, $7 from attempts where mail = $3",
        id,
        version,
        mail.id.0,
        failed.stage.id(),
        failed.at.unix_seconds(),
        failed.code.id(),
        failed.detail,
    );
    insert.execute(c).await.doing("keep a failed attempt")?;
    Ok(())
}

/// Whose claim has been taken away learns that; anyone else, that the step is not open.
fn not_open(mail: &Mail, doing: &'static str, claim: Option<Epoch>, stands: Epoch) -> StoreError {
    if claim.is_some_and(|epoch| epoch != stands) {
        return StoreError::OutboxHeld;
    }
    StoreError::NotAllowed { subject: format!("mail {}", mail.dedupe_key), state: mail.state.id(), doing }
}
