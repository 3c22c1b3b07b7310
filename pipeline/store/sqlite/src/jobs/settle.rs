//! The ends of attempts: the plain ones together, those that bring more one by one, each in its own savepoint.

use std::collections::{BTreeMap, BTreeSet};

use pipeline_domain::NextStep;
use pipeline_store::{AttemptEnd, Effect, JobId, JobState, Lease, NewJob, Outcome, Settlement, StoreError};
use serde_json::json;
use sqlx::SqliteConnection;

use super::{End, enqueue_one, lanes, rows::RawHeld};
use crate::{
    archive::{self, DETAIL, FailedAttempt},
    fault::Doing,
    runs,
};

const DOING: &str = "settle a job";

pub(super) type Answers = Vec<Result<(), StoreError>>;

pub(super) async fn settle(c: &mut SqliteConnection, settlements: Vec<Settlement>, now: i64) -> Result<Answers, StoreError> {
    let (plain, single) = sort_out(settlements);
    let mut answers = BTreeMap::new();
    if !plain.is_empty() {
        let done = finish_plain(c, &plain, now).await?;
        for (n, settlement) in plain {
            let held = done.contains(&settlement.lease.job);
            answers.insert(n, if held { Ok(()) } else { Err(StoreError::LeaseLost { lease: settlement.lease }) });
        }
    }
    for (n, settlement) in single {
        answers.insert(n, apart(c, settlement, now).await?);
    }
    Ok(answers.into_values().collect())
}

type Numbered = Vec<(usize, Settlement)>;

/// What is done without more, and all others. Of several that settle the same job the first decides, so only it may go ahead.
fn sort_out(settlements: Vec<Settlement>) -> (Numbered, Numbered) {
    let mut seen = BTreeSet::new();
    settlements.into_iter().enumerate().partition(|(_, s)| {
        let is_plain = s.effect.is_none() && matches!(&s.outcome, Outcome::Done { next, .. } if next.is_empty());
        seen.insert(s.lease.job) && is_plain
    })
}

/// Attempts and ends of all of them, and their lanes passed on. Gives those that were held.
async fn finish_plain(c: &mut SqliteConnection, plain: &Numbered, now: i64) -> Result<BTreeSet<JobId>, StoreError> {
    let list: Vec<_> = plain
        .iter()
        .map(|(_, s)| {
            let result = if let Outcome::Done { result, .. } = &s.outcome { result.as_ref().map(ToString::to_string) } else { None };
            json!([s.lease.job, s.lease.attempt, s.lease.worker, result])
        })
        .collect();
    let list = json!(list).to_string();
    let insert = sqlx::query!(
        "insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome)
         select j.id, j.attempt, j.worker, j.claimed_at, ?1, 'done'
         from json_each(?2) l cross join jobs j on j.id = l.value ->> 0
         where j.attempt = l.value ->> 1 and j.worker = l.value ->> 2 and +j.state = 'running'",
        now,
        list,
    );
    insert.execute(&mut *c).await.doing(DOING)?;
    let update = sqlx::query!(
        r#"update jobs set state = 'done', finished_at = ?1, worker = null, lease_until = null, claimed_at = null, cancel_requested = 0,
           result = l.value ->> 3
         from json_each(?2) l
         where jobs.id = l.value ->> 0 and jobs.attempt = l.value ->> 1 and jobs.worker = l.value ->> 2 and +jobs.state = 'running'
         returning id as "id!", lane as "lane?""#,
        now,
        list,
    );
    let done = update.fetch_all(&mut *c).await.doing(DOING)?;
    let ids = done.iter().map(|row| JobId(row.id)).collect();
    lanes::promote(c, done.into_iter().filter_map(|row| row.lane).collect(), now).await?;
    Ok(ids)
}

/// The outer error is the database's: then nothing of the whole call may stand.
async fn apart(c: &mut SqliteConnection, settlement: Settlement, now: i64) -> Result<Result<(), StoreError>, StoreError> {
    sqlx::query("savepoint one").execute(&mut *c).await.doing(DOING)?;
    let answer = match settle_one(c, settlement, now).await {
        Err(fault @ (StoreError::Unavailable { .. } | StoreError::Damaged { .. })) => return Err(fault),
        answer => answer,
    };
    if answer.is_err() {
        sqlx::query("rollback to one").execute(&mut *c).await.doing(DOING)?;
    }
    sqlx::query("release one").execute(&mut *c).await.doing(DOING)?;
    Ok(answer)
}

async fn settle_one(c: &mut SqliteConnection, settlement: Settlement, now: i64) -> Result<(), StoreError> {
    let Settlement { lease, outcome, effect } = settlement;
    let held = held(c, lease).await?.ok_or(StoreError::LeaseLost { lease })?;
    if let Some(effect) = &effect {
        carry_out(c, effect, now).await?;
    }
    let after = After::of(&outcome, &held, now);
    write_attempt(c, lease, &after, now).await?;
    write_job(c, lease, &after, now).await?;
    if let Outcome::Done { next, .. } = &outcome {
        hand_on(c, &held, next, now).await?;
    }
    lanes::promote(c, held.lane.into_iter().collect(), now).await?;
    Ok(())
}

async fn held(c: &mut SqliteConnection, lease: Lease) -> Result<Option<RawHeld>, StoreError> {
    let worker = lease.worker.to_string();
    let row = sqlx::query_as!(
        RawHeld,
        "select lane, failures, max_failures, cancel_requested, first_failed_at from jobs
         where id = ? and attempt = ? and worker = ? and +state = 'running'",
        lease.job.0,
        lease.attempt,
        worker,
    );
    row.fetch_optional(c).await.doing(DOING)
}

async fn carry_out(c: &mut SqliteConnection, effect: &Effect, now: i64) -> Result<(), StoreError> {
    match effect {
        Effect::Archived { archived, notices, on_paper, at } => {
            archive::record_archived(c, archived, notices, on_paper, *at, now).await.map(drop)
        }
        Effect::DocumentFailed { document, stage, code, detail, at, next } => {
            archive::record_failure(c, *document, &FailedAttempt::new(*stage, *code, detail, *at, *next)).await
        }
        Effect::RunFinished { run, counts, reports, at } => runs::end(c, *run, counts, reports, *at).await.map(drop),
    }
}

/// What the attempt and the job become.
struct After {
    end: AttemptEnd,
    state: JobState,
    /// `None` leaves both run_at and due_at as they are.
    run_at: Option<i64>,
    failures: i64,
    first_failed_at: Option<i64>,
    code: Option<&'static str>,
    detail: String,
    result: Option<String>,
}

impl After {
    fn of(outcome: &Outcome, held: &RawHeld, now: i64) -> Self {
        let mut after = Self {
            end: AttemptEnd::Done,
            state: JobState::Done,
            run_at: None,
            failures: held.failures,
            first_failed_at: held.first_failed_at,
            code: None,
            detail: String::new(),
            result: None,
        };
        match outcome {
            Outcome::Done { result, .. } => after.result = result.as_ref().map(ToString::to_string),
            Outcome::Failed { code, detail, next } => {
                after.failures += 1;
                after.first_failed_at.get_or_insert(now);
                (after.code, after.detail) = (Some(code.id()), detail.chars().take(DETAIL).collect());
                after.end = AttemptEnd::Failed;
                match next {
                    NextStep::RetryAt(at) if after.failures < held.max_failures => {
                        (after.state, after.run_at) = (JobState::Ready, Some(super::enqueue::run_at(Some(*at), now)));
                    }
                    NextStep::RetryAt(_) | NextStep::Failed => after.state = JobState::Dead,
                }
            }
            Outcome::Snoozed { until, code } => {
                after.code = code.map(|c| c.id());
                let run_at = super::enqueue::run_at(Some(*until), now);
                (after.end, after.state, after.run_at) = (AttemptEnd::Snoozed, JobState::Ready, Some(run_at));
            }
            Outcome::Returned => (after.end, after.state) = (AttemptEnd::Returned, JobState::Ready),
            Outcome::Cancelled => (after.end, after.state) = (AttemptEnd::Cancelled, JobState::Cancelled),
        }
        if held.cancel_requested != 0 && after.state != JobState::Done {
            after.state = JobState::Cancelled;
        }
        after
    }
}

async fn write_attempt(c: &mut SqliteConnection, lease: Lease, after: &After, now: i64) -> Result<(), StoreError> {
    let end = after.end.id();
    let insert = sqlx::query!(
        "insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome, code, detail)
         select id, attempt, worker, claimed_at, ?1, ?2, ?3, ?4 from jobs where id = ?5 and claimed_at is not null",
        now,
        end,
        after.code,
        after.detail,
        lease.job.0,
    );
    insert.execute(c).await.doing(DOING)?;
    Ok(())
}

async fn write_job(c: &mut SqliteConnection, lease: Lease, after: &After, now: i64) -> Result<(), StoreError> {
    let state = after.state.id();
    let finished_at = (after.state != JobState::Ready).then_some(now);
    let due_at = after.run_at.map(|at| at.max(now));
    let update = sqlx::query!(
        "update jobs set state = ?1, run_at = coalesce(?2, run_at), due_at = coalesce(?3, due_at), failures = ?4, first_failed_at = ?5,
           last_code = coalesce(?6, last_code), result = ?7, finished_at = ?8,
           worker = null, lease_until = null, claimed_at = null, cancel_requested = 0
         where id = ?9",
        state,
        after.run_at,
        due_at,
        after.failures,
        after.first_failed_at,
        after.code,
        after.result,
        finished_at,
        lease.job.0,
    );
    update.execute(c).await.doing(DOING)?;
    Ok(())
}

/// What follows; the first in the same lane takes the place that has just become free.
async fn hand_on(c: &mut SqliteConnection, held: &RawHeld, next: &[NewJob], now: i64) -> Result<(), StoreError> {
    let mut place_is_free = held.lane.is_some();
    for job in next {
        let same_lane = place_is_free && job.lane.as_ref().map(|l| l.as_str()) == held.lane.as_deref();
        place_is_free &= !same_lane;
        enqueue_one(c, job, if same_lane { End::Front } else { End::Back }, now).await?;
    }
    Ok(())
}
