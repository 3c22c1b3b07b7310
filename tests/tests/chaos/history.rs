//! A long past: with a million finished jobs in the database a start is quick and small, and work, figures and looks stay quick.
//!
//! `ARKIVFLYT_CHAOS_HISTORY=1000000` says how many; `ARKIVFLYT_CHAOS_PRUNE=1` also waits (some minutes) until old ones are removed.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use arkivflyt_tests::{Daemon, House, On, working_house};

use crate::{
    busy::Other,
    calm::{calm_down, count, expected, now_ms},
    peace::{drop_papers, papers, talkative, turn, until_archived},
    whole::outcome,
};

const LIMIT: Duration = Duration::from_secs(120);
/// From the start of the process until it takes work.
const START: Duration = Duration::from_secs(2);
/// Of the parent, at its highest.
const MOST_MEMORY_KIB: u64 = 200 << 10;
/// A look from outside; measured are some hundredths of a second on a busy machine.
const LOOK: Duration = Duration::from_secs(2);
/// From a job's coming to its start, idle before.
const CLAIM_MS: i64 = 500;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Finished jobs, each with its attempt; the youngest ended `days` days ago, the oldest 20 days earlier.
fn make_history(house: &House, on: On, many: usize, days: i64) {
    let youngest = now_ms() - days * DAY_MS;
    let step = (20 * DAY_MS / i64::try_from(many).unwrap()).max(1);
    let (numbers, args) = match on {
        On::Sqlite => (
            format!("with recursive s(i) as (values (1) union all select i + 1 from s where i < {many})"),
            "printf('{\"document_id\":\"%036d\",\"version\":1}', i)",
        ),
        On::Postgres => (
            format!("with s(i) as (select * from generate_series(1, {many}::bigint))"),
            "'{\"document_id\":\"' || lpad(i::text, 36, '0') || '\",\"version\":1}'",
        ),
    };
    let jobs = format!(
        "insert into jobs (kind, queue, args, state, priority, run_at, due_at, attempt, failures, max_failures, created_at, finished_at) \
         {numbers} select 'render', 'render', {args}, 'done', 4, 0, {youngest} - i * {step} - 900, 1, 0, 60, {youngest} - i * {step} - 900, {youngest} - i * {step} from s"
    );
    let attempts = "insert into job_attempts (job, attempt, worker, started_at, ended_at, outcome) \
         select id, 1, '00000000-0000-4000-8000-000000000000', created_at, finished_at, 'done' from jobs \
         where state = 'done' and not exists (select 1 from job_attempts a where a.job = jobs.id)";
    match on {
        // An older SQLite than ours says that nothing is no JSON.
        On::Sqlite => Other::does(house, &format!("pragma ignore_check_constraints = on;begin;{jobs};{attempts};commit"), "").goes_on(),
        On::Postgres => {
            house.sql(&jobs);
            house.sql(attempts);
        }
    }
}

fn finished(house: &House) -> usize {
    house.sql("select count(*) from jobs where state = 'done'").parse().unwrap()
}

/// The most memory that the process itself has held.
fn most_memory_kib(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn metrics(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn timed<T>(what: &str, limit: Duration, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed();
    eprintln!("{what}: {took:?}");
    assert!(took < limit, "{what} took {took:?}");
    done
}

fn starts(house: &House) -> Daemon {
    timed("start until ready", START, || {
        let daemon = house.serve();
        while !daemon.log().contains("\"ready\"") {
            std::thread::sleep(Duration::from_millis(5));
        }
        daemon
    })
}

/// How long each of some documents waited that came one by one to idle workers.
fn waits_ms(house: &House, papers: &[arkivflyt_tests::Made]) -> Vec<i64> {
    let mut waits = Vec::new();
    for paper in papers {
        let last = house.sql("select max(id) from jobs");
        drop_papers(house, std::slice::from_ref(paper));
        house.until(LIMIT, |house| {
            let begun = "select a.started_at - j.created_at from jobs j join job_attempts a on a.job = j.id";
            let wait = house.sql(&format!("{begun} where j.id > {last} and j.kind = 'render' and a.attempt = 1"));
            wait.parse().map(|ms| waits.push(ms)).map_err(|_| "not begun")
        });
        house.until_idle(LIMIT);
    }
    waits.sort_unstable();
    waits
}

fn with_a_long_past(on: On, few: usize) {
    let _turn = turn();
    let Some(house) = working_house(on) else { return };
    let port = free_port();
    let house = talkative(house).with("HTTP__LISTEN", &format!("127.0.0.1:{port}"));
    let many = count("ARKIVFLYT_CHAOS_HISTORY", few);
    timed(&format!("{on:?}: {many} finished jobs made"), Duration::from_secs(600), || make_history(&house, on, many, 1));

    let papers = papers(25);
    let daemon = starts(&house);
    let (one_by_one, at_once) = papers.split_at(5);
    let waits = waits_ms(&house, one_by_one);
    eprintln!("from coming to start: {waits:?} ms");
    assert!(waits[waits.len() / 2] < CLAIM_MS, "{waits:?}");
    timed("documents at once", LIMIT, || {
        drop_papers(&house, at_once);
        until_archived(&house, papers.len(), LIMIT);
    });
    house.until_idle(LIMIT);
    for _ in 0..3 {
        timed("jobs stats", LOOK, || house.run_now(["jobs", "stats", "--json"]).expect(0));
        timed("jobs list", LOOK, || house.run_now(["jobs", "list", "--json"]).expect(0));
        let text = timed("/metrics", LOOK, || metrics(port));
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("afl_store_up 1"), "{}", text.len());
    }
    let memory = most_memory_kib(&daemon);
    eprintln!("{on:?}: at most {} MiB resident with {} finished jobs", memory >> 10, finished(&house));
    assert!(memory < MOST_MEMORY_KIB, "{memory} KiB");
    assert!(finished(&house) > many, "nothing young was removed");
    if std::env::var_os("ARKIVFLYT_CHAOS_PRUNE").is_some() {
        old_ones_go_while_work_goes_on(&house, on, many);
    }
    calm_down(&house, vec![daemon], papers.len());
    assert_eq!(house.sql("select id, kind, failures, last_code from jobs where failures > 0 or state not in ('done', 'cancelled')"), "");
    assert_eq!(outcome(&house), expected(&papers));
}

/// A tenth as many again, older than they are kept. Gone within the five minutes after a start; and work does not wait for it.
fn old_ones_go_while_work_goes_on(house: &House, on: On, many: usize) {
    make_history(house, on, many / 10, 31);
    let before = finished(house);
    let beside = house.serve();
    house.until(Duration::from_secs(400), |house| {
        let now = finished(house);
        let begun = Instant::now();
        house.run_now(["jobs", "stats"]).expect(0);
        assert!(begun.elapsed() < LOOK, "a look took {:?} beside the removal", begun.elapsed());
        if now + many / 10 <= before { Ok(()) } else { Err(format!("{now} of {before} finished jobs")) }
    });
    assert!(beside.stop(Duration::from_secs(20)).success());
}

#[test]
fn a_million_finished_jobs_are_no_burden_on_sqlite() {
    with_a_long_past(On::Sqlite, 1_000_000);
}

#[test]
fn a_million_finished_jobs_are_no_burden_on_postgresql() {
    with_a_long_past(On::Postgres, 1_000_000);
}
