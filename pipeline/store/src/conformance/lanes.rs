//! Lanes: one at a time, in the order they came.

use std::collections::BTreeMap;

use pipeline_domain::NextStep;
use tokio::task::JoinSet;

use super::{
    Stand,
    jobs_sample::{
        Dice, LEASE, MINUTE_MS, failed, finish, in_lane, job, kill, later, now, number, past, put, row, settle, state, take, take_one,
        with_key, worker,
    },
};
use crate::{Cancelling, JobFilter, JobState, Jobs, NewJob, Outcome, Priority, RescuePolicy};

/// The first is ready, the others wait, and each end makes the next one ready; urgency does not overtake in a lane.
pub async fn a_lane_goes_one_by_one(stand: &impl Stand) {
    let store = stand.open().await;
    let urgent = NewJob { priority: Priority(0), ..in_lane(3, "case:1") };
    let ids = [put(&store, &in_lane(1, "case:1")).await, put(&store, &in_lane(2, "case:1")).await, put(&store, &urgent).await];
    put(&store, &in_lane(4, "case:2")).await;
    put(&store, &job(5)).await;
    assert_eq!(state(&store, ids[0]).await, JobState::Ready);
    assert_eq!((state(&store, ids[1]).await, state(&store, ids[2]).await), (JobState::Waiting, JobState::Waiting));
    let first = take(&store, worker(1), 10).await;
    assert_eq!(first.iter().map(number).collect::<Vec<_>>(), [1, 4, 5], "other lanes are not held up");
    assert_eq!(take(&store, worker(2), 10).await, []);
    store.shift_clock(MINUTE_MS / 2);
    finish(&store, first[0].lease).await;
    let second = take_one(&store, worker(1)).await;
    assert_eq!((number(&second), second.waited.as_secs()), (2, 0), "due since it was let through");
    assert_eq!(state(&store, ids[2]).await, JobState::Waiting);
    finish(&store, second.lease).await;
    assert_eq!(number(&take_one(&store, worker(1)).await), 3);
}

/// Enqueued together, they keep their order.
pub async fn a_lane_filled_at_once_keeps_its_order(stand: &impl Stand) {
    let store = stand.open().await;
    let jobs: Vec<NewJob> = (1..=12).map(|n| in_lane(n, if n % 2 == 0 { "case:even" } else { "case:odd" })).collect();
    store.enqueue(&jobs).await.unwrap();
    let mut order = Vec::new();
    while let taken @ [_, ..] = &take(&store, worker(1), 10).await[..] {
        assert_eq!(taken.len(), 2);
        for job in taken {
            order.push(number(job));
            finish(&store, job.lease).await;
        }
    }
    assert_eq!(order, (1..=12).collect::<Vec<_>>());
}

/// A follow-up in the same lane takes its predecessor's place, before those that wait; a second one goes to the end.
pub async fn a_lane_is_handed_on(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=2 {
        put(&store, &in_lane(n, "case:1")).await;
    }
    let lease = take_one(&store, worker(1)).await.lease;
    let next = vec![job(10), in_lane(11, "case:1"), in_lane(12, "case:1"), in_lane(13, "case:2")];
    settle(&store, lease, Outcome::Done { next, result: None }).await.unwrap();
    let mut order = Vec::new();
    while let [ref first, ..] = take(&store, worker(1), 1).await[..] {
        order.push(number(first));
        finish(&store, first.lease).await;
    }
    let place = |n| order.iter().position(|o| *o == n).unwrap();
    assert_eq!(order.len(), 5, "{order:?}");
    assert!(place(11) < place(2) && place(2) < place(12), "{order:?}");
}

/// The follow-up was there already (unique key): the lane is not left without a head.
pub async fn a_lane_goes_on_when_the_follow_up_exists(stand: &impl Stand) {
    let store = stand.open().await;
    put(&store, &in_lane(1, "case:1")).await;
    put(&store, &in_lane(2, "case:1")).await;
    let keyed = NewJob { lane: Some("case:1".parse().unwrap()), ..with_key(3, "k") };
    put(&store, &keyed).await;
    let lease = take_one(&store, worker(1)).await.lease;
    settle(&store, lease, Outcome::Done { next: vec![keyed, in_lane(4, "case:1")], result: None }).await.unwrap();
    let mut order = Vec::new();
    while let [ref first, ..] = take(&store, worker(1), 1).await[..] {
        order.push(number(first));
        finish(&store, first.lease).await;
    }
    assert_eq!(order, [2, 3, 4]);
}

/// Retried, put off, handed back or rescued: the lane is kept. Dead or called off: it is passed on.
pub async fn who_keeps_the_lane_and_who_passes_it_on(stand: &impl Stand) {
    let store = stand.open().await;
    let mut expected = put(&store, &in_lane(1, "case:1")).await;
    for n in 2..=4 {
        put(&store, &in_lane(n, "case:1")).await;
    }
    let until = later(now(&store).await, 90);
    for outcome in [failed(NextStep::RetryAt(until)), Outcome::Snoozed { until: later(until, 90), code: None }, Outcome::Returned] {
        let claimed = take_one(&store, worker(1)).await;
        assert_eq!(claimed.lease.job, expected);
        settle(&store, claimed.lease, outcome.clone()).await.unwrap();
        if outcome != Outcome::Returned {
            assert_eq!(take(&store, worker(1), 10).await, [], "the lane waits with its head: {outcome:?}");
            store.shift_clock(3 * MINUTE_MS / 2);
        }
    }
    take_one(&store, worker(1)).await;
    store.shift_clock(2 * MINUTE_MS);
    let policy = RescuePolicy { first_wait: std::time::Duration::ZERO, longest_lease: LEASE, limit: 10 };
    store.rescue(&policy).await.unwrap();
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!(claimed.lease.job, expected, "rescued in its place");
    kill(&store, claimed.lease).await;
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!(number(&claimed), 2, "a dead job passes its lane on");
    expected = claimed.lease.job;
    assert_eq!(store.cancel_job(expected).await.unwrap(), Some(Cancelling::Asked));
    assert_eq!(take(&store, worker(1), 10).await, [], "asked only: it still runs");
    settle(&store, claimed.lease, Outcome::Cancelled).await.unwrap();
    assert_eq!(number(&take_one(&store, worker(1)).await), 3);
}

/// A lane whose head dies at the rescue goes on too.
pub async fn a_rescue_that_kills_passes_the_lane_on(stand: &impl Stand) {
    let store = stand.open().await;
    let poison = put(&store, &NewJob { max_failures: 1, ..in_lane(1, "case:1") }).await;
    put(&store, &in_lane(2, "case:1")).await;
    take_one(&store, worker(1)).await;
    store.shift_clock(2 * MINUTE_MS);
    let policy = RescuePolicy { first_wait: LEASE, longest_lease: LEASE, limit: 10 };
    store.rescue(&policy).await.unwrap();
    assert_eq!(state(&store, poison).await, JobState::Dead);
    assert_eq!(number(&take_one(&store, worker(1)).await), 2);
}

/// Called off while waiting: the others do not notice. Called off as head: the next one comes.
pub async fn cancelling_in_a_lane(stand: &impl Stand) {
    let store = stand.open().await;
    let mut ids = Vec::new();
    for n in 1..=4 {
        ids.push(put(&store, &in_lane(n, "case:1")).await);
    }
    assert_eq!(store.cancel_job(ids[1]).await.unwrap(), Some(Cancelling::Cancelled));
    assert_eq!(state(&store, ids[2]).await, JobState::Waiting);
    assert_eq!(store.cancel_job(ids[0]).await.unwrap(), Some(Cancelling::Cancelled));
    assert_eq!(state(&store, ids[2]).await, JobState::Ready);
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!(number(&claimed), 3);
    assert_eq!(store.cancel_job(ids[3]).await.unwrap(), Some(Cancelling::Cancelled));
    finish(&store, claimed.lease).await;
    assert_eq!(take(&store, worker(1), 10).await, []);
    put(&store, &in_lane(5, "case:1")).await;
    assert_eq!(number(&take_one(&store, worker(1)).await), 5, "the lane is free");
}

/// A waiting job's own time counts when its turn has come, and holds the lane until then.
pub async fn a_lane_waits_for_the_time_of_its_head(stand: &impl Stand) {
    let store = stand.open().await;
    let at = later(now(&store).await, 3600);
    put(&store, &in_lane(1, "case:1")).await;
    let timed = put(&store, &NewJob { not_before: Some(at), ..in_lane(2, "case:1") }).await;
    put(&store, &in_lane(3, "case:1")).await;
    finish(&store, take_one(&store, worker(1)).await.lease).await;
    assert_eq!((state(&store, timed).await, row(&store, timed).await.not_before), (JobState::Ready, Some(at)));
    assert_eq!(take(&store, worker(1), 10).await, []);
    store.shift_clock(60 * MINUTE_MS);
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!(claimed.lease.job, timed);
    assert!(claimed.waited.as_secs() < 30, "due since its time, not since it was let through: {:?}", claimed.waited);
}

/// A dead job that is retried goes to the end of its lane; those that come later go behind it.
pub async fn a_retried_job_goes_to_the_end_of_its_lane(stand: &impl Stand) {
    let store = stand.open().await;
    let mut ids = Vec::new();
    for n in 1..=4 {
        ids.push(put(&store, &in_lane(n, "case:1")).await);
    }
    for _ in 0..2 {
        kill(&store, take_one(&store, worker(1)).await.lease).await;
    }
    // 2 before 1: the order of their retries, not of their numbers.
    assert!(store.retry_job(ids[1]).await.unwrap());
    assert!(store.retry_job(ids[0]).await.unwrap());
    assert_eq!(state(&store, ids[0]).await, JobState::Waiting);
    put(&store, &in_lane(5, "case:1")).await;
    let mut order = Vec::new();
    while let [ref first, ..] = take(&store, worker(1), 1).await[..] {
        order.push(number(first));
        finish(&store, first.lease).await;
    }
    assert_eq!(order, [3, 4, 2, 1, 5]);
    kill_alone(&store).await;
}

/// Into an empty lane it comes back as ready.
async fn kill_alone<S: Jobs>(store: &S) {
    let id = put(store, &in_lane(9, "case:9")).await;
    kill(store, take_one(store, worker(1)).await.lease).await;
    assert!(store.retry_job(id).await.unwrap());
    assert_eq!(state(store, id).await, JobState::Ready);
}

/// 50 lanes, producers and claimers on four handles at once, with failures, hand-backs and deaths: never two of a lane in
/// hand, never one before another that came first.
pub async fn many_lanes_many_claimers(stand: &impl Stand) {
    const LANES: u32 = 50;
    const EACH: u32 = 8;
    let store = stand.open().await;
    let handles = [store.clone(), stand.open().await, stand.open().await, stand.open().await];
    let mut tasks = JoinSet::new();
    for (n, handle) in (0..).zip(handles.clone()) {
        tasks.spawn(async move {
            // Each lane has one producer, so that its order is known.
            for round in 0..EACH {
                let jobs: Vec<NewJob> = (0..LANES).filter(|l| l % 4 == n).map(|l| in_lane(round, &format!("case:{l}"))).collect();
                handle.enqueue(&jobs).await.unwrap();
            }
            Vec::new()
        });
    }
    for (n, handle) in (1..).zip(handles) {
        tasks.spawn(async move { work_lanes(&handle, n).await });
    }
    let mut spans = tasks.join_all().await.concat();
    // What the first claimers left to those that were still enqueueing.
    spans.extend(work_lanes(&store, 9).await);
    let unfinished = store.queue_stats().await.unwrap();
    assert!(unfinished.iter().all(|q| (q.ready, q.waiting, q.running) == (0, 0, 0)), "{unfinished:?}");
    assert_eq!(store.jobs(&JobFilter::default(), 1000).await.unwrap().len(), 400);
    check_spans(spans);
}

/// One time in hand: lane, place in the lane, whether it ended for good, and when it began and ended on this machine.
#[derive(Clone)]
struct Span {
    lane: String,
    place: u64,
    is_end: bool,
    from: std::time::Instant,
    to: std::time::Instant,
}

async fn work_lanes<S: Jobs>(store: &S, n: u32) -> Vec<Span> {
    let mut dice = Dice::new(u64::from(n));
    let (mut spans, mut idle) = (Vec::new(), 0);
    while idle < 20 {
        let taken = take(store, worker(n), 5).await;
        idle = if taken.is_empty() { idle + 1 } else { 0 };
        for job in taken {
            let from = std::time::Instant::now();
            tokio::task::yield_now().await;
            let outcome = match dice.roll(8) {
                0 => Outcome::Returned,
                1 => failed(NextStep::RetryAt(past())),
                2 => failed(NextStep::Failed),
                _ => Outcome::done(),
            };
            let to = std::time::Instant::now();
            settle(store, job.lease, outcome.clone()).await.unwrap();
            let is_end = !matches!(outcome, Outcome::Returned | Outcome::Failed { next: NextStep::RetryAt(_), .. })
                || (outcome != Outcome::Returned && job.failures + 1 == job.max_failures);
            spans.push(Span { lane: job.lane.clone().unwrap().to_string(), place: number(&job), is_end, from, to });
        }
    }
    spans
}

fn check_spans(spans: Vec<Span>) {
    let mut lanes: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for span in spans {
        lanes.entry(span.lane.clone()).or_default().push(span);
    }
    assert_eq!(lanes.len(), 50);
    for (lane, mut spans) in lanes {
        spans.sort_by_key(|s| s.from);
        for pair in spans.windows(2) {
            assert!(pair[0].to <= pair[1].from, "two of {lane} in hand at once");
            let expected = pair[0].place + u64::from(pair[0].is_end);
            assert_eq!(pair[1].place, expected, "{lane} is out of order");
        }
        assert_eq!(spans.last().map(|s| (s.place, s.is_end)), Some((7, true)), "{lane} was not finished");
    }
}
