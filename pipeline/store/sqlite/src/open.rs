//! From a path to a migrated database.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use pipeline_store::StoreError;
use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::fault::{self, meaning};

/// Forward only. A database that has one more than we know is newer than we are.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const DOING: &str = "open it";
/// How long a call waits for another process to finish its write.
const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// Two processes may open a new file at the same moment; the loser of the race looks again.
const OPEN_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The writer's connection, and a pool to read from.
pub(crate) async fn open(path: &Path) -> Result<(SqliteConnection, SqlitePool), StoreError> {
    make_private_file(path).map_err(fault::io(DOING))?;
    let options = options(path);
    let mut tries_left = OPEN_TRIES;
    let connection = loop {
        match connect_and_migrate(&options).await {
            Err(StoreError::Unavailable { .. } | StoreError::Refused { .. }) if tries_left > 0 => tries_left -= 1,
            other => break other?,
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    };
    let readers =
        SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(BUSY).connect_lazy_with(options.pragma("query_only", "on"));
    Ok((connection, readers))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

/// Before SQLite would make it with the permissions of the process.
fn make_private_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// Migrates through a pool of one: the migrator's future can only move between threads when it is given a pool.
async fn connect_and_migrate(options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(BUSY).connect_with(options.clone());
    let one = one.await.map_err(|e| meaning(DOING, &e))?;
    if let Err(e) = MIGRATIONS.run(&one).await {
        one.close().await;
        return Err(migration_fault(&e));
    }
    Ok(one.acquire().await.map_err(|e| meaning(DOING, &e))?.detach())
}

fn migration_fault(error: &MigrateError) -> StoreError {
    let row = |id: &i64, column| StoreError::Inconsistent { table: "_sqlx_migrations", column, id: id.to_string() };
    match error {
        MigrateError::VersionMissing(found) => StoreError::NewerSchema { found: *found, known: newest() },
        MigrateError::VersionMismatch(id) => row(id, "checksum"),
        MigrateError::Dirty(id) => row(id, "success"),
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => meaning("migrate it", e),
        other => StoreError::Unavailable { doing: "migrate it", source: Box::from(other.to_string()) },
    }
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0)
}
