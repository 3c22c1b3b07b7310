//! Row 23: `case export`. A copy that anybody can check leaves the archive, and the archive does not notice.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use arkivflyt_tests::{House, Tool, digest, files_below, samples_folder, tree};
use serde_json::Value;

const FOLDER: &str = "9901/2026/000001";
const NOTE: &str = "innsynskrav 2026/14 frå ein advokat";

/// One case folder of three versions, one of the papers in nynorsk where the samples have one.
fn house() -> House {
    let house = House::new();
    for name in ["plan-snapshot/full-ip.json", "meeting-minutes/full.json", "meeting-minutes/corrected.json"] {
        let file = samples_folder().join(name);
        house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()]);
    }
    house
}

fn export(house: &House, code: i32, out: &Path, more: &[&str]) -> Value {
    let out = out.to_str().unwrap();
    house.ask(code, [&["case", "export", FOLDER, "-o", out, "--note", NOTE, "--as", "archivist"], more].concat())
}

/// Unpacked with Python's zipfile, which looks at every checksum. Gives the one folder in it.
fn unpacked(zip: &Path, to: &Path) -> Option<std::path::PathBuf> {
    let python = Tool::find("python3")?;
    python.pass(["-m".as_ref(), "zipfile".as_ref(), "-e".as_ref(), zip.as_os_str(), to.as_os_str()]);
    let folders: Vec<_> = fs::read_dir(to).unwrap().map(|e| e.unwrap().path()).collect();
    let [bag] = &folders[..] else { panic!("one folder: {folders:?}") };
    Some(bag.clone())
}

#[test]
fn row_23_an_export_is_a_bag_that_others_find_valid_and_the_archive_is_as_it_was() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let zip = elsewhere.path().join("kopi.zip");
    let before = house.archive_tree();
    let answer = export(&house, 0, &zip, &[]);
    assert_eq!(house.archive_tree(), before, "nothing in the archive changed");
    assert_eq!(answer["schema"], "arkivflyt.case_export/1");
    assert_eq!(answer["sha256"], digest(&fs::read(&zip).unwrap()));
    assert_eq!((answer["folder_version"].as_u64(), answer["encrypted"].as_bool()), (Some(3), Some(false)));
    let beside: Vec<_> = fs::read_dir(elsewhere.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(beside, ["kopi.zip"], "nothing half-done is left");

    // The same copy once more is the same file; nothing is written over.
    let again = elsewhere.path().join("igjen.zip");
    assert_eq!(export(&house, 0, &again, &[])["sha256"], answer["sha256"]);
    assert_eq!(export(&house, 5, &again, &[])["code"], "out_exists");

    let Some(bag) = unpacked(&zip, &elsewhere.path().join("ut")) else { return };
    assert_eq!(bag.file_name().unwrap(), "2026-000001_v3");
    holds_the_case(&house, &bag);
    describes_itself(&bag, &answer);
    proves_the_log(&house, &bag);
    if let Some(bagit) = Tool::find("bagit.py") {
        bagit.pass(["--validate".as_ref(), bag.as_os_str()]);
    }
    if let Some(unzip) = Tool::find("unzip") {
        assert!(unzip.pass(["-t".as_ref(), zip.as_os_str()]).contains("No errors detected"));
    }
    if let Some(seven) = Tool::find("7z") {
        assert!(seven.pass(["t".as_ref(), zip.as_os_str()]).contains("Everything is Ok"));
    }
}

/// Every file of the newest state byte for byte; the overview with links that lead to files beside it.
fn holds_the_case(house: &House, bag: &Path) {
    let state = house.ask(0, ["case", "tree", FOLDER]);
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let files = state["files"].as_array().unwrap();
    assert!(files.len() > 10, "{state}");
    let mut expected = BTreeSet::new();
    for file in files {
        let path = file["path"].as_str().unwrap();
        expected.insert(path.to_owned());
        let (copy, original) = (bag.join("data").join(path), case.join(file["stored_as"].as_str().unwrap()));
        let same = fs::read(&copy).unwrap() == fs::read(original).unwrap();
        assert_eq!(same, path != "innhold.html", "{path}");
    }
    assert_eq!(tree(&bag.join("data")).into_keys().collect::<BTreeSet<_>>(), expected);
    let page = fs::read_to_string(bag.join("data/innhold.html")).unwrap();
    let links: Vec<&str> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let local: Vec<&&str> = links.iter().filter(|l| !l.starts_with('#') && !l.contains(':')).collect();
    assert!(local.len() >= 9, "{links:?}");
    for link in local {
        assert!(bag.join("data").join(link).is_file(), "{link} leads nowhere");
    }
}

/// Whoever keeps the bag can show later that the archive went back behind it.
fn proves_the_log(house: &House, bag: &Path) {
    let info = bag.join("bag-info.txt").display().to_string();
    let letters = |code| {
        let answer = house.ask(code, ["audit", "verify", "--mailbox", &info]);
        answer["municipalities"].as_array().unwrap().iter().map(|m| m["letters"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(letters(0), 1, "the bag bears one checkpoint of one log");
    // A root that the log never had: one character of it changed.
    let text = fs::read_to_string(&info).unwrap();
    let begins = text.find("Arkivflyt-Checkpoint: ").expect("a checkpoint");
    // Words, version, size, root: each ends with a stop.
    let (third_stop, _) = text[begins..].match_indices('.').nth(2).expect("a root");
    let root = begins + third_stop + 4;
    let other = if text.as_bytes()[root] == b'A' { "B" } else { "A" };
    let forged = [&text[..root], other, &text[root + 1..]].concat();
    fs::write(&info, &forged).unwrap();
    letters(6);
    fs::write(&info, text).unwrap();
}

fn describes_itself(bag: &Path, answer: &Value) {
    let text = |name: &str| fs::read_to_string(bag.join(name)).unwrap();
    let info = text("bag-info.txt");
    for line in [
        "Source-Organization: ",
        "Bagging-Date: 2026-11-23\n",
        "Internal-Sender-Identifier: 9901/2026/000001 v3\n",
        &format!("Arkivflyt-Export-Reason: {NOTE}\n"),
        "Arkivflyt-Checkpoint: ",
        &format!("Payload-Oxum: {}.{}\n", answer["payload_bytes"], answer["files"]),
    ] {
        assert!(info.contains(line), "no {line:?} in {info}");
    }
    let note = text("LESMEG.txt");
    assert!(note.contains("arkivmappe 9901/2026/000001") && note.contains("versjon 3") && !note.contains('{'), "{note}");
    // What the note tells people to type is right.
    for line in note.lines().map(str::trim).filter(|l| l.starts_with("sha512sum ")) {
        let run = Command::new("sh").args(["-c", line]).current_dir(bag).output().unwrap();
        assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stdout));
    }
}

#[test]
fn row_23_an_encrypted_export_opens_with_its_password_only() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let (zip, secret) = (elsewhere.path().join("kopi.zip"), elsewhere.path().join("passord.txt"));
    fs::write(&secret, "oppdikta passord 23\n").unwrap();
    let answer = export(&house, 0, &zip, &["--password-file", secret.to_str().unwrap()]);
    assert_eq!(answer["encrypted"], true);
    assert!(!answer.to_string().contains("oppdikta passord"));
    let Some(seven) = Tool::find("7z") else { return };
    assert!(seven.pass(["t", "-poppdikta passord 23", zip.to_str().unwrap()]).contains("Everything is Ok"));
    let wrong = seven.run(["t", "-pnoe annet", zip.to_str().unwrap()]);
    assert!(!wrong.status.success(), "another password opens it");
}

#[test]
fn row_23_an_export_that_cannot_be_made_leaves_nothing() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("kopi.zip");
    let secret = elsewhere.path().join("kort.txt");
    fs::write(&secret, "kort\n").unwrap();
    // Without a note on what it is for, or with an empty one, it is wrong usage.
    house.run(["case", "export", FOLDER, "-o", out.to_str().unwrap()]).expect(2);
    house.run(["case", "export", FOLDER, "-o", out.to_str().unwrap(), "--note", " "]).expect(2);
    let ask = |code: i32, folder: &str, out: &Path| {
        let args = ["case", "export", folder, "-o", out.to_str().unwrap(), "--note", NOTE, "--as", "archivist"];
        house.ask(code, args)["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask(4, "9901/2026/000999", &out), "not_found");
    assert_eq!(ask(4, FOLDER, &elsewhere.path().join("no/such/kopi.zip")), "not_found");
    assert_eq!(ask(5, FOLDER, &house.at("arkivlager/kopi.zip")), "out_in_archive");
    assert_eq!(ask(5, FOLDER, &house.at("arkivlager/9901/../9901/ocfl/kopi.zip")), "out_in_archive");
    assert_eq!(export(&house, 5, &out, &["--password-file", secret.to_str().unwrap()])["code"], "password_refused");
    assert_eq!(export(&house, 4, &out, &["--password-file", "/no/such/file"])["code"], "not_found");

    // One flipped byte in the archive: no copy.
    let hurt = house.copy();
    let [case] = &hurt.case_folders()[..] else { panic!("one case folder") };
    let paper = files_below(case).into_iter().find(|p| p.extension().is_some_and(|e| e == "pdf")).unwrap();
    let mut bytes = fs::read(&paper).unwrap();
    bytes[1000] ^= 1;
    make_writable(&paper);
    fs::write(&paper, bytes).unwrap();
    let run = hurt.run(["case", "export", FOLDER, "-o", out.to_str().unwrap(), "--note", NOTE, "--as", "archivist"]);
    assert_eq!(run.code(), 6, "{run}");
    assert!(run.stderr.contains("export_damaged") && run.stderr.contains("dokumenter/"), "{run}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "only the password file is there");
}

fn make_writable(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for place in [file.parent().unwrap(), file] {
        fs::set_permissions(place, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn row_23_an_export_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("kopi.zip");
    export(&house, 0, &out, &[]);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}
