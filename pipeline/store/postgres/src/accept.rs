//! Taking a document in. One transaction at a time does so (or takes an event in), in all processes together: what is looked up cannot change before
//! it is used, numbers are given in the order in which they become visible, and nobody can end up waiting in a circle.

use pipeline_domain::{CaseFolderId, JournalNumber, MunicipalityNumber, Timestamp};
use pipeline_store::{Acceptance, DocumentRow, DocumentState, FactSource, FollowUp, NewDocument, Plan, Reservation, StoreError};
use sqlx::PgConnection;

use crate::{
    documents::document_rows,
    facts::{self, NewFact},
    fault::Doing,
    jobs,
    locks::{self, Lock},
    rows::{RawDocument, RawOpened},
    slots,
};

const DOING: &str = "accept a document";

pub(crate) async fn accept(c: &mut PgConnection, new: &NewDocument, follow_up: FollowUp) -> Result<Acceptance, StoreError> {
    one_at_a_time(c).await?;
    match met(c, new).await? {
        Some(row) if row.digest == new.digest => {
            if row.state == DocumentState::Accepted {
                jobs::enqueue_unless_known(c, &row.key.to_string(), &follow_up(row.key, &row.reservation)).await?;
            }
            return Ok(Acceptance::Known(Box::new(row)));
        }
        Some(_) => return Ok(Acceptance::IdReused),
        None => {}
    }
    let plan = Plan { source_system: new.source_system.clone(), plan: new.plan, municipality: new.municipality.clone() };
    let folder = opened_folder(c, &plan).await?;
    if let Some(holder) = slots::other_holder(c, new.slot, folder.as_ref()).await? {
        return Ok(Acceptance::SlotTaken(holder));
    }
    let folder = match folder {
        Some(folder) => folder,
        None => open_folder(c, &plan, new.at).await?,
    };
    let year = new.at.oslo_year();
    let journal = JournalNumber { year, sequence: next_number(c, "journal", &new.municipality, year).await? };
    insert(c, new, folder.row, journal).await?;
    remember(c, new, folder.row).await?;
    slots::change(c, new.slot, folder.row).await?;
    let reservation = Reservation { folder: folder.id, folder_opened_at: folder.opened_at, journal, accepted_at: new.at };
    jobs::enqueue_in(c, &follow_up(new.key, &reservation)).await?;
    Ok(Acceptance::New(reservation))
}

/// A folder's row, number and day.
pub(crate) struct Opened {
    pub row: i64,
    pub id: CaseFolderId,
    pub opened_at: Timestamp,
}

/// Until the transaction ends. Taking it twice in one is nothing.
pub(crate) async fn one_at_a_time(c: &mut PgConnection) -> Result<(), StoreError> {
    let lock = sqlx::query!("select pg_advisory_xact_lock($1, $2)", locks::OURS, Lock::Acceptance.number());
    lock.execute(c).await.doing(DOING)?;
    Ok(())
}

/// The document with this content; if there is none, the one with this id and version. One question: most often both are new.
async fn met(c: &mut PgConnection, new: &NewDocument) -> Result<Option<DocumentRow>, StoreError> {
    let (digest, id, version) = (new.digest.to_string(), new.key.id.to_string(), i64::from(new.key.version.0));
    let rows: Vec<RawDocument> = document_rows!(
        "where d.id = any (array(
           select id from documents where digest = $1 union all select id from documents where document_id = $2 and version = $3))",
        digest,
        id,
        version,
    )
    .fetch_all(c)
    .await
    .doing(DOING)?;
    rows.into_iter().max_by_key(|row| row.digest == digest).map(DocumentRow::try_from).transpose()
}

pub(crate) async fn opened_folder(c: &mut PgConnection, plan: &Plan) -> Result<Option<Opened>, StoreError> {
    let (source, id, municipality) = (plan.source_system.as_str(), plan.plan.to_string(), plan.municipality.as_str());
    // `|| ''` keeps a planner that takes the table for empty from walking over all folders of the municipality.
    let row = sqlx::query_as!(
        RawOpened,
        "select id, municipality, year, sequence, opened_at from case_folders
         where source_system = $1 and plan_id = $2 and municipality || '' = $3",
        source,
        id,
        municipality,
    );
    row.fetch_optional(c).await.doing(DOING)?.map(Opened::try_from).transpose()
}

pub(crate) async fn open_folder(c: &mut PgConnection, plan: &Plan, at: Timestamp) -> Result<Opened, StoreError> {
    let year = at.oslo_year();
    let sequence = next_number(c, "folder", &plan.municipality, year).await?;
    let (source, id, municipality) = (plan.source_system.as_str(), plan.plan.to_string(), plan.municipality.as_str());
    let row = sqlx::query_scalar!(
        "insert into case_folders (source_system, plan_id, municipality, year, sequence, opened_at)
         values ($1, $2, $3, $4, $5, $6) returning id",
        source,
        id,
        municipality,
        i64::from(year),
        i64::from(sequence),
        at.unix_seconds(),
    );
    let row = row.fetch_one(c).await.doing(DOING)?;
    Ok(Opened { row, id: CaseFolderId { municipality: plan.municipality.clone(), year, sequence }, opened_at: at })
}

/// The next running number of `what` (`folder` or `journal`). Its row is locked until the transaction ends, and taken back if
/// that fails, so no gaps.
async fn next_number(c: &mut PgConnection, what: &str, municipality: &MunicipalityNumber, year: u16) -> Result<u32, StoreError> {
    let municipality = municipality.as_str();
    let last = sqlx::query_scalar!(
        "insert into sequences (what, municipality, year, last) values ($1, $2, $3, 1)
         on conflict (what, municipality, year) do update set last = sequences.last + 1 returning last",
        what,
        municipality,
        i64::from(year),
    );
    let last = last.fetch_one(c).await.doing(DOING)?;
    u32::try_from(last).map_err(|_| StoreError::Inconsistent {
        table: "sequences",
        column: "last",
        id: format!("{what}/{municipality}/{year}"),
    })
}

async fn insert(c: &mut PgConnection, new: &NewDocument, folder: i64, journal: JournalNumber) -> Result<(), StoreError> {
    let (id, version, kind) = (new.key.id.to_string(), i64::from(new.key.version.0), new.kind.id());
    let (digest, municipality, at) = (new.digest.to_string(), new.municipality.as_str(), new.at.unix_seconds());
    let row = sqlx::query!(
        "insert into documents
           (document_id, version, kind, digest, folder, municipality, journal_year, journal_sequence, accepted_at, state, next_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'accepted', $9)",
        id,
        version,
        kind,
        digest,
        folder,
        municipality,
        i64::from(journal.year),
        i64::from(journal.sequence),
        at,
    );
    row.execute(c).await.doing(DOING)?;
    Ok(())
}

/// After the document's own row, which the fact refers to.
async fn remember(c: &mut PgConnection, new: &NewDocument, folder: i64) -> Result<(), StoreError> {
    let source = FactSource::Document(new.key);
    facts::keep(c, &NewFact { folder, source, digest: new.digest, tells_contacts: false, fact: &new.fact, at: new.at }).await
}
