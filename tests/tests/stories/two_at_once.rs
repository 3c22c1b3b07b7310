//! Two processes on one data folder: one works, the other says so, and nothing happens twice.

use std::{fs, process::Child};

use arkivflyt_tests::{House, good_samples, kind_folders, left_closed, letters, samples_folder};

fn start(house: &House, args: &[&str]) -> Child {
    house.frozen(args).spawn().unwrap()
}

#[test]
fn two_runs_at_the_same_time() {
    let house = House::new();
    for folder in kind_folders() {
        house.ask(0, ["submit".as_ref(), folder.as_os_str()]);
    }
    let runs = [start(&house, &["run-once", "--json"]), start(&house, &["run-once", "--json"])];
    let ends: Vec<_> = runs.into_iter().map(|r| r.wait_with_output().unwrap()).collect();
    let mut codes: Vec<i32> = ends.iter().map(|e| e.status.code().unwrap()).collect();
    codes.sort();
    // Whoever comes after the other has ended finds nothing to do; nobody fails.
    assert!([[0, 8], [0, 0]].contains(&[codes[0], codes[1]]), "{codes:?}: {ends:?}");
    let documents: u64 =
        house.ask(0, ["case", "list"])["folders"].as_array().unwrap().iter().map(|f| f["documents"].as_u64().unwrap()).sum();
    assert_eq!(documents as usize, good_samples().len() + left_closed());
    assert_eq!(house.ask(0, ["verify"])["valid"], true);
    assert_eq!(house.ask(0, ["run-once"])["archived"], 0);
}

#[test]
fn two_hands_at_the_same_time() {
    let house = House::new();
    let folder = samples_folder().join("plan-snapshot");
    let folder = folder.to_str().unwrap();
    let hands: Vec<Child> = (0..3).map(|_| start(&house, &["submit", folder, "--json"])).collect();
    let mut new = 0;
    let mut count = 0;
    for hand in hands {
        let end = hand.wait_with_output().unwrap();
        assert_eq!(end.status.code(), Some(0), "{}", String::from_utf8_lossy(&end.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&end.stdout).unwrap();
        count = answer["documents"].as_array().unwrap().len();
        new += answer["documents"].as_array().unwrap().iter().filter(|d| d["answer"] == "accepted").count();
    }
    assert_eq!(new, count, "each document was new to one of them only");
    assert_eq!(house.ask(0, ["run-once"])["archived"].as_u64(), Some(count as u64));
}

#[test]
fn whoever_holds_the_seat_is_left_alone() {
    let house = House::new();
    let file = samples_folder().join("plan-snapshot/minimal-ip.json");
    let seat = fs::File::options().create(true).truncate(false).write(true).open(house.at("arkivflyt.lock")).unwrap();
    rustix::fs::flock(&seat, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(house.run(["run-once"]).expect(8).stderr.len() > 20);
    house.run(["demo"]).expect(8);
    let waited = house.run(["submit".as_ref(), file.as_os_str(), "--wait".as_ref(), "--json".as_ref()]).expect(8);
    assert_eq!(waited.json()["documents"][0]["answer"], "accepted", "handing in needs no seat");
    assert!(house.case_folders().is_empty());
    let looked = house.ask(0, ["doctor"]);
    assert!(looked["findings"].as_array().unwrap().iter().any(|f| f["what"] == "tidying" && f["health"] == "note"), "{looked}");
    drop(seat);
    assert_eq!(house.ask(0, ["run-once"])["archived"], 1);
}

#[test]
fn a_watcher_takes_what_comes_and_stops_when_asked() {
    let house = House::new();
    let mut watcher = house.command(["watch", "--every", "1", "-v"]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let bytes = fs::read(samples_folder().join("meeting-minutes/full.json")).unwrap();
    fs::write(house.at("inbox/.coming"), bytes).unwrap();
    fs::rename(house.at("inbox/.coming"), house.at("inbox/came.json")).unwrap();
    let mails = || fs::read_dir(house.at("mail/new")).map_or(0, |d| d.count());
    let arrived = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        mails() >= 7
    });
    let pid = rustix::process::Pid::from_child(&watcher);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let end = watcher.wait().unwrap();
    assert!(arrived, "{} mails", mails());
    assert_eq!(end.code(), Some(0));
    assert_eq!(house.case_folders().len(), 1);
    let files = arkivflyt_tests::files_below(&house.at("mail/new"));
    let Some(letters) = letters(&files) else { return };
    let ids: std::collections::BTreeSet<&str> = letters.iter().map(|l| l.header("Message-ID")).collect();
    assert_eq!(ids.len(), files.len());
}
