//! `Outbox`: writes go to the writer, lists are read here.

use std::time::Duration;

use pipeline_domain::Timestamp;
use pipeline_store::{Attempt, Claim, Mail, MailFilter, MailId, MailOutcome, Outbox, Recorded, StoreError};

use crate::{
    SqliteStore,
    fault::Doing,
    mail,
    rows::{RawAttempt, RawMail, all, all_turned},
};

/// A store that was dropped a moment ago may still be letting go.
const HOLD_TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Mails. The rest of the statement follows.
macro_rules! mail_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::rows::RawMail,
            r#"select id as "id!", dedupe_key as "dedupe_key!", kind as "kind!", document_id as "document_id?", version as "version?",
                 municipality as "municipality?", year as "year?", sequence as "sequence?", recipient as "recipient!",
                 written_form as "written_form!", message_id as "message_id?", state as "state!", attempts as "attempts!",
                 first_failed_at as "first_failed_at?", queued_at as "queued_at!", next_at as "next_at!", claimed_at as "claimed_at?",
                 settled_at as "settled_at?", last_code as "last_code?"
               from outbox "# + $rest
            $(, $arg)*
        )
    };
}
pub(crate) use mail_rows;

impl Outbox for SqliteStore {
    async fn mails_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Mail>, StoreError> {
        self.become_sender().await?;
        let now = now.unix_seconds();
        let rows: Vec<RawMail> = mail_rows!("where state = 'queued' and next_at <= ? order by id limit ?", now, limit)
            .fetch_all(&self.readers)
            .await
            .doing("list due mail")?;
        all(rows)
    }

    async fn next_mail_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let at = sqlx::query_scalar!(r#"select min(next_at) as "at?: i64" from outbox where state = 'queued'"#);
        Ok(at.fetch_one(&self.readers).await.doing("find the next due mail")?.and_then(Timestamp::from_unix_seconds))
    }

    async fn claim_mail(&self, dedupe_key: &str, message_id: &str, at: Timestamp) -> Result<Claim, StoreError> {
        self.become_sender().await?;
        let (key, message_id) = (dedupe_key.to_owned(), message_id.to_owned());
        self.writer.write("claim a mail", move |c| Box::pin(async move { mail::claim(c, &key, &message_id, at).await })).await
    }

    async fn mark_body_sent(&self, dedupe_key: &str) -> Result<(), StoreError> {
        let key = dedupe_key.to_owned();
        self.writer.write("mark a mail's body as sent", move |c| Box::pin(async move { mail::mark_body_sent(c, &key).await })).await
    }

    async fn record_mail(&self, dedupe_key: &str, outcome: &MailOutcome, at: Timestamp) -> Result<(), StoreError> {
        let (key, outcome) = (dedupe_key.to_owned(), outcome.clone());
        self.writer.write("record how a mail went", move |c| Box::pin(async move { mail::record(c, &key, &outcome, at).await })).await
    }

    async fn retry_mail(&self, dedupe_key: &str, at: Timestamp) -> Result<Recorded, StoreError> {
        let key = dedupe_key.to_owned();
        self.writer.write("retry a mail", move |c| Box::pin(async move { mail::retry(c, &key, at).await })).await
    }

    async fn mail(&self, dedupe_key: &str) -> Result<Option<Mail>, StoreError> {
        let row: Option<RawMail> =
            mail_rows!("where dedupe_key = ?", dedupe_key).fetch_optional(&self.readers).await.doing("read a mail")?;
        row.map(Mail::try_from).transpose()
    }

    async fn mail_by_id(&self, id: MailId) -> Result<Option<Mail>, StoreError> {
        let row: Option<RawMail> = mail_rows!("where id = ?", id.0).fetch_optional(&self.readers).await.doing("read a mail")?;
        row.map(Mail::try_from).transpose()
    }

    async fn mails(&self, filter: &MailFilter, limit: u32) -> Result<Vec<Mail>, StoreError> {
        let state = filter.state.map(|s| s.id());
        let (id, version) = (filter.document.map(|d| d.id.to_string()), filter.document.map(|d| d.version.0));
        let rows: Vec<RawMail> = mail_rows!(
            "where (?1 is null or state = ?1) and (?2 is null or (document_id = ?2 and version = ?3)) order by id desc limit ?4",
            state,
            id,
            version,
            limit,
        )
        .fetch_all(&self.readers)
        .await
        .doing("list mail")?;
        all_turned(rows)
    }

    async fn mail_attempts(&self, id: MailId) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query_as!(
            RawAttempt,
            r#"select id as "id!", document_id, version, mail, stage, number, at, code, detail from attempts where mail = ? order by id"#,
            id.0,
        );
        all(rows.fetch_all(&self.readers).await.doing("list a mail's failed attempts")?)
    }
}

impl SqliteStore {
    /// Makes this store the one that sends, and frees what a dead one left.
    async fn become_sender(&self) -> Result<(), StoreError> {
        let mut sends = self.outbox.sends().await;
        let mut tries_left = HOLD_TRIES;
        while !*sends {
            if self.outbox.try_lock()? {
                self.free_claims().await.inspect_err(|_| self.outbox.unlock())?;
                *sends = true;
            } else if tries_left == 0 {
                return Err(StoreError::OutboxHeld);
            } else {
                tries_left -= 1;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
        }
        Ok(())
    }

    /// Frees what a dead store left, and lets go again: whoever only looks must not keep others from sending.
    pub(crate) async fn free_if_nobody_sends(&self) -> Result<(), StoreError> {
        let sends = self.outbox.sends().await;
        if !*sends && self.outbox.try_lock()? {
            let freed = self.free_claims().await;
            self.outbox.unlock();
            return freed;
        }
        Ok(())
    }

    /// Looks before it writes: a store is opened far more often than a process dies, and only a write has to wait its turn.
    async fn free_claims(&self) -> Result<(), StoreError> {
        const DOING: &str = "free claimed mail";
        let claimed = sqlx::query_scalar!("select id from outbox where state in ('sending', 'body_sent') limit 1");
        match claimed.fetch_optional(&self.readers).await.doing(DOING)? {
            None => Ok(()),
            Some(_) => self.writer.write(DOING, |c| Box::pin(mail::free_claims(c))).await,
        }
    }
}
