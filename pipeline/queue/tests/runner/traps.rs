//! The faults that were measured with another queue, numbered as there, each as a test of ours.

use pipeline_domain::{Clock, ErrorCode, NextStep, Timestamp};
use pipeline_store::{AttemptEnd, JobState, Jobs};

use super::*;

/// A1: two healthy workers ran jobs twice, because jobs that waited in a worker's buffer stopped its heartbeat.
#[tokio::test(start_paused = true)]
async fn a1_jobs_longer_than_the_lease_run_once_though_every_slot_is_taken() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(12));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let worker = |store: &Arc<MemoryJobs>| {
        let builder = process(store, 1).lease(secs(2)).beat(secs(1)).handler(WORK, LONG, starts.working(secs(7)));
        start(builder, &shutdown)
    };
    let runs = [worker(&store), worker(&store.another())];
    until("all are done", || store.count(JobState::Done) == 12).await;
    shutdown.request();
    for run in runs {
        let report = run.await.unwrap();
        assert_eq!((report.lost, report.rescued), (0, 0));
    }
    assert!(ids.iter().all(|id| starts.of(*id).len() == 1 && store.ends(*id) == [AttemptEnd::Done]));
}

/// A1 with real cores: handlers that compute leave the heartbeat its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_work_that_keeps_all_cores_busy_runs_once_though_leases_are_short() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(16));
    let starts = Starts::default();
    let worker = |store: &Arc<MemoryJobs>| {
        let starts = starts.clone();
        let handler = move |job: JobContext| {
            starts.note(&job);
            async move {
                job.blocking(|_| {
                    let begun = std::time::Instant::now();
                    let mut sum = 0_u64;
                    while begun.elapsed() < millis(700) {
                        sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
                    }
                })
                .await;
                Conclusion::done()
            }
        };
        process(store, 4).lease(millis(500)).beat(millis(100)).handler(WORK, LONG, handler).build().unwrap()
    };
    let (first, second) = (worker(&store), worker(&store.another()));
    let reports = tokio::join!(first.run_until_idle(Shutdown::new()), second.run_until_idle(Shutdown::new()));
    assert_eq!((reports.0.done + reports.1.done, reports.0.lost + reports.1.lost), (16, 0));
    assert!(ids.iter().all(|id| starts.of(*id).len() == 1 && store.ends(*id) == [AttemptEnd::Done]));
}

/// A2, A3: «try again in 2 s» left the job in nobody's hands for ever, or ran it again at once and without limit.
#[tokio::test(start_paused = true)]
async fn a2_a3_retry_after_is_honoured_and_counts() {
    let store = MemoryJobs::new();
    let mut new = jobs(1);
    new[0].max_failures = 4;
    let id = store.add(&new)[0];
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let noted = starts.clone();
    let handler = move |job: JobContext| {
        noted.note(&job);
        let at = Timestamp::from_unix_seconds(job.now().unix_seconds() + 2).unwrap();
        async move { Conclusion::failed(ErrorCode::ArchiveWrite, "", NextStep::RetryAt(at)) }
    };
    let run = start(process(&store, 4).handler(WORK, LONG, handler), &shutdown);
    tokio::time::sleep(secs(60)).await;
    shutdown.request();
    run.await.unwrap();
    let at = starts.of(id);
    let gaps: Vec<u64> = at.windows(2).map(|pair| (pair[1] - pair[0]).as_millis() as u64).collect();
    assert!(gaps.iter().all(|gap| (1000..=3100).contains(gap)), "{gaps:?}");
    assert_eq!((at.len(), store.row(id).state, store.row(id).failures), (4, JobState::Dead, 4));
}

/// A2 with a restart in between: the wait is in the row, not in a process.
#[tokio::test(start_paused = true)]
async fn a2_a_snooze_survives_a_restart_and_costs_nothing() {
    let store = MemoryJobs::new();
    let mut new = jobs(1);
    new[0].max_failures = 1;
    let id = store.add(&new)[0];
    let first = process(&store, 1).handler(WORK, LONG, |_| async { Conclusion::snooze_for(secs(30), None) });
    let slept = Instant::now();
    let report = first.build().unwrap().run_until_idle(Shutdown::new()).await;
    assert_eq!((report.snoozed, store.row(id).state, store.row(id).worker), (1, JobState::Ready, None));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store.another(), 1).handler(WORK, LONG, starts.working(secs(1))), &shutdown);
    until("it is done", || store.row(id).state == JobState::Done).await;
    let waited = starts.of(id)[0] - slept;
    assert!((secs(30)..secs(32)).contains(&waited), "{waited:?}");
    assert_eq!((store.row(id).failures, store.ends(id)), (0, vec![AttemptEnd::Snoozed, AttemptEnd::Done]));
    shutdown.request();
    run.await.unwrap();
}

/// A4: a job that kills its worker did so for ever, whatever its limit.
#[tokio::test(start_paused = true)]
async fn a4_a_job_that_kills_its_workers_is_dead_after_its_tries() {
    let store = MemoryJobs::new();
    let mut new = jobs(1);
    new[0].max_failures = 2;
    let id = store.add(&new)[0];
    let starts = Starts::default();
    for _ in 0..5 {
        let (handle, noted, shutdown) = (store.another(), starts.clone(), Shutdown::new());
        let killer = handle.clone();
        let handler = move |job: JobContext| {
            noted.note(&job);
            killer.kill();
            std::future::pending()
        };
        let run = start(process(&handle, 1).handler(WORK, LONG, handler), &shutdown);
        // Longer than a lease, the rescuer's turn and the wait after it.
        tokio::time::sleep(secs(120)).await;
        run.abort();
    }
    assert_eq!((starts.count(), store.row(id).state), (2, JobState::Dead));
    assert_eq!(store.ends(id), [AttemptEnd::LeaseLost; 2]);
}

/// A dead worker's job is free at most five seconds after its lease.
#[tokio::test(start_paused = true)]
async fn the_job_of_a_dead_worker_is_freed_soon_after_its_lease() {
    let store = MemoryJobs::new();
    let id = store.add(&jobs(1))[0];
    let doomed = store.another();
    let first = start(process(&doomed, 1).handler(WORK, LONG, |_| std::future::pending()), &Shutdown::new());
    until("it runs", || store.row(id).state == JobState::Running).await;
    let (claimed, shutdown) = (Instant::now(), Shutdown::new());
    doomed.kill();
    let second = start(process(&store, 1).handler(WORK, LONG, |_| async { Conclusion::done() }), &shutdown);
    until("it is freed", || store.row(id).state == JobState::Ready).await;
    assert!(claimed.elapsed() <= secs(65), "{:?}", claimed.elapsed());
    until("it is done", || store.row(id).state == JobState::Done).await;
    assert_eq!(store.ends(id), [AttemptEnd::LeaseLost, AttemptEnd::Done]);
    shutdown.request();
    assert_eq!(second.await.unwrap().rescued, 1);
    first.abort();
}

/// A6: of two workers in one process one died with `database is locked`.
#[tokio::test(start_paused = true)]
async fn a6_a_store_that_is_busy_now_and_then_kills_nobody() {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(200));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let runs: Vec<_> = (0..2).map(|_| start(process(&store, 4).handler(WORK, LONG, starts.working(millis(20))), &shutdown)).collect();
    let begun = Instant::now();
    while store.count(JobState::Done) < 200 {
        for call in ["claim", "settle", "heartbeat", "next_job_in", "rescue", "register_worker"] {
            store.fail(call, 1);
        }
        tokio::time::sleep(millis(1300)).await;
        assert!(begun.elapsed() < secs(600), "{} are done", store.count(JobState::Done));
    }
    assert!(runs.iter().all(|run| !run.is_finished()));
    assert!(ids.iter().all(|id| starts.of(*id).len() == 1 && store.ends(*id) == [AttemptEnd::Done]));
    shutdown.request();
    for run in runs {
        run.await.unwrap();
    }
}

/// A12: a restart under the same place could not begin, because the dead worker's name was taken.
#[tokio::test(start_paused = true)]
async fn a12_a_restart_in_the_same_place_begins_at_once() {
    let store = MemoryJobs::new();
    let doomed = store.another();
    let place = "arkiv1:4711";
    let first = start(process(&doomed, 1).place(place).handler(WORK, LONG, |_| async { Conclusion::done() }), &Shutdown::new());
    until("it is registered", || doomed.calls("register_worker") == 1).await;
    tokio::task::yield_now().await;
    doomed.kill();
    first.abort();
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let id = store.add(&jobs(1))[0];
    let begun = Instant::now();
    let run = start(process(&store, 1).place(place).handler(WORK, LONG, starts.working(millis(1))), &shutdown);
    until("it is done", || store.row(id).state == JobState::Done).await;
    assert!(begun.elapsed() < secs(1));
    let places: Vec<String> = store.workers().await.unwrap().into_iter().map(|w| w.place).collect();
    assert_eq!(places, [place, place], "two starts, two rows");
    shutdown.request();
    run.await.unwrap();
}

/// § 4.4 (3): a wake-up that came while a claim was under way was lost, and the job waited for the poll.
#[tokio::test(start_paused = true)]
async fn a_job_that_comes_while_a_claim_is_under_way_is_not_overlooked() {
    let store = MemoryJobs::new();
    store.slow("claim", millis(200));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 2).handler(WORK, LONG, starts.working(millis(1))), &shutdown);
    for _ in 0..20 {
        // Let it fall asleep, wake it, and enqueue when its claim has read the empty table and has not answered yet.
        tokio::time::sleep(secs(2)).await;
        let claims = store.calls("claim");
        let first = store.add(&jobs(1))[0];
        until("it claims", || store.calls("claim") > claims).await;
        tokio::time::sleep(millis(50)).await;
        let (second, came) = (store.add(&jobs(1))[0], Instant::now());
        until("both are done", || [first, second].iter().all(|id| store.row(*id).state == JobState::Done)).await;
        let waited = starts.of(second)[0] - came;
        assert!(waited < millis(500), "{waited:?}");
    }
    shutdown.request();
    run.await.unwrap();
    assert!(store.clock().now().unix_seconds() > 0);
}
