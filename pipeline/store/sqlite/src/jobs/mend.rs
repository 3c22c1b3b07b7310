//! What people do with jobs, what recording a document does with its jobs, and pruning.

use pipeline_domain::{DocumentKey, Reservation};
use pipeline_store::{Cancelling, FollowUp, JobFilter, JobId, JobState, PrunePolicy, StoreError};
use sqlx::SqliteConnection;

use super::{enqueue::unfinished, lanes, ms, rows::RawStanding};
use crate::fault::Doing;

async fn standing(c: &mut SqliteConnection, id: JobId) -> Result<Option<RawStanding>, StoreError> {
    let row = sqlx::query_as!(RawStanding, r#"select id as "id!", state, kind, lane, unique_key from jobs where id = ?"#, id.0);
    row.fetch_optional(c).await.doing("find a job")
}

pub(super) async fn cancel(c: &mut SqliteConnection, id: JobId, now: i64) -> Result<Option<Cancelling>, StoreError> {
    const DOING: &str = "cancel a job";
    let Some(job) = standing(c, id).await? else { return Ok(None) };
    match job.state()? {
        JobState::Ready | JobState::Waiting => {
            let update = sqlx::query!("update jobs set state = 'cancelled', finished_at = ?, lane_place = null where id = ?", now, id.0);
            update.execute(&mut *c).await.doing(DOING)?;
            lanes::promote(c, job.lane.into_iter().collect(), now).await?;
            Ok(Some(Cancelling::Cancelled))
        }
        JobState::Running => {
            sqlx::query!("update jobs set cancel_requested = 1 where id = ?", id.0).execute(c).await.doing(DOING)?;
            Ok(Some(Cancelling::Asked))
        }
        ended @ (JobState::Done | JobState::Dead | JobState::Cancelled) => Ok(Some(Cancelling::Ended(ended))),
    }
}

pub(super) async fn retry(c: &mut SqliteConnection, id: JobId, now: i64) -> Result<bool, StoreError> {
    let Some(job) = standing(c, id).await? else { return Ok(false) };
    match job.state()? {
        JobState::Ready => make_due(c, id, now).await.map(|()| true),
        JobState::Dead => revive(c, job, now).await,
        JobState::Waiting | JobState::Running | JobState::Done | JobState::Cancelled => Ok(false),
    }
}

async fn make_due(c: &mut SqliteConnection, id: JobId, now: i64) -> Result<(), StoreError> {
    let update = sqlx::query!("update jobs set run_at = 0, due_at = min(due_at, ?) where id = ?", now, id.0);
    update.execute(c).await.doing("make a job due")?;
    Ok(())
}

/// With a clean count, at the end of its lane. Not beside an unfinished one of its kind and key.
async fn revive(c: &mut SqliteConnection, job: RawStanding, now: i64) -> Result<bool, StoreError> {
    if let Some(key) = &job.unique_key
        && unfinished(c, &job.kind, key).await?.is_some()
    {
        return Ok(false);
    }
    let place = match &job.lane {
        Some(lane) => lanes::last_place(c, lane).await?,
        None => None,
    };
    let state = if place.is_some() { "waiting" } else { "ready" };
    let update = sqlx::query!(
        "update jobs set state = ?1, lane_place = ?2, run_at = 0, due_at = ?3, failures = 0, first_failed_at = null, finished_at = null
         where id = ?4",
        state,
        place,
        now,
        job.id,
    );
    update.execute(c).await.doing("retry a job")?;
    Ok(true)
}

pub(super) async fn retry_all(c: &mut SqliteConnection, filter: &JobFilter, now: i64) -> Result<u64, StoreError> {
    if filter.state.is_some_and(|state| state != JobState::Dead) {
        return Ok(0);
    }
    let (kind, queue) = (filter.kind.as_ref().map(|k| k.as_str()), filter.queue.as_ref().map(|q| q.as_str()));
    let code = filter.code.map(|code| code.id());
    let dead = sqlx::query_as!(
        RawStanding,
        r#"select id as "id!", state, kind, lane, unique_key from jobs indexed by jobs_dead
         where state = 'dead' and (?1 is null or kind = ?1) and (?2 is null or queue = ?2) and (?3 is null or last_code = ?3) order by id"#,
        kind,
        queue,
        code,
    );
    let mut retried = 0;
    for job in dead.fetch_all(&mut *c).await.doing("retry jobs")? {
        retried += u64::from(revive(c, job, now).await?);
    }
    Ok(retried)
}

pub(super) async fn discard(c: &mut SqliteConnection, id: JobId, now: i64) -> Result<bool, StoreError> {
    let update = sqlx::query!("update jobs set state = 'cancelled', finished_at = ? where id = ? and +state = 'dead'", now, id.0);
    Ok(update.execute(c).await.doing("discard a job")?.rows_affected() > 0)
}

/// Attempts go with their jobs (`on delete cascade`).
pub(super) async fn prune(c: &mut SqliteConnection, policy: &PrunePolicy, now: i64) -> Result<u64, StoreError> {
    let done = prune_ended(c, JobState::Done, now.saturating_sub(ms(policy.done_after)), policy.limit.into()).await?;
    let left = u64::from(policy.limit).saturating_sub(done);
    let cancelled = prune_ended(c, JobState::Cancelled, now.saturating_sub(ms(policy.cancelled_after)), left).await?;
    Ok(done + cancelled)
}

async fn prune_ended(c: &mut SqliteConnection, state: JobState, before: i64, limit: u64) -> Result<u64, StoreError> {
    let (state, limit) = (state.id(), i64::try_from(limit).unwrap_or(i64::MAX));
    let delete = sqlx::query!(
        "delete from jobs where id in (
           select id from jobs indexed by jobs_finished
           where state in ('done', 'cancelled') and state = ?1 and finished_at <= ?2 order by finished_at limit ?3)",
        state,
        before,
        limit,
    );
    Ok(delete.execute(c).await.doing("prune jobs")?.rows_affected())
}

/// The document is archived: its jobs that have not begun are done, and let their lanes go.
pub(crate) async fn finish_document(c: &mut SqliteConnection, document: DocumentKey, now: i64) -> Result<(), StoreError> {
    let key = document.to_string();
    let update = sqlx::query!(
        r#"update jobs set state = 'done', finished_at = ?1, lane_place = null
         where id in (select id from jobs indexed by jobs_unique where unique_key = ?2 and state in ('ready', 'waiting', 'running'))
           and worker is null
         returning lane as "lane?""#,
        now,
        key,
    );
    let rows = update.fetch_all(&mut *c).await.doing("finish a document's jobs")?;
    lanes::promote(c, rows.into_iter().filter_map(|row| row.lane).collect(), now).await?;
    Ok(())
}

/// Whether an unfinished or dead job bears the document's key.
pub(crate) async fn has_jobs(c: &mut SqliteConnection, document: DocumentKey) -> Result<bool, StoreError> {
    let key = document.to_string();
    let found = sqlx::query_scalar!(
        r#"select exists (select 1 from jobs indexed by jobs_unique where unique_key = ?1 and state in ('ready', 'waiting', 'running'))
           or exists (select 1 from jobs indexed by jobs_dead_key where unique_key = ?1 and state = 'dead') as "found!: bool""#,
        key,
    );
    found.fetch_one(c).await.doing("find a document's jobs")
}

/// Unfinished jobs of the document become due; if there are none, its newest dead one comes back. `false` when there is neither.
pub(crate) async fn revive_document(c: &mut SqliteConnection, document: DocumentKey, now: i64) -> Result<bool, StoreError> {
    const DOING: &str = "find a document's jobs";
    let key = document.to_string();
    let unfinished = sqlx::query_scalar!(
        r#"select id as "id!" from jobs indexed by jobs_unique where unique_key = ? and state in ('ready', 'waiting', 'running') order by id"#,
        key,
    );
    let unfinished = unfinished.fetch_all(&mut *c).await.doing(DOING)?;
    for id in &unfinished {
        retry(c, JobId(*id), now).await?;
    }
    if !unfinished.is_empty() {
        return Ok(true);
    }
    let dead =
        sqlx::query_scalar!(r#"select max(id) as "id?" from jobs indexed by jobs_dead_key where unique_key = ? and state = 'dead'"#, key,);
    match dead.fetch_one(&mut *c).await.doing(DOING)? {
        Some(id) => retry(c, JobId(id), now).await,
        None => Ok(false),
    }
}

/// Enqueues what follows.
pub(crate) async fn follow_up(
    c: &mut SqliteConnection,
    document: DocumentKey,
    reservation: &Reservation,
    follow_up: FollowUp,
    now: i64,
) -> Result<(), StoreError> {
    super::enqueue(c, &follow_up(document, reservation), now).await.map(drop)
}
