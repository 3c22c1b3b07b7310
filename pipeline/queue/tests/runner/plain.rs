//! Jobs are claimed, run, settled and followed by others; nothing is asked for in vain.

use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline_queue::{JobEnd, RunnerError};
use pipeline_store::{JobState, Jobs, Lane, PrunePolicy};

use super::*;

#[tokio::test(start_paused = true)]
async fn runs_what_is_there_and_what_follows_then_ends() {
    let store = MemoryJobs::new();
    store.add(&jobs(3));
    let follow = JobKind::of("follow");
    let ended: Arc<Mutex<Vec<(JobKind, JobEnd)>>> = Arc::default();
    let seen = ended.clone();
    let runner = process(&store, 2)
        .handler(WORK, LONG, |_| async { Conclusion::done_then(vec![NewJob::new(JobKind::of("follow"), MAIN, json!({}))]) })
        .handler(follow.clone(), LONG, |_| async { Conclusion::done_with(Vec::new(), json!({"pages": 3})) })
        .on_event(move |event| seen.lock().unwrap().push((event.kind.clone(), event.end)));
    let report = runner.build().unwrap().run_until_idle(Shutdown::new()).await;
    assert_eq!(report, RunnerReport { claimed: 6, done: 6, ..RunnerReport::default() });
    assert_eq!(store.count(JobState::Done), 6);
    let ended = ended.lock().unwrap().clone();
    assert_eq!(ended.iter().filter(|(kind, end)| *kind == follow && *end == JobEnd::Done).count(), 3);
    assert!(store.workers().await.unwrap().is_empty(), "its name is taken off at the end");
}

#[tokio::test(start_paused = true)]
async fn never_runs_more_than_its_slots_nor_claims_more_than_can_start() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let store = MemoryJobs::new();
    store.add(&jobs(40));
    let rows = store.clone();
    let builder = process(&store, 3).handler(WORK, LONG, move |_| {
        let rows = rows.clone();
        async move {
            MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            assert!(rows.count(JobState::Running) <= 3, "claimed but not started");
            tokio::time::sleep(millis(30)).await;
            NOW.fetch_sub(1, Ordering::SeqCst);
            Conclusion::done()
        }
    });
    let report = builder.build().unwrap().run_until_idle(Shutdown::new()).await;
    assert_eq!((report.done, MOST.load(Ordering::SeqCst)), (40, 3));
}

#[tokio::test(start_paused = true)]
async fn a_lane_runs_one_at_a_time_in_order_without_waiting_for_the_poll() {
    let store = MemoryJobs::new();
    let lane = |mut job: NewJob| {
        job.lane = Some(Lane::of("case:9901-2026-000001"));
        job
    };
    let ids = store.add(&jobs(10).into_iter().map(lane).collect::<Vec<_>>());
    let starts = Starts::default();
    let begun = Instant::now();
    process(&store, 8).handler(WORK, LONG, starts.working(millis(10))).build().unwrap().run_until_idle(Shutdown::new()).await;
    let order: Vec<JobId> = starts.0.lock().unwrap().iter().map(|(id, _)| *id).collect();
    assert_eq!(order, ids);
    assert!(begun.elapsed() < secs(1), "{:?}", begun.elapsed());
}

/// The next of a lane becomes ready while a claim is under way that has read the table before.
#[tokio::test(start_paused = true)]
async fn a_lane_that_opens_during_a_claim_is_not_overlooked() {
    let store = MemoryJobs::new();
    store.slow("claim", millis(40));
    let lane = |mut job: NewJob| {
        job.lane = Some(Lane::of("case:9901-2026-000002"));
        job
    };
    store.add(&jobs(20).into_iter().map(lane).collect::<Vec<_>>());
    let begun = Instant::now();
    let starts = Starts::default();
    process(&store, 8).handler(WORK, LONG, starts.working(millis(10))).build().unwrap().run_until_idle(Shutdown::new()).await;
    // One claim that is answered with the job, at most one that was asked too early, and the work.
    assert!(begun.elapsed() < millis(20 * 2 * 50), "{:?}", begun.elapsed());
    assert_eq!(starts.count(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_is_started_at_once_and_one_that_is_due_later_on_time() {
    let store = MemoryJobs::new();
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 4).handler(WORK, LONG, starts.working(millis(1))), &shutdown);
    tokio::time::sleep(secs(17)).await;
    let now = Instant::now();
    let mut later = jobs(1);
    later[0].not_before = pipeline_domain::Timestamp::from_unix_seconds(pipeline_domain::Clock::now(&*store.clock()).unix_seconds() + 3);
    let ids = store.add(&[jobs(1), later].concat());
    tokio::time::sleep(secs(10)).await;
    assert!(starts.of(ids[0])[0] - now < millis(10));
    let late = starts.of(ids[1])[0] - now;
    assert!((millis(2000)..millis(3100)).contains(&late), "{late:?}");
    shutdown.request();
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_runner_hardly_asks() {
    let store = MemoryJobs::new();
    let shutdown = Shutdown::new();
    let run = start(process(&store, 4).handler(WORK, LONG, Starts::default().working(secs(1))), &shutdown);
    tokio::time::sleep(secs(600)).await;
    let (claims, looks) = (store.calls("claim"), store.calls("next_job_in"));
    assert!((100..=125).contains(&claims) && looks <= claims, "{claims} claims and {looks} looks in ten minutes");
    shutdown.request();
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_paused_queue_with_due_jobs_is_not_asked_over_and_over() {
    let store = MemoryJobs::new();
    store.set_paused(&MAIN, true).await.unwrap();
    store.add(&jobs(5));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 4).handler(WORK, LONG, starts.working(millis(1))), &shutdown);
    tokio::time::sleep(secs(600)).await;
    assert!(store.calls("claim") < 150, "{} claims in ten minutes", store.calls("claim"));
    assert_eq!(starts.count(), 0);
    store.set_paused(&MAIN, false).await.unwrap();
    tokio::time::sleep(millis(50)).await;
    assert_eq!(starts.count(), 5, "opening the queue wakes it");
    shutdown.request();
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn finished_jobs_are_removed_a_thousand_at_a_time() {
    let store = MemoryJobs::new();
    store.add(&jobs(2500));
    let shutdown = Shutdown::new();
    let policy = PrunePolicy { done_after: secs(1), cancelled_after: secs(1), limit: 1000 };
    let run = start(process(&store, 100).handler(WORK, LONG, |_| async { Conclusion::done() }).prune(Some(policy)), &shutdown);
    tokio::time::sleep(secs(400)).await;
    assert_eq!((store.count(JobState::Done), store.calls("prune_jobs")), (0, 3));
    tokio::time::sleep(secs(3600)).await;
    assert_eq!(store.calls("prune_jobs"), 4, "then hourly");
    shutdown.request();
    assert_eq!(run.await.unwrap().pruned, 2500);
}

#[tokio::test]
async fn what_cannot_work_is_not_built() {
    let store = MemoryJobs::new();
    let wrong = |b: RunnerBuilder<MemoryJobs>| b.build().err().unwrap();
    let ok = || async { Conclusion::done() };
    let twice = process(&store, 1).handler(WORK, LONG, move |_| ok()).handler(WORK, LONG, move |_| ok());
    assert_eq!(wrong(twice), RunnerError::KindTwice { kind: WORK });
    assert_eq!(wrong(process(&store, 1).queue(MAIN, 2)), RunnerError::QueueTwice { queue: MAIN });
    assert_eq!(wrong(process(&store, 0)), RunnerError::NoSlots);
    let short = process(&store, 1).lease(secs(10)).beat(secs(6));
    assert_eq!(wrong(short), RunnerError::LeaseTooShort { lease: secs(10), beat: secs(6) });
}
