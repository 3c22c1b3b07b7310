//! How attempts end: every way out of a handler, and what it costs.

use std::sync::atomic::{AtomicU32, Ordering};

use pipeline_domain::{Clock, ErrorCode, NextStep, Timestamp, Verdict};
use pipeline_queue::Backoff;
use pipeline_store::{AttemptEnd, Effect, JobState, Jobs, RunCounts, RunId};

use super::*;

/// Runs one job with `handler` for `long`, then stops. The job's number and the store.
async fn one(long: Duration, handler: impl pipeline_queue::Handler, max_failures: u32, timeout: Duration) -> (JobId, Arc<MemoryJobs>) {
    let store = MemoryJobs::new();
    let mut new = jobs(1);
    new[0].max_failures = max_failures;
    let id = store.add(&new)[0];
    let shutdown = Shutdown::new();
    let run = start(process(&store, 2).handler(WORK, timeout, handler), &shutdown);
    tokio::time::sleep(long).await;
    shutdown.request();
    run.await.unwrap();
    (id, store)
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_that_is_tried_again_and_hurts_nobody_else() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(20));
    let shutdown = Shutdown::new();
    let run = start(
        process(&store, 4).handler(WORK, LONG, |job: JobContext| async move {
            assert!(job.job.args["n"] != 7 || job.job.failures > 0, "the poison");
            Conclusion::done()
        }),
        &shutdown,
    );
    tokio::time::sleep(secs(60)).await;
    assert_eq!(store.count(JobState::Done), 20);
    assert_eq!(store.ends(ids[7]), [AttemptEnd::Failed, AttemptEnd::Done]);
    assert_eq!(store.attempts_of(ids[7]).await.unwrap()[0].code, Some(ErrorCode::JobPanicked));
    shutdown.request();
    let report = run.await.unwrap();
    assert_eq!((report.failed, report.done), (1, 20));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_always_panics_is_dead_after_its_tries() {
    let (id, store) = one(LONG, |_| async { panic!("again") }, 3, LONG).await;
    assert_eq!((store.row(id).state, store.ends(id)), (JobState::Dead, vec![AttemptEnd::Failed; 3]));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_before_its_first_await_is_no_different() {
    fn at_once(_: JobContext) -> std::future::Ready<Conclusion> {
        panic!("at once")
    }
    let (id, store) = one(secs(5), at_once, 1, LONG).await;
    assert_eq!((store.row(id).state, store.row(id).last_code), (JobState::Dead, Some(ErrorCode::JobPanicked)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_blocking_work_is_the_jobs_own() {
    let handler = |job: JobContext| async move {
        job.blocking(|_| panic!("on another thread")).await;
        Conclusion::done()
    };
    let (id, store) = one(secs(5), handler, 1, LONG).await;
    assert_eq!((store.row(id).state, store.row(id).last_code), (JobState::Dead, Some(ErrorCode::JobPanicked)));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_cut_off_and_has_failed() {
    let (id, store) = one(secs(20), |_| std::future::pending(), 1, secs(10)).await;
    assert_eq!((store.row(id).state, store.row(id).last_code), (JobState::Dead, Some(ErrorCode::JobTimedOut)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_loop_that_yields_is_cut_off_too() {
    let handler = |_| async {
        loop {
            tokio::task::yield_now().await;
        }
    };
    let store = MemoryJobs::new();
    let mut new = jobs(1);
    new[0].max_failures = 1;
    let id = store.add(&new)[0];
    let runner = process(&store, 2).handler(WORK, millis(50), handler).grace(millis(20)).build().unwrap();
    let report = runner.run_until_idle(Shutdown::new()).await;
    assert_eq!((report.failed, store.row(id).state, store.row(id).last_code), (1, JobState::Dead, Some(ErrorCode::JobTimedOut)));
}

#[tokio::test(start_paused = true)]
async fn who_gets_through_in_the_grace_after_the_timeout_is_believed() {
    let handler = |job: JobContext| async move {
        job.stop.cancelled().await;
        Conclusion::done()
    };
    let (id, store) = one(secs(20), handler, 1, secs(10)).await;
    assert_eq!(store.row(id).state, JobState::Done);
}

#[tokio::test(start_paused = true)]
async fn an_older_program_leaves_a_newer_programs_jobs_alone() {
    let store = MemoryJobs::new();
    let mut new = NewJob::new(JobKind::of("from_the_future"), MAIN, json!({}));
    new.max_failures = 1;
    let id = store.add(&[new])[0];
    let shutdown = Shutdown::new();
    let run = start(process(&store, 1).handler(WORK, LONG, |_| async { Conclusion::done() }), &shutdown);
    tokio::time::sleep(secs(600)).await;
    let row = store.row(id);
    assert_eq!((row.state, row.failures, row.last_code), (JobState::Ready, 0, Some(ErrorCode::JobUnknownKind)));
    assert!((8..=11).contains(&row.attempt), "looked at once a minute, not {} times in ten", row.attempt);
    shutdown.request();
    run.await.unwrap();
    let newer = process(&store, 1).handler(JobKind::of("from_the_future"), LONG, |_| async { Conclusion::done() });
    let shutdown = Shutdown::new();
    let run = start(newer, &shutdown);
    until("the newer program takes it", || store.row(id).state == JobState::Done).await;
    shutdown.request();
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn trouble_with_the_store_costs_nothing_and_is_tried_ever_less_often() {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let handler = move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Conclusion::store_trouble() }
    };
    let (id, store) = one(secs(600), handler, 1, LONG).await;
    assert_eq!((store.row(id).state, store.row(id).failures), (JobState::Ready, 0));
    let tries = tries.load(Ordering::SeqCst);
    assert!((12..=17).contains(&tries), "{tries} tries in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_the_store_refuses_fails_its_job_and_no_other() {
    let store = MemoryJobs::new();
    let mut new = jobs(5);
    new.iter_mut().for_each(|j| j.max_failures = 1);
    let ids = store.add(&new);
    let clock = store.clock();
    let runner = process(&store, 5).handler(WORK, LONG, move |job: JobContext| {
        let at = clock.now();
        async move {
            let refused = Effect::RunFinished { run: RunId(Uuid::nil()), counts: RunCounts::default(), reports: Vec::new(), at };
            if job.job.args["n"] == 2 { Conclusion::done().with_effect(refused) } else { Conclusion::done() }
        }
    });
    let report = runner.build().unwrap().run_until_idle(Shutdown::new()).await;
    assert_eq!((report.done, report.failed, store.count(JobState::Done)), (4, 1, 4));
    let row = store.row(ids[2]);
    assert_eq!((row.state, row.last_code), (JobState::Dead, Some(ErrorCode::StoreInconsistent)));
}

#[tokio::test(start_paused = true)]
async fn progress_is_kept_with_the_next_beat_or_the_end_and_found_by_the_next_attempt() {
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let shutdown = Shutdown::new();
    let run = start(
        process(&store, 1).handler(WORK, LONG, |job: JobContext| async move {
            match job.job.progress.as_ref().and_then(|p| p["at"].as_i64()) {
                None => {
                    job.save_progress(json!({"at": 1}));
                    tokio::time::sleep(secs(20)).await;
                    job.save_progress(json!({"at": 2}));
                    job.save_progress(json!({"at": 3}));
                    Conclusion::snooze_for(secs(5), None)
                }
                Some(3) => {
                    job.save_progress_now(json!({"at": 4})).await.unwrap();
                    Conclusion::fail(Verdict::GiveUp, ErrorCode::ArchiveDamaged, "")
                }
                other => panic!("progress {other:?}"),
            }
        }),
        &shutdown,
    );
    tokio::time::sleep(secs(16)).await;
    assert_eq!(store.row(id).progress, Some(json!({"at": 1})), "with the beat after 15 s");
    tokio::time::sleep(secs(30)).await;
    assert_eq!((store.row(id).progress, store.row(id).state), (Some(json!({"at": 4})), JobState::Dead));
    assert_eq!(store.row(id).last_code, Some(ErrorCode::ArchiveDamaged));
    shutdown.request();
    run.await.unwrap();
}

#[test]
fn the_last_try_is_said_to_be_the_last() {
    let now = Timestamp::from_unix_seconds(1_795_420_800).unwrap();
    let job = |failures, max_failures| pipeline_store::ClaimedJob {
        lease: pipeline_store::Lease { job: JobId(1), attempt: failures + 1, worker: WorkerId(Uuid::nil()) },
        kind: WORK,
        queue: MAIN,
        args: json!({}),
        priority: pipeline_store::Priority::EVENT,
        lane: None,
        failures,
        first_failed_at: (failures > 0).then_some(now),
        max_failures,
        progress: None,
        waited: Duration::ZERO,
    };
    let step = |failures, max, verdict| pipeline_queue::next_step(&Backoff::for_jobs(), verdict, &job(failures, max), now);
    assert_eq!(step(2, 3, Verdict::Retry), NextStep::Failed);
    assert_eq!(step(0, 3, Verdict::GiveUp), NextStep::Failed);
    for (failures, least) in [(0, 15), (1, 30), (5, 480), (10, 15_360), (11, 21_600), (30, 21_600)] {
        let NextStep::RetryAt(at) = step(failures, 100, Verdict::Retry) else { panic!("given up after {failures}") };
        let wait = at.unix_seconds() - now.unix_seconds();
        assert!((least..=least + least / 10 + 1).contains(&wait), "{wait} s after {failures} failures");
    }
}
