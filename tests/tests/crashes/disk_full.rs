//! A full archive disk: said by its code, nothing lost, and all is well when there is space again.

use arkivflyt_tests::{House, SmallDisk, lasting_samples, left_closed};

use crate::whole::outcome;

#[test]
fn a_full_archive_disk_loses_nothing() {
    let house = House::new();
    let Some(disk) = SmallDisk::over(house.at("arkivlager"), "600k") else { return };
    for sample in lasting_samples() {
        house.run_now(["submit".as_ref(), sample.path.as_os_str()]).expect(0);
    }
    let run = house.run_now(["run-once", "--json"]);
    let report = run.json();
    assert!([3, 75].contains(&run.code()), "{run}");
    let stopped: Vec<&serde_json::Value> =
        report["retried"].as_array().unwrap().iter().chain(report["failed"].as_array().unwrap()).collect();
    assert!(!stopped.is_empty() && stopped.iter().all(|s| s["code"] == "archive_disk_full"), "{run}");
    assert!(report["failed"].as_array().unwrap().is_empty(), "a full disk is no reason to give up: {run}");

    disk.resize("64m");
    let run = house.run_now(["run-once", "--json", "--clock", "2099-01-01T00:00:00Z"]).expect(0);
    let archived = report["archived"].as_u64().unwrap() + run.json()["archived"].as_u64().unwrap();
    // A folder that is closed ends with a list, and with another when something came late.
    let least = lasting_samples().len() + left_closed();
    assert!(archived >= least as u64, "{run}");
    house.run_now(["doctor"]).expect(0);
    let all = outcome(&house);
    assert_eq!(all.documents.len(), lasting_samples().len());
    drop(disk);
}
