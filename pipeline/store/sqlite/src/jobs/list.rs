//! Looking at jobs.

use std::{collections::BTreeMap, time::Duration};

use pipeline_store::{JobAttempt, JobFilter, JobId, JobRow, JobState, QueueName, QueueStats, StoreError};
use serde_json::json;
use sqlx::SqlitePool;

use super::rows::{RawCount, RawJob, RawJobAttempt};
use crate::{
    clock::Clock,
    fault::Doing,
    rows::{all, all_turned},
};

/// Jobs. The rest of the statement follows.
macro_rules! job_rows {
    ($rest:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            RawJob,
            r#"select id as "id!", kind as "kind!", queue as "queue!", args as "args!", state as "state!", priority as "priority!",
                 run_at as "run_at!", lane as "lane?", unique_key as "unique_key?", attempt as "attempt!", failures as "failures!",
                 max_failures as "max_failures!", worker as "worker?", lease_until as "lease_until?",
                 cancel_requested as "cancel_requested!", progress as "progress?", result as "result?", last_code as "last_code?",
                 created_at as "created_at!", finished_at as "finished_at?"
               from jobs "# + $rest
            $(, $arg)*
        )
    };
}

pub(super) async fn job(readers: &SqlitePool, id: JobId) -> Result<Option<JobRow>, StoreError> {
    let row: Option<RawJob> = job_rows!("where id = ?", id.0).fetch_optional(readers).await.doing("read a job")?;
    row.map(JobRow::try_from).transpose()
}

/// The few that are unfinished or dead have an index each, however many are done; the others are read from the newest on.
pub(super) async fn jobs(readers: &SqlitePool, filter: &JobFilter, limit: u32) -> Result<Vec<JobRow>, StoreError> {
    let (kind, queue) = (filter.kind.as_ref().map(|k| k.as_str()), filter.queue.as_ref().map(|q| q.as_str()));
    let (code, state) = (filter.code.map(|code| code.id()), filter.state.map(|state| state.id()));
    let rows: Result<Vec<RawJob>, sqlx::Error> = match filter.state {
        Some(JobState::Dead) => {
            let rows = job_rows!(
                "indexed by jobs_dead where state = 'dead' and (?1 is null or kind = ?1) and (?2 is null or queue = ?2)
                   and (?3 is null or last_code = ?3) order by id desc limit ?4",
                kind,
                queue,
                code,
                limit,
            );
            rows.fetch_all(readers).await
        }
        Some(JobState::Running) => {
            let rows = job_rows!(
                "indexed by jobs_running where state = 'running' and lease_until > 0 and (?1 is null or kind = ?1)
                   and (?2 is null or queue = ?2) and (?3 is null or last_code = ?3) order by id desc limit ?4",
                kind,
                queue,
                code,
                limit,
            );
            rows.fetch_all(readers).await
        }
        Some(JobState::Waiting) => {
            let rows = job_rows!(
                "indexed by jobs_waiting where state = 'waiting' and (?1 is null or kind = ?1)
                   and (?2 is null or queue = ?2) and (?3 is null or last_code = ?3) order by id desc limit ?4",
                kind,
                queue,
                code,
                limit,
            );
            rows.fetch_all(readers).await
        }
        Some(JobState::Ready) => {
            let rows = job_rows!(
                "where id in (select id from jobs indexed by jobs_ready where state = 'ready' and run_at = 0
                   union all select id from jobs indexed by jobs_scheduled where state = 'ready' and run_at > 0)
                   and (?1 is null or kind = ?1) and (?2 is null or queue = ?2) and (?3 is null or last_code = ?3)
                 order by id desc limit ?4",
                kind,
                queue,
                code,
                limit,
            );
            rows.fetch_all(readers).await
        }
        Some(JobState::Done | JobState::Cancelled) | None => {
            let rows = job_rows!(
                "where (?1 is null or kind = ?1) and (?2 is null or queue = ?2) and (?3 is null or last_code = ?3)
                   and (?5 is null or state = ?5) order by id desc limit ?4",
                kind,
                queue,
                code,
                limit,
                state,
            );
            rows.fetch_all(readers).await
        }
    };
    all_turned(rows.doing("list jobs")?)
}

pub(super) async fn attempts_of(readers: &SqlitePool, id: JobId) -> Result<Vec<JobAttempt>, StoreError> {
    let rows = sqlx::query_as!(
        RawJobAttempt,
        r#"select job as "job!", attempt as "attempt!", worker as "worker!", started_at as "started_at!", ended_at as "ended_at!",
             outcome as "outcome!", code as "code?", detail as "detail!"
           from job_attempts where job = ? order by attempt"#,
        id.0,
    );
    all(rows.fetch_all(readers).await.doing("list a job's attempts")?)
}

pub(super) async fn next_job_in(readers: &SqlitePool, clock: &Clock, queues: &[QueueName]) -> Result<Option<Duration>, StoreError> {
    const DOING: &str = "find the next due job";
    let now = clock.now(readers).await?;
    let queues = json!(queues).to_string();
    let at = sqlx::query_scalar!(
        r#"select min(case
             when exists (select 1 from jobs indexed by jobs_ready where queue = q.value and state = 'ready' and run_at = 0) then 0
             else (select min(run_at) from jobs indexed by jobs_scheduled where queue = q.value and state = 'ready' and run_at > 0)
           end) as "at?: i64" from json_each(?) q
           where not exists (select 1 from queues p where p.name = q.value and p.paused = 1)"#,
        queues,
    );
    let at = at.fetch_one(readers).await.doing(DOING)?;
    Ok(at.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0))))
}

/// One statement: numbers of one instant. It reads indexes of unfinished and dead jobs only.
pub(super) async fn queue_stats(readers: &SqlitePool, clock: &Clock) -> Result<Vec<QueueStats>, StoreError> {
    let now = clock.now(readers).await?;
    let rows = sqlx::query_as!(
        RawCount,
        r#"select queue as "queue!: String", 'ready' as "what!: String", count(*) as "n!: i64", min(due_at) as "oldest?: i64"
           from jobs indexed by jobs_ready where state = 'ready' and run_at = 0 group by queue
         union all select queue, 'ready', count(*), min(run_at)
           from jobs indexed by jobs_scheduled where state = 'ready' and run_at > 0 and run_at <= ?1 group by queue
         union all select queue, 'scheduled', count(*), null
           from jobs indexed by jobs_scheduled where state = 'ready' and run_at > 0 and run_at > ?1 group by queue
         union all select queue, 'waiting', count(*), null from jobs indexed by jobs_waiting where state = 'waiting' group by queue
         union all select queue, 'running', count(*), null
           from jobs indexed by jobs_running where state = 'running' and lease_until > 0 group by queue
         union all select queue, 'dead', count(*), null from jobs indexed by jobs_dead where state = 'dead' group by queue
         union all select name, 'paused', paused, max_running from queues"#,
        now,
    );
    let mut queues = BTreeMap::new();
    for row in rows.fetch_all(readers).await.doing("count jobs")? {
        let queue: QueueName = row.queue()?;
        let stats = queues.entry(queue.clone()).or_insert_with(|| empty(queue));
        row.add_to(stats, now)?;
    }
    Ok(queues.into_values().collect())
}

fn empty(queue: QueueName) -> QueueStats {
    QueueStats { queue, ready: 0, scheduled: 0, waiting: 0, running: 0, dead: 0, oldest_ready_s: None, paused: false, max_running: None }
}
