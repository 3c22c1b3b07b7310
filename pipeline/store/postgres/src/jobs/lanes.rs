//! Lanes: of a lane at most one job is ready or running (its head), and while jobs wait in it, it has one.
//!
//! The first half is the unique index `jobs_head`: who would make a second head is told so by the index. The second half needs
//! two that meet to see each other, and no lock beside those on the rows themselves (all in READ COMMITTED):
//!
//! - **Who adds a job to a lane** first locks the head's row *for share* ([`hold_heads`]). Got it: the job is written as
//!   waiting, and until that is committed nobody can end the head, for ending it is an update, which a share lock holds up. No
//!   head: the job is written as ready; if another was quicker, the index says so (`on conflict do nothing`, which also waits
//!   for one that is not yet committed), and it is begun again from the lock.
//! - **Who ends a head** (settle, rescue, cancel, record) first locks or updates its row, which waits for all that hold it for
//!   share, and only *then*, in a statement of its own, looks for the first that waits ([`promote`]). That statement's snapshot is
//!   younger than the wait, so it sees every job that was added under a share lock. Whoever comes to the lock later waits for our
//!   commit; then the row is no head any more and is left out of its answer, it tries to be ready, and meets the promoted one in the
//!   index.
//!
//! Pair by pair:
//! - add / add, empty lane: the index lets one be the head; the other begins again, locks it, and waits behind it.
//! - add / end: as above, in either order.
//! - end / end of one head: the second waits for the row, finds it changed (the fence, or the state), and ends nothing.
//! - end / cancel of the one that waits first: [`promote`] locks the row that it picks, and a row that changed meanwhile is passed over
//!   for the next one (that is what `limit 1 for update` does), so the lane is not left without a head.
//! - cancel of one that waits: no head is touched, so nobody is promoted.
//! - retry of a dead job is an add. Its update meets the index as an error instead of a conflict, and the transaction is begun again.
//! - a failure or rescue that tries again updates the head in place: it stays the head, and whoever holds it for share goes on.
//! - claim / add: a claim skips a head that is held for share. So who adds behind a *ready* head wakes the workers as well.
//! - a follow-up: the settlement has ended the head itself, sees no other, and writes the first job of that lane as ready before it
//!   promotes; nobody else could get past the head's lock.
//!
//! Nobody waits in a circle: heads are locked in the order of their numbers, whoever locks them; who adds to several lanes locks all
//! heads before writing anything, writes in the order of lanes, and lets go of all when it must begin again. What is left (a follow-up
//! in another lane, calls that share a transaction) is found by the server (40P01), and one of the two is begun again.

use pipeline_store::StoreError;
use sqlx::PgConnection;

use crate::fault::Doing;

/// The head of a lane, held for share until the transaction ends.
pub(crate) struct Head {
    pub lane: String,
    pub is_ready: bool,
}

/// Locks the heads of those lanes that have one.
pub(crate) async fn hold_heads(c: &mut PgConnection, lanes: &[String], doing: &'static str) -> Result<Vec<Head>, StoreError> {
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let select = sqlx::query_as!(
        Head,
        r#"select lane as "lane!", state = 'ready' as "is_ready!" from jobs
        where lane = any($1) and lane is not null and state in ('ready', 'running')
        order by id for share"#,
        lanes,
    );
    select.fetch_all(c).await.doing(doing)
}

/// Lets the first that waits through in each lane that has no head, and wakes the workers. The caller has ended the heads
/// in an earlier statement of the same transaction, at `now` (in milliseconds): those that are let through are due since then.
pub(crate) async fn promote(c: &mut PgConnection, lanes: &[String], now: i64, doing: &'static str) -> Result<(), StoreError> {
    if lanes.is_empty() {
        return Ok(());
    }
    let update = sqlx::query!(
        r#"with let_through as (
            update jobs set state = 'ready', lane_place = null, due_at = greatest(run_at, $1)
            where id = any (array(
                select (
                    select w.id from jobs w where w.lane = asked.lane and w.state = 'waiting'
                    order by w.lane_place limit 1 for update
                )
                from unnest($2::text[]) as asked (lane)
                where not exists (
                    select 1 from jobs h where h.lane = asked.lane and h.lane is not null and h.state in ('ready', 'running')
                )
            ))
            returning id
        )
        select pg_notify('arkivflyt_jobs', '')::text as told from let_through limit 1"#,
        now,
        lanes,
    );
    update.fetch_optional(c).await.doing(doing)?;
    Ok(())
}
