//! Who gets which job, and when.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio::task::JoinSet;

use super::{
    Stand,
    jobs_sample::{LEASE, MINUTE_MS, OTHER, WORK, finish, job, later, now, number, put, row, settle, state, take, take_one, worker},
};
use crate::{ClaimRequest, JobFilter, JobState, Jobs, Lease, NewJob, Outcome, Priority, StoreError};

/// What goes in comes out, with the first attempt in hand.
pub async fn a_claim_brings_the_job(stand: &impl Stand) {
    let store = stand.open().await;
    let new = NewJob {
        priority: Priority::PERSON,
        max_failures: 3,
        lane: Some("case:1".parse().unwrap()),
        unique_key: Some("k".into()),
        ..job(7)
    };
    let id = put(&store, &new).await;
    let ready = row(&store, id).await;
    assert_eq!((ready.state, ready.attempt, ready.worker, ready.lease_until, ready.not_before), (JobState::Ready, 0, None, None, None));
    store.shift_clock(5 * MINUTE_MS);
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!(claimed.lease, Lease { job: id, attempt: 1, worker: worker(1) });
    assert_eq!((&claimed.kind, &claimed.queue, &claimed.args, claimed.priority), (&new.kind, &new.queue, &new.args, new.priority));
    assert_eq!((&claimed.lane, claimed.failures, claimed.first_failed_at, claimed.max_failures), (&new.lane, 0, None, 3));
    assert_eq!(claimed.progress, None);
    assert!((Duration::from_secs(300)..Duration::from_secs(330)).contains(&claimed.waited), "{:?}", claimed.waited);
    let running = row(&store, id).await;
    assert_eq!((running.state, running.attempt, running.worker), (JobState::Running, 1, Some(worker(1))));
    assert_eq!((running.unique_key, running.cancel_requested, running.finished_at), (new.unique_key, false, None));
    let left = running.lease_until.unwrap().unix_seconds() - now(&store).await.unix_seconds();
    assert!((58..=61).contains(&left), "{left}");
    assert_eq!(take(&store, worker(2), 10).await, [], "nobody else gets it");
}

/// Most urgent first, then the longest due, then the oldest; also over several queues.
pub async fn claims_come_in_order(stand: &impl Stand) {
    let store = stand.open().await;
    let at = now(&store).await;
    let with = |n, priority, not_before| NewJob { priority: Priority(priority), not_before, ..job(n) };
    let jobs = [
        with(1, 7, None),
        with(2, 4, Some(later(at, 300))),
        with(3, 4, Some(later(at, 200))),
        with(4, 4, None),
        with(5, 1, Some(later(at, 400))),
        with(6, 4, None),
        NewJob { queue: OTHER, ..with(7, 3, None) },
        with(8, 0, Some(later(at, 5000))),
    ];
    store.enqueue(&jobs).await.unwrap();
    store.shift_clock(20 * MINUTE_MS);
    let both = ClaimRequest { worker: worker(1), queues: vec![(WORK, 10), (OTHER, 10)], lease: LEASE };
    let taken = store.claim(&both).await.unwrap();
    assert_eq!(taken.iter().map(number).collect::<Vec<_>>(), [5, 7, 4, 6, 3, 2, 1]);
    let waited: Vec<u64> = taken.iter().map(|j| j.waited.as_secs() / 100).collect();
    assert_eq!(waited, [8, 12, 12, 12, 10, 9, 12], "counted from when each fell due");
}

/// A claim in small steps gets the same order as one in a single step.
pub async fn small_claims_keep_the_order(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=9 {
        put(&store, &NewJob { priority: Priority(u8::try_from(9 - n % 3).unwrap()), ..job(n) }).await;
    }
    let mut order = Vec::new();
    while let [ref first, ref rest @ ..] = take(&store, worker(1), 2).await[..] {
        order.push(number(first));
        order.extend(rest.iter().map(number));
    }
    assert_eq!(order, [2, 5, 8, 1, 4, 7, 3, 6, 9]);
}

/// Not a moment before; the store says how long it is until then. A job without a time is due whatever the clock says.
pub async fn a_job_waits_for_its_time(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.next_job_in(&[WORK]).await.unwrap(), None);
    let at = later(now(&store).await, 3600);
    let id = put(&store, &NewJob { not_before: Some(at), ..job(1) }).await;
    assert_eq!((state(&store, id).await, row(&store, id).await.not_before), (JobState::Ready, Some(at)));
    assert_eq!(take(&store, worker(1), 10).await, []);
    let wait = store.next_job_in(&[WORK]).await.unwrap().unwrap();
    assert!((Duration::from_secs(3590)..=Duration::from_secs(3600)).contains(&wait), "{wait:?}");
    assert_eq!(store.next_job_in(&[OTHER]).await.unwrap(), None);
    store.shift_clock(59 * MINUTE_MS);
    assert_eq!(take(&store, worker(1), 10).await, []);
    store.shift_clock(MINUTE_MS);
    assert_eq!(store.next_job_in(&[OTHER, WORK]).await.unwrap(), Some(Duration::ZERO));
    assert_eq!(take_one(&store, worker(1)).await.lease.job, id);
    assert_eq!(store.next_job_in(&[WORK]).await.unwrap(), None, "what runs is not waited for");

    put(&store, &job(2)).await;
    store.shift_clock(-600 * MINUTE_MS);
    assert_eq!(store.next_job_in(&[WORK]).await.unwrap(), Some(Duration::ZERO));
    let taken = take_one(&store, worker(1)).await;
    assert_eq!((number(&taken), taken.waited), (2, Duration::ZERO), "a clock that went back delays nothing");
}

/// A queue gives its own jobs, at most as many as asked for.
pub async fn queues_are_apart_and_limits_hold(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=6 {
        put(&store, &NewJob { queue: if n % 2 == 0 { OTHER } else { WORK }, ..job(n) }).await;
    }
    let ask = |queues| ClaimRequest { worker: worker(1), queues, lease: LEASE };
    assert_eq!(store.claim(&ask(vec![])).await.unwrap(), []);
    assert_eq!(store.claim(&ask(vec![(WORK, 0)])).await.unwrap(), []);
    assert_eq!(store.claim(&ask(vec![("nothing".parse().unwrap(), 5)])).await.unwrap(), []);
    let numbers = |taken: Vec<crate::ClaimedJob>| taken.iter().map(number).collect::<BTreeSet<_>>();
    assert_eq!(numbers(store.claim(&ask(vec![(OTHER, 1)])).await.unwrap()), BTreeSet::from([2]));
    assert_eq!(numbers(store.claim(&ask(vec![(OTHER, 1), (WORK, 2)])).await.unwrap()), BTreeSet::from([1, 3, 4]));
    assert_eq!(numbers(store.claim(&ask(vec![(OTHER, 9), (WORK, 9)])).await.unwrap()), BTreeSet::from([5, 6]));
}

/// A paused queue gives nothing, in any handle; what runs goes on.
pub async fn a_paused_queue_gives_nothing(stand: &impl Stand) {
    let (store, other) = (stand.open().await, stand.open().await);
    for n in 1..=2 {
        put(&store, &job(n)).await;
    }
    let running = take(&store, worker(1), 1).await.remove(0);
    store.set_paused(&WORK, true).await.unwrap();
    store.set_paused(&WORK, true).await.unwrap();
    for handle in [&store, &other] {
        assert_eq!(take(handle, worker(1), 10).await, []);
    }
    finish(&store, running.lease).await;
    assert_eq!(store.next_job_in(&[WORK]).await.unwrap(), None, "nobody needs to come for what is paused");
    let stats = store.queue_stats().await.unwrap();
    assert_eq!((stats.len(), stats[0].paused, stats[0].ready), (1, true, 1));
    other.set_paused(&WORK, false).await.unwrap();
    assert_eq!(store.next_job_in(&[WORK]).await.unwrap(), Some(Duration::ZERO));
    assert_eq!(take(&store, worker(1), 10).await.len(), 1);
}

/// Never more in hand than the limit, over all workers; lifting it frees the rest.
pub async fn a_limit_holds_over_all_workers(stand: &impl Stand) {
    let (store, other) = (stand.open().await, stand.open().await);
    for n in 1..=8 {
        put(&store, &job(n)).await;
    }
    store.set_max_running(&WORK, Some(3)).await.unwrap();
    let first = take(&store, worker(1), 2).await;
    assert_eq!((first.len(), take(&other, worker(2), 5).await.len()), (2, 1));
    assert_eq!(take(&other, worker(2), 5).await, []);
    finish(&store, first[0].lease).await;
    assert_eq!(take(&other, worker(2), 5).await.len(), 1);
    store.set_max_running(&WORK, Some(0)).await.unwrap();
    assert_eq!(take(&store, worker(1), 5).await, [], "a limit below what runs takes nothing away and gives nothing");
    let stats = store.queue_stats().await.unwrap();
    assert_eq!((stats[0].max_running, stats[0].running, stats[0].ready), (Some(0), 3, 4));
    store.set_max_running(&WORK, None).await.unwrap();
    assert_eq!(take(&store, worker(1), 5).await.len(), 4);
    assert_eq!(store.queue_stats().await.unwrap()[0].max_running, None);
}

/// Sixteen tasks on four handles reach for 400 jobs: each job is had once.
pub async fn many_claimers_get_each_job_once(stand: &impl Stand) {
    let store = stand.open().await;
    let jobs: Vec<NewJob> = (1..=400).map(job).collect();
    store.enqueue(&jobs).await.unwrap();
    let mut tasks = JoinSet::new();
    for handle in [store.clone(), stand.open().await, stand.open().await, stand.open().await] {
        for n in 1..=4 {
            let handle = handle.clone();
            tasks.spawn(async move {
                let mut had = Vec::new();
                loop {
                    let taken = take(&handle, worker(n), 7).await;
                    if taken.is_empty() {
                        return had;
                    }
                    for job in taken {
                        settle(&handle, job.lease, Outcome::done()).await.unwrap();
                        had.push(number(&job));
                    }
                }
            });
        }
    }
    let mut had: Vec<u64> = tasks.join_all().await.concat();
    had.sort_unstable();
    assert_eq!(had, (1..=400).collect::<Vec<_>>());
    let done = JobFilter { state: Some(JobState::Done), ..JobFilter::default() };
    assert!(store.jobs(&done, 500).await.unwrap().iter().all(|j| j.attempt == 1));
}

/// A job that no row may hold is refused, and with it all that were to be enqueued with it.
pub async fn what_is_too_much_is_refused_whole(stand: &impl Stand) {
    let store = stand.open().await;
    let bad = [
        NewJob { args: json!({ "text": "x".repeat(8200) }), ..job(1) },
        NewJob { args: json!([1]), ..job(1) },
        NewJob { priority: Priority(10), ..job(1) },
        NewJob { max_failures: 0, ..job(1) },
        NewJob { unique_key: Some("k".repeat(201)), ..job(1) },
        NewJob { unique_key: Some(String::new()), ..job(1) },
    ];
    for bad in bad {
        let refused = store.enqueue(&[job(2), bad, job(3)]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused { .. }), "{refused:?}");
    }
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap(), []);
    assert_eq!(store.enqueue(&[]).await.unwrap(), []);
    let just = NewJob { args: json!({ "text": "x".repeat(8100) }), unique_key: Some("k".repeat(200)), ..job(1) };
    put(&store, &just).await;
    assert_eq!(take_one(&store, worker(1)).await.args, just.args);
}

/// What was acknowledged is there after the store is dropped without a goodbye.
pub async fn jobs_survive_a_restart(stand: &impl Stand) {
    let store = stand.open().await;
    let ids = [put(&store, &job(1)).await, put(&store, &job(2)).await];
    let first = take(&store, worker(1), 1).await.remove(0);
    drop(store);
    let store = stand.open().await;
    assert_eq!((state(&store, ids[0]).await, state(&store, ids[1]).await), (JobState::Running, JobState::Ready));
    finish(&store, first.lease).await;
    assert_eq!(take_one(&store, worker(2)).await.lease.job, ids[1]);
}
