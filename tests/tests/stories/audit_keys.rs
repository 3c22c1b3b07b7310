//! The keys that sign: rotated, lost, leaked. What they signed before stays what it was.

use std::{
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{CLOCK, House, Tool, copy_folder, files_below, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{of_the_plan, submitted},
    runs_tending::do_now,
};

const KEYS: &str = "keys/9901";
const NOTES: [&str; 2] = ["arkivlager/9901/revisjonslogg/nokler", "arkivlager/9901/revisjonslogg-tilgang/nokler"];
const FILES: [(&str, &str); 2] = [("checkpoint", "sjekkpunkt.key"), ("seal", "segl.key")];

/// A plan in the archive. The number of its folder.
fn one_plan() -> (House, String) {
    let house = House::new();
    let folder = plan(&house, "plan-snapshot/full-ip.json");
    (house, folder)
}

fn plan(house: &House, sample: &str) -> String {
    submitted(house, 0, &sample_json(sample))["case_folder"].as_str().unwrap().to_owned()
}

/// The keys of the one municipality, of one role.
fn terms(house: &House, role: &str) -> Vec<Value> {
    let answer = house.ask(0, ["audit", "key", "list", "--municipality", "9901"]);
    let keys = answer["municipalities"][0]["keys"].as_array().unwrap().iter();
    keys.filter(|key| key["role"] == role).cloned().collect()
}

fn change(house: &House, code: i32, verb: &str, role: &str, args: &[&str]) -> Value {
    house.ask(code, ["audit", "key", verb, role, "--municipality", "9901"].iter().chain(args))
}

#[track_caller]
fn audited(house: &House, code: i32, mailbox: Option<&Path>) -> Vec<String> {
    let mut args = vec!["audit".to_owned(), "verify".to_owned(), "--municipality".to_owned(), "9901".to_owned()];
    args.extend(mailbox.into_iter().flat_map(|m| ["--mailbox".to_owned(), m.display().to_string()]));
    let answer = house.ask(code, args);
    let findings = answer["municipalities"][0]["findings"].as_array().unwrap().iter();
    findings.map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

/// Codes that the doctor names, of keys and logs.
fn doctor(house: &House, code: i32) -> Vec<String> {
    let answer = house.ask(code, ["doctor"]);
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.filter_map(|f| f["code"].as_str().map(str::to_owned)).collect()
}

fn prove(house: &House, folder: &str, file: &Path) -> Value {
    house.ask(0, ["audit", "prove", "--case", folder, "-o", &file.display().to_string()])
}

#[track_caller]
fn check_proof(code: i32, file: &Path, keys: Option<&Path>) -> Value {
    let mut args = vec!["audit".to_owned(), "check-proof".to_owned(), file.display().to_string()];
    args.extend(keys.into_iter().flat_map(|k| ["--keys".to_owned(), k.display().to_string()]));
    House::bare().ask(code, args)
}

/// Every seal of a house, judged by minisign with the public keys that `audit key list` tells.
#[track_caller]
fn seals_judged(house: &House) -> usize {
    let Some(minisign) = Tool::find("minisign") else { return 0 };
    let keys: Vec<String> = terms(house, "seal").iter().map(|k| k["minisign"].as_str().unwrap().to_owned()).collect();
    let seals: Vec<PathBuf> =
        files_below(&house.at("arkivlager")).into_iter().filter(|f| f.extension().is_some_and(|x| x == "minisig")).collect();
    for seal in &seals {
        let version = seal.file_stem().unwrap();
        let inventory = seal.parent().unwrap().parent().unwrap().join(version).join("inventory.json");
        let is_by = |key: &String| {
            let args = ["-V".as_ref(), "-H".as_ref(), "-P".as_ref(), key.as_ref(), "-x".as_ref(), seal.as_os_str(), "-m".as_ref()];
            minisign.run(args.into_iter().chain([inventory.as_os_str()])).status.success()
        };
        assert_eq!(keys.iter().filter(|key| is_by(key)).count(), 1, "{}", seal.display());
    }
    seals.len()
}

#[test]
fn a_closed_folder_is_sealed_so_that_minisign_says_so() {
    let house = House::new();
    let folder = plan(&house, "closing-note/full.json");
    assert_eq!(seals_judged(&house), 2, "with its closing note, and with its overview");
    let out = tempfile::tempdir().unwrap();
    let proof = prove(&house, &folder, &out.path().join("bevis.json"));
    let seal = house.case_folders()[0].join(format!("logs/v{}.minisig", proof["version"]));
    let sum = Tool::find("sha512sum").unwrap().pass([seal]);
    assert_eq!(sum.split(' ').next(), proof["sealed_sha512"].as_str(), "the log knows the seal");
}

#[test]
fn both_keys_are_rotated_and_everything_old_still_holds() {
    let house = House::new();
    let closed = plan(&house, "closing-note/full.json");
    let out = tempfile::tempdir().unwrap();
    let (old, new) = (out.path().join("old.json"), out.path().join("new.json"));
    let before = prove(&house, &closed, &old);
    let mailbox = out.path().join("mailbox");
    copy_folder(&house.at("mail"), &mailbox);
    for (role, file) in FILES {
        let secret = fs::read(house.at(KEYS).join(file)).unwrap();
        let answer = change(&house, 0, "rotate", role, &[]);
        assert_eq!((&answer["fingerprint"], &answer["key"]["file"]), (&before["fingerprint"], &json!("ok")));
        assert_ne!(fs::read(house.at(KEYS).join(file)).unwrap(), secret, "{role}");
        let [first, second] = &terms(&house, role)[..] else { panic!("two {role} keys") };
        assert_eq!((&first["until"], &second["until"], &first["leaked"]), (&second["from"], &Value::Null, &json!(false)));
    }
    // Old letters, old proofs, old seals.
    assert!(audited(&house, 0, Some(&mailbox)).is_empty());
    check_proof(0, &old, Some(&house.at(NOTES[0])));
    assert_eq!(seals_judged(&house), 2);
    // What comes now is by the new keys.
    let other = plan(&house, "closing-note/minimal.json");
    let after = prove(&house, &other, &new);
    assert_eq!(after["verifier_key"], terms(&house, "checkpoint")[1]["verifier_key"]);
    assert_ne!(after["verifier_key"], before["verifier_key"]);
    assert_eq!(after["fingerprint"], before["fingerprint"], "what is on paper counts still");
    check_proof(0, &new, None);
    assert_eq!(seals_judged(&house), 4);
    assert!(audited(&house, 0, Some(&house.at("mail"))).is_empty());
    assert!(doctor(&house, 0).is_empty());
    // In all languages, people are told what to do with the new key.
    for lang in ["nb", "nn", "en"] {
        let told = house.run(["audit", "key", "rotate", "seal", "--municipality", "9901", "--lang", lang]).expect(0);
        assert!(told.text().contains("segl.key") && told.stderr.len() > 80, "{told}");
        assert!(house.run(["audit", "key", "list", "--lang", lang]).expect(0).text().contains("checkpoint"));
    }
    // Three municipalities: one must be chosen.
    assert_eq!(house.ask(5, ["audit", "key", "rotate", "seal"])["code"], json!("municipality_missing"));
    assert_eq!(house.ask(4, ["audit", "key", "list", "--municipality", "9999"])["code"], json!("not_found"));
}

#[test]
fn a_lost_checkpoint_key_stops_no_document_and_is_replaced() {
    let (house, folder) = one_plan();
    let out = tempfile::tempdir().unwrap();
    let old = out.path().join("old.json");
    prove(&house, &folder, &old);
    assert_eq!(change(&house, 5, "lost", "checkpoint", &[])["code"], json!("key_not_lost"));
    fs::remove_file(house.at(KEYS).join("sjekkpunkt.key")).unwrap();
    // Archiving goes on, and the doctor says what is wrong.
    submitted(&house, 0, &of_the_plan(sample_json("meeting-minutes/minimal.json"), &sample_json("plan-snapshot/full-ip.json")));
    let codes = doctor(&house, 1);
    assert!(codes.contains(&"witness_key".to_owned()) && codes.contains(&"log_unsigned".to_owned()), "{codes:?}");
    let file = terms(&house, "checkpoint")[0]["file"].clone();
    assert_eq!(file, json!("missing"));
    // A lost key cannot vouch for the next one.
    assert_eq!(change(&house, 1, "rotate", "checkpoint", &[])["code"], json!("witness_key"));
    change(&house, 0, "lost", "checkpoint", &[]);
    assert!(doctor(&house, 0).is_empty());
    assert!(audited(&house, 0, Some(&house.at("mail"))).is_empty());
    check_proof(0, &old, Some(&house.at(NOTES[0])));
    prove(&house, &folder, &out.path().join("new.json"));
    check_proof(0, &out.path().join("new.json"), None);
}

#[test]
fn a_lost_seal_key_is_replaced_and_what_waits_is_sealed() {
    let (house, _) = one_plan();
    fs::remove_file(house.at(KEYS).join("segl.key")).unwrap();
    plan(&house, "closing-note/full.json");
    assert_eq!(seals_judged(&house), 0, "closed, archived, and not sealed");
    assert_eq!(doctor(&house, 1), ["witness_key"]);
    change(&house, 0, "lost", "seal", &[]);
    house.run(["audit", "begin"]).expect(0);
    assert_eq!(seals_judged(&house), 1, "its newest version is sealed afterwards");
    assert!(audited(&house, 0, None).is_empty() && doctor(&house, 0).is_empty());
}

#[test]
fn a_copy_of_a_lost_key_that_is_put_back_is_enough() {
    let (house, folder) = one_plan();
    let out = tempfile::tempdir().unwrap();
    for (_, file) in FILES {
        fs::rename(house.at(KEYS).join(file), out.path().join(file)).unwrap();
    }
    let closed = plan(&house, "closing-note/full.json");
    assert_eq!(doctor(&house, 1).iter().filter(|code| *code == "witness_key").count(), 2);
    for (_, file) in FILES {
        fs::rename(out.path().join(file), house.at(KEYS).join(file)).unwrap();
    }
    let by_itself = house.copy();
    do_now(&by_itself, "archive.sweep", CLOCK);
    assert_eq!(seals_judged(&by_itself), 1, "the service seals what it finds when it starts");
    house.run(["audit", "begin"]).expect(0);
    for (at, folder) in [folder, closed].iter().enumerate() {
        prove(&house, folder, &out.path().join(format!("{at}.json")));
    }
    assert_eq!(seals_judged(&house), 1, "its newest version is sealed afterwards");
    assert!(audited(&house, 0, Some(&house.at("mail"))).is_empty() && doctor(&house, 0).is_empty());
}

#[test]
fn the_doctor_tells_keys_that_others_can_read_and_keys_of_somebody_else() {
    use std::os::unix::fs::PermissionsExt;
    let (house, _) = one_plan();
    let key = house.at(KEYS).join("sjekkpunkt.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(doctor(&house, 1), ["witness_key"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(doctor(&house, 0).is_empty());
    fs::write(&key, fs::read(House::new().at(KEYS).join("sjekkpunkt.key")).unwrap()).unwrap();
    assert_eq!(doctor(&house, 1), ["witness_key"]);
    // A log that is not what it signed, and one that is gone.
    let tile = house.at("arkivlager/9901/revisjonslogg/tile/0/000.p");
    let tile = files_below(&tile).pop().unwrap();
    let mut bytes = fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    fs::remove_file(&tile).unwrap();
    fs::write(&tile, bytes).unwrap();
    assert!(doctor(&house, 1).contains(&"tile_damaged".to_owned()));
    fs::remove_dir_all(house.at("arkivlager/9901/revisjonslogg")).unwrap();
    assert!(doctor(&house, 1).contains(&"log_missing".to_owned()));
}

#[test]
fn what_a_leaked_key_signs_after_the_leak_is_refused_and_told() {
    let (house, folder) = one_plan();
    let out = tempfile::tempdir().unwrap();
    let (old, new) = (out.path().join("old.json"), out.path().join("new.json"));
    prove(&house, &folder, &old);
    let genuine = out.path().join("genuine");
    copy_folder(&house.at("mail"), &genuine);
    // Somebody has a copy of everything, keys too, and goes on with it in his own way.
    let thief = house.copy();
    let forged = out.path().join("forged.json");
    for sample in ["plan-snapshot/minimal-iop.json", "closing-note/full.json"] {
        plan(&thief, sample);
    }
    fs::remove_dir_all(thief.at("mail")).unwrap();
    let his = plan(&thief, "plan-snapshot/full-iop.json");
    prove(&thief, &his, &forged);
    check_proof(0, &forged, None);
    change(&house, 0, "leaked", "checkpoint", &[]);
    assert_eq!(terms(&house, "checkpoint")[0]["leaked"], json!(true));
    // His letters and his proof are refused; ours from before still agree with the log.
    let told = audited(&house, 6, Some(&thief.at("mail")));
    assert!(!told.is_empty() && told.iter().all(|code| code == "checkpoint_key_retired"), "{told:?}");
    let notes = house.at(NOTES[0]);
    assert_eq!(check_proof(6, &forged, Some(&notes))["findings"][0]["code"], json!("checkpoint_key_retired"));
    assert!(audited(&house, 0, Some(&genuine)).is_empty());
    // A proof from before the leak proves nothing any more to who knows of it, and is made anew.
    assert_eq!(check_proof(6, &old, Some(&notes))["findings"][0]["code"], json!("checkpoint_key_retired"));
    prove(&house, &folder, &new);
    check_proof(0, &new, Some(&notes));
    // The next letters are by the new key.
    plan(&house, "plan-snapshot/minimal-iop.json");
    assert!(audited(&house, 0, Some(&house.at("mail"))).is_empty());
    assert!(doctor(&house, 0).is_empty());
    // Nor does the thief's hand-over to a key of his own count here: his history is another.
    change(&thief, 0, "rotate", "checkpoint", &[]);
    prove(&thief, &his, &out.path().join("handed-over.json"));
    let told = check_proof(6, &out.path().join("handed-over.json"), Some(&notes));
    assert_eq!(told["findings"][0]["code"], json!("keys_differ"));
}

#[test]
fn a_leak_is_dated_by_the_last_letter_that_is_safe() {
    let (house, _) = one_plan();
    let out = tempfile::tempdir().unwrap();
    let safe = out.path().join("safe");
    copy_folder(&house.at("mail"), &safe);
    plan(&house, "plan-snapshot/minimal-iop.json");
    let later = out.path().join("later");
    copy_folder(&house.at("mail"), &later);
    let letter = safe.display().to_string();
    let strange = out.path().join("strange.txt");
    fs::write(&strange, "no checkpoint").unwrap();
    let strange = strange.display().to_string();
    assert_eq!(change(&house, 5, "leaked", "checkpoint", &["--last-safe-letter", &strange])["code"], json!("letter_unusable"));
    assert_eq!(change(&house, 5, "leaked", "checkpoint", &["--last-safe-size", "999999"])["code"], json!("size_out_of_term"));
    change(&house, 0, "leaked", "checkpoint", &["--last-safe-letter", &letter]);
    assert!(audited(&house, 0, Some(&safe)).is_empty());
    let told = audited(&house, 6, Some(&later));
    assert!(!told.is_empty() && told.iter().all(|code| code == "checkpoint_key_retired"), "{told:?}");
    assert!(audited(&house, 0, None).is_empty() && doctor(&house, 0).is_empty());
}

#[test]
fn a_leaked_seal_key_leaves_logged_seals_standing() {
    let house = House::new();
    plan(&house, "closing-note/full.json");
    let thief = house.copy();
    change(&house, 0, "leaked", "seal", &[]);
    assert!(audited(&house, 0, None).is_empty(), "the log shows that the seals were there before");
    let folder = plan(&house, "closing-note/minimal.json");
    assert_eq!(seals_judged(&house), 4);
    assert!(audited(&house, 0, None).is_empty() && doctor(&house, 0).is_empty());
    // The thief closes the very same folder in his copy, and puts the seal that he made over ours.
    assert_eq!(plan(&thief, "closing-note/minimal.json"), folder);
    let seal = "logs/v1.minisig";
    let of = |house: &House| {
        let all = house.case_folders().into_iter().map(|case| case.join(seal));
        all.max().unwrap()
    };
    let (ours, his) = (of(&house), of(&thief));
    assert_eq!(ours.strip_prefix(house.data()).unwrap(), his.strip_prefix(thief.data()).unwrap());
    fs::remove_file(&ours).unwrap();
    fs::copy(his, &ours).unwrap();
    assert_eq!(audited(&house, 6, None), ["seal_missing", "seal_key_retired"]);
}

/// What is where after each step of a change: keys, notes.
fn put(house: &House, from: &House, part: &str) {
    let _ = fs::remove_dir_all(house.at(part));
    copy_folder(&from.at(part), &house.at(part));
}

/// Killed after each step of a change, a second run finishes what the first began, and makes no other key.
#[test]
fn a_change_that_was_cut_off_is_finished_by_the_next_run() {
    let (before, _) = one_plan();
    for (verb, role, file) in [
        ("rotate", "checkpoint", "sjekkpunkt.key"),
        ("rotate", "seal", "segl.key"),
        ("leaked", "seal", "segl.key"),
        ("lost", "checkpoint", "sjekkpunkt.key"),
    ] {
        let start = before.copy();
        if verb == "lost" {
            fs::remove_file(start.at(KEYS).join(file)).unwrap();
        }
        let done = start.copy();
        change(&done, 0, verb, role, &[]);
        let new_key = terms(&done, role)[1].clone();
        for step in ["key made", "archive noted", "access noted"] {
            let house = start.copy();
            // The new key beside the old one; then the one history, then the other.
            fs::copy(done.at(KEYS).join(file), house.at(KEYS).join(format!("{file}.ny"))).unwrap();
            if step != "key made" {
                put(&house, &done, NOTES[0]);
            }
            if step == "access noted" {
                put(&house, &done, NOTES[1]);
            }
            // Whoever opens the log next does the same: a document that comes in, or the daemon when it starts.
            let other = house.copy();
            plan(&other, "plan-snapshot/minimal-iop.json");
            assert_eq!(terms(&other, role).len(), if step == "key made" { 1 } else { 2 }, "{verb} {role} after {step}");
            let answer = change(&house, 0, verb, role, &[]);
            assert_eq!(answer["finished_earlier_change"], json!(step != "key made"), "{verb} {role} after {step}");
            plan(&house, "plan-snapshot/minimal-iop.json");
            assert_eq!(terms(&house, role).len(), 2, "{verb} {role} after {step}");
            if step != "key made" {
                assert_eq!(terms(&house, role)[1], new_key, "{verb} {role} after {step}");
            }
            assert!(!house.at(KEYS).join(format!("{file}.ny")).exists());
            assert!(audited(&house, 0, Some(&house.at("mail"))).is_empty(), "{verb} {role} after {step}");
            assert!(doctor(&house, 0).is_empty(), "{verb} {role} after {step}");
        }
    }
}
