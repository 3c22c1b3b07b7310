//! The server restarts, cuts connections, is away or hangs: calls answer that the database is unavailable or succeed, the store
//! goes on by itself afterwards, and nothing is half written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use pipeline_domain::Verdict;
use pipeline_store::{Claim, DocumentFilter, DocumentState, Documents, MailOutcome, Outbox, StoreError, nothing_follows};
use pipeline_store_postgres::{
    PostgresStore, Settings,
    testing::{Mode, Server},
};
use tokio::task::JoinSet;

use crate::sample::{archived, check, cut, document, fresh_database, key, notice, now, own_server, reserved};

const DOCUMENTS: u32 = 400;
const AT_ONCE: usize = 24;

/// Repeats a call while the store says that it may succeed later. Anything else fails the test.
macro_rules! until_it_answers {
    ($call:expr) => {
        loop {
            match $call.await {
                Ok(answer) => break answer,
                Err(e) => {
                    assert_eq!(e.verdict(), Verdict::Retry, "{e:?}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
}

/// Carries one document from acceptance to notified, through whatever happens to the server.
async fn carry(store: PostgresStore, n: u32, done: Arc<AtomicU32>) {
    let reservation = reserved(until_it_answers!(store.accept(&document(n), nothing_follows)));
    until_it_answers!(store.record_archived(&archived(n, &reservation), &[notice(n)], &[], now()));
    let mail = notice(n).dedupe_key;
    loop {
        until_it_answers!(store.mails_due(now(), 1));
        if let Claim::Yours(_) = until_it_answers!(store.claim_mail(&mail, "m@example.org", now())) {
            break;
        }
    }
    until_it_answers!(store.record_mail(&mail, &MailOutcome::Delivered, now()));
    done.fetch_add(1, Ordering::Relaxed);
}

/// Carries all documents, and calls `disturb` each time a fifth of them is done.
async fn carry_all(url: &str, mut disturb: impl AsyncFnMut(u32)) {
    let store = PostgresStore::connect(url).await.unwrap();
    let done = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    let mut next_disturbance = 1;
    let mut n = 0;
    while n < DOCUMENTS || !tasks.is_empty() {
        if n < DOCUMENTS && tasks.len() < AT_ONCE {
            tasks.spawn(carry(store.clone(), n, Arc::clone(&done)));
            n += 1;
        } else if let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        if done.load(Ordering::Relaxed) >= next_disturbance * DOCUMENTS / 5 && next_disturbance < 5 {
            disturb(next_disturbance).await;
            next_disturbance += 1;
        }
    }
    check(&store).await;
    let rows = store.documents(&DocumentFilter::default(), u32::MAX).await.unwrap();
    assert_eq!(rows.len(), DOCUMENTS as usize);
    assert!(rows.iter().all(|d| d.state == DocumentState::Notified));
}

async fn restarts(server: Server, mode: Mode) {
    let server = Arc::new(server);
    let url = server.fresh_database().await;
    let again = Arc::clone(&server);
    carry_all(&url, async move |_| {
        let again = Arc::clone(&again);
        tokio::task::spawn_blocking(move || again.restart(mode)).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orderly_restarts_lose_nothing() {
    restarts(own_server!(), Mode::Fast).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_of_the_server_lose_nothing() {
    restarts(own_server!(), Mode::Immediate).await;
}

/// Every connection, that of who sends mail included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_nothing() {
    let url = fresh_database!();
    carry_all(&url, async |_| assert!(cut(&url, "true").await > 0)).await;
}

/// Two seconds without a server: every call has an answer meanwhile, and the first after it succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_answered_and_survived() {
    let server = own_server!();
    let url = server.fresh_database().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    store.accept(&document(0), nothing_follows).await.unwrap();
    server.stop(Mode::Fast);
    let begun = Instant::now();
    let mut n = 1;
    while begun.elapsed() < Duration::from_secs(2) {
        let asked = Instant::now();
        for refused in [
            store.accept(&document(n), nothing_follows).await.unwrap_err(),
            store.document(key(n)).await.unwrap_err(),
            store.mails_due(now(), 1).await.unwrap_err(),
        ] {
            assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
        }
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
        n += 1;
    }
    server.launch();
    let reservation = reserved(store.accept(&document(n), nothing_follows).await.unwrap());
    assert_eq!(reservation.journal.sequence, 2, "what was refused took no number");
    assert_eq!(store.mails_due(now(), 1).await.unwrap(), []);
}

/// The server hangs with its connections open: calls give up after their patience, and the store is whole when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_given_up_on() {
    let server = own_server!();
    let url = server.fresh_database().await;
    let settings = Settings { patience: Duration::from_millis(700), ..Settings::default() };
    let store = PostgresStore::connect_with(&url, &settings).await.unwrap();
    store.accept(&document(0), nothing_follows).await.unwrap();
    store.mails_due(now(), 1).await.unwrap();
    let new = document(1);
    server.pause();
    let begun = Instant::now();
    let (written, read, sent) = tokio::join!(store.accept(&new, nothing_follows), store.document(key(0)), store.mails_due(now(), 1));
    let waited = begun.elapsed();
    server.resume();
    for refused in [written.unwrap_err(), read.unwrap_err(), sent.unwrap_err()] {
        assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
    }
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    until_it_answers!(store.accept(&new, nothing_follows));
    until_it_answers!(store.mails_due(now(), 1));
    check(&store).await;
}
