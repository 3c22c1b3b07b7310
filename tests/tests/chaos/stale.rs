//! A worker that stands still past its lease and then wakes: others have done its jobs, and it changes nothing.

use std::{fs, time::Duration};

use arkivflyt_tests::{Daemon, House, On, Rng, Tree, files_below, many, set_age};
use rustix::process::Signal;

use crate::{
    calm::{all_is_well, calm_down, feed, start, telling_house, until_ready},
    peace::turn,
};

/// Looks that must find what is looked for.
const TRIES: u32 = 400;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Everything that the worker could change if it were not fenced: the archive, what the database says of documents, folders and the
/// jobs that others settled.
#[derive(Debug, PartialEq, Eq)]
struct Truth {
    archive: Tree,
    documents: String,
    jobs: String,
    attempts: String,
}

impl Truth {
    fn of(house: &House) -> Self {
        let attempts = "select job, attempt, worker, outcome, started_at, ended_at from job_attempts where job in \
             (select id from jobs where queue in ('render', 'archive')) order by job, attempt";
        let mut archive = house.archive_tree();
        // What it staged itself, and the lock there, goes when it learns that it is late.
        archive.retain(|path, _| !path.contains("/staging/"));
        Self {
            archive,
            // Mail is the sleeper's own: nobody else may send while it may wake in the middle of one.
            documents: house
                .sql("select document_id, version, attempts, last_code, folder_version, pdf, inventory from documents order by id"),
            jobs: house
                .sql("select id, kind, state, attempt, failures, finished_at from jobs where queue in ('render', 'archive') order by id"),
            attempts: house.sql(attempts),
        }
    }
}

/// Stops a worker while it has jobs in hand, and while it holds no lock that would stop everyone.
fn put_to_sleep(house: &House, worker: &Daemon, on: On) {
    for _ in 0..TRIES {
        worker.signal(Signal::STOP);
        let in_hand: u32 =
            house.sql("select count(*) from jobs where state = 'running' and queue in ('render', 'archive')").parse().unwrap();
        if in_hand > 0 && nobody_is_locked_out(house, on) {
            return;
        }
        worker.signal(Signal::CONT);
        std::thread::sleep(Duration::from_millis(15));
    }
    panic!("it never had anything in hand:\n{}", worker.log());
}

fn nobody_is_locked_out(house: &House, on: On) -> bool {
    match on {
        On::Sqlite => {
            const TRY: &str = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=0.2, isolation_level=None)\nc.execute('begin immediate')\nc.execute('rollback')";
            let mut python = std::process::Command::new("python3");
            python.args(["-c", TRY]).arg(house.at("arkivflyt.db")).output().unwrap().status.success()
        }
        On::Postgres => {
            let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
            house.sql(open) == "0"
        }
    }
}

fn wakes_to_no_effect(on: On) {
    let Some(house) = telling_house(on) else { return };
    let house = house.with("RENDER__CHILDREN", "1");
    let _turn = turn();
    let documents = many(&mut Rng::fixed(501), 14);
    let sleeper = start(&house);
    until_ready(&house, &sleeper);
    feed(&house, 1, &documents);
    put_to_sleep(&house, &sleeper, on);
    let asleep = house.sql("select id, attempt, worker from jobs where state = 'running' order by id");
    let other = start(&house);
    house.until(Duration::from_secs(90), |house| {
        let open =
            house.sql("select id, kind, state, attempt, failures from jobs where queue in ('render', 'archive') and state <> 'done'");
        if open.is_empty() { Ok(()) } else { Err(open) }
    });
    for row in asleep.lines() {
        let mut fields = row.split('|');
        let (job, attempt) = (fields.next().unwrap(), fields.next().unwrap());
        let end = house.sql(&format!("select outcome, code from job_attempts where job = {job} and attempt = {attempt}"));
        assert_eq!(end, "lease_lost|job_lease_lost", "{row}");
    }
    let before = Truth::of(&house);
    sleeper.signal(Signal::CONT);
    house.until(Duration::from_secs(30), |_| {
        let told = sleeper.log().matches("lease lost").count();
        if told > 0 { Ok(()) } else { Err(sleeper.log()) }
    });
    // Whatever it still does, it does now: it is asked to finish what it has in hand.
    let mut sleeper = sleeper;
    sleeper.signal(Signal::TERM);
    house.until(Duration::from_secs(20), |_| if sleeper.ended().is_some() { Ok(()) } else { Err("it does not stop") });
    assert!(sleeper.ended().unwrap().success(), "{}", sleeper.log());
    let after = Truth::of(&house);
    assert_eq!(before, after, "the sleeper changed something");
    eprintln!("{on:?}: {} attempts were asleep; nothing changed", asleep.lines().count());

    left_by_it_is_swept(&house);
    calm_down(&house, vec![other], documents.len());
    all_is_well(&house, &documents);
}

/// What it left in the work folder lies there for a day at most: then the sweep takes it.
fn left_by_it_is_swept(house: &House) {
    let work = house.at("work");
    eprintln!("left between the stages: {}", files_below(&work).len());
    for folder in fs::read_dir(&work).unwrap().map(|e| e.unwrap().path()) {
        let at = fs::metadata(&folder).unwrap().modified().unwrap() - 2 * DAY;
        fs::File::open(&folder).unwrap().set_modified(at).unwrap();
        files_below(&folder).iter().for_each(|file| set_age(file, 2 * DAY));
    }
    house.run_now(["schedule", "run-now", "archive.sweep"]).expect(0);
    house.until(Duration::from_secs(30), |_| match fs::read_dir(&work).unwrap().count() {
        0 => Ok(()),
        left => Err(format!("{left} folders")),
    });
}

#[test]
fn a_sleeper_changes_nothing_on_sqlite() {
    wakes_to_no_effect(On::Sqlite);
}

#[test]
fn a_sleeper_changes_nothing_on_postgresql() {
    wakes_to_no_effect(On::Postgres);
}
