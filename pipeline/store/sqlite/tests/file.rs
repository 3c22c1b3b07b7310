//! The file itself: who may read it, what it is when it is not ours, and what its tables allow.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use pipeline_domain::{DocumentId, DocumentKey, DocumentKind, DocumentVersion, ErrorCode, Fact, PlanId, Sha256, Timestamp};
use pipeline_store::{
    Acceptance, AttemptEnd, DocumentFilter, DocumentState, Documents, JobState, MailState, NewDocument, Outbox, SlotChange, Stage,
    StoreError, nothing_follows,
};
use pipeline_store_sqlite::SqliteStore;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    (folder, path)
}

/// A connection that knows nothing of the store's rules.
async fn bare(path: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path).foreign_keys(false)).await.unwrap()
}

async fn run(path: &Path, sql: &'static str) {
    let mut c = bare(path).await;
    sqlx::raw_sql(sql).execute(&mut c).await.unwrap();
    c.close().await.unwrap();
}

fn document(n: u32) -> NewDocument {
    NewDocument {
        key: DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(u128::from(n))), version: DocumentVersion(1) },
        kind: DocumentKind::PlanSnapshot,
        digest: Sha256::of(&n.to_be_bytes()),
        municipality: "9901".parse().unwrap(),
        plan: PlanId::from_uuid(Uuid::from_u128(u128::from(n))),
        source_system: "samspill".parse().unwrap(),
        fact: Fact::of_kind(DocumentKind::PlanSnapshot, Timestamp::from_unix_seconds(1_795_422_600).unwrap()),
        slot: SlotChange::Keep,
        at: Timestamp::from_unix_seconds(1_795_422_600).unwrap(),
    }
}

#[tokio::test]
async fn only_the_owner_may_read_it() {
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).await.unwrap();
    store.accept(&document(1), nothing_follows).await.unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
        files += 1;
    }
    assert_eq!(files, 4, "database, -wal, -shm and the lock file");
}

#[tokio::test]
async fn commits_are_durable_and_keys_are_kept() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).await.unwrap();
    store.close().await;
    let mut c = bare(&path).await;
    let mode: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut c).await.unwrap();
    assert_eq!(mode, "wal");
    let orphans = sqlx::raw_sql("pragma foreign_key_check").execute(&mut c).await.unwrap();
    assert_eq!(orphans.rows_affected(), 0);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, path) = folder();
    SqliteStore::open(&path).await.unwrap().close().await;
    run(
        &path,
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true, x'00', 0)",
    )
    .await;
    let refused = SqliteStore::open(&path).await.err().unwrap();
    assert!(matches!(refused, StoreError::NewerSchema { found: 9999, .. }), "{refused:?}");
    assert_eq!(refused.code(), ErrorCode::StoreNewer);
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let (_folder, path) = folder();
    SqliteStore::open(&path).await.unwrap().close().await;
    run(&path, "update _sqlx_migrations set checksum = x'00'").await;
    let refused = SqliteStore::open(&path).await.err().unwrap();
    assert!(matches!(refused, StoreError::Inconsistent { table: "_sqlx_migrations", column: "checksum", .. }), "{refused:?}");
}

#[tokio::test]
async fn another_file_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    let text = "a letter, not a database. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let refused = SqliteStore::open(&path).await.err().unwrap();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_missing_folder_is_said() {
    let (_folder, path) = folder();
    let refused = SqliteStore::open(&path.join("deeper")).await.err().unwrap();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_a_new_file_at_once() {
    let (_folder, path) = folder();
    let mut tasks = JoinSet::new();
    for n in 1..=8 {
        let path = path.clone();
        tasks.spawn(async move {
            let store = SqliteStore::open(&path).await.unwrap();
            assert!(matches!(store.accept(&document(n), nothing_follows).await.unwrap(), Acceptance::New(_)));
        });
    }
    tasks.join_all().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let numbers: Vec<u32> =
        store.documents(&DocumentFilter::default(), 10).await.unwrap().iter().map(|d| d.reservation.journal.sequence).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_bad_row_is_named() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).await.unwrap();
    store.accept(&document(1), nothing_follows).await.unwrap();
    run(&path, "pragma ignore_check_constraints = on; update documents set kind = 'shopping_list'").await;
    let bad = store.document(document(1).key).await.unwrap_err();
    assert_eq!(bad.to_string(), "column kind of table documents cannot be read in row 1");
    assert_eq!(bad.code(), ErrorCode::StoreInconsistent);
}

/// One call of a group fails after it has taken its numbers: the others keep theirs, and there is no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_spoils_nobody_elses_call() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).await.unwrap();
    store.accept(&document(0), nothing_follows).await.unwrap();
    run(
        &path,
        "create trigger refuse before insert on documents when new.document_id like '%3'
         begin select raise(abort, 'forced'); end",
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
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut other = bare(&path).await;
    sqlx::raw_sql("begin immediate; insert into sequences values ('journal', '9902', 2026, 5)").execute(&mut other).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.accept(&document(1), nothing_follows).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    assert_eq!(store.document(document(1).key).await.unwrap(), None, "readers do not wait");
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert!(matches!(waiting.await.unwrap().unwrap(), Acceptance::New(_)));
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).await.unwrap();
    let other = store.clone();
    store.close().await;
    assert!(matches!(other.accept(&document(1), nothing_follows).await.unwrap_err(), StoreError::Unavailable { .. }));
    assert!(matches!(other.document(document(1).key).await.unwrap_err(), StoreError::Unavailable { .. }));
    assert!(matches!(other.mails_due(document(1).at, 1).await.unwrap_err(), StoreError::Unavailable { .. }));
}

/// The tables' checks list the same words as the enums, in the same order.
#[tokio::test]
async fn checks_are_the_enums() {
    let (_folder, path) = folder();
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut c = bare(&path).await;
    let tables: Vec<String> = sqlx::query_scalar("select sql from sqlite_schema where type = 'table'").fetch_all(&mut c).await.unwrap();
    let words = |constraint: &str| {
        let table = tables.iter().find(|t| t.contains(&format!("constraint {constraint} check"))).expect("the constraint is there");
        let list = table.split(&format!("constraint {constraint} check")).nth(1).unwrap().split_once(" in (").unwrap().1;
        list.split_once(')').unwrap().0.split(", ").map(|w| w.trim_matches('\'').to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(words("documents_state"), DocumentState::ALL.iter().map(|s| s.id()).collect::<Vec<_>>());
    assert_eq!(words("outbox_state"), MailState::ALL.iter().map(|s| s.id()).collect::<Vec<_>>());
    assert_eq!(words("jobs_state"), JobState::ALL.iter().map(|s| s.id()).collect::<Vec<_>>());
    assert_eq!(words("job_attempts_outcome"), AttemptEnd::ALL.iter().map(|s| s.id()).collect::<Vec<_>>());
    assert_eq!(words("attempts_stage"), Stage::ALL.iter().map(|s| s.id()).collect::<Vec<_>>());
}
