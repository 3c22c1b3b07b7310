//! `Plans`: writes go to the writer, the rest is read here.

use pipeline_domain::{CaseFolderId, ErrorCode, EventId, Notice, RecipientRef, Sha256, Timestamp};
use pipeline_store::{AddressKey, AddressRow, EventAcceptance, FactRow, NewEvent, NewJob, Plans, Recorded, StoreError};

use crate::{
    SqliteStore,
    addresses::{self, RawAddress},
    events::{self, Brought, Found},
    facts::{RawFact, fact_rows},
    fault::Doing,
    rows::{Row, all},
};

impl Plans for SqliteStore {
    async fn accept_event(
        &self,
        event: &NewEvent,
        notices: &[Notice],
        on_paper: &[RecipientRef],
        jobs: &[NewJob],
    ) -> Result<EventAcceptance, StoreError> {
        let brought = Brought { notices: notices.to_vec(), on_paper: on_paper.to_vec(), jobs: jobs.to_vec() };
        let new = event.clone();
        let is_new = |answer: &EventAcceptance| matches!(answer, EventAcceptance::New(_));
        self.timed("accept an event", is_new, move |c, now| Box::pin(async move { events::accept(c, &new, &brought, now).await })).await
    }

    async fn event(&self, id: EventId) -> Result<Option<FactRow>, StoreError> {
        let id = id.to_string();
        let row: Option<RawFact> = fact_rows!("where p.event_id = ?", id).fetch_optional(&self.readers).await.doing("read an event")?;
        row.map(FactRow::try_from).transpose()
    }

    async fn facts_of(&self, folder: &CaseFolderId) -> Result<Vec<FactRow>, StoreError> {
        let municipality = folder.municipality.as_str();
        let rows: Vec<RawFact> = fact_rows!(
            "where f.municipality = ? and f.year = ? and f.sequence = ? order by p.happened_at, p.id",
            municipality,
            folder.year,
            folder.sequence,
        )
        .fetch_all(&self.readers)
        .await
        .doing("list a plan's facts")?;
        all(rows)
    }

    async fn events_among(&self, digests: &[Sha256]) -> Result<Vec<Sha256>, StoreError> {
        let list = as_list(digests);
        let rows = sqlx::query_scalar!(
            r#"select digest as "digest!" from plan_facts where event_id is not null and digest in (select value from json_each(?))"#,
            list,
        );
        parsed(rows.fetch_all(&self.readers).await.doing("find events by content")?)
    }

    async fn needed(&self, digests: &[Sha256], now: Timestamp) -> Result<Vec<Sha256>, StoreError> {
        let (list, now) = (as_list(digests), now.unix_seconds());
        let rows = sqlx::query_scalar!(
            r#"select p.digest as "digest!: String" from plan_facts p
               where p.event_id is not null and p.digest in (select value from json_each(?1)) and (
                 exists (select 1 from outbox m where m.event_id = p.event_id and m.state not in ('accepted', 'delivered'))
                 or (p.tells_contacts = 1
                   and not exists (
                     select 1 from plan_facts n indexed by plan_facts_contacts
                     where n.tells_contacts = 1 and n.folder = p.folder and (n.happened_at, n.id) > (p.happened_at, p.id))
                   and coalesce((
                     select s.kind = 'document.reopening_note' from plan_facts s indexed by plan_facts_closings
                     where s.folder = p.folder and s.kind in ('document.closing_note', 'document.reopening_note')
                     order by s.happened_at desc, s.id desc limit 1), 1)))
               union
               select d.digest from documents d join plan_facts p on p.document_id = d.document_id and p.version = d.version
               where d.digest in (select value from json_each(?1)) and p.document_id is not null and p.ends > ?2"#,
            list,
            now,
        );
        parsed(rows.fetch_all(&self.readers).await.doing("find what is needed still")?)
    }

    async fn queue_notices(
        &self,
        notices: &[Notice],
        on_paper: &[(EventId, RecipientRef)],
        jobs: &[NewJob],
        at: Timestamp,
    ) -> Result<u32, StoreError> {
        let found = Found { notices: notices.to_vec(), on_paper: on_paper.to_vec(), jobs: jobs.to_vec(), at };
        self.timed("queue notices", |_| true, move |c, now| Box::pin(async move { events::queue_notices(c, &found, now).await })).await
    }

    async fn address(&self, key: AddressKey) -> Result<AddressRow, StoreError> {
        let key = key.to_string();
        let row = sqlx::query_as!(RawAddress, "select address, confirmed_at, blocked_at, code from addresses where address = ?", key);
        let row = row.fetch_optional(&self.readers).await.doing("look an address up")?;
        row.map_or(Ok(AddressRow::default()), AddressRow::try_from)
    }

    async fn confirm_address(&self, key: AddressKey, at: Timestamp) -> Result<(), StoreError> {
        self.writer.write("confirm an address", move |c| Box::pin(addresses::confirm(c, key, at))).await
    }

    async fn block_address(&self, key: AddressKey, code: ErrorCode, at: Timestamp) -> Result<Recorded, StoreError> {
        self.writer.write("block an address", move |c| Box::pin(addresses::block(c, key, code, at))).await
    }
}

/// A list of any length is one JSON text: the checked query stays one. Digests are plain hexadecimal.
pub(crate) fn as_list(digests: &[Sha256]) -> String {
    let list: Vec<String> = digests.iter().map(|d| format!("\"{d}\"")).collect();
    format!("[{}]", list.join(","))
}

fn parsed(digests: Vec<String>) -> Result<Vec<Sha256>, StoreError> {
    digests.iter().map(|digest| Row::of("plan_facts", digest).text("digest", digest)).collect()
}
