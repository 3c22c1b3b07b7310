//! The store on SQLite: one file, durable commits, one writer that groups them.
//!
//! In: a path. Out: [`SqliteStore`], which is `pipeline_store`'s traits. Start with [`writer`](self) to see how a
//! write becomes durable (`writer.rs`), then `accept.rs` for the one with the most rules, and `jobs/` for the queue.
//!
//! - `journal_mode = wal`, `synchronous = full`: an answered write survives a power cut.
//! - A second process may open the same file. It reads and writes as well as the first, each waiting its turn; only one of
//!   them sends mail at a time (`hold.rs`).
//! - The file is made with mode 0600. SQLite gives `-wal` and `-shm` beside it the same. `-outbox.lock` is empty and stays.
//! - No statement is logged.

mod accept;
mod addresses;
mod archive;
mod clock;
mod deliveries;
mod documents;
mod dump;
mod events;
mod facts;
mod fault;
mod hold;
mod jobs;
mod mail;
mod open;
mod outbox;
mod paper;
mod plans;
mod rows;
mod runs;
mod schedules;
mod seat;
mod slots;
mod wake;
mod writer;

use std::{path::Path, sync::Arc};

use pipeline_domain::Timestamp;
use pipeline_store::StoreError;
use sqlx::SqlitePool;

use crate::{clock::Clock, hold::OutboxHold, wake::Wake, writer::Writer};

/// A store in one SQLite file. Cloning gives another handle on the same store.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    outbox: Arc<OutboxHold>,
    clock: Clock,
    wake: Wake,
}

impl SqliteStore {
    /// Opens the file, makes it if it is missing (its folder must be there), migrates it forward, and frees mail that a dead
    /// process left claimed. Needs a Tokio runtime for as long as it lives.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let (seat, readers) = open::open(path).await?;
        let outbox = Arc::new(OutboxHold::beside(path)?);
        let wake = Wake::new();
        let writer = Writer::start(seat, Arc::clone(&outbox), wake.clone());
        let store = Self { writer, readers, outbox, clock: Clock::default(), wake };
        store.free_if_nobody_sends().await?;
        Ok(store)
    }

    /// Stops the clock of this handle and its clones at this instant: leases and due times are told by it from now on. For
    /// simulations, which step it; in production it is never called.
    pub fn stop_clock_at(&self, at: Timestamp) {
        self.clock.stand_at(at.unix_seconds() * 1000);
    }

    /// The newest migration that the file has (0 for none) and the newest that this program knows. The file is only read, and
    /// must be there.
    pub async fn migration_status(path: &Path) -> Result<(i64, i64), StoreError> {
        open::migration_status(path).await
    }

    /// Waits for every write under way, then lets the file go. Other handles answer [`StoreError::Unavailable`] from now on.
    ///
    /// Dropping all handles is safe too; then the end comes a moment later.
    pub async fn close(self) {
        self.writer.stop().await;
        self.readers.close().await;
    }
}
