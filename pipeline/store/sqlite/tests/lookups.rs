//! What is asked of facts, places, addresses and mails, and whether a document is known, is found by an index, whatever the planner has been told of the tables.

use std::{fs, path::PathBuf};

use pipeline_store_sqlite::SqliteStore;
use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

/// 200 plans with 100 facts each, every second an event with a mail of its own; some meetings, some closings.
const ROWS: &str = "
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 200)
    insert into case_folders (id, source_system, plan_id, municipality, year, sequence, opened_at)
      select i, 'samspill', printf('%036d', i), '9901', 2026, i, 1 from n;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    insert into documents (document_id, version, kind, digest, folder, municipality, journal_year, journal_sequence, accepted_at, state, next_at)
      select printf('%036d', i), 1, 'meeting_minutes', printf('%064d', i), 1 + i % 200, '9901', 2026, i, 1, 'accepted', 1 from n where i % 2 = 0;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    insert into plan_facts (folder, event_id, document_id, version, digest, tells_contacts, kind, happened_at, recorded_at, ends, about)
      select 1 + i % 200, iif(i % 2 = 1, printf('%036d', i), null), iif(i % 2 = 0, printf('%036d', i), null), iif(i % 2 = 0, 1, null),
        printf('%064d', i), i % 4 = 1, iif(i % 100 = 0, 'document.closing_note', 'plan.updated'), i, i, iif(i % 10 = 0, i, null), '{}' from n;
    insert into plan_slots (slot, folder) select printf('%064d', id), id from case_folders;
    insert into addresses (address, confirmed_at) select digest, 1 from plan_facts;
    insert into outbox (dedupe_key, kind, event_id, recipient, written_form, message_id, state, queued_at, next_at, claimed_at, settled_at)
      select 'new_message:' || event_id, 'new_message', event_id, 'lead', 'nb', id || '@example.org', 'accepted', id, id, id, id
      from plan_facts where event_id is not null;";

/// Every prepared statement that asks for one of them. Lists for people read their table from its newest row, or to its end.
fn statements() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(folder).unwrap().map(|f| fs::read(f.unwrap().path()).unwrap());
    let queries = files.map(|f| serde_json::from_slice::<Value>(&f).unwrap()["query"].as_str().unwrap().to_owned());
    let asks = ["plan_facts", "plan_slots", "addresses", "outbox indexed by", "message_id = ?", "d.digest = ?"];
    let is_list = |q: &str| q.contains("from paper_list p") || q.contains("count(*)");
    queries.filter(|q| asks.iter().any(|what| q.contains(what)) && !is_list(q)).collect()
}

async fn refuse_scans(c: &mut SqliteConnection, when: &str) {
    let statements = statements();
    assert!(statements.len() >= 16, "only {} statements found", statements.len());
    for query in statements {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("explain query plan {query}"))).fetch_all(&mut *c).await.unwrap();
        for step in plan.iter().map(|row| row.get::<String, _>("detail")) {
            // A list that a statement was given is read from end to end.
            let walks = step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE");
            assert!(!walks, "{when}: {step}: {query}");
            assert!(!step.contains("AUTOMATIC"), "{when}: {step}: {query}");
        }
    }
}

#[tokio::test]
async fn every_lookup_has_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    let connect = async || SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await;
    let mut c = connect().await.unwrap();
    refuse_scans(&mut c, "empty").await;
    sqlx::raw_sql("analyze").execute(&mut c).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&mut c).await.unwrap();
    refuse_scans(&mut connect().await.unwrap(), "20,000 rows, statistics of an empty table").await;
    sqlx::raw_sql("delete from sqlite_stat1").execute(&mut c).await.ok();
    refuse_scans(&mut connect().await.unwrap(), "20,000 rows, no statistics").await;
    sqlx::raw_sql("analyze").execute(&mut c).await.unwrap();
    refuse_scans(&mut connect().await.unwrap(), "20,000 rows, fresh statistics").await;
}
