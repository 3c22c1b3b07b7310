//! What is remembered of events and documents, as rows. Written inside an open transaction.

use pipeline_domain::{CaseFolderId, EventId, Fact, FactKind, Sha256, Timestamp};
use pipeline_store::{FactRow, FactSource, StoreError};
use sqlx::PgConnection;

use crate::{fault::Doing, rows::Row};

/// Facts with their folders. The rest of the statement follows.
macro_rules! fact_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::facts::RawFact,
            r#"select p.id, f.municipality, f.year, f.sequence, p.event_id as "event_id?", p.document_id as "document_id?",
                 p.version as "version?", p.digest, p.tells_contacts, p.kind, p.happened_at, p.recorded_at, p.about
               from plan_facts p join case_folders f on f.id = p.folder "# + $rest
            $(, $arg)*
        )
    };
}
pub(crate) use fact_rows;

/// A fact that is to be kept.
pub(crate) struct NewFact<'a> {
    /// Row of the plan's folder.
    pub folder: i64,
    pub source: FactSource,
    pub digest: Sha256,
    pub tells_contacts: bool,
    pub fact: &'a Fact,
    pub at: Timestamp,
}

pub(crate) async fn keep(c: &mut PgConnection, new: &NewFact<'_>) -> Result<(), StoreError> {
    const DOING: &str = "keep a fact";
    let about = serde_json::to_string(&new.fact.about).map_err(|e| StoreError::Refused { doing: DOING, source: e.into() })?;
    let (event, document) = (new.source.event().map(|id| id.to_string()), new.source.document());
    let (id, version) = (document.map(|d| d.id.to_string()), document.map(|d| i64::from(d.version.0)));
    let (digest, kind) = (new.digest.to_string(), new.fact.kind.id());
    let (happened_at, recorded_at) = (new.fact.at.unix_seconds(), new.at.unix_seconds());
    let (matter, ends) = (new.fact.about.matter.map(|m| m.to_string()), new.fact.about.ends.map(Timestamp::unix_seconds));
    let insert = sqlx::query!(
        "insert into plan_facts
           (folder, event_id, document_id, version, digest, tells_contacts, kind, happened_at, recorded_at, matter, ends, about)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.folder,
        event,
        id,
        version,
        digest,
        i64::from(new.tells_contacts),
        kind,
        happened_at,
        recorded_at,
        matter,
        ends,
        about,
    );
    insert.execute(c).await.doing(DOING)?;
    Ok(())
}

/// Columns of a fact and its folder, as `fact_rows!` selects them.
pub(crate) struct RawFact {
    pub id: i64,
    pub municipality: String,
    pub year: i64,
    pub sequence: i64,
    pub event_id: Option<String>,
    pub document_id: Option<String>,
    pub version: Option<i64>,
    pub digest: String,
    pub tells_contacts: i64,
    pub kind: String,
    pub happened_at: i64,
    pub recorded_at: i64,
    pub about: String,
}

impl TryFrom<RawFact> for FactRow {
    type Error = StoreError;
    fn try_from(raw: RawFact) -> Result<Self, StoreError> {
        let row = Row::of("plan_facts", raw.id);
        Ok(Self {
            folder: row.folder(&raw.municipality, raw.year, raw.sequence)?,
            source: row.source(raw.event_id.as_deref(), raw.document_id.as_deref(), raw.version)?,
            digest: row.text("digest", &raw.digest)?,
            tells_contacts: raw.tells_contacts == 1,
            fact: Fact {
                kind: FactKind::from_id(&raw.kind).ok_or_else(|| row.bad("kind"))?,
                at: row.instant("happened_at", raw.happened_at)?,
                about: serde_json::from_str(&raw.about).map_err(|_| row.bad("about"))?,
            },
            recorded_at: row.instant("recorded_at", raw.recorded_at)?,
        })
    }
}

/// The folder of the event with this digest.
pub(crate) async fn folder_of_digest(c: &mut PgConnection, digest: Sha256) -> Result<Option<CaseFolderId>, StoreError> {
    let digest = digest.to_string();
    let row: Option<RawFact> =
        fact_rows!("where p.digest = $1 and p.event_id is not null", digest).fetch_optional(c).await.doing("find an event by content")?;
    Ok(row.map(FactRow::try_from).transpose()?.map(|row| row.folder))
}

pub(crate) async fn has_event(c: &mut PgConnection, id: EventId) -> Result<bool, StoreError> {
    let id = id.to_string();
    let found = sqlx::query_scalar!("select id from plan_facts where event_id = $1", id);
    Ok(found.fetch_optional(c).await.doing("find an event")?.is_some())
}
