//! A database of an earlier release, with rows in it, goes on.

use std::path::{Path, PathBuf};

use pipeline_domain::{
    About, DocumentId, DocumentKey, DocumentVersion, EventId, EventName, Fact, FactKind, PlanId, RecipientRef, Sha256, Timestamp,
};
use pipeline_store::{DocumentState, Documents, EventAcceptance, FactSource, MailFilter, NewEvent, Outbox, Plan, Plans, SlotChange};
use pipeline_store_postgres::{PostgresStore, testing};
use sqlx::{Connection, PgConnection, migrate::Migrator};
use uuid::Uuid;

/// Every release but today's, by the number of its newest migration.
const RELEASES: [i64; 3] = [1, 2, 3];

const ROWS: &str = "
    insert into case_folders (source_system, plan_id, municipality, year, sequence, opened_at)
      values ('samspill', '00000000-0000-0000-0000-000000000002', '9901', 2026, 1, 1795422600);
    insert into sequences values ('folder', '9901', 2026, 1), ('journal', '9901', 2026, 1);
    insert into documents (document_id, version, kind, digest, folder, municipality, journal_year, journal_sequence, accepted_at, state,
        next_at)
      values ('00000000-0000-0000-0000-000000000001', 1, 'plan_snapshot', repeat('a', 64), 1, '9901', 2026, 1, 1795422600, 'accepted',
        1795422600);
    insert into outbox (dedupe_key, kind, recipient, written_form, state, queued_at, next_at)
      values ('archive_report:1', 'archive_report', 'archivist', 'nb', 'queued', 1795422600, 1795422600);
    insert into paper_list (document_id, version, recipient, listed_at)
      values ('00000000-0000-0000-0000-000000000001', 1, 'guardian:0', 1795422600);";

/// An earlier release's tables, made by its own migrations.
async fn release(number: i64, url: &str, work: &Path) {
    for file in std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name.split('_').next().unwrap().parse::<i64>().unwrap() <= number {
            std::fs::copy(file.path(), work.join(name)).unwrap();
        }
    }
    let mut c = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("create schema arkivflyt; set search_path to arkivflyt").execute(&mut c).await.unwrap();
    Migrator::new(work.to_owned()).await.unwrap().run(&mut c).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&mut c).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_release_goes_on() {
    let Some(server) = testing::shared() else { return };
    for number in RELEASES {
        let url = server.fresh_database().await;
        let folder = tempfile::tempdir().unwrap();
        release(number, &url, folder.path()).await;
        assert_eq!(PostgresStore::migration_status(&url).await.unwrap(), (number, 4));
        let store = PostgresStore::connect(&url).await.unwrap();
        assert_eq!(PostgresStore::migration_status(&url).await.unwrap(), (4, 4));
        goes_on(&store).await;
        store.close().await;
    }
}

async fn goes_on(store: &PostgresStore) {
    let key = DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(1)), version: DocumentVersion(1) };
    let row = store.document(key).await.unwrap().unwrap();
    assert_eq!((row.state, row.reservation.journal.sequence), (DocumentState::Accepted, 1));
    let mails = store.mails(&MailFilter::default(), 10).await.unwrap();
    assert_eq!(mails.iter().map(|m| m.event).collect::<Vec<_>>(), [None]);
    let paper = store.paper_list().await.unwrap();
    assert_eq!(paper.iter().map(|p| (p.about, p.recipient)).collect::<Vec<_>>(), [(FactSource::Document(key), RecipientRef::Guardian(0))]);
    let folder = row.reservation.folder;
    assert_eq!(store.facts_of(&folder).await.unwrap(), [], "of what came before nothing is remembered");
    let event = event();
    let taken = store.accept_event(&event, &[], &[RecipientRef::Guardian(0)], &[]).await.unwrap();
    assert_eq!(taken, EventAcceptance::New(folder), "its plan has its folder");
    assert_eq!(store.paper_list().await.unwrap().last().unwrap().about, FactSource::Event(event.id));
}

/// Of the document's plan.
fn event() -> NewEvent {
    let at = Timestamp::from_unix_seconds(1_795_422_600).unwrap();
    NewEvent {
        id: EventId::from_uuid(Uuid::from_u128(3)),
        digest: Sha256::of(b"event"),
        plan: Plan {
            source_system: "samspill".parse().unwrap(),
            plan: PlanId::from_uuid(Uuid::from_u128(2)),
            municipality: "9901".parse().unwrap(),
        },
        fact: Fact { kind: FactKind::Event(EventName::PlanUpdated), at, about: About::default() },
        tells_contacts: false,
        slot: SlotChange::Keep,
        at,
    }
}
