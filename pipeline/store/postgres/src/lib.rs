//! The store on PostgreSQL: many processes on many machines, durable commits.
//!
//! In: a URL. Out: [`PostgresStore`], which is `pipeline_store`'s traits. Start with [`writer`](self) to see how a write becomes
//! durable (`writer.rs`), then `accept.rs` for the one with the most rules.
//!
//! - All tables are in the schema `arkivflyt`, which is made if it is missing and migrated forward when a store is opened.
//! - A server that restarts or cuts connections costs the calls that were under way ([`StoreError::Unavailable`]); the next calls
//!   make new connections.
//! - Every process reads and writes; one of them sends mail at a time (`hold.rs`). That one keeps a session of its own, so
//!   a pooler between us and the server must give whole sessions.
//! - No statement is logged.

mod accept;
mod addresses;
mod archive;
mod deliveries;
mod documents;
mod dump;
mod events;
mod facts;
mod fault;
mod hold;
mod jobs;
mod locks;
mod mail;
mod open;
mod outbox;
mod paper;
mod plans;
mod rows;
mod runs;
mod schedules;
mod slots;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

use std::{future::Future, sync::Arc, time::Duration};

use pipeline_store::StoreError;
use sqlx::PgPool;

use crate::{hold::OutboxHold, jobs::JobDesk, writer::Writer};

/// How a store deals with its server. The default suits a server on the same machine or network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most connections at once, beside the two that the store may keep for itself (one to send mail, one to be woken by).
    pub connections: u32,
    /// How long a call waits for a connection, and for what it does on it.
    pub patience: Duration,
    /// How long opening waits for a server that cannot be reached.
    pub start_patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connections: 10, patience: Duration::from_secs(30), start_patience: Duration::from_secs(30) }
    }
}

/// A store in one PostgreSQL database. Cloning gives another handle on the same store.
#[derive(Clone)]
pub struct PostgresStore {
    writer: Writer,
    pool: PgPool,
    outbox: Arc<OutboxHold>,
    jobs: Arc<JobDesk>,
    patience: Duration,
}

impl PostgresStore {
    /// Opens the database, which must exist, and migrates it forward. `url` is `postgres://user:password@host:port/database`, with
    /// `sslmode` and what else libpq knows behind `?`; `postgres:///database?host=/run/postgresql` goes through a socket.
    /// Needs a Tokio runtime for as long as it lives.
    ///
    /// [`StoreError::Unavailable`] when the server could not be reached for half a minute; [`StoreError::Refused`] when it turned
    /// us away, or the URL cannot be read.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, &Settings::default()).await
    }

    /// As [`connect`](Self::connect), with other settings.
    pub async fn connect_with(url: &str, settings: &Settings) -> Result<Self, StoreError> {
        let options = open::options(url)?;
        let pool = open::open(&options, settings).await?;
        let writer = Writer::start(pool.clone(), settings.patience);
        let outbox = Arc::new(OutboxHold::new(options.clone(), settings.patience));
        let jobs = JobDesk::new(&writer, &options);
        Ok(Self { writer, pool, outbox, jobs, patience: settings.patience })
    }

    /// The newest migration in the database (0: none) and the newest we know. Changes nothing, and does not wait for a server
    /// that is not there.
    pub async fn migration_status(url: &str) -> Result<(i64, i64), StoreError> {
        open::migration_status(&open::options(url)?, Settings::default().patience).await
    }

    /// Waits for every write under way, then lets the connections go. Other handles answer [`StoreError::Unavailable`] from now
    /// on.
    ///
    /// Dropping all handles is safe too; then the end comes a moment later.
    pub async fn close(self) {
        self.writer.stop().await;
        self.outbox.close().await;
        self.pool.close().await;
    }

    async fn read<T>(&self, doing: &'static str, rows: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        fault::within(self.patience, doing, rows).await
    }

    /// For lists with conditions that may be left out.
    async fn replanned(&self, doing: &'static str) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, StoreError> {
        self.read(doing, open::replanned(&self.pool)).await
    }
}
