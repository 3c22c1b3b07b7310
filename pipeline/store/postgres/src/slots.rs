//! The one place that a person has for an active plan of some kinds. Inside a transaction of which there is
//! one at a time (`accept.rs`).

use pipeline_domain::CaseFolderId;
use pipeline_store::{Slot, SlotChange, StoreError};
use sqlx::PgConnection;

use crate::{accept::Opened, fault::Doing, rows::RawOpened};

/// The folder of another plan that has the place which this one wants. `folder` is this plan's, if it has one.
pub(crate) async fn other_holder(
    c: &mut PgConnection,
    change: SlotChange,
    folder: Option<&Opened>,
) -> Result<Option<CaseFolderId>, StoreError> {
    let SlotChange::Claim(slot) = change else { return Ok(None) };
    let holder = holder(c, slot).await?;
    Ok(holder.filter(|holder| folder.is_none_or(|own| own.row != holder.row)).map(|holder| holder.id))
}

async fn holder(c: &mut PgConnection, slot: Slot) -> Result<Option<Opened>, StoreError> {
    let slot = slot.to_string();
    let row = sqlx::query_as!(
        RawOpened,
        "select f.id, f.municipality, f.year, f.sequence, f.opened_at from plan_slots s join case_folders f on f.id = s.folder
         where s.slot = $1",
        slot,
    );
    row.fetch_optional(c).await.doing("see who has a person's place")?.map(Opened::try_from).transpose()
}

/// No other plan has the place: [`other_holder`] was asked in the same transaction.
pub(crate) async fn change(c: &mut PgConnection, change: SlotChange, folder: i64) -> Result<(), StoreError> {
    match change {
        SlotChange::Keep => Ok(()),
        SlotChange::Claim(slot) => {
            release(c, folder).await?;
            claim(c, slot, folder).await
        }
        SlotChange::Release => release(c, folder).await,
    }
}

async fn claim(c: &mut PgConnection, slot: Slot, folder: i64) -> Result<(), StoreError> {
    let slot = slot.to_string();
    let insert = sqlx::query!("insert into plan_slots (slot, folder) values ($1, $2)", slot, folder);
    insert.execute(c).await.doing("take a person's place")?;
    Ok(())
}

async fn release(c: &mut PgConnection, folder: i64) -> Result<(), StoreError> {
    sqlx::query!("delete from plan_slots where folder = $1", folder).execute(c).await.doing("give a person's place back")?;
    Ok(())
}
