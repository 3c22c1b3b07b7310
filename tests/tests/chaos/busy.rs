//! SQLite that others use too: a program that holds the write lock, one that reads for long, a second `serve` on the same file.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use arkivflyt_tests::{House, On, working_house};

use crate::{
    calm::until_ready,
    peace::{archived, drop_papers, ends_at_no_cost, papers, talkative, turn, until_archived, until_more_is_done},
};

const LIMIT: Duration = Duration::from_secs(120);
/// Work goes on so soon after the lock is free: the longest wait between two tries, and a bit.
const SOON: Duration = Duration::from_secs(7);
/// What the log of changes keeps after a checkpoint.
const LOG_LIMIT: u64 = 64 << 20;

/// Another program on the database: it says `here` when it has done the first statements, and goes on with the others when told.
pub struct Other(Child);

impl Other {
    pub fn does(house: &House, first: &str, then: &str) -> Self {
        // It asks for the lock without pause: SQLite's own waiting sleeps longer and longer, and whoever writes all the time
        // leaves it nothing until the work is over.
        const PROGRAM: &str = "import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
def all_of(statements):
    for s in filter(None, statements.split(';')):
        end = time.monotonic() + 60
        while True:
            try:
                c.execute(s).fetchall()
                break
            except sqlite3.OperationalError as e:
                if 'locked' not in str(e) or time.monotonic() > end: raise
                time.sleep(0.0002)
all_of(sys.argv[2])
print('here', flush=True)
sys.stdin.readline()
all_of(sys.argv[3])
";
        let mut command = Command::new("python3");
        command.arg("-c").arg(PROGRAM).arg(house.at("arkivflyt.db")).args([first, then]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "here\n");
        Self(child)
    }

    pub fn goes_on(mut self) {
        self.0.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

fn log_bytes(house: &House) -> u64 {
    std::fs::metadata(house.at("arkivflyt.db-wal")).map_or(0, |m| m.len())
}

fn busy_house() -> House {
    talkative(working_house(On::Sqlite).expect("SQLite is always there"))
}

/// The lock is held by another for so long, in the middle of the work.
fn locked_for(long: Duration) {
    let _turn = turn();
    let house = busy_house();
    let papers = papers(150);
    let worker = house.serve();
    until_ready(&house, &worker);
    drop_papers(&house, &papers);
    until_archived(&house, papers.len() / 20 + 1, LIMIT);
    let other = Other::does(&house, "begin immediate", "rollback");
    std::thread::sleep(long);
    let left = papers.len() - archived(&house);
    other.goes_on();
    let waited = until_more_is_done(&house);
    eprintln!("locked for {long:?}: work goes on {waited:?} after, {left} documents left");
    assert!(left > 0, "the work was over before the trouble; more documents are needed");
    assert!(waited <= SOON, "work goes on only after {waited:?}:\n{}", worker.log());
    ends_at_no_cost(&house, vec![worker], &papers);
}

#[test]
fn a_lock_held_for_longer_than_the_lease_costs_nothing() {
    locked_for(Duration::from_secs(6));
}

/// Longer than SQLite is told to wait: calls end in errors.
#[test]
fn a_lock_held_for_longer_than_anyone_waits_costs_nothing() {
    locked_for(Duration::from_secs(30));
}

#[test]
fn a_long_reader_holds_nothing_up_and_the_log_shrinks_when_it_is_gone() {
    let _turn = turn();
    let house = busy_house();
    let papers = papers(40);
    let worker = house.serve();
    until_ready(&house, &worker);
    // What it reads must stay in the file: the log cannot be used anew.
    let reader = Other::does(&house, "begin;select count(*) from jobs", "rollback");
    let begun = Instant::now();
    let (some, rest) = papers.split_at(papers.len() / 2);
    drop_papers(&house, some);
    until_archived(&house, some.len(), LIMIT);
    eprintln!("{} documents in {:?} beside a reader; the log has {} KiB", some.len(), begun.elapsed(), log_bytes(&house) >> 10);
    // As much as a long day of work writes.
    Other::does(&house, "create table ballast (b blob)", "").goes_on();
    for _ in 0..8 {
        Other::does(&house, "insert into ballast select zeroblob(1000000) from (with recursive n(i) as (values (1) union all select i + 1 from n where i < 10) select i from n)", "").goes_on();
    }
    let grown = log_bytes(&house);
    assert!(grown > LOG_LIMIT, "{grown} bytes");
    reader.goes_on();
    Other::does(&house, "drop table ballast", "").goes_on();
    drop_papers(&house, rest);
    house.until_idle(LIMIT);
    house.until(Duration::from_secs(20), |house| {
        let now = log_bytes(house);
        if now <= LOG_LIMIT { Ok(()) } else { Err(format!("the log has grown to {grown} bytes and has {now} now")) }
    });
    eprintln!("the log had {} MiB with the reader, and has {} MiB after", grown >> 20, log_bytes(&house) >> 20);
    ends_at_no_cost(&house, vec![worker], &papers);
}

#[test]
fn two_processes_share_one_file() {
    let _turn = turn();
    let house = busy_house();
    let papers = papers(60);
    let workers = vec![house.serve(), house.serve()];
    workers.iter().for_each(|worker| until_ready(&house, worker));
    drop_papers(&house, &papers);
    until_archived(&house, papers.len(), LIMIT);
    // Each has its share, and sending is for one of them.
    let shares =
        house.sql("select a.worker, count(*) from job_attempts a join jobs j on j.id = a.job where j.queue = 'render' group by a.worker");
    assert_eq!(shares.lines().count(), 2, "{shares}");
    ends_at_no_cost(&house, workers, &papers);
}
