//! `Plans`: writes go to the writer, the rest is read here.

use pipeline_domain::{CaseFolderId, ErrorCode, EventId, Notice, RecipientRef, Sha256, Timestamp};
use pipeline_store::{AddressKey, AddressRow, EventAcceptance, FactRow, NewEvent, NewJob, Plans, Recorded, StoreError};

use crate::{
    PostgresStore,
    addresses::{self, RawAddress},
    events::{self, Brought, Found},
    facts::fact_rows,
    rows::{Row, all},
};

impl Plans for PostgresStore {
    async fn accept_event(
        &self,
        event: &NewEvent,
        notices: &[Notice],
        on_paper: &[RecipientRef],
        jobs: &[NewJob],
    ) -> Result<EventAcceptance, StoreError> {
        let brought = Brought { notices: notices.to_vec(), on_paper: on_paper.to_vec(), jobs: jobs.to_vec() };
        let input = (event.clone(), brought);
        let accepted = self.writer.write("accept an event", input, |c, (new, brought)| Box::pin(events::accept(c, new, brought))).await;
        self.wake();
        accepted
    }

    async fn event(&self, id: EventId) -> Result<Option<FactRow>, StoreError> {
        let id = id.to_string();
        let row = fact_rows!("where p.event_id = $1", id);
        self.read("read an event", row.fetch_optional(&self.pool)).await?.map(FactRow::try_from).transpose()
    }

    async fn facts_of(&self, folder: &CaseFolderId) -> Result<Vec<FactRow>, StoreError> {
        let (municipality, year, sequence) = (folder.municipality.as_str(), i64::from(folder.year), i64::from(folder.sequence));
        let rows = fact_rows!(
            "where f.municipality = $1 and f.year = $2 and f.sequence = $3 order by p.happened_at, p.id",
            municipality,
            year,
            sequence,
        );
        all(self.read("list a plan's facts", rows.fetch_all(&self.pool)).await?)
    }

    async fn events_among(&self, digests: &[Sha256]) -> Result<Vec<Sha256>, StoreError> {
        let list: Vec<String> = digests.iter().map(Sha256::to_string).collect();
        let rows = sqlx::query_scalar!("select digest from plan_facts where event_id is not null and digest = any($1)", &list);
        parsed(&self.read("find events by content", rows.fetch_all(&self.pool)).await?)
    }

    async fn needed(&self, digests: &[Sha256], now: Timestamp) -> Result<Vec<Sha256>, StoreError> {
        let list: Vec<String> = digests.iter().map(Sha256::to_string).collect();
        let rows = sqlx::query_scalar!(
            r#"select p.digest as "digest!" from plan_facts p
               where p.event_id is not null and p.digest = any($1) and (
                 exists (select 1 from outbox m where m.event_id = p.event_id and m.state not in ('accepted', 'delivered'))
                 or (p.tells_contacts = 1
                   and not exists (
                     select 1 from plan_facts n
                     where n.tells_contacts = 1 and n.folder = p.folder and (n.happened_at, n.id) > (p.happened_at, p.id))
                   and coalesce((
                     select s.kind = 'document.reopening_note' from plan_facts s
                     where s.folder = p.folder and s.kind in ('document.closing_note', 'document.reopening_note')
                     order by s.happened_at desc, s.id desc limit 1), true)))
               union
               select d.digest from documents d join plan_facts p on p.document_id = d.document_id and p.version = d.version
               where d.digest = any($1) and p.document_id is not null and p.ends > $2"#,
            &list,
            now.unix_seconds(),
        );
        parsed(&self.read("find what is needed still", rows.fetch_all(&self.pool)).await?)
    }

    async fn queue_notices(
        &self,
        notices: &[Notice],
        on_paper: &[(EventId, RecipientRef)],
        jobs: &[NewJob],
        at: Timestamp,
    ) -> Result<u32, StoreError> {
        let found = Found { notices: notices.to_vec(), on_paper: on_paper.to_vec(), jobs: jobs.to_vec(), at };
        let queued = self.writer.write("queue notices", found, |c, found| Box::pin(events::queue_notices(c, found))).await;
        self.wake();
        queued
    }

    async fn address(&self, key: AddressKey) -> Result<AddressRow, StoreError> {
        let row = sqlx::query_as!(
            RawAddress,
            "select address, confirmed_at, blocked_at, code from addresses where address = $1",
            key.to_string(),
        );
        let row = self.read("look an address up", row.fetch_optional(&self.pool)).await?;
        row.map_or(Ok(AddressRow::default()), AddressRow::try_from)
    }

    async fn confirm_address(&self, key: AddressKey, at: Timestamp) -> Result<(), StoreError> {
        self.writer.write("confirm an address", (key, at), |c, (key, at)| Box::pin(addresses::confirm(c, *key, *at))).await
    }

    async fn block_address(&self, key: AddressKey, code: ErrorCode, at: Timestamp) -> Result<Recorded, StoreError> {
        let input = (key, code, at);
        self.writer.write("block an address", input, |c, (key, code, at)| Box::pin(addresses::block(c, *key, *code, *at))).await
    }
}

fn parsed(digests: &[String]) -> Result<Vec<Sha256>, StoreError> {
    digests.iter().map(|digest| Row::of("plan_facts", digest).text("digest", digest)).collect()
}
