//! From a path to a migrated database.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use pipeline_store::StoreError;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    fault::{self, meaning},
    seat::Seat,
};

/// Forward only. A database that has one more than we know is newer than we are.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const DOING: &str = "open it";
/// How long a call waits for another process to finish its write.
const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// Bytes that the log keeps after a checkpoint. It may grow while somebody reads for long; then it shrinks to this again.
const LOG_LIMIT: &str = "67108864";
/// Two processes may open a new file at the same moment; the loser of the race looks again.
const OPEN_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The writer's connection and how to make another, and a pool to read from.
pub(crate) async fn open(path: &Path) -> Result<(Seat, SqlitePool), StoreError> {
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
    let for_readers = options.clone().pragma("query_only", "on");
    let readers = SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(BUSY).connect_lazy_with(for_readers);
    Ok((Seat::new(options, connection), readers))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("journal_size_limit", LOG_LIMIT)
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

/// The newest migration that the file has (0 for none), and the newest that we know. Changes nothing, and makes no file.
pub(crate) async fn migration_status(path: &Path) -> Result<(i64, i64), StoreError> {
    const DOING: &str = "read its schema's version";
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY).disable_statement_logging();
    let mut c = options.connect().await.map_err(|e| meaning(DOING, &e))?;
    let table: Option<i64> = sqlx::query_scalar("select 1 from sqlite_schema where name = '_sqlx_migrations'")
        .fetch_optional(&mut c)
        .await
        .map_err(|e| meaning(DOING, &e))?;
    let applied: i64 = match table {
        None => 0,
        Some(_) => sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations where success")
            .fetch_one(&mut c)
            .await
            .map_err(|e| meaning(DOING, &e))?,
    };
    c.close().await.ok();
    Ok((applied, newest()))
}
