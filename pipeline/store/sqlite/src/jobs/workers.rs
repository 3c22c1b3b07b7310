//! Worker processes, and what is set for a queue.

use pipeline_store::{QueueName, StoreError, WorkerId, WorkerRow};
use serde_json::json;
use sqlx::{SqliteConnection, SqlitePool};

use super::rows::RawWorker;
use crate::{fault::Doing, rows::all};

const DAY_MS: i64 = 86_400_000;

pub(super) async fn register(c: &mut SqliteConnection, worker: &WorkerRow, now: i64) -> Result<(), StoreError> {
    const DOING: &str = "register a worker";
    let long_ago = now - DAY_MS;
    sqlx::query!("delete from workers where seen_at <= ?", long_ago).execute(&mut *c).await.doing(DOING)?;
    let (id, queues, started_at) = (worker.id.to_string(), json!(worker.queues).to_string(), worker.started_at.unix_seconds() * 1000);
    let insert = sqlx::query!(
        "insert into workers (id, place, version, queues, started_at, seen_at) values (?, ?, ?, ?, ?, ?)
         on conflict (id) do update set place = excluded.place, version = excluded.version, queues = excluded.queues,
           started_at = excluded.started_at, seen_at = excluded.seen_at",
        id,
        worker.place,
        worker.version,
        queues,
        started_at,
        now,
    );
    insert.execute(c).await.doing(DOING)?;
    Ok(())
}

pub(super) async fn see(c: &mut SqliteConnection, worker: WorkerId, now: i64) -> Result<(), StoreError> {
    let id = worker.to_string();
    sqlx::query!("update workers set seen_at = ? where id = ?", now, id).execute(c).await.doing("see a worker")?;
    Ok(())
}

pub(super) async fn forget(c: &mut SqliteConnection, worker: WorkerId) -> Result<(), StoreError> {
    let id = worker.to_string();
    sqlx::query!("delete from workers where id = ?", id).execute(c).await.doing("forget a worker")?;
    Ok(())
}

pub(super) async fn list(readers: &SqlitePool) -> Result<Vec<WorkerRow>, StoreError> {
    let rows = sqlx::query_as!(
        RawWorker,
        r#"select id as "id!", place as "place!", version as "version!", queues as "queues!", started_at as "started_at!",
             seen_at as "seen_at!" from workers order by started_at, id"#,
    );
    all(rows.fetch_all(readers).await.doing("list workers")?)
}

pub(super) async fn set_paused(c: &mut SqliteConnection, queue: &QueueName, paused: bool) -> Result<(), StoreError> {
    let name = queue.as_str();
    let upsert = sqlx::query!(
        "insert into queues (name, paused) values (?, ?) on conflict (name) do update set paused = excluded.paused",
        name,
        paused,
    );
    upsert.execute(&mut *c).await.doing("pause a queue")?;
    tidy(c).await
}

pub(super) async fn set_max_running(c: &mut SqliteConnection, queue: &QueueName, most: Option<u32>) -> Result<(), StoreError> {
    let name = queue.as_str();
    let upsert = sqlx::query!(
        "insert into queues (name, max_running) values (?, ?) on conflict (name) do update set max_running = excluded.max_running",
        name,
        most,
    );
    upsert.execute(&mut *c).await.doing("limit a queue")?;
    tidy(c).await
}

/// A queue for which nothing is set needs no row.
async fn tidy(c: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query!("delete from queues where not paused and max_running is null").execute(c).await.doing("set up a queue")?;
    Ok(())
}
