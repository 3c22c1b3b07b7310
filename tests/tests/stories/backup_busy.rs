//! Backups of an archive that grows meanwhile: what comes back is of one instant, and no number is given twice.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, files_below, samples_folder, tree};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::backup_create::{create, restored, verified};

/// Plans there are before the first backup.
const PLANS: u32 = 6;
const BACKUPS: usize = 2;
const MOST_ROUNDS: u32 = 10;

/// Minutes about a plan, each document with its own content.
fn minutes(plan: u32, n: u32) -> Value {
    let mut document: Value = serde_json::from_slice(&fs::read(samples_folder().join("meeting-minutes/minimal.json")).unwrap()).unwrap();
    document["id"] = format!("{plan:08x}-0000-4000-8000-{n:012x}").into();
    document["case"]["plan_id"] = format!("{plan:08x}-1111-4111-8111-111111111111").into();
    document["source"]["record"] = format!("meeting-{plan}-{n}").into();
    document["content"]["items"][0]["discussion"] = format!("Møte nummer {n} om plan {plan}.").into();
    document
}

fn write(folder: &Path, plan: u32, n: u32) -> PathBuf {
    let file = folder.join(format!("{plan}-{n}.json"));
    fs::write(&file, minutes(plan, n).to_string()).unwrap();
    file
}

fn archive(house: &House, files: &[PathBuf]) {
    for file in files {
        house.run_now(["submit".as_ref(), file.as_os_str()]).expect(0);
    }
    house.run_now(["run-once"]).expect(0);
}

/// Every case folder, as `case show` has it.
fn cases(house: &House) -> Vec<Value> {
    let list = house.ask(0, ["case", "list"]);
    let folders = list["folders"].as_array().unwrap();
    folders.iter().map(|f| house.ask(0, ["case", "show", f["case_folder"].as_str().unwrap()])).collect()
}

/// One folder a plan, and every number once. How many documents.
fn numbers_are_their_own(house: &House) -> usize {
    let (mut plans, mut numbers, mut documents) = (BTreeSet::new(), BTreeSet::new(), 0);
    for case in cases(house) {
        assert!(plans.insert(case["plan_id"].to_string()), "a plan has two folders: {case}");
        for document in case["documents"].as_array().unwrap() {
            assert!(numbers.insert(document["journal"].to_string()), "a journal number was given twice: {case}");
            documents += 1;
        }
    }
    documents
}

/// Whether a backup that is being made here has read its database.
fn has_read_the_database(target: &Path) -> bool {
    let made = fs::read_dir(target).unwrap().map(|e| e.unwrap().path());
    made.into_iter().any(|p| p.file_name().unwrap().to_string_lossy().starts_with(".making-") && p.join("database/numbers.jsonl").exists())
}

/// Makes a backup that is held up when it has read the database, while documents are archived.
fn held_up(house: &House, target: &Path, meanwhile: &[PathBuf]) -> Value {
    let mut child = house.command(["backup", "create", target.to_str().unwrap(), "--json"]).spawn().unwrap();
    while !has_read_the_database(target) && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    // One that was too quick is gone or goes on: then it is a backup like any other.
    let _ = kill_process(Pid::from_child(&child), Signal::STOP);
    archive(house, meanwhile);
    let _ = kill_process(Pid::from_child(&child), Signal::CONT);
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn no_number_is_given_twice_after_a_backup_of_a_busy_archive() {
    let house = House::new();
    let (papers, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    archive(&house, &(0..PLANS).map(|plan| write(papers.path(), plan, 0)).collect::<Vec<_>>());
    // Something to copy before the case folders: time enough to be held up.
    fs::File::create(house.at("reports/long.json")).unwrap().set_len(16 << 20).unwrap();
    let mut caught = Vec::new();
    for round in 1..=MOST_ROUNDS {
        // A new plan, and another document for one that was there before.
        let files = [write(papers.path(), PLANS + round, 0), write(papers.path(), round % PLANS, round)];
        let answer = held_up(&house, target.path(), &files);
        if answer["later"].as_u64().unwrap() > 0 {
            caught.push(PathBuf::from(answer["backup"].as_str().unwrap()));
        }
        if caught.len() == BACKUPS {
            break;
        }
    }
    assert!(!caught.is_empty(), "no backup met what came after its snapshot");
    let all = files_below(papers.path());
    for backup in caught {
        verified(&house, &backup);
        let (other, _) = restored(&backup, &["--open-mail", "send"]);
        assert_eq!(other.ask(0, ["verify"])["valid"], true);
        archive(&other, &all);
        assert_eq!(other.ask(0, ["verify"])["valid"], true);
        assert_eq!(numbers_are_their_own(&other), all.len(), "nothing failed, and nothing twice");
    }
}

/// What a backup meets between its snapshot and its turn to copy: folders and versions that its rows do not know. Made by hand,
/// so that it does not hang on the moment.
#[test]
fn case_folders_come_back_as_the_database_knew_them() {
    let house = House::new();
    let (papers, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    archive(&house, &[write(papers.path(), 0, 0)]);
    let before = fs::read(house.at("arkivflyt.db")).unwrap();
    let rest = [write(papers.path(), 0, 1), write(papers.path(), 1, 0)];
    archive(&house, &rest);
    // The database as it was, the archive as it is.
    for file in ["arkivflyt.db-wal", "arkivflyt.db-shm"] {
        let _ = fs::remove_file(house.at(file));
    }
    fs::write(house.at("arkivflyt.db"), before).unwrap();
    let answer = house.ask(0, ["backup".as_ref(), "create".as_ref(), target.path().as_os_str()]);
    assert_eq!((&answer["case_folders"], &answer["later"]), (&1.into(), &2.into()), "a version and a folder: {answer}");
    let backup = PathBuf::from(answer["backup"].as_str().unwrap());
    verified(&house, &backup);
    let (other, _) = restored(&backup, &["--open-mail", "send"]);
    archive(&other, &rest);
    assert_eq!(other.ask(0, ["verify"])["valid"], true);
    assert_eq!(numbers_are_their_own(&other), 3);
    // The next one takes the same again, by links.
    let second = create(&other, target.path());
    verified(&other, &second);
}

#[test]
fn the_drop_folder_comes_back_without_its_names() {
    let house = House::new();
    let target = tempfile::tempdir().unwrap();
    let drop = |name: &str, plan: u32| fs::write(house.at("inbox").join(name), minutes(plan, 0).to_string()).unwrap();
    drop("Stille Regnbue.json", 1);
    drop(".taken-7 Munter Elvestein.json", 2);
    drop("copy of Stille Regnbue.JSON", 1);
    drop("Stille Elvestein.json.part", 3);
    fs::create_dir(house.at("requests")).unwrap();
    fs::write(house.at("requests/9901-1.json"), "{}").unwrap();
    let backup = create(&house, target.path());
    verified(&house, &backup);
    let kept = tree(&backup.join("data/inbox"));
    assert_eq!(kept.len(), 2, "two documents, none half-written: {kept:?}");
    for (name, digest) in &kept {
        assert_eq!(*name, format!("{digest}.json"));
    }
    let named = files_below(&backup).into_iter().filter(|p| p.to_string_lossy().contains("Stille")).count();
    assert_eq!(named, 0);
    let (other, _) = restored(&backup, &["--open-mail", "send"]);
    assert!(other.at("requests/9901-1.json").is_file());
    other.run_now(["run-once"]).expect(0);
    assert_eq!(numbers_are_their_own(&other), 2);
    assert_eq!(files_below(&other.at("inbox")), [] as [PathBuf; 0]);
}
