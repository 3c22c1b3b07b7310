//! `verify`: every kind of damage is found, named and answered with exit 6; and the standard's own fixtures are judged as they say.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, files_below, samples_folder, shared};
use serde_json::Value;

/// A house with one case folder of three documents.
fn house() -> House {
    let house = House::new();
    for name in ["plan-snapshot/full-ip.json", "meeting-minutes/full.json", "meeting-minutes/corrected.json"] {
        let file = samples_folder().join(name);
        house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()]);
    }
    house
}

fn case(house: &House) -> PathBuf {
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    case.clone()
}

fn first(case: &Path, part: &str) -> PathBuf {
    files_below(case).into_iter().find(|p| p.to_string_lossy().contains(part)).unwrap_or_else(|| panic!("no {part}"))
}

/// Files and folders of the archive are read-only.
fn open_up(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    for file in files_below(folder) {
        fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn error_codes(answer: &Value) -> BTreeSet<String> {
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().filter(|f| f["severity"] == "error").map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

fn sidecar(inventory: &Path) {
    let sum = std::process::Command::new("sha512sum").arg(inventory).output().unwrap();
    let digest = String::from_utf8(sum.stdout).unwrap().split_whitespace().next().unwrap().to_owned();
    fs::write(inventory.with_extension("json.sha512"), format!("{digest}  inventory.json\n")).unwrap();
}

type Damage = (&'static str, &'static [&'static str], fn(&Path));

const DAMAGES: &[Damage] = &[
    ("a flipped bit in a paper", &["E092"], |c| edit(&first(c, ".pdf"), |b| b[1000] ^= 1)),
    ("a byte more in a paper", &["E092"], |c| edit(&first(c, ".pdf"), |b| b.push(b'\n'))),
    ("a missing paper", &["E092"], |c| fs::remove_file(first(c, ".pdf")).unwrap()),
    ("an extra file in the content", &["E023"], |c| fs::write(c.join("v1/content/dokumenter/extra.pdf"), b"x").unwrap()),
    ("an extra file in the folder", &["E001"], |c| fs::write(c.join("extra.txt"), b"x").unwrap()),
    ("a file that has another's name", &["E092"], |c| {
        let (one, two) = (first(c, "v1/content/dokumenter"), first(c, "v2/content/dokumenter"));
        let (a, b) = (fs::read(&one).unwrap(), fs::read(&two).unwrap());
        fs::write(one, b).unwrap();
        fs::write(two, a).unwrap();
    }),
    ("a cut manifest", &["E033", "E060"], |c| edit(&c.join("inventory.json"), |b| b.truncate(b.len() / 2))),
    ("a cut manifest of an old version", &["E033", "E060", "A003"], |c| edit(&c.join("v1/inventory.json"), |b| b.truncate(b.len() / 2))),
    ("an edited XML", &["E092"], |c| {
        edit(&first(c, "metadata/01.xml"), |b| {
            let text = String::from_utf8(b.clone()).unwrap();
            *b = text.replacen("<tittel>", "<tittel>X", 1).into_bytes();
        });
    }),
    ("a missing sidecar", &["E058"], |c| fs::remove_file(c.join("inventory.json.sha512")).unwrap()),
    ("a stale sidecar", &["E060"], |c| edit(&c.join("inventory.json.sha512"), |b| b[0] = if b[0] == b'0' { b'1' } else { b'0' })),
    ("a link in the content", &["E023", "E090"], |c| {
        std::os::unix::fs::symlink("/etc/hostname", c.join("v1/content/link.txt")).unwrap();
    }),
    ("an old inventory edited and sealed again", &["A003"], |c| {
        edit(&c.join("v1/inventory.json"), |b| {
            let text = String::from_utf8(b.clone()).unwrap();
            let at = text.find("\"message\"").unwrap_or_else(|| panic!("no message in {text}"));
            let (before, after) = text.split_at(at);
            *b = format!("{before}{}", after.replacen(": \"", ": \"X", 1).replacen(":\"", ":\"X", 1)).into_bytes();
        });
        sidecar(&c.join("v1/inventory.json"));
    }),
];

#[test]
fn every_damage_is_found_and_named() {
    let whole = house();
    let answer = whole.ask(0, ["verify"]);
    assert_eq!((answer["valid"].as_bool(), answer["objects"].as_u64()), (Some(true), Some(1)), "{answer}");
    assert_eq!(answer["findings"].as_array().unwrap().len(), 0, "{answer}");
    for (name, codes, damage) in DAMAGES {
        let hurt = whole.copy();
        let case = case(&hurt);
        open_up(&case);
        damage(&case);
        let answer = hurt.run(["verify", "--json"]);
        assert_eq!(answer.code(), 6, "{name}: {answer}");
        let answer = answer.json();
        let found = error_codes(&answer);
        assert!(codes.iter().any(|c| found.contains(*c)), "{name}: expected one of {codes:?}: {answer}");
        assert_eq!(answer["valid"], false, "{name}");
        // The same by the folder's number, but for what only the database's receipts tell; and as an object of any origin
        // where the standard sees it.
        let of_case = error_codes(&hurt.ask(6, ["case", "verify", "9901/2026/000001"]));
        assert!(codes.iter().any(|c| of_case.contains(*c)) && of_case.is_subset(&found), "{name}: {of_case:?} {found:?}");
        let by_path = hurt.run(["verify".as_ref(), "--path".as_ref(), case.as_os_str()]);
        assert_eq!(by_path.code(), if codes.contains(&"A003") && codes.len() == 1 { 0 } else { 6 }, "{name}: {by_path}");
        let told = hurt.run(["verify", "--lang", "en"]).expect(6);
        assert!(told.text().contains("NOT WHOLE") && codes.iter().any(|c| told.text().contains(c)), "{name}: {told}");
    }
}

#[test]
fn a_commit_that_was_cut_off_is_named_and_then_rolled_forward() {
    let hurt = house();
    let case = case(&hurt);
    open_up(&case);
    let newest = fs::read(case.join("inventory.json")).unwrap();
    for name in ["inventory.json", "inventory.json.sha512"] {
        fs::copy(case.join("v2").join(name), case.join(name)).unwrap();
    }
    let answer = hurt.ask(6, ["verify".as_ref(), "--path".as_ref(), case.as_os_str()]);
    assert!(error_codes(&answer).iter().any(|c| c == "E001" || c == "E046"), "{answer}");
    assert_eq!(error_codes(&hurt.ask(6, ["verify"])), error_codes(&answer), "a judge mends nothing");
    // Whoever opens the store to write finishes what was begun.
    hurt.ask(0, ["run-once"]);
    assert_eq!(error_codes(&hurt.ask(0, ["verify"])), BTreeSet::new());
    assert_eq!(fs::read(case.join("inventory.json")).unwrap(), newest);
}

#[test]
fn what_no_validator_can_see_the_receipts_tell() {
    let whole = house();
    // A folder that is gone, and a newest version that was taken away cleanly.
    let gone = whole.copy();
    fs::remove_dir_all(case(&gone)).unwrap();
    assert!(error_codes(&gone.ask(6, ["verify"])).contains("A100"));
    let back = whole.copy();
    let case = case(&back);
    open_up(&case);
    fs::remove_dir_all(case.join("v3")).unwrap();
    for name in ["inventory.json", "inventory.json.sha512"] {
        fs::copy(case.join("v2").join(name), case.join(name)).unwrap();
    }
    back.ask(0, ["verify".as_ref(), "--path".as_ref(), case.as_os_str()]);
    assert_eq!(error_codes(&back.ask(6, ["verify"])), BTreeSet::from(["A100".to_owned()]));
}

#[test]
fn a_missing_part_of_the_store_is_found() {
    let hurt = house();
    let root = hurt.storage_roots().into_iter().find(|r| r.to_string_lossy().contains("9901")).unwrap();
    fs::write(root.join("stray.bin"), b"x").unwrap();
    fs::create_dir_all(root.join("2026/empty")).unwrap();
    let answer = hurt.ask(6, ["verify"]);
    assert!(error_codes(&answer).iter().any(|c| ["E072", "E073", "E087", "E088", "E084", "E085"].contains(&c.as_str())), "{answer}");
}

fn objects(kind: &str) -> Option<Vec<PathBuf>> {
    let folder = shared(&format!("ocfl-fixtures/1.0/{kind}-objects"))?;
    let mut objects: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    objects.sort();
    assert!(objects.len() >= 10, "{kind}: {}", objects.len());
    Some(objects)
}

fn named_codes(object: &Path) -> Vec<String> {
    let name = object.file_name().unwrap().to_string_lossy().into_owned();
    let code = |part: &&str| part.len() == 4 && part.starts_with(['E', 'W']) && part[1..].bytes().all(|b| b.is_ascii_digit());
    name.split('_').filter(code).map(str::to_owned).collect()
}

#[test]
fn the_standards_fixtures_are_judged_as_they_say() {
    let (Some(good), Some(warn), Some(bad)) = (objects("good"), objects("warn"), objects("bad")) else { return };
    let house = House::bare();
    let judge = |object: &Path, code: i32| house.ask(code, ["verify".as_ref(), "--path".as_ref(), object.as_os_str()]);
    let all_codes = |answer: &Value| {
        answer["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    for object in &good {
        let answer = judge(object, 0);
        assert_eq!(
            (answer["valid"].as_bool(), answer["findings"].as_array().unwrap().len()),
            (Some(true), 0),
            "{}: {answer}",
            object.display()
        );
    }
    for object in &warn {
        let found = all_codes(&judge(object, 0));
        assert!(named_codes(object).iter().all(|c| found.contains(c)), "{}: {found:?}", object.display());
    }
    for object in &bad {
        let answer = judge(object, 6);
        let (found, named) = (error_codes(&answer), named_codes(object));
        assert!(!named.is_empty() && named.iter().all(|c| found.contains(c)), "{}: {answer}", object.display());
    }
}
