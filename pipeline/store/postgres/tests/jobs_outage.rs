//! The server is killed, restarted, or cuts sessions while jobs are claimed and settled: every effect once, nothing stuck, and work
//! goes on within five seconds.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use pipeline_store::{
    AttemptEnd, ClaimRequest, ClaimedJob, JobFilter, JobState, Jobs, Lane, NewJob, Outcome, QueueName, RescuePolicy, Settlement,
    StoreError, WorkerId,
};
use pipeline_store_postgres::{
    PostgresStore, Settings,
    testing::{Mode, Server},
};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

const QUEUE: QueueName = QueueName::of("work");
/// What each job makes: the effect that is counted.
const AFTER: QueueName = QueueName::of("after");
/// More than can be done while the trouble lasts.
const EACH_TROUBLE: u32 = 800;
const WORKERS: u32 = 4;
/// Resumed, at the latest, so long after the server answers again.
const RESUMED: Duration = Duration::from_secs(5);
const POLICY: RescuePolicy = RescuePolicy { first_wait: Duration::ZERO, longest_lease: Duration::from_secs(2), limit: 1000 };

fn settings() -> Settings {
    Settings { connections: 4, patience: Duration::from_secs(3), ..Settings::default() }
}

fn job(n: u32) -> NewJob {
    let lane: Lane = format!("lane:{}", n % 200).parse().unwrap();
    NewJob { lane: Some(lane), max_failures: 1000, ..NewJob::new("k".parse().unwrap(), QUEUE, json!({ "n": n })) }
}

struct Scene {
    url: String,
    working: AtomicBool,
    settled: AtomicU32,
    last: Mutex<Instant>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_effect_once_whatever_the_server_does() {
    let Some(server) = Server::start() else { return };
    let url = server.fresh_database().await;
    let store = PostgresStore::connect_with(&url, &settings()).await.unwrap();
    let mut made = 0;
    let scene =
        Arc::new(Scene { url: url.clone(), working: AtomicBool::new(true), settled: AtomicU32::new(0), last: Mutex::new(Instant::now()) });
    let workers: Vec<_> = (0..WORKERS).map(|n| tokio::spawn(work(Arc::clone(&scene), n))).collect();
    let rescuer = tokio::spawn(rescue(Arc::clone(&scene)));

    let mut slowest = Duration::ZERO;
    for round in 0..2 {
        for trouble in [Trouble::Kill, Trouble::Fast, Trouble::CutSessions, Trouble::Immediate] {
            let more: Vec<NewJob> = (made..made + EACH_TROUBLE).map(job).collect();
            again(|| store.enqueue(&more)).await;
            made += EACH_TROUBLE;
            goes_on(&scene, Instant::now()).await;
            trouble.make(&server).await;
            let took = goes_on(&scene, Instant::now()).await;
            let settled = scene.settled.load(Ordering::Relaxed);
            println!("round {round}, {trouble:?}: went on after {} ms; {settled} of {made} jobs settled", took.as_millis());
            slowest = slowest.max(took);
        }
    }
    drained(&store).await;
    scene.working.store(false, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    rescuer.await.unwrap();
    assert!(slowest <= RESUMED, "{slowest:?}");
    check(&store, made).await;
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Kill,
    Fast,
    Immediate,
    CutSessions,
}

impl Trouble {
    /// Returns when the server answers again.
    async fn make(self, server: &Server) {
        match self {
            Self::Kill => {
                server.kill();
                server.launch();
            }
            Self::Fast => server.restart(Mode::Fast),
            Self::Immediate => server.restart(Mode::Immediate),
            Self::CutSessions => cut_sessions(server).await,
        }
    }
}

/// Listeners too.
async fn cut_sessions(server: &Server) {
    let mut c = PgConnection::connect(&server.url()).await.unwrap();
    let cut =
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'";
    let cut: i64 = sqlx::query_scalar(cut).fetch_one(&mut c).await.unwrap();
    assert!(cut > 0);
}

/// How long after `since` the next job was settled.
async fn goes_on(scene: &Scene, since: Instant) -> Duration {
    loop {
        let last = *scene.last.lock().unwrap();
        if last > since {
            return last - since;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "nothing is settled any more");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn work(scene: Arc<Scene>, n: u32) {
    let store = PostgresStore::connect_with(&scene.url, &settings()).await.unwrap();
    let request =
        ClaimRequest { worker: WorkerId(Uuid::from_u128(u128::from(n) + 1)), queues: vec![(QUEUE, 5)], lease: Duration::from_secs(2) };
    while scene.working.load(Ordering::Relaxed) {
        let taken = match store.claim(&request).await {
            Ok(taken) if !taken.is_empty() => taken,
            _ => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        // Slow enough that there is work for the whole of the trouble.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let ends = taken.iter().map(end).collect();
        if let Ok(answers) = store.settle(ends).await {
            let ok = answers.iter().filter(|a| a.is_ok()).count();
            scene.settled.fetch_add(u32::try_from(ok).unwrap(), Ordering::Relaxed);
            if ok > 0 {
                *scene.last.lock().unwrap() = Instant::now();
            }
        }
    }
}

/// Half of them leave a job behind, in one transaction with their end; the others take the short way.
fn end(job: &ClaimedJob) -> Settlement {
    let n = job.args["n"].as_u64().unwrap();
    let outcome = match n % 2 {
        0 => Outcome::Done { next: vec![NewJob::new("effect".parse().unwrap(), AFTER, job.args.clone())], result: None },
        _ => Outcome::done(),
    };
    Settlement { lease: job.lease, outcome, effect: None }
}

async fn rescue(scene: Arc<Scene>) {
    let store = PostgresStore::connect_with(&scene.url, &settings()).await.unwrap();
    while scene.working.load(Ordering::Relaxed) {
        store.rescue(&POLICY).await.ok();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn drained(store: &PostgresStore) {
    let begun = Instant::now();
    loop {
        let left: u64 = match store.queue_stats().await {
            Ok(stats) => stats.iter().filter(|q| q.queue == QUEUE).map(|q| q.ready + q.scheduled + q.waiting + q.running).sum(),
            Err(_) => 1,
        };
        if left == 0 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{left} jobs are stuck");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Each job is done, by exactly one of its attempts, and left exactly one effect behind.
async fn check(store: &PostgresStore, made: u32) {
    let rows = store.jobs(&JobFilter::default(), u32::MAX).await.unwrap();
    let (mut effects, mut owed): (BTreeMap<u64, u32>, BTreeMap<u64, u32>) = (BTreeMap::new(), BTreeMap::new());
    let mut attempts = 0;
    for row in rows {
        let n = row.args["n"].as_u64().unwrap();
        if row.queue == AFTER {
            *effects.entry(n).or_default() += 1;
            continue;
        }
        assert_eq!(row.state, JobState::Done, "job {}", row.id);
        if n % 2 == 0 {
            *owed.entry(n).or_default() += 1;
        }
        let ends: Vec<AttemptEnd> = store.attempts_of(row.id).await.unwrap().iter().map(|a| a.end).collect();
        assert_eq!(ends.iter().filter(|e| **e == AttemptEnd::Done).count(), 1, "job {}: {ends:?}", row.id);
        assert_eq!(ends.len(), usize::try_from(row.attempt).unwrap(), "job {}: the history is whole", row.id);
        assert_eq!(ends.last(), Some(&AttemptEnd::Done));
        attempts += ends.len();
    }
    assert_eq!(effects, owed, "every effect once");
    assert_eq!(effects.len(), usize::try_from(made / 2).unwrap());
    println!("{} effects, {attempts} attempts", effects.len());
}

/// A claim does not wait for the disk. When the server forgets it, who holds it can write nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_a_crash_forgot_is_worth_nothing() {
    let Some(server) = Server::start() else { return };
    let url = server.fresh_database().await;
    let store = PostgresStore::connect_with(&url, &settings()).await.unwrap();
    let mut forgotten = 0;
    for n in 0..10 {
        store.enqueue(&[NewJob { lane: None, ..job(n * 2) }]).await.unwrap();
        let request =
            |worker| ClaimRequest { worker: WorkerId(Uuid::from_u128(worker)), queues: vec![(QUEUE, 1)], lease: Duration::from_secs(2) };
        let old = store.claim(&request(1)).await.unwrap().remove(0);
        server.kill();
        server.launch();
        let row = again(|| store.job(old.lease.job)).await.unwrap();
        let new = match row.state {
            JobState::Ready => {
                forgotten += 1;
                let answer = again(|| store.settle(vec![end(&old)])).await.remove(0);
                assert!(matches!(answer, Err(StoreError::LeaseLost { lease }) if lease == old.lease), "{answer:?}");
                let theirs = request(2);
                let new = again(|| store.claim(&theirs)).await.remove(0);
                let answer = store.settle(vec![end(&old)]).await.unwrap().remove(0);
                assert!(matches!(answer, Err(StoreError::LeaseLost { .. })), "the same attempt, another worker: {answer:?}");
                new
            }
            state => {
                assert_eq!((state, row.worker), (JobState::Running, Some(old.lease.worker)));
                old
            }
        };
        again(|| store.settle(vec![end(&new)])).await.remove(0).unwrap();
        assert_eq!(store.attempts_of(new.lease.job).await.unwrap().len(), 1);
    }
    println!("{forgotten} of 10 claims were forgotten");
    let after = JobFilter { queue: Some(AFTER), ..JobFilter::default() };
    assert_eq!(store.jobs(&after, 100).await.unwrap().len(), 10);
}

/// The first call after an outage may meet a connection that is gone.
async fn again<T, F: Future<Output = Result<T, StoreError>>>(call: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(fault) => assert!(begun.elapsed() < RESUMED, "{fault}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The session that listens is cut, or its server restarted: it comes back, and whoever waits is woken by another process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listener_comes_back() {
    let Some(server) = Server::start() else { return };
    let url = server.fresh_database().await;
    let store = PostgresStore::connect_with(&url, &settings()).await.unwrap();
    let mut wakeups = store.wakeups();
    tokio::time::timeout(RESUMED, wakeups.changed()).await.expect("it begins to listen").unwrap();
    for trouble in [Trouble::CutSessions, Trouble::Kill, Trouble::Fast, Trouble::Immediate] {
        trouble.make(&server).await;
        // It says so itself when it is back: something may have been missed.
        tokio::time::timeout(RESUMED, wakeups.changed()).await.unwrap_or_else(|_| panic!("{trouble:?}: it stays away")).unwrap();
        wakeups.borrow_and_update();
        let other = PostgresStore::connect_with(&url, &settings()).await.unwrap();
        other.enqueue(&[NewJob { lane: None, ..job(1) }]).await.unwrap();
        tokio::time::timeout(RESUMED, wakeups.changed()).await.unwrap_or_else(|_| panic!("{trouble:?}: nobody is woken")).unwrap();
        wakeups.borrow_and_update();
    }
}
