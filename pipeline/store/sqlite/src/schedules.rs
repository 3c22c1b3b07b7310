//! `Schedules`: one row each, moved on by whoever comes first with the right due time.

use pipeline_domain::Timestamp;
use pipeline_store::{Enqueued, FIRINGS_KEPT, Fired, JobId, NewJob, NewSchedule, ScheduleName, ScheduleRow, Schedules, StoreError};
use serde_json::json;
use sqlx::SqliteConnection;

use crate::{
    SqliteStore,
    clock::Clock,
    fault::Doing,
    jobs::{End, enqueue_one},
    rows::{Row, all},
};

const FIRING: &str = "fire a schedule";

impl Schedules for SqliteStore {
    async fn put_schedules(&self, schedules: &[NewSchedule]) -> Result<(), StoreError> {
        let schedules = schedules.to_vec();
        self.writer.write("put schedules", move |c| Box::pin(async move { put(c, &schedules).await })).await
    }

    async fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        let rows = sqlx::query_as!(
            RawSchedule,
            r#"select name as "name!", rule as "rule!", next_fire_at as "next_fire_at!", last_fire_at as "last_fire_at?",
                 last_job as "last_job?" from schedules order by name"#,
        );
        all(rows.fetch_all(&self.readers).await.doing("list schedules")?)
    }

    async fn fire(&self, name: &ScheduleName, due: Timestamp, next: Timestamp, job: Option<&NewJob>) -> Result<Fired, StoreError> {
        let (name, job, clock) = (name.clone(), job.cloned(), self.clock.clone());
        let made_one = |fired: &Fired| matches!(fired, Fired::Now(Some(_)));
        self.writer
            .write_and_wake(FIRING, made_one, move |c| {
                Box::pin(async move { fire(c, &clock, name.as_str(), due, next, job.as_ref()).await })
            })
            .await
    }

    async fn fires(&self, name: &ScheduleName, limit: u32) -> Result<Vec<(Timestamp, JobId)>, StoreError> {
        let name = name.as_str();
        let rows = sqlx::query_as!(
            RawFire,
            r#"select name as "name!", fire_at as "fire_at!", job as "job!" from schedule_fires
               where name = ? and job is not null order by fire_at desc limit ?"#,
            name,
            limit,
        );
        all(rows.fetch_all(&self.readers).await.doing("list firings")?)
    }
}

async fn put(c: &mut SqliteConnection, schedules: &[NewSchedule]) -> Result<(), StoreError> {
    const DOING: &str = "put schedules";
    let list: Vec<_> = schedules.iter().map(|s| json!([s.name, s.rule, s.next_fire_at.unix_seconds()])).collect();
    let list = json!(list).to_string();
    sqlx::query!("delete from schedules where name not in (select value ->> 0 from json_each(?))", list)
        .execute(&mut *c)
        .await
        .doing(DOING)?;
    let upsert = sqlx::query!(
        "insert into schedules (name, rule, next_fire_at) select value ->> 0, value ->> 1, value ->> 2 from json_each(?) where true
         on conflict (name) do update set rule = excluded.rule, next_fire_at = excluded.next_fire_at where rule <> excluded.rule",
        list,
    );
    upsert.execute(c).await.doing(DOING)?;
    Ok(())
}

async fn fire(
    c: &mut SqliteConnection,
    clock: &Clock,
    name: &str,
    due: Timestamp,
    next: Timestamp,
    job: Option<&NewJob>,
) -> Result<Fired, StoreError> {
    let (due, next) = (due.unix_seconds(), next.unix_seconds());
    let moved = sqlx::query!("update schedules set next_fire_at = ? where name = ? and next_fire_at = ?", next, name, due);
    if moved.execute(&mut *c).await.doing(FIRING)?.rows_affected() == 0 {
        return Ok(Fired::ByAnother);
    }
    let made = job_of(c, name, due).await?;
    if made.is_some() && job.is_some() {
        return Ok(Fired::ByAnother);
    }
    let now = clock.now(&mut *c).await?;
    let made_now = match job {
        Some(job) => match enqueue_one(c, job, End::Back, now).await? {
            Enqueued::New(id) => Some(id),
            Enqueued::Existing(_) => None,
        },
        None => None,
    };
    write_down(c, name, due, made_now).await?;
    forget_before(c, name, due.min(now / 1000) - FIRINGS_KEPT.as_secs().cast_signed()).await?;
    Ok(Fired::Now(made_now))
}

/// The job that this very firing has made before: a schedule can be brought back to an earlier time.
async fn job_of(c: &mut SqliteConnection, name: &str, due: i64) -> Result<Option<i64>, StoreError> {
    let job = sqlx::query_scalar!("select job from schedule_fires where name = ? and fire_at = ?", name, due);
    Ok(job.fetch_optional(c).await.doing(FIRING)?.flatten())
}

/// A firing that has made a job keeps it.
async fn write_down(c: &mut SqliteConnection, name: &str, due: i64, job: Option<JobId>) -> Result<(), StoreError> {
    let job = job.map(|id| id.0);
    let insert = sqlx::query!(
        "insert into schedule_fires (name, fire_at, job) values (?, ?, ?) on conflict (name, fire_at) do update set job = coalesce(job, excluded.job)",
        name,
        due,
        job,
    );
    insert.execute(&mut *c).await.doing(FIRING)?;
    let update = sqlx::query!("update schedules set last_fire_at = ?, last_job = ? where name = ?", due, job, name);
    update.execute(c).await.doing(FIRING)?;
    Ok(())
}

/// A range of the key: what is found is what goes.
async fn forget_before(c: &mut SqliteConnection, name: &str, before: i64) -> Result<(), StoreError> {
    let delete = sqlx::query!("delete from schedule_fires where name = ? and fire_at < ?", name, before);
    delete.execute(c).await.doing(FIRING)?;
    Ok(())
}

struct RawSchedule {
    name: String,
    rule: String,
    next_fire_at: i64,
    last_fire_at: Option<i64>,
    last_job: Option<i64>,
}

impl TryFrom<RawSchedule> for ScheduleRow {
    type Error = StoreError;
    fn try_from(raw: RawSchedule) -> Result<Self, StoreError> {
        let row = Row::of("schedules", &raw.name);
        Ok(Self {
            name: row.text("name", &raw.name)?,
            next_fire_at: row.instant("next_fire_at", raw.next_fire_at)?,
            last_fire_at: row.maybe_instant("last_fire_at", raw.last_fire_at)?,
            last_job: raw.last_job.map(JobId),
            rule: raw.rule,
        })
    }
}

struct RawFire {
    name: String,
    fire_at: i64,
    job: i64,
}

impl TryFrom<RawFire> for (Timestamp, JobId) {
    type Error = StoreError;
    fn try_from(raw: RawFire) -> Result<Self, StoreError> {
        Ok((Row::of("schedule_fires", &raw.name).instant("fire_at", raw.fire_at)?, JobId(raw.job)))
    }
}
