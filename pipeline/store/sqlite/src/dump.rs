//! Everything out of one read transaction, everything in within one write transaction. SQLite itself makes JSON of a row and
//! rows of JSON, so that no column is named twice.

use pipeline_store::{
    StoreError,
    dump::{Batch, Dump, DumpError, DumpSink, DumpSource, Loaded, NUMBERS, TABLES, Table, check_format},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use crate::{SqliteStore, fault::Doing};

const DUMPING: &str = "read everything";
const LOADING: &str = "write everything";
/// Rows read at a time.
const PAGE: usize = 1000;

impl Dump for SqliteStore {
    async fn dump(&self, sink: &mut dyn DumpSink) -> Result<(), DumpError> {
        // A connection of its own: the pool's few are for short questions.
        let mut c = self.readers.connect_options().connect().await.doing(DUMPING)?;
        run(&mut c, "begin", DUMPING).await?;
        // The first read fixes the snapshot.
        let _: i64 = sqlx::query_scalar("select count(*) from sqlite_schema").fetch_one(&mut c).await.doing(DUMPING)?;
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
        let options = self.readers.connect_options().as_ref().clone().pragma("query_only", "off");
        let mut c = options.connect().await.doing(LOADING)?;
        run(&mut c, "begin immediate", LOADING).await?;
        // When anything fails, the connection goes, and what it wrote with it.
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
        c.close().await.ok();
        Ok(loaded)
    }
}

async fn run(c: &mut SqliteConnection, sql: &'static str, doing: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(c).await.doing(doing).map(drop)
}

/// Page by page, each after the last row of the one before.
async fn dump_table(c: &mut SqliteConnection, table: &'static Table, sink: &mut dyn DumpSink) -> Result<(), DumpError> {
    let object: Vec<String> = table.columns.iter().map(|column| format!("'{column}', {column}")).collect();
    let after: Vec<String> = table.key.iter().map(|column| format!("?1 ->> '$.{column}'")).collect();
    let (name, key) = (table.name, table.key.join(", "));
    let first = format!("select json_object({}) from {name} order by {key} limit {PAGE}", object.join(", "));
    let next =
        format!("select json_object({}) from {name} where ({key}) > ({}) order by {key} limit {PAGE}", object.join(", "), after.join(", "));
    let mut rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(first)).fetch_all(&mut *c).await.doing(DUMPING)?;
    loop {
        for row in &rows {
            sink.row(table, row).map_err(|source| DumpError::Write { table: name, source })?;
        }
        let Some(last) = rows.last().filter(|_| rows.len() == PAGE) else { return Ok(()) };
        rows = sqlx::query_scalar(AssertSqlSafe(next.clone())).bind(last.clone()).fetch_all(&mut *c).await.doing(DUMPING)?;
    }
}

/// Of a table that never gives a number twice SQLite remembers the last; of the others it is the highest there is.
async fn last_number(c: &mut SqliteConnection, table: &'static Table) -> Result<String, DumpError> {
    let name = table.name;
    let sql = format!(
        "select json_object('table', '{name}', 'last', max(
             coalesce((select seq from sqlite_sequence where name = '{name}'), 0), coalesce((select max(id) from {name}), 0)))"
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(c).await.doing(DUMPING)?)
}

async fn refuse_rows(c: &mut SqliteConnection, table: &'static Table) -> Result<(), DumpError> {
    let sql = format!("select exists (select 1 from {})", table.name);
    let any: bool = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(c).await.doing(LOADING)?;
    if any { Err(DumpError::NotEmpty { table: table.name }) } else { Ok(()) }
}

async fn load_table(c: &mut SqliteConnection, table: &'static Table, source: &mut dyn DumpSource) -> Result<u64, DumpError> {
    let values: Vec<String> = table.columns.iter().map(|column| format!("value ->> '$.{column}'")).collect();
    let insert = format!("insert into {} ({}) select {} from json_each(?1)", table.name, table.columns.join(", "), values.join(", "));
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

/// The others go on from the highest number by themselves.
async fn set_numbers(c: &mut SqliteConnection, source: &mut dyn DumpSource) -> Result<(), DumpError> {
    while let Some(batch) = Batch::next(source, &NUMBERS, 0)? {
        let update = sqlx::query(
            "update sqlite_sequence set seq = max(seq, n.last)
             from (select value ->> '$.table' as name, value ->> '$.last' as last from json_each(?1)) n
             where sqlite_sequence.name = n.name",
        );
        update.bind(&batch.json).execute(&mut *c).await.doing(LOADING)?;
        let insert = sqlx::query(
            "insert into sqlite_sequence (name, seq)
             select t.name, n.value ->> '$.last' from json_each(?1) n join sqlite_schema t on t.name = n.value ->> '$.table'
             where t.type = 'table' and t.sql like '%autoincrement%' and t.name not in (select name from sqlite_sequence)",
        );
        insert.bind(&batch.json).execute(&mut *c).await.doing(LOADING)?;
    }
    Ok(())
}

/// Whoever had them is not here.
async fn free_jobs(c: &mut SqliteConnection) -> Result<u64, DumpError> {
    let keep = sqlx::query(
        "insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome, code, detail)
         select id, attempt, worker, claimed_at, cast(unixepoch('subsec') * 1000 as integer), 'lease_lost', 'job_lease_lost',
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
