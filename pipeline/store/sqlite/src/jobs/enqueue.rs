//! New jobs: many plain ones in one statement, those with a lane or a unique key one by one.

use pipeline_domain::Timestamp;
use pipeline_store::{Enqueued, JobId, NewJob, StoreError};
use serde_json::json;
use sqlx::SqliteConnection;

use super::lanes;
use crate::fault::Doing;

const DOING: &str = "enqueue a job";

/// Which end of its lane a new job takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its predecessor's place.
    Front,
    /// Behind all that wait.
    Back,
}

pub(crate) async fn enqueue(c: &mut SqliteConnection, jobs: &[NewJob], now: i64) -> Result<Vec<Enqueued>, StoreError> {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut rest = jobs;
    while let [first, others @ ..] = rest {
        let plain = rest.iter().take_while(|job| is_plain(job)).count();
        if plain > 1 {
            answers.extend(insert_plain(c, &rest[..plain], now).await?);
            rest = &rest[plain..];
        } else {
            answers.push(enqueue_one(c, first, End::Back, now).await?);
            rest = others;
        }
    }
    Ok(answers)
}

fn is_plain(job: &NewJob) -> bool {
    job.lane.is_none() && job.unique_key.is_none()
}

/// When it may run, in rows: 0 for at once, also when that time is past.
pub(super) fn run_at(at: Option<Timestamp>, now: i64) -> i64 {
    at.map(|at| at.unix_seconds().saturating_mul(1000)).filter(|at| *at > now).unwrap_or(0)
}

/// SQLite gives numbers only row by row; here they are worked out beforehand. Nobody else writes meanwhile.
async fn insert_plain(c: &mut SqliteConnection, jobs: &[NewJob], now: i64) -> Result<Vec<Enqueued>, StoreError> {
    let last = sqlx::query_scalar!(r#"select coalesce((select seq from sqlite_sequence where name = 'jobs'), 0) as "last!: i64""#);
    let last = last.fetch_one(&mut *c).await.doing(DOING)?;
    let list: Vec<_> =
        jobs.iter().map(|j| json!([j.kind, j.queue, j.args.to_string(), j.priority, run_at(j.not_before, now), j.max_failures])).collect();
    let list = json!(list).to_string();
    let insert = sqlx::query!(
        "insert into jobs (id, kind, queue, args, state, priority, run_at, due_at, max_failures, created_at)
         select ?1 + 1 + j.key, j.value ->> 0, j.value ->> 1, j.value ->> 2, 'ready', j.value ->> 3, j.value ->> 4,
           max(j.value ->> 4, ?2), j.value ->> 5, ?2
         from json_each(?3) j",
        last,
        now,
        list,
    );
    insert.execute(c).await.doing(DOING)?;
    Ok((last + 1..).take(jobs.len()).map(|id| Enqueued::New(JobId(id))).collect())
}

pub(crate) async fn enqueue_one(c: &mut SqliteConnection, job: &NewJob, end: End, now: i64) -> Result<Enqueued, StoreError> {
    if let Some(key) = &job.unique_key
        && let Some(there) = unfinished(c, job.kind.as_str(), key).await?
    {
        return Ok(Enqueued::Existing(there));
    }
    let lane = job.lane.as_ref().map(|l| l.as_str());
    let place = match lane {
        Some(lane) if end == End::Back => lanes::last_place(c, lane).await?,
        _ => None,
    };
    let state = if place.is_some() { "waiting" } else { "ready" };
    let (kind, queue, args, run_at) = (job.kind.as_str(), job.queue.as_str(), job.args.to_string(), run_at(job.not_before, now));
    let due_at = run_at.max(now);
    let insert = sqlx::query!(
        "insert into jobs (kind, queue, args, state, priority, run_at, due_at, lane, lane_place, unique_key, max_failures, created_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kind,
        queue,
        args,
        state,
        job.priority.0,
        run_at,
        due_at,
        lane,
        place,
        job.unique_key,
        job.max_failures,
        now,
    );
    let inserted = insert.execute(c).await.doing(DOING)?;
    Ok(Enqueued::New(JobId(inserted.last_insert_rowid())))
}

/// The unfinished job of this kind and key.
pub(super) async fn unfinished(c: &mut SqliteConnection, kind: &str, key: &str) -> Result<Option<JobId>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select id as "id!" from jobs indexed by jobs_unique
         where unique_key = ? and kind = ? and state in ('ready', 'waiting', 'running')"#,
        key,
        kind,
    );
    Ok(found.fetch_optional(c).await.doing(DOING)?.map(JobId))
}
