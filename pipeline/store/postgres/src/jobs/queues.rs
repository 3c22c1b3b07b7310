//! Queues in numbers, paused or limited; and the workers that live.

use std::collections::BTreeMap;

use pipeline_store::{QueueName, QueueStats, StoreError, WorkerId, WorkerRow};
use sqlx::PgConnection;

use crate::{
    fault::{Doing, unavailable},
    jobs::rows::{Cells, Shift, ms},
};

/// Each state is counted by the index that has nothing else in it.
pub(crate) async fn stats(c: &mut PgConnection, shift: &Shift) -> Result<Vec<QueueStats>, StoreError> {
    const DOING: &str = "count jobs";
    let select = sqlx::query!(
        r#"with clock as materialized (select clock_ms() + $1 as now)
        select queue as "queue!", 'ready' as "what!", count(*) as "n!", (select now from clock) - min(due_at) as age
        from jobs where state = 'ready' and run_at = 0 group by queue
        union all
        select queue, 'ready', count(*), (select now from clock) - min(run_at)
        from jobs where state = 'ready' and run_at > 0 and run_at <= (select now from clock) group by queue
        union all
        select queue, 'scheduled', count(*), null from jobs
        where state = 'ready' and run_at > 0 and run_at > (select now from clock) group by queue
        union all
        select queue, 'waiting', count(*), null from jobs where state = 'waiting' group by queue
        union all
        select queue, 'running', count(*), null from jobs where state = 'running' group by queue
        union all
        select queue, 'dead', count(*), null from jobs where state = 'dead' group by queue
        union all
        select name, 'paused', paused, null from queues where paused = 1
        union all
        select name, 'max_running', max_running, null from queues where max_running is not null"#,
        shift.ms(),
    );
    let mut queues = BTreeMap::new();
    for row in select.fetch_all(c).await.doing(DOING)? {
        let bad = |column| StoreError::Inconsistent { table: "jobs", column, id: row.queue.clone() };
        let name: QueueName = row.queue.parse().map_err(|_| bad("queue"))?;
        let stats = queues.entry(name.clone()).or_insert_with(|| nothing_in(name));
        let n = u64::try_from(row.n).unwrap_or(0);
        match row.what.as_str() {
            "ready" => {
                let age = row.age.map(|ms| ms.max(0) as f64 / 1000.0);
                stats.ready += n;
                stats.oldest_ready_s = [stats.oldest_ready_s, age].into_iter().flatten().reduce(f64::max);
            }
            "scheduled" => stats.scheduled = n,
            "waiting" => stats.waiting = n,
            "running" => stats.running = n,
            "dead" => stats.dead = n,
            "paused" => stats.paused = true,
            _ => stats.max_running = Some(u32::try_from(n).map_err(|_| bad("max_running"))?),
        }
    }
    Ok(queues.into_values().collect())
}

fn nothing_in(queue: QueueName) -> QueueStats {
    QueueStats { queue, ready: 0, scheduled: 0, waiting: 0, running: 0, dead: 0, oldest_ready_s: None, paused: false, max_running: None }
}

pub(crate) async fn set_paused(c: &mut PgConnection, queue: &QueueName, paused: bool) -> Result<(), StoreError> {
    let upsert = sqlx::query!(
        "with changed as (
            insert into queues (name, paused) values ($1, $2) on conflict (name) do update set paused = excluded.paused returning name
        )
        select pg_notify('arkivflyt_jobs', '')::text as told from changed",
        queue.as_str(),
        i64::from(paused),
    );
    upsert.fetch_optional(c).await.doing("pause a queue")?;
    Ok(())
}

pub(crate) async fn set_max_running(c: &mut PgConnection, queue: &QueueName, most: Option<u32>) -> Result<(), StoreError> {
    let upsert = sqlx::query!(
        "with changed as (
            insert into queues (name, max_running) values ($1, $2)
            on conflict (name) do update set max_running = excluded.max_running returning name
        )
        select pg_notify('arkivflyt_jobs', '')::text as told from changed",
        queue.as_str(),
        most.map(i64::from),
    );
    upsert.fetch_optional(c).await.doing("limit a queue")?;
    Ok(())
}

pub(crate) async fn register(c: &mut PgConnection, worker: &WorkerRow, shift: &Shift) -> Result<(), StoreError> {
    const DOING: &str = "register a worker";
    const A_DAY_MS: i64 = 86_400_000;
    sqlx::query!("delete from workers where seen_at < (select clock_ms() + $1 - $2)", shift.ms(), A_DAY_MS)
        .execute(&mut *c)
        .await
        .doing(DOING)?;
    let names: Vec<&str> = worker.queues.iter().map(QueueName::as_str).collect();
    let queues = serde_json::to_string(&names).map_err(|_| unavailable(DOING, "its queues cannot be written"))?;
    let upsert = sqlx::query!(
        "insert into workers (id, place, version, queues, started_at, seen_at) values ($1, $2, $3, $4, $5, clock_ms() + $6)
        on conflict (id) do update set place = excluded.place, version = excluded.version, queues = excluded.queues,
            started_at = excluded.started_at, seen_at = excluded.seen_at",
        worker.id.to_string(),
        worker.place,
        worker.version,
        queues,
        ms(worker.started_at),
        shift.ms(),
    );
    upsert.execute(c).await.doing(DOING)?;
    Ok(())
}

pub(crate) async fn forget(c: &mut PgConnection, worker: WorkerId) -> Result<(), StoreError> {
    sqlx::query!("delete from workers where id = $1", worker.to_string()).execute(c).await.doing("forget a worker")?;
    Ok(())
}

pub(crate) async fn workers(c: &mut PgConnection) -> Result<Vec<WorkerRow>, StoreError> {
    let select = sqlx::query!("select id, place, version, queues, started_at, seen_at from workers order by started_at, id");
    let rows = select.fetch_all(c).await.doing("list workers")?;
    rows.into_iter()
        .map(|row| {
            // Workers have no number; the start tells them apart well enough.
            let cells = Cells::of("workers", row.started_at);
            let names: Vec<String> = serde_json::from_str(&row.queues).map_err(|_| cells.bad("queues"))?;
            Ok(WorkerRow {
                id: cells.worker("id", &row.id)?,
                place: row.place,
                version: row.version,
                queues: names.iter().map(|n| cells.text("queues", n)).collect::<Result<_, _>>()?,
                started_at: cells.instant("started_at", row.started_at)?,
                seen_at: cells.instant("seen_at", row.seen_at)?,
            })
        })
        .collect()
}
