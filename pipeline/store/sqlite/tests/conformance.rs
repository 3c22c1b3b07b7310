//! The store suite against SQLite.

use std::path::PathBuf;

use pipeline_store::conformance::Stand;
use pipeline_store_sqlite::SqliteStore;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// One empty folder.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("arkivflyt.db")
    }

    /// The bytes of the database and its log: what was overwritten or rolled back may still stand there.
    fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap().map(|f| f.unwrap().path());
        files.map(|f| String::from_utf8_lossy(&std::fs::read(f).unwrap()).into_owned()).collect()
    }
}

impl Stand for Folder {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.database()).await.unwrap()
    }

    /// Asks the schema for its text columns, so that a new table is searched too.
    async fn texts(&self) -> Vec<String> {
        let mut c = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.database())).await.unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select t.name, c.name from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table' and upper(c.type) in ('TEXT', 'BLOB')",
        )
        .fetch_all(&mut c)
        .await
        .unwrap();
        assert!(columns.len() > 20, "only {} text columns found", columns.len());
        let mut texts = Vec::new();
        for (table, column) in columns {
            let all = format!("select cast({column} as blob) from {table} where {column} is not null");
            let all: Vec<Vec<u8>> = sqlx::query_scalar(sqlx::AssertSqlSafe(all)).fetch_all(&mut c).await.unwrap();
            texts.extend(all.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
        }
        texts.extend(self.files());
        texts
    }
}

pipeline_store::conformance_suite!(crate::Folder::new());

mod dumping {
    pipeline_store::dump_suite!(crate::Folder::new(), crate::Folder::new());
}
