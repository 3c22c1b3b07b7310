//! `verify --all`: rounds that go on where they stopped, samples, and a report of when each folder was last checked.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use arkivflyt_tests::{House, files_below};
use serde_json::Value;

/// Every sample, archived.
fn house() -> House {
    let house = House::bare();
    house.ask(0, ["demo"]);
    house
}

/// Numbers of the report: folders, never read, damaged.
fn report(house: &House) -> (u64, u64, u64) {
    let report = house.ask(0, ["verify", "--report"]);
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(report["folders"].as_array().unwrap().len() as u64, number("count"));
    (number("count"), number("never_read"), number("damaged"))
}

/// A number of all rounds of a run.
fn sum(answer: &Value, name: &str) -> u64 {
    answer["rounds"].as_array().unwrap().iter().map(|round| round[name].as_u64().unwrap()).sum()
}

fn is_resumed(answer: &Value) -> bool {
    answer["rounds"].as_array().unwrap().iter().any(|round| round["resumed"] == true)
}

/// Another byte in a paper, of the same length and age.
fn spoil(paper: &Path) {
    let age = fs::metadata(paper).unwrap().modified().unwrap();
    fs::set_permissions(paper, fs::Permissions::from_mode(0o600)).unwrap();
    let mut bytes = fs::read(paper).unwrap();
    bytes[77] ^= 1;
    fs::write(paper, bytes).unwrap();
    fs::File::options().write(true).open(paper).unwrap().set_modified(age).unwrap();
    fs::set_permissions(paper, fs::Permissions::from_mode(0o400)).unwrap();
}

#[test]
fn a_round_reads_every_byte_when_asked_and_the_report_remembers() {
    let house = house();
    let (all, never, _) = report(&house);
    assert!(all > 10 && never == all, "{all} folders, {never} never read");
    let names = house.ask(0, ["verify", "--all"]);
    assert_eq!((sum(&names, "folders"), sum(&names, "now")), (all, all));
    assert_eq!(report(&house), (all, all, 0), "looked at, and not read");
    let (one, four) = (["verify", "--all", "--read-data", "--threads", "1"], ["verify", "--all", "--read-data", "--threads", "4"]);
    assert_eq!(house.ask(0, one)["bytes"], house.ask(0, four)["bytes"]);
    assert_eq!(report(&house), (all, 0, 0));

    let case = house.case_folders().into_iter().next().unwrap();
    let paper = files_below(&case).into_iter().find(|f| f.extension().is_some_and(|x| x == "pdf")).unwrap();
    spoil(&paper);
    house.ask(0, ["verify", "--all"]);
    let found = house.ask(6, four);
    assert!(found["findings"].to_string().contains("E092"), "{found}");
    assert_eq!(report(&house), (all, 0, 1));
    spoil(&paper);
    house.ask(0, four);
    assert_eq!(report(&house), (all, 0, 0), "the newest check counts");
}

#[test]
fn samples_come_round_to_every_folder() {
    let house = house();
    let (all, ..) = report(&house);
    let mut read = 0;
    for round in 0.. {
        assert!(round < 5, "four rounds of 30 % reach all: {:?}", report(&house));
        let answer = house.ask(0, ["verify", "--all", "--read-data", "--sample", "30%"]);
        read += sum(&answer, "now");
        if report(&house).1 == 0 {
            break;
        }
    }
    assert!(read >= all && read <= all * 3 / 2 + 3, "those that were never read come first: {read} of {all}");
    for wrong in ["0%", "101%", "5", "all"] {
        assert_eq!(house.run(["verify", "--all", "--sample", wrong]).code(), 2, "{wrong}");
    }
    assert_eq!(house.run(["verify", "--sample", "5%"]).code(), 2, "a sample of what?");
}

/// A round that takes its time.
fn slow_round(house: &House) -> Child {
    let args = ["verify", "--all", "--read-data", "--max-mib-per-s", "1", "--threads", "1"];
    house.frozen(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Folders that were written down as checked.
fn written_down(house: &House) -> BTreeSet<String> {
    let journals = fs::read_dir(house.at("fixity")).into_iter().flatten().map(|e| e.unwrap().path());
    let lines = journals.filter(|f| f.extension().is_some_and(|x| x == "jsonl")).flat_map(|f| {
        let text = fs::read_to_string(f).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines.collect()
}

fn until_some_are_checked(house: &House, least: usize) {
    let begun = Instant::now();
    while written_down(house).len() < least {
        assert!(begun.elapsed() < Duration::from_secs(120), "the round does not get on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_round_that_is_killed_goes_on_with_the_rest() {
    let house = house();
    let (all, ..) = report(&house);
    let mut round = slow_round(&house);
    until_some_are_checked(&house, 2);
    assert_eq!(house.ask(8, ["verify", "--all"])["code"], "locked", "one round at a time");
    round.kill().unwrap();
    round.wait().unwrap();
    let checked = written_down(&house).len() as u64;
    assert!(checked >= 2 && checked < all, "killed in the middle: {checked} of {all}");
    let other = house.copy();

    let rest = house.ask(0, ["verify", "--all", "--read-data"]);
    assert!(is_resumed(&rest), "{rest}");
    assert_eq!((sum(&rest, "before"), sum(&rest, "now")), (checked, all - checked));
    assert_eq!(report(&house), (all, 0, 0));
    let next = house.ask(0, ["verify", "--all", "--read-data"]);
    assert!(!is_resumed(&next) && sum(&next, "now") == all, "a round that is done is done: {next}");

    let anew = other.ask(0, ["verify", "--all", "--read-data", "--anew"]);
    assert!(!is_resumed(&anew) && sum(&anew, "now") == all, "{anew}");
}
