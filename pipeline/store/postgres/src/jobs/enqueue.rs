//! New jobs, and those of a document.

use std::collections::{BTreeSet, HashMap, HashSet};

use pipeline_store::{Enqueued, JobId, NewJob, StoreError};
use sqlx::PgConnection;

use crate::{
    fault::{Doing, unavailable},
    jobs::{
        lanes::{hold_heads, promote},
        manage,
        rows::{Shift, ms},
    },
};

const DOING: &str = "enqueue jobs";
/// Each round that brings nothing means that another transaction went on; so many in a row mean that something is wrong.
const ROUNDS: u32 = 100;

/// Enqueues inside the caller's transaction, in order.
pub(crate) async fn enqueue_in(c: &mut PgConnection, jobs: &[NewJob]) -> Result<Vec<Enqueued>, StoreError> {
    let now = clock(c, &Shift::default()).await?;
    place(c, jobs, now).await
}

/// By a handle's clock, in milliseconds.
pub(crate) async fn clock(c: &mut PgConnection, shift: &Shift) -> Result<i64, StoreError> {
    sqlx::query_scalar!(r#"select clock_ms() + $1 as "now!""#, shift.ms()).fetch_one(c).await.doing(DOING)
}

/// As [`enqueue_in`], at `now`: all that one transaction makes due is due since the same moment, so that the order of numbers
/// decides. See `lanes.rs` for why this is safe beside everything else.
pub(crate) async fn place(c: &mut PgConnection, jobs: &[NewJob], now: i64) -> Result<Vec<Enqueued>, StoreError> {
    let lanes: HashSet<_> = jobs.iter().filter_map(|j| j.lane.as_ref()).collect();
    let mut arrivals = Arrivals { jobs, ids: draw_numbers(c, jobs.len()).await?, answers: vec![None; jobs.len()], headed: HashSet::new() };
    for _ in 0..ROUNDS {
        if let Some(answers) = arrivals.answers.iter().copied().collect() {
            return Ok(answers);
        }
        match lanes.len() {
            0 | 1 => arrivals.round(c, now).await.map(|_| ())?,
            _ => arrivals.whole_round(c, now).await?,
        }
    }
    Err(unavailable(DOING, "others were quicker every time"))
}

async fn run(c: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql).execute(c).await.doing(DOING)?;
    Ok(())
}

/// Whom a round met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Nobody,
    /// In a lane that had none a moment ago; or one of the same key that has ended since.
    AnotherHead,
}

struct Arrivals<'a> {
    jobs: &'a [NewJob],
    /// Drawn once: the order of numbers is the order of enqueueing, however many rounds it takes.
    ids: Vec<i64>,
    answers: Vec<Option<Enqueued>>,
    /// Lanes whose head is ours, or held by us.
    headed: HashSet<&'a str>,
}

impl<'a> Arrivals<'a> {
    /// A round of several lanes that meets another's head in one of them lets go of the others before it begins again. So heads
    /// are always locked before anything is written, and nobody waits in a circle.
    async fn whole_round(&mut self, c: &mut PgConnection, now: i64) -> Result<(), StoreError> {
        let before = (self.answers.clone(), self.headed.clone());
        run(c, "savepoint round").await?;
        if self.round(c, now).await? == Met::AnotherHead {
            run(c, "rollback to savepoint round").await?;
            (self.answers, self.headed) = before;
        }
        run(c, "release savepoint round").await
    }

    /// Writes all whose place is known: those without a lane, those whose lane has a head, and the first of each other lane.
    async fn round(&mut self, c: &mut PgConnection, now: i64) -> Result<Met, StoreError> {
        let open: Vec<usize> = (0..self.jobs.len()).filter(|n| self.answers[*n].is_none()).collect();
        let behind_ready = self.hold(c, &open).await?;
        let mut first = HashSet::new();
        let mut batch = Batch::default();
        for n in open {
            let waits = match self.lane(n) {
                None => false,
                Some(lane) if self.headed.contains(lane) => true,
                Some(lane) if first.insert(lane) => false,
                Some(_) => continue,
            };
            batch.push(n, self.ids[n], &self.jobs[n], waits);
        }
        let made = batch.insert(c, behind_ready, now).await?;
        let mut left = Vec::new();
        for n in batch.numbers {
            if made.contains(&self.ids[n]) {
                self.answers[n] = Some(Enqueued::New(JobId(self.ids[n])));
                self.headed.extend(self.lane(n));
            } else {
                left.push(n);
            }
        }
        self.find_existing(c, &left).await?;
        self.let_others_through(c, &left, now).await?;
        Ok(if left.iter().any(|n| self.answers[*n].is_none()) { Met::AnotherHead } else { Met::Nobody })
    }

    /// The first one for a lane that its settlement has left was there already: then the place is for those that wait, before
    /// any further one of ours.
    async fn let_others_through(&self, c: &mut PgConnection, left: &[usize], now: i64) -> Result<(), StoreError> {
        let existing = left.iter().filter(|n| self.answers[**n].is_some());
        let lanes: BTreeSet<&str> = existing.filter_map(|n| self.lane(*n)).filter(|l| !self.headed.contains(l)).collect();
        promote(c, &lanes.into_iter().map(str::to_owned).collect::<Vec<_>>(), now, DOING).await
    }

    fn lane(&self, n: usize) -> Option<&'a str> {
        self.jobs[n].lane.as_ref().map(|l| l.as_str())
    }

    /// Says whether a ready head is held: then a claim that comes by skips it.
    async fn hold(&mut self, c: &mut PgConnection, open: &[usize]) -> Result<bool, StoreError> {
        let lanes: BTreeSet<&str> = open.iter().filter_map(|n| self.lane(*n)).filter(|l| !self.headed.contains(l)).collect();
        let asked: Vec<String> = lanes.iter().map(|l| (*l).to_owned()).collect();
        let heads = hold_heads(c, &asked, DOING).await?;
        let held: HashSet<&str> = heads.iter().map(|h| h.lane.as_str()).collect();
        self.headed.extend(lanes.iter().filter(|l| held.contains(**l)));
        Ok(heads.iter().any(|h| h.is_ready))
    }

    /// What was not written met an unfinished one of its kind and key, or another head; the latter is tried again.
    async fn find_existing(&mut self, c: &mut PgConnection, left: &[usize]) -> Result<(), StoreError> {
        let keyed: Vec<usize> = left.iter().copied().filter(|n| self.jobs[*n].unique_key.is_some()).collect();
        if keyed.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = keyed.iter().filter_map(|n| self.jobs[*n].unique_key.clone()).collect();
        let select = sqlx::query!(
            r#"select id, kind, unique_key as "unique_key!" from jobs
            where unique_key = any($1) and unique_key is not null and state in ('ready', 'waiting', 'running')"#,
            &keys,
        );
        let there = select.fetch_all(c).await.doing(DOING)?;
        let there: HashMap<_, _> = there.iter().map(|row| ((row.unique_key.as_str(), row.kind.as_str()), row.id)).collect();
        for n in keyed {
            let job = &self.jobs[n];
            let key = (job.unique_key.as_deref().unwrap_or_default(), job.kind.as_str());
            self.answers[n] = there.get(&key).map(|id| Enqueued::Existing(JobId(*id)));
        }
        Ok(())
    }
}

async fn draw_numbers(c: &mut PgConnection, how_many: usize) -> Result<Vec<i64>, StoreError> {
    let how_many = i64::try_from(how_many).unwrap_or(i64::MAX);
    let select = sqlx::query_scalar!(r#"select nextval('jobs_id_seq') as "id!" from generate_series(1, $1::bigint)"#, how_many);
    select.fetch_all(c).await.doing(DOING)
}

/// Columns of the rows to be written.
#[derive(Default)]
struct Batch {
    numbers: Vec<usize>,
    ids: Vec<i64>,
    kinds: Vec<String>,
    queues: Vec<String>,
    args: Vec<String>,
    priorities: Vec<i64>,
    run_at: Vec<i64>,
    lanes: Vec<Option<String>>,
    waits: Vec<bool>,
    keys: Vec<Option<String>>,
    max_failures: Vec<i64>,
}

impl Batch {
    fn push(&mut self, n: usize, id: i64, job: &NewJob, waits: bool) {
        self.numbers.push(n);
        self.ids.push(id);
        self.kinds.push(job.kind.as_str().to_owned());
        self.queues.push(job.queue.as_str().to_owned());
        self.args.push(job.args.to_string());
        self.priorities.push(i64::from(job.priority.0));
        self.run_at.push(job.not_before.map_or(0, |at| ms(at).max(0)));
        self.lanes.push(job.lane.as_ref().map(|l| l.as_str().to_owned()));
        self.waits.push(waits);
        self.keys.push(job.unique_key.clone());
        self.max_failures.push(i64::from(job.max_failures));
    }

    /// Numbers of those that were written. Wakes the workers when one of them is ready, or a ready one was held up.
    async fn insert(&self, c: &mut PgConnection, behind_ready: bool, now: i64) -> Result<HashSet<i64>, StoreError> {
        let insert = sqlx::query_scalar!(
            r#"with made as (
                insert into jobs (id, kind, queue, args, state, priority, run_at, due_at, lane, lane_place, unique_key, max_failures,
                    created_at)
                select id, kind, queue, args, case when waits then 'waiting' else 'ready' end, priority, run_at,
                    greatest(run_at, $1), lane, case when waits then id end, unique_key, max_failures, $1
                from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bool[],
                    $10::text[], $11::bigint[])
                    as new (id, kind, queue, args, priority, run_at, lane, waits, unique_key, max_failures)
                order by lane nulls first, unique_key, id
                on conflict do nothing
                returning id, state
            ),
            told as materialized (
                select pg_notify('arkivflyt_jobs', '')::text as word where $12 or exists (select 1 from made where state = 'ready')
            )
            select made.id from made left join told on true"#,
            now,
            &self.ids,
            &self.kinds,
            &self.queues,
            &self.args,
            &self.priorities,
            &self.run_at,
            &self.lanes as &[Option<String>],
            &self.waits,
            &self.keys as &[Option<String>],
            &self.max_failures,
            behind_ready,
        );
        Ok(insert.fetch_all(c).await.doing(DOING)?.into_iter().collect())
    }
}

/// Finishes what bears the key and has not begun: it was done by another way.
pub(crate) async fn finish_unbegun(c: &mut PgConnection, unique_key: &str) -> Result<(), StoreError> {
    const DOING: &str = "finish a document's jobs";
    let now = clock(c, &Shift::default()).await?;
    let update = sqlx::query_scalar!(
        r#"update jobs set state = 'done', finished_at = $1, lane_place = null
        where id = any (array(
            select id from jobs
            where unique_key = $2 and unique_key is not null and state in ('ready', 'waiting')
            order by id for update
        ))
        returning lane"#,
        now,
        unique_key,
    );
    let lanes: BTreeSet<String> = update.fetch_all(&mut *c).await.doing(DOING)?.into_iter().flatten().collect();
    promote(c, &lanes.into_iter().collect::<Vec<_>>(), now, DOING).await
}

/// Enqueues unless an unfinished or dead job bears the key.
pub(crate) async fn enqueue_unless_known(c: &mut PgConnection, unique_key: &str, jobs: &[NewJob]) -> Result<(), StoreError> {
    if unfinished(c, unique_key).await?.is_empty() && newest_dead(c, unique_key).await?.is_none() {
        enqueue_in(c, jobs).await?;
    }
    Ok(())
}

/// Makes unfinished jobs with this key due at once; if there is none, brings the newest dead one back; if there is none either,
/// enqueues.
pub(crate) async fn revive_or_enqueue(c: &mut PgConnection, unique_key: &str, jobs: &[NewJob]) -> Result<(), StoreError> {
    let there = unfinished(c, unique_key).await?;
    for id in &there {
        manage::retry(c, JobId(*id), &Shift::default()).await?;
    }
    if !there.is_empty() {
        return Ok(());
    }
    match newest_dead(c, unique_key).await? {
        Some(dead) => drop(manage::retry(c, JobId(dead), &Shift::default()).await?),
        None => drop(enqueue_in(c, jobs).await?),
    }
    Ok(())
}

async fn unfinished(c: &mut PgConnection, unique_key: &str) -> Result<Vec<i64>, StoreError> {
    let select = sqlx::query_scalar!(
        "select id from jobs where unique_key = $1 and unique_key is not null and state in ('ready', 'waiting', 'running') order by id",
        unique_key,
    );
    select.fetch_all(c).await.doing(DOING)
}

async fn newest_dead(c: &mut PgConnection, unique_key: &str) -> Result<Option<i64>, StoreError> {
    let select =
        sqlx::query_scalar!("select max(id) from jobs where unique_key = $1 and unique_key is not null and state = 'dead'", unique_key,);
    select.fetch_one(c).await.doing(DOING)
}
