//! `Deliveries`: writes go to the writer, the rest is read here.

use pipeline_domain::{CaseFolderId, DocumentKey, Timestamp};
use pipeline_store::{
    Deliveries, DeliveryChange, DeliveryFilter, DeliveryId, DeliveryPart, DeliveryRow, DeliveryState, Recorded, StoreError,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    PostgresStore,
    archive::changed,
    fault::Doing,
    rows::{Row, all, all_turned},
};

/// Deliveries with their folders. The rest of the statement follows.
macro_rules! delivery_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            RawDelivery,
            "select x.id, f.municipality, f.year, f.sequence, x.document_id, x.version, x.part, x.state, x.code, x.life, x.kept, x.revision,
               x.opened_at, x.changed_at, x.next_at
             from deliveries x join case_folders f on f.id = x.folder " + $rest
            $(, $arg)*
        )
    };
}

/// Columns of a delivery and its folder, as `delivery_rows!` selects them.
struct RawDelivery {
    id: i64,
    municipality: String,
    year: i64,
    sequence: i64,
    document_id: String,
    version: i64,
    part: String,
    state: String,
    code: Option<String>,
    life: String,
    kept: i64,
    revision: i64,
    opened_at: i64,
    changed_at: i64,
    next_at: Option<i64>,
}

impl TryFrom<RawDelivery> for DeliveryRow {
    type Error = StoreError;
    fn try_from(raw: RawDelivery) -> Result<Self, StoreError> {
        let row = Row::of("deliveries", raw.id);
        Ok(Self {
            id: DeliveryId(raw.id),
            folder: row.folder(&raw.municipality, raw.year, raw.sequence)?,
            document: row.key(&raw.document_id, raw.version)?,
            part: row.text("part", &raw.part)?,
            state: row.text("state", &raw.state)?,
            code: row.maybe_code("code", raw.code.as_deref())?,
            life: raw.life,
            is_kept: raw.kept == 1,
            revision: row.number("revision", raw.revision)?,
            opened_at: row.instant("opened_at", raw.opened_at)?,
            changed_at: row.instant("changed_at", raw.changed_at)?,
            next_at: row.maybe_instant("next_at", raw.next_at)?,
        })
    }
}

impl Deliveries for PostgresStore {
    async fn open_delivery(&self, document: DocumentKey, part: DeliveryPart, life: &str, at: Timestamp) -> Result<Recorded, StoreError> {
        let input = (document, part, life.to_owned(), at);
        let deed =
            self.writer.write("open a delivery", input, |c, (document, part, life, at)| Box::pin(open(c, *document, *part, life, *at)));
        deed.await
    }

    async fn delivery(&self, document: DocumentKey, part: DeliveryPart) -> Result<Option<DeliveryRow>, StoreError> {
        let (id, version, part) = (document.id.to_string(), i64::from(document.version.0), part.id());
        let row = delivery_rows!("where x.document_id = $1 and x.version = $2 and x.part = $3", id, version, part);
        self.read("read a delivery", row.fetch_optional(&self.pool)).await?.map(DeliveryRow::try_from).transpose()
    }

    async fn delivery_by_id(&self, id: DeliveryId) -> Result<Option<DeliveryRow>, StoreError> {
        let row = delivery_rows!("where x.id = $1", id.0);
        self.read("find a delivery by its number", row.fetch_optional(&self.pool)).await?.map(DeliveryRow::try_from).transpose()
    }

    async fn delivery_of_message(&self, message: Uuid) -> Result<Option<DeliveryRow>, StoreError> {
        let message = message.hyphenated().to_string();
        let row = delivery_rows!("where x.id = (select delivery from delivery_messages where message_id = $1)", message);
        self.read("find the delivery of a message", row.fetch_optional(&self.pool)).await?.map(DeliveryRow::try_from).transpose()
    }

    async fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        match &filter.folder {
            Some(folder) => self.deliveries_of(folder, filter.state, limit).await,
            None => self.deliveries_anywhere(filter.state, limit).await,
        }
    }

    async fn deliveries_due(&self, now: Timestamp, after: Option<DeliveryId>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let (now, after, limit) = (now.unix_seconds(), after.map_or(0, |id| id.0), i64::from(limit));
        let rows = delivery_rows!("where x.next_at <= $1 and x.id > $2 order by x.id limit $3", now, after, limit);
        all(self.read("list due deliveries", rows.fetch_all(&self.pool)).await?)
    }

    async fn deliveries_to_keep(&self, after: Option<DeliveryId>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let (after, limit) = (after.map_or(0, |id| id.0), i64::from(limit));
        let rows = delivery_rows!("where x.kept = 0 and x.id > $1 order by x.id limit $2", after, limit);
        all(self.read("list answers that are not kept yet", rows.fetch_all(&self.pool)).await?)
    }

    async fn delivery_counts(&self) -> Result<Vec<(DeliveryState, u32)>, StoreError> {
        let rows = sqlx::query!(r#"select state, count(*) as "n!" from deliveries group by state order by state collate "C""#);
        let rows = self.read("count deliveries", rows.fetch_all(&self.pool)).await?;
        let counted = |state: &str, n: i64| Ok((Row::of("deliveries", state).text("state", state)?, u32::try_from(n).unwrap_or(u32::MAX)));
        rows.iter().map(|row| counted(&row.state, row.n)).collect()
    }

    async fn name_message(&self, id: DeliveryId, message: Uuid) -> Result<(), StoreError> {
        self.writer.write("name a message", (id, message), |c, (id, message)| Box::pin(name(c, *id, *message))).await
    }

    async fn change_delivery(&self, id: DeliveryId, seen: u32, change: &DeliveryChange) -> Result<Recorded, StoreError> {
        let input = (id, seen, change.clone());
        self.writer.write("change a delivery", input, |c, (id, seen, change)| Box::pin(set(c, *id, *seen, change))).await
    }
}

impl PostgresStore {
    async fn deliveries_anywhere(&self, state: Option<DeliveryState>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let (state, limit) = (state.map(DeliveryState::id), i64::from(limit));
        let rows = delivery_rows!("where ($1::text is null or x.state = $1) order by x.id desc limit $2", state, limit);
        let mut own_plan = self.replanned("list deliveries").await?;
        all_turned(self.read("list deliveries", rows.fetch_all(&mut *own_plan)).await?)
    }

    async fn deliveries_of(&self, folder: &CaseFolderId, state: Option<DeliveryState>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let (municipality, year, sequence) = (folder.municipality.as_str(), i64::from(folder.year), i64::from(folder.sequence));
        let (state, limit) = (state.map(DeliveryState::id), i64::from(limit));
        let rows = delivery_rows!(
            "where f.municipality = $1 and f.year = $2 and f.sequence = $3 and ($4::text is null or x.state = $4)
             order by x.id desc limit $5",
            municipality,
            year,
            sequence,
            state,
            limit,
        );
        let mut own_plan = self.replanned("list deliveries of a case folder").await?;
        all_turned(self.read("list deliveries of a case folder", rows.fetch_all(&mut *own_plan)).await?)
    }
}

async fn open(c: &mut PgConnection, document: DocumentKey, part: DeliveryPart, life: &str, at: Timestamp) -> Result<Recorded, StoreError> {
    const DOING: &str = "open a delivery";
    let (id, version, part, at) = (document.id.to_string(), i64::from(document.version.0), part.id(), at.unix_seconds());
    let insert = sqlx::query!(
        "insert into deliveries (folder, document_id, version, part, state, life, kept, revision, opened_at, changed_at, next_at)
         select folder, document_id, version, $1::text, 'waiting', $2::text, 1, 0, $3::bigint, $3, $3
         from documents where document_id = $4 and version = $5
         on conflict (document_id, version, part) do nothing",
        part,
        life,
        at,
        id,
        version,
    );
    if changed(&insert.execute(&mut *c).await.doing(DOING)?) == Recorded::Now {
        return Ok(Recorded::Now);
    }
    let known = sqlx::query_scalar!("select id from documents where document_id = $1 and version = $2", id, version);
    known.fetch_optional(c).await.doing(DOING)?.ok_or(StoreError::UnknownDocument { document })?;
    Ok(Recorded::Before)
}

async fn name(c: &mut PgConnection, id: DeliveryId, message: Uuid) -> Result<(), StoreError> {
    let message = message.hyphenated().to_string();
    let insert = sqlx::query!(
        "insert into delivery_messages (message_id, delivery) values ($1, $2) on conflict (message_id) do nothing",
        message,
        id.0,
    );
    insert.execute(c).await.doing("name a message")?;
    Ok(())
}

async fn set(c: &mut PgConnection, id: DeliveryId, seen: u32, change: &DeliveryChange) -> Result<Recorded, StoreError> {
    let update = sqlx::query!(
        "update deliveries set state = $1, code = $2, life = $3, kept = $4, next_at = $5, changed_at = $6, revision = revision + 1
         where id = $7 and revision = $8",
        change.state.id(),
        change.code.map(|c| c.id()),
        change.life,
        i64::from(change.is_kept),
        change.next_at.map(Timestamp::unix_seconds),
        change.at.unix_seconds(),
        id.0,
        i64::from(seen),
    );
    Ok(changed(&update.execute(c).await.doing("change a delivery")?))
}
