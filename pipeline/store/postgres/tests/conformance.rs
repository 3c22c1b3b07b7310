//! The store suite against a real PostgreSQL.

use pipeline_store::conformance::Stand;
use pipeline_store_postgres::{PostgresStore, testing};
use pipeline_store_sqlite::SqliteStore;
use sqlx::{Connection, PgConnection};

/// One empty database.
struct Database(String);

impl Stand for Database {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        PostgresStore::connect(&self.0).await.unwrap()
    }

    /// Asks the schema for its columns, so that a new table is searched too.
    async fn texts(&self) -> Vec<String> {
        let mut c = PgConnection::connect(&self.0).await.unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select table_name, column_name from information_schema.columns
             where table_schema = 'arkivflyt' and data_type not in ('bigint', 'boolean')",
        )
        .fetch_all(&mut c)
        .await
        .unwrap();
        assert!(columns.len() > 30, "only {} text columns found", columns.len());
        let mut texts = Vec::new();
        for (table, column) in columns {
            let all = format!("select {column}::text from arkivflyt.{table} where {column} is not null");
            texts.extend(sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(all)).fetch_all(&mut c).await.unwrap());
        }
        texts
    }
}

/// The suite's macro wants an expression; without a server there is nothing to run it against.
macro_rules! database {
    () => {
        match pipeline_store_postgres::testing::shared() {
            Some(server) => crate::Database(server.fresh_database().await),
            None => return,
        }
    };
}

pipeline_store::conformance_suite!(database!());

/// Out of one server database and into another; and to SQLite and back.
mod dumping {
    pipeline_store::dump_suite!(database!(), database!());
}

mod from_sqlite {
    pipeline_store::dump_suite!(crate::File::new(), database!());
}

mod to_sqlite {
    pipeline_store::dump_suite!(database!(), crate::File::new());
}

/// One empty folder, for a database file.
struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Stand for File {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.0.path().join("arkivflyt.db")).await.unwrap()
    }

    async fn texts(&self) -> Vec<String> {
        unreachable!("the store on SQLite has its own suite")
    }
}

/// The server that the suite runs against is as durable as one in production.
#[tokio::test]
async fn commits_wait_for_the_disk() {
    let Some(server) = testing::shared() else { return };
    let mut c = PgConnection::connect(&server.url()).await.unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let on: String = sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(&mut c).await.unwrap();
        assert_eq!(on, "on", "{setting}");
    }
}
