//! Jobs whose worker died, hung or was cut off.

use std::time::Duration;

use pipeline_store::{JobId, RescuePolicy, Rescued, StoreError};
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    fault::{Doing, unavailable},
    jobs::{
        lanes::promote,
        rows::{Cells, Shift, length_ms},
    },
};

const DOING: &str = "rescue jobs";
/// A server that hung carries out all that it was asked meanwhile, in any order. A rescue among it would free the jobs of workers
/// that could not extend their leases: one that ends so long after it was asked frees nothing.
const LATEST: Duration = Duration::from_secs(2);
/// Longest wait before the next try.
const LONGEST_WAIT_MS: i64 = 3_600_000;
/// Doubling goes no further: by then the longest wait is reached.
const DOUBLINGS: i64 = 20;

pub(crate) async fn rescue(c: &mut PgConnection, policy: &RescuePolicy, asked: Instant, shift: &Shift) -> Result<Vec<Rescued>, StoreError> {
    cut(c, policy, shift).await?;
    let freed = free(c, policy, shift).await?;
    // Looked at last: whenever the server hung, this is after it. An error, so that nothing is kept.
    if asked.elapsed() > LATEST {
        return Err(unavailable(DOING, "it took so long that leases may have run out of workers that waited too"));
    }
    let mut rescued = Vec::new();
    let (mut lanes, mut now) = (Vec::new(), 0);
    for row in freed {
        let cells = Cells::of("jobs", row.id);
        let freed = Rescued { job: JobId(row.id), worker: cells.worker("worker", &row.worker)?, state: cells.text("state", &row.state)? };
        rescued.push(freed);
        lanes.extend(row.lane.filter(|_| row.state != "ready"));
        now = row.now;
    }
    promote(c, &lanes, now, DOING).await?;
    Ok(rescued)
}

/// Leases that no clock of today can have given.
async fn cut(c: &mut PgConnection, policy: &RescuePolicy, shift: &Shift) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"with clock as materialized (select clock_ms() + $1 + $2 as latest)
        update jobs set lease_until = (select latest from clock)
        where id = any (array(
            select id from jobs where state = 'running' and lease_until > (select latest from clock) limit $3 for update skip locked
        ))"#,
        shift.ms(),
        length_ms(policy.longest_lease),
        i64::from(policy.limit),
    );
    update.execute(c).await.doing(DOING)?;
    Ok(())
}

struct RawFreed {
    id: i64,
    worker: String,
    state: String,
    lane: Option<String>,
    now: i64,
}

/// The wait is as `RescuePolicy` has it. Who does not come back, or comes back at once, has no time to wait for.
async fn free(c: &mut PgConnection, policy: &RescuePolicy, shift: &Shift) -> Result<Vec<RawFreed>, StoreError> {
    let update = sqlx::query_as!(
        RawFreed,
        r#"with clock as materialized (select clock_ms() + $1 as now),
        lost as materialized (
            select id, attempt, worker, claimed_at,
                cancel_requested = 0 and failures + 1 < max_failures as again,
                least($2::bigint << least(failures, $3)::int, $4) * (1000 + id * 367 % 101) / 1000 as wait
            from jobs
            where state = 'running' and lease_until <= (select now from clock)
            order by lease_until, id limit $5 for update skip locked
        ),
        freed as (
            update jobs set
                state = case when cancel_requested = 1 then 'cancelled' when failures + 1 >= max_failures then 'dead' else 'ready' end,
                finished_at = case when cancel_requested = 1 or failures + 1 >= max_failures then (select now from clock) end,
                run_at = coalesce((select now + wait from lost, clock where lost.id = jobs.id and again and wait > 0), 0),
                due_at = (select now from clock) + coalesce((select wait from lost where lost.id = jobs.id and again), 0),
                failures = failures + 1, first_failed_at = coalesce(first_failed_at, (select now from clock)),
                last_code = 'job_lease_lost', worker = null, lease_until = null, cancel_requested = 0
            where id = any (array(select id from lost))
            returning id, state, lane
        ),
        kept as (
            insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome, code)
            select id, attempt, worker, claimed_at, now, 'lease_lost', 'job_lease_lost' from lost, clock
        ),
        told as materialized (
            select pg_notify('arkivflyt_jobs', '')::text as word where $2 = 0 and exists (select 1 from freed where state = 'ready')
        )
        select freed.id, lost.worker as "worker!", freed.state, freed.lane, (select now from clock) as "now!"
        from freed join lost on lost.id = freed.id left join told on true order by freed.id"#,
        shift.ms(),
        length_ms(policy.first_wait).min(LONGEST_WAIT_MS),
        DOUBLINGS,
        LONGEST_WAIT_MS,
        i64::from(policy.limit),
    );
    update.fetch_all(c).await.doing(DOING)
}
