//! A proof that a case folder stands in the log goes out, and is checked by somebody who has neither the archive nor this program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, Tool, found_in, good_samples, needles, personal_values, sample_json};
use serde_json::{Value, json};

use crate::in_folder::{of_the_plan, submitted};

/// A plan, and minutes of a meeting about it. The number of their folder.
fn two_versions() -> (House, String) {
    let house = House::new();
    let plan = sample_json("plan-snapshot/full-ip.json");
    let folder = submitted(&house, 0, &plan)["case_folder"].as_str().unwrap().to_owned();
    submitted(&house, 0, &of_the_plan(sample_json("meeting-minutes/minimal.json"), &plan));
    (house, folder)
}

fn inventory(house: &House, version: u32) -> PathBuf {
    house.case_folders()[0].join(format!("v{version}/inventory.json"))
}

/// A proof, written outside the data folder.
#[track_caller]
fn prove(house: &House, out: &Path, folder: &str, args: &[&str]) -> Value {
    let out = out.display().to_string();
    let answer = house.ask(0, ["audit", "prove", "--case", folder, "-o", &out].iter().chain(args));
    assert_eq!(answer["schema"], json!("arkivflyt.audit_prove/1"));
    answer
}

/// Codes of what a receiver is told, in a place where nothing was ever set up.
#[track_caller]
fn checked(code: i32, proof: &Path, args: &[&str]) -> Vec<String> {
    let elsewhere = House::bare();
    let proof = proof.display().to_string();
    let answer = elsewhere.ask(code, ["audit", "check-proof", &proof].iter().chain(args));
    assert_eq!(answer["valid"], json!(code == 0), "{answer}");
    assert!(!elsewhere.data().exists(), "nothing is made where a proof is checked");
    answer["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

/// Takes a proof apart as docs/tamper-evidence.md says, and asks a checker that we did not write.
fn judged(aics: &Tool, proof: &Value, at: &Path) -> bool {
    fs::write(at.join("leaf"), proof["leaf"].as_str().unwrap()).unwrap();
    let path: String = proof["path"].as_array().unwrap().iter().map(|hash| format!("{}\n", hash.as_str().unwrap())).collect();
    fs::write(at.join("path"), path).unwrap();
    fs::write(at.join("checkpoint"), proof["checkpoint"].as_str().unwrap()).unwrap();
    let (index, key) = (proof["index"].to_string(), proof["verifier_key"].as_str().unwrap());
    let args = ["verify-inclusion", "--leaf", "leaf", "--index", &index, "--proof", "path", "--checkpoint", "checkpoint", "--log-key", key];
    aics.run_in(at, args).status.success()
}

#[test]
fn a_proof_is_checked_by_its_receiver_and_by_aics_tlog() {
    let (house, folder) = two_versions();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("bevis.json");
    let answer = prove(&house, &file, &folder, &[]);
    assert_eq!((answer["case_folder"].as_str(), answer["version"].as_u64()), (Some(folder.as_str()), Some(2)));
    // The inventory on the disk is the one of the proof, by a tool that everybody has.
    let sum = Tool::find("sha512sum").unwrap().pass([inventory(&house, 2)]);
    assert_eq!(sum.split(' ').next(), answer["inventory_sha512"].as_str());
    let fingerprint = answer["fingerprint"].as_str().unwrap();
    let list = inventory(&house, 2).display().to_string();
    let keys = house.at("arkivlager/9901/revisjonslogg/nokler").display().to_string();
    assert!(checked(0, &file, &["--inventory", &list, "--fingerprint", fingerprint, "--keys", &keys]).is_empty());
    assert_eq!(checked(6, &file, &["--inventory", &inventory(&house, 1).display().to_string()]), ["inventory_differs"]);
    assert_eq!(checked(6, &file, &["--fingerprint", &"0".repeat(64)]), ["fingerprint_differs"]);
    let text = fs::read_to_string(&file).unwrap();
    let proof: Value = serde_json::from_str(&text).unwrap();
    let aics = Tool::find("aics-tlog");
    if let Some(aics) = &aics {
        assert!(judged(aics, &proof, out.path()));
    }
    // One byte of what is proven, of the path, or of the checkpoint changed: both refuse it.
    for (field, from, to) in [("leaf", "\"head\":2", "\"head\":3"), ("checkpoint", "\n\n— ", "x\n\n— ")] {
        let spoilt = edited(&proof, field, from, to);
        refused(&spoilt, out.path(), aics.as_ref());
    }
    for at in 0..proof["path"].as_array().unwrap().len() {
        let mut spoilt = proof.clone();
        let hash = spoilt["path"][at].as_str().unwrap();
        let first = if hash.starts_with('A') { "B" } else { "A" };
        spoilt["path"][at] = json!(format!("{first}{}", &hash[1..]));
        refused(&spoilt, out.path(), aics.as_ref());
    }
    // And any byte of the file, at forty places.
    for at in (0..text.len()).step_by(text.len() / 40) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let spoilt = out.path().join("spoilt.json");
        fs::write(&spoilt, bytes).unwrap();
        assert_eq!(checked(6, &spoilt, &[]), ["proof_invalid"], "byte {at}");
    }
}

fn edited(proof: &Value, field: &str, from: &str, to: &str) -> Value {
    let before = proof[field].as_str().unwrap();
    let mut spoilt = proof.clone();
    spoilt[field] = json!(before.replacen(from, to, 1));
    assert_ne!(spoilt, *proof, "{field} has {from:?}");
    spoilt
}

#[track_caller]
fn refused(spoilt: &Value, at: &Path, aics: Option<&Tool>) {
    let file = at.join("spoilt.json");
    fs::write(&file, format!("{}\n", serde_json::to_string_pretty(spoilt).unwrap())).unwrap();
    assert_eq!(checked(6, &file, &[]), ["proof_invalid"]);
    if let Some(aics) = aics {
        assert!(!judged(aics, spoilt, at), "{spoilt}");
    }
}

#[test]
fn an_older_version_is_proven_and_people_are_told_in_their_words() {
    let (house, folder) = two_versions();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("bevis.json");
    // The number alone does where the municipality is named.
    let short = folder.split_once('/').unwrap().1;
    let answer = prove(&house, &file, short, &["--municipality", "9901", "--version", "1"]);
    assert_eq!(answer["version"].as_u64(), Some(1));
    assert!(checked(0, &file, &["--inventory", &inventory(&house, 1).display().to_string()]).is_empty());
    for (lang, word, verdict) in [("nb", "bevis", "Beviset holder"), ("nn", "prov", "Provet held"), ("en", "proof", "The proof holds")] {
        let file = out.path().join(lang).display().to_string();
        let told = house.run(["audit", "prove", "--case", &folder, "-o", &file, "--lang", lang]).expect(0);
        assert!(told.text().contains(word) && told.stderr.contains("check-proof"), "{told}");
        let told = house.run(["audit", "check-proof", &file, "--lang", lang]).expect(0);
        assert!(told.text().contains(verdict) && told.stderr.contains("--fingerprint"), "{told}");
    }
    // Numbers and digests only: nobody's name travels with a proof.
    let text = fs::read_to_string(&file).unwrap();
    let needles = needles(&personal_values(&good_samples()));
    assert!(found_in(&text, &needles).is_empty(), "{:?}", found_in(&text, &needles));
}

#[test]
fn what_cannot_be_proven_is_told_with_a_code() {
    let (house, folder) = two_versions();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("bevis.json").display().to_string();
    let told = |house: &House, code: i32, case: &str, args: &[&str]| {
        let answer = house.ask(code, ["audit", "prove", "--case", case, "-o", &file].iter().chain(args));
        assert!(!Path::new(&file).exists(), "no half proof");
        answer["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(told(&house, 4, "9901/2026/000999", &[]), "not_found");
    assert_eq!(told(&house, 4, &folder, &["--version", "9"]), "not_found");
    assert_eq!(told(&house, 5, "x", &[]), "case_invalid");
    assert_eq!(told(&house, 5, &folder, &["--municipality", "9902"]), "case_invalid");
    let inside = house.at("arkivlager/bevis.json").display().to_string();
    assert_eq!(house.ask(5, ["audit", "prove", "--case", &folder, "-o", &inside])["code"], json!("out_in_archive"));
    // The key is away: what is signed is proven still, what came in since is not.
    let key = house.at("keys/9901/sjekkpunkt.key");
    fs::rename(&key, out.path().join("sjekkpunkt.key")).unwrap();
    let other = submitted(&house, 0, &sample_json("plan-snapshot/minimal-iop.json"))["case_folder"].as_str().unwrap().to_owned();
    assert_eq!(told(&house, 75, &other, &[]), "log_unsigned");
    prove(&house, &out.path().join("older.json"), &folder, &[]);
    fs::rename(out.path().join("sjekkpunkt.key"), &key).unwrap();
    prove(&house, &out.path().join("newer.json"), &other, &[]);
    // A folder that was changed is not the one that the log attests.
    let list = inventory(&house, 2);
    let changed = fs::read_to_string(&list).unwrap().replace("\"head\"", " \"head\"");
    fs::remove_file(&list).unwrap();
    fs::write(&list, changed).unwrap();
    assert_eq!(told(&house, 6, &folder, &[]), "version_rewritten");
    // What is taken out of the log is not proven, and an archive without its log proves nothing.
    fs::remove_dir_all(house.at("arkivlager/9901/revisjonslogg")).unwrap();
    assert_eq!(told(&house, 6, &folder, &[]), "log_missing");
    assert_eq!(House::bare().ask(4, ["audit", "check-proof", &file])["code"], json!("not_found"));
}
