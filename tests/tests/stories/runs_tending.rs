//! Runs that report to nobody: what waits gets its job, old work is cleared away, the source system is asked before a meeting.

use std::{fs, path::PathBuf, time::Duration};

use arkivflyt_tests::{CLOCK, Daemon, House, On, good_samples, kind_folders, samples_folder, tree, working_house};
use serde_json::Value;

const LONG: Duration = Duration::from_secs(120);
/// So far away that everything on disk is old.
const FAR: &str = "2090-01-01T03:05:00+01:00";

fn house() -> House {
    working_house(On::Sqlite).expect("SQLite is always there")
}

/// Makes the job of a schedule at this time, and lets a daemon do it.
pub fn do_now(house: &House, name: &str, clock: &str) {
    let made = house.command(["schedule", "run-now", name, "--clock", clock]).output().unwrap();
    assert!(made.status.success(), "{name}");
    let daemon = Daemon::start(house.command(["serve", "--clock", clock]), house);
    house.until_idle(LONG);
    assert!(daemon.stop(LONG).success());
}

fn jobs(house: &House, kind: &str) -> Vec<Value> {
    let jobs = house.run_now(["jobs", "list", "--kind", kind, "--json"]).expect(0).json();
    jobs["jobs"].as_array().unwrap().clone()
}

#[test]
fn a_document_whose_job_was_called_off_is_archived_by_the_sweep() {
    let house = house();
    house.run(["submit".as_ref(), samples_folder().join("meeting-minutes/minimal.json").as_os_str()]).expect(0);
    for job in jobs(&house, "render") {
        house.run(["jobs", "cancel", &job["job"].to_string()]).expect(0);
    }
    assert_eq!(house.case_folders().len(), 0);
    do_now(&house, "archive.sweep", CLOCK);
    assert_eq!(house.case_folders().len(), 1);
    let swept = jobs(&house, "archive.sweep").pop().unwrap();
    assert_eq!((swept["result"]["jobs"].as_u64(), swept["result"]["failed"].as_u64()), (Some(1), Some(0)), "{swept:#}");
    // Nothing waits: nothing is done.
    do_now(&house, "archive.sweep", CLOCK);
    let swept = jobs(&house, "archive.sweep").pop().unwrap();
    assert_eq!(swept["result"]["jobs"].as_u64(), Some(0), "{swept:#}");
}

#[test]
fn work_that_nobody_needs_is_cleared_away_and_other_work_is_not() {
    let house = house();
    let left = |name: &str| -> PathBuf {
        let folder = house.at("work").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("x.pdf"), b"x").unwrap();
        folder
    };
    let unknown = left("018f2f4e-0000-7000-8000-000000000001-1");
    let archived = good_samples().into_iter().find(|s| s.name == "meeting-minutes/minimal.json").unwrap();
    house.feed(["submit", "-", "--wait"], &archived.bytes).expect(0);
    let of_archived = left(&format!("{}-1", archived.json()["id"].as_str().unwrap()));
    // This one waits: its job is called off, and a paused queue takes no other.
    let waiting = good_samples().into_iter().find(|s| s.name == "plan-snapshot/minimal-es.json").unwrap();
    house.run(["jobs", "pause", "render"]).expect(0);
    house.feed(["submit", "-"], &waiting.bytes).expect(0);
    let of_waiting = left(&format!("{}-1", waiting.json()["id"].as_str().unwrap()));

    let made = house.command(["schedule", "run-now", "archive.sweep", "--clock", FAR]).output().unwrap();
    assert!(made.status.success());
    let daemon = Daemon::start(house.command(["serve", "--clock", FAR]), &house);
    house.until(LONG, |house| {
        let swept = jobs(house, "archive.sweep").pop().unwrap();
        if swept["state"] == "done" { Ok(()) } else { Err(swept.to_string()) }
    });
    assert!(daemon.stop(LONG).success());
    assert!(!unknown.exists() && !of_archived.exists() && of_waiting.exists());
}

#[test]
fn the_source_system_is_asked_once_before_each_meeting() {
    let house = house();
    for folder in kind_folders() {
        house.run(["submit".as_ref(), folder.as_os_str()]).expect(0);
    }
    house.run(["run-once"]).expect(0);
    let asked = |house: &House| {
        let files: Vec<_> = fs::read_dir(house.at("requests")).map(|e| e.flatten().collect()).unwrap_or_default();
        let request = |path: PathBuf| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
        files.into_iter().flat_map(|f| request(f.path())["plans"].as_array().unwrap().clone()).collect::<Vec<_>>()
    };
    do_now(&house, "archive.premeeting", "2026-11-23T10:05:00+01:00");
    assert!(asked(&house).is_empty(), "no meeting on the next day: {:#?}", asked(&house));
    do_now(&house, "archive.premeeting", "2026-12-08T10:05:00+01:00");
    let plans = asked(&house);
    assert!(!plans.is_empty() && plans.iter().all(|p| p["meeting_at"] == "2026-12-09T08:30:00+01:00"), "{plans:#?}");
    let before = tree(&house.at("requests"));
    do_now(&house, "archive.premeeting", "2026-12-08T11:05:00+01:00");
    assert_eq!(tree(&house.at("requests")), before, "an hour later it is the same meeting");
    // Nobody is told. (Days went by between the daemons, so that other runs were made up for.)
    assert!(tree(&house.at("reports")).keys().all(|name| !name.contains("premeeting")));
    assert!(jobs(&house, "archive.premeeting").iter().all(|job| job["state"] == "done" && job["result"]["report"].is_null()));
}
