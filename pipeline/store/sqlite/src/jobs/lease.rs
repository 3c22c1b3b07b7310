//! Heartbeats.

use std::collections::BTreeMap;

use pipeline_store::{Beat, Lease, StoreError};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::rows::RawBeat;
use crate::fault::Doing;

const DOING: &str = "extend leases";

pub(super) async fn extend(
    c: &mut SqliteConnection,
    leases: &[Lease],
    progress: &[(Lease, Value)],
    until: i64,
) -> Result<Beat, StoreError> {
    let asked: Vec<Lease> = leases.iter().copied().chain(progress.iter().map(|(lease, _)| *lease)).collect();
    if asked.is_empty() {
        return Ok(Beat::default());
    }
    let held = held(c, leases, until).await?;
    let saved = save(c, progress).await?;
    let mut beat = Beat::default();
    for lease in asked {
        match held.get(&lease).or_else(|| saved.get(&lease)) {
            None => beat.lost.push(lease),
            Some(0) => {}
            Some(_) => beat.cancelled.push(lease.job),
        }
    }
    beat.lost.sort();
    beat.lost.dedup();
    beat.cancelled.sort();
    beat.cancelled.dedup();
    Ok(beat)
}

/// What is still held, and whether it is called off.
type Held = BTreeMap<Lease, i64>;

fn those_of<'a>(leases: impl Iterator<Item = &'a Lease>, rows: &[RawBeat]) -> Held {
    let by_job: BTreeMap<i64, &RawBeat> = rows.iter().map(|row| (row.id, row)).collect();
    let held = |lease: &Lease| {
        let row = by_job.get(&lease.job.0)?;
        let is_its = row.attempt == i64::from(lease.attempt) && row.worker.as_deref() == Some(&lease.worker.to_string());
        is_its.then_some((*lease, row.cancel_requested))
    };
    leases.filter_map(held).collect()
}

async fn held(c: &mut SqliteConnection, leases: &[Lease], until: i64) -> Result<Held, StoreError> {
    let list: Vec<_> = leases.iter().map(|l| json!([l.job, l.attempt, l.worker])).collect();
    let list = json!(list).to_string();
    let update = sqlx::query_as!(
        RawBeat,
        r#"update jobs set lease_until = ?1 from json_each(?2) l
         where jobs.id = l.value ->> 0 and jobs.attempt = l.value ->> 1 and jobs.worker = l.value ->> 2 and +jobs.state = 'running'
         returning id as "id!", attempt as "attempt!", worker as "worker?", cancel_requested as "cancel_requested!""#,
        until,
        list,
    );
    Ok(those_of(leases.iter(), &update.fetch_all(c).await.doing(DOING)?))
}

async fn save(c: &mut SqliteConnection, progress: &[(Lease, Value)]) -> Result<Held, StoreError> {
    if progress.is_empty() {
        return Ok(Held::new());
    }
    let list: Vec<_> = progress.iter().map(|(l, value)| json!([l.job, l.attempt, l.worker, value.to_string()])).collect();
    let list = json!(list).to_string();
    let update = sqlx::query_as!(
        RawBeat,
        r#"update jobs set progress = l.value ->> 3 from json_each(?1) l
         where jobs.id = l.value ->> 0 and jobs.attempt = l.value ->> 1 and jobs.worker = l.value ->> 2 and +jobs.state = 'running'
         returning id as "id!", attempt as "attempt!", worker as "worker?", cancel_requested as "cancel_requested!""#,
        list,
    );
    Ok(those_of(progress.iter().map(|(lease, _)| lease), &update.fetch_all(c).await.doing("save progress")?))
}
