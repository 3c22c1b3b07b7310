//! The one place that a person has for an active plan of some kinds. Inside the writer's transaction.

use pipeline_domain::CaseFolderId;
use pipeline_store::{Slot, SlotChange, StoreError};
use sqlx::SqliteConnection;

use crate::{accept::Opened, fault::Doing, rows::RawOpened};

/// The folder of another plan that has the place which this one wants. `folder` is this plan's, if it has one.
pub(crate) async fn other_holder(
    c: &mut SqliteConnection,
    change: SlotChange,
    folder: Option<&Opened>,
) -> Result<Option<CaseFolderId>, StoreError> {
    let SlotChange::Claim(slot) = change else { return Ok(None) };
    let holder = holder(c, slot).await?;
    Ok(holder.filter(|holder| folder.is_none_or(|own| own.row != holder.row)).map(|holder| holder.id))
}

async fn holder(c: &mut SqliteConnection, slot: Slot) -> Result<Option<Opened>, StoreError> {
    let slot = slot.to_string();
    let row = sqlx::query_as!(
        RawOpened,
        r#"select f.id as "id!", f.municipality as "municipality!", f.year as "year!", f.sequence as "sequence!", f.opened_at as "opened_at!"
           from plan_slots s join case_folders f on f.id = s.folder where s.slot = ?"#,
        slot,
    );
    row.fetch_optional(c).await.doing("see who has a person's place")?.map(Opened::try_from).transpose()
}

/// No other plan has the place: [`other_holder`] was asked in the same transaction.
pub(crate) async fn change(c: &mut SqliteConnection, change: SlotChange, folder: i64) -> Result<(), StoreError> {
    match change {
        SlotChange::Keep => Ok(()),
        SlotChange::Claim(slot) => {
            release(c, folder).await?;
            claim(c, slot, folder).await
        }
        SlotChange::Release => release(c, folder).await,
    }
}

async fn claim(c: &mut SqliteConnection, slot: Slot, folder: i64) -> Result<(), StoreError> {
    let slot = slot.to_string();
    let insert = sqlx::query!("insert into plan_slots (slot, folder) values (?, ?)", slot, folder);
    insert.execute(c).await.doing("take a person's place")?;
    Ok(())
}

async fn release(c: &mut SqliteConnection, folder: i64) -> Result<(), StoreError> {
    sqlx::query!("delete from plan_slots where folder = ?", folder).execute(c).await.doing("give a person's place back")?;
    Ok(())
}
