//! Leases that have run out.

use pipeline_domain::ErrorCode;
use pipeline_store::{JobId, RescuePolicy, Rescued, StoreError};
use serde_json::json;
use sqlx::SqliteConnection;

use super::{lanes, ms, rows::RawExpired};
use crate::fault::Doing;

const DOING: &str = "rescue jobs";
const LONGEST_WAIT_MS: i64 = 3_600_000;

pub(super) async fn rescue(c: &mut SqliteConnection, policy: &RescuePolicy, now: i64) -> Result<Vec<Rescued>, StoreError> {
    cut(c, now.saturating_add(ms(policy.longest_lease))).await?;
    let lost = expired(c, now, policy.limit).await?;
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let list = json!(lost.iter().map(|l| l.id).collect::<Vec<_>>()).to_string();
    keep_attempts(c, &list, now).await?;
    let lanes = free(c, &list, ms(policy.first_wait), now).await?;
    lanes::promote(c, lanes, now).await?;
    let mut freed = Vec::with_capacity(lost.len());
    for lost in lost {
        freed.push(Rescued { job: JobId(lost.id), worker: lost.worker()?, state: lost.state_after() });
    }
    Ok(freed)
}

/// Leases from a wrong clock: nobody asks for one that ends later than `longest`.
async fn cut(c: &mut SqliteConnection, longest: i64) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update jobs set lease_until = ?1 where id in (
           select id from jobs indexed by jobs_running where state = 'running' and lease_until > ?1)",
        longest,
    );
    update.execute(c).await.doing(DOING)?;
    Ok(())
}

async fn expired(c: &mut SqliteConnection, now: i64, limit: u32) -> Result<Vec<RawExpired>, StoreError> {
    let rows = sqlx::query_as!(
        RawExpired,
        r#"select id as "id!", worker as "worker!", failures, max_failures, cancel_requested from jobs indexed by jobs_running
         where state = 'running' and lease_until <= ? order by lease_until, id limit ?"#,
        now,
        limit,
    );
    rows.fetch_all(c).await.doing(DOING)
}

async fn keep_attempts(c: &mut SqliteConnection, list: &str, now: i64) -> Result<(), StoreError> {
    let code = ErrorCode::JobLeaseLost.id();
    let insert = sqlx::query!(
        "insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome, code)
         select j.id, j.attempt, j.worker, j.claimed_at, ?1, 'lease_lost', ?2 from json_each(?3) l cross join jobs j on j.id = l.value",
        now,
        code,
        list,
    );
    insert.execute(c).await.doing(DOING)?;
    Ok(())
}

/// Gives the lanes of those that do not come back. The state is worked out as `RawExpired::state_after` does, the wait as
/// `RescuePolicy` has it.
async fn free(c: &mut SqliteConnection, list: &str, first_wait: i64, now: i64) -> Result<std::collections::BTreeSet<String>, StoreError> {
    let (code, first_wait) = (ErrorCode::JobLeaseLost.id(), first_wait.min(LONGEST_WAIT_MS));
    let update = sqlx::query!(
        r#"update jobs set
           state = case when cancel_requested then 'cancelled' when failures + 1 >= max_failures then 'dead' else 'ready' end,
           finished_at = case when cancel_requested or failures + 1 >= max_failures then ?1 end,
           run_at = case when cancel_requested or failures + 1 >= max_failures or ?2 = 0 then 0
             else ?1 + min(?3, ?2 << min(failures, 20)) * (1000 + (id * 367) % 101) / 1000 end,
           due_at = ?1 + case when cancel_requested or failures + 1 >= max_failures then 0
             else min(?3, ?2 << min(failures, 20)) * (1000 + (id * 367) % 101) / 1000 end,
           failures = failures + 1, first_failed_at = coalesce(first_failed_at, ?1), last_code = ?4,
           worker = null, lease_until = null, claimed_at = null, cancel_requested = 0
         where id in (select value from json_each(?5))
         returning state as "state!", lane as "lane?""#,
        now,
        first_wait,
        LONGEST_WAIT_MS,
        code,
        list,
    );
    let rows = update.fetch_all(c).await.doing(DOING)?;
    Ok(rows.into_iter().filter(|row| row.state != "ready").filter_map(|row| row.lane).collect())
}
