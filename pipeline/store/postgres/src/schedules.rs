//! `Schedules`: no leader. Who moves the due time on, by comparing it first, has fired.

use pipeline_domain::Timestamp;
use pipeline_store::{Enqueued, FIRINGS_KEPT, Fired, JobId, NewJob, NewSchedule, ScheduleName, ScheduleRow, Schedules, StoreError};
use sqlx::PgConnection;

use crate::{PostgresStore, fault::Doing, jobs};

impl Schedules for PostgresStore {
    async fn put_schedules(&self, schedules: &[NewSchedule]) -> Result<(), StoreError> {
        self.writer.write_apart("write schedules", schedules.to_vec(), |c, schedules| Box::pin(put(c, schedules))).await
    }

    async fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        self.on_pool("list schedules", async move |c| list(c).await).await
    }

    async fn fire(&self, name: &ScheduleName, due: Timestamp, next: Timestamp, job: Option<&NewJob>) -> Result<Fired, StoreError> {
        let firing = Firing { name: name.clone(), due, next, job: job.cloned() };
        let fired = self.writer.write("fire a schedule", firing, |c, firing| Box::pin(fire(c, firing))).await?;
        self.wake();
        Ok(fired)
    }

    async fn fires(&self, name: &ScheduleName, limit: u32) -> Result<Vec<(Timestamp, JobId)>, StoreError> {
        let name = name.clone();
        self.on_pool("list firings", async move |c| fires(c, &name, limit).await).await
    }
}

async fn put(c: &mut PgConnection, schedules: &[NewSchedule]) -> Result<(), StoreError> {
    const DOING: &str = "write schedules";
    let names: Vec<String> = schedules.iter().map(|s| s.name.to_string()).collect();
    sqlx::query!("delete from schedules where name <> all ($1)", &names).execute(&mut *c).await.doing(DOING)?;
    for schedule in schedules {
        let upsert = sqlx::query!(
            "insert into schedules (name, rule, next_fire_at) values ($1, $2, $3)
            on conflict (name) do update set rule = excluded.rule, next_fire_at = excluded.next_fire_at
            where schedules.rule <> excluded.rule",
            schedule.name.as_str(),
            schedule.rule,
            schedule.next_fire_at.unix_seconds(),
        );
        upsert.execute(&mut *c).await.doing(DOING)?;
    }
    Ok(())
}

async fn list(c: &mut PgConnection) -> Result<Vec<ScheduleRow>, StoreError> {
    let select = sqlx::query!("select name, rule, next_fire_at, last_fire_at, last_job from schedules order by name");
    let rows = select.fetch_all(c).await.doing("list schedules")?;
    rows.into_iter()
        .map(|row| {
            let bad = |column| StoreError::Inconsistent { table: "schedules", column, id: row.name.clone() };
            Ok(ScheduleRow {
                name: row.name.parse().map_err(|_| bad("name"))?,
                next_fire_at: Timestamp::from_unix_seconds(row.next_fire_at).ok_or_else(|| bad("next_fire_at"))?,
                last_fire_at: row.last_fire_at.map(|s| Timestamp::from_unix_seconds(s).ok_or_else(|| bad("last_fire_at"))).transpose()?,
                last_job: row.last_job.map(JobId),
                rule: row.rule,
            })
        })
        .collect()
}

struct Firing {
    name: ScheduleName,
    due: Timestamp,
    next: Timestamp,
    job: Option<NewJob>,
}

async fn fire(c: &mut PgConnection, firing: &Firing) -> Result<Fired, StoreError> {
    if !move_on(c, firing).await? {
        return Ok(Fired::ByAnother);
    }
    let Some(job) = &firing.job else {
        write_down(c, firing, None).await?;
        return Ok(Fired::Now(None));
    };
    if has_made_a_job(c, firing).await? {
        return Ok(Fired::ByAnother);
    }
    let made = match jobs::enqueue_in(c, std::slice::from_ref(job)).await?[..] {
        [Enqueued::New(id)] => Some(id),
        _ => None,
    };
    write_down(c, firing, made).await?;
    Ok(Fired::Now(made))
}

/// The schedule's row is locked by this until the end: a second one waits, and finds another time.
async fn move_on(c: &mut PgConnection, firing: &Firing) -> Result<bool, StoreError> {
    let update = sqlx::query!(
        "update schedules set next_fire_at = $1 where name = $2 and next_fire_at = $3",
        firing.next.unix_seconds(),
        firing.name.as_str(),
        firing.due.unix_seconds(),
    );
    Ok(update.execute(c).await.doing("fire a schedule")?.rows_affected() > 0)
}

async fn has_made_a_job(c: &mut PgConnection, firing: &Firing) -> Result<bool, StoreError> {
    let select = sqlx::query_scalar!(
        r#"select exists (select 1 from schedule_fires where name = $1 and fire_at = $2 and job is not null) as "made!""#,
        firing.name.as_str(),
        firing.due.unix_seconds(),
    );
    select.fetch_one(c).await.doing("fire a schedule")
}

async fn write_down(c: &mut PgConnection, firing: &Firing, job: Option<JobId>) -> Result<(), StoreError> {
    const DOING: &str = "fire a schedule";
    let (name, due, job) = (firing.name.as_str(), firing.due.unix_seconds(), job.map(|j| j.0));
    let insert = sqlx::query!(
        "insert into schedule_fires (name, fire_at, job) values ($1, $2, $3)
        on conflict (name, fire_at) do update set job = excluded.job where schedule_fires.job is null",
        name,
        due,
        job,
    );
    insert.execute(&mut *c).await.doing(DOING)?;
    let update = sqlx::query!("update schedules set last_fire_at = $1, last_job = $2 where name = $3", due, job, name);
    update.execute(&mut *c).await.doing(DOING)?;
    forget_old(c, name, due).await
}

/// A range of the key: what is found is what goes. The instant is a query of its own, because the clock is read anew for each
/// row otherwise, and no index is used.
async fn forget_old(c: &mut PgConnection, name: &str, due: i64) -> Result<(), StoreError> {
    let delete = sqlx::query!(
        "delete from schedule_fires where name = $1 and fire_at < (select least($2, clock_ms() / 1000) - $3)",
        name,
        due,
        FIRINGS_KEPT.as_secs().cast_signed(),
    );
    delete.execute(c).await.doing("fire a schedule")?;
    Ok(())
}

async fn fires(c: &mut PgConnection, name: &ScheduleName, limit: u32) -> Result<Vec<(Timestamp, JobId)>, StoreError> {
    let select = sqlx::query!(
        r#"select fire_at, job as "job!" from schedule_fires where name = $1 and job is not null order by fire_at desc limit $2"#,
        name.as_str(),
        i64::from(limit),
    );
    let rows = select.fetch_all(c).await.doing("list firings")?;
    rows.into_iter()
        .map(|row| {
            let bad = || StoreError::Inconsistent { table: "schedule_fires", column: "fire_at", id: name.to_string() };
            Ok((Timestamp::from_unix_seconds(row.fire_at).ok_or_else(bad)?, JobId(row.job)))
        })
        .collect()
}
