//! A process that is killed with SIGKILL while many tasks write: what it had acknowledged is there.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pipeline_domain::{
    Archived, DocumentId, DocumentKey, DocumentKind, DocumentVersion, Fact, Notice, NoticeKind, Placement, PlanId, RecipientRef, Sha256,
    Sha512, Timestamp, WrittenForm,
};
use pipeline_store::{
    Acceptance, Claim, DocumentFilter, DocumentState, Documents, MailFilter, MailState, NewDocument, Outbox, Reservation, SlotChange,
    nothing_follows,
};
use pipeline_store_sqlite::SqliteStore;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Set for the process that is going to be killed: its database.
const VICTIM: &str = "ARKIVFLYT_TEST_VICTIM";
/// Acknowledged lines after which each round is killed: different moments of the same work.
const ROUNDS: [usize; 8] = [1, 2, 9, 30, 77, 150, 333, 600];

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_795_422_600).unwrap()
}

fn key(n: u32) -> DocumentKey {
    DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(u128::from(n))), version: DocumentVersion(1) }
}

fn document(n: u32) -> NewDocument {
    NewDocument {
        key: key(n),
        kind: DocumentKind::PlanSnapshot,
        digest: Sha256::of(&n.to_be_bytes()),
        municipality: "9901".parse().unwrap(),
        plan: PlanId::from_uuid(Uuid::from_u128(u128::from(n / 3))),
        source_system: "samspill".parse().unwrap(),
        fact: Fact::of_kind(DocumentKind::PlanSnapshot, now()),
        slot: SlotChange::Keep,
        at: now(),
    }
}

/// Accepts, archives, claims and delivers document `n`, and says so after each step.
async fn carry(store: SqliteStore, n: u32) {
    let reservation = match store.accept(&document(n), nothing_follows).await.unwrap() {
        Acceptance::New(reservation) => reservation,
        Acceptance::Known(row) => row.reservation,
        Acceptance::IdReused | Acceptance::SlotTaken(_) => panic!("document {n}"),
    };
    say(&format!("accepted {n} {}", reservation.journal.sequence));
    store.record_archived(&archived(n, &reservation), &[notice(n)], &[], now()).await.unwrap();
    say(&format!("archived {n} {}", reservation.journal.sequence));
    if let Claim::Yours(mail) = store.claim_mail(&notice(n).dedupe_key, "m@example.org", now()).await.unwrap() {
        store.record_mail(&mail.dedupe_key, &pipeline_store::MailOutcome::Delivered, now()).await.unwrap();
        say(&format!("delivered {n} {}", reservation.journal.sequence));
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout().lock(), "ACK {line}").unwrap();
}

fn archived(n: u32, reservation: &Reservation) -> Archived {
    Archived {
        document: key(n),
        folder: reservation.folder.clone(),
        folder_version: 1,
        pdf: "a.pdf".parse().unwrap(),
        inventory: Sha512::of(b""),
        placement: Placement::Written,
    }
}

fn notice(n: u32) -> Notice {
    Notice {
        kind: NoticeKind::MinutesReady,
        document: Some(key(n)),
        event: None,
        folder: None,
        recipient: RecipientRef::Subject,
        written_form: WrittenForm::Nb,
        dedupe_key: format!("minutes_ready:{}:subject", key(n)),
    }
}

/// Does nothing in an ordinary run; as the victim it works until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let store = SqliteStore::open(&PathBuf::from(path)).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..3000 {
        tasks.spawn(carry(store.clone(), n));
        if tasks.len() > 60 {
            tasks.join_next().await;
        }
    }
    tasks.join_all().await;
}

/// Runs the victim until it has said `lines`, kills it, and returns all that it had said.
fn kill_after(lines: usize, path: &Path) -> Vec<(String, u32, u32)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["victim", "--exact", "--nocapture", "--test-threads=1"])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The last line may be cut in the middle: an acknowledgement that nobody heard.
        let Some(words) = line.ok().and_then(|l| l.strip_prefix("ACK ").map(str::to_owned)) else { continue };
        let words: Vec<&str> = words.split(' ').collect();
        let [step, n, journal] = words[..] else { continue };
        said.push((step.to_owned(), n.parse().unwrap(), journal.parse().unwrap()));
        if said.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arkivflyt.db");
    let mut numbers = std::collections::BTreeMap::new();
    for lines in ROUNDS {
        let said = kill_after(lines, &path);
        assert!(said.len() >= lines, "the victim ended by itself after {} lines", said.len());
        let store = SqliteStore::open(&path).await.unwrap();
        for (step, n, journal) in said {
            let row = store.document(key(n)).await.unwrap().unwrap_or_else(|| panic!("document {n} is lost"));
            assert_eq!(row.reservation.journal.sequence, journal);
            assert_eq!(*numbers.entry(n).or_insert(journal), journal, "a retry meets the same numbers");
            let mail = store.mail(&notice(n).dedupe_key).await.unwrap().map(|m| m.state);
            match step.as_str() {
                "accepted" => {}
                "archived" => assert!(mail.is_some() && row.state != DocumentState::Accepted, "document {n}: {:?}", row.state),
                "delivered" => assert_eq!((row.state, mail), (DocumentState::Notified, Some(MailState::Delivered))),
                other => panic!("{other}"),
            }
        }
        check(&store).await;
        store.close().await;
    }
}

/// Dense numbers, each document's mail with its archiving and not before, nothing left claimed.
async fn check(store: &SqliteStore) {
    let rows = store.documents(&DocumentFilter::default(), u32::MAX).await.unwrap();
    let journal: BTreeSet<u32> = rows.iter().map(|d| d.reservation.journal.sequence).collect();
    assert_eq!(journal, (1..=u32::try_from(rows.len()).unwrap()).collect());
    let folders: BTreeSet<u32> = store.folders().await.unwrap().iter().map(|f| f.id.sequence).collect();
    assert_eq!(folders, (1..=u32::try_from(folders.len()).unwrap()).collect());
    let mails = store.mails(&MailFilter::default(), u32::MAX).await.unwrap();
    let with_mail: BTreeSet<DocumentKey> = mails.iter().filter_map(|m| m.document).collect();
    let out: BTreeSet<DocumentKey> = rows.iter().filter(|d| d.state != DocumentState::Accepted).map(|d| d.key).collect();
    assert_eq!(with_mail, out);
    assert!(mails.iter().all(|m| matches!(m.state, MailState::Queued | MailState::Delivered)));
}
