//! Stopping: what is in hand gets its time, the rest goes back at no cost.

use pipeline_store::{AttemptEnd, JobState, Jobs};

use super::*;

#[tokio::test]
async fn an_idle_runner_stops_within_a_tenth_of_a_second() {
    let store = MemoryJobs::new();
    let shutdown = Shutdown::new();
    let run = start(process(&store, 4).handler(WORK, LONG, |_| async { Conclusion::done() }), &shutdown);
    until("it is registered", || store.calls("register_worker") == 1).await;
    let asked = Instant::now();
    shutdown.request();
    run.await.unwrap();
    assert!(asked.elapsed() < millis(100), "{:?}", asked.elapsed());
    assert!(store.workers().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_is_finished_and_nothing_new_is_begun() {
    let store = MemoryJobs::new();
    store.add(&jobs(10));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 3).handler(WORK, LONG, starts.working(secs(20))), &shutdown);
    until("three run", || starts.count() == 3).await;
    shutdown.request();
    let asked = Instant::now();
    let report = run.await.unwrap();
    assert!((secs(19)..secs(21)).contains(&asked.elapsed()), "{:?}", asked.elapsed());
    assert_eq!((report.done, report.returned, starts.count()), (3, 0, 3));
    assert_eq!((store.count(JobState::Done), store.count(JobState::Ready)), (3, 7));
}

/// Three that run for longer than the drain: one that listens, one that does not, and one that fails when it is stopped.
fn stubborn(job: JobContext) -> futures::Working {
    Box::pin(async move {
        job.save_progress(json!({"half": "way"}));
        match job.job.args["n"].as_i64() {
            Some(0) => {
                job.stop.cancelled().await;
                Conclusion::stopped()
            }
            Some(1) => std::future::pending().await,
            _ => {
                job.stop.cancelled().await;
                Conclusion::fail(pipeline_domain::Verdict::GiveUp, pipeline_domain::ErrorCode::ArchiveWrite, "")
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn what_outlasts_the_drain_is_handed_back_with_its_progress() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(3));
    let shutdown = Shutdown::new();
    let run = start(process(&store, 3).handler(WORK, LONG, stubborn), &shutdown);
    until("they run", || store.count(JobState::Running) == 3).await;
    tokio::time::sleep(secs(1)).await;
    let asked = Instant::now();
    shutdown.request();
    let report = run.await.unwrap();
    assert!((secs(25)..secs(29)).contains(&asked.elapsed()), "{:?}", asked.elapsed());
    assert_eq!((report.returned, report.failed, report.unsettled), (3, 0, 0));
    for id in ids {
        let row = store.row(id);
        assert_eq!((row.state, row.failures, store.ends(id)), (JobState::Ready, 0, vec![AttemptEnd::Returned]));
        assert_eq!(row.progress, Some(json!({"half": "way"})));
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_request_hands_everything_back_now() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(3));
    let shutdown = Shutdown::new();
    let run = start(process(&store, 3).handler(WORK, LONG, stubborn), &shutdown);
    until("they run", || store.count(JobState::Running) == 3).await;
    shutdown.request();
    tokio::time::sleep(secs(3)).await;
    let asked = Instant::now();
    shutdown.request();
    let report = run.await.unwrap();
    assert!(asked.elapsed() < secs(1), "{:?}", asked.elapsed());
    assert_eq!(report.returned, 3);
    assert!(ids.iter().all(|id| store.row(*id).failures == 0 && store.ends(*id) == [AttemptEnd::Returned]));
}

/// The progress that a beat could not bring is written before the job goes back, whatever the beat does meanwhile.
#[tokio::test(start_paused = true)]
async fn progress_is_not_lost_between_a_failed_beat_and_the_stop() {
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let shutdown = Shutdown::new();
    let handler = |job: JobContext| async move {
        job.save_progress(json!({"at": 9}));
        job.stop.cancelled().await;
        Conclusion::stopped()
    };
    let run = start(process(&store, 1).drain(millis(100)).handler(WORK, LONG, handler), &shutdown);
    until("it runs", || store.row(id).state == JobState::Running).await;
    store.fail("heartbeat", 2);
    tokio::time::sleep(millis(15_100)).await;
    shutdown.request();
    assert_eq!(run.await.unwrap().returned, 1);
    assert_eq!(store.row(id).progress, Some(json!({"at": 9})));
}

#[tokio::test(start_paused = true)]
async fn what_was_claimed_while_the_stop_was_asked_for_goes_back_unbegun() {
    let store = MemoryJobs::new();
    store.slow("claim", secs(2));
    let ids = store.add(&jobs(4));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 4).handler(WORK, LONG, starts.working(secs(10))), &shutdown);
    until("the claim is under way", || store.count(JobState::Running) == 4).await;
    let asked = Instant::now();
    shutdown.request();
    let report = run.await.unwrap();
    assert!(asked.elapsed() < secs(3), "{:?}", asked.elapsed());
    assert_eq!((report.returned, starts.count()), (4, 0));
    assert!(ids.iter().all(|id| store.row(*id).failures == 0 && store.row(*id).state == JobState::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_does_not_hold_up_the_stop() {
    let store = MemoryJobs::new();
    store.add(&jobs(2));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 2).handler(WORK, LONG, starts.working(secs(1))), &shutdown);
    until("they run", || starts.count() == 2).await;
    store.go_away(LONG);
    let asked = Instant::now();
    shutdown.request();
    let report = run.await.unwrap();
    assert!(asked.elapsed() < secs(8), "{:?}", asked.elapsed());
    assert_eq!((report.done, report.failed, report.unsettled), (0, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_hangs_does_not_hold_up_the_stop() {
    let store = MemoryJobs::new();
    store.slow("claim", LONG);
    let shutdown = Shutdown::new();
    let run = start(process(&store, 2).handler(WORK, LONG, |_| async { Conclusion::done() }), &shutdown);
    tokio::time::sleep(secs(1)).await;
    let asked = Instant::now();
    shutdown.request();
    run.await.unwrap();
    assert!(asked.elapsed() < secs(6), "{:?}", asked.elapsed());
}
