//! Every statement about jobs finds its rows by an index: in an empty table, a full one, and whatever the planner was told of it.
//!
//! The server itself writes down the plan of every statement that the store really sends (`auto_explain`), so that none is forgotten here.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep, Timestamp};
use pipeline_store::{
    ClaimRequest, Jobs, Lane, Lease, NewJob, Outcome, Priority, PrunePolicy, QueueName, RescuePolicy, Settlement, WorkerId,
};
use pipeline_store_postgres::{
    PostgresStore,
    testing::{Durability, Server},
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

const QUEUE: QueueName = QueueName::of("work");
const WORKER: WorkerId = WorkerId(Uuid::from_u128(7));
const RESCUE: RescuePolicy = RescuePolicy { first_wait: Duration::ZERO, longest_lease: Duration::from_secs(60), limit: 100 };
const PRUNE: PrunePolicy = PrunePolicy { done_after: Duration::from_secs(60), cancelled_after: Duration::from_secs(60), limit: 100 };

/// What the planner knows.
#[derive(Clone, Copy, Debug)]
enum Statistics {
    /// Nothing: the table was never looked at.
    None,
    /// What it was before the rows came: empty.
    Stale,
    /// What it is.
    Fresh,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_reads_the_whole_table() {
    let Some(server) = Server::start_with(Durability::NoFsync) else { return };
    for plans in ["auto", "force_generic_plan"] {
        for (rows, statistics) in [
            (0, Statistics::None),
            (0, Statistics::Fresh),
            (20_000, Statistics::None),
            (20_000, Statistics::Stale),
            (20_000, Statistics::Fresh),
            (1_000_000, Statistics::Stale),
            (1_000_000, Statistics::Fresh),
        ] {
            let before = server.log().len();
            walk(&server, plans, rows, statistics).await;
            let log = server.log();
            check(&log[before..], &format!("{plans}, {rows} rows, statistics {statistics:?}"));
        }
    }
}

fn check(log: &str, place: &str) {
    for index in ["jobs_ready", "jobs_scheduled", "jobs_running", "jobs_waiting", "jobs_key", "jobs_finished", "jobs_head", "jobs_unique"] {
        assert!(log.contains(&format!("using {index} on jobs")) || log.contains(&format!("on {index} ")), "{place}: {index} is not used");
    }
    for table in ["jobs", "job_attempts"] {
        if let Some(at) = log.find(&format!("Seq Scan on {table}")) {
            let from = log[..at].rfind("Query Text").unwrap_or(0);
            panic!("{place}: {}", &log[from..log.len().min(at + 600)]);
        }
    }
}

/// Fills a database as asked, and sends every statement there is, several times: the first few are planned for their values.
async fn walk(server: &Server, plans: &str, rows: u32, statistics: Statistics) {
    let url = server.fresh_database().await;
    PostgresStore::connect(&url).await.unwrap().close().await;
    prepare(&url, plans, rows, statistics).await;
    let store = PostgresStore::connect(&url).await.unwrap();
    for round in 0..7 {
        step(&store, round).await;
    }
    store.close().await;
}

async fn prepare(url: &str, plans: &str, rows: u32, statistics: Statistics) {
    let mut c = PgConnection::connect(url).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut c).await.unwrap();
    if matches!(statistics, Statistics::Stale) {
        look_at(&mut c).await;
    }
    // The same share of each state, whatever the size.
    let fill = format!(
        "set search_path = arkivflyt;
        alter table jobs set (autovacuum_enabled = off);
        alter table job_attempts set (autovacuum_enabled = off);
        insert into jobs (kind, queue, args, state, priority, run_at, due_at, lane, lane_place, unique_key, max_failures, created_at,
            finished_at, attempt)
        select 'k', 'work', '{{}}', s, 5, case when n % 20 = 3 then 9999999999999 else 0 end, 1,
            case when s = 'waiting' then 'old:' || n % 50 when s = 'done' then 'old:' || n end, case when s = 'waiting' then n end,
            case when n % 3 = 0 then 'key:' || n end, 10, 1, case when s in ('done', 'dead', 'cancelled') then 9999999999999 end, 1
        from (
            select n, (array['done', 'ready', 'waiting', 'ready', 'done', 'dead', 'done', 'cancelled', 'done', 'done'])[n % 10 + 1] as s
            from generate_series(1, {rows}) n
        ) rows;
        insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome)
        select id, 1, '00000000-0000-0000-0000-000000000000', 1, 1, 'done' from jobs where state = 'done';"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut c).await.unwrap();
    if matches!(statistics, Statistics::Fresh) {
        look_at(&mut c).await;
    }
    let tell = format!(
        "alter database {name} set session_preload_libraries = 'auto_explain';
        alter database {name} set auto_explain.log_min_duration = 0;
        alter database {name} set plan_cache_mode = '{plans}';"
    );
    sqlx::raw_sql(AssertSqlSafe(tell)).execute(&mut c).await.unwrap();
}

/// What autovacuum does now and then.
async fn look_at(c: &mut PgConnection) {
    for table in ["jobs", "job_attempts"] {
        sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze arkivflyt.{table}"))).execute(&mut *c).await.unwrap();
    }
}

fn new(n: u32, lane: Option<&str>) -> NewJob {
    let lane = lane.map(|l| l.parse::<Lane>().unwrap());
    let unique_key = n.is_multiple_of(2).then(|| format!("new:{n}"));
    NewJob { lane, unique_key, priority: Priority(1), ..NewJob::new("k".parse().unwrap(), QUEUE, json!({ "n": n })) }
}

async fn step(store: &PostgresStore, round: u32) {
    let past = Timestamp::from_unix_seconds(1_600_000_000).unwrap();
    let mut jobs: Vec<NewJob> = (0..12).map(|n| new(round * 100 + n, (n % 3 == 0).then_some("a"))).collect();
    jobs.push(NewJob { not_before: Some(past), ..new(round * 100 + 50, Some("b")) });
    jobs.push(new(round * 100, None));
    store.enqueue(&jobs).await.unwrap();
    let claim = ClaimRequest { worker: WORKER, queues: vec![(QUEUE, 8), ("other".parse().unwrap(), 8)], lease: Duration::from_secs(60) };
    store.set_max_running(&QUEUE, Some(1000)).await.unwrap();
    let leases: Vec<Lease> = store.claim(&claim).await.unwrap().iter().map(|j| j.lease).collect();
    assert_eq!(leases.len(), 8);
    store.heartbeat(WORKER, &leases, Duration::from_secs(60), &[(leases[0], json!({ "page": 1 }))]).await.unwrap();
    let failed = |next| Outcome::Failed { code: ErrorCode::RenderCrashed, detail: String::new(), next };
    let outcomes = [
        Outcome::done(),
        Outcome::done(),
        Outcome::Done { next: vec![new(round * 100 + 60, Some("a"))], result: Some(json!({ "pages": 2 })) },
        failed(NextStep::RetryAt(past)),
        failed(NextStep::Failed),
        Outcome::Returned,
    ];
    let ends = leases.iter().zip(outcomes).map(|(lease, outcome)| Settlement { lease: *lease, outcome, effect: None }).collect();
    assert!(store.settle(ends).await.unwrap().iter().all(Result::is_ok));
    store.cancel_job(leases[6].job).await.unwrap();
    store.retry_job(leases[4].job).await.unwrap();
    store.shift_clock(120_000);
    assert_eq!(store.rescue(&RESCUE).await.unwrap().len(), 2);
    store.prune_jobs(&PRUNE).await.unwrap();
    store.next_job_in(&[QUEUE]).await.unwrap();
    store.queue_stats().await.unwrap();
    store.discard_job(leases[4].job).await.unwrap();
    store.attempts_of(leases[0].job).await.unwrap();
}
