//! `jobs` and `schedule`: what they tell, and what a person decides.

use std::time::Duration;

use arkivflyt_tests::{On, lasting_samples, working_house};
use serde_json::Value;

fn list(answer: &Value, of: &str) -> Vec<Value> {
    answer[of].as_array().unwrap_or_else(|| panic!("no {of} in {answer}")).clone()
}

#[test]
fn a_paused_queue_waits_and_goes_on() {
    for on in On::BOTH {
        let Some(house) = working_house(on) else { continue };
        house.run_now(["jobs", "pause", "render"]).expect(0);
        let daemon = house.serve();
        house.drop_in("one.json", &lasting_samples()[0].bytes);
        let render = |house: &arkivflyt_tests::House| {
            let stats = house.run_now(["jobs", "stats", "--json"]).expect(0).json();
            list(&stats, "queues").into_iter().find(|q| q["queue"] == "render").unwrap_or(Value::Null)
        };
        house.until(Duration::from_secs(20), |house| {
            let queue = render(house);
            if queue["ready"] == 1 && queue["paused"] == true { Ok(()) } else { Err(queue) }
        });
        let jobs = house.run_now(["jobs", "list", "--queue", "render", "--json"]).expect(0).json();
        let job = list(&jobs, "jobs").remove(0);
        assert_eq!((&job["state"], &job["attempt"]), (&Value::from("ready"), &Value::from(0)));
        house.run_now(["jobs", "resume", "render"]).expect(0);
        house.until_idle(Duration::from_secs(30));
        let shown = house.run_now(["jobs", "show", &job["job"].to_string(), "--json"]).expect(0).json();
        assert_eq!(shown["state"], "done", "{shown}");
        assert_eq!(list(&shown, "attempts").len(), 1, "{shown}");
        let drained = house.run_now(["jobs", "drain", "render", "--json"]).expect(0).json();
        assert_eq!(drained["running"], 0, "{drained}");
        assert!(daemon.stop(Duration::from_secs(10)).success());
    }
}

#[test]
fn a_job_is_cancelled_and_a_number_that_is_none_is_told() {
    let house = working_house(On::Sqlite).unwrap();
    house.run_now(["submit".as_ref(), lasting_samples()[0].path.as_os_str()]).expect(0);
    let jobs = list(&house.run_now(["jobs", "list", "--json"]).expect(0).json(), "jobs");
    let id = jobs[0]["job"].to_string();
    assert_eq!(house.run_now(["jobs", "cancel", &id, "--json"]).expect(0).json()["answer"], "cancelled");
    assert_eq!(house.run_now(["jobs", "cancel", &id, "--json"]).expect(0).json()["answer"], "cancelled");
    house.run_now(["jobs", "show", "4711"]).expect(4);
    house.run_now(["jobs", "discard", &id]).expect(5);
}

#[test]
fn schedules_are_listed_in_the_time_of_the_wall_and_run_on_request() {
    let house = working_house(On::Sqlite).unwrap();
    let schedules = list(&house.ask(0, ["schedule", "list", "--next", "2"]), "schedules");
    let report = schedules.iter().find(|s| s["name"] == "archive.sweep").expect("the sweep is there");
    // The clock of the stories stands at nine on a Monday.
    assert_eq!(report["next"], serde_json::json!(["2026-11-23T09:10:00+01:00", "2026-11-23T09:20:00+01:00"]), "{report}");
    house.run_now(["schedule", "run-now", "no.such"]).expect(4);
    let first = house.run_now(["schedule", "run-now", "archive.sweep", "--json"]).expect(0).json();
    let again = house.run_now(["schedule", "run-now", "archive.sweep", "--json"]).expect(0).json();
    assert_eq!((&first["new"], &again["new"], &first["job"]), (&Value::from(true), &Value::from(false), &again["job"]));
    let daemon = house.serve();
    house.until_idle(Duration::from_secs(30));
    let job = house.run_now(["jobs", "show", &first["job"].to_string(), "--json"]).expect(0).json();
    assert_eq!(job["state"], "done", "{job}");
    assert!(daemon.stop(Duration::from_secs(10)).success());
}

#[test]
fn a_wrong_schedule_stops_the_start_and_says_where() {
    let house = working_house(On::Sqlite).unwrap();
    let write = |text: &str| std::fs::write(house.at("arkivflyt.toml"), text).unwrap();
    write("[schedule.jobs]\n\"archive.sweep\" = { at = \"0 7 * * 1\" }");
    let refused = house.run_now(["serve"]).expect(9);
    assert!(refused.stderr.contains("archive.sweep"), "{refused}");
    write("[schedule.jobs]\n\"archive.swep\" = { enabled = false }");
    let refused = house.run_now(["serve"]).expect(9);
    assert!(refused.stderr.contains("archive.swep"), "{refused}");
    write("[schedule]\ntime_zone = \"Europe/Olso\"");
    house.run_now(["serve"]).expect(9);
}
