//! The store is away: nobody ends, nothing is charged, nothing is lost.

use pipeline_store::{AttemptEnd, JobState, Jobs};

use super::*;

/// A5: after a restart of the database both workers had ended, and twenty finished jobs had lost their end.
async fn away_for(outage: Duration) {
    let store = MemoryJobs::new();
    let other = store.another();
    let ids = store.add(&jobs(400));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let process = |store: &Arc<MemoryJobs>| start(process(store, 5).handler(WORK, LONG, starts.working(millis(700))), &shutdown);
    let runs = [process(&store), process(&other)];
    tokio::time::sleep(secs(8)).await;
    let before = starts.count();
    store.go_away(outage);
    other.go_away(outage);
    tokio::time::sleep(outage).await;
    let back = Instant::now();
    assert!(starts.count() <= before + 10, "nothing new is begun while nothing can be settled");
    until("work goes on", || starts.count() > before + 10).await;
    assert!(back.elapsed() <= secs(6), "{:?}", back.elapsed());
    until("all are done", || store.count(JobState::Done) == 400).await;
    assert!(runs.iter().all(|run| !run.is_finished()), "nobody ended");
    shutdown.request();
    for run in runs {
        let report = run.await.unwrap();
        assert_eq!((report.failed, report.lost, report.rescued, report.unsettled), (0, 0, 0, 0));
    }
    assert!(ids.iter().all(|id| starts.of(*id).len() == 1 && store.ends(*id) == [AttemptEnd::Done]));
}

#[tokio::test(start_paused = true)]
async fn a5_the_store_is_away_for_two_seconds() {
    away_for(secs(2)).await;
}

#[tokio::test(start_paused = true)]
async fn a5_the_store_is_away_for_a_minute() {
    away_for(secs(60)).await;
}

/// Longer than every lease: whoever comes back first shall not free the jobs of the others.
#[tokio::test(start_paused = true)]
async fn an_outage_longer_than_the_lease_frees_nobodys_jobs() {
    let store = MemoryJobs::new();
    let other = store.another();
    let ids = store.add(&jobs(4));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let process = |store: &Arc<MemoryJobs>| start(process(store, 2).handler(WORK, LONG, starts.working(secs(600))), &shutdown);
    let runs = [process(&store), process(&other)];
    until("all run", || starts.count() == 4).await;
    store.go_away(secs(200));
    // The other's way to the store is open four seconds later.
    other.go_away(secs(204));
    until("all are done", || store.count(JobState::Done) == 4).await;
    assert!(ids.iter().all(|id| store.ends(*id) == [AttemptEnd::Done]));
    shutdown.request();
    for run in runs {
        assert_eq!(run.await.unwrap().rescued, 0);
    }
}

/// What is through while the store is away is kept, and the number of such jobs is bounded by the slots.
#[tokio::test(start_paused = true)]
async fn what_was_done_during_an_outage_is_settled_after_it() {
    let store = MemoryJobs::new();
    store.add(&jobs(50));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 6).handler(WORK, LONG, starts.working(secs(1))), &shutdown);
    until("six run", || starts.count() == 6).await;
    store.go_away(secs(30));
    tokio::time::sleep(secs(29)).await;
    assert_eq!((starts.count(), store.count(JobState::Done)), (6, 0));
    tokio::time::sleep(secs(8)).await;
    assert!(store.count(JobState::Done) >= 6);
    until("all are done", || store.count(JobState::Done) == 50).await;
    assert_eq!(starts.count(), 50);
    shutdown.request();
    run.await.unwrap();
}

/// Only writing fails, as on a full disk: nothing more is claimed than can be settled.
#[tokio::test(start_paused = true)]
async fn a_store_that_can_be_read_but_not_settled_gets_no_more_claims() {
    let store = MemoryJobs::new();
    store.add(&jobs(100));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 3).handler(WORK, LONG, starts.working(millis(10))), &shutdown);
    store.fail("settle", 12);
    tokio::time::sleep(secs(9)).await;
    assert!(starts.count() <= 9 && store.count(JobState::Done) == 0, "{} begun though none could be settled", starts.count());
    until("all are done", || store.count(JobState::Done) == 100).await;
    assert_eq!(starts.count(), 100);
    shutdown.request();
    assert_eq!(run.await.unwrap().failed, 0);
}

/// The worker comes up before the database does.
#[tokio::test(start_paused = true)]
async fn a_runner_that_starts_without_its_store_waits_for_it() {
    let store = MemoryJobs::new();
    store.add(&jobs(1));
    store.go_away(secs(90));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 1).place("arkiv1:1").handler(WORK, LONG, starts.working(secs(1))), &shutdown);
    tokio::time::sleep(secs(100)).await;
    assert_eq!((starts.count(), store.workers().await.unwrap().len()), (1, 1));
    shutdown.request();
    run.await.unwrap();
}

/// The answer to a settling was lost after it was written: asked again, the lease is gone, and that is all.
async fn counts_once(lose_answers: fn(&MemoryJobs)) {
    let store = MemoryJobs::new();
    let ids = store.add(&jobs(30));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let ended: Arc<Mutex<Vec<JobId>>> = Arc::default();
    let seen = ended.clone();
    let builder = process(&store, 10).handler(WORK, LONG, starts.working(millis(50)));
    lose_answers(&store);
    let run = start(builder.on_event(move |event| seen.lock().unwrap().push(event.id)), &shutdown);
    until("all are done", || store.count(JobState::Done) == 30).await;
    tokio::time::sleep(secs(20)).await;
    shutdown.request();
    let report = run.await.unwrap();
    assert_eq!((report.done, report.lost, report.failed), (30, 0, 0));
    assert!(ids.iter().all(|id| starts.of(*id).len() == 1 && store.row(*id).failures == 0));
    let mut ended = ended.lock().unwrap().clone();
    ended.sort();
    assert_eq!(ended, ids, "told of once each");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_written_but_not_answered_counts_once() {
    counts_once(|store| store.lose_answers("settle", 2)).await;
}

/// As a store answers that settles one by one, when it is cut off after the writing.
#[tokio::test(start_paused = true)]
async fn an_end_that_was_written_but_answered_as_unavailable_counts_once() {
    counts_once(|store| store.lose_answers_by_item(2)).await;
}

/// The connection breaks after the store has given jobs away: nobody has them, and they are not left to their lease.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_is_lost_is_handed_back_at_no_cost() {
    let store = MemoryJobs::new();
    store.lose_answers("claim", 1);
    let ids = store.add(&jobs(4));
    let (starts, shutdown) = (Starts::default(), Shutdown::new());
    let run = start(process(&store, 4).handler(WORK, LONG, starts.working(secs(1))), &shutdown);
    until("all are done", || store.count(JobState::Done) == 4).await;
    for id in ids {
        assert_eq!(store.ends(id), [AttemptEnd::Returned, AttemptEnd::Done]);
        assert_eq!(store.row(id).failures, 0);
    }
    shutdown.request();
    let report = run.await.unwrap();
    assert_eq!((report.rescued, report.lost), (0, 0));
}
