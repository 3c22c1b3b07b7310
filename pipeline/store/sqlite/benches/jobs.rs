//! No-op jobs per second with history kept: claimed, settled, lanes passed on, attempts written, `synchronous = full`.
//!
//! - `cargo bench -p pipeline-store-sqlite --bench jobs` prints one line per size of claim and settlement.
//! - `… --bench jobs -- --peer huey` runs huey (in an environment that it makes with pip) and us by turns, and prints the ratio.
//! - `… --bench jobs -- --idle` tells what waiting costs: looking for other processes' commits, in parts of a core.
//! - `… --bench jobs -- --deep` compares an empty table with one of a million waiting and a million finished jobs.
//!
//! The database lies in `ARKIVFLYT_BENCH_DIR`, or else in the target folder: a folder in memory would flatter the numbers.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use pipeline_store::{ClaimRequest, JobKind, Jobs, NewJob, Outcome, QueueName, Settlement, WorkerId};
use pipeline_store_sqlite::SqliteStore;
use serde_json::json;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::task::JoinSet;
use uuid::Uuid;

const JOBS: u32 = 10_000;
const LANES: u32 = 2_000;
const WORKERS: u32 = 2;
const WORK: QueueName = QueueName::of("work");
const HUEY: &str = "huey==3.5.4";

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let args: Vec<String> = std::env::args().collect();
    let folder = std::env::var_os("ARKIVFLYT_BENCH_DIR").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    if args.iter().any(|a| a == "--peer") {
        beside_huey(&runtime, &folder);
    } else if args.iter().any(|a| a == "--idle") {
        runtime.block_on(idle(&folder));
    } else if args.iter().any(|a| a == "--deep") {
        runtime.block_on(deep(&folder));
    } else {
        runtime.block_on(sizes(&folder));
    }
}

#[derive(Clone, Copy, Debug)]
struct Sizes {
    claim: u32,
    settle: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lanes {
    None,
    Many,
}

async fn sizes(folder: &Path) {
    for lanes in [Lanes::None, Lanes::Many] {
        for (claim, settle) in [(10, 1), (10, 64), (100, 200), (500, 500)] {
            let sizes = Sizes { claim, settle };
            let rate = on_a_new_file(folder, lanes, sizes).await;
            println!("claim {claim:>3}, settle {settle:>3}, lanes {lanes:?}: {rate:>7.0} jobs/s");
        }
    }
}

async fn on_a_new_file(folder: &Path, lanes: Lanes, sizes: Sizes) -> f64 {
    let work = tempfile::tempdir_in(folder).expect("a folder");
    let store = SqliteStore::open(&work.path().join("bench.db")).await.expect("a store");
    fill(&store, lanes).await;
    let rate = drain(&store, sizes, JOBS).await;
    store.close().await;
    rate
}

async fn fill(store: &SqliteStore, lanes: Lanes) {
    for start in (0..JOBS).step_by(500) {
        let job = |n: u32| NewJob {
            lane: (lanes == Lanes::Many).then(|| format!("case:{}", n % LANES).parse().expect("a lane")),
            ..NewJob::new(JobKind::of("nothing"), WORK, json!({ "n": n }))
        };
        store.enqueue(&(start..start + 500).map(job).collect::<Vec<_>>()).await.expect("enqueued");
    }
}

/// Jobs per second, from the first claim until `jobs` are settled.
async fn drain(store: &SqliteStore, sizes: Sizes, jobs: u32) -> f64 {
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for n in 0..WORKERS {
        workers.spawn(work(store.clone(), WorkerId(Uuid::from_u128(n.into())), sizes, jobs / WORKERS));
    }
    let settled: u32 = workers.join_all().await.into_iter().sum();
    assert_eq!(settled, jobs, "every job was settled once");
    f64::from(jobs) / began.elapsed().as_secs_f64()
}

/// Claims and settles until its share is done.
async fn work(store: SqliteStore, worker: WorkerId, sizes: Sizes, share: u32) -> u32 {
    let (mut ends, mut settled) = (Vec::new(), 0);
    loop {
        let in_hand = u32::try_from(ends.len()).expect("few");
        let most = sizes.claim.min(share - settled - in_hand);
        let request = ClaimRequest { worker, queues: vec![(WORK, most)], lease: Duration::from_secs(60) };
        let taken = store.claim(&request).await.expect("claimed");
        let dry = taken.is_empty();
        ends.extend(taken.into_iter().map(|j| Settlement { lease: j.lease, outcome: Outcome::done(), effect: None }));
        while ends.len() >= sizes.settle || (dry && !ends.is_empty()) {
            let batch: Vec<Settlement> = ends.drain(..sizes.settle.min(ends.len())).collect();
            let answers = store.settle(batch).await.expect("settled");
            settled += u32::try_from(answers.iter().filter(|a| a.is_ok()).count()).expect("few");
        }
        if settled == share {
            return settled;
        }
        if dry {
            // All heads of lanes are in the other worker's hands.
            tokio::task::yield_now().await;
        }
    }
}

/// Rounds by turns, so that whatever else the machine does meets both.
fn beside_huey(runtime: &tokio::runtime::Runtime, folder: &Path) {
    let python = environment(folder);
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/huey_peer.py");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=5 {
        let work = tempfile::tempdir_in(folder).expect("a folder");
        let out = Command::new(&python).arg(&script).arg(work.path()).arg(JOBS.to_string()).output().expect("python runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let (rate, what) = said.trim().split_once(' ').expect("a rate and a version");
        theirs.push(rate.parse::<f64>().expect("a number"));
        let sizes = Sizes { claim: 100, settle: 200 };
        ours.push(runtime.block_on(on_a_new_file(folder, Lanes::Many, sizes)));
        println!("round {round}: ours {:.0}/s (full sync, lanes, history), {what}: {rate}/s", ours[ours.len() - 1]);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("median: ours {ours:.0}/s, huey {theirs:.0}/s, ratio {:.1}", ours / theirs);
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// The python of an environment with huey in it.
fn environment(folder: &Path) -> PathBuf {
    let home = folder.join("huey-environment");
    let python = home.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", HUEY]));
    }
    python
}

fn run(command: &mut Command) {
    let status = command.status().expect("the command is there");
    assert!(status.success(), "{command:?}");
}

/// Processor time of ten seconds in which nothing happens.
async fn idle(folder: &Path) {
    let work = tempfile::tempdir_in(folder).expect("a folder");
    let store = SqliteStore::open(&work.path().join("idle.db")).await.expect("a store");
    let wakeups = store.wakeups();
    let (before, began) = (processor_s(), Instant::now());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let part = (processor_s() - before) / began.elapsed().as_secs_f64();
    println!("idle: {:.2} % of a core, {} wakeups", part * 100.0, *wakeups.borrow());
    store.close().await;
}

/// User and system time of this process, from `/proc` (hundredths of a second).
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(") ").next().expect("a name in brackets");
    let ticks: f64 = after_name.split(' ').skip(11).take(2).map(|t| t.parse::<f64>().expect("a number")).sum();
    ticks / 100.0
}

/// The same 10,000 jobs, alone and in front of a million others with a million finished ones behind them.
async fn deep(folder: &Path) {
    let sizes = Sizes { claim: 100, settle: 200 };
    let work = tempfile::tempdir_in(folder).expect("a folder");
    let path = work.path().join("deep.db");
    SqliteStore::open(&path).await.expect("a store").close().await;
    let mut c = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.expect("a connection");
    sqlx::raw_sql(MILLIONS).execute(&mut c).await.expect("filled");
    c.close().await.expect("closed");
    let began = Instant::now();
    let store = SqliteStore::open(&path).await.expect("a store");
    println!("opened with 1,000,000 waiting and 1,000,000 finished jobs in {:.0} ms", began.elapsed().as_secs_f64() * 1000.0);
    let (mut alone, mut in_front) = (Vec::new(), Vec::new());
    for round in 1..=5 {
        alone.push(on_a_new_file(folder, Lanes::None, sizes).await);
        in_front.push(drain(&store, sizes, JOBS).await);
        println!("round {round}: {:.0}/s alone, {:.0}/s with 2,000,000 rows", alone[alone.len() - 1], in_front[in_front.len() - 1]);
    }
    let (alone, in_front) = (median(alone), median(in_front));
    println!("median: {alone:.0}/s alone, {in_front:.0}/s with 2,000,000 rows, ratio {:.2}", in_front / alone);
    store.close().await;
}

const MILLIONS: &str = "
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000)
    insert into jobs (id, kind, queue, args, state, priority, run_at, due_at, attempt, max_failures, created_at, finished_at)
    select i, 'nothing', 'work', '{\"n\":1}', iif(i <= 1000000, 'done', 'ready'), 4, 0, i, iif(i <= 1000000, 1, 0), 10, i,
      iif(i <= 1000000, i, null) from n;
    insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome)
      select id, 1, '00000000-0000-0000-0000-000000000001', 1, 2, 'done' from jobs where state = 'done';";
