//! What is asked of facts, places, addresses and mails is found by an index: in an empty table, a full one, and whatever the planner
//! was told of it.
//!
//! The server itself writes down the plan of every statement that the store really sends, and how many rows each step of it read
//! (`auto_explain`).

use pipeline_domain::{
    About, CaseFolderId, ErrorCode, EventId, EventName, Fact, FactKind, NoticeKind, PlanId, RecipientRef, Sha256, Timestamp,
};
use pipeline_store::{AddressKey, Documents, MailFilter, NewEvent, Outbox, Plan, Plans, Slot, SlotChange};
use pipeline_store_postgres::{
    PostgresStore,
    testing::{Durability, Server},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

const PLANS: u32 = 200;
const FACTS: u32 = 20_000;
/// A plan has a hundred facts. No step reads more than a plan's, or what was asked for.
const MOST_ROWS: f64 = 200.0;

/// What the planner knows.
#[derive(Clone, Copy, Debug)]
enum Statistics {
    /// Nothing: the tables were never looked at.
    None,
    /// What it was before the rows came: empty.
    Stale,
    /// What it is.
    Fresh,
}

const TABLES: [&str; 6] = ["case_folders", "documents", "plan_facts", "plan_slots", "addresses", "outbox"];
const INDEXES: [&str; 10] = [
    "plan_facts_of_folder",
    "plan_facts_event_once",
    "plan_facts_event_digest",
    "plan_facts_contacts",
    "plan_facts_closings",
    "plan_slots_key",
    "addresses_key",
    "outbox_by_event",
    "outbox_by_message",
    "outbox_settled_at",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lookup_has_its_index() {
    let Some(server) = Server::start_with(Durability::NoFsync) else { return };
    for statistics in [Statistics::None, Statistics::Stale, Statistics::Fresh] {
        let url = server.fresh_database().await;
        PostgresStore::connect(&url).await.unwrap().close().await;
        prepare(&url, statistics).await;
        let before = server.log().len();
        let store = PostgresStore::connect(&url).await.unwrap();
        for round in 0..7 {
            ask(&store, round).await;
        }
        store.close().await;
        check(&server.log()[before..], &format!("statistics {statistics:?}"));
    }
}

fn check(log: &str, place: &str) {
    for index in INDEXES {
        assert!(log.contains(&format!("using {index} on")) || log.contains(&format!("on {index} ")), "{place}: {index} is not used");
    }
    let mut steps = 0;
    for (at, _) in log.match_indices("(actual time=") {
        let told = &log[at..];
        let number = |name: &str| told.split(name).nth(1).unwrap().split([' ', ')']).next().unwrap().parse::<f64>().unwrap();
        let read = number(" rows=") * number(" loops=");
        steps += 1;
        assert!(read <= MOST_ROWS, "{place}: a step reads {read} rows: {}", statement_at(log, at));
    }
    assert!(steps > 100, "{place}: only {steps} steps are written down");
    for (at, marker) in log.match_indices("Rows Removed by Filter: ") {
        let rows: f64 = log[at + marker.len()..].split_whitespace().next().unwrap().parse().unwrap();
        assert!(rows <= MOST_ROWS, "{place}: {rows} rows are read for nothing: {}", statement_at(log, at));
    }
}

/// The statement whose plan stands at this place of the log, with its plan so far.
fn statement_at(log: &str, at: usize) -> &str {
    &log[log[..at].rfind("Query Text").unwrap_or(0)..log.len().min(at + 300)]
}

/// Every second fact is an event with a mail of its own; some meetings, some closings.
async fn prepare(url: &str, statistics: Statistics) {
    let mut c = PgConnection::connect(url).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut c).await.unwrap();
    let off: String = TABLES.iter().map(|t| format!("alter table arkivflyt.{t} set (autovacuum_enabled = off);")).collect();
    sqlx::raw_sql(AssertSqlSafe(off)).execute(&mut c).await.unwrap();
    if matches!(statistics, Statistics::Stale) {
        look_at(&mut c).await;
    }
    let fill = format!(
        "set search_path = arkivflyt;
        insert into case_folders (source_system, plan_id, municipality, year, sequence, opened_at)
          select 'samspill', '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), '9901', 2026, n, 1 from generate_series(1, {PLANS}) n;
        insert into documents (document_id, version, kind, digest, folder, municipality, journal_year, journal_sequence, accepted_at,
            state, next_at)
          select '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), 1, 'meeting_minutes', lpad(n::text, 64, '0'), 1 + n % {PLANS}, '9901', 2026, n, 1, 'accepted', 1
          from generate_series(2, {FACTS}, 2) n;
        insert into plan_facts (folder, event_id, document_id, version, digest, tells_contacts, kind, happened_at, recorded_at, ends, about)
          select 1 + n % {PLANS}, case when n % 2 = 1 then '00000000-0000-4000-8000-' || lpad(n::text, 12, '0') end, case when n % 2 = 0 then '00000000-0000-4000-8000-' || lpad(n::text, 12, '0') end,
            case when n % 2 = 0 then 1 end, lpad(n::text, 64, '0'), (n % 4 = 1)::int,
            case when n % 100 = 0 then 'document.closing_note' else 'plan.updated' end, n, n, case when n % 10 = 0 then n end, '{{}}'
          from generate_series(1, {FACTS}) n;
        insert into plan_slots (slot, folder) select lpad(id::text, 64, '0'), id from case_folders;
        insert into addresses (address, confirmed_at) select digest, 1 from plan_facts;
        insert into outbox (dedupe_key, kind, event_id, recipient, written_form, message_id, state, queued_at, next_at, claimed_at,
            settled_at)
          select 'new_message:' || event_id, 'new_message', event_id, 'lead', 'nb', id || '@example.org', 'accepted', id, id, id, id
          from plan_facts where event_id is not null;"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut c).await.unwrap();
    if matches!(statistics, Statistics::Fresh) {
        look_at(&mut c).await;
    }
    let tell = format!(
        "alter database {name} set session_preload_libraries = 'auto_explain';
        alter database {name} set auto_explain.log_min_duration = 0;
        alter database {name} set auto_explain.log_analyze = on;"
    );
    sqlx::raw_sql(AssertSqlSafe(tell)).execute(&mut c).await.unwrap();
}

/// What autovacuum does now and then.
async fn look_at(c: &mut PgConnection) {
    for table in TABLES {
        sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze arkivflyt.{table}"))).execute(&mut *c).await.unwrap();
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds).unwrap()
}

fn digest(n: u32) -> Sha256 {
    format!("{n:064}").parse().unwrap()
}

fn event_id(n: u32) -> EventId {
    format!("00000000-0000-4000-8000-{n:012}").parse().unwrap()
}

fn of_plan(n: u32) -> NewEvent {
    let fact = Fact { kind: FactKind::Event(EventName::PlanUpdated), at: at(i64::from(n)), about: About::default() };
    NewEvent {
        id: EventId::from_uuid(Uuid::from_u128(0x7000_0000 + u128::from(n))),
        digest: Sha256::of(&n.to_be_bytes()),
        plan: Plan {
            source_system: "samspill".parse().unwrap(),
            plan: PlanId::from_uuid(Uuid::from_u128(u128::from(n))),
            municipality: "9901".parse().unwrap(),
        },
        fact,
        tells_contacts: true,
        slot: SlotChange::Claim(Slot::from_keyed_digest(Sha256::of(&n.to_le_bytes()))),
        at: at(100_000),
    }
}

/// Several times: the first few are planned for their values.
async fn ask(store: &PostgresStore, round: u32) {
    let new = of_plan(round + 1);
    store.accept_event(&new, &[], &[RecipientRef::Lead], &[]).await.unwrap();
    assert!(store.event(new.id).await.unwrap().is_some());
    let folder = store.folder_of(&new.plan).await.unwrap().unwrap();
    assert_eq!(store.facts_of(&folder.id).await.unwrap().len(), 1);
    let full = CaseFolderId { year: 2026, sequence: 7 + round, ..folder.id };
    assert_eq!(store.facts_of(&full).await.unwrap().len(), (FACTS / PLANS) as usize);
    let asked: Vec<Sha256> = (1..40).map(|n| digest(FACTS - n)).collect();
    assert_eq!(store.events_among(&asked).await.unwrap().len(), 20);
    store.needed(&asked, at(0)).await.unwrap();
    let key = AddressKey::from_keyed_digest(digest(round + 1));
    assert!(store.address(key).await.unwrap().confirmed_at.is_some());
    store.confirm_address(key, at(2)).await.unwrap();
    store.block_address(key, ErrorCode::MailRefused, at(3)).await.unwrap();
    assert!(store.mail_by_message_id(&format!("{}@example.org", 2 * round + 1)).await.unwrap().is_some());
    let of_event = MailFilter { event: Some(event_id(1)), ..MailFilter::default() };
    assert_eq!(store.mails(&of_event, 100).await.unwrap().len(), 1);
    for limit in [1, u32::MAX] {
        let window = MailFilter {
            kinds: vec![NoticeKind::NewMessage],
            settled_after: Some(at(50)),
            settled_before: Some(at(100)),
            ..MailFilter::default()
        };
        assert!(!store.mails(&window, limit).await.unwrap().is_empty());
    }
}
