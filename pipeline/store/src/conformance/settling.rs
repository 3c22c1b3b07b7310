//! How attempts end, and that a stale worker changes nothing.

use pipeline_domain::{ErrorCode, NextStep, RecipientRef};
use serde_json::json;

use super::{
    Stand,
    jobs_sample::{
        LEASE, MINUTE_MS, OTHER, document_failed, ends, failed, finish, is_lost, job, later, now, number, past, put, row, settle,
        settle_with, state, take, take_one, with_key, worker,
    },
    sample::{accepted, archived, at, document, key, notice},
};
use crate::{
    AttemptEnd, DocumentState, Documents, Effect, JobState, Jobs, Lease, MailFilter, NewJob, Outbox, Outcome, RescuePolicy, RunCounts,
    RunId, Runs, Settlement, StoreError,
};

/// Wrong attempt, wrong worker, settled twice, never claimed: no outcome and no effect is written.
pub async fn a_stale_lease_changes_nothing(stand: &impl Stand) {
    let store = stand.open().await;
    accepted(&store, &document(1)).await;
    let id = put(&store, &job(1)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    let stale = [
        Lease { attempt: 2, ..lease },
        Lease { attempt: 0, ..lease },
        Lease { worker: worker(2), ..lease },
        Lease { job: crate::JobId(id.0 + 1), ..lease },
    ];
    for wrong in stale {
        for outcome in [Outcome::done(), failed(NextStep::Failed), Outcome::Returned, Outcome::Cancelled] {
            assert!(is_lost(&settle_with(&store, wrong, outcome, Some(document_failed(1))).await, wrong));
        }
    }
    assert_eq!((state(&store, id).await, ends(&store, id).await), (JobState::Running, vec![]));
    finish(&store, lease).await;
    for outcome in [Outcome::done(), failed(NextStep::Failed), Outcome::Returned] {
        assert!(is_lost(&settle_with(&store, lease, outcome, Some(document_failed(1))).await, lease), "settled before");
    }
    assert_eq!((state(&store, id).await, ends(&store, id).await), (JobState::Done, vec![AttemptEnd::Done]));
    assert_eq!(store.attempts(key(1)).await.unwrap(), [], "no effect was written");
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Accepted);
}

/// A worker that slept past its lease: the job is another's, with a higher attempt, and the sleeper's work is thrown away.
pub async fn a_sleeper_that_wakes_has_changed_nothing(stand: &impl Stand) {
    let (store, sleeper) = (stand.open().await, stand.open().await);
    let reservation = accepted(&store, &document(1)).await;
    let id = put(&store, &job(1)).await;
    let old = take_one(&sleeper, worker(1)).await.lease;
    store.shift_clock(2 * MINUTE_MS);
    let policy = RescuePolicy { first_wait: std::time::Duration::ZERO, longest_lease: LEASE, limit: 10 };
    assert_eq!(store.rescue(&policy).await.unwrap().len(), 1);
    let new = take_one(&store, worker(2)).await.lease;
    assert_eq!((new.job, new.attempt), (id, 2));
    let effect = Effect::Archived {
        archived: archived(1, &reservation),
        notices: vec![notice(1, RecipientRef::Subject, &reservation)],
        on_paper: vec![],
        at: at(1),
    };
    let next = Outcome::Done { next: vec![job(9)], result: None };
    assert!(is_lost(&settle_with(&sleeper, old, next, Some(effect.clone())).await, old));
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Accepted);
    assert_eq!(store.mails(&MailFilter::default(), 10).await.unwrap(), []);
    assert_eq!(take(&store, worker(3), 10).await, [], "nothing was enqueued");
    settle_with(&store, new, Outcome::done(), Some(effect)).await.unwrap();
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Archived);
    assert_eq!(ends(&store, id).await, [AttemptEnd::LeaseLost, AttemptEnd::Done]);
}

/// An attempt that ends after its lease, but before anyone noticed, counts: no clock decides, only the token.
pub async fn late_is_not_lost(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &job(1)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    store.shift_clock(60 * MINUTE_MS);
    finish(&store, lease).await;
    assert_eq!(state(&store, id).await, JobState::Done);
}

/// One stale and one refused among many: the others go through, each answer in its place.
pub async fn one_that_fails_takes_no_other_with_it(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let ids = [1, 2, 3, 4, 5, 6].map(job);
    store.enqueue(&ids).await.unwrap();
    let taken = take(&store, worker(1), 10).await;
    let leases: Vec<Lease> = taken.iter().map(|j| j.lease).collect();
    finish(&store, leases[1]).await;
    let plain = |lease| Settlement { lease, outcome: Outcome::done(), effect: None };
    let unknown = document_failed(99);
    let right = Effect::Archived { archived: archived(1, &reservation), notices: vec![], on_paper: vec![], at: at(1) };
    let answers = store
        .settle(vec![
            plain(leases[0]),
            plain(leases[1]),
            Settlement { effect: Some(unknown), ..plain(leases[2]) },
            Settlement { effect: Some(right), ..plain(leases[3]) },
            Settlement { outcome: failed(NextStep::Failed), ..plain(leases[4]) },
            plain(leases[0]),
            plain(leases[5]),
        ])
        .await
        .unwrap();
    assert_eq!(answers.len(), 7);
    assert!(answers[0].is_ok() && is_lost(&answers[1], leases[1]) && answers[3].is_ok() && answers[4].is_ok(), "{answers:?}");
    assert!(matches!(answers[2], Err(StoreError::UnknownDocument { .. })), "{answers:?}");
    assert!(is_lost(&answers[5], leases[0]) && answers[6].is_ok(), "{answers:?}");
    let mut states = Vec::new();
    for lease in &leases {
        states.push(state(&store, lease.job).await);
    }
    use JobState::{Dead, Done, Running};
    assert_eq!(states, [Done, Done, Running, Done, Dead, Done], "a refused effect leaves its job in hand");
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
    assert!(store.settle(vec![]).await.unwrap().is_empty());
}

/// What follows is there when this is done, and not before; its result is kept.
pub async fn what_follows_comes_with_the_end(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &job(1)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    let next = vec![job(2), NewJob { queue: OTHER, ..with_key(3, "k") }];
    let result = json!({ "pages": 3 });
    settle(&store, lease, Outcome::Done { next, result: Some(result.clone()) }).await.unwrap();
    let done = row(&store, id).await;
    assert_eq!((done.state, done.result, done.worker, done.lease_until), (JobState::Done, Some(result), None, None));
    assert!(done.finished_at.is_some());
    assert_eq!(number(&take_one(&store, worker(1)).await), 2);
    assert_eq!(store.queue_stats().await.unwrap().iter().map(|q| q.ready).collect::<Vec<_>>(), [1, 0]);

    let refused = NewJob { max_failures: 0, ..job(4) };
    let id = put(&store, &job(5)).await;
    let lease = take_one(&store, worker(1)).await.lease;
    let answer = settle(&store, lease, Outcome::Done { next: vec![job(6), refused], result: None }).await;
    assert!(matches!(answer, Err(StoreError::Refused { .. })), "{answer:?}");
    assert_eq!(state(&store, id).await, JobState::Running, "not done without what follows");
    assert_eq!(take(&store, worker(1), 10).await, []);
}

/// A job may be followed by another of its own kind and key: it is finished when that one is made.
pub async fn a_job_may_follow_itself(stand: &impl Stand) {
    let store = stand.open().await;
    put(&store, &with_key(1, "k")).await;
    let lease = take_one(&store, worker(1)).await.lease;
    settle(&store, lease, Outcome::Done { next: vec![with_key(2, "k"), with_key(3, "k")], result: None }).await.unwrap();
    assert_eq!(number(&take_one(&store, worker(1)).await), 2);
}

/// Failures are counted, attempts are numbered, and these are two things.
pub async fn failures_are_counted_to_the_limit(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &NewJob { max_failures: 3, ..job(1) }).await;
    let mut first_failed_at = None;
    for n in 1..=3 {
        let claimed = take_one(&store, worker(1)).await;
        assert_eq!((claimed.lease.attempt, claimed.failures, claimed.first_failed_at), (n, n - 1, first_failed_at));
        let at = now(&store).await;
        settle(&store, claimed.lease, failed(NextStep::RetryAt(later(at, 300)))).await.unwrap();
        let after = row(&store, id).await;
        assert_eq!((after.failures, after.attempt, after.last_code), (n, n, Some(ErrorCode::RenderCrashed)));
        if n < 3 {
            assert_eq!((after.state, after.not_before), (JobState::Ready, Some(later(at, 300))));
            assert_eq!(take(&store, worker(1), 10).await, [], "not before its time");
            store.shift_clock(5 * MINUTE_MS);
            first_failed_at = first_failed_at.or(Some(at));
        }
    }
    let dead = row(&store, id).await;
    assert_eq!((dead.state, dead.finished_at.is_some(), dead.worker), (JobState::Dead, true, None));
    assert_eq!(ends(&store, id).await, [AttemptEnd::Failed; 3]);
}

/// Handed back or put off: costs nothing, however often; the times hold over a restart.
pub async fn returned_and_snoozed_cost_nothing(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &NewJob { max_failures: 1, ..job(1) }).await;
    for n in 1..=5 {
        let claimed = take_one(&store, worker(1)).await;
        assert_eq!((claimed.lease.attempt, claimed.failures), (n, 0));
        settle(&store, claimed.lease, Outcome::Returned).await.unwrap();
        assert_eq!(state(&store, id).await, JobState::Ready);
    }
    let until = later(now(&store).await, 600);
    let lease = take_one(&store, worker(1)).await.lease;
    settle(&store, lease, Outcome::Snoozed { until, code: Some(ErrorCode::ArchiveConflict) }).await.unwrap();
    drop(store);
    let store = stand.open().await;
    let snoozed = row(&store, id).await;
    assert_eq!((snoozed.state, snoozed.not_before, snoozed.failures), (JobState::Ready, Some(until), 0));
    assert_eq!(snoozed.last_code, Some(ErrorCode::ArchiveConflict));
    store.shift_clock(9 * MINUTE_MS);
    assert_eq!(take(&store, worker(1), 10).await, [], "a snooze is honoured");
    store.shift_clock(MINUTE_MS);
    let claimed = take_one(&store, worker(1)).await;
    assert!(claimed.waited.as_secs() < 30, "due since the snooze ended: {:?}", claimed.waited);
    settle(&store, claimed.lease, Outcome::Snoozed { until: past(), code: None }).await.unwrap();
    let claimed = take_one(&store, worker(1)).await;
    assert_eq!((claimed.lease.attempt, claimed.failures), (8, 0), "a snooze into the past is over at once");
    assert_eq!(row(&store, id).await.last_code, Some(ErrorCode::ArchiveConflict), "no new reason leaves the old one");
}

/// Every attempt with its number, worker, times, end and reason, first to last.
pub async fn the_history_is_complete(stand: &impl Stand) {
    let store = stand.open().await;
    let id = put(&store, &job(1)).await;
    let soon = NextStep::RetryAt(past());
    let long = Outcome::Failed { code: ErrorCode::JobTimedOut, detail: "ø".repeat(400), next: soon };
    for outcome in [Outcome::Returned, long, Outcome::Snoozed { until: past(), code: Some(ErrorCode::ArchiveConflict) }] {
        settle(&store, take_one(&store, worker(1)).await.lease, outcome).await.unwrap();
        store.shift_clock(MINUTE_MS);
    }
    take_one(&store, worker(2)).await;
    store.shift_clock(5 * MINUTE_MS);
    let policy = RescuePolicy { first_wait: std::time::Duration::ZERO, longest_lease: LEASE, limit: 10 };
    store.rescue(&policy).await.unwrap();
    settle(&store, take_one(&store, worker(3)).await.lease, Outcome::Cancelled).await.unwrap();
    assert_eq!(state(&store, id).await, JobState::Cancelled);

    let kept = store.attempts_of(id).await.unwrap();
    use AttemptEnd::{Cancelled, Failed, LeaseLost, Returned, Snoozed};
    let told: Vec<_> = kept.iter().map(|a| (a.attempt, a.worker, a.end, a.code)).collect();
    let expected = [
        (1, worker(1), Returned, None),
        (2, worker(1), Failed, Some(ErrorCode::JobTimedOut)),
        (3, worker(1), Snoozed, Some(ErrorCode::ArchiveConflict)),
        (4, worker(2), LeaseLost, Some(ErrorCode::JobLeaseLost)),
        (5, worker(3), Cancelled, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(kept[1].detail, "ø".repeat(300), "cut");
    assert!(kept.iter().all(|a| a.started_at <= a.ended_at));
    assert!(kept.windows(2).all(|w| w[0].ended_at <= w[1].ended_at));
    let held = kept[3].ended_at.unix_seconds() - kept[3].started_at.unix_seconds();
    assert!((299..=330).contains(&held), "from claim to rescue: {held}");
    assert_eq!(store.attempts_of(crate::JobId(id.0 + 1)).await.unwrap(), []);
}

/// Each kind of effect lands with its job's end.
pub async fn effects_land_with_the_end(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    accepted(&store, &document(2)).await;
    store.enqueue(&[1, 2, 3].map(job)).await.unwrap();
    let taken = take(&store, worker(1), 10).await;
    let run = RunId(uuid::Uuid::from_u128(7));
    let counts = RunCounts { archived: 4, ..RunCounts::default() };
    let archived_effect = Effect::Archived {
        archived: archived(1, &reservation),
        notices: vec![notice(1, RecipientRef::Recipient(0), &reservation)],
        on_paper: vec![RecipientRef::Subject],
        at: at(3),
    };
    settle_with(&store, taken[0].lease, Outcome::done(), Some(archived_effect)).await.unwrap();
    settle_with(&store, taken[1].lease, failed(NextStep::Failed), Some(document_failed(2))).await.unwrap();
    let finished = Effect::RunFinished { run, counts, reports: vec![], at: at(5) };
    settle_with(&store, taken[2].lease, Outcome::done(), Some(finished)).await.unwrap();

    assert_eq!(store.document(key(1)).await.unwrap().unwrap().archived.unwrap().at, at(3));
    assert_eq!((store.mails(&MailFilter::default(), 10).await.unwrap().len(), store.paper_list().await.unwrap().len()), (1, 1));
    assert_eq!(store.document(key(2)).await.unwrap().unwrap().state, DocumentState::Failed);
    assert_eq!(store.attempts(key(2)).await.unwrap().len(), 1);
    let ended = store.runs(10).await.unwrap();
    assert_eq!((ended[0].id, ended[0].finished_at, ended[0].counts), (run, Some(at(5)), counts));
}
