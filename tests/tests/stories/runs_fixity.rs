//! `fixity.check`: damage is told folder by folder, and a crash in the middle costs what was in hand and no more.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use arkivflyt_tests::{CLOCK, Daemon, House, On, files_below, kind_folders, working_house};
use serde_json::Value;

const LONG: Duration = Duration::from_secs(120);

fn house() -> House {
    let house = working_house(On::Sqlite).expect("SQLite is always there");
    for folder in kind_folders() {
        house.run(["submit".as_ref(), folder.as_os_str()]).expect(0);
    }
    house.run(["run-once"]).expect(0);
    house
}

fn serve(house: &House) -> Daemon {
    Daemon::start(house.command(["serve", "--clock", CLOCK]), house)
}

/// The job of one municipality.
fn job(house: &House, number: &str) -> Option<Value> {
    let jobs = house.run_now(["jobs", "list", "--kind", "fixity.check", "--json"]).expect(0).json();
    jobs["jobs"].as_array().unwrap().iter().find(|j| j["args"]["municipality"] == number).cloned()
}

fn open_up(file: &Path) {
    fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The first paper of a case folder.
fn paper(case: &Path) -> PathBuf {
    files_below(case).into_iter().find(|f| f.extension().is_some_and(|x| x == "pdf")).expect("a folder has a paper")
}

fn cases_of(house: &House, number: &str) -> Vec<PathBuf> {
    let mut cases = house.case_folders();
    cases.retain(|c| c.to_string_lossy().contains(&format!("/{number}/ocfl/")));
    cases.sort();
    cases
}

fn name(case: &Path) -> String {
    case.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn damage_is_told_and_counted() {
    let house = house();
    let cases = cases_of(&house, "9901");
    let [changed, gone, stray, ..] = &cases[..] else { panic!("too few folders: {cases:?}") };
    let pdf = paper(changed);
    open_up(&pdf);
    let mut bytes = fs::read(&pdf).unwrap();
    bytes[1000] ^= 1;
    fs::write(&pdf, bytes).unwrap();
    fs::rename(gone, house.at("taken-away")).unwrap();
    fs::set_permissions(stray, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(stray.join("Blid Fjellbekk.txt"), b"").unwrap();

    let daemon = serve(&house);
    house.run(["schedule", "run-now", "fixity.check"]).expect(0);
    house.until_idle(LONG);
    assert!(daemon.stop(LONG).success());
    let job = job(&house, "9901").unwrap();
    assert_eq!((job["result"]["damaged"].as_u64(), job["result"]["checked"].as_u64()), (Some(3), Some(cases.len() as u64)), "{job:#}");
    assert!(!job.to_string().contains("Fjellbekk"), "{job}");
    let report = house.at(job["result"]["report"].as_str().unwrap()).with_extension("json");
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert!(!report.to_string().contains("Fjellbekk"), "{report:#}");
    let told = |case: &Path, code: &str, finding: &str| {
        let case = name(case);
        let (year, number) = case.split_once('-').unwrap();
        let folder = format!("9901/{year}/{number}");
        let rows = report["lists"]["damaged"].as_array().unwrap();
        assert!(
            rows.iter().any(|r| r["case_folder"] == *folder && r["code"] == code && r["finding"] == finding),
            "{folder} {code}: {report:#}"
        );
    };
    told(changed, "E092", "changed");
    told(gone, "A100", "receipt");
    told(stray, "E001", "foreign");
    assert_eq!(report["figures"]["damaged"], 3);
    let whole = self::job(&house, "9902").unwrap();
    assert_eq!(whole["result"]["damaged"], 0, "{whole:#}");
}

#[test]
fn a_crash_in_the_middle_goes_on_where_it_was() {
    let house = house();
    let cases = cases_of(&house, "9901");
    // The last folder's paper takes minutes to read: 64 GiB of nothing.
    let pdf = paper(cases.last().unwrap());
    let bytes = fs::read(&pdf).unwrap();
    open_up(&pdf);
    fs::File::options().write(true).open(&pdf).unwrap().set_len(64 << 30).unwrap();

    let daemon = serve(&house);
    house.run(["schedule", "run-now", "fixity.check"]).expect(0);
    let before_last = Some(cases.len() as u64 - 1);
    house.until(LONG, |house| {
        let job = job(house, "9901").unwrap_or_default();
        if job["progress"]["checked"].as_u64() == before_last { Ok(()) } else { Err(job.to_string()) }
    });
    daemon.kill();
    fs::write(&pdf, bytes).unwrap();
    fs::set_permissions(&pdf, fs::Permissions::from_mode(0o400)).unwrap();

    let daemon = serve(&house);
    house.until_idle(LONG);
    assert!(daemon.stop(LONG).success());
    let job = job(&house, "9901").unwrap();
    assert_eq!((job["state"].as_str(), job["failures"].as_u64()), (Some("done"), Some(1)), "{job:#}");
    let result = &job["result"];
    assert_eq!(
        (result["checked"].as_u64(), result["in_this_attempt"].as_u64(), result["damaged"].as_u64()),
        (Some(cases.len() as u64), Some(1), Some(0)),
        "only the rest was read: {job:#}"
    );
}
