//! Looking at jobs.

use pipeline_store::{JobAttempt, JobFilter, JobId, JobRow, StoreError};
use sqlx::PgConnection;

use crate::{
    fault::Doing,
    jobs::rows::{RawJob, RawJobAttempt},
};

pub(crate) async fn job(c: &mut PgConnection, id: JobId) -> Result<Option<JobRow>, StoreError> {
    let select = sqlx::query_as!(
        RawJob,
        "select id, kind, queue, args, state, priority, run_at, lane, unique_key, attempt, failures, max_failures, worker, lease_until,
            cancel_requested, progress, result, last_code, created_at, finished_at
        from jobs where id = $1",
        id.0,
    );
    select.fetch_optional(c).await.doing("find a job")?.map(JobRow::try_from).transpose()
}

/// Read newest first, told oldest first.
pub(crate) async fn jobs(c: &mut PgConnection, filter: &JobFilter, limit: u32) -> Result<Vec<JobRow>, StoreError> {
    let select = sqlx::query_as!(
        RawJob,
        "select id, kind, queue, args, state, priority, run_at, lane, unique_key, attempt, failures, max_failures, worker, lease_until,
            cancel_requested, progress, result, last_code, created_at, finished_at
        from jobs
        where ($1::text is null or state = $1) and ($2::text is null or kind = $2) and ($3::text is null or queue = $3)
            and ($4::text is null or last_code = $4)
        order by id desc limit $5",
        filter.state.map(|s| s.id()),
        filter.kind.as_ref().map(|k| k.as_str()),
        filter.queue.as_ref().map(|q| q.as_str()),
        filter.code.map(|c| c.id()),
        i64::from(limit),
    );
    let rows = select.fetch_all(c).await.doing("list jobs")?;
    rows.into_iter().rev().map(JobRow::try_from).collect()
}

pub(crate) async fn attempts_of(c: &mut PgConnection, id: JobId) -> Result<Vec<JobAttempt>, StoreError> {
    let select = sqlx::query_as!(
        RawJobAttempt,
        "select job, attempt, worker, started_at, ended_at, outcome, code, detail from job_attempts where job = $1 order by attempt",
        id.0,
    );
    let rows = select.fetch_all(c).await.doing("list attempts")?;
    rows.into_iter().map(JobAttempt::try_from).collect()
}
