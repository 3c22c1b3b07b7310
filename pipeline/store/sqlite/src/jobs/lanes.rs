//! Lanes: one head, the others wait by their place. SQLite has one writer, so plain statements do.

use std::collections::BTreeSet;

use pipeline_store::StoreError;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::fault::Doing;

const DOING: &str = "pass a lane on";

/// The place behind all that wait; `None` when the lane is empty.
pub(super) async fn last_place(c: &mut SqliteConnection, lane: &str) -> Result<Option<i64>, StoreError> {
    let place = sqlx::query_scalar!(
        r#"select case
           when exists (select 1 from jobs indexed by jobs_waiting where lane = ?1 and state = 'waiting')
           then (select max(lane_place) + 1 from jobs indexed by jobs_waiting where lane = ?1 and state = 'waiting')
           when exists (select 1 from jobs indexed by jobs_head where lane = ?1 and state in ('ready', 'running')) then 1
         end as "place?: i64""#,
        lane,
    );
    place.fetch_one(c).await.doing(DOING)
}

/// Makes the first that waits ready, in each of these lanes that has no head. Whether there was any.
pub(super) async fn promote(c: &mut SqliteConnection, lanes: BTreeSet<String>, now: i64) -> Result<bool, StoreError> {
    if lanes.is_empty() {
        return Ok(false);
    }
    let lanes = json!(lanes).to_string();
    let update = sqlx::query!(
        "update jobs set state = 'ready', due_at = max(run_at, ?1), lane_place = null
         where id in (
           select (select w.id from jobs w indexed by jobs_waiting where w.lane = l.value and w.state = 'waiting' order by w.lane_place limit 1)
           from json_each(?2) l
           where not exists (select 1 from jobs h indexed by jobs_head where h.lane = l.value and h.state in ('ready', 'running')))",
        now,
        lanes,
    );
    Ok(update.execute(c).await.doing(DOING)?.rows_affected() > 0)
}
