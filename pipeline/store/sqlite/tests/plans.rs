//! No statement of the queue walks over finished jobs, whatever the planner has been told of the table.

use std::{fs, path::PathBuf};

use pipeline_store_sqlite::SqliteStore;
use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

/// 20,000 jobs with their attempts; most of them done, as after a year.
const ROWS: &str = "
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    insert into jobs (id, kind, queue, args, state, priority, run_at, due_at, lane, lane_place, unique_key, attempt, max_failures,
      worker, lease_until, claimed_at, created_at, finished_at)
    select i, 'render', 'work', '{}', s, 4, iif(s = 'ready' and i % 3 = 0, i, 0), i, iif(s = 'waiting' or i % 2 = 0, 'case:' || i, null),
      iif(s = 'waiting', 1, null), iif(i % 5 = 0, 'key:' || i, null), 1, 10,
      iif(s = 'running', '00000000-0000-0000-0000-000000000001', null), iif(s = 'running', i, null), iif(s = 'running', i, null), i,
      iif(s in ('done', 'dead', 'cancelled'), i, null)
    from (select i, case when i % 20 < 14 then 'done' when i % 20 = 14 then 'cancelled' when i % 20 = 15 then 'dead'
      when i % 20 = 16 then 'running' when i % 20 = 17 then 'waiting' else 'ready' end s from n);
    insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome)
      select id, 1, '00000000-0000-0000-0000-000000000001', 1, 2, 'done' from jobs where state = 'done';";

/// Every prepared statement that names the queue's big tables.
fn statements() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(folder).unwrap().map(|f| fs::read(f.unwrap().path()).unwrap());
    let queries = files.map(|f| serde_json::from_slice::<Value>(&f).unwrap()["query"].as_str().unwrap().to_owned());
    queries.filter(|q| q.contains("jobs") || q.contains("job_attempts")).collect()
}

/// Lists for people may read the small index of one state from end to end; the plain list reads the table from its newest row.
fn may_scan(query: &str, step: &str) -> bool {
    let small = ["jobs_ready", "jobs_scheduled", "jobs_waiting", "jobs_running", "jobs_dead"];
    let reads_small_index = small.iter().any(|index| step.ends_with(&format!("INDEX {index}")));
    let is_list = query.starts_with("select") && (reads_small_index || query.contains("(?5 is null or state = ?5)"));
    is_list && !query.contains("lease_until <= ?")
}

async fn refuse_scans(c: &mut SqliteConnection, when: &str) {
    let statements = statements();
    assert!(statements.len() > 30, "only {} statements found", statements.len());
    for query in statements {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("explain query plan {query}"))).fetch_all(&mut *c).await.unwrap();
        for step in plan.iter().map(|row| row.get::<String, _>("detail")) {
            let walks = ["jobs", "j", "w", "h", "job_attempts"].iter().any(|table| {
                let scan = format!("SCAN {table}");
                step == scan || step.starts_with(&format!("{scan} "))
            });
            // A list that a statement was given is read from end to end.
            let walks = walks && !step.contains("VIRTUAL TABLE");
            assert!(!walks || may_scan(&query, &step), "{when}: {step}: {query}");
        }
    }
}

#[tokio::test]
async fn no_plan_walks_over_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut c = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    refuse_scans(&mut c, "empty").await;
    sqlx::raw_sql("analyze").execute(&mut c).await.unwrap();
    refuse_scans(&mut c, "empty, analysed").await;
    sqlx::raw_sql(ROWS).execute(&mut c).await.unwrap();
    let stale = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await;
    refuse_scans(&mut stale.unwrap(), "20,000 rows, statistics of an empty table").await;
    sqlx::raw_sql("drop table sqlite_stat1").execute(&mut c).await.ok();
    sqlx::raw_sql("delete from sqlite_stat1").execute(&mut c).await.ok();
    let none = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await;
    refuse_scans(&mut none.unwrap(), "20,000 rows, no statistics").await;
    sqlx::raw_sql("analyze").execute(&mut c).await.unwrap();
    let fresh = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await;
    refuse_scans(&mut fresh.unwrap(), "20,000 rows, fresh statistics").await;
}
