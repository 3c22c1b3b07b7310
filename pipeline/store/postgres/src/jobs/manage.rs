//! What people do with jobs: call off, retry, give up; and what time does: prune.

use pipeline_store::{Cancelling, JobFilter, JobId, JobState, PrunePolicy, StoreError};
use sqlx::PgConnection;

use crate::{
    fault::Doing,
    jobs::{
        lanes::{hold_heads, promote},
        rows::{Cells, Shift, length_ms},
    },
};

/// Dead jobs that one transaction brings back.
const PAGE: i64 = 100;

/// A job whose row is ours until the transaction ends.
struct Locked {
    id: i64,
    kind: String,
    state: JobState,
    lane: Option<String>,
    unique_key: Option<String>,
    now: i64,
}

async fn lock(c: &mut PgConnection, id: JobId, shift: &Shift, doing: &'static str) -> Result<Option<Locked>, StoreError> {
    let select = sqlx::query!(
        r#"select id, kind, state, lane, unique_key, clock_ms() + $2 as "now!" from jobs where id = $1 for update"#,
        id.0,
        shift.ms(),
    );
    let Some(row) = select.fetch_optional(c).await.doing(doing)? else { return Ok(None) };
    let state = Cells::of("jobs", row.id).text("state", &row.state)?;
    Ok(Some(Locked { id: row.id, kind: row.kind, state, lane: row.lane, unique_key: row.unique_key, now: row.now }))
}

pub(crate) async fn cancel(c: &mut PgConnection, id: JobId, shift: &Shift) -> Result<Option<Cancelling>, StoreError> {
    const DOING: &str = "cancel a job";
    let Some(job) = lock(c, id, shift, DOING).await? else { return Ok(None) };
    match job.state {
        JobState::Ready | JobState::Waiting => {
            set_cancelled(c, id, job.now, DOING).await?;
            promote(c, job.lane.as_slice(), job.now, DOING).await?;
            Ok(Some(Cancelling::Cancelled))
        }
        JobState::Running => {
            sqlx::query!("update jobs set cancel_requested = 1 where id = $1", id.0).execute(c).await.doing(DOING)?;
            Ok(Some(Cancelling::Asked))
        }
        ended @ (JobState::Done | JobState::Dead | JobState::Cancelled) => Ok(Some(Cancelling::Ended(ended))),
    }
}

pub(crate) async fn discard(c: &mut PgConnection, id: JobId, shift: &Shift) -> Result<bool, StoreError> {
    const DOING: &str = "discard a job";
    match lock(c, id, shift, DOING).await? {
        Some(Locked { state: JobState::Dead, now, .. }) => set_cancelled(c, id, now, DOING).await.map(|()| true),
        _ => Ok(false),
    }
}

async fn set_cancelled(c: &mut PgConnection, id: JobId, now: i64, doing: &'static str) -> Result<(), StoreError> {
    let update = sqlx::query!("update jobs set state = 'cancelled', finished_at = $1, lane_place = null where id = $2", now, id.0,);
    update.execute(c).await.doing(doing)?;
    Ok(())
}

pub(crate) async fn retry(c: &mut PgConnection, id: JobId, shift: &Shift) -> Result<bool, StoreError> {
    const DOING: &str = "retry a job";
    let Some(job) = lock(c, id, shift, DOING).await? else { return Ok(false) };
    match job.state {
        JobState::Ready => make_due(c, id, shift).await.map(|()| true),
        JobState::Dead => revive(c, &job, shift).await,
        JobState::Waiting | JobState::Running | JobState::Done | JobState::Cancelled => Ok(false),
    }
}

async fn make_due(c: &mut PgConnection, id: JobId, shift: &Shift) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"with due as (
            update jobs set run_at = 0, due_at = least(due_at, (select clock_ms() + $1)) where id = $2 returning id
        )
        select pg_notify('arkivflyt_jobs', '')::text as told from due"#,
        shift.ms(),
        id.0,
    );
    update.fetch_optional(c).await.doing("retry a job")?;
    Ok(())
}

/// To the end of its lane. (A second head, or a second one of its key, is refused by an index; then the transaction is begun again and
/// sees it.)
async fn revive(c: &mut PgConnection, job: &Locked, shift: &Shift) -> Result<bool, StoreError> {
    const DOING: &str = "retry a job";
    if let Some(key) = &job.unique_key
        && is_taken(c, key, &job.kind).await?
    {
        return Ok(false);
    }
    let waits = !hold_heads(c, job.lane.as_slice(), DOING).await?.is_empty();
    let update = sqlx::query!(
        r#"with clock as materialized (select clock_ms() + $1 as now),
        back as (
            update jobs set state = case when $2 then 'waiting' else 'ready' end,
                lane_place = case when $2 then nextval('jobs_id_seq') end,
                failures = 0, first_failed_at = null, run_at = 0, due_at = (select now from clock), finished_at = null
            where id = $3 returning id
        )
        select pg_notify('arkivflyt_jobs', '')::text as told from back"#,
        shift.ms(),
        waits,
        job.id,
    );
    update.fetch_optional(c).await.doing(DOING)?;
    Ok(true)
}

async fn is_taken(c: &mut PgConnection, key: &str, kind: &str) -> Result<bool, StoreError> {
    let select = sqlx::query_scalar!(
        r#"select exists (
            select 1 from jobs
            where unique_key = $1 and unique_key is not null and kind = $2 and state in ('ready', 'waiting', 'running')
        ) as "taken!""#,
        key,
        kind,
    );
    select.fetch_one(c).await.doing("retry a job")
}

/// What one transaction of a group retry did.
pub(crate) struct Page {
    pub retried: u64,
    /// Where to go on; `None` at the end.
    pub last: Option<JobId>,
}

pub(crate) async fn retry_page(c: &mut PgConnection, filter: &JobFilter, after: JobId, shift: &Shift) -> Result<Page, StoreError> {
    if filter.state.is_some_and(|s| s != JobState::Dead) {
        return Ok(Page { retried: 0, last: None });
    }
    let select = sqlx::query_scalar!(
        "select id from jobs
        where state = 'dead' and id > $1 and ($2::text is null or kind = $2) and ($3::text is null or queue = $3)
            and ($4::text is null or last_code = $4)
        order by id limit $5",
        after.0,
        filter.kind.as_ref().map(|k| k.as_str()),
        filter.queue.as_ref().map(|q| q.as_str()),
        filter.code.map(|c| c.id()),
        PAGE,
    );
    let ids = select.fetch_all(&mut *c).await.doing("retry jobs")?;
    let mut retried = 0;
    for id in &ids {
        retried += u64::from(retry(c, JobId(*id), shift).await?);
    }
    Ok(Page { retried, last: ids.last().copied().map(JobId) })
}

/// The rows to remove are locked, so that two that prune at once do not count the same.
pub(crate) async fn prune(c: &mut PgConnection, policy: &PrunePolicy, shift: &Shift) -> Result<u64, StoreError> {
    let delete = sqlx::query_scalar!(
        r#"with clock as materialized (select clock_ms() + $1 as now),
        old as materialized (
            select id from (
                select id from jobs where state = 'done' and finished_at <= (select now from clock) - $2
                order by finished_at limit $4 for update skip locked
            ) done
            union all
            select id from (
                select id from jobs where state = 'cancelled' and finished_at <= (select now from clock) - $3
                order by finished_at limit $4 for update skip locked
            ) cancelled
            limit $4
        ),
        attempts as (delete from job_attempts where job = any (array(select id from old))),
        gone as (delete from jobs where id = any (array(select id from old)) returning id)
        select count(*) as "gone!" from gone"#,
        shift.ms(),
        length_ms(policy.done_after),
        length_ms(policy.cancelled_after),
        i64::from(policy.limit),
    );
    let gone = delete.fetch_one(c).await.doing("prune jobs")?;
    Ok(u64::try_from(gone).unwrap_or(0))
}
