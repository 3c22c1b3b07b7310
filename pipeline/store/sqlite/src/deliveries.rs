//! `Deliveries`: writes go to the writer, the rest is read here.

use pipeline_domain::{CaseFolderId, DocumentKey, Timestamp};
use pipeline_store::{
    Deliveries, DeliveryChange, DeliveryFilter, DeliveryId, DeliveryPart, DeliveryRow, DeliveryState, Recorded, StoreError,
};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    SqliteStore,
    archive::changed,
    fault::Doing,
    rows::{Row, all, all_turned},
};

/// Deliveries with their folders. The rest of the statement follows.
macro_rules! delivery_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            RawDelivery,
            r#"select x.id as "id!", f.municipality as "municipality!", f.year as "year!", f.sequence as "sequence!",
                 x.document_id as "document_id!", x.version as "version!", x.part as "part!", x.state as "state!", x.code as "code?",
                 x.life as "life!", x.kept as "kept!", x.revision as "revision!", x.opened_at as "opened_at!",
                 x.changed_at as "changed_at!", x.next_at as "next_at?"
               from deliveries x join case_folders f on f.id = x.folder "# + $rest
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

impl Deliveries for SqliteStore {
    async fn open_delivery(&self, document: DocumentKey, part: DeliveryPart, life: &str, at: Timestamp) -> Result<Recorded, StoreError> {
        let life = life.to_owned();
        self.writer.write("open a delivery", move |c| Box::pin(async move { open(c, document, part, &life, at).await })).await
    }

    async fn delivery(&self, document: DocumentKey, part: DeliveryPart) -> Result<Option<DeliveryRow>, StoreError> {
        let (id, version, part) = (document.id.to_string(), document.version.0, part.id());
        let row: Option<RawDelivery> = delivery_rows!("where x.document_id = ? and x.version = ? and x.part = ?", id, version, part)
            .fetch_optional(&self.readers)
            .await
            .doing("read a delivery")?;
        row.map(DeliveryRow::try_from).transpose()
    }

    async fn delivery_by_id(&self, id: DeliveryId) -> Result<Option<DeliveryRow>, StoreError> {
        let row: Option<RawDelivery> =
            delivery_rows!("where x.id = ?", id.0).fetch_optional(&self.readers).await.doing("find a delivery by its number")?;
        row.map(DeliveryRow::try_from).transpose()
    }

    async fn delivery_of_message(&self, message: Uuid) -> Result<Option<DeliveryRow>, StoreError> {
        let message = message.hyphenated().to_string();
        let row: Option<RawDelivery> =
            delivery_rows!("where x.id = (select delivery from delivery_messages where message_id = ?)", message)
                .fetch_optional(&self.readers)
                .await
                .doing("find the delivery of a message")?;
        row.map(DeliveryRow::try_from).transpose()
    }

    async fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        match &filter.folder {
            Some(folder) => self.deliveries_of(folder, filter.state, limit).await,
            None => self.deliveries_anywhere(filter.state, limit).await,
        }
    }

    async fn deliveries_due(&self, now: Timestamp, after: Option<DeliveryId>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let (now, after) = (now.unix_seconds(), after.map_or(0, |id| id.0));
        let rows: Vec<RawDelivery> =
            delivery_rows!("where x.next_at is not null and x.next_at <= ? and x.id > ? order by x.id limit ?", now, after, limit)
                .fetch_all(&self.readers)
                .await
                .doing("list due deliveries")?;
        all(rows)
    }

    async fn deliveries_to_keep(&self, after: Option<DeliveryId>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let after = after.map_or(0, |id| id.0);
        let rows: Vec<RawDelivery> = delivery_rows!("where x.kept = 0 and x.id > ? order by x.id limit ?", after, limit)
            .fetch_all(&self.readers)
            .await
            .doing("list answers that are not kept yet")?;
        all(rows)
    }

    async fn delivery_counts(&self) -> Result<Vec<(DeliveryState, u32)>, StoreError> {
        let rows = sqlx::query!(r#"select state as "state!", count(*) as "n!: i64" from deliveries group by state order by state"#);
        let rows = rows.fetch_all(&self.readers).await.doing("count deliveries")?;
        let counted = |state: &str, n: i64| Ok((Row::of("deliveries", state).text("state", state)?, u32::try_from(n).unwrap_or(u32::MAX)));
        rows.iter().map(|row| counted(&row.state, row.n)).collect()
    }

    async fn name_message(&self, id: DeliveryId, message: Uuid) -> Result<(), StoreError> {
        self.writer.write("name a message", move |c| Box::pin(name(c, id, message))).await
    }

    async fn change_delivery(&self, id: DeliveryId, seen: u32, change: &DeliveryChange) -> Result<Recorded, StoreError> {
        let change = change.clone();
        self.writer.write("change a delivery", move |c| Box::pin(async move { set(c, id, seen, &change).await })).await
    }
}

impl SqliteStore {
    async fn deliveries_anywhere(&self, state: Option<DeliveryState>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let state = state.map(DeliveryState::id);
        let rows: Vec<RawDelivery> = delivery_rows!("where (?1 is null or x.state = ?1) order by x.id desc limit ?2", state, limit)
            .fetch_all(&self.readers)
            .await
            .doing("list deliveries")?;
        all_turned(rows)
    }

    async fn deliveries_of(&self, folder: &CaseFolderId, state: Option<DeliveryState>, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let (municipality, state) = (folder.municipality.as_str(), state.map(DeliveryState::id));
        let rows: Vec<RawDelivery> = delivery_rows!(
            "where f.municipality = ?1 and f.year = ?2 and f.sequence = ?3 and (?4 is null or x.state = ?4) order by x.id desc limit ?5",
            municipality,
            folder.year,
            folder.sequence,
            state,
            limit,
        )
        .fetch_all(&self.readers)
        .await
        .doing("list deliveries of a case folder")?;
        all_turned(rows)
    }
}

async fn open(
    c: &mut SqliteConnection,
    document: DocumentKey,
    part: DeliveryPart,
    life: &str,
    at: Timestamp,
) -> Result<Recorded, StoreError> {
    const DOING: &str = "open a delivery";
    let (id, version, part, at) = (document.id.to_string(), document.version.0, part.id(), at.unix_seconds());
    let insert = sqlx::query!(
        "insert into deliveries (folder, document_id, version, part, state, life, kept, revision, opened_at, changed_at, next_at)
         select folder, document_id, version, ?1, 'waiting', ?2, 1, 0, ?3, ?3, ?3 from documents where document_id = ?4 and version = ?5
         on conflict (document_id, version, part) do nothing",
        part,
        life,
        at,
        id,
        version,
    );
    if changed(insert.execute(&mut *c).await.doing(DOING)?) == Recorded::Now {
        return Ok(Recorded::Now);
    }
    let known = sqlx::query_scalar!("select id from documents where document_id = ? and version = ?", id, version);
    known.fetch_optional(c).await.doing(DOING)?.ok_or(StoreError::UnknownDocument { document })?;
    Ok(Recorded::Before)
}

async fn name(c: &mut SqliteConnection, id: DeliveryId, message: Uuid) -> Result<(), StoreError> {
    let message = message.hyphenated().to_string();
    let insert = sqlx::query!(
        "insert into delivery_messages (message_id, delivery) values (?, ?) on conflict (message_id) do nothing",
        message,
        id.0
    );
    insert.execute(c).await.doing("name a message")?;
    Ok(())
}

async fn set(c: &mut SqliteConnection, id: DeliveryId, seen: u32, change: &DeliveryChange) -> Result<Recorded, StoreError> {
    let (state, code) = (change.state.id(), change.code.map(|c| c.id()));
    let (next_at, at) = (change.next_at.map(Timestamp::unix_seconds), change.at.unix_seconds());
    let update = sqlx::query!(
        "update deliveries set state = ?, code = ?, life = ?, kept = ?, next_at = ?, changed_at = ?, revision = revision + 1
         where id = ? and revision = ?",
        state,
        code,
        change.life,
        change.is_kept,
        next_at,
        at,
        id.0,
        seen,
    );
    Ok(changed(update.execute(c).await.doing("change a delivery")?))
}
