//! Who sends mail, when sessions are cut under a living process.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep};
use pipeline_store::{Claim, DocumentState, Documents, MailOutcome, MailState, Outbox, StoreError};
use pipeline_store_postgres::{PostgresStore, testing::Mode};

use crate::sample::{HOLDER, bare, claimed, cut, fresh_database, key, notice, now, own_server, run, state, with_mail};

fn mail(n: u32) -> String {
    notice(n).dedupe_key
}

/// Documents 1 to `last`, archived, with a mail each.
async fn with_mails(store: &PostgresStore, last: u32) {
    for n in 1..=last {
        with_mail(store, n, &[notice(n)]).await;
    }
}

async fn epoch(url: &str) -> i64 {
    sqlx::query_scalar("select epoch from outbox_holder").fetch_one(&mut bare(url).await).await.unwrap()
}

/// Nobody came in between: what was claimed before the cut is carried to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_session_costs_nothing_when_nobody_else_sends() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    with_mails(&store, 3).await;
    claimed(&store, &mail(1)).await;
    claimed(&store, &mail(2)).await;
    store.mark_body_sent(&mail(2)).await.unwrap();
    let before = epoch(&url).await;
    assert_eq!(cut(&url, HOLDER).await, 1);
    store.mark_body_sent(&mail(1)).await.unwrap();
    let due = store.mails_due(now(), 10).await.unwrap();
    assert_eq!(due.iter().map(|m| m.dedupe_key.as_str()).collect::<Vec<_>>(), [mail(3)], "its own claims are left alone");
    for n in 1..=2 {
        store.record_mail(&mail(n), &MailOutcome::Accepted, now()).await.unwrap();
    }
    claimed(&store, &mail(3)).await;
    assert_eq!(epoch(&url).await, before, "it was the last to send");
    assert_eq!(cut(&url, HOLDER).await, 1, "it holds the lock again");
}

/// A process whose session was cut does not know yet that another has become the one that sends. No step of its goes through,
/// whatever the other does with the mail meanwhile; only what it learnt of a mail that had gone out is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_never_writes_the_final_dot() {
    let url = fresh_database!();
    let zombie = PostgresStore::connect(&url).await.unwrap();
    with_mails(&zombie, 4).await;
    claimed(&zombie, &mail(1)).await;
    claimed(&zombie, &mail(2)).await;
    claimed(&zombie, &mail(3)).await;
    zombie.mark_body_sent(&mail(3)).await.unwrap();
    cut(&url, HOLDER).await;
    let next = PostgresStore::connect(&url).await.unwrap();
    let due = next.mails_due(now(), 10).await.unwrap();
    assert_eq!(due.iter().map(|m| m.dedupe_key.as_str()).collect::<Vec<_>>(), [mail(1), mail(2), mail(4)]);
    assert_eq!(state(&next, &mail(3)).await, MailState::Doubtful);

    // Freed, claimed by the other, and about to be sent by the other.
    assert!(matches!(zombie.mark_body_sent(&mail(1)).await.unwrap_err(), StoreError::OutboxHeld));
    claimed(&next, &mail(1)).await;
    assert!(matches!(zombie.mark_body_sent(&mail(1)).await.unwrap_err(), StoreError::OutboxHeld));
    next.mark_body_sent(&mail(1)).await.unwrap();
    assert!(matches!(zombie.mark_body_sent(&mail(1)).await.unwrap_err(), StoreError::OutboxHeld));
    let not_sent = MailOutcome::NotSent { code: ErrorCode::MailTemporary, detail: String::new(), next: NextStep::RetryAt(now()) };
    assert!(matches!(zombie.record_mail(&mail(1), &not_sent, now()).await.unwrap_err(), StoreError::OutboxHeld));
    assert!(matches!(zombie.record_mail(&mail(2), &MailOutcome::Delivered, now()).await.unwrap_err(), StoreError::OutboxHeld));
    assert_eq!((state(&next, &mail(1)).await, state(&next, &mail(2)).await), (MailState::BodySent, MailState::Queued));
    assert!(matches!(zombie.claim_mail(&mail(4), "m@example.org", now()).await.unwrap_err(), StoreError::OutboxHeld));
    assert!(matches!(zombie.mails_due(now(), 10).await.unwrap_err(), StoreError::OutboxHeld));

    zombie.record_mail(&mail(3), &MailOutcome::Accepted, now()).await.unwrap();
    next.record_mail(&mail(1), &MailOutcome::Accepted, now()).await.unwrap();
    for n in [1, 3] {
        assert_eq!(next.document(key(n)).await.unwrap().unwrap().state, DocumentState::Notified);
    }
}

/// The right to send goes away and comes back while a task still carries a mail: no second task of the same process gets that mail
/// before the first has said that it is through, and the first cannot send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_an_earlier_epoch_cannot_send_either() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    with_mails(&store, 1).await;
    claimed(&store, &mail(1)).await;
    cut(&url, HOLDER).await;
    let other = PostgresStore::connect(&url).await.unwrap();
    assert_eq!(other.mails_due(now(), 10).await.unwrap().len(), 1);
    other.close().await;

    assert_eq!(store.mails_due(now(), 10).await.unwrap().len(), 1, "it sends again, and the mail waits");
    assert_eq!(store.claim_mail(&mail(1), "m@example.org", now()).await.unwrap(), Claim::Taken(MailState::Sending));
    assert!(matches!(store.mark_body_sent(&mail(1)).await.unwrap_err(), StoreError::OutboxHeld));
    assert_eq!(store.claim_mail(&mail(1), "m@example.org", now()).await.unwrap(), Claim::Taken(MailState::Sending));
    let not_sent = MailOutcome::NotSent { code: ErrorCode::StoreUnavailable, detail: String::new(), next: NextStep::RetryAt(now()) };
    assert!(matches!(store.record_mail(&mail(1), &not_sent, now()).await.unwrap_err(), StoreError::OutboxHeld));
    claimed(&store, &mail(1)).await;
    store.mark_body_sent(&mail(1)).await.unwrap();
    store.record_mail(&mail(1), &MailOutcome::Accepted, now()).await.unwrap();
}

/// Delivered while the server was away: it is written down when the server is back, and not delivered again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_could_not_be_written_is_written_later() {
    let server = own_server!();
    let url = server.fresh_database().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    with_mails(&store, 2).await;
    claimed(&store, &mail(1)).await;
    server.stop(Mode::Immediate);
    let lost = store.record_mail(&mail(1), &MailOutcome::Delivered, now()).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable { .. }), "{lost:?}");
    assert!(matches!(store.mails_due(now(), 10).await.unwrap_err(), StoreError::Unavailable { .. }));
    server.launch();
    let due = store.mails_due(now(), 10).await.unwrap();
    assert_eq!(due.iter().map(|m| m.dedupe_key.as_str()).collect::<Vec<_>>(), [mail(2)]);
    assert_eq!(state(&store, &mail(1)).await, MailState::Delivered);
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
    store.record_mail(&mail(1), &MailOutcome::Delivered, now()).await.unwrap();
}

/// The same, but another sent in between: the task that still tries to write it down learns that its claim was taken away, and the mail
/// is taken up anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_of_an_earlier_epoch_is_told_as_such_however_late() {
    let server = own_server!();
    let url = server.fresh_database().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    with_mails(&store, 1).await;
    claimed(&store, &mail(1)).await;
    server.stop(Mode::Immediate);
    let lost = store.record_mail(&mail(1), &MailOutcome::Delivered, now()).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable { .. }), "{lost:?}");
    server.launch();
    let other = PostgresStore::connect(&url).await.unwrap();
    assert_eq!(other.mails_due(now(), 10).await.unwrap().len(), 1, "freed");
    other.close().await;

    assert_eq!(store.mails_due(now(), 10).await.unwrap().len(), 1, "it sends again, and the mail waits");
    let late = store.record_mail(&mail(1), &MailOutcome::Delivered, now()).await.unwrap_err();
    assert!(matches!(late, StoreError::OutboxHeld), "{late:?}");
    claimed(&store, &mail(1)).await;
    store.record_mail(&mail(1), &MailOutcome::Delivered, now()).await.unwrap();
    assert_eq!(state(&store, &mail(1)).await, MailState::Delivered);
}

/// The answer to a claim is lost, made or not: the mail waits again instead of lying claimed by nobody for as long as we live.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_without_an_answer_is_given_back() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    with_mails(&store, 1).await;
    for landed in [false, true] {
        store.mails_due(now(), 1).await.unwrap();
        let mut other = bare(&url).await;
        sqlx::raw_sql("begin; select * from outbox for update").execute(&mut other).await.unwrap();
        let claim = tokio::spawn({
            let store = store.clone();
            async move { store.claim_mail(&mail(1), "m@example.org", now()).await }
        });
        while cut(&url, "a.wait_event_type = 'Lock'").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let lost = claim.await.unwrap().unwrap_err();
        assert!(matches!(lost, StoreError::Unavailable { .. }), "{lost:?}");
        sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
        if landed {
            run(&url, "update outbox set state = 'sending', message_id = 'm@example.org', claimed_at = 1").await;
        }
        assert_eq!(store.mails_due(now(), 10).await.unwrap().len(), 1);
        assert_eq!(state(&store, &mail(1)).await, MailState::Queued);
    }
    claimed(&store, &mail(1)).await;
}
