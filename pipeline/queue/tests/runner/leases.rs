//! Leases: what is lost writes nothing, what is called off stops, and one process never runs a job twice at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pipeline_domain::{DocumentId, DocumentKey, DocumentVersion, ErrorCode, NextStep, Timestamp};
use pipeline_store::{AttemptEnd, Beat, Cancelling, Effect, JobState, Jobs, RescuePolicy, Stage};

use super::*;

const AT_ONCE: RescuePolicy = RescuePolicy { first_wait: Duration::ZERO, longest_lease: LONG, limit: 100 };

fn some_effect() -> Effect {
    Effect::DocumentFailed {
        document: DocumentKey { id: DocumentId::from_uuid(Uuid::nil()), version: DocumentVersion(1) },
        stage: Stage::Archive,
        code: ErrorCode::ArchiveWrite,
        detail: String::new(),
        at: Timestamp::from_unix_seconds(1_795_420_800).unwrap(),
        next: NextStep::Failed,
    }
}

/// A worker that was out for longer than its lease, as after SIGSTOP: it is told to stop, and what it did is not written.
#[tokio::test(start_paused = true)]
async fn a_lease_lost_on_the_way_stops_the_handler_and_writes_nothing() {
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let (told, shutdown) = (Arc::new(AtomicBool::new(false)), Shutdown::new());
    let heard = told.clone();
    let asleep = store.another();
    let run = start(
        process(&asleep, 1).handler(WORK, LONG, move |job: JobContext| {
            let heard = heard.clone();
            async move {
                job.stop.cancelled().await;
                heard.store(true, Ordering::SeqCst);
                Conclusion::done().with_effect(some_effect())
            }
        }),
        &shutdown,
    );
    until("it runs", || store.row(id).state == JobState::Running).await;
    asleep.go_away(secs(70));
    tokio::time::sleep(secs(65)).await;
    assert_eq!(store.rescue(&AT_ONCE).await.unwrap().len(), 1);
    until("the handler is told", || told.load(Ordering::SeqCst)).await;
    // It takes the job up again itself, and is stopped while it has it.
    tokio::time::sleep(secs(5)).await;
    assert!(store.effects().is_empty());
    shutdown.request();
    let report = run.await.unwrap();
    assert_eq!((report.lost, report.failed), (1, 0));
    assert_eq!(store.ends(id)[0], AttemptEnd::LeaseLost);
}

/// The zombie ends before any beat could tell it: the fence of the store holds.
#[tokio::test(start_paused = true)]
async fn a_stale_worker_that_is_through_before_its_next_beat_changes_nothing() {
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let asleep = store.another();
    let handler = |_| async {
        tokio::time::sleep(secs(66)).await;
        Conclusion::done_with(Vec::new(), json!({"by": "the zombie"}))
    };
    let zombie = start(process(&asleep, 1).handler(WORK, LONG, handler), &shutdown);
    until("it runs", || store.row(id).state == JobState::Running).await;
    asleep.go_away(secs(64));
    tokio::time::sleep(secs(62)).await;
    store.rescue(&AT_ONCE).await.unwrap();
    asleep.fail("heartbeat", 1000);
    let second = start(process(&store, 1).handler(WORK, LONG, starts.working(secs(10))), &shutdown);
    until("another is through", || store.row(id).state == JobState::Done).await;
    assert_eq!((store.row(id).result, store.ends(id)), (None, vec![AttemptEnd::LeaseLost, AttemptEnd::Done]));
    shutdown.request();
    let (zombie, second) = (zombie.await.unwrap(), second.await.unwrap());
    assert_eq!((zombie.lost, zombie.done, second.done), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_called_off_while_it_runs_stops_at_the_next_beat() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(3));
    let shutdown = Shutdown::new();
    let handler = |job: JobContext| async move {
        match job.job.args["n"].as_i64() {
            // One hears, one does not, and one is through before it is cut off.
            Some(0) => job.stop.cancelled().await,
            Some(1) => std::future::pending().await,
            _ => {
                job.stop.cancelled().await;
                return Conclusion::done();
            }
        }
        Conclusion::fail(pipeline_domain::Verdict::Retry, ErrorCode::ArchiveWrite, "stopped half-way").with_effect(some_effect())
    };
    let run = start(process(&store, 3).handler(WORK, LONG, handler), &shutdown);
    until("they run", || store.count(JobState::Running) == 3).await;
    for id in &ids {
        assert_eq!(store.cancel_job(*id).await.unwrap(), Some(Cancelling::Asked));
    }
    let asked = Instant::now();
    until("all have ended", || store.count(JobState::Running) == 0).await;
    assert!(asked.elapsed() <= secs(18), "{:?}", asked.elapsed());
    let states: Vec<JobState> = ids.iter().map(|id| store.row(*id).state).collect();
    assert_eq!(states, [JobState::Cancelled, JobState::Cancelled, JobState::Done]);
    assert!(store.effects().is_empty() && ids.iter().all(|id| store.row(*id).failures == 0));
    shutdown.request();
    assert_eq!(run.await.unwrap().cancelled, 2);
}

/// A lease that is lost to the own process: the new attempt waits for what is left of the old one.
#[tokio::test(start_paused = true)]
async fn one_process_never_runs_a_job_twice_at_the_same_time() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    struct Inside;
    impl Drop for Inside {
        fn drop(&mut self) {
            NOW.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let shutdown = Shutdown::new();
    let handler = |job: JobContext| async move {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let _inside = Inside;
        if job.job.lease.attempt > 1 {
            return Conclusion::done();
        }
        // Goes on for a while though it was asked to stop.
        job.stop.cancelled().await;
        tokio::time::sleep(millis(1500)).await;
        Conclusion::done()
    };
    let run = start(process(&store, 2).handler(WORK, LONG, handler), &shutdown);
    until("it runs", || store.row(id).state == JobState::Running).await;
    // The beats do not get through, somebody frees the job, and our own next claim gets it.
    store.fail("heartbeat", 100);
    tokio::time::sleep(secs(62)).await;
    store.rescue(&AT_ONCE).await.unwrap();
    store.fail("heartbeat", 0);
    until("it is done", || store.row(id).state == JobState::Done).await;
    assert_eq!((MOST.load(Ordering::SeqCst), store.ends(id)), (1, vec![AttemptEnd::LeaseLost, AttemptEnd::Done]));
    shutdown.request();
    run.await.unwrap();
}

/// Blocking work cannot be cut off: for as long as it goes on, its slot is taken and its job is not run beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_work_that_does_not_listen_keeps_its_slot() {
    let store = MemoryJobs::new();
    let mut new = jobs(2);
    new[0].max_failures = 1;
    let ids = store.add(&new);
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let handler = move |job: JobContext| {
        let held = held.clone();
        async move {
            if job.job.args["n"] == 0 {
                job.blocking(move |_| held.lock().unwrap().recv().unwrap()).await;
            }
            Conclusion::done()
        }
    };
    let shutdown = Shutdown::new();
    let run = start(process(&store, 1).grace(millis(20)).handler(WORK, millis(100), handler), &shutdown);
    until("its time is up", || store.row(ids[0]).state == JobState::Dead).await;
    tokio::time::sleep(millis(200)).await;
    assert_eq!(store.row(ids[1]).state, JobState::Ready, "the only slot is still taken");
    release.send(()).unwrap();
    until("the other runs", || store.row(ids[1]).state == JobState::Done).await;
    shutdown.request();
    run.await.unwrap();
}

/// Saving progress is a fenced write, and it tells when the job is no longer ours.
#[tokio::test(start_paused = true)]
async fn progress_of_a_lost_job_is_not_saved() {
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let lost = Arc::new(AtomicBool::new(false));
    let (seen, rows, shutdown) = (lost.clone(), store.clone(), Shutdown::new());
    let handler = move |job: JobContext| {
        let (seen, rows) = (seen.clone(), rows.clone());
        async move {
            if job.job.lease.attempt == 1 {
                job.save_progress_now(json!({"at": 1})).await.unwrap();
                // Somebody else's clock says that the lease has run out.
                tokio::time::sleep(secs(1)).await;
                rows.fail("heartbeat", 100);
                tokio::time::sleep(secs(62)).await;
                rows.fail("heartbeat", 0);
                rows.rescue(&AT_ONCE).await.unwrap();
                let error = job.save_progress_now(json!({"at": 2})).await.unwrap_err();
                seen.store(matches!(error, pipeline_store::StoreError::LeaseLost { .. }), Ordering::SeqCst);
                return Conclusion::store_error(&error);
            }
            assert_eq!(job.job.progress, Some(json!({"at": 1})));
            Conclusion::done()
        }
    };
    let run = start(process(&store, 1).handler(WORK, LONG, handler), &shutdown);
    until("it is done", || store.row(id).state == JobState::Done).await;
    assert!(lost.load(Ordering::SeqCst));
    shutdown.request();
    assert_eq!(run.await.unwrap().lost, 1);
    assert_eq!(store.heartbeat(WorkerId(Uuid::nil()), &[], LONG, &[]).await.unwrap(), Beat::default());
}
