//! Claims: what has fallen due is made so, then the first of each queue are taken.

use pipeline_store::{ClaimRequest, ClaimedJob, StoreError};
use sqlx::SqliteConnection;

use super::{
    ms,
    rows::{RawClaimed, order},
};
use crate::fault::Doing;

const DOING: &str = "claim jobs";

pub(super) async fn claim(c: &mut SqliteConnection, request: &ClaimRequest, now: i64) -> Result<Vec<ClaimedJob>, StoreError> {
    let worker = request.worker.to_string();
    let lease_until = now.saturating_add(ms(request.lease));
    let mut taken = Vec::new();
    for (queue, most) in request.queues.iter().filter(|(_, most)| *most > 0) {
        ripen(c, queue.as_str(), now).await?;
        taken.extend(take(c, queue.as_str(), *most, &worker, now, lease_until).await?);
    }
    taken.sort_by_key(order);
    taken.into_iter().map(|raw| raw.claimed(request.worker, now)).collect()
}

/// Jobs whose time has come stand among those that are due at once from now on, however the clock goes. So a claim never
/// walks over those that are still to come. When more than ten thousand fall due at once, the rest follows with the next claim.
async fn ripen(c: &mut SqliteConnection, queue: &str, now: i64) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update jobs set run_at = 0 where id in (
           select id from jobs indexed by jobs_scheduled
           where queue = ? and state = 'ready' and run_at > 0 and run_at <= ? order by run_at limit 10000)",
        queue,
        now,
    );
    update.execute(c).await.doing(DOING)?;
    Ok(())
}

async fn take(
    c: &mut SqliteConnection,
    queue: &str,
    most: u32,
    worker: &str,
    now: i64,
    lease_until: i64,
) -> Result<Vec<RawClaimed>, StoreError> {
    let update = sqlx::query_as!(
        RawClaimed,
        r#"update jobs set state = 'running', attempt = attempt + 1, worker = ?1, claimed_at = ?2, lease_until = ?3
         where id in (
           select id from jobs indexed by jobs_ready
           where queue = ?4 and state = 'ready' and run_at = 0
           order by priority, due_at, id
           limit coalesce((
             select case when q.paused then 0 when q.max_running is null then ?5 else min(?5, max(0, q.max_running - (
               select count(*) from jobs indexed by jobs_running where state = 'running' and lease_until > 0 and queue = ?4))) end
             from queues q where q.name = ?4), ?5))
         returning id as "id!", attempt as "attempt!", kind as "kind!", queue as "queue!", args as "args!", priority as "priority!",
           lane as "lane?", failures as "failures!", first_failed_at as "first_failed_at?", max_failures as "max_failures!",
           progress as "progress?", due_at as "due_at!""#,
        worker,
        now,
        lease_until,
        queue,
        most,
    );
    update.fetch_all(c).await.doing(DOING)
}
