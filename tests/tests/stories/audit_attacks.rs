//! Three attacks that no storage format shows, each found by `audit verify`: history rewritten, a document replaced with every digest
//! redone, the newest removed.

use std::{fs, path::Path, path::PathBuf};

use arkivflyt_tests::{House, Tool, copy_folder, files_below, sample_json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::in_folder::{of_the_plan, submitted};

/// A plan, and minutes of a meeting about it.
fn two_versions() -> House {
    let house = House::new();
    let plan = sample_json("plan-snapshot/full-ip.json");
    submitted(&house, 0, &plan);
    submitted(&house, 0, &of_the_plan(sample_json("meeting-minutes/minimal.json"), &plan));
    assert!(only_case(&house).join("v2").is_dir());
    house
}

fn only_case(house: &House) -> PathBuf {
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    case.clone()
}

/// Code and place of everything that is found.
#[track_caller]
fn found(house: &House, code: i32, args: &[&str]) -> Vec<(String, String)> {
    let answer = house.ask(code, ["audit", "verify"].iter().chain(args));
    assert_eq!(answer["valid"], json!(code == 0), "{answer}");
    let findings = answer["municipalities"].as_array().unwrap().iter().flat_map(|m| m["findings"].as_array().unwrap().clone());
    findings.map(|f| (f["code"].as_str().unwrap().to_owned(), f["at"].as_str().unwrap().to_owned())).collect()
}

fn codes(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(code, _)| code.as_str()).collect()
}

/// Writes over a file that nobody may write to.
fn put(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Puts a version's inventory in the place of its own, with its sidecar, and above when it is the newest.
fn put_inventory(case: &Path, version: u32, inventory: &str) {
    let is_newest = !case.join(format!("v{}", version + 1)).exists();
    let own = case.join(format!("v{version}"));
    for folder in [Some(own.as_path()), is_newest.then_some(case)].into_iter().flatten() {
        put(&folder.join("inventory.json"), inventory.as_bytes());
        let sidecar = format!("{}  inventory.json\n", hex(&Sha512::digest(inventory.as_bytes())));
        put(&folder.join("inventory.json.sha512"), sidecar.as_bytes());
    }
}

/// What does not know our promises says that all is well.
fn storage_is_sound(house: &House) {
    house.run(["verify", "--path", &only_case(house).display().to_string()]).expect(0);
    if let Some(judge) = Tool::find("ocfl-validate.py") {
        judge.pass([only_case(house)]);
    }
    if let Some(rocfl) = Tool::find("rocfl") {
        let roots: Vec<PathBuf> = house.storage_roots();
        let root = roots.iter().find(|r| only_case(house).starts_with(r)).unwrap();
        rocfl.pass(["-S".as_ref(), "-r".as_ref(), root.as_os_str(), "validate".as_ref()]);
    }
}

#[test]
fn a_sound_archive_is_as_its_log_and_its_letters_say() {
    let house = two_versions();
    let mail = house.at("mail").display().to_string();
    let answer = house.ask(0, ["audit", "verify", "--mailbox", &mail]);
    let ours: Vec<&Value> = answer["municipalities"].as_array().unwrap().iter().filter(|m| m["versions"] != json!(0)).collect();
    assert_eq!(ours.len(), 1, "{answer}");
    assert_eq!((ours[0]["versions"].as_u64(), ours[0]["folders"].as_u64()), (Some(2), Some(1)), "{answer}");
    assert!(ours[0]["letters"].as_u64() > Some(0), "every letter bears a checkpoint: {answer}");
    // The fingerprint is what all rests on.
    let print = ours[0]["fingerprint"].as_str().unwrap();
    let number = ours[0]["municipality"].as_str().unwrap();
    assert_eq!(found(&house, 0, &["--municipality", number, "--fingerprint", print]), []);
    let other = found(&house, 6, &["--municipality", number, "--fingerprint", &"0".repeat(64)]);
    assert_eq!(codes(&other), ["fingerprint_differs"]);
}

#[test]
fn every_letter_bears_the_checkpoint() {
    let house = two_versions();
    let letters = files_below(&house.at("mail"));
    assert!(!letters.is_empty());
    for letter in letters {
        let answer = house.ask(0, ["audit", "verify", "--mailbox", &letter.display().to_string()]);
        let in_letter: u64 = answer["municipalities"].as_array().unwrap().iter().map(|m| m["letters"].as_u64().unwrap()).sum();
        assert_eq!(in_letter, 1, "it counts for its own log alone: {}", letter.display());
    }
}

#[test]
fn attack_one_an_old_inventory_is_edited_and_its_sidecar_redone() {
    let house = two_versions();
    let case = only_case(&house);
    let text = fs::read_to_string(case.join("v1/inventory.json")).unwrap();
    let mut inventory: Value = serde_json::from_str(&text).unwrap();
    inventory["versions"]["v1"]["message"] = json!("nothing to see");
    put_inventory(&case, 1, &serde_json::to_string(&inventory).unwrap());
    let found = found(&house, 6, &[]);
    assert_eq!(codes(&found), ["version_rewritten", "chain_broken"]);
    assert!(found[0].1.ends_with(" v1") && found[1].1.ends_with(" v2"), "{found:?}");
}

/// Puts another document in the place of one, and works every digest out anew: inventories, sidecars, the chain.
fn replace_a_document(case: &Path) {
    let is_paper = |f: &PathBuf| f.extension().is_some_and(|x| x == "pdf");
    let paper = files_below(&case.join("v1")).into_iter().find(is_paper).unwrap();
    let mut changed: Vec<(String, String)> = Vec::new();
    let mut replace = |path: &Path, new: &[u8]| {
        let old = fs::read(path).unwrap();
        changed.push((hex(&Sha512::digest(&old)), hex(&Sha512::digest(new))));
        changed.push((hex(&Sha256::digest(&old)), hex(&Sha256::digest(new))));
        put(path, new);
        changed.clone()
    };
    let mut pdf = fs::read(&paper).unwrap();
    pdf.extend(b"\n% another\n");
    let mut digests = replace(&paper, &pdf);
    for version in (1..).take_while(|v| case.join(format!("v{v}")).is_dir()) {
        let chain = case.join(format!("v{version}/content/metadata/forrige-versjon.sha512"));
        if chain.exists() {
            let before = fs::read(case.join(format!("v{}/inventory.json", version - 1))).unwrap();
            let line = format!("{}  v{}/inventory.json\n", hex(&Sha512::digest(&before)), version - 1);
            digests = replace(&chain, line.as_bytes());
        }
        let mut inventory = fs::read_to_string(case.join(format!("v{version}/inventory.json"))).unwrap();
        for (old, new) in &digests {
            inventory = inventory.replace(old, new);
        }
        put_inventory(case, version, &inventory);
    }
}

#[test]
fn attack_two_a_document_is_replaced_and_every_digest_redone() {
    let house = two_versions();
    replace_a_document(&only_case(&house));
    storage_is_sound(&house);
    let found = found(&house, 6, &[]);
    assert!(codes(&found).contains(&"version_rewritten"), "{found:?}");
    assert!(found.iter().any(|(code, at)| code == "version_rewritten" && at.ends_with(" v1")), "{found:?}");
    assert!(found.iter().any(|(code, at)| code == "version_rewritten" && at.ends_with(" v2")), "{found:?}");
}

#[test]
fn attack_three_the_newest_version_is_removed() {
    let house = two_versions();
    let case = only_case(&house);
    fs::remove_dir_all(case.join("v2")).unwrap();
    for file in ["inventory.json", "inventory.json.sha512"] {
        put(&case.join(file), &fs::read(case.join("v1").join(file)).unwrap());
    }
    storage_is_sound(&house);
    let found = found(&house, 6, &[]);
    assert_eq!(codes(&found), ["version_missing"]);
    assert!(found[0].1.ends_with(" v2"), "{found:?}");
    // With the whole folder gone, the log still knows it.
    fs::remove_dir_all(&case).unwrap();
    fs::remove_dir(case.parent().unwrap()).unwrap();
    assert_eq!(codes(&self::found(&house, 6, &[])), ["folder_missing"]);
}

#[test]
fn attack_three_with_the_log_put_back_too_is_proven_from_a_mailbox() {
    let house = House::new();
    let plan = sample_json("plan-snapshot/full-ip.json");
    submitted(&house, 0, &plan);
    let yesterday = tempfile::tempdir().unwrap();
    copy_folder(&house.at("arkivlager"), &yesterday.path().join("arkivlager"));
    submitted(&house, 0, &of_the_plan(sample_json("meeting-minutes/minimal.json"), &plan));
    let mailbox = yesterday.path().join("mailbox");
    copy_folder(&house.at("mail"), &mailbox);
    let mailbox = mailbox.display().to_string();
    assert_eq!(found(&house, 0, &["--mailbox", &mailbox, "--municipality", "9901"]), []);
    // Yesterday's archive, with its log, in the place of today's: every file and every signature is genuine.
    fs::remove_dir_all(house.at("arkivlager")).unwrap();
    copy_folder(&yesterday.path().join("arkivlager"), &house.at("arkivlager"));
    assert_eq!(found(&house, 0, &["--municipality", "9901"]), []);
    let found = found(&house, 6, &["--mailbox", &mailbox, "--municipality", "9901"]);
    assert!(codes(&found).contains(&"log_rolled_back"), "{found:?}");
}

#[test]
fn an_archive_without_its_log_says_so_and_goes_no_further() {
    let house = two_versions();
    fs::remove_dir_all(house.at("arkivlager/9901/revisjonslogg")).unwrap();
    let found = found(&house, 6, &["--municipality", "9901"]);
    assert_eq!(codes(&found), ["log_missing"]);
    // Nobody begins another one in its place while the keys of the old one lie there.
    let row = submitted(&house, 3, &sample_json("plan-snapshot/minimal-iop.json"));
    assert_eq!(row["code"], json!("witness_log_damaged"), "{row}");
}
