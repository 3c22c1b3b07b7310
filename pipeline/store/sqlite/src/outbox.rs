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
                 event_id as "event_id?", municipality as "municipality?", year as "year?", sequence as "sequence?", recipient as "recipient!",
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

    async fn mail_by_message_id(&self, message_id: &str) -> Result<Option<Mail>, StoreError> {
        let row: Option<RawMail> = mail_rows!("where message_id = ? order by id desc limit 1", message_id)
            .fetch_optional(&self.readers)
            .await
            .doing("find a mail by its message id")?;
        row.map(Mail::try_from).transpose()
    }

    async fn mails(&self, filter: &MailFilter, limit: u32) -> Result<Vec<Mail>, StoreError> {
        self.filtered(&Filter::of(filter, limit)).await.doing("list mail").and_then(all_turned)
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

/// A filter as rows know it.
struct Filter {
    state: Option<&'static str>,
    document: Option<(String, u32)>,
    event: Option<String>,
    /// A JSON array of words; `None` for every kind.
    kinds: Option<String>,
    /// From, and up to but not with.
    settled: Option<(i64, i64)>,
    limit: u32,
}

impl Filter {
    fn of(filter: &MailFilter, limit: u32) -> Self {
        let kinds: Vec<&str> = filter.kinds.iter().map(|k| k.id()).collect();
        let from = filter.settled_after.map(Timestamp::unix_seconds);
        let before = filter.settled_before.map(Timestamp::unix_seconds);
        Self {
            state: filter.state.map(|s| s.id()),
            document: filter.document.map(|d| (d.id.to_string(), d.version.0)),
            event: filter.event.map(|id| id.to_string()),
            kinds: (!kinds.is_empty()).then(|| serde_json::json!(kinds).to_string()),
            settled: (from.is_some() || before.is_some()).then(|| (from.unwrap_or(i64::MIN), before.unwrap_or(i64::MAX))),
            limit,
        }
    }
}

/// Newest first. SQLite makes one plan for a statement, whatever its values: each way to find mails has its own.
impl SqliteStore {
    async fn filtered(&self, filter: &Filter) -> Result<Vec<RawMail>, sqlx::Error> {
        match filter {
            Filter { document: Some((id, version)), .. } => self.of_document(filter, id, *version).await,
            Filter { event: Some(event), .. } => self.of_event(filter, event).await,
            Filter { settled: Some((from, before)), .. } => self.settled(filter, *from, *before).await,
            Filter { state: Some(state), .. } => self.in_state(filter, state).await,
            _ => self.of_kinds(filter).await,
        }
    }

    async fn of_document(&self, filter: &Filter, id: &str, version: u32) -> Result<Vec<RawMail>, sqlx::Error> {
        let (from, before) = filter.settled.unzip();
        mail_rows!(
            "indexed by outbox_by_document
             where document_id = ?1 and version = ?2 and (?3 is null or event_id = ?3) and (?4 is null or state = ?4)
               and (?5 is null or kind in (select value from json_each(?5))) and (?6 is null or settled_at >= ?6 and settled_at < ?7)
             order by id desc limit ?8",
            id,
            version,
            filter.event,
            filter.state,
            filter.kinds,
            from,
            before,
            filter.limit,
        )
        .fetch_all(&self.readers)
        .await
    }

    async fn of_event(&self, filter: &Filter, event: &str) -> Result<Vec<RawMail>, sqlx::Error> {
        let (from, before) = filter.settled.unzip();
        mail_rows!(
            "indexed by outbox_by_event
             where event_id = ?1 and (?2 is null or state = ?2) and (?3 is null or kind in (select value from json_each(?3)))
               and (?4 is null or settled_at >= ?4 and settled_at < ?5)
             order by id desc limit ?6",
            event,
            filter.state,
            filter.kinds,
            from,
            before,
            filter.limit,
        )
        .fetch_all(&self.readers)
        .await
    }

    async fn settled(&self, filter: &Filter, from: i64, before: i64) -> Result<Vec<RawMail>, sqlx::Error> {
        mail_rows!(
            "indexed by outbox_settled_at
             where settled_at >= ?1 and settled_at < ?2 and (?3 is null or state = ?3)
               and (?4 is null or kind in (select value from json_each(?4)))
             order by id desc limit ?5",
            from,
            before,
            filter.state,
            filter.kinds,
            filter.limit,
        )
        .fetch_all(&self.readers)
        .await
    }

    async fn in_state(&self, filter: &Filter, state: &str) -> Result<Vec<RawMail>, sqlx::Error> {
        mail_rows!(
            "indexed by outbox_by_state
             where state = ?1 and (?2 is null or kind in (select value from json_each(?2))) order by id desc limit ?3",
            state,
            filter.kinds,
            filter.limit,
        )
        .fetch_all(&self.readers)
        .await
    }

    async fn of_kinds(&self, filter: &Filter) -> Result<Vec<RawMail>, sqlx::Error> {
        mail_rows!("where (?1 is null or kind in (select value from json_each(?1))) order by id desc limit ?2", filter.kinds, filter.limit,)
            .fetch_all(&self.readers)
            .await
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
