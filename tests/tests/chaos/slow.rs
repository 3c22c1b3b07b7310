//! A stage that takes longer than the lease, while every core is busy: heartbeats keep it, and it is done once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use arkivflyt_tests::{Daemon, House, On, Rng, Shape, many};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    calm::{all_is_well, attempts_are_complete, calm_down, children_of, feed, start, telling_house, until_ready},
    peace::turn,
};

/// Twice the lease of a working house, and more.
const LONG: Duration = Duration::from_secs(9);

/// Two threads for each core that do nothing but turn.
struct Spin(Arc<AtomicBool>, Vec<JoinHandle<()>>);

impl Spin {
    fn begin() -> Self {
        let on = Arc::new(AtomicBool::new(true));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let turning = |on: Arc<AtomicBool>| std::thread::spawn(move || while on.load(Ordering::Relaxed) {});
        let threads = (0..2 * cores).map(|_| turning(on.clone())).collect();
        Self(on, threads)
    }
}

impl Drop for Spin {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
        self.1.drain(..).for_each(|thread| drop(thread.join()));
    }
}

/// A worker whose one typesetter stands still before the first document comes, and everything that can wait behind it does.
fn held_up(house: &House) -> (Daemon, Pid) {
    let worker = start(house);
    until_ready(house, &worker);
    let children = children_of(worker.pid());
    let [typesetter] = children[..] else { panic!("one typesetter: {children:?}") };
    kill_process(typesetter, Signal::STOP).unwrap();
    (worker, typesetter)
}

fn keeps_what_is_slow(on: On) {
    let Some(house) = telling_house(on) else { return };
    let house = house.with("RENDER__CHILDREN", "1");
    let _turn = turn();
    let documents = many(&mut Rng::fixed(401), 12);
    let (worker, typesetter) = held_up(&house);
    let spin = Spin::begin();
    feed(&house, 0, &documents);
    house.until(Duration::from_secs(30), |house| match house.sql("select count(*) from jobs where state = 'running'").as_str() {
        // Places for one typesetter: two in work, and two more.
        "4" => Ok(()),
        other => Err(format!("{other} run")),
    });
    // Someone else who would take up what seems to be left.
    let other = start(&house);
    std::thread::sleep(LONG);
    let claimed_again = house.sql("select id, attempt from jobs where attempt > 1 and queue = 'render'");
    assert_eq!(claimed_again, "", "what is slow was taken for dead");
    kill_process(typesetter, Signal::CONT).unwrap();
    drop(spin);
    calm_down(&house, vec![worker, other], documents.len());
    let twice = house.sql("select id, attempt, failures from jobs where (attempt > 1 and queue in ('render', 'archive')) or failures > 0");
    assert_eq!(twice, "", "jobs ran twice, or were charged");
    all_is_well(&house, &documents);
}

#[test]
fn a_slow_stage_is_done_once_on_sqlite() {
    keeps_what_is_slow(On::Sqlite);
}

#[test]
fn a_slow_stage_is_done_once_on_postgresql() {
    keeps_what_is_slow(On::Postgres);
}

#[test]
fn a_stage_without_end_meets_its_limit_and_not_its_lease() {
    let _turn = turn();
    let house = telling_house(On::Sqlite).unwrap().with("RENDER__CHILDREN", "1").with("RENDER__WALL_LIMIT_S", "8");
    let documents = many(&mut Rng::fixed(402), 7);
    let (stuck, others) = documents.split_first().unwrap();
    assert_eq!(stuck.shape, Shape::Mailed);
    let (worker, _) = held_up(&house);
    let begun = Instant::now();
    feed(&house, 0, &documents[..1]);
    house.until(Duration::from_secs(30), |house| match house.sql("select count(*) from jobs where state = 'dead'").as_str() {
        "1" => Ok(()),
        _ => Err("not dead"),
    });
    assert!(begun.elapsed() >= Duration::from_secs(8));
    assert_eq!(house.sql("select state, last_code from documents"), "failed|render_limit_time");
    assert_eq!(house.sql("select state, attempt, failures, last_code from jobs where kind = 'render'"), "dead|1|1|render_limit_time");
    feed(&house, 1, others);
    calm_down(&house, vec![worker], documents.len());
    attempts_are_complete(&house);
    // The typesetter was a good one: tried again, the document is set.
    house.run_now(["jobs", "retry", "--code", "render_limit_time"]).expect(0);
    let worker = start(&house);
    calm_down(&house, vec![worker], documents.len());
    all_is_well(&house, &documents);
}
