//! Heartbeats and rescue.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep};
use serde_json::json;

use super::{
    Stand,
    jobs_sample::{
        LEASE, MINUTE_MS, ends, failed, finish, is_lost, job, later, now, put, row, settle, state, take, take_one, worker, worker_row,
    },
};
use crate::{AttemptEnd, Beat, Cancelling, ClaimRequest, JobId, JobState, Jobs, Lease, NewJob, Outcome, RescuePolicy, Rescued};

const POLICY: RescuePolicy = RescuePolicy { first_wait: Duration::from_secs(60), longest_lease: LEASE, limit: 100 };
const AT_ONCE: RescuePolicy = RescuePolicy { first_wait: Duration::ZERO, ..POLICY };

/// The wait after failure `n` from 1, in milliseconds: 1, 2, 4 … 32 minutes, then an hour; and up to a tenth more by the number.
fn wait_ms(id: JobId, policy: &RescuePolicy, n: u32) -> i64 {
    let base = (i64::try_from(policy.first_wait.as_millis()).unwrap() << (n - 1)).min(60 * MINUTE_MS);
    let longer = base * (1000 + id.0 * 367 % 101) / 1000;
    assert!((base..=66 * MINUTE_MS).contains(&longer));
    longer
}

/// A beat moves the end of the lease, so the job is not rescued; without beats it is.
pub async fn a_beat_extends_the_lease(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &job(1)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    for _ in 0..5 {
        store.shift_clock(MINUTE_MS * 3 / 4);
        assert_eq!(store.heartbeat(worker(1), &[lease], LEASE, &[]).await.unwrap(), Beat::default());
        assert_eq!(store.rescue(&POLICY).await.unwrap(), []);
    }
    let left = row(&store, id).await.lease_until.unwrap().unix_seconds() - now(&store).await.unix_seconds();
    assert!((55..=61).contains(&left), "{left}");
    store.shift_clock(MINUTE_MS + 1000);
    assert_eq!(store.rescue(&POLICY).await.unwrap(), [Rescued { job: id, worker: worker(1), state: JobState::Ready }]);
}

/// A beat says what is lost and what is called off, in one answer, and touches nobody else's job.
pub async fn a_beat_tells_what_must_stop(stand: &impl Stand) {
    let store = stand.open().await;
    store.enqueue(&[1, 2, 3, 4].map(job)).await.unwrap();
    let mine: Vec<Lease> = take(&store, worker(1), 3).await.iter().map(|j| j.lease).collect();
    let others = take_one(&store, worker(2)).await.lease;
    finish(&store, mine[0]).await;
    assert_eq!(store.cancel_job(mine[1].job).await.unwrap(), Some(Cancelling::Asked));
    let gone = Lease { job: JobId(others.job.0 + 100), ..others };
    let stolen = Lease { worker: worker(1), ..others };
    let until = row(&store, others.job).await.lease_until;
    store.shift_clock(MINUTE_MS / 2);
    let mut beat = store.heartbeat(worker(1), &[mine[0], mine[1], mine[2], stolen, gone], LEASE, &[]).await.unwrap();
    beat.lost.sort();
    assert_eq!(beat, Beat { lost: vec![mine[0], stolen, gone], cancelled: vec![mine[1].job] });
    assert_eq!(row(&store, others.job).await.lease_until, until);
    assert_eq!(store.heartbeat(worker(1), &[], LEASE, &[]).await.unwrap(), Beat::default());
}

/// Progress is saved under the same fence, and the next attempt finds it.
pub async fn progress_is_handed_on(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &job(1)).await;
    let old = take_one(&store, worker(1)).await.lease;
    store.heartbeat(worker(1), &[old], LEASE, &[(old, json!({ "folder": 3 }))]).await.unwrap();
    store.heartbeat(worker(1), &[old], LEASE, &[]).await.unwrap();
    assert_eq!(row(&store, id).await.progress, Some(json!({ "folder": 3 })), "a beat without progress leaves it");
    store.shift_clock(2 * MINUTE_MS);
    store.rescue(&AT_ONCE).await.unwrap();
    let claimed = take_one(&store, worker(2)).await;
    assert_eq!(claimed.progress, Some(json!({ "folder": 3 })));
    let beat = store.heartbeat(worker(1), &[old], LEASE, &[(old, json!({ "folder": 99 }))]).await.unwrap();
    assert_eq!(beat.lost, [old]);
    assert_eq!(row(&store, id).await.progress, Some(json!({ "folder": 3 })), "a stale worker saves nothing");
    let new = claimed.lease;
    store.heartbeat(worker(2), &[new], LEASE, &[(new, json!({ "folder": 4 }))]).await.unwrap();
    settle(&store, new, Outcome::Returned).await.unwrap();
    assert_eq!(take_one(&store, worker(3)).await.progress, Some(json!({ "folder": 4 })));
}

/// A lost lease is a failure, kept in the history with its code; each one makes the wait longer, up to an hour.
pub async fn a_rescue_is_charged_and_backs_off(stand: &impl Stand) {
    let store = stand.open().await;
    // Another number than 1, so that there is a spread.
    put(&store, &job(9)).await;
    finish(&store, take_one(&store, worker(9)).await.lease).await;
    let id = put(&store, &NewJob { max_failures: 20, ..job(1) }).await;
    for n in 1..=9_u32 {
        let claimed = take_one(&store, worker(n)).await;
        assert_eq!((claimed.lease.attempt, claimed.failures), (n, n - 1));
        store.shift_clock(MINUTE_MS + 1000);
        let at = now(&store).await;
        assert_eq!(store.rescue(&POLICY).await.unwrap(), [Rescued { job: id, worker: worker(n), state: JobState::Ready }]);
        let after = row(&store, id).await;
        assert_eq!((after.failures, after.last_code, after.worker), (n, Some(ErrorCode::JobLeaseLost), None));
        let wait = wait_ms(id, &POLICY, n);
        let until = after.not_before.unwrap();
        assert!((later(at, wait / 1000)..=later(now(&store).await, wait / 1000 + 1)).contains(&until), "failure {n}: {wait} ms");
        assert_eq!(take(&store, worker(1), 10).await, []);
        store.shift_clock(wait + 1000);
    }
    let kept = store.attempts_of(id).await.unwrap();
    assert_eq!(kept.len(), 9);
    assert!(kept.iter().all(|a| (a.end, a.code) == (AttemptEnd::LeaseLost, Some(ErrorCode::JobLeaseLost))));
    assert_eq!(kept[4].worker, worker(5));
}

/// Those that died together do not all start together.
pub async fn a_rescue_spreads(stand: &impl Stand) {
    let store = stand.open().await;
    let jobs: Vec<NewJob> = (1..=20).map(job).collect();
    store.enqueue(&jobs).await.unwrap();
    let leases: Vec<JobId> = take(&store, worker(1), 20).await.iter().map(|j| j.lease.job).collect();
    store.shift_clock(2 * MINUTE_MS);
    let hour = RescuePolicy { first_wait: Duration::from_secs(3600), ..POLICY };
    let before = now(&store).await;
    assert_eq!(store.rescue(&hour).await.unwrap().len(), 20);
    let after = now(&store).await;
    let mut times = std::collections::BTreeSet::new();
    for id in leases {
        let (until, wait) = (row(&store, id).await.not_before.unwrap(), wait_ms(id, &hour, 1) / 1000);
        assert!((later(before, wait)..=later(after, wait + 1)).contains(&until), "{id}: {until} is not {wait} s later");
        times.insert(until);
    }
    assert!(times.len() > 15, "{times:?}");
}

/// Dead at the limit on this path too: a job that kills its worker does not do so for ever. Failures of both kinds count.
pub async fn a_poison_job_dies_at_the_rescue(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &NewJob { max_failures: 3, ..job(1) }).await;
    let past = later(now(&store).await, -60);
    settle(&store, take_one(&store, worker(1)).await.lease, failed(NextStep::RetryAt(past))).await.unwrap();
    for n in 2..=3 {
        take_one(&store, worker(n)).await;
        store.shift_clock(2 * MINUTE_MS);
        let state = if n == 3 { JobState::Dead } else { JobState::Ready };
        let policy = if n == 3 { POLICY } else { AT_ONCE };
        assert_eq!(store.rescue(&policy).await.unwrap(), [Rescued { job: id, worker: worker(n), state }]);
        assert_eq!(row(&store, id).await.not_before, None, "nothing to wait for");
    }
    let dead = row(&store, id).await;
    assert_eq!((dead.state, dead.failures, dead.finished_at.is_some()), (JobState::Dead, 3, true));
    assert_eq!(ends(&store, id).await, [AttemptEnd::Failed, AttemptEnd::LeaseLost, AttemptEnd::LeaseLost]);
    assert_eq!(take(&store, worker(1), 10).await, []);
    assert_eq!(store.rescue(&AT_ONCE).await.unwrap(), []);
}

/// So many at a time; what is not due is left alone.
pub async fn a_rescue_keeps_its_limit(stand: &impl Stand) {
    let store = stand.open().await;
    let jobs: Vec<NewJob> = (1..=5).map(job).collect();
    store.enqueue(&jobs).await.unwrap();
    take(&store, worker(1), 4).await;
    store.shift_clock(2 * MINUTE_MS);
    let fresh = take_one(&store, worker(2)).await.lease;
    let two = RescuePolicy { limit: 2, ..AT_ONCE };
    let mut freed = Vec::new();
    for expected in [2, 2, 0] {
        let some = store.rescue(&two).await.unwrap();
        assert_eq!(some.len(), expected);
        freed.extend(some);
    }
    assert!(freed.iter().all(|r| r.worker == worker(1) && r.job != fresh.job));
    assert_eq!(state(&store, fresh.job).await, JobState::Running);
}

/// A lease that was written under a clock an hour ahead is cut to the longest lease, and then runs out like any other.
pub async fn a_lease_from_a_wrong_clock_is_cut(stand: &impl Stand) {
    let (store, ahead) = (stand.open().await, stand.open().await);
    ahead.shift_clock(60 * MINUTE_MS);
    let id = put(&store, &job(1)).await;
    let lease = take_one(&ahead, worker(1)).await.lease;
    assert_eq!(store.rescue(&AT_ONCE).await.unwrap(), [], "cut, not taken away");
    let left = row(&store, id).await.lease_until.unwrap().unix_seconds() - now(&store).await.unix_seconds();
    assert!((50..=61).contains(&left), "{left}");
    store.shift_clock(MINUTE_MS + 1000);
    assert_eq!(store.rescue(&AT_ONCE).await.unwrap().len(), 1);
    assert!(is_lost(&settle(&ahead, lease, Outcome::done()).await, lease));
    assert_eq!(take_one(&store, worker(2)).await.lease.attempt, 2);
}

/// A worker whose clock is ahead frees what is not its own too early: the fence holds, the work is done once.
pub async fn an_early_rescue_is_fenced(stand: &impl Stand) {
    let (store, ahead) = (stand.open().await, stand.open().await);
    ahead.shift_clock(60 * MINUTE_MS);
    let id = put(&store, &job(1)).await;
    let early = take_one(&store, worker(1)).await.lease;
    assert_eq!(ahead.rescue(&AT_ONCE).await.unwrap().len(), 1);
    assert!(is_lost(&settle(&store, early, Outcome::done()).await, early));
    assert_eq!(store.heartbeat(worker(1), &[early], LEASE, &[]).await.unwrap().lost, [early]);
    finish(&ahead, take_one(&ahead, worker(2)).await.lease).await;
    assert_eq!((state(&store, id).await, ends(&store, id).await), (JobState::Done, vec![AttemptEnd::LeaseLost, AttemptEnd::Done]));
}

/// Called off while it ran: however the attempt ends, unless it was through, the job does not come back.
pub async fn a_called_off_job_does_not_come_back(stand: &impl Stand) {
    let store = stand.open().await;
    let soon = later(now(&store).await, -60);
    let endings = [
        (Some(Outcome::done()), JobState::Done),
        (Some(Outcome::Cancelled), JobState::Cancelled),
        (Some(Outcome::Returned), JobState::Cancelled),
        (Some(Outcome::Snoozed { until: soon, code: None }), JobState::Cancelled),
        (Some(failed(NextStep::RetryAt(soon))), JobState::Cancelled),
        (Some(failed(NextStep::Failed)), JobState::Cancelled),
        (None, JobState::Cancelled),
    ];
    for (ending, expected) in endings {
        let id = put(&store, &job(1)).await;
        let request = ClaimRequest { lease: Duration::from_secs(10), ..super::jobs_sample::request(worker(1), 1) };
        let lease = store.claim(&request).await.unwrap()[0].lease;
        assert_eq!(store.cancel_job(id).await.unwrap(), Some(Cancelling::Asked));
        assert!(row(&store, id).await.cancel_requested);
        match &ending {
            Some(outcome) => settle(&store, lease, outcome.clone()).await.unwrap(),
            None => {
                store.shift_clock(MINUTE_MS);
                assert_eq!(store.rescue(&POLICY).await.unwrap(), [Rescued { job: id, worker: worker(1), state: expected }]);
                assert_eq!(row(&store, id).await.not_before, None, "nothing to wait for");
            }
        }
        let after = row(&store, id).await;
        assert_eq!((after.state, after.finished_at.is_some(), after.cancel_requested), (expected, true, false), "{ending:?}");
        assert_eq!(take(&store, worker(1), 10).await, [], "{ending:?}");
        assert_eq!(ends(&store, id).await.len(), 1);
    }
}

/// A worker is written down, beats, and is forgotten; one that was not heard of for a day goes by itself.
pub async fn workers_come_and_go(stand: &impl Stand) {
    let store = stand.open().await;
    let (first, second) =
        (worker_row(worker(1)), crate::WorkerRow { started_at: later(super::sample::at(0), -5), ..worker_row(worker(2)) });
    store.register_worker(&first).await.unwrap();
    store.register_worker(&second).await.unwrap();
    store.register_worker(&first).await.unwrap();
    let rows = store.workers().await.unwrap();
    assert_eq!(rows.iter().map(|w| w.id).collect::<Vec<_>>(), [worker(2), worker(1)], "by start");
    assert_eq!(
        (&rows[1].place, &rows[1].version, &rows[1].queues, rows[1].started_at),
        (&first.place, &first.version, &first.queues, first.started_at)
    );
    store.shift_clock(23 * 60 * MINUTE_MS);
    store.heartbeat(worker(1), &[], LEASE, &[]).await.unwrap();
    let seen: Vec<i64> = store.workers().await.unwrap().iter().map(|w| w.seen_at.unix_seconds()).collect();
    assert!((23 * 3600 - 30..=23 * 3600 + 30).contains(&(seen[1] - seen[0])), "seen by the database's clock: {seen:?}");
    store.shift_clock(2 * 60 * MINUTE_MS);
    store.register_worker(&worker_row(worker(3))).await.unwrap();
    let ids = async || store.workers().await.unwrap().iter().map(|w| w.id).collect::<Vec<_>>();
    assert_eq!(ids().await, [worker(1), worker(3)]);
    store.forget_worker(worker(1)).await.unwrap();
    store.forget_worker(worker(1)).await.unwrap();
    assert_eq!(ids().await, [worker(3)]);
    store.heartbeat(worker(1), &[], LEASE, &[]).await.unwrap();
    assert_eq!(ids().await, [worker(3)], "a beat brings no forgotten worker back");
}
