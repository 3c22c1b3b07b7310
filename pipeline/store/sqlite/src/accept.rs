//! Taking a document in. Runs inside the writer's transaction, so what is looked up cannot change before it is used.

use pipeline_domain::{CaseFolderId, JournalNumber, MunicipalityNumber, Timestamp};
use pipeline_store::{Acceptance, DocumentRow, DocumentState, FactSource, FollowUp, NewDocument, Plan, Reservation, StoreError};
use sqlx::SqliteConnection;

use crate::{
    documents::document_rows,
    facts::{self, NewFact},
    fault::Doing,
    jobs,
    rows::{RawDocument, RawOpened},
    slots,
};

const DOING: &str = "accept a document";

pub(crate) async fn accept(c: &mut SqliteConnection, new: &NewDocument, follow_up: FollowUp, now: i64) -> Result<Acceptance, StoreError> {
    match met(c, new).await? {
        Some(row) if row.digest == new.digest => {
            if row.state == DocumentState::Accepted && !jobs::has_jobs(c, row.key).await? {
                jobs::follow_up(c, row.key, &row.reservation, follow_up, now).await?;
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
    jobs::follow_up(c, new.key, &reservation, follow_up, now).await?;
    Ok(Acceptance::New(reservation))
}

/// A folder's row, number and day.
pub(crate) struct Opened {
    pub row: i64,
    pub id: CaseFolderId,
    pub opened_at: Timestamp,
}

/// The document with this content; if there is none, the one with this id and version. One question: most often both are new.
async fn met(c: &mut SqliteConnection, new: &NewDocument) -> Result<Option<DocumentRow>, StoreError> {
    let (digest, id, version) = (new.digest.to_string(), new.key.id.to_string(), new.key.version.0);
    let rows: Vec<RawDocument> = document_rows!("where d.digest = ? or (d.document_id = ? and d.version = ?)", digest, id, version)
        .fetch_all(c)
        .await
        .doing(DOING)?;
    rows.into_iter().max_by_key(|row| row.digest == digest).map(DocumentRow::try_from).transpose()
}

pub(crate) async fn opened_folder(c: &mut SqliteConnection, plan: &Plan) -> Result<Option<Opened>, StoreError> {
    let (source, id, municipality) = (plan.source_system.as_str(), plan.plan.to_string(), plan.municipality.as_str());
    let row = sqlx::query_as!(
        RawOpened,
        "select id, municipality, year, sequence, opened_at from case_folders
         where source_system = ? and plan_id = ? and municipality = ?",
        source,
        id,
        municipality,
    );
    row.fetch_optional(c).await.doing(DOING)?.map(Opened::try_from).transpose()
}

pub(crate) async fn open_folder(c: &mut SqliteConnection, plan: &Plan, at: Timestamp) -> Result<Opened, StoreError> {
    let year = at.oslo_year();
    let sequence = next_number(c, "folder", &plan.municipality, year).await?;
    let (source, id, municipality) = (plan.source_system.as_str(), plan.plan.to_string(), plan.municipality.as_str());
    let opened_at = at.unix_seconds();
    let row = sqlx::query_scalar!(
        r#"insert into case_folders (source_system, plan_id, municipality, year, sequence, opened_at)
         values (?, ?, ?, ?, ?, ?) returning id as "id!""#,
        source,
        id,
        municipality,
        year,
        sequence,
        opened_at,
    );
    let row = row.fetch_one(c).await.doing(DOING)?;
    Ok(Opened { row, id: CaseFolderId { municipality: plan.municipality.clone(), year, sequence }, opened_at: at })
}

/// The next running number of `what` (`folder` or `journal`). Taken back with the savepoint if the call fails, so no gaps.
async fn next_number(c: &mut SqliteConnection, what: &str, municipality: &MunicipalityNumber, year: u16) -> Result<u32, StoreError> {
    let municipality = municipality.as_str();
    let last = sqlx::query_scalar!(
        r#"insert into sequences (what, municipality, year, last) values (?, ?, ?, 1)
         on conflict (what, municipality, year) do update set last = last + 1 returning last as "last!""#,
        what,
        municipality,
        year,
    );
    let last = last.fetch_one(c).await.doing(DOING)?;
    u32::try_from(last).map_err(|_| StoreError::Inconsistent {
        table: "sequences",
        column: "last",
        id: format!("{what}/{municipality}/{year}"),
    })
}

async fn insert(c: &mut SqliteConnection, new: &NewDocument, folder: i64, journal: JournalNumber) -> Result<(), StoreError> {
    let (id, version, kind) = (new.key.id.to_string(), new.key.version.0, new.kind.id());
    let (digest, municipality, at) = (new.digest.to_string(), new.municipality.as_str(), new.at.unix_seconds());
    let row = sqlx::query!(
        "insert into documents
           (document_id, version, kind, digest, folder, municipality, journal_year, journal_sequence, accepted_at, state, next_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'accepted', ?)",
        id,
        version,
        kind,
        digest,
        folder,
        municipality,
        journal.year,
        journal.sequence,
        at,
        at,
    );
    row.execute(c).await.doing(DOING)?;
    Ok(())
}

/// After the document's own row, which the fact refers to.
async fn remember(c: &mut SqliteConnection, new: &NewDocument, folder: i64) -> Result<(), StoreError> {
    let source = FactSource::Document(new.key);
    facts::keep(c, &NewFact { folder, source, digest: new.digest, tells_contacts: false, fact: &new.fact, at: new.at }).await
}
