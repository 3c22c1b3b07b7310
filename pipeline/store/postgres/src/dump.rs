//! Everything out of one snapshot, everything in within one transaction. PostgreSQL itself makes JSON of a row and rows of
//! JSON, so that no column is named twice.

use pipeline_store::{
    StoreError,
    dump::{Batch, Dump, DumpError, DumpSink, DumpSource, Loaded, NUMBERS, TABLES, Table, check_format},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::{PostgresStore, fault::Doing};

const DUMPING: &str = "read everything";
const LOADING: &str = "write everything";
/// Rows read at a time.
const PAGE: usize = 1000;

impl Dump for PostgresStore {
    async fn dump(&self, sink: &mut dyn DumpSink) -> Result<(), DumpError> {
        let mut c = self.own_connection(DUMPING).await?;
        run(&mut c, "begin isolation level repeatable read read only", DUMPING).await?;
        // The first read fixes the snapshot.
        let _: i64 = sqlx::query_scalar("select count(*) from queues").fetch_one(&mut c).await.doing(DUMPING)?;
        sink.begin().map_err(|source| DumpError::Write { table: TABLES[0].name, source })?;
        for table in TABLES {
            dump_table(&mut c, table, sink).await?;
        }
        for table in TABLES.iter().filter(|t| t.numbered) {
            let row = last_number(&mut c, table).await?;
            sink.row(&NUMBERS, &row).map_err(|source| DumpError::Write { table: NUMBERS.name, source })?;
        }
        run(&mut c, "rollback", DUMPING).await?;
        c.close().await.ok();
        Ok(())
    }

    async fn load(&self, source: &mut dyn DumpSource) -> Result<Loaded, DumpError> {
        check_format(source)?;
        let mut c = self.own_connection(LOADING).await?;
        run(&mut c, "begin", LOADING).await?;
        // When anything fails, the connection goes, and what it wrote with it. Nobody comes in between the look and the rows.
        let names: Vec<&str> = TABLES.iter().map(|t| t.name).collect();
        let lock = format!("lock table {} in access exclusive mode", names.join(", "));
        sqlx::query(AssertSqlSafe(lock)).execute(&mut c).await.doing(LOADING)?;
        let mut loaded = Loaded::default();
        for table in TABLES {
            refuse_rows(&mut c, table).await?;
        }
        for table in TABLES {
            loaded.rows.insert(table.name, load_table(&mut c, table, source).await?);
        }
        set_numbers(&mut c, source).await?;
        loaded.freed_jobs = free_jobs(&mut c).await?;
        run(&mut c, "commit", LOADING).await?;
        // So that the first claims are planned well. The server does it by itself too, a while later.
        let analyze = format!("analyze {}", names.join(", "));
        sqlx::query(AssertSqlSafe(analyze)).execute(&mut c).await.ok();
        c.close().await.ok();
        Ok(loaded)
    }
}

impl PostgresStore {
    /// Not one of the pool's: those lose a transaction that is idle for some seconds, and a slow disk is no reason to.
    async fn own_connection(&self, doing: &'static str) -> Result<PgConnection, StoreError> {
        let options = self.pool.connect_options().as_ref().clone().options([("idle_in_transaction_session_timeout", "0")]);
        options.connect().await.doing(doing)
    }
}

async fn run(c: &mut PgConnection, sql: &'static str, doing: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(c).await.doing(doing).map(drop)
}

/// Page by page from a cursor: neither side holds a whole table.
async fn dump_table(c: &mut PgConnection, table: &'static Table, sink: &mut dyn DumpSink) -> Result<(), DumpError> {
    let object: Vec<String> = table.columns.iter().map(|column| format!("'{column}', {}", value(table, column))).collect();
    let (name, key) = (table.name, table.key.join(", "));
    let cursor =
        format!("declare all_rows no scroll cursor for select json_build_object({})::text from {name} order by {key}", object.join(", "));
    sqlx::query(AssertSqlSafe(cursor)).execute(&mut *c).await.doing(DUMPING)?;
    let fetch = format!("fetch {PAGE} from all_rows");
    loop {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(fetch.clone())).fetch_all(&mut *c).await.doing(DUMPING)?;
        for row in &rows {
            sink.row(table, row).map_err(|source| DumpError::Write { table: name, source })?;
        }
        if rows.len() < PAGE {
            break;
        }
    }
    run(c, "close all_rows", DUMPING).await?;
    Ok(())
}

/// What a column is in the neutral form. Here a claim's time stays with a job that has ended; there it goes with the lease.
fn value(table: &Table, column: &'static str) -> &'static str {
    match (table.name, column) {
        ("jobs", "claimed_at") => "case when state = 'running' then claimed_at end",
        _ => column,
    }
}

/// A sequence may be ahead of the snapshot; that only leaves a gap.
async fn last_number(c: &mut PgConnection, table: &'static Table) -> Result<String, DumpError> {
    let name = table.name;
    let sql = format!(
        "select json_build_object('table', '{name}', 'last', greatest(
             coalesce(pg_sequence_last_value(pg_get_serial_sequence('{name}', 'id')::regclass), 0),
             coalesce((select max(id) from {name}), 0)))::text"
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(c).await.doing(DUMPING)?)
}

async fn refuse_rows(c: &mut PgConnection, table: &'static Table) -> Result<(), DumpError> {
    let sql = format!("select exists (select 1 from {})", table.name);
    let any: bool = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(c).await.doing(LOADING)?;
    if any { Err(DumpError::NotEmpty { table: table.name }) } else { Ok(()) }
}

async fn load_table(c: &mut PgConnection, table: &'static Table, source: &mut dyn DumpSource) -> Result<u64, DumpError> {
    let (name, columns) = (table.name, table.columns.join(", "));
    let insert = format!("insert into {name} ({columns}) select {columns} from json_populate_recordset(null::{name}, $1::text::json)");
    let mut done = 0;
    while let Some(batch) = Batch::next(source, table, done)? {
        let inserted = sqlx::query(AssertSqlSafe(insert.clone())).bind(batch.json).execute(&mut *c).await.doing(LOADING);
        inserted.map_err(|e| refused(table, e))?;
        done += batch.rows;
    }
    Ok(done)
}

fn refused(table: &'static Table, error: StoreError) -> DumpError {
    match error {
        StoreError::Refused { .. } => DumpError::Refused { table: table.name, source: error },
        other => other.into(),
    }
}

async fn set_numbers(c: &mut PgConnection, source: &mut dyn DumpSource) -> Result<(), DumpError> {
    let set = "select setval(pg_get_serial_sequence(n.name, 'id'), greatest(n.last, 1), n.last > 0)
               from (select r ->> 'table' as name, (r ->> 'last')::bigint as last from json_array_elements($1::text::json) r) n
               where n.name = any($2)";
    let numbered: Vec<String> = TABLES.iter().filter(|t| t.numbered).map(|t| t.name.to_owned()).collect();
    while let Some(batch) = Batch::next(source, &NUMBERS, 0)? {
        sqlx::query(set).bind(batch.json).bind(&numbered).execute(&mut *c).await.doing(LOADING)?;
    }
    Ok(())
}

/// Whoever had them is not here.
async fn free_jobs(c: &mut PgConnection) -> Result<u64, DumpError> {
    let keep = sqlx::query(
        "insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome, code, detail)
         select id, attempt, worker, claimed_at, (extract(epoch from clock_timestamp()) * 1000)::bigint, 'lease_lost', 'job_lease_lost',
             'in hand when the dump was made'
         from jobs where state = 'running' and cancel_requested = 0",
    );
    keep.execute(&mut *c).await.doing(LOADING)?;
    let free = sqlx::query(
        "update jobs set state = 'ready', worker = null, lease_until = null, claimed_at = null
         where state = 'running' and cancel_requested = 0",
    );
    let freed = free.execute(&mut *c).await.doing(LOADING)?.rows_affected();
    // Those that were called off do not come back: the next rescue ends them, and hands their lanes on.
    run(c, "update jobs set lease_until = 0 where state = 'running'", LOADING).await?;
    Ok(freed)
}
