//! The database's clock: milliseconds since 1970-01-01T00:00:00Z. SQLite's is that of its machine; tests move it, and a simulation
//! lets it stand still.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use pipeline_store::StoreError;
use sqlx::SqliteExecutor;

use crate::fault::Doing;

/// How far this handle's clock, and its clones', is from the database's, or where it stands.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    shifted_by: Arc<AtomicI64>,
    /// 0 while it goes.
    stands_at: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn shift(&self, by_ms: i64) {
        self.shifted_by.fetch_add(by_ms, Ordering::Relaxed);
    }

    pub(crate) fn stand_at(&self, ms: i64) {
        self.stands_at.store(ms, Ordering::Relaxed);
    }

    pub(crate) async fn now(&self, c: impl SqliteExecutor<'_>) -> Result<i64, StoreError> {
        let stands_at = self.stands_at.load(Ordering::Relaxed);
        if stands_at != 0 {
            return Ok(stands_at);
        }
        let now = sqlx::query_scalar!(r#"select cast(unixepoch('subsec') * 1000 as integer) as "now!: i64""#);
        Ok(now.fetch_one(c).await.doing("read the clock")? + self.shifted_by.load(Ordering::Relaxed))
    }
}
