//! Whatever the log level, no statement and no value of a row is logged.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use pipeline_domain::{DocumentId, DocumentKey, DocumentKind, DocumentVersion, Fact, PlanId, Sha256, Timestamp};
use pipeline_store::{DocumentFilter, Documents, NewDocument, Outbox, SlotChange, nothing_follows};
use pipeline_store_sqlite::SqliteStore;
use tracing::{Event, Metadata, Subscriber, field::Visit, span};
use uuid::Uuid;

/// Writes down everything.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Fields(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_and_no_value_is_logged() {
    let log = Everything::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("arkivflyt.db")).await.unwrap();
    let new = NewDocument {
        key: DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(0xabcd_ef01)), version: DocumentVersion(1) },
        kind: DocumentKind::PlanSnapshot,
        digest: Sha256::of(b"content"),
        municipality: "9901".parse().unwrap(),
        plan: PlanId::from_uuid(Uuid::from_u128(1)),
        source_system: "kanarisystem".parse().unwrap(),
        fact: Fact::of_kind(DocumentKind::PlanSnapshot, Timestamp::from_unix_seconds(1_795_422_600).unwrap()),
        slot: SlotChange::Keep,
        at: Timestamp::from_unix_seconds(1_795_422_600).unwrap(),
    };
    store.accept(&new, nothing_follows).await.unwrap();
    store.documents(&DocumentFilter::default(), 10).await.unwrap();
    store.mails_due(new.at, 10).await.unwrap();
    store.close().await;
    tracing::trace!("the end");
    let log = log.0.lock().unwrap();
    assert!(log.contains("the end"), "nothing is written down at all");
    for never in ["select ", "insert ", "update ", "kanarisystem", "abcdef01"] {
        assert!(!log.contains(never), "{never:?} is logged: {log}");
    }
}
