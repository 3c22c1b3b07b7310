//! From a URL to a migrated database.

use std::{str::FromStr, time::Duration};

use pipeline_store::StoreError;
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, Postgres, Transaction,
    migrate::{Migrate, MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::Instant;

use crate::{
    Settings,
    fault::{Doing, meaning, within},
    locks::{self, Lock},
};

/// Forward only. A database that has one more than we know is newer than we are.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const DOING: &str = "open it";
const MIGRATING: &str = "migrate it";
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Where all tables are.
const SCHEMA: &str = "arkivflyt";
/// sqlx's own table, in our schema.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";
/// Between two tries to reach the server at the start; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How every connection of ours behaves.
///
/// - `lock_timeout`: how long a statement waits for another's row lock before it gives up.
/// - `idle_in_transaction_session_timeout`: a process that is stopped in the middle of a transaction loses it, so that its locks
///   do not keep the others waiting; shorter than the first, so that they outlast it.
/// - `enable_seqscan`: a plan that was made while a table was empty reads it whole, and is kept while the table fills up. Every
///   statement on jobs has an index; where none fits, the table is read all the same. `jit` would mistake that for a dear query.
/// - `plan_cache_mode`: a claim costs three times as much to plan as to run, and its arrays make the server plan it anew each time.
///   Statements that want a plan of their own ask for it: [`replanned`].
/// - `tcp_keepalives_*`: a process whose network is cut loses its session, and with it the right to send mail.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    const READING: &str = "read the database URL";
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(StoreError::Refused { doing: READING, source: "it must begin with postgres:// or postgresql://".into() });
    }
    let options = PgConnectOptions::from_str(url).doing(READING)?.application_name("arkivflyt");
    let options = options.options([
        ("search_path", SCHEMA),
        ("client_min_messages", "warning"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "8s"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("tcp_keepalives_idle", "20"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "4"),
    ]);
    Ok(options.disable_statement_logging())
}

/// For a statement whose conditions may be left out (`$1 is null or …`): which index serves depends on which are there.
pub(crate) async fn replanned<'c>(on: impl sqlx::Acquire<'c, Database = Postgres>) -> Result<Transaction<'c, Postgres>, sqlx::Error> {
    let mut transaction = on.begin().await?;
    sqlx::query("set local plan_cache_mode = force_custom_plan").execute(&mut *transaction).await?;
    Ok(transaction)
}

/// A pool on the migrated database. A server that is not there yet is waited for.
pub(crate) async fn open(options: &PgConnectOptions, settings: &Settings) -> Result<PgPool, StoreError> {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match connect_and_migrate(options, settings.patience).await {
            Err(StoreError::Unavailable { .. }) if begun.elapsed() + pause < settings.start_patience => {}
            other => break other?,
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    let pool = PgPoolOptions::new().max_connections(settings.connections).acquire_timeout(settings.patience);
    Ok(pool.connect_lazy_with(options.clone()))
}

async fn connect_and_migrate(options: &PgConnectOptions, patience: Duration) -> Result<(), StoreError> {
    // Another process may be at it: that is waited for, however long a migration takes.
    let options = options.clone().options([("lock_timeout", "0")]);
    let mut c = within(patience, DOING, options.connect()).await?;
    let done = migrate(&mut c).await;
    c.close().await.ok();
    done
}

async fn migrate(c: &mut PgConnection) -> Result<(), StoreError> {
    make_schema(c).await.doing(MIGRATING)?;
    MIGRATIONS.run_direct(None, c, false).await.map_err(|e| migration_fault(&e))
}

/// Looks first: whoever may only use the schema has no right to make one.
async fn make_schema(c: &mut PgConnection) -> Result<(), sqlx::Error> {
    if has_schema(c).await? {
        return Ok(());
    }
    let mut t = c.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1, $2)").bind(locks::OURS).bind(Lock::Schema.number()).execute(&mut *t).await?;
    t.execute("create schema if not exists arkivflyt").await?;
    t.commit().await
}

async fn has_schema(c: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select 1 from pg_namespace where nspname = $1)").bind(SCHEMA).fetch_one(c).await
}

/// Highest migration in the database, 0 when it has none, and the highest we know. Changes nothing.
pub(crate) async fn migration_status(options: &PgConnectOptions, patience: Duration) -> Result<(i64, i64), StoreError> {
    const LOOKING: &str = "read its schema's version";
    let mut c = within(patience, LOOKING, options.connect()).await?;
    let table = "select exists (select 1 from pg_tables where schemaname = $1 and tablename = $2)";
    let is_there: bool = sqlx::query_scalar(table).bind(SCHEMA).bind(MIGRATIONS_TABLE).fetch_one(&mut c).await.doing(LOOKING)?;
    let applied = match is_there {
        true => c.list_applied_migrations(MIGRATIONS_TABLE).await.map_err(|e| migration_fault(&e))?,
        false => Vec::new(),
    };
    c.close().await.ok();
    Ok((applied.iter().map(|m| m.version).max().unwrap_or(0), newest()))
}

fn migration_fault(error: &MigrateError) -> StoreError {
    let row = |id: &i64, column| StoreError::Inconsistent { table: MIGRATIONS_TABLE, column, id: id.to_string() };
    match error {
        MigrateError::VersionMissing(found) => StoreError::NewerSchema { found: *found, known: newest() },
        MigrateError::VersionMismatch(id) => row(id, "checksum"),
        MigrateError::Dirty(id) => row(id, "success"),
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => meaning(MIGRATING, e),
        other => StoreError::Unavailable { doing: MIGRATING, source: Box::from(other.to_string()) },
    }
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0)
}
