//! `backup create`, `verify` and `restore`: while documents are archived, after every kind of damage, after a kill, on a full disk.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use arkivflyt_tests::{House, Rng, SmallDisk, files_below, lasting_samples, samples_folder, tree};
use rustix::process::{Pid, Signal};
use serde_json::Value;

/// The backups in a folder.
pub fn backups(target: &Path) -> Vec<PathBuf> {
    let named = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("arkivflyt-"));
    let mut all: Vec<PathBuf> = fs::read_dir(target).unwrap().map(|e| e.unwrap().path()).filter(named).collect();
    all.sort();
    all
}

/// Makes a backup that is whole.
#[track_caller]
pub fn create(house: &House, target: &Path) -> PathBuf {
    let answer = house.ask(0, ["backup".as_ref(), "create".as_ref(), target.as_os_str()]);
    PathBuf::from(answer["backup"].as_str().unwrap())
}

#[track_caller]
pub fn verified(house: &House, backup: &Path) -> Value {
    house.ask(0, ["backup".as_ref(), "verify".as_ref(), backup.as_os_str()])
}

/// Restores into a house that is not set up.
#[track_caller]
pub fn restored(backup: &Path, more: &[&str]) -> (House, Value) {
    let house = House::bare();
    let args = [&["backup", "restore", backup.to_str().unwrap()], more].concat();
    let answer = house.ask(0, args);
    (house, answer)
}

fn documents(house: &House) -> u64 {
    house.ask(0, ["case", "list"])["folders"].as_array().unwrap().iter().map(|f| f["documents"].as_u64().unwrap()).sum()
}

/// What `case list` says, but for where it lies.
pub fn cases(house: &House) -> Value {
    let mut list = house.ask(0, ["case", "list"])["folders"].clone();
    list.as_array_mut().unwrap().iter_mut().for_each(|folder| drop(folder.as_object_mut().unwrap().remove("path")));
    list
}

/// A house where every good sample is archived and told of.
fn archived() -> House {
    let house = House::new();
    for sample in lasting_samples() {
        house.ask(0, ["submit".as_ref(), sample.path.as_os_str()]);
    }
    house.ask(0, ["run-once"]);
    house
}

fn elsewhere() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn there_and_back() {
    let house = archived();
    let refused = samples_folder().join("meeting-minutes/broken");
    house.run(["submit".as_ref(), files_below(&refused)[0].as_os_str()]).expect(5);
    fs::write(house.at("arkivflyt.toml"), "[intake]\nkeep_accepted_days = 40\n").unwrap();
    let target = elsewhere();
    let backup = create(&house, target.path());
    assert_eq!(verified(&house, &backup)["valid"], true);
    // Private, and nobody writes to it again.
    for file in files_below(&backup) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o377, 0, "{}", file.display());
        assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o077, 0);
    }
    // The receiver can check it without us.
    let sums = Command::new("sha256sum").args(["-c", "--strict", "--quiet", "manifest.sha256"]).current_dir(&backup).output().unwrap();
    assert!(sums.status.success(), "{sums:?}");

    let (other, answer) = restored(&backup, &[]);
    assert_eq!(answer["doubtful_mails"], 0, "every mail lies in the Maildir: {answer}");
    for part in ["arkivlager", "accepted", "refused", "municipalities", "mail/new"] {
        let only_cases = |t: arkivflyt_tests::Tree| {
            t.into_iter().filter(|(p, _)| !p.contains("staging") && !p.ends_with(".laas")).collect::<arkivflyt_tests::Tree>()
        };
        assert_eq!(only_cases(tree(&other.at(part))), only_cases(tree(&house.at(part))), "{part}");
    }
    assert_eq!(fs::read(other.at("arkivflyt.toml")).unwrap(), fs::read(house.at("arkivflyt.toml")).unwrap());
    assert_eq!(other.ask(0, ["verify"])["findings"], Value::from(Vec::<Value>::new()), "also not a warning");
    // With the same keys and the same log: every letter that went out fits.
    assert_eq!(tree(&other.at("keys")), tree(&house.at("keys")).into_iter().filter(|(p, _)| !p.contains("/.")).collect());
    let audit = |house: &House| house.ask(0, ["audit", "verify", "--mailbox", &house.at("mail").display().to_string()]);
    assert_eq!(audit(&other), audit(&house));
    assert_eq!(cases(&other), cases(&house));
    assert_eq!(other.ask(0, ["mail", "list"]), house.ask(0, ["mail", "list"]));
    assert_eq!(other.ask(0, ["doctor"])["healthy"], true);
    // What came before is known, and what comes now goes on from there.
    let again = other.ask(0, ["submit".as_ref(), lasting_samples()[0].path.as_os_str()]);
    assert_eq!(again["documents"][0]["answer"], "known", "{again}");
    assert_eq!(other.ask(0, ["run-once"])["archived"], 0);
}

#[test]
fn while_documents_are_archived() {
    // No accepted file is kept: one may go away between the snapshot and its own turn.
    let house = House::new().with("INTAKE__KEEP_ACCEPTED_DAYS", "0");
    let samples = lasting_samples();
    let target = elsewhere();
    let mut chance = Rng::seeded();
    let mut made = Vec::new();
    for part in samples.chunks(samples.len().div_ceil(3)) {
        for sample in part {
            house.run_now(["submit".as_ref(), sample.path.as_os_str()]).expect(0);
        }
        let mut run = house.command(["run-once", "--json"]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(chance.below(1500)));
        let answer = house.run_now(["backup", "create", target.path().to_str().unwrap(), "--json"]).expect(0).json();
        made.push((PathBuf::from(answer["backup"].as_str().unwrap()), answer["rows"]["documents"].as_u64().unwrap()));
        assert!(run.wait().unwrap().success());
    }
    for (backup, taken_in) in made {
        assert_eq!(verified(&house, &backup)["valid"], true);
        let (other, _) = restored(&backup, &["--open-mail", "send"]);
        assert_eq!(other.ask(0, ["verify"])["valid"], true);
        let before = documents(&other);
        other.run_now(["run-once", "--json"]).expect(0);
        assert_eq!(other.ask(0, ["verify"])["valid"], true);
        assert!(before <= taken_in);
        assert!(documents(&other) >= taken_in, "what waited is archived");
        let mails = other.ask(0, ["mail", "list"]);
        let keys: Vec<&str> = mails["mails"].as_array().unwrap().iter().map(|m| m["state"].as_str().unwrap()).collect();
        assert!(keys.iter().all(|state| *state == "delivered"), "{mails}");
        assert_eq!(files_below(&other.at("mail/new")).len(), keys.len(), "each once");
    }
    // All of it is in the end where it belongs.
    // What Arkivflyt makes itself is not counted: a list in each closed folder, and another when something came late.
    let sent = house.sql("select count(*) from documents where kind <> 'folder_overview' and archived_at is not null");
    assert_eq!(sent, samples.iter().filter(|s| s.folder() != "folder-overview").count().to_string());
}

#[test]
fn what_has_not_changed_takes_no_space() {
    let house = House::new();
    let (later, now): (Vec<_>, Vec<_>) = lasting_samples().into_iter().partition(|s| s.name.contains("corrected"));
    assert!(!later.is_empty());
    for sample in now {
        house.ask(0, ["submit".as_ref(), sample.path.as_os_str()]);
    }
    house.ask(0, ["run-once"]);
    let target = elsewhere();
    let first = create(&house, target.path());
    for sample in later {
        house.ask(0, ["submit".as_ref(), sample.path.as_os_str()]);
    }
    house.ask(0, ["run-once"]);
    let second = create(&house, target.path());
    assert_ne!(first, second);
    let is_new = |file: &PathBuf| !first.join(file.strip_prefix(&second).unwrap()).exists();
    let (new, old): (Vec<_>, Vec<_>) = files_below(&second.join("archive")).into_iter().partition(is_new);
    assert!(!new.is_empty());
    // Of a folder with a new version only the inventory at its top is another one.
    // A log grows at its end, and is signed anew.
    let is_end_of_log =
        |f: &PathBuf| f.to_string_lossy().contains("/revisjonslogg") && (f.ends_with("journal") || f.ends_with("checkpoint"));
    let copied: Vec<_> = old.iter().filter(|f| fs::metadata(f).unwrap().nlink() == 1 && !is_end_of_log(f)).collect();
    assert!(copied.iter().all(|f| f.file_name().unwrap().to_string_lossy().starts_with("inventory.json")), "{copied:?}");
    assert!(copied.len() * 5 < old.len(), "{} of {}", copied.len(), old.len());
    assert_eq!(verified(&house, &first)["valid"], true);
    assert_eq!(verified(&house, &second)["valid"], true);
    // The older one may go; the newer is whole by itself.
    let third = house.ask(0, ["backup", "create", target.path().to_str().unwrap(), "--keep", "1"]);
    assert_eq!(third["removed"].as_array().unwrap().len(), 2, "{third}");
    let left = backups(target.path());
    assert_eq!(left.len(), 1);
    assert_eq!(verified(&house, &left[0])["valid"], true);
    restored(&left[0], &[]).0.ask(0, ["verify"]);
}

type Damage = (&'static str, &'static [&'static str], fn(&Path));

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn flip(path: &Path) {
    edit(path, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
}

fn first(backup: &Path, part: &str) -> PathBuf {
    files_below(backup).into_iter().find(|p| p.to_string_lossy().contains(part)).unwrap_or_else(|| panic!("no {part}"))
}

/// A damage that whoever does it hides by a manifest of his own.
fn sealed_again(backup: &Path, damage: impl FnOnce(&Path)) {
    damage(backup);
    let lines: Vec<String> = tree(backup)
        .into_iter()
        .filter(|(path, _)| path != "manifest.sha256")
        .map(|(path, digest)| format!("{digest}  {path}\n"))
        .collect();
    edit(&backup.join("manifest.sha256"), |bytes| *bytes = lines.concat().into_bytes());
}

const DAMAGES: &[Damage] = &[
    ("a flipped bit in a paper", &["B002"], |b| flip(&first(b, ".pdf"))),
    ("a missing paper", &["B001"], |b| fs::remove_file(first(b, ".pdf")).unwrap()),
    ("a flipped bit in a table", &["B002"], |b| flip(&b.join("database/documents.jsonl"))),
    ("a table that is cut off", &["B002"], |b| edit(&b.join("database/outbox.jsonl"), |bytes| bytes.truncate(bytes.len() - 7))),
    ("a missing table", &["B001"], |b| fs::remove_file(b.join("database/jobs.jsonl")).unwrap()),
    ("a flipped bit in an accepted file", &["B002"], |b| flip(&first(b, "data/accepted/"))),
    ("a flipped bit in a mail", &["B002"], |b| flip(&first(b, "mail/new/"))),
    ("a flipped bit in a municipality", &["B002"], |b| flip(&first(b, "data/municipalities/9901.toml"))),
    ("a file more", &["B003"], |b| fs::write(b.join("data/more.txt"), "x").unwrap()),
    ("a link", &["B003"], |b| std::os::unix::fs::symlink("/etc/hostname", b.join("data/link")).unwrap()),
    ("a manifest that is cut off", &["B004"], |b| edit(&b.join("manifest.sha256"), |bytes| bytes.truncate(bytes.len() / 2))),
    ("a shorter manifest", &["B004"], |b| {
        edit(&b.join("manifest.sha256"), |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.split_inclusive('\n').skip(1).collect::<String>().into_bytes();
        });
    }),
    ("no manifest", &["B004"], |b| fs::remove_file(b.join("manifest.sha256")).unwrap()),
    ("a row that is no row, sealed again", &["B005"], |b| {
        sealed_again(b, |b| edit(&b.join("database/documents.jsonl"), |bytes| bytes.extend(b"{}\n")));
    }),
    ("a row less, sealed again", &["B006"], |b| {
        sealed_again(b, |b| {
            edit(&b.join("database/schedule_fires.jsonl"), |bytes| bytes.extend(b"{\"name\":\"x\",\"fire_at\":1,\"job\":null}\n"))
        });
    }),
    ("a flipped bit in a paper, sealed again", &["E092"], |b| sealed_again(b, |b| flip(&first(b, ".pdf")))),
    ("a case folder less, sealed again", &["A100"], |b| {
        sealed_again(b, |b| {
            let inventory = first(b, "/v1/inventory.json");
            fs::remove_dir_all(inventory.parent().unwrap().parent().unwrap()).unwrap();
        });
    }),
    ("not even a backup", &["backup_damaged"], |b| fs::remove_file(b.join("backup.json")).unwrap()),
];

#[test]
fn every_damage_is_found_and_nothing_damaged_is_restored() {
    let house = archived();
    let target = elsewhere();
    let whole = create(&house, target.path());
    for (name, codes, damage) in DAMAGES {
        let copies = elsewhere();
        let hurt = copies.path().join("arkivflyt-hurt");
        arkivflyt_tests::copy_folder(&whole, &hurt);
        damage(&hurt);
        let answer = house.run(["backup".as_ref(), "verify".as_ref(), hurt.as_os_str(), "--json".as_ref()]).expect(6).json();
        let findings = answer["findings"].as_array().cloned().unwrap_or_default();
        let mut found: BTreeSet<&str> = findings.iter().map(|f| f["code"].as_str().unwrap()).collect();
        found.extend(answer["code"].as_str());
        assert!(codes.iter().all(|c| found.contains(c)), "{name}: expected {codes:?}: {answer}");
        let other = House::bare();
        let refused = other.run(["backup".as_ref(), "restore".as_ref(), hurt.as_os_str()]);
        assert!([1, 6].contains(&refused.code()) && refused.stderr.contains("backup_damaged"), "{name}: {refused}");
        assert!(!other.data().exists(), "{name}: nothing was written");
    }
    assert_eq!(verified(&house, &whole)["valid"], true);
}

#[test]
fn a_newer_backup_is_refused() {
    let house = House::new();
    let target = elsewhere();
    let backup = create(&house, target.path());
    sealed_again(&backup, |b| {
        edit(&b.join("backup.json"), |bytes| {
            let mut about: Value = serde_json::from_slice(bytes).unwrap();
            about["format"] = 99.into();
            *bytes = about.to_string().into_bytes();
        });
    });
    for verb in ["verify", "restore"] {
        let other = House::bare();
        let refused = other.run(["backup", verb, backup.to_str().unwrap()]).expect(11);
        assert!(refused.stderr.contains("store_newer"), "{refused}");
    }
}

#[test]
fn nothing_is_restored_over_anything() {
    let house = archived();
    let target = elsewhere();
    let backup = create(&house, target.path());
    let before = tree(house.data());
    let refused = house.run(["backup".as_ref(), "restore".as_ref(), backup.as_os_str()]);
    assert_ne!(refused.code(), 0);
    assert!(refused.stderr.contains("backup_target_not_empty"), "{refused}");
    assert_eq!(tree(house.data()), before);
    house.run(["backup", "restore", "/nowhere/at/all"]).expect(4);
    house.run(["backup", "verify", "/nowhere/at/all"]).expect(4);
}

#[test]
fn a_kill_leaves_no_backup_with_a_name() {
    let house = archived();
    let target = elsewhere();
    let path = target.path().to_str().unwrap();
    let start = std::time::Instant::now();
    let whole = create(&house, target.path());
    let took = start.elapsed();
    let mut chance = Rng::seeded();
    let kills = 12;
    for _ in 0..kills {
        let mut child = house.command(["backup", "create", path]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(chance.below(took.as_micros() as u64)));
        let _ = rustix::process::kill_process(Pid::from_child(&child), Signal::KILL);
        child.wait().unwrap();
        for backup in backups(target.path()) {
            assert_eq!(verified(&house, &backup)["valid"], true, "{}", backup.display());
        }
    }
    let last = create(&house, target.path());
    assert_eq!(verified(&house, &last)["valid"], true);
    assert_eq!(verified(&house, &whole)["valid"], true);
    let left: Vec<_> = fs::read_dir(target.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| name.starts_with("arkivflyt-") || name == ".lock"), "what was cut off is swept: {left:?}");
}

#[test]
fn a_full_disk_leaves_nothing_that_looks_whole() {
    let house = archived();
    let place = elsewhere();
    let Some(disk) = SmallDisk::over(place.path().join("small"), "400k") else { return };
    let run = house.run(["backup".as_ref(), "create".as_ref(), disk.path().as_os_str()]);
    assert_ne!(run.code(), 0);
    assert!(run.stderr.contains("backup_failed"), "{run}");
    assert_eq!(backups(disk.path()), [] as [PathBuf; 0]);
    assert_eq!(files_below(disk.path()).len(), 1, "only the lock: the disk is free again");
    assert_eq!(house.ask(0, ["verify"])["valid"], true);
    drop(disk);
}

#[test]
fn a_damaged_archive_is_backed_up_and_the_old_backup_stays() {
    let house = archived();
    let target = elsewhere();
    let whole = create(&house, target.path());
    let hurt = first(&house.at("arkivlager"), ".pdf");
    fs::set_permissions(&hurt, fs::Permissions::from_mode(0o600)).unwrap();
    edit(&hurt, |bytes| bytes.push(b'\n'));
    let answer = house.ask(3, ["backup", "create", target.path().to_str().unwrap(), "--keep", "1"]);
    assert_eq!(answer["damaged"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["removed"].as_array().unwrap().len(), 0, "the old one has what the new one lacks");
    assert_eq!(verified(&house, &whole)["valid"], true);
    let now = PathBuf::from(answer["backup"].as_str().unwrap());
    let judged = house.ask(6, ["backup".as_ref(), "verify".as_ref(), now.as_os_str()]);
    assert!(judged["findings"].as_array().unwrap().iter().any(|f| f["code"] == "E092"), "{judged}");
    // It comes back only for those who say that they know; the damage comes with it.
    let refused = House::bare().run(["backup".as_ref(), "restore".as_ref(), now.as_os_str(), "--lang".as_ref(), "en".as_ref()]).expect(6);
    assert!(refused.stderr.contains("--damaged-too"), "{refused}");
    let other = House::bare();
    let answer = other.ask(3, ["backup", "restore", now.to_str().unwrap(), "--damaged-too"]);
    assert!(!answer["findings"].as_array().unwrap().is_empty(), "{answer}");
    assert_eq!(other.ask(6, ["verify"])["valid"], false);
    assert_eq!(cases(&other), cases(&house));
    // What was damaged later is refused all the same.
    fs::write(now.join("data/more.txt"), "x").unwrap();
    House::bare().run(["backup".as_ref(), "restore".as_ref(), now.as_os_str(), "--damaged-too".as_ref()]).expect(6);
}

#[test]
fn a_case_folder_that_is_gone_is_told_and_its_backup_comes_back() {
    let house = archived();
    let target = elsewhere();
    let gone = first(&house.at("arkivlager"), "/v1/inventory.json").parent().unwrap().parent().unwrap().to_owned();
    fs::rename(&gone, target.path().join("gone")).unwrap();
    let answer = house.ask(3, ["backup", "create", target.path().to_str().unwrap()]);
    assert_eq!(answer["damaged"].as_array().unwrap().len(), 1, "{answer}");
    let backup = answer["backup"].as_str().unwrap();
    let other = House::bare();
    assert_eq!(other.ask(6, ["backup", "restore", backup])["code"], "backup_damaged");
    other.ask(3, ["backup", "restore", backup, "--damaged-too"]);
    assert_eq!(other.ask(6, ["verify"])["valid"], false);
}

/// Nobody waits for the file of a document that has failed: it is worth a word, and the backup is whole.
#[test]
fn a_missing_file_of_a_failed_document_is_worth_a_word() {
    let house = House::new();
    house.ask(0, ["submit".as_ref(), lasting_samples()[0].path.as_os_str()]);
    let target = elsewhere();
    let file = files_below(&house.at("accepted")).remove(0);
    let digest = file.file_stem().unwrap().to_str().unwrap().to_owned();
    fs::rename(&file, target.path().join("elsewhere.json")).unwrap();
    let path = target.path().to_str().unwrap();
    let waits = house.ask(3, ["backup", "create", path]);
    assert_eq!((&waits["missing_accepted"][0], &waits["missing_failed"][0]), (&digest.as_str().into(), &Value::Null), "{waits}");
    let _ = house.run(["run-once"]);
    let failed = house.ask(0, ["backup", "create", path]);
    assert_eq!((&failed["missing_accepted"][0], &failed["missing_failed"][0]), (&Value::Null, &digest.as_str().into()), "{failed}");
    let backup = PathBuf::from(failed["backup"].as_str().unwrap());
    assert_eq!(verified(&house, &backup)["valid"], true);
    restored(&backup, &[]);
}
