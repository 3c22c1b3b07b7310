//! `.sqlx/` is what the checked query macros believe of the database when there is none. Here it is held against the real one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use pipeline_store_sqlite::SqliteStore;
use serde_json::Value;
use sqlx::{Column, Connection, Executor, SqlSafeStr, SqliteConnection, TypeInfo, sqlite::SqliteConnectOptions};

const ADVICE: &str = "run prepare-queries.sh";

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn prepared() -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for file in fs::read_dir(here().join(".sqlx")).unwrap() {
        let json: Value = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        all.insert(json["query"].as_str().unwrap().to_owned(), json);
    }
    all
}

/// Every prepared query still has the columns and types that the database of today's migrations gives it.
#[tokio::test]
async fn prepared_queries_fit_the_migrations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut c = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    for (query, json) in prepared() {
        let now =
            (&mut c).describe(sqlx::AssertSqlSafe(query.clone()).into_sql_str()).await.unwrap_or_else(|e| panic!("{ADVICE}: {e}: {query}"));
        let columns: Vec<(String, String)> = now.columns().iter().map(|c| (c.name().to_owned(), c.type_info().name().to_owned())).collect();
        let then = json["describe"]["columns"].as_array().unwrap();
        let then: Vec<(String, String)> =
            then.iter().map(|c| (c["name"].as_str().unwrap().to_owned(), c["type_info"].as_str().unwrap().to_uppercase())).collect();
        assert_eq!(columns, then, "{ADVICE}: {query}");
        let nullable: Vec<Value> = (0..columns.len()).map(|n| now.nullable(n).map_or(Value::Null, Value::from)).collect();
        assert_eq!(Value::from(nullable), json["describe"]["nullable"], "{ADVICE}: {query}");
    }
}

/// No query is prepared that the code no longer has, and none is missing (then the crate would not have compiled).
#[test]
fn nothing_stale_is_prepared() {
    let source: String = sources(&here().join("src")).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    let source = squeeze(&source);
    for query in prepared().into_keys() {
        // Lists are put together from two literals: their end is enough to recognise them.
        let query = squeeze(&query);
        let lists = [
            "from documents d join case_folders f on f.id = d.folder ",
            "from plan_facts p join case_folders f on f.id = p.folder ",
            "from deliveries x join case_folders f on f.id = x.folder ",
            "from case_folders f ",
            "from outbox ",
            "from jobs ",
        ];
        let end = lists
            .iter()
            .find_map(|start| query.starts_with("select ").then(|| query.split_once(start)).flatten())
            .map_or(query.as_str(), |(_, end)| end);
        assert!(source.contains(&query) || source.contains(end), "{ADVICE}: no longer in the code: {query}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).partition(|f| f.is_dir());
    let files = files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}
