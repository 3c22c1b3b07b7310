//! The writer's connection, and a new one when it is spoilt.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::fault::is_busy;

/// Wait before a new connection, doubled after each further fault.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(crate) struct Seat {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
    /// Faults since the last group that went through.
    faults: u32,
    /// SQLite's count of other connections' commits, when it was last looked at.
    version: Option<i64>,
}

impl Seat {
    pub(crate) fn new(options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        Self { options, connection: Some(connection), faults: 0, version: None }
    }

    /// The connection; a new one, after a wait, when the last was dropped.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        let there = match self.connection.take() {
            Some(there) => there,
            None => {
                let wait = FIRST_WAIT.saturating_mul(1 << self.faults.min(10)).min(LONGEST_WAIT);
                tokio::time::sleep(wait).await;
                self.version = None;
                self.options.connect().await?
            }
        };
        Ok(self.connection.insert(there))
    }

    /// Keeps the connection if the group went through or another process held the lock; else drops it. SQLite has rolled back
    /// by itself after some faults and not after others, and `sqlx` cannot tell: a connection in that state may refuse for ever.
    pub(crate) async fn after(&mut self, fault: Option<&sqlx::Error>) {
        match fault {
            None => self.faults = 0,
            Some(fault) if is_busy(fault) => {
                if let Some(connection) = &mut self.connection {
                    sqlx::query("rollback").execute(connection).await.ok();
                }
            }
            Some(_) => {
                self.faults = self.faults.saturating_add(1);
                if let Some(spoilt) = self.connection.take() {
                    spoilt.close_hard().await.ok();
                }
            }
        }
    }

    /// Whether another connection has committed since the last look; `true` the first time, since nobody knows.
    pub(crate) async fn others_have_written(&mut self) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        match sqlx::query_scalar("pragma data_version").fetch_one(connection).await {
            Ok(version) => self.version.replace(version) != Some(version),
            Err(_) => false,
        }
    }

    pub(crate) async fn close(self) {
        if let Some(connection) = self.connection {
            connection.close().await.ok();
        }
    }
}
