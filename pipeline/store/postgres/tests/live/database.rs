//! What is in the database, what it allows, and what becomes of calls that get in each other's way.

use std::{collections::BTreeSet, error::Error, time::Duration};

use pipeline_domain::{ErrorCode, RecipientRef};
use pipeline_store::{
    Acceptance, DocumentFilter, DocumentState, Documents, MailOutcome, MailState, Outbox, Stage, StoreError, nothing_follows,
};
use pipeline_store_postgres::{PostgresStore, Settings, testing::Mode};
use sqlx::Connection;
use tokio::task::JoinSet;

use crate::sample::{archived, bare, claimed, document, fresh_database, key, notice_to, now, own_server, reserved, run, with_mail};

fn said(error: &StoreError) -> String {
    let mut all = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        all.push_str(&format!(": {next}"));
        cause = next.source();
    }
    all
}

#[tokio::test]
async fn a_new_database_is_migrated_and_its_version_is_told() {
    let url = fresh_database!();
    let (applied, known) = PostgresStore::migration_status(&url).await.unwrap();
    assert_eq!(applied, 0);
    assert!(known >= 1);
    let mut c = sqlx::PgConnection::connect(&url).await.unwrap();
    let schemas: i64 = sqlx::query_scalar("select count(*) from pg_namespace where nspname = 'arkivflyt'").fetch_one(&mut c).await.unwrap();
    assert_eq!(schemas, 0, "looking changes nothing");
    PostgresStore::connect(&url).await.unwrap().close().await;
    assert_eq!(PostgresStore::migration_status(&url).await.unwrap(), (known, known));
    let elsewhere: i64 = sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'").fetch_one(&mut c).await.unwrap();
    assert_eq!(elsewhere, 0, "all tables are in our schema");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let url = fresh_database!();
    PostgresStore::connect(&url).await.unwrap().close().await;
    run(&url, "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true, '', 0)")
        .await;
    let refused = PostgresStore::connect(&url).await.err().unwrap();
    assert!(matches!(refused, StoreError::NewerSchema { found: 9999, .. }), "{refused:?}");
    assert_eq!(refused.code(), ErrorCode::StoreNewer);
    assert_eq!(PostgresStore::migration_status(&url).await.unwrap().0, 9999);
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let url = fresh_database!();
    PostgresStore::connect(&url).await.unwrap().close().await;
    run(&url, "update _sqlx_migrations set checksum = ''").await;
    let refused = PostgresStore::connect(&url).await.err().unwrap();
    assert!(matches!(refused, StoreError::Inconsistent { table: "_sqlx_migrations", column: "checksum", .. }), "{refused:?}");
}

/// Said at once, without the password.
#[tokio::test]
async fn a_wrong_address_is_refused() {
    let url = fresh_database!();
    let missing = url.replace("/test_", "/no_such_database_");
    for wrong in [missing.as_str(), "postgres://someone:geheim@localhost:port/x", "mysql://someone:geheim@localhost/x", "arkivflyt.db"] {
        let refused = PostgresStore::connect(wrong).await.err().unwrap();
        assert!(matches!(refused, StoreError::Refused { .. }), "{wrong}: {refused:?}");
        assert!(!said(&refused).contains("geheim"));
    }
}

/// A machine where both start at the same time: whoever is first waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_later_is_waited_for() {
    let server = own_server!();
    let url = server.fresh_database().await;
    server.stop(Mode::Fast);
    let settings = Settings { start_patience: Duration::from_millis(300), ..Settings::default() };
    let given_up = PostgresStore::connect_with(&url, &settings).await.err().unwrap();
    assert!(matches!(given_up, StoreError::Unavailable { .. }), "{given_up:?}");
    let waiting = tokio::spawn({
        let url = url.clone();
        async move { PostgresStore::connect(&url).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    server.launch();
    let store = waiting.await.unwrap().unwrap();
    assert!(matches!(store.accept(&document(1), nothing_follows).await.unwrap(), Acceptance::New(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_a_new_database_at_once() {
    let url = fresh_database!();
    let mut tasks = JoinSet::new();
    for n in 1..=8 {
        let url = url.clone();
        tasks.spawn(async move {
            let store = PostgresStore::connect(&url).await.unwrap();
            assert!(matches!(store.accept(&document(n), nothing_follows).await.unwrap(), Acceptance::New(_)));
        });
    }
    tasks.join_all().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    let numbers: Vec<u32> =
        store.documents(&DocumentFilter::default(), 10).await.unwrap().iter().map(|d| d.reservation.journal.sequence).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

/// Sixteen processes (here: stores with pools of their own) are handed the same forty documents in different orders: each document
/// is new once, and numbers have no gap and come in the order of the rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_may_accept_the_same_documents() {
    const DOCUMENTS: u32 = 40;
    let url = fresh_database!();
    let settings = Settings { connections: 3, ..Settings::default() };
    let mut tasks = JoinSet::new();
    for process in 0..16 {
        let store = PostgresStore::connect_with(&url, &settings).await.unwrap();
        for n in 0..DOCUMENTS {
            let store = store.clone();
            // 7 shares no factor with 40: every process begins elsewhere and goes its own way.
            let n = (n * 7 + process * 11) % DOCUMENTS;
            tasks.spawn(async move { store.accept(&document(n), nothing_follows).await.unwrap() });
        }
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| matches!(a, Acceptance::New(_))).count(), DOCUMENTS as usize);
    assert_eq!(answers.iter().filter(|a| matches!(a, Acceptance::Known(_))).count(), 15 * DOCUMENTS as usize);
    let store = PostgresStore::connect(&url).await.unwrap();
    let rows = store.documents(&DocumentFilter::default(), 1000).await.unwrap();
    let journal: Vec<u32> = rows.iter().map(|d| d.reservation.journal.sequence).collect();
    assert_eq!(journal, (1..=DOCUMENTS).collect::<Vec<_>>());
    let folders: BTreeSet<u32> = rows.iter().map(|d| d.reservation.folder.sequence).collect();
    assert_eq!(folders, (1..=DOCUMENTS.div_ceil(3)).collect());
}

#[tokio::test]
async fn a_bad_row_is_named() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    store.accept(&document(1), nothing_follows).await.unwrap();
    run(&url, "update documents set kind = 'shopping_list'").await;
    let bad = store.document(key(1)).await.unwrap_err();
    assert_eq!(bad.to_string(), "column kind of table documents cannot be read in row 1");
    assert_eq!(bad.code(), ErrorCode::StoreInconsistent);
}

/// What the database says of a refused row holds the constraint's name and none of the row's values.
#[tokio::test]
async fn a_refusal_names_the_constraint_only() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    let reservation = reserved(store.accept(&document(1), nothing_follows).await.unwrap());
    let mut stray = notice_to(1, RecipientRef::Subject);
    stray.document = Some(key(77));
    let refused = store.record_archived(&archived(1, &reservation), &[stray], &[], now()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused:?}");
    let said = said(&refused);
    assert!(said.contains("constraint outbox_document"), "{said}");
    assert!(!said.contains(&key(77).id.to_string()), "{said}");
}

/// One call of a group fails after it has taken its numbers: the others keep theirs, and there is no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_spoils_nobody_elses_call() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    store.accept(&document(0), nothing_follows).await.unwrap();
    run(
        &url,
        "create function refuse() returns trigger language plpgsql as $$ begin raise check_violation using message = 'forced'; end $$;
         create trigger refuse before insert on documents for each row when (new.document_id like '%3') execute function refuse()",
    )
    .await;
    let mut tasks = JoinSet::new();
    for n in 1..=100 {
        let store = store.clone();
        tasks.spawn(async move { (n, store.accept(&document(n), nothing_follows).await) });
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for (n, answer) in tasks.join_all().await {
        match answer {
            Ok(Acceptance::New(reservation)) => taken.push(reservation.journal.sequence),
            Err(StoreError::Refused { .. }) => refused.push(n),
            other => panic!("{other:?}"),
        }
    }
    refused.sort_unstable();
    taken.sort_unstable();
    assert_eq!(refused, [3, 19, 35, 51, 67, 83, 99], "ids that end in 3 when written as hexadecimal");
    let last = u32::try_from(taken.len()).unwrap() + 1;
    assert_eq!(taken, (2..=last).collect::<Vec<_>>());
}

/// A second process (here: a bare connection) is in the middle of a write: we wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_waits_for_another_process() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    let mut other = bare(&url).await;
    sqlx::raw_sql("begin; insert into sequences values ('journal', '9901', 2026, 5)").execute(&mut other).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.accept(&document(1), nothing_follows).await }
    });
    somebody_waits(&url).await;
    assert!(!waiting.is_finished());
    assert_eq!(store.document(key(1)).await.unwrap(), None, "readers do not wait");
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert_eq!(reserved(waiting.await.unwrap().unwrap()).journal.sequence, 6);
}

/// Two transactions wait for each other. The server ends ours; it is begun again, and the caller knows nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_begun_again() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    let mut other = bare(&url).await;
    sqlx::raw_sql("set deadlock_timeout = '60s'; begin; insert into sequences values ('journal', '9901', 2026, 5)")
        .execute(&mut other)
        .await
        .unwrap();
    let waiting = tokio::spawn(async move { store.accept(&document(1), nothing_follows).await });
    somebody_waits(&url).await;
    // What the acceptance holds: now each waits for the other, and only ours looks for circles soon.
    sqlx::raw_sql("select pg_advisory_xact_lock(1634888553, 2)").execute(&mut other).await.unwrap();
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert_eq!(reserved(waiting.await.unwrap().unwrap()).journal.sequence, 6);
    let mut c = bare(&url).await;
    let deadlocks: i64 = loop {
        // The count reaches the view a little later.
        sqlx::raw_sql("select pg_stat_clear_snapshot()").execute(&mut c).await.unwrap();
        let n = sqlx::query_scalar("select deadlocks from pg_stat_database where datname = current_database()")
            .fetch_one(&mut c)
            .await
            .unwrap();
        if n > 0 {
            break n;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(deadlocks, 1, "it did happen");
}

/// Until a session of the store waits for a lock.
async fn somebody_waits(url: &str) {
    let mut c = bare(url).await;
    let sql = "select exists (select 1 from pg_stat_activity
               where datname = current_database() and application_name = 'arkivflyt' and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut c).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The last two open mails of a document are settled at the same moment: somebody must see that none is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_settled_at_once_settle_their_document() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    for n in 1..=25 {
        let notices = [0, 1, 2, 3].map(|who| notice_to(n, RecipientRef::Guardian(who)));
        with_mail(&store, n, &notices).await;
        let mut tasks = JoinSet::new();
        for notice in notices {
            claimed(&store, &notice.dedupe_key).await;
            let store = store.clone();
            tasks.spawn(async move { store.record_mail(&notice.dedupe_key, &MailOutcome::Delivered, now()).await.unwrap() });
        }
        tasks.join_all().await;
        assert_eq!(store.document(key(n)).await.unwrap().unwrap().state, DocumentState::Notified);
    }
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let url = fresh_database!();
    let store = PostgresStore::connect(&url).await.unwrap();
    let other = store.clone();
    store.mails_due(now(), 1).await.unwrap();
    store.close().await;
    assert!(matches!(other.accept(&document(1), nothing_follows).await.unwrap_err(), StoreError::Unavailable { .. }));
    assert!(matches!(other.document(key(1)).await.unwrap_err(), StoreError::Unavailable { .. }));
    assert!(matches!(other.mails_due(now(), 1).await.unwrap_err(), StoreError::Unavailable { .. }));
    let next = PostgresStore::connect(&url).await.unwrap();
    assert_eq!(next.mails_due(now(), 1).await.unwrap(), [], "it has let the outbox go");
}

/// The tables' checks list the same words as the enums, in the same order.
#[tokio::test]
async fn checks_are_the_enums() {
    let url = fresh_database!();
    PostgresStore::connect(&url).await.unwrap().close().await;
    let mut c = bare(&url).await;
    for (constraint, words) in [
        ("documents_state", DocumentState::ALL.iter().map(|s| s.id()).collect::<Vec<_>>()),
        ("outbox_state", MailState::ALL.iter().map(|s| s.id()).collect()),
        ("attempts_stage", Stage::ALL.iter().map(|s| s.id()).collect()),
    ] {
        let definition: String = sqlx::query_scalar("select pg_get_constraintdef(oid) from pg_constraint where conname = $1")
            .bind(constraint)
            .fetch_one(&mut c)
            .await
            .unwrap();
        let listed: Vec<&str> = definition.split('\'').skip(1).step_by(2).collect();
        assert_eq!(listed, words, "{constraint}");
    }
}
