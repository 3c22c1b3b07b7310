//! Which addresses take no mail. Inside an open transaction.

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_store::{AddressKey, AddressRow, Recorded, StoreError};
use sqlx::PgConnection;

use crate::{archive::changed, fault::Doing, rows::Row};

/// One line of `addresses`.
pub(crate) struct RawAddress {
    pub address: String,
    pub confirmed_at: Option<i64>,
    pub blocked_at: Option<i64>,
    pub code: Option<String>,
}

impl TryFrom<RawAddress> for AddressRow {
    type Error = StoreError;
    fn try_from(raw: RawAddress) -> Result<Self, StoreError> {
        let row = Row::of("addresses", &raw.address);
        Ok(Self {
            confirmed_at: row.maybe_instant("confirmed_at", raw.confirmed_at)?,
            blocked_at: row.maybe_instant("blocked_at", raw.blocked_at)?,
            code: row.maybe_code("code", raw.code.as_deref())?,
        })
    }
}

/// A block that is younger than the word stands.
pub(crate) async fn confirm(c: &mut PgConnection, key: AddressKey, at: Timestamp) -> Result<(), StoreError> {
    let (key, at) = (key.to_string(), at.unix_seconds());
    let upsert = sqlx::query!(
        "insert into addresses (address, confirmed_at) values ($1, $2)
         on conflict (address) do update set
           confirmed_at = greatest(addresses.confirmed_at, excluded.confirmed_at),
           blocked_at = case when addresses.blocked_at > excluded.confirmed_at then addresses.blocked_at end,
           code = case when addresses.blocked_at > excluded.confirmed_at then addresses.code end",
        key,
        at,
    );
    upsert.execute(c).await.doing("confirm an address")?;
    Ok(())
}

pub(crate) async fn block(c: &mut PgConnection, key: AddressKey, code: ErrorCode, at: Timestamp) -> Result<Recorded, StoreError> {
    let (key, code, at) = (key.to_string(), code.id(), at.unix_seconds());
    let upsert = sqlx::query!(
        "insert into addresses (address, blocked_at, code) values ($1, $2, $3)
         on conflict (address) do update set blocked_at = excluded.blocked_at, code = excluded.code
           where addresses.blocked_at is null and (addresses.confirmed_at is null or addresses.confirmed_at <= excluded.blocked_at)",
        key,
        at,
        code,
    );
    Ok(changed(&upsert.execute(c).await.doing("block an address")?))
}
