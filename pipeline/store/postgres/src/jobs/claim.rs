//! From ready to running, and how long a claim lasts.

use std::{collections::BTreeMap, time::Duration};

use pipeline_store::{Beat, ClaimRequest, ClaimedJob, JobId, Lease, StoreError, WorkerId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{
    fault::Doing,
    jobs::rows::{RawClaimed, Shift, length_ms},
};

/// Scheduled jobs that fall due are moved in portions: a thousand at the same second are no reason to hold a claim up.
const RIPEN: i64 = 1000;

pub(crate) async fn claim(c: &mut PgConnection, request: &ClaimRequest, shift: &Shift) -> Result<Vec<ClaimedJob>, StoreError> {
    let names: Vec<String> = request.queues.iter().map(|(name, _)| name.as_str().to_owned()).collect();
    let most: Vec<i64> = request.queues.iter().map(|(_, most)| i64::from(*most)).collect();
    ripen(c, &names, shift).await?;
    let mut rows = take(c, request, &names, &most, shift).await?;
    rows.sort_unstable_by_key(RawClaimed::place);
    rows.into_iter().map(|row| row.job(request.worker)).collect()
}

/// Jobs whose time has come join those that are due at once, so that one index gives all in order. Most often there are none, and
/// this is one look at an index.
async fn ripen(c: &mut PgConnection, queues: &[String], shift: &Shift) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"with clock as materialized (select clock_ms() + $1 as now)
        update jobs set run_at = 0
        where id = any (array(
            select ripe.id from unnest($2::text[]) as asked (queue)
            cross join lateral (
                select id from jobs
                where state = 'ready' and run_at > 0 and queue = asked.queue and run_at <= (select now from clock)
                order by run_at limit $3 for update skip locked
            ) ripe
        ))"#,
        shift.ms(),
        queues,
        RIPEN,
    );
    update.execute(c).await.doing("claim jobs")?;
    Ok(())
}

/// The rows to take are found and locked by the inner select, which skips what others are about to take; the update then goes to
/// them by number. (A join with the inner select would let the planner read the whole table.)
///
/// The commit does not wait for the disk. If the server dies before the claim has reached it, the job is ready again, as if it
/// had never been claimed, and whoever holds it finds out: settling wants a row that is running, with this worker and this
/// attempt. It may be claimed again under the same attempt number, but only by another worker, or by the same one, which then
/// holds the same lease twice and can settle it once. A settlement waits for the disk, and the log is written in order, so no
/// settlement is kept without its claim. The setting ends with the statement's transaction.
async fn take(
    c: &mut PgConnection,
    request: &ClaimRequest,
    queues: &[String],
    most: &[i64],
    shift: &Shift,
) -> Result<Vec<RawClaimed>, StoreError> {
    let update = sqlx::query_as!(
        RawClaimed,
        r#"with clock as materialized (select clock_ms() + $1 as now, set_config('synchronous_commit', 'off', true))
        update jobs set state = 'running', attempt = attempt + 1, worker = $2,
            claimed_at = (select now from clock), lease_until = (select now from clock) + $3
        where id = any (array(
            select due.id from unnest($4::text[], $5::bigint[]) as asked (queue, most)
            cross join lateral (
                select case
                    when q.paused = 1 then 0
                    when q.max_running is null then asked.most
                    else least(asked.most, greatest(0, q.max_running - (
                        select count(*) from jobs r where r.state = 'running' and r.queue = asked.queue
                    )))
                end as most
                from (values (1)) one left join queues q on q.name = asked.queue
            ) free
            cross join lateral (
                select id from jobs
                where state = 'ready' and run_at = 0 and queue = asked.queue
                order by priority, due_at, id limit free.most for update skip locked
            ) due
        ))
        returning id, attempt, kind, queue, args, priority, due_at, lane, failures, first_failed_at, max_failures, progress,
            claimed_at as "claimed_at!""#,
        shift.ms(),
        request.worker.to_string(),
        length_ms(request.lease),
        queues,
        most,
    );
    update.fetch_all(c).await.doing("claim jobs")
}

/// When the next ready job falls due; a paused queue has none.
pub(crate) async fn next_job_in(c: &mut PgConnection, queues: &[String], shift: &Shift) -> Result<Option<Duration>, StoreError> {
    let select = sqlx::query_scalar!(
        r#"with clock as materialized (select clock_ms() + $1 as now)
        select min(soonest.wait) from unnest($2::text[]) as asked (queue)
        cross join lateral (
            (select 0 as wait from jobs where state = 'ready' and run_at = 0 and queue = asked.queue limit 1)
            union all
            (select run_at - (select now from clock) from jobs
             where state = 'ready' and run_at > 0 and queue = asked.queue order by run_at limit 1)
        ) soonest
        where not exists (select 1 from queues q where q.name = asked.queue and q.paused = 1)"#,
        shift.ms(),
        queues,
    );
    let wait = select.fetch_one(c).await.doing("see when the next job is due")?;
    Ok(wait.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
}

/// What a heartbeat brings.
pub(crate) struct Extension {
    pub worker: WorkerId,
    pub leases: Vec<Lease>,
    pub lease: Duration,
    pub progress: Vec<(Lease, Value)>,
    pub shift: Shift,
}

/// Extends what is still the worker's own. A row that is being settled is locked for as long as that takes: waiting for it would let
/// all other leases run out, and nobody can free it meanwhile, so it is left as it is.
pub(crate) async fn extend(c: &mut PgConnection, beat: &Extension) -> Result<Beat, StoreError> {
    const DOING: &str = "extend leases";
    tell_alive(c, beat).await?;
    let mut answer = Beat::default();
    for ((worker, attempt), jobs) in by_token(&beat.leases) {
        let update = sqlx::query!(
            r#"with clock as materialized (select clock_ms() + $1 as now)
            update jobs set lease_until = (select now from clock) + $2
            where id = any (array(
                select id from jobs where id = any($3) and attempt = $4 and worker = $5 and state || '' = 'running'
                order by id for update skip locked
            ))
            returning id, cancel_requested"#,
            beat.shift.ms(),
            length_ms(beat.lease),
            &jobs,
            i64::from(attempt),
            worker.to_string(),
        );
        let held = update.fetch_all(&mut *c).await.doing(DOING)?;
        answer.cancelled.extend(held.iter().filter(|row| row.cancel_requested != 0).map(|row| JobId(row.id)));
        let missed: Vec<i64> = jobs.iter().copied().filter(|id| held.iter().all(|row| row.id != *id)).collect();
        let locked = still_ours(c, &missed, attempt, worker).await?;
        let lost = missed.iter().filter(|id| !locked.contains(id));
        answer.lost.extend(lost.map(|id| Lease { job: JobId(*id), attempt, worker }));
    }
    for (lease, progress) in &beat.progress {
        let update = sqlx::query!(
            "update jobs set progress = $1 where id = $2 and attempt = $3 and worker = $4 and state || '' = 'running'",
            progress.to_string(),
            lease.job.0,
            i64::from(lease.attempt),
            lease.worker.to_string(),
        );
        update.execute(&mut *c).await.doing(DOING)?;
    }
    Ok(answer)
}

/// Which of the jobs that could not be extended are ours: somebody had locked their rows.
async fn still_ours(c: &mut PgConnection, jobs: &[i64], attempt: u32, worker: WorkerId) -> Result<Vec<i64>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let found = sqlx::query_scalar!(
        "select id from jobs where id = any($1) and attempt = $2 and worker = $3 and state || '' = 'running'",
        jobs,
        i64::from(attempt),
        worker.to_string(),
    );
    found.fetch_all(c).await.doing("extend leases")
}

async fn tell_alive(c: &mut PgConnection, beat: &Extension) -> Result<(), StoreError> {
    let update =
        sqlx::query!("update workers set seen_at = (select clock_ms() + $1) where id = $2", beat.shift.ms(), beat.worker.to_string(),);
    update.execute(c).await.doing("extend leases")?;
    Ok(())
}

/// Job numbers by the rest of their leases: most have the same, so that one statement serves many, and needs no join.
pub(crate) fn by_token(leases: &[Lease]) -> BTreeMap<(WorkerId, u32), Vec<i64>> {
    let mut groups: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for lease in leases {
        groups.entry((lease.worker, lease.attempt)).or_default().push(lease.job.0);
    }
    // In the order of the key, as every statement locks rows.
    groups.values_mut().for_each(|jobs| jobs.sort_unstable());
    groups
}
