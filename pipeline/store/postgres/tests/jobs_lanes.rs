//! Lanes under pressure: many lanes or few, producers, claimers, deaths and people, on separate pools, as separate processes have
//! them. Never two of a lane in hand, never one before another that came first, and none left behind.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use pipeline_domain::{ErrorCode, NextStep, Timestamp};
use pipeline_store::{
    ClaimRequest, ClaimedJob, Enqueued, JobFilter, JobId, Jobs, Lane, NewJob, Outcome, QueueName, RescuePolicy, Settlement, WorkerId,
};
use pipeline_store_postgres::{PostgresStore, testing::shared};
use serde_json::json;
use uuid::Uuid;

const QUEUE: QueueName = QueueName::of("work");
const PRODUCERS: u32 = 2;
const CLAIMERS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_lanes() {
    hammer(3, 300, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_lanes() {
    hammer(50, 1000, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_lanes() {
    hammer(2000, 2000, 3).await;
}

/// A small generator with a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }
}

/// What the claimers have seen.
#[derive(Default)]
struct Seen {
    /// Lanes in hand, and by which job.
    held: HashMap<String, JobId>,
    /// The last number of each producer that was begun in each lane.
    last: HashMap<(String, u64), u64>,
    faults: Vec<String>,
}

impl Seen {
    fn begin(&mut self, job: &ClaimedJob) {
        let lane = job.lane.as_ref().unwrap().to_string();
        if let Some(other) = self.held.insert(lane.clone(), job.lease.job) {
            self.faults.push(format!("{lane}: jobs {other} and {} in hand at once", job.lease.job));
        }
        let (producer, n) = (job.args["p"].as_u64().unwrap(), job.args["n"].as_u64().unwrap());
        let last = self.last.insert((lane.clone(), producer), n);
        if last.is_some_and(|last| last > n) {
            self.faults.push(format!("{lane}: {n} of producer {producer} came after {last:?}"));
        }
    }

    fn end(&mut self, job: &ClaimedJob) {
        self.held.remove(&job.lane.as_ref().unwrap().to_string());
    }
}

struct Scene {
    url: String,
    lanes: u64,
    each: u32,
    seed: u64,
    seen: Mutex<Seen>,
    producing: AtomicU32,
    working: AtomicBool,
}

async fn hammer(lanes: u64, each: u32, seed: u64) {
    let Some(server) = shared() else { return };
    let scene = Arc::new(Scene {
        url: server.fresh_database().await,
        lanes,
        each,
        seed,
        seen: Mutex::default(),
        producing: AtomicU32::new(PRODUCERS),
        working: AtomicBool::new(true),
    });
    let store = PostgresStore::connect(&scene.url).await.unwrap();
    let mut tasks = Vec::new();
    tasks.extend((0..PRODUCERS).map(|n| tokio::spawn(produce(Arc::clone(&scene), n))));
    tasks.extend((0..CLAIMERS).map(|n| tokio::spawn(work(Arc::clone(&scene), n))));
    tasks.push(tokio::spawn(rescue(Arc::clone(&scene))));
    let begun = Instant::now();
    let mut left = unfinished(&store).await;
    while (scene.producing.load(Ordering::Relaxed) > 0 || left > 0) && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = unfinished(&store).await;
    }
    scene.working.store(false, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let faults = std::mem::take(&mut scene.seen.lock().unwrap().faults);
    assert_eq!(faults, Vec::<String>::new(), "seed {seed}");
    assert_eq!(left, 0, "seed {seed}: stuck: {:?}", store.queue_stats().await.unwrap());
    let rows = store.jobs(&JobFilter::default(), u32::MAX).await.unwrap();
    assert_eq!(rows.len(), usize::try_from(PRODUCERS * each).unwrap(), "seed {seed}");
    println!("{lanes} lanes: {:.0} jobs/s", f64::from(PRODUCERS * each) / begun.elapsed().as_secs_f64());
}

async fn unfinished(store: &PostgresStore) -> u64 {
    store.queue_stats().await.unwrap().iter().map(|q| q.ready + q.scheduled + q.waiting + q.running).sum()
}

/// Enqueues one to five at a time, and calls one in fifty off again.
async fn produce(scene: Arc<Scene>, n: u32) {
    let store = PostgresStore::connect(&scene.url).await.unwrap();
    let mut dice = Dice::new(scene.seed * 100 + u64::from(n));
    let mut made = 0;
    while made < scene.each {
        let batch = (u32::try_from(dice.roll(5)).unwrap() + 1).min(scene.each - made);
        let jobs: Vec<NewJob> = (made..made + batch)
            .map(|i| {
                let lane: Lane = format!("lane:{}", dice.roll(scene.lanes)).parse().unwrap();
                let new = NewJob::new("k".parse().unwrap(), QUEUE, json!({ "p": n, "n": i }));
                NewJob { lane: Some(lane), max_failures: 1000, ..new }
            })
            .collect();
        made += batch;
        for answer in store.enqueue(&jobs).await.unwrap() {
            let Enqueued::New(id) = answer else { panic!("no job has a key") };
            if dice.roll(50) == 0 {
                assert!(store.cancel_job(id).await.unwrap().is_some());
            }
        }
    }
    scene.producing.fetch_sub(1, Ordering::Relaxed);
}

async fn work(scene: Arc<Scene>, n: u32) {
    let store = PostgresStore::connect(&scene.url).await.unwrap();
    let mut dice = Dice::new(scene.seed * 1000 + u64::from(n));
    let worker = WorkerId(Uuid::from_u128(u128::from(n) + 1));
    while scene.working.load(Ordering::Relaxed) {
        // One claim in twenty is by a worker that dies with what it has.
        let dies = dice.roll(20) == 0;
        let (most, lease) = if dies { (1, Duration::from_millis(1)) } else { (10, Duration::from_secs(60)) };
        let taken = store.claim(&ClaimRequest { worker, queues: vec![(QUEUE, most)], lease }).await.unwrap();
        if dies {
            // Nothing is begun, so that whoever is given it next does not seem to meet us.
            continue;
        }
        for job in &taken {
            scene.seen.lock().unwrap().begin(job);
        }
        if taken.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        settle(&scene, &store, &mut dice, taken).await;
    }
}

async fn settle(scene: &Scene, store: &PostgresStore, dice: &mut Dice, taken: Vec<ClaimedJob>) {
    let past = Timestamp::from_unix_seconds(1_600_000_000).unwrap();
    let mut ends = Vec::new();
    for job in taken {
        let failed = |next| Outcome::Failed { code: ErrorCode::RenderCrashed, detail: String::new(), next };
        let outcome = match dice.roll(12) {
            0 => Outcome::Returned,
            1 => failed(NextStep::RetryAt(past)),
            2 => failed(NextStep::Failed),
            3 => Outcome::Done { next: Vec::new(), result: Some(json!({})) },
            _ => Outcome::done(),
        };
        scene.seen.lock().unwrap().end(&job);
        ends.push(Settlement { lease: job.lease, outcome, effect: None });
    }
    let answers = store.settle(ends).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

/// Frees what the dead claimers left.
async fn rescue(scene: Arc<Scene>) {
    let store = PostgresStore::connect(&scene.url).await.unwrap();
    let policy = RescuePolicy { first_wait: Duration::ZERO, longest_lease: Duration::from_secs(60), limit: 100 };
    while scene.working.load(Ordering::Relaxed) {
        store.rescue(&policy).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
