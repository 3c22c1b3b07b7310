//! A database of an earlier release, with rows in it, goes on.

use std::path::{Path, PathBuf};

use pipeline_domain::{
    About, DocumentId, DocumentKey, DocumentKind, DocumentVersion, EventId, EventName, Fact, FactKind, PlanId, RecipientRef, Reservation,
    Sha256, Timestamp,
};
use pipeline_store::{
    Acceptance, DocumentState, Documents, EventAcceptance, FactSource, JobFilter, JobState, Jobs, MailFilter, NewDocument, NewEvent,
    NewJob, Outbox, Plan, Plans, SlotChange, StoreError,
};
use pipeline_store_sqlite::SqliteStore;
use sqlx::{Connection, SqliteConnection, SqlitePool, migrate::Migrator, sqlite::SqliteConnectOptions};
use uuid::Uuid;

/// Every release but today's, by the number of its newest migration.
const RELEASES: [i64; 3] = [1, 2, 3];

/// An earlier release's tables, made by its own migrations, with a waiting document, a mail and somebody told on paper.
async fn release(number: i64, path: &Path, work: &Path) {
    let migrations = work.join("migrations");
    std::fs::create_dir(&migrations).unwrap();
    for file in std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name.split('_').next().unwrap().parse::<i64>().unwrap() <= number {
            std::fs::copy(file.path(), migrations.join(name)).unwrap();
        }
    }
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path).create_if_missing(true)).await.unwrap();
    Migrator::new(migrations).await.unwrap().run(&pool).await.unwrap();
    let key = document().key;
    let rows = format!(
        "insert into case_folders (id, source_system, plan_id, municipality, year, sequence, opened_at)
           values (1, 'samspill', '{plan}', '9901', 2026, 1, 1795422600);
         insert into sequences values ('folder', '9901', 2026, 1), ('journal', '9901', 2026, 1);
         insert into documents (document_id, version, kind, digest, folder, municipality, journal_year, journal_sequence, accepted_at,
           state, next_at) values ('{id}', 1, 'plan_snapshot', '{digest}', 1, '9901', 2026, 1, 1795422600, 'accepted', 1795422600);
         insert into outbox (dedupe_key, kind, recipient, written_form, state, queued_at, next_at)
           values ('archive_report:1', 'archive_report', 'archivist', 'nb', 'queued', 1795422600, 1795422600);
         insert into paper_list (id, document_id, version, recipient, listed_at) values (7, '{id}', 1, 'guardian:0', 1795422600);",
        plan = document().plan,
        id = key.id,
        digest = document().digest,
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&pool).await.unwrap();
    pool.close().await;
}

fn document() -> NewDocument {
    NewDocument {
        key: DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(1)), version: DocumentVersion(1) },
        kind: DocumentKind::PlanSnapshot,
        digest: Sha256::of(b"1"),
        municipality: "9901".parse().unwrap(),
        plan: PlanId::from_uuid(Uuid::from_u128(2)),
        source_system: "samspill".parse().unwrap(),
        fact: Fact::of_kind(DocumentKind::PlanSnapshot, Timestamp::from_unix_seconds(1_795_422_600).unwrap()),
        slot: SlotChange::Keep,
        at: Timestamp::from_unix_seconds(1_795_422_600).unwrap(),
    }
}

fn carry(key: DocumentKey, _: &Reservation) -> Vec<NewJob> {
    let args = serde_json::json!({ "document": key.to_string() });
    vec![NewJob { unique_key: Some(key.to_string()), ..NewJob::new("carry".parse().unwrap(), "work".parse().unwrap(), args) }]
}

#[tokio::test]
async fn every_release_goes_on() {
    for number in RELEASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arkivflyt.db");
        release(number, &path, folder.path()).await;
        assert_eq!(SqliteStore::migration_status(&path).await.unwrap(), (number, 4));
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(SqliteStore::migration_status(&path).await.unwrap(), (4, 4));
        goes_on(&store).await;
        store.close().await;
        let mut c = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
        let orphans = sqlx::query("pragma foreign_key_check").fetch_all(&mut c).await.unwrap();
        assert_eq!(orphans.len(), 0);
        let tables: Vec<String> =
            sqlx::query_scalar("select name from sqlite_schema where name like 'paper_list%' order by 1").fetch_all(&mut c).await.unwrap();
        assert_eq!(tables, ["paper_list"], "nothing of the old table is left");
    }
}

async fn goes_on(store: &SqliteStore) {
    let row = store.document(document().key).await.unwrap().unwrap();
    assert_eq!((row.state, row.reservation.journal.sequence), (DocumentState::Accepted, 1));
    let mails = store.mails(&MailFilter::default(), 10).await.unwrap();
    assert_eq!(mails.iter().map(|m| m.event).collect::<Vec<_>>(), [None]);
    let paper = store.paper_list().await.unwrap();
    assert_eq!(
        paper.iter().map(|p| (p.about, p.recipient)).collect::<Vec<_>>(),
        [(FactSource::Document(document().key), RecipientRef::Guardian(0))]
    );
    assert!(matches!(store.accept(&document(), carry).await.unwrap(), Acceptance::Known(_)));
    let jobs = store.jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].state), (1, JobState::Ready), "a document of before gets its job");
    let folder = row.reservation.folder;
    assert_eq!(store.facts_of(&folder).await.unwrap(), [], "of what came before nothing is remembered");
    let event = event();
    let taken = store.accept_event(&event, &[], &[RecipientRef::Guardian(0)], &[]).await.unwrap();
    assert_eq!(taken, EventAcceptance::New(folder), "its plan has its folder");
    assert_eq!(store.paper_list().await.unwrap().last().unwrap().about, FactSource::Event(event.id));
}

/// Of the document's plan.
fn event() -> NewEvent {
    let new = document();
    NewEvent {
        id: EventId::from_uuid(Uuid::from_u128(3)),
        digest: Sha256::of(b"event"),
        plan: Plan { source_system: new.source_system, plan: new.plan, municipality: new.municipality },
        fact: Fact { kind: FactKind::Event(EventName::PlanUpdated), at: new.at, about: About::default() },
        tells_contacts: false,
        slot: SlotChange::Keep,
        at: new.at,
    }
}

#[tokio::test]
async fn the_status_of_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    assert!(matches!(SqliteStore::migration_status(&missing).await, Err(StoreError::Unavailable { .. })));
    assert!(!missing.exists(), "nothing is made");
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(SqliteStore::migration_status(&empty).await.unwrap(), (0, 4));
    let letter = folder.path().join("letter.db");
    std::fs::write(&letter, "a letter, not a database. ".repeat(100)).unwrap();
    assert!(matches!(SqliteStore::migration_status(&letter).await, Err(StoreError::Damaged { .. })));
}
