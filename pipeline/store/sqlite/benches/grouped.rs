//! How many calls per second become durable: one by one, and many at once in shared commits.
//!
//! `cargo bench -p pipeline-store-sqlite` prints one line per case. The database lies in `ARKIVFLYT_BENCH_DIR`, or else in the
//! target folder: a temporary folder in memory would flatter the numbers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use pipeline_domain::{
    Archived, DocumentId, DocumentKey, DocumentKind, DocumentVersion, Fact, Notice, NoticeKind, Placement, PlanId, RecipientRef, Sha256,
    Sha512, Timestamp, WrittenForm,
};
use pipeline_store::{Acceptance, Claim, Documents, MailOutcome, NewDocument, Outbox, SlotChange, nothing_follows};
use pipeline_store_sqlite::SqliteStore;
use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = std::env::var_os("ARKIVFLYT_BENCH_DIR").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    for (documents, at_once) in [(200, 1), (2000, 8), (2000, 64), (2000, 2000)] {
        let work = tempfile::tempdir_in(&folder).expect("a folder");
        runtime.block_on(measure(&work.path().join("bench.db"), documents, at_once));
    }
}

/// Two measurements: acceptance alone, then the whole of what a document asks of the store (archived with one mail, claimed,
/// delivered).
async fn measure(path: &Path, documents: u32, at_once: usize) {
    let store = SqliteStore::open(path).await.expect("a store");
    let accepting = timed(documents, at_once, &store, |store, n| async move { accept(&store, n).await }).await;
    let rest = timed(documents, at_once, &store, |store, n| async move { carry(&store, n).await }).await;
    println!("{at_once:>5} at once: {accepting:>7.0} accepts/s, {rest:>7.0} documents/s from archived to notified (4 durable calls each)");
    store.close().await;
}

async fn timed<F>(documents: u32, at_once: usize, store: &SqliteStore, work: impl Fn(SqliteStore, u32) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(at_once));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for n in 0..documents {
        let place = Arc::clone(&places).acquire_owned().await.expect("never closed");
        let work = work(store.clone(), n);
        tasks.spawn(async move {
            work.await;
            drop(place);
        });
    }
    tasks.join_all().await;
    f64::from(documents) / begun.elapsed().as_secs_f64()
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_795_422_600).expect("an instant")
}

fn document(n: u32) -> NewDocument {
    NewDocument {
        key: DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(u128::from(n))), version: DocumentVersion(1) },
        kind: DocumentKind::MeetingMinutes,
        digest: Sha256::of(&n.to_be_bytes()),
        municipality: "9901".parse().expect("four digits"),
        plan: PlanId::from_uuid(Uuid::from_u128(u128::from(n / 2))),
        source_system: "samspill".parse().expect("a name"),
        fact: Fact::of_kind(DocumentKind::MeetingMinutes, now()),
        slot: SlotChange::Keep,
        at: now(),
    }
}

async fn accept(store: &SqliteStore, n: u32) {
    let answer = store.accept(&document(n), nothing_follows).await.expect("an answer");
    assert!(matches!(answer, Acceptance::New(_)));
}

async fn carry(store: &SqliteStore, n: u32) {
    let row = store.document(document(n).key).await.expect("an answer").expect("accepted before");
    let archived = Archived {
        document: row.key,
        folder: row.reservation.folder.clone(),
        folder_version: 1,
        pdf: "2026/referat.pdf".parse().expect("a path"),
        inventory: Sha512::of(b""),
        placement: Placement::Written,
    };
    let notice = Notice {
        kind: NoticeKind::MinutesReady,
        document: Some(row.key),
        event: None,
        folder: Some(row.reservation.folder),
        recipient: RecipientRef::Recipient(0),
        written_form: WrittenForm::Nb,
        dedupe_key: format!("minutes_ready:{}:recipient-0", row.key),
    };
    store.record_archived(&archived, std::slice::from_ref(&notice), &[], now()).await.expect("an answer");
    let claim = store.claim_mail(&notice.dedupe_key, "m@example.org", now()).await.expect("an answer");
    assert!(matches!(claim, Claim::Yours(_)));
    store.mark_body_sent(&notice.dedupe_key).await.expect("an answer");
    store.record_mail(&notice.dedupe_key, &MailOutcome::Accepted, now()).await.expect("an answer");
}
