//! The end of an attempt, its effect, and what follows: all in one transaction, or not at all.
//!
//! Two ways. Those that are simply through are ended many at a time, also of several callers, by one statement. All others go one
//! by one, in transactions that the writer groups. Both are fenced by number, attempt and worker of a running job.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use pipeline_domain::NextStep;
use pipeline_store::{AttemptEnd, Effect, JobState, Lease, NewJob, Outcome, Settlement, StoreError};
use sqlx::PgConnection;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    archive::{self, FailedAttempt},
    fault::{Doing, unavailable},
    jobs::{
        claim::by_token,
        enqueue::place,
        lanes::promote,
        rows::{Shift, ms},
    },
    runs,
    writer::Writer,
};

const DOING: &str = "settle jobs";
/// Most ends in one statement.
const BATCH: usize = 500;
/// Transactions under way at once: while one waits for the disk, the next one is written.
const DESKS: usize = 2;
/// Calls that may wait before further callers are held back.
const WAITING: usize = 1024;
/// Longest detail of an attempt, in characters.
const DETAIL: usize = 300;

/// An answer for each, in order.
pub(crate) async fn settle(
    writer: &Writer,
    settler: &Settler,
    settlements: Vec<Settlement>,
    shift: &Shift,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut answers: Vec<Option<Result<(), StoreError>>> = Vec::new();
    answers.resize_with(settlements.len(), || None);
    let (mut plain, mut single, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (n, settlement) in settlements.into_iter().enumerate() {
        match seen.insert(settlement.lease) {
            true if is_plain(&settlement) => plain.push((n, settlement.lease)),
            true => single.push((n, settlement)),
            false => again.push((n, settlement)),
        }
    }
    let ended = async {
        if plain.is_empty() { Ok(HashSet::new()) } else { settler.end(plain.iter().map(|(_, lease)| *lease).collect(), shift).await }
    };
    let (ended, singles) = tokio::join!(ended, one_by_one(writer, single, shift));
    let ended = ended?;
    for (n, lease) in plain {
        answers[n] = Some(if ended.contains(&lease) { Ok(()) } else { Err(StoreError::LeaseLost { lease }) });
    }
    // A lease that stands there twice: the first has been answered, so the second finds it gone.
    let agains = one_by_one(writer, again, shift).await;
    for (n, answer) in singles.into_iter().chain(agains) {
        answers[n] = Some(answer);
    }
    Ok(answers.into_iter().map(|a| a.unwrap_or_else(|| Err(unavailable(DOING, "no answer")))).collect())
}

fn is_plain(settlement: &Settlement) -> bool {
    settlement.effect.is_none() && matches!(&settlement.outcome, Outcome::Done { next, result: None } if next.is_empty())
}

/// Each in the writer's next transaction.
async fn one_by_one(writer: &Writer, settlements: Vec<(usize, Settlement)>, shift: &Shift) -> Vec<(usize, Result<(), StoreError>)> {
    let mut calls = JoinSet::new();
    for (n, settlement) in settlements {
        let (writer, input) = (writer.clone(), (shift.clone(), settlement));
        calls.spawn(async move {
            let done = writer.write(DOING, input, |c, (shift, settlement)| Box::pin(settle_one(c, settlement, shift))).await;
            (n, done)
        });
    }
    calls.join_all().await
}

/// Where those that are simply through are gathered. The task ends when the last handle is gone and every call is answered.
pub(crate) struct Settler {
    orders: mpsc::Sender<Order>,
}

struct Order {
    leases: Vec<Lease>,
    shift: Shift,
    caller: oneshot::Sender<Result<HashSet<Lease>, StoreError>>,
}

impl Settler {
    pub(crate) fn start(writer: Writer) -> Self {
        let (orders, incoming) = mpsc::channel(WAITING);
        tokio::spawn(gather(writer, incoming));
        Self { orders }
    }

    /// Those that held, durably ended.
    async fn end(&self, leases: Vec<Lease>, shift: &Shift) -> Result<HashSet<Lease>, StoreError> {
        let (caller, answer) = oneshot::channel();
        let order = Order { leases, shift: shift.clone(), caller };
        self.orders.send(order).await.map_err(|_| unavailable(DOING, "the store is closed"))?;
        answer.await.map_err(|_| unavailable(DOING, "the store is closed"))?
    }
}

async fn gather(writer: Writer, mut incoming: mpsc::Receiver<Order>) {
    let desks = Arc::new(Semaphore::new(DESKS));
    loop {
        // First a free desk, then the orders: what arrives while all are busy shares the next transaction.
        let desk = Arc::clone(&desks).acquire_owned().await.expect("never closed");
        let Some(first) = incoming.recv().await else { return };
        let mut leases = first.leases.len();
        let mut orders = vec![first];
        while leases < BATCH
            && let Ok(order) = incoming.try_recv()
        {
            leases += order.leases.len();
            orders.push(order);
        }
        let writer = writer.clone();
        tokio::spawn(async move {
            carry_out(&writer, orders).await;
            drop(desk);
        });
    }
}

async fn carry_out(writer: &Writer, orders: Vec<Order>) {
    let leases: Vec<Lease> = orders.iter().flat_map(|o| &o.leases).copied().collect();
    let input = (orders[0].shift.clone(), leases);
    let ended = writer.write_apart(DOING, input, |c, (shift, leases)| Box::pin(end_all(c, leases, shift))).await;
    for order in orders {
        let answer = match &ended {
            Ok(ended) => Ok(order.leases.iter().filter(|l| ended.contains(l)).copied().collect()),
            Err(fault) => Err(same(fault)),
        };
        // A caller that has gone away is not waited for.
        order.caller.send(answer).ok();
    }
}

/// One fault is the answer to every call of its group.
fn same(fault: &StoreError) -> StoreError {
    let source = std::error::Error::source(fault).map_or_else(|| fault.to_string(), |s| s.to_string()).into();
    match fault {
        StoreError::Damaged { doing, .. } => StoreError::Damaged { doing, source },
        StoreError::Refused { doing, .. } => StoreError::Refused { doing, source },
        _ => StoreError::Unavailable { doing: DOING, source },
    }
}

async fn end_all(c: &mut PgConnection, leases: &[Lease], shift: &Shift) -> Result<HashSet<Lease>, StoreError> {
    let (mut ended, mut lanes, mut now) = (HashSet::new(), BTreeSet::new(), 0);
    for ((worker, attempt), jobs) in by_token(leases) {
        let update = sqlx::query!(
            r#"with clock as materialized (select clock_ms() + $1 as now),
            ended as (
                update jobs set state = 'done', finished_at = (select now from clock), worker = null, lease_until = null,
                    cancel_requested = 0
                where id = any($2) and attempt = $3 and worker = $4 and state || '' = 'running'
                returning id, attempt, claimed_at, finished_at, lane
            ),
            kept as (
                insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome)
                select id, attempt, $4, claimed_at, finished_at, 'done' from ended
            )
            select id, lane, finished_at as "now!" from ended"#,
            shift.ms(),
            &jobs,
            i64::from(attempt),
            worker.to_string(),
        );
        for row in update.fetch_all(&mut *c).await.doing(DOING)? {
            ended.insert(Lease { job: pipeline_store::JobId(row.id), attempt, worker });
            lanes.extend(row.lane);
            now = now.max(row.now);
        }
    }
    promote(c, &lanes.into_iter().collect::<Vec<_>>(), now, DOING).await?;
    Ok(ended)
}

/// The effect comes before what follows, which it must not take for something that has not begun; and both before the lane goes on,
/// because what follows may take its place.
async fn settle_one(c: &mut PgConnection, settlement: &Settlement, shift: &Shift) -> Result<(), StoreError> {
    let lease = settlement.lease;
    let held = hold(c, lease, shift).await?;
    if let Some(effect) = &settlement.effect {
        write_effect(c, effect).await?;
    }
    let ending = Ending::of(&settlement.outcome, &held);
    end(c, lease, &ending, held.now).await?;
    place(c, ending.next, held.now).await?;
    match held.lane {
        Some(lane) if ending.state != JobState::Ready => promote(c, &[lane], held.now, DOING).await,
        _ => Ok(()),
    }
}

/// What decides how an attempt may end.
struct Held {
    lane: Option<String>,
    failures: i64,
    max_failures: i64,
    cancel_requested: i64,
    /// Of all that this settlement writes.
    now: i64,
}

/// The fence: from here to the commit nobody else changes the row.
async fn hold(c: &mut PgConnection, lease: Lease, shift: &Shift) -> Result<Held, StoreError> {
    let select = sqlx::query_as!(
        Held,
        r#"select lane, failures, max_failures, cancel_requested, clock_ms() + $4 as "now!" from jobs
        where id = $1 and attempt = $2 and worker = $3 and state || '' = 'running' for update"#,
        lease.job.0,
        i64::from(lease.attempt),
        lease.worker.to_string(),
        shift.ms(),
    );
    select.fetch_optional(c).await.doing(DOING)?.ok_or(StoreError::LeaseLost { lease })
}

async fn write_effect(c: &mut PgConnection, effect: &Effect) -> Result<(), StoreError> {
    match effect {
        Effect::Archived { archived, notices, on_paper, at } => {
            archive::record_archived(c, archived, notices, on_paper, *at).await?;
        }
        Effect::DocumentFailed { document, stage, code, detail, at, next } => {
            archive::record_failure(c, *document, &FailedAttempt::new(*stage, *code, detail, *at, *next)).await?;
        }
        Effect::RunFinished { run, counts, reports, at } => {
            runs::finish(c, *run, counts, reports, *at).await?;
        }
    }
    Ok(())
}

/// What is written of an end.
struct Ending<'a> {
    state: JobState,
    end: AttemptEnd,
    /// For one that is tried again; `None` leaves its time as it was.
    run_at: Option<i64>,
    failures: i64,
    code: Option<&'static str>,
    detail: String,
    result: Option<String>,
    next: &'a [NewJob],
}

impl<'a> Ending<'a> {
    /// One that was called off does not come back: unless it is through, it is cancelled.
    fn of(outcome: &'a Outcome, held: &Held) -> Self {
        let back = if held.cancel_requested == 0 { JobState::Ready } else { JobState::Cancelled };
        let dead = if held.cancel_requested == 0 { JobState::Dead } else { JobState::Cancelled };
        let plain = |state, end| Self { state, end, run_at: None, failures: 0, code: None, detail: String::new(), result: None, next: &[] };
        match outcome {
            Outcome::Done { next, result } => {
                Self { result: result.as_ref().map(ToString::to_string), next, ..plain(JobState::Done, AttemptEnd::Done) }
            }
            Outcome::Failed { code, detail, next } => {
                let retry = match next {
                    NextStep::RetryAt(at) if held.failures + 1 < held.max_failures => Some(ms(*at)),
                    NextStep::RetryAt(_) | NextStep::Failed => None,
                };
                let state = if retry.is_some() { back } else { dead };
                let detail = detail.chars().take(DETAIL).collect();
                Self { run_at: retry, failures: 1, code: Some(code.id()), detail, ..plain(state, AttemptEnd::Failed) }
            }
            Outcome::Snoozed { until, code } => {
                Self { run_at: Some(ms(*until)), code: code.map(|c| c.id()), ..plain(back, AttemptEnd::Snoozed) }
            }
            Outcome::Returned => plain(back, AttemptEnd::Returned),
            Outcome::Cancelled => plain(JobState::Cancelled, AttemptEnd::Cancelled),
        }
    }
}

/// One that is due again at once wakes the workers; for a later time the one that settles it reckons with it, and the others look
/// now and then.
async fn end(c: &mut PgConnection, lease: Lease, ending: &Ending<'_>, now: i64) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"with ended as (
            update jobs set state = $5, worker = null, lease_until = null, cancel_requested = 0,
                finished_at = case when $5 = 'ready' then null else $1::bigint end,
                run_at = coalesce($6::bigint, run_at),
                due_at = case when $6 is null then due_at else greatest($6, $1) end,
                failures = failures + $7,
                first_failed_at = case when $7 = 0 then first_failed_at else coalesce(first_failed_at, $1) end,
                last_code = coalesce($8, last_code), result = coalesce($9, result)
            where id = $2 and attempt = $3 and worker = $4
            returning id, attempt, claimed_at, state, due_at
        ),
        kept as (
            insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome, code, detail)
            select id, attempt, $4, claimed_at, $1, $10, $8, $11 from ended
        )
        select pg_notify('arkivflyt_jobs', '')::text as told from ended where state = 'ready' and due_at <= $1"#,
        now,
        lease.job.0,
        i64::from(lease.attempt),
        lease.worker.to_string(),
        ending.state.id(),
        ending.run_at.map(|at| at.max(0)),
        ending.failures,
        ending.code,
        ending.result,
        ending.end.id(),
        ending.detail,
    );
    update.fetch_optional(c).await.doing(DOING)?;
    Ok(())
}
