//! PostgreSQL goes away in the middle of the work and comes back: workers wait, nobody is charged, and work goes on at once.

use std::time::{Duration, Instant};

use arkivflyt_tests::{Daemon, House, Made, working_house_at};
use pipeline_store_postgres::testing::{Mode, Server};

use crate::{
    calm::until_ready,
    peace::{archived, drop_papers, ends_at_no_cost, papers, talkative, turn, until_archived, until_more_is_done},
};

/// Work goes on so soon after the database is back.
const SOON: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(120);
/// Longer than the lease of a working house.
const LONGER_THAN_THE_LEASE: Duration = Duration::from_secs(10);
/// Documents that come when all is over.
const LATE: usize = 3;

/// Two workers in the middle of documents, on a server of their own.
struct Scene {
    house: House,
    workers: Vec<Daemon>,
    papers: Vec<Made>,
    /// So many of them have been handed in.
    given: usize,
    server: Server,
}

impl Scene {
    fn set(few: usize) -> Option<Self> {
        Self::set_with(few, few - LATE)
    }

    /// So many of the documents are handed in at first.
    fn set_with(few: usize, first: usize) -> Option<Self> {
        let server = Server::start()?;
        let house = talkative(working_house_at(&server));
        let workers: Vec<Daemon> = (0..2).map(|_| house.serve()).collect();
        workers.iter().for_each(|worker| until_ready(&house, worker));
        let papers = papers(few);
        // More documents may have been asked for than `few`.
        let given = papers.len() - (few - first);
        drop_papers(&house, &papers[..given]);
        until_archived(&house, given / 20 + 1, LIMIT);
        Some(Self { house, workers, papers, given, server })
    }

    /// The rest is handed in, and work on it has begun.
    fn gives_the_rest(&mut self) {
        let (before, all) = (self.given, self.papers.len() - LATE);
        drop_papers(&self.house, &self.papers[before..all]);
        self.given = all;
        until_archived(&self.house, before + 1, LIMIT);
    }

    /// There must be work left, or nothing is shown.
    #[track_caller]
    fn goes_on(&self, after: &str) {
        let left = self.given - archived(&self.house);
        assert!(left > 0, "{after}: the work was over before the trouble; more documents are needed");
        let waited = until_more_is_done(&self.house);
        eprintln!("{after}: work goes on {waited:?} after the database is back, {left} documents left");
        assert!(waited <= SOON, "{after}: work goes on only after {waited:?}:\n{}", self.workers[0].log());
    }

    /// Idle workers hear of new work: they do not find it by looking now and then (which they do every five seconds).
    fn hears_of_new_work(&self) {
        for late in &self.papers[self.papers.len() - LATE..] {
            self.house.until_idle(LIMIT);
            std::thread::sleep(Duration::from_millis(1500));
            let last = self.house.sql("select max(id) from jobs");
            let paper = self.house.data().with_extension("paper.json");
            std::fs::write(&paper, &late.bytes).unwrap();
            self.house.run_now(["submit".as_ref(), paper.as_os_str()]).expect(0);
            self.house.until_idle(LIMIT);
            let waited = "select a.started_at - j.created_at from jobs j join job_attempts a on a.job = j.id";
            let waited = self.house.sql(&format!("{waited} where j.id > {last} and a.attempt = 1 order by j.id limit 1"));
            eprintln!("new work starts {waited} ms after it came");
            assert!((0..1000).contains(&waited.parse::<i64>().unwrap()), "new work waited {waited} ms");
        }
    }

    fn end(self) {
        self.hears_of_new_work();
        ends_at_no_cost(&self.house, self.workers, &self.papers);
    }
}

#[test]
fn a_restarted_server_costs_nothing() {
    let _turn = turn();
    let Some(scene) = Scene::set(240) else { return };
    for (mode, name) in [(Mode::Fast, "fast restart"), (Mode::Immediate, "immediate restart"), (Mode::Fast, "second fast restart")] {
        scene.server.restart(mode);
        scene.goes_on(name);
    }
    scene.end();
}

#[test]
fn cut_sessions_cost_nothing() {
    let _turn = turn();
    let Some(mut scene) = Scene::set_with(700, 400) else { return };
    let ours = "from pg_stat_activity where application_name = 'arkivflyt' and pid <> pg_backend_pid()";
    // Among them those that listen and the one that holds the outbox. In one statement: asking for each takes longer than the work.
    let one_by_one =
        format!("select pg_terminate_backend(pid) as cut, pg_sleep(0.05) from (select pid {ours} order by backend_start) as found");
    let cut = scene.house.sql(&format!("select count(*) from ({one_by_one}) as each where cut"));
    assert!(cut.parse::<u32>().unwrap() >= 4, "{cut}");
    scene.goes_on("one session after the other");
    scene.gives_the_rest();
    for _ in 0..3 {
        let cut = scene.house.sql(&format!("select count(*) from (select pg_terminate_backend(pid) as cut {ours}) as each where cut"));
        assert!(cut.parse::<u32>().unwrap() >= 2, "{cut}");
        std::thread::sleep(Duration::from_millis(300));
    }
    scene.goes_on("all sessions at once");
    scene.end();
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let _turn = turn();
    let Some(scene) = Scene::set(160) else { return };
    scene.server.stop(Mode::Fast);
    std::thread::sleep(LONGER_THAN_THE_LEASE);
    scene.server.launch();
    scene.goes_on("10 s away");
    scene.end();
}

#[test]
fn a_server_that_hangs_is_waited_for() {
    let _turn = turn();
    let Some(scene) = Scene::set(160) else { return };
    let paused = Instant::now();
    scene.server.pause();
    std::thread::sleep(LONGER_THAN_THE_LEASE);
    scene.server.resume();
    scene.goes_on(&format!("hung for {:?}", paused.elapsed()));
    scene.end();
}
