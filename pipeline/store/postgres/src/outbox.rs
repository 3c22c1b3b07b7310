//! `Outbox`: writes go to the writer, lists are read here.

use pipeline_domain::Timestamp;
use pipeline_store::{Attempt, Claim, Mail, MailFilter, MailId, MailOutcome, MailState, Outbox, Recorded, StoreError};

use crate::{
    PostgresStore,
    hold::{Epoch, Hand, Open},
    mail,
    rows::{RawAttempt, all, all_turned},
};

/// Mails. The rest of the statement follows.
macro_rules! mail_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::rows::RawMail,
            "select id, dedupe_key, kind, document_id, version, event_id, municipality, year, sequence, recipient, written_form, message_id,
               state, attempts, first_failed_at, queued_at, next_at, claimed_at, settled_at, last_code
             from outbox " + $rest
            $(, $arg)*
        )
    };
}
pub(crate) use mail_rows;

impl Outbox for PostgresStore {
    async fn mails_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Mail>, StoreError> {
        self.become_sender(&mut *self.outbox.hand().await).await?;
        let rows = mail_rows!("where state = 'queued' and next_at <= $1 order by id limit $2", now.unix_seconds(), i64::from(limit),);
        all(self.read("list due mail", rows.fetch_all(&self.pool)).await?)
    }

    async fn next_mail_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let at = sqlx::query_scalar!("select min(next_at) from outbox where state = 'queued'");
        Ok(self.read("find the next due mail", at.fetch_one(&self.pool)).await?.and_then(Timestamp::from_unix_seconds))
    }

    async fn claim_mail(&self, dedupe_key: &str, message_id: &str, at: Timestamp) -> Result<Claim, StoreError> {
        let epoch = {
            let mut hand = self.outbox.hand().await;
            let epoch = self.become_sender(&mut hand).await?;
            if hand.is_carried_since_before(dedupe_key, epoch) {
                return Ok(Claim::Taken(MailState::Sending));
            }
            epoch
        };
        let input = (dedupe_key.to_owned(), message_id.to_owned(), at, epoch);
        let claim = self
            .writer
            .write("claim a mail", input, |c, (key, message_id, at, epoch)| Box::pin(mail::claim(c, key, message_id, *at, *epoch)));
        let claim = claim.await;
        let mut hand = self.outbox.hand().await;
        match &claim {
            Ok(Claim::Yours(_)) => hand.keep(dedupe_key, epoch, Open::Carried),
            Err(StoreError::Unavailable { .. }) if hand.claim(dedupe_key).is_none() => hand.keep(dedupe_key, epoch, Open::Unanswered),
            Err(StoreError::OutboxHeld) => hand.doubt(),
            _ => {}
        }
        claim
    }

    async fn mark_body_sent(&self, dedupe_key: &str) -> Result<(), StoreError> {
        let claim = self.outbox.hand().await.claim(dedupe_key);
        let input = (dedupe_key.to_owned(), claim);
        self.writer.write("mark a mail's body as sent", input, |c, (key, claim)| Box::pin(mail::mark_body_sent(c, key, *claim))).await
    }

    async fn record_mail(&self, dedupe_key: &str, outcome: &MailOutcome, at: Timestamp) -> Result<(), StoreError> {
        let claim = self.outbox.hand().await.claim(dedupe_key);
        let recorded = self.write_outcome(dedupe_key, outcome, at, claim).await;
        let mut hand = self.outbox.hand().await;
        match (&recorded, claim) {
            (Err(StoreError::Unavailable { .. }), Some(epoch)) => hand.keep(dedupe_key, epoch, Open::Owed(outcome.clone(), at)),
            (Err(StoreError::Unavailable { .. }), None) => {}
            _ => hand.put_down(dedupe_key),
        }
        recorded
    }

    async fn retry_mail(&self, dedupe_key: &str, at: Timestamp) -> Result<Recorded, StoreError> {
        self.writer.write("retry a mail", (dedupe_key.to_owned(), at), |c, (key, at)| Box::pin(mail::retry(c, key, *at))).await
    }

    async fn mail(&self, dedupe_key: &str) -> Result<Option<Mail>, StoreError> {
        let row = mail_rows!("where dedupe_key = $1", dedupe_key);
        self.read("read a mail", row.fetch_optional(&self.pool)).await?.map(Mail::try_from).transpose()
    }

    async fn mail_by_id(&self, id: MailId) -> Result<Option<Mail>, StoreError> {
        let row = mail_rows!("where id = $1", id.0);
        self.read("read a mail", row.fetch_optional(&self.pool)).await?.map(Mail::try_from).transpose()
    }

    async fn mail_by_message_id(&self, message_id: &str) -> Result<Option<Mail>, StoreError> {
        // Sorted by `id + 0`: see `mails_narrowed`.
        let row = mail_rows!("where message_id = $1 order by id + 0 desc limit 1", message_id);
        self.read("find a mail by its message id", row.fetch_optional(&self.pool)).await?.map(Mail::try_from).transpose()
    }

    async fn mails(&self, filter: &MailFilter, limit: u32) -> Result<Vec<Mail>, StoreError> {
        let MailFilter { document, event, settled_after, settled_before, .. } = filter;
        match (document, event, settled_after, settled_before) {
            (None, None, None, None) => self.mails_anywhere(filter, limit).await,
            _ => self.mails_narrowed(filter, limit).await,
        }
    }

    async fn mail_attempts(&self, id: MailId) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query_as!(
            RawAttempt,
            "select id, document_id, version, mail, stage, number, at, code, detail from attempts where mail = $1 order by id",
            id.0,
        );
        all(self.read("list a mail's failed attempts", rows.fetch_all(&self.pool)).await?)
    }
}

/// The words of a filter's kinds; none means every kind.
fn kinds_of(filter: &MailFilter) -> Vec<String> {
    filter.kinds.iter().map(|k| k.id().to_owned()).collect()
}

impl PostgresStore {
    async fn mails_anywhere(&self, filter: &MailFilter, limit: u32) -> Result<Vec<Mail>, StoreError> {
        let rows = mail_rows!(
            "where ($1::text is null or state = $1) and (cardinality($2::text[]) = 0 or kind = any($2)) order by id desc limit $3",
            filter.state.map(|s| s.id()),
            &kinds_of(filter),
            i64::from(limit),
        );
        let mut own_plan = self.replanned("list mail").await?;
        all_turned(self.read("list mail", rows.fetch_all(&mut *own_plan)).await?)
    }

    /// Sorted by `id + 0`, which no index has: the key read backwards would be in order without sorting, but is the whole outbox.
    async fn mails_narrowed(&self, filter: &MailFilter, limit: u32) -> Result<Vec<Mail>, StoreError> {
        let (id, version) = (filter.document.map(|d| d.id.to_string()), filter.document.map(|d| i64::from(d.version.0)));
        let rows = mail_rows!(
            "where ($1::text is null or (document_id = $1 and version = $2)) and ($3::text is null or event_id = $3)
               and ($4::bigint is null or settled_at >= $4) and ($5::bigint is null or settled_at < $5)
               and ($6::text is null or state = $6) and (cardinality($7::text[]) = 0 or kind = any($7))
             order by id + 0 desc limit $8",
            id,
            version,
            filter.event.map(|id| id.to_string()),
            filter.settled_after.map(Timestamp::unix_seconds),
            filter.settled_before.map(Timestamp::unix_seconds),
            filter.state.map(|s| s.id()),
            &kinds_of(filter),
            i64::from(limit),
        );
        let mut own_plan = self.replanned("list some mail").await?;
        all_turned(self.read("list some mail", rows.fetch_all(&mut *own_plan)).await?)
    }

    /// Makes this store the one that sends, and writes down what its tasks could not while the server was away.
    async fn become_sender(&self, hand: &mut Hand) -> Result<Epoch, StoreError> {
        let epoch = self.outbox.become_sender(hand).await?;
        for (key, claimed_under, open) in hand.debts() {
            let written = match open {
                Open::Carried | Open::TakenAway => continue,
                Open::Owed(outcome, at) => match self.write_outcome(&key, &outcome, at, Some(claimed_under)).await {
                    Err(StoreError::OutboxHeld) => {
                        hand.keep(&key, claimed_under, Open::TakenAway);
                        continue;
                    }
                    written => written,
                },
                Open::Unanswered => {
                    let input = (key.clone(), claimed_under);
                    let given_back =
                        self.writer.write("give a claimed mail back", input, |c, (key, epoch)| Box::pin(mail::unclaim(c, key, *epoch)));
                    given_back.await
                }
            };
            match written {
                Err(again @ StoreError::Unavailable { .. }) => return Err(again),
                // Refused: it was written down after all, or the claim was taken away. Either way the row says what is so.
                Ok(()) | Err(_) => hand.put_down(&key),
            }
        }
        Ok(epoch)
    }

    async fn write_outcome(&self, dedupe_key: &str, outcome: &MailOutcome, at: Timestamp, claim: Option<Epoch>) -> Result<(), StoreError> {
        let input = (dedupe_key.to_owned(), outcome.clone(), at, claim);
        let write = self
            .writer
            .write("record how a mail went", input, |c, (key, outcome, at, claim)| Box::pin(mail::record(c, key, outcome, *at, *claim)));
        write.await
    }
}
