//! `kill -9` of workers at random moments, while documents keep coming in.
//!
//! The full measure: `ARKIVFLYT_CHAOS_DOCUMENTS=10000 ARKIVFLYT_CHAOS_KILLS=60 cargo test --release --workspace --test chaos --
//! --nocapture kills::`. `ARKIVFLYT_SEED` repeats a run as far as chance decides it.

use std::time::{Duration, Instant};

use arkivflyt_tests::{Daemon, House, On, Rng, many};

use crate::{
    calm::{LEASE, all_is_well, calm_down, count, feed, kill, now_ms, start, telling_house},
    peace::turn,
};

/// A worker that starts has its first look for the dead one second later; the rest is for a busy machine.
const SLACK: Duration = Duration::from_secs(9);

fn killed_and_restarted(on: On, processes: usize, seed: u64) {
    let Some(house) = telling_house(on) else { return };
    let house = if processes > 1 { house.with("RENDER__CHILDREN", "1") } else { house };
    let mut chance = Rng::fixed(seed);
    let documents = many(&mut chance, count("ARKIVFLYT_CHAOS_DOCUMENTS", 45 * processes));
    let kills = count("ARKIVFLYT_CHAOS_KILLS", 8);
    let begun = Instant::now();
    let (crew, deaths) = {
        let _turn = turn();
        storm(&house, processes, kills, &documents, &mut chance)
    };
    let stormed = begun.elapsed();
    let calm = calm_down(&house, crew, documents.len());
    freed_in_time(&house, &deaths);
    let lost = house.sql("select count(*) from job_attempts where outcome = 'lease_lost'");
    let charged = house.sql("select count(*) from jobs where failures > 0");
    eprintln!(
        "{on:?}, {processes} processes, {} documents: {} kills in {stormed:?}, idle {calm:?} later; {lost} attempts were killed, {charged} jobs charged",
        documents.len(),
        deaths.len()
    );
    assert!(lost.parse::<usize>().unwrap() * 8 >= kills, "moments lie inside the work: {lost} attempts of {kills} kills");
    all_is_well(&house, &documents);
}

/// The crew as it is after the last restart, and when each kill was, in milliseconds since 1970.
fn storm(house: &House, processes: usize, kills: usize, documents: &[arkivflyt_tests::Made], chance: &mut Rng) -> (Vec<Daemon>, Vec<i64>) {
    let mut crew: Vec<Daemon> = (0..processes).map(|_| start(house)).collect();
    let each = documents.len().div_ceil(kills + 1);
    let mut deaths = Vec::new();
    // Time to set what was handed in since the last kill, about, and to start; of that the first quarter is left to chance.
    let span_ms = 600 + each as u64 * 90;
    for (n, some) in documents.chunks(each).enumerate() {
        feed(house, n, some);
        if deaths.len() == kills {
            continue;
        }
        std::thread::sleep(Duration::from_millis(chance.below(span_ms) / 4));
        until_in_hand(house, processes);
        let victim = usize::try_from(chance.below(processes as u64)).unwrap();
        let mut dying = crew.swap_remove(victim);
        assert!(dying.ended().is_none(), "a worker ended by itself:\n{}", dying.log());
        deaths.push(now_ms());
        kill(dying, n % 2 == 1, chance);
        crew.push(start(house));
    }
    (crew, deaths)
}

/// Most kills shall hit work, however fast the machine is; where all is done already, the worker dies idle.
fn until_in_hand(house: &House, processes: usize) {
    const LONGEST: Duration = Duration::from_secs(2);
    let begun = Instant::now();
    let running = || house.sql("select count(*) from jobs where state = 'running'").parse::<usize>().unwrap();
    while begun.elapsed() < LONGEST && running() < processes {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Every attempt whose lease ran out was one of a worker that had died, and it was freed as soon as the lease was over.
#[track_caller]
fn freed_in_time(house: &House, deaths: &[i64]) {
    let patience = i64::try_from((LEASE + SLACK).as_millis()).unwrap();
    for row in house.sql("select job, attempt, started_at, ended_at from job_attempts where outcome = 'lease_lost'").lines() {
        let numbers: Vec<i64> = row.split('|').map(|n| n.parse().unwrap()).collect();
        let (started, ended) = (numbers[2], numbers[3]);
        // Clocks of rows are cut to milliseconds.
        let fits = |death: &i64| started <= *death + 50 && ended <= *death + patience;
        // A worker that the machine stalled for longer than the lease loses it too; that job was freed as soon.
        assert!(
            ended <= started + patience || deaths.iter().any(fits),
            "job {} was stuck: attempt {} from {started} to {ended}, deaths at {deaths:?}",
            numbers[0],
            numbers[1]
        );
    }
}

#[test]
fn one_process_on_sqlite() {
    killed_and_restarted(On::Sqlite, 1, 101);
}

#[test]
fn four_processes_on_sqlite() {
    killed_and_restarted(On::Sqlite, 4, 102);
}

#[test]
fn one_process_on_postgresql() {
    killed_and_restarted(On::Postgres, 1, 103);
}

#[test]
fn four_processes_on_postgresql() {
    killed_and_restarted(On::Postgres, 4, 104);
}
