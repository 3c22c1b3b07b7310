//! A full archive disk: said by its code, nothing lost, and all is well when there is space again.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use arkivflyt_tests::{House, lasting_samples, left_closed};

use crate::whole::outcome;

/// Everything below a folder, as it is.
fn copy_all(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap().success());
}

/// A small file system of its own.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let aside = tempfile::tempdir().unwrap();
        copy_all(&at, aside.path());
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            copy_all(aside.path(), &at);
            return Some(Self(at));
        }
        eprintln!("SKIPPED: a small file system cannot be mounted here");
        None
    }

    fn resize(&self, size: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_archive_disk_loses_nothing() {
    let house = House::new();
    let Some(disk) = SmallDisk::mount(house.at("arkivlager"), "600k") else { return };
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
