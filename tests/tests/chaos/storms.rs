//! SIGTERM at random moments, again and again, also twice and three times: every end is an orderly one and costs nothing.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    time::{Duration, Instant},
};

use arkivflyt_tests::{Daemon, House, On, Rng, many};
use rustix::process::Signal;

use crate::{
    calm::{STOP, all_is_well, calm_down, count, feed, start, telling_house},
    peace::turn,
};

/// What a process that was asked three times says.
const TERMINATED: i32 = 143;

/// Who was asked so often ends now, and what it had in hand is freed when the lease is over: that is the one case which costs.
fn stormed(on: On, seed: u64, most_signals: u64) {
    let Some(house) = telling_house(on) else { return };
    let house = house.with("RENDER__CHILDREN", "1");
    let mut chance = Rng::fixed(seed);
    let documents = many(&mut chance, count("ARKIVFLYT_CHAOS_DOCUMENTS", 36));
    let storms = count("ARKIVFLYT_CHAOS_STORMS", 8);
    let each = documents.len().div_ceil(storms);
    let (mut stops, mut longest) = (0, Duration::ZERO);
    let crew: Vec<Daemon> = {
        let _turn = turn();
        let mut crew: Vec<Daemon> = (0..2).map(|_| start(&house)).collect();
        for (n, some) in documents.chunks(each).enumerate() {
            feed(&house, n, some);
            std::thread::sleep(Duration::from_millis(chance.below(600 + each as u64 * 90)));
            let worker = crew.swap_remove(usize::try_from(chance.below(2)).unwrap());
            crew.push(start(&house));
            longest = longest.max(asked_to_stop(worker, 1 + chance.below(most_signals), &mut chance));
            stops += 1;
        }
        crew
    };
    let calm = calm_down(&house, crew, documents.len());
    eprintln!(
        "{on:?}, {} documents: {stops} stops by up to {most_signals} signals, the longest {longest:?}; idle {calm:?} later",
        documents.len()
    );
    if most_signals < 3 {
        no_failures(&house);
    }
    all_is_well(&house, &documents);
}

/// How long the stop took.
fn asked_to_stop(mut worker: Daemon, signals: u64, chance: &mut Rng) -> Duration {
    let begun = Instant::now();
    for _ in 0..signals {
        worker.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(chance.below(400)));
    }
    let ended = loop {
        if let Some(ended) = worker.ended() {
            break ended;
        }
        assert!(begun.elapsed() < STOP, "it does not stop:\n{}", worker.log());
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(is_orderly(ended, signals, &worker), "{ended} after {signals} signals:\n{}", worker.log());
    begun.elapsed()
}

fn is_orderly(ended: ExitStatus, signals: u64, worker: &Daemon) -> bool {
    // Before it has set its handlers the kernel ends it, and it has nothing in hand.
    let unborn = ended.signal() == Some(Signal::TERM.as_raw()) && worker.log().is_empty();
    ended.success() || unborn || (signals > 2 && ended.code() == Some(TERMINATED))
}

#[track_caller]
fn no_failures(house: &House) {
    assert_eq!(house.sql("select id, kind, attempt, failures, last_code from jobs where failures > 0"), "", "jobs were charged");
    assert_eq!(house.sql("select document_id, attempts, last_code from documents where attempts > 0"), "", "documents were charged");
    assert_eq!(house.sql("select job, attempt, outcome from job_attempts where outcome in ('failed', 'lease_lost')"), "");
}

#[test]
fn one_or_two_signals_cost_nothing_on_sqlite() {
    stormed(On::Sqlite, 301, 2);
}

#[test]
fn one_or_two_signals_cost_nothing_on_postgresql() {
    stormed(On::Postgres, 302, 2);
}

#[test]
fn three_signals_lose_nothing_on_sqlite() {
    stormed(On::Sqlite, 303, 3);
}

#[test]
fn three_signals_lose_nothing_on_postgresql() {
    stormed(On::Postgres, 304, 3);
}
