//! Documents by number, and a look at the database past the store.

use std::collections::BTreeSet;

use pipeline_domain::{
    Archived, DocumentId, DocumentKey, DocumentKind, DocumentVersion, Fact, Notice, NoticeKind, Placement, PlanId, RecipientRef,
    Reservation, Sha256, Sha512, Timestamp, WrittenForm,
};
use pipeline_store::{
    Acceptance, Claim, DocumentFilter, DocumentState, Documents, Mail, MailFilter, MailState, NewDocument, Outbox, SlotChange,
    nothing_follows,
};
use pipeline_store_postgres::PostgresStore;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// The database of a test in the server that all share; a test without PostgreSQL ends here.
macro_rules! fresh_database {
    () => {
        match pipeline_store_postgres::testing::shared() {
            Some(server) => server.fresh_database().await,
            None => return,
        }
    };
}
pub(crate) use fresh_database;

/// A server that the test may stop and stall; a test without PostgreSQL ends here.
macro_rules! own_server {
    () => {
        match pipeline_store_postgres::testing::Server::start() {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use own_server;

pub fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_795_422_600).unwrap()
}

pub fn key(n: u32) -> DocumentKey {
    DocumentKey { id: DocumentId::from_uuid(Uuid::from_u128(u128::from(n))), version: DocumentVersion(1) }
}

/// Three documents to a plan.
pub fn document(n: u32) -> NewDocument {
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

pub fn archived(n: u32, reservation: &Reservation) -> Archived {
    Archived {
        document: key(n),
        folder: reservation.folder.clone(),
        folder_version: 1,
        pdf: "a.pdf".parse().unwrap(),
        inventory: Sha512::of(b""),
        placement: Placement::Written,
    }
}

pub fn notice_to(n: u32, recipient: RecipientRef) -> Notice {
    Notice {
        kind: NoticeKind::MinutesReady,
        document: Some(key(n)),
        event: None,
        folder: None,
        recipient,
        written_form: WrittenForm::Nb,
        dedupe_key: format!("minutes_ready:{}:{recipient}", key(n)),
    }
}

pub fn notice(n: u32) -> Notice {
    notice_to(n, RecipientRef::Subject)
}

pub fn reserved(answer: Acceptance) -> Reservation {
    match answer {
        Acceptance::New(reservation) => reservation,
        Acceptance::Known(row) => row.reservation,
        Acceptance::IdReused | Acceptance::SlotTaken(_) => panic!("no id is used twice here"),
    }
}

/// Accepts and archives document `n` with these notices.
pub async fn with_mail(store: &PostgresStore, n: u32, notices: &[Notice]) {
    let reservation = reserved(store.accept(&document(n), nothing_follows).await.unwrap());
    store.record_archived(&archived(n, &reservation), notices, &[], now()).await.unwrap();
}

pub async fn claimed(store: &PostgresStore, mail: &str) -> Mail {
    match store.claim_mail(mail, "m@example.org", now()).await.unwrap() {
        Claim::Yours(mail) => *mail,
        Claim::Taken(state) => panic!("{mail} is taken: {state}"),
    }
}

pub async fn state(store: &PostgresStore, mail: &str) -> MailState {
    store.mail(mail).await.unwrap().unwrap().state
}

/// A connection that knows nothing of the store's rules.
pub async fn bare(url: &str) -> PgConnection {
    let mut c = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("set search_path to arkivflyt").execute(&mut c).await.unwrap();
    c
}

pub async fn run(url: &str, sql: &'static str) {
    let mut c = bare(url).await;
    sqlx::raw_sql(sql).execute(&mut c).await.unwrap();
    c.close().await.unwrap();
}

/// Cuts the sessions of the store that `which` names (a condition on `pg_stat_activity a` and, for locks, `pg_locks`). How many.
pub async fn cut(url: &str, which: &'static str) -> usize {
    let mut c = PgConnection::connect(url).await.unwrap();
    let sql = format!(
        "select pg_terminate_backend(a.pid) from pg_stat_activity a
         where a.application_name = 'arkivflyt' and a.datname = current_database() and ({which})"
    );
    sqlx::query_scalar::<_, bool>(sqlx::AssertSqlSafe(sql)).fetch_all(&mut c).await.unwrap().len()
}

/// The condition for the session that holds the right to send.
pub const HOLDER: &str = "exists (select 1 from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.objid = 3)";

/// Dense numbers, each document's mail with its archiving and not before, nothing left claimed by who is dead.
pub async fn check(store: &PostgresStore) {
    store.mails_due(now(), 1).await.unwrap();
    let rows = store.documents(&DocumentFilter::default(), u32::MAX).await.unwrap();
    let journal: Vec<u32> = rows.iter().map(|d| d.reservation.journal.sequence).collect();
    assert_eq!(journal, (1..=u32::try_from(rows.len()).unwrap()).collect::<Vec<_>>(), "in the order of the rows");
    let folders: BTreeSet<u32> = store.folders().await.unwrap().iter().map(|f| f.id.sequence).collect();
    assert_eq!(folders, (1..=u32::try_from(folders.len()).unwrap()).collect());
    let mails = store.mails(&MailFilter::default(), u32::MAX).await.unwrap();
    let with_mail: BTreeSet<DocumentKey> = mails.iter().filter_map(|m| m.document).collect();
    let out: BTreeSet<DocumentKey> = rows.iter().filter(|d| d.state != DocumentState::Accepted).map(|d| d.key).collect();
    assert_eq!(with_mail, out);
    let open: Vec<&Mail> = mails.iter().filter(|m| !matches!(m.state, MailState::Queued | MailState::Delivered)).collect();
    assert!(open.is_empty(), "{open:?}");
}
