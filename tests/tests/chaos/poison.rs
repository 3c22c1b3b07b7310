//! A document that cannot be set among others that can, and a job that kills whoever takes it.

use std::{ffi::OsStr, time::Duration};

use arkivflyt_tests::{House, Made, On, Rng, Shape, Tool, good_samples, many};
use serde_json::{Value, json};

use crate::{
    calm::{CALM, all_is_well, attempts_are_complete, calm_down, feed, kill, start, telling_house, until_ready},
    peace::turn,
};

/// A goal's text is so many sentences: near the longest that is taken in.
const LONG: usize = 340;

/// The same document with so many long goals that setting it takes its typesetter many seconds and much memory: 490 take it some six,
/// where a limit of 1 s of processor time ends between one and two.
fn endless(of: &Made, goals: usize) -> Made {
    let many_goals = good_samples().into_iter().find(|s| s.name == "plan-snapshot/many-goals.json").unwrap().json();
    let goal = many_goals["content"]["goals"][0]["main_goal"].as_str().unwrap();
    let long = std::iter::repeat_n(goal, LONG).collect::<Vec<_>>().join(" ");
    let mut document: Value = serde_json::from_slice(&of.bytes).unwrap();
    let goals: Vec<Value> = (0..goals).map(|i| json!({ "id": format!("m{i}"), "main_goal": format!("{i} {long}") })).collect();
    document["content"]["goals"] = goals.into();
    document["content"]["measures"][0]["goal"] = "m0".into();
    Made { bytes: document.to_string().into_bytes(), ..of.clone() }
}

/// Documents, and the place of one plan among them that has others of its folder before and behind it.
fn with_a_poisonous_one(seed: u64, count: usize, goals: usize) -> (Vec<Made>, usize) {
    let mut documents = many(&mut Rng::fixed(seed), count);
    let in_the_middle = |n: &usize| {
        let same = |d: &Made| d.plan == documents[*n].plan;
        documents[*n].shape == Shape::Plan && documents[..*n].iter().any(same) && documents[*n + 1..].iter().any(same)
    };
    let place = (0..count).find(in_the_middle).expect("a folder with three documents");
    documents[place] = endless(&documents[place], goals);
    (documents, place)
}

/// The job that carries a document.
fn job_of(house: &House, document: &Made) -> String {
    house.sql(&format!("select id from jobs where kind = 'render' and unique_key like '{}%'", document.id))
}

fn its_neighbours_go_on(on: On) {
    let Some(house) = telling_house(on) else { return };
    // Its time is what it may not get, on a fast machine too: memory it may have.
    let house = house.with("RENDER__CPU_LIMIT_S", "1").with("RENDER__MEMORY_LIMIT_MIB", "4096").with("RENDER__CHILDREN", "2");
    let (mut documents, place) = with_a_poisonous_one(601, 18, 490);
    let mut worker = start(&house);
    let process = worker.pid();
    feed(&house, 0, &documents);
    house.until(CALM, |house| match house.sql("select count(*) from jobs where state = 'dead'").as_str() {
        "1" => Ok(()),
        other => Err(format!("{other} are dead; {}", house.sql("select kind, state, attempt, last_code from jobs"))),
    });
    house.until_idle(CALM);
    assert!(worker.ended().is_none() && worker.pid() == process, "{}", worker.log());
    calm_down(&house, vec![worker], documents.len());
    let poison = documents.remove(place);
    let job = job_of(&house, &poison);
    assert_eq!(
        house.sql("select id, state, attempt, failures, last_code from jobs where failures > 0"),
        format!("{job}|dead|1|1|render_limit_time")
    );
    let failed = house.sql("select document_id, last_code from documents where state = 'failed' or attempts > 0");
    assert_eq!(failed, format!("{}|render_limit_time", poison.id), "one document fails, and nobody else is charged");
    house.run_now(["jobs", "discard", &job]).expect(0);
    all_is_well(&house, &documents);
}

#[test]
fn neighbours_of_a_poisonous_document_go_on_on_sqlite() {
    its_neighbours_go_on(On::Sqlite);
}

#[test]
fn neighbours_of_a_poisonous_document_go_on_on_postgresql() {
    its_neighbours_go_on(On::Postgres);
}

/// Kills whoever runs the job, as soon as it runs; the job is then freed. Its wait after that, in milliseconds.
fn killed_by(house: &House, job: &str, chance: &mut Rng) -> i64 {
    let worker = start(house);
    let running = format!("select state from jobs where id = {job}");
    house.until(CALM, |house| match house.sql(&running).as_str() {
        "running" => Ok(()),
        other => Err(other.to_owned()),
    });
    kill(worker, true, chance);
    // Someone else, who works on nothing of this kind, frees it.
    let other = house.worker("mail");
    until_ready(house, &other);
    house.until(Duration::from_secs(20), |house| match house.sql(&running).as_str() {
        "running" => Err("still running"),
        _ => Ok(()),
    });
    assert!(other.stop(Duration::from_secs(10)).success());
    let wait = "select j.due_at - a.ended_at from jobs j join job_attempts a on a.job = j.id and a.attempt = j.attempt where j.id =";
    house.sql(&format!("{wait} {job}")).parse().unwrap()
}

/// Writes past the program.
fn change(house: &House, on: On, statement: &str) {
    const WRITE: &str = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\nc.execute(sys.argv[2])";
    match on {
        On::Postgres => drop(house.sql(statement)),
        On::Sqlite => {
            let python = Tool::find("python3").expect("python3 is installed");
            python.pass([OsStr::new("-c"), WRITE.as_ref(), house.at("arkivflyt.db").as_ref(), statement.as_ref()]);
        }
    }
}

fn dies_after_its_limit(on: On) {
    let Some(house) = telling_house(on) else { return };
    let _turn = turn();
    let mut chance = Rng::fixed(602);
    let (documents, place) = with_a_poisonous_one(603, 18, 90);
    let poison = &documents[place];
    feed(&house, 1, &documents[place..=place]);
    let job = job_of(&house, poison);
    // Each death is charged, and the wait after it is twice as long: 15 s, 30 s, 60 s, spread by up to a quarter.
    for (failures, wait_s) in [(1, 15), (2, 30), (3, 60)] {
        let wait = killed_by(&house, &job, &mut chance);
        assert!((wait_s * 750..=wait_s * 1250).contains(&wait), "waits {wait} ms after {failures} deaths");
        assert_eq!(
            house.sql(&format!("select state, attempt, failures from jobs where id = {job}")),
            format!("ready|{failures}|{failures}")
        );
        house.run_now(["jobs", "retry", &job]).expect(0);
    }
    // The last of its tries, without the days that the others would take.
    change(&house, on, &format!("update jobs set failures = max_failures - 1 where id = {job}"));
    feed(&house, 1, &documents[..place]);
    feed(&house, 3, &documents[place + 1..]);
    killed_by(&house, &job, &mut chance);
    assert_eq!(house.sql(&format!("select state, attempt, last_code from jobs where id = {job}")), "dead|4|job_lease_lost");
    let state = format!("select state, coalesce(last_code, '-') from documents where document_id = '{}'", poison.id);
    assert_eq!(house.sql(&state), "accepted|-", "its document has not been told");

    house.run_now(["schedule", "run-now", "archive.sweep"]).expect(0);
    let worker = start(&house);
    calm_down(&house, vec![worker], documents.len());
    assert_eq!(house.sql(&state), "failed|job_lease_lost", "the sweep tells a person");
    attempts_are_complete(&house);
    assert_eq!(house.sql("select count(*) from documents where state in ('archived', 'notified')"), (documents.len() - 1).to_string());

    // What killed its workers was the test: a person tries again, and it goes through.
    house.run_now(["jobs", "retry", "--code", "job_lease_lost"]).expect(0);
    let worker = start(&house);
    calm_down(&house, vec![worker], documents.len());
    all_is_well(&house, &documents);
}

#[test]
fn a_job_that_kills_its_workers_is_left_for_a_person_on_sqlite() {
    dies_after_its_limit(On::Sqlite);
}

#[test]
fn a_job_that_kills_its_workers_is_left_for_a_person_on_postgresql() {
    dies_after_its_limit(On::Postgres);
}
