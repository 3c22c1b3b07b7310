//! What people do with jobs, and what they see.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep};

use super::{
    Stand,
    jobs_sample::{
        MINUTE_MS, OTHER, WORK, ends, failed, finish, in_lane, job, kill, later, now, number, past, put, row, settle, state, take,
        take_one, worker,
    },
};
use crate::{AttemptEnd, Cancelling, JobFilter, JobId, JobState, Jobs, NewJob, Outcome, PrunePolicy, QueueStats};

/// Each state has its own answer; asking twice changes nothing.
pub async fn cancelling_by_state(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.cancel_job(JobId(1)).await.unwrap(), None);
    let ready = put(&store, &job(1)).await;
    assert_eq!(store.cancel_job(ready).await.unwrap(), Some(Cancelling::Cancelled));
    assert_eq!(store.cancel_job(ready).await.unwrap(), Some(Cancelling::Ended(JobState::Cancelled)));
    assert_eq!((state(&store, ready).await, row(&store, ready).await.finished_at.is_some()), (JobState::Cancelled, true));
    assert_eq!((take(&store, worker(1), 10).await, ends(&store, ready).await), (vec![], vec![]));

    let done = put(&store, &job(2)).await;
    finish(&store, take_one(&store, worker(1)).await.lease).await;
    assert_eq!(store.cancel_job(done).await.unwrap(), Some(Cancelling::Ended(JobState::Done)));

    let dead = put(&store, &job(3)).await;
    kill(&store, take_one(&store, worker(1)).await.lease).await;
    assert_eq!(store.cancel_job(dead).await.unwrap(), Some(Cancelling::Ended(JobState::Dead)));

    let running = put(&store, &job(4)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    for _ in 0..2 {
        assert_eq!(store.cancel_job(running).await.unwrap(), Some(Cancelling::Asked));
    }
    settle(&store, lease, Outcome::Cancelled).await.unwrap();
    assert_eq!(ends(&store, running).await, [AttemptEnd::Cancelled]);
}

/// A dead job comes back with a clean count and its history; it may die again.
pub async fn a_dead_job_is_retried(stand: &impl Stand) {
    let store = stand.open().await;
    assert!(!store.retry_job(JobId(1)).await.unwrap());
    let id = put(&store, &NewJob { max_failures: 2, ..job(1) }).await;
    for _ in 0..2 {
        settle(&store, take_one(&store, worker(1)).await.lease, failed(NextStep::RetryAt(past()))).await.unwrap();
    }
    assert_eq!(state(&store, id).await, JobState::Dead);
    store.shift_clock(10 * MINUTE_MS);
    assert!(store.retry_job(id).await.unwrap());
    let back = row(&store, id).await;
    assert_eq!((back.state, back.failures, back.attempt, back.not_before, back.finished_at), (JobState::Ready, 0, 2, None, None));
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!((claimed.lease.attempt, claimed.failures, claimed.first_failed_at), (3, 0, None));
    assert!(claimed.waited < Duration::from_secs(30), "due since its retry: {:?}", claimed.waited);
    assert!(!store.retry_job(id).await.unwrap(), "running is left alone");
    finish(&store, claimed.lease).await;
    assert!(!store.retry_job(id).await.unwrap(), "done is left alone");
    assert_eq!(ends(&store, id).await, [AttemptEnd::Failed, AttemptEnd::Failed, AttemptEnd::Done]);
}

/// A ready one becomes due at once; one behind another in its lane is left alone.
pub async fn a_ready_job_is_made_due(stand: &impl Stand) {
    let store = stand.open().await;
    let at = later(now(&store).await, 3600);
    let id = put(&store, &NewJob { not_before: Some(at), ..in_lane(1, "case:1") }).await;
    let behind = put(&store, &in_lane(2, "case:1")).await;
    assert!(!store.retry_job(behind).await.unwrap());
    assert!(store.retry_job(id).await.unwrap());
    assert_eq!(row(&store, id).await.not_before, None);
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!((claimed.lease.job, claimed.waited.as_secs()), (id, 0));
}

/// By code, kind and queue; only the dead, and only those that match.
pub async fn dead_jobs_are_retried_in_groups(stand: &impl Stand) {
    let store = stand.open().await;
    let codes = [ErrorCode::RenderCrashed, ErrorCode::ArchiveDiskFull, ErrorCode::ArchiveDiskFull, ErrorCode::ArchiveDiskFull];
    let mut ids = Vec::new();
    for (n, code) in (1..).zip(codes) {
        let queue = if n == 4 { OTHER } else { WORK };
        let kind = if n == 3 { "package".parse().unwrap() } else { job(n).kind };
        ids.push(put(&store, &NewJob { queue, kind, ..job(n) }).await);
        let request = crate::ClaimRequest { queues: vec![(WORK, 1), (OTHER, 1)], ..super::jobs_sample::request(worker(1), 1) };
        let lease = store.claim(&request).await.unwrap()[0].lease;
        settle(&store, lease, Outcome::Failed { code, detail: String::new(), next: NextStep::Failed }).await.unwrap();
    }
    let any = JobFilter::default();
    let full = JobFilter { code: Some(ErrorCode::ArchiveDiskFull), ..any.clone() };
    assert_eq!(store.retry_jobs(&JobFilter { state: Some(JobState::Ready), ..any.clone() }).await.unwrap(), 0);
    assert_eq!(store.retry_jobs(&JobFilter { code: Some(ErrorCode::MailRefused), ..any.clone() }).await.unwrap(), 0);
    assert_eq!(store.retry_jobs(&JobFilter { queue: Some(OTHER), ..full.clone() }).await.unwrap(), 1);
    assert_eq!(store.retry_jobs(&JobFilter { kind: Some("package".parse().unwrap()), ..full.clone() }).await.unwrap(), 1);
    assert_eq!(store.retry_jobs(&full).await.unwrap(), 1);
    let mut states = Vec::new();
    for id in ids {
        states.push(state(&store, id).await);
    }
    assert_eq!(states, [JobState::Dead, JobState::Ready, JobState::Ready, JobState::Ready]);
    assert_eq!(store.retry_jobs(&JobFilter { state: Some(JobState::Dead), ..any }).await.unwrap(), 1);
}

/// Given up: cancelled for good.
pub async fn a_dead_job_is_given_up(stand: &impl Stand) {
    let store = stand.open().await;
    assert!(!store.discard_job(JobId(1)).await.unwrap());
    let id = put(&store, &job(1)).await;
    assert!(!store.discard_job(id).await.unwrap(), "not dead");
    kill(&store, take_one(&store, worker(1)).await.lease).await;
    assert!(store.discard_job(id).await.unwrap());
    assert!(!store.discard_job(id).await.unwrap());
    assert_eq!((state(&store, id).await, store.retry_job(id).await.unwrap()), (JobState::Cancelled, false));
}

/// Oldest first, the newest when there are more; each filter alone and all together.
pub async fn jobs_are_listed(stand: &impl Stand) {
    let store = stand.open().await;
    let package = NewJob { kind: "package".parse().unwrap(), ..job(2) };
    store.enqueue(&[job(1), package, NewJob { queue: OTHER, ..job(3) }, in_lane(4, "case:1"), in_lane(5, "case:1")]).await.unwrap();
    kill(&store, take(&store, worker(1), 1).await[0].lease).await;
    let list = async |filter: JobFilter, limit| {
        store.jobs(&filter, limit).await.unwrap().iter().map(|j| j.args["n"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let any = JobFilter::default();
    assert_eq!(list(any.clone(), 10).await, [1, 2, 3, 4, 5]);
    assert_eq!(list(any.clone(), 2).await, [4, 5]);
    assert_eq!(list(JobFilter { state: Some(JobState::Ready), ..any.clone() }, 10).await, [2, 3, 4]);
    assert_eq!(list(JobFilter { state: Some(JobState::Waiting), ..any.clone() }, 10).await, [5]);
    assert_eq!(list(JobFilter { state: Some(JobState::Dead), ..any.clone() }, 10).await, [1]);
    assert_eq!(list(JobFilter { queue: Some(OTHER), ..any.clone() }, 10).await, [3]);
    assert_eq!(list(JobFilter { kind: Some("package".parse().unwrap()), ..any.clone() }, 10).await, [2]);
    assert_eq!(list(JobFilter { code: Some(ErrorCode::RenderCrashed), ..any.clone() }, 10).await, [1]);
    let all = JobFilter { state: Some(JobState::Ready), kind: Some(job(1).kind), queue: Some(WORK), code: None };
    assert_eq!(list(all, 10).await, [4]);
    for state in [JobState::Running, JobState::Done, JobState::Cancelled] {
        assert_eq!(list(JobFilter { state: Some(state), ..any.clone() }, 10).await, Vec::<u64>::new());
    }
}

/// Every queue by name, in numbers; what is finished is not counted.
pub async fn queues_in_numbers(stand: &impl Stand) {
    let store = stand.open().await;
    assert_eq!(store.queue_stats().await.unwrap(), []);
    let at = later(now(&store).await, 3600);
    for n in 1..=4 {
        put(&store, &job(n)).await;
    }
    kill(&store, take(&store, worker(1), 1).await[0].lease).await;
    finish(&store, take(&store, worker(1), 1).await[0].lease).await;
    take(&store, worker(1), 1).await;
    store.shift_clock(10 * MINUTE_MS);
    store.enqueue(&[NewJob { not_before: Some(at), ..job(5) }, in_lane(6, "case:1"), in_lane(7, "case:1")]).await.unwrap();
    let done = put(&store, &NewJob { queue: OTHER, ..job(8) }).await;
    store.cancel_job(done).await.unwrap();
    store.set_paused(&"quiet".parse().unwrap(), true).await.unwrap();
    store.set_max_running(&"narrow".parse().unwrap(), Some(2)).await.unwrap();

    let stats = store.queue_stats().await.unwrap();
    assert_eq!(stats.iter().map(|q| q.queue.as_str()).collect::<Vec<_>>(), ["narrow", "quiet", "work"]);
    let oldest = stats[2].oldest_ready_s.unwrap();
    assert!((600.0..630.0).contains(&oldest), "{oldest}");
    let expected = QueueStats {
        queue: WORK,
        ready: 2,
        scheduled: 1,
        waiting: 1,
        running: 1,
        dead: 1,
        oldest_ready_s: stats[2].oldest_ready_s,
        paused: false,
        max_running: None,
    };
    assert_eq!(stats[2], expected);
    assert_eq!((stats[1].paused, stats[1].ready, stats[1].oldest_ready_s, stats[0].max_running), (true, 0, None, Some(2)));
    store.shift_clock(55 * MINUTE_MS);
    let later = &store.queue_stats().await.unwrap()[2];
    assert_eq!((later.ready, later.scheduled), (3, 0), "its time has come, though nobody has claimed it");
}

/// Done and cancelled jobs go with their attempts when they are old enough; dead ones never; numbers are not given again.
pub async fn old_jobs_are_pruned(stand: &impl Stand) {
    let store = stand.open().await;
    let policy = PrunePolicy { done_after: Duration::from_secs(30 * 86_400), cancelled_after: Duration::from_secs(7 * 86_400), limit: 2 };
    let dead = put(&store, &job(1)).await;
    kill(&store, take_one(&store, worker(1)).await.lease).await;
    let mut done = Vec::new();
    for n in 2..=4 {
        done.push(put(&store, &job(n)).await);
        finish(&store, take_one(&store, worker(1)).await.lease).await;
    }
    let cancelled = put(&store, &job(5)).await;
    store.cancel_job(cancelled).await.unwrap();
    let day = 24 * 60 * MINUTE_MS;
    assert_eq!(store.prune_jobs(&policy).await.unwrap(), 0);
    store.shift_clock(8 * day);
    assert_eq!(store.prune_jobs(&policy).await.unwrap(), 1);
    assert_eq!(store.job(cancelled).await.unwrap(), None);
    store.shift_clock(23 * day);
    let young = put(&store, &job(6)).await;
    finish(&store, take_one(&store, worker(1)).await.lease).await;
    for expected in [2, 1, 0] {
        assert_eq!(store.prune_jobs(&policy).await.unwrap(), expected);
    }
    for id in done {
        assert_eq!((store.job(id).await.unwrap(), ends(&store, id).await), (None, vec![]));
    }
    assert_eq!((state(&store, dead).await, ends(&store, dead).await), (JobState::Dead, vec![AttemptEnd::Failed]));
    assert_eq!((state(&store, young).await, ends(&store, young).await), (JobState::Done, vec![AttemptEnd::Done]));
    store.shift_clock(400 * day);
    assert_eq!(store.prune_jobs(&policy).await.unwrap(), 1);
    assert!(put(&store, &job(7)).await > young, "a number is never given twice");
    assert_eq!(state(&store, dead).await, JobState::Dead);
}

/// Whoever armed the receiver before the change is woken by it, from whichever handle it comes.
pub async fn wakeups_reach_every_handle(stand: &impl Stand) {
    let (store, other) = (stand.open().await, stand.open().await);
    for handle in [&store, &other] {
        let mut wakeups = handle.wakeups();
        wakeups.borrow_and_update();
        // A moment for whatever listens in the background to be there.
        tokio::time::timeout(Duration::from_millis(300), wakeups.changed()).await.ok();
        wakeups.borrow_and_update();
        put(&other, &job(1)).await;
        woken(&mut wakeups, "enqueued").await;
        let lease = take_one(&store, worker(1)).await.lease;
        wakeups.borrow_and_update();
        settle(&other, lease, Outcome::Done { next: vec![job(2)], result: None }).await.unwrap();
        woken(&mut wakeups, "a follow-up").await;
        let claimed = take_one(&store, worker(1)).await;
        assert_eq!(number(&claimed), 2);
        kill(&store, claimed.lease).await;
        wakeups.borrow_and_update();
        assert!(other.retry_job(claimed.lease.job).await.unwrap());
        woken(&mut wakeups, "a retry").await;
        finish(&store, take_one(&store, worker(1)).await.lease).await;
    }
}

async fn woken(wakeups: &mut tokio::sync::watch::Receiver<u64>, why: &str) {
    let changed = tokio::time::timeout(Duration::from_secs(5), wakeups.changed()).await;
    assert!(matches!(changed, Ok(Ok(()))), "nobody was woken: {why}");
    wakeups.borrow_and_update();
}
