//! No-op jobs per second, each in a lane of its own, with their history kept and commits that wait for the disk: ours beside
//! graphile-worker, in rounds that take turns on one server.
//!
//! `cargo bench -p pipeline-store-postgres --bench jobs -- [ROUNDS] [JOBS]`. Needs PostgreSQL and, for the peer, Node with npm. Prints
//! versions, settings, every round, and ratios of medians.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use pipeline_store::{ClaimRequest, JobKind, Jobs, Lane, NewJob, Outcome, QueueName, Settlement, WorkerId};
use pipeline_store_postgres::{PostgresStore, testing::Server};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

const QUEUE: QueueName = QueueName::of("bench");
const KIND: JobKind = JobKind::of("noop");
/// What lies around in the measurement of flatness: half of those that wait stand behind others, half are ready and less urgent.
const WAITING: u32 = 1_000_000;
const FINISHED: u32 = 1_000_000;

/// How we work: so many loops, each of which claims and settles so many at a time.
#[derive(Clone, Copy)]
struct Shape {
    loops: u32,
    claim: u32,
    settle: usize,
}

const BATCHED: Shape = Shape { loops: 3, claim: 500, settle: 500 };
const MODEST: Shape = Shape { loops: 10, claim: 10, settle: 1 };

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u32>().ok());
    let (rounds, jobs) = (numbers.next().unwrap_or(5), numbers.next().unwrap_or(30_000));
    let Some(server) = Server::start() else { return };
    let peer = Peer::install();
    introduce(&server, peer.as_ref()).await;

    let mut rates = Rates::default();
    for round in 1..=rounds {
        rates.ours.push(ours(&server, "ours, batched", round, BATCHED, jobs).await);
        rates.modest.push(ours(&server, "ours, 10 handlers that claim 10 and settle one by one", round, MODEST, jobs / 3).await);
        if let Some(peer) = &peer {
            rates.batched.push(peer.run(&server, "batched", round, jobs).await);
            rates.default.push(peer.run(&server, "default", round, jobs / 3).await);
        }
    }
    if peer.is_some() {
        ratio("ours / graphile-worker at its defaults", &rates.ours, &rates.default, 3.0);
        ratio("ours with 10 handlers / graphile-worker at its defaults", &rates.modest, &rates.default, 1.0);
        ratio("ours / graphile-worker batched", &rates.ours, &rates.batched, 1.0);
    }
    flatness(&server, rounds, jobs).await;
}

#[derive(Default)]
struct Rates {
    ours: Vec<f64>,
    modest: Vec<f64>,
    default: Vec<f64>,
    batched: Vec<f64>,
}

async fn introduce(server: &Server, peer: Option<&Peer>) {
    let mut c = PgConnection::connect(&server.url()).await.unwrap();
    let version: String = sqlx::query_scalar("select version()").fetch_one(&mut c).await.unwrap();
    println!("{version}");
    let settings = "select name || ' = ' || setting || coalesce(' ' || unit, '') from pg_settings where name in ('fsync',
        'synchronous_commit', 'shared_buffers', 'full_page_writes', 'max_wal_size', 'autovacuum') order by name";
    let settings: Vec<String> = sqlx::query_scalar(settings).fetch_all(&mut c).await.unwrap();
    println!("{}", settings.join("; "));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{} cores, load {}", std::thread::available_parallelism().map_or(0, usize::from), load.trim());
    if let Some(peer) = peer {
        println!("graphile-worker {}, node {}; batched = concurrentJobs 24, localQueue.size 500, batch delays 0", peer.version, peer.node);
        println!("default = concurrentJobs 10 (its library default is 1), pool of 10, nothing else set");
    }
}

fn ratio(what: &str, ours: &[f64], theirs: &[f64], wanted: f64) {
    let ratio = median(ours) / median(theirs);
    let verdict = if ratio >= wanted { "holds" } else { "DOES NOT HOLD" };
    println!("RATIO {what}: {ratio:.2} (wanted {wanted:.1}: {verdict}; {:.0} and {:.0} jobs/s)", median(ours), median(theirs));
}

fn median(of: &[f64]) -> f64 {
    let mut of = of.to_vec();
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Jobs per second, from the first claim to the last settlement.
async fn ours(server: &Server, name: &str, round: u32, shape: Shape, jobs: u32) -> f64 {
    let store = PostgresStore::connect(&server.fresh_database().await).await.unwrap();
    let rate = work(&store, shape, jobs).await;
    println!("round {round}: {name}: {rate:.0} jobs/s");
    store.close().await;
    rate
}

async fn work(store: &PostgresStore, shape: Shape, jobs: u32) -> f64 {
    fill(store, jobs).await;
    let left = Arc::new(AtomicI64::new(jobs.into()));
    let begun = Instant::now();
    let loops: Vec<_> = (0..shape.loops).map(|n| tokio::spawn(one_loop(store.clone(), n, shape, Arc::clone(&left)))).collect();
    for one in loops {
        one.await.unwrap();
    }
    f64::from(jobs) / begun.elapsed().as_secs_f64()
}

async fn fill(store: &PostgresStore, jobs: u32) {
    let new = |n: u32| {
        let lane: Lane = format!("bench:{n}").parse().unwrap();
        NewJob { lane: Some(lane), ..NewJob::new(KIND, QUEUE, json!({ "n": n })) }
    };
    for from in (0..jobs).step_by(500) {
        let batch: Vec<NewJob> = (from..jobs.min(from + 500)).map(new).collect();
        store.enqueue(&batch).await.unwrap();
    }
}

async fn one_loop(store: PostgresStore, n: u32, shape: Shape, left: Arc<AtomicI64>) {
    let worker = WorkerId(Uuid::from_u128(0xbe7c_0000 + u128::from(n)));
    let request = ClaimRequest { worker, queues: vec![(QUEUE, shape.claim)], lease: Duration::from_secs(60) };
    while left.load(Ordering::Relaxed) > 0 {
        let taken = store.claim(&request).await.unwrap();
        if taken.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for some in taken.chunks(shape.settle) {
            let ends = some.iter().map(|j| Settlement { lease: j.lease, outcome: Outcome::done(), effect: None }).collect();
            let answers = store.settle(ends).await.unwrap();
            assert!(answers.iter().all(Result::is_ok));
            // The last claims may take some of the crowd along: then it goes below nothing.
            left.fetch_sub(i64::try_from(some.len()).unwrap(), Ordering::Relaxed);
        }
    }
}

/// Empty beside a million that wait and a million that are finished, in turns.
async fn flatness(server: &Server, rounds: u32, jobs: u32) {
    let (empty, full) = (server.fresh_database().await, server.fresh_database().await);
    let (empty, full_store) = (PostgresStore::connect(&empty).await.unwrap(), PostgresStore::connect(&full).await.unwrap());
    crowd(&full).await;
    let (mut bare, mut crowded) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        bare.push(work(&empty, BATCHED, jobs).await);
        crowded.push(work(&full_store, BATCHED, jobs).await);
        println!("round {round}: empty {:.0}, crowded {:.0} jobs/s", bare[bare.len() - 1], crowded[crowded.len() - 1]);
    }
    let what = format!("beside {WAITING} waiting and {FINISHED} finished / empty");
    ratio(&what, &crowded, &bare, 0.8);
}

async fn crowd(url: &str) {
    let mut c = PgConnection::connect(url).await.unwrap();
    let rows = format!(
        "set search_path = arkivflyt;
        insert into jobs (kind, queue, args, state, priority, run_at, due_at, lane, lane_place, max_failures, created_at, finished_at)
        select 'noop', 'bench', '{{\"n\":' || n || '}}', 'done', 4, 0, 1, 'old:' || n, null, 10, 1, 1 from generate_series(1, {FINISHED}) n;
        insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome)
        select id, 1, '00000000-0000-0000-0000-000000000000', 1, 1, 'done' from jobs;
        insert into jobs (kind, queue, args, state, priority, run_at, due_at, lane, lane_place, max_failures, created_at)
        select 'noop', 'bench', '{{\"n\":' || n || '}}', case when n % 2 = 0 or n < 2000 then 'ready' else 'waiting' end, 9, 0, 1,
            case when n % 2 = 0 then null else 'crowd:' || n % 2000 end, case when n % 2 = 0 or n < 2000 then null else n end, 10, 1
        from generate_series(1, {WAITING}) n;
        analyze jobs; analyze job_attempts; checkpoint"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut c).await.unwrap();
}

/// graphile-worker in a folder of its own outside the repository.
struct Peer {
    folder: PathBuf,
    version: String,
    node: String,
}

impl Peer {
    fn install() -> Option<Self> {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/graphile");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphile");
        std::fs::create_dir_all(&folder).unwrap();
        for file in ["package.json", "run.mjs"] {
            std::fs::copy(ours.join(file), folder.join(file)).unwrap();
        }
        let install = ["install", "--no-audit", "--no-fund", "--silent"];
        let installed = Command::new("npm").args(install).current_dir(&folder).status().is_ok_and(|s| s.success());
        if !installed {
            assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none(), "npm cannot install graphile-worker");
            println!("SKIPPED: npm cannot install graphile-worker, so there is nothing to compare with");
            return None;
        }
        let manifest = std::fs::read_to_string(folder.join("node_modules/graphile-worker/package.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let node = Command::new("node").arg("--version").output().unwrap();
        let version = manifest["version"].as_str().unwrap().to_owned();
        Some(Self { folder, version, node: String::from_utf8_lossy(&node.stdout).trim().to_owned() })
    }

    async fn run(&self, server: &Server, mode: &str, round: u32, jobs: u32) -> f64 {
        let url = server.fresh_database().await;
        let output = Command::new("node").arg("run.mjs").args([&url, mode, &jobs.to_string()]).current_dir(&self.folder).output().unwrap();
        let answer: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let rate = f64::from(jobs) / answer["seconds"].as_f64().unwrap();
        println!("round {round}: graphile-worker, {mode}: {rate:.0} jobs/s");
        rate
    }
}
