//! Rules that no open fixture exercises: a small valid OCFL 1.1 object of somebody else's, one fault each, the fault's code.

mod support;

use std::{fs, path::Path};

use pipeline_archive::verify_object;
use pipeline_domain::Sha512;
use serde_json::{Value, json};

/// Writes an inventory with a sidecar that fits it.
fn put(folder: &Path, inventory: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("inventory.json"), inventory).unwrap();
    fs::write(folder.join("inventory.json.sha512"), format!("{} inventory.json", Sha512::of(inventory.as_bytes()))).unwrap();
}

/// Two versions of two files. `change` edits the inventories of v1 and v2 before they are written.
fn object(dir: &Path, change: impl Fn(&mut Value, &mut Value)) {
    let (a, b) = (Sha512::of(b"a").to_string(), Sha512::of(b"b").to_string());
    let block = |state: Value| json!({"created": "2026-01-02T03:04:05Z", "message": "m", "user": {"name": "n", "address": "mailto:n@example.org"}, "state": state});
    let mut first = json!({
        "id": "urn:example:1", "type": "https://ocfl.io/1.1/spec/#inventory", "digestAlgorithm": "sha512", "head": "v1",
        "manifest": {&a: ["v1/content/a"]}, "versions": {"v1": block(json!({&a: ["x/a"]}))},
    });
    let mut second = first.clone();
    second["head"] = json!("v2");
    second["manifest"][&b] = json!(["v2/content/b"]);
    second["versions"]["v2"] = block(json!({&a: ["x/a"], &b: ["b"]}));
    second["fixity"] = json!({"md5": {"0cc175b9c0f1b6a831c399e269772661": ["v1/content/a"]}, "size": {"1": ["v2/content/b"]}});
    change(&mut first, &mut second);
    fs::create_dir_all(dir.join("v1/content")).unwrap();
    fs::create_dir_all(dir.join("v2/content")).unwrap();
    fs::write(dir.join("v1/content/a"), "a").unwrap();
    fs::write(dir.join("v2/content/b"), "b").unwrap();
    fs::write(dir.join("0=ocfl_object_1.1"), "ocfl_object_1.1\n").unwrap();
    put(&dir.join("v1"), &first.to_string());
    put(&dir.join("v2"), &second.to_string());
    put(dir, &second.to_string());
}

fn check(code: &str, change: impl Fn(&mut Value, &mut Value)) {
    check_disk(code, change, |_| {});
}

fn check_disk(code: &str, change: impl Fn(&mut Value, &mut Value), disk: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    object(dir.path(), change);
    disk(dir.path());
    let verification = verify_object(dir.path());
    assert!(verification.has(code), "{code} {:#?}", verification.findings);
    assert_eq!(verification.is_valid(), code.starts_with('W') || code == "A090", "{code} {:#?}", verification.findings);
}

/// Sets a member of the newest inventory by JSON pointer.
fn set(pointer: &'static str, value: Value) -> impl Fn(&mut Value, &mut Value) {
    move |_, second| *second.pointer_mut(pointer).unwrap() = value.clone()
}

/// Adds a member to both inventories, or to the newest only.
fn add(key: &'static str, value: Value) -> impl Fn(&mut Value, &mut Value) {
    move |first, second| {
        first[key] = value.clone();
        second[key] = value.clone();
    }
}

#[test]
fn the_object_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    object(dir.path(), |_, _| {});
    let verification = verify_object(dir.path());
    assert!(verification.findings.is_empty(), "{:#?}", verification.findings);
    assert_eq!((verification.files, verification.bytes), (2, 2));
}

#[test]
fn basic_keys() {
    check("E036", |_, second| drop(second.as_object_mut().unwrap().remove("type")));
    check("E037", set("/id", json!(7)));
    check("E110", set("/id", json!("urn:example:2")));
    check("E038", set("/type", json!("https://ocfl.io/1.0/spec/#inventory")));
    check("E038", set("/type", json!("https://ocfl.io/9.9/spec/#inventory")));
    check("E025", set("/digestAlgorithm", json!("SHA512")));
    check("E040", set("/head", json!(2)));
    check("E040", set("/head", json!("v02")));
    check("E102", add("extra", json!("x")));
    check("E018", add("contentDirectory", json!("..")));
    check("E108", add("contentDirectory", json!("")));
    check("E019", |_, second| second["contentDirectory"] = json!("content"));
    check("E103", |first, second| {
        first["type"] = json!("https://ocfl.io/1.1/spec/#inventory");
        second["type"] = json!("https://ocfl.io/1.0/spec/#inventory");
    });
}

#[test]
fn an_older_version_may_follow_an_older_standard() {
    let dir = tempfile::tempdir().unwrap();
    object(dir.path(), |first, _| first["type"] = json!("https://ocfl.io/1.0/spec/#inventory"));
    assert!(verify_object(dir.path()).findings.is_empty());
}

#[test]
fn manifest() {
    check("E106", set("/manifest", json!([])));
    check("E041", |_, second| drop(second.as_object_mut().unwrap().remove("manifest")));
    check("E107", |_, second| second["manifest"][Sha512::of(b"c").to_string()] = json!(["v2/content/c"]));
    check("E092", |_, second| second["manifest"][Sha512::of(b"c").to_string()] = json!("v2/content/c"));
    check("E039", |_, second| second["manifest"]["abc"] = json!(["v2/content/c"]));
    check("E042", |_, second| second["manifest"][Sha512::of(b"b").to_string()] = json!(["v2/b"]));
    check("E042", |_, second| second["manifest"][Sha512::of(b"b").to_string()] = json!(["v0002/content/b"]));
    check("E101", |_, second| second["manifest"][Sha512::of(b"b").to_string()] = json!(["v2/content/b", "v2/content/b/c"]));
}

#[test]
fn versions() {
    check("E044", set("/versions", json!("x")));
    check("E043", |_, second| drop(second.as_object_mut().unwrap().remove("versions")));
    check("E008", set("/versions", json!({})));
    check("E046", |_, second| second["versions"]["two"] = json!({}));
    check("E047", set("/versions/v2", json!([])));
    check("E048", |_, second| drop(second["versions"]["v2"].as_object_mut().unwrap().remove("created")));
    check("E048", |_, second| drop(second["versions"]["v2"].as_object_mut().unwrap().remove("state")));
    check("E049", set("/versions/v2/created", json!("2026-01-02")));
    check("E094", set("/versions/v2/message", json!(["m"])));
    check("E054", set("/versions/v2/user", json!({"address": "mailto:n@example.org"})));
    check("E102", |_, second| second["versions"]["v2"]["type"] = json!("x"));
    check("E050", |_, second| second["versions"]["v2"]["state"][Sha512::of(b"c").to_string()] = json!(["c"]));
    check("E051", |_, second| second["versions"]["v2"]["state"][Sha512::of(b"b").to_string()] = json!([1]));
    check("E066", |first, _| first["versions"]["v1"]["state"][Sha512::of(b"a").to_string()] = json!(["y"]));
    check("W008", set("/versions/v2/user", json!({"name": "n"})));
    check("W011", set("/versions/v1/message", json!("told otherwise")));
}

#[test]
fn fixity() {
    check("E111", set("/fixity", Value::Null));
    check("E056", set("/fixity", json!([])));
    check("E057", set("/fixity/md5", json!([])));
    check("E057", set("/fixity/md5", json!({"0cc175b9c0f1b6a831c399e269772661": "v1/content/a"})));
    check("E093", set("/fixity/md5", json!({"0cc175b9c0f1b6a831c399e269772662": ["v1/content/a"]})));
    check("E093", set("/fixity/size", json!({"2": ["v1/content/a"]})));
    check("A090", |_, second| second["fixity"]["crc0"] = json!({"1": ["v1/content/a"]}));
    // Only the old inventory says it.
    check("E093", |first, _| first["fixity"] = json!({"md5": {"0cc175b9c0f1b6a831c399e269772662": ["v1/content/a"]}}));
}

#[test]
fn two_keys_of_one_name() {
    for (from, to, code) in [
        ("\"head\":\"v2\"", "\"head\":\"v2\",\"head\":\"v2\"", "E033"),
        ("\"message\":\"m\"", "\"message\":\"m\",\"message\":\"m\"", "E033"),
        ("\"md5\":{", "\"md5\":{},\"md5\":{", "E033"),
        ("\"0cc175b9c0f1b6a831c399e269772661\":", "\"0CC175B9C0F1B6A831C399E269772661\":[],\"0cc175b9c0f1b6a831c399e269772661\":", "E097"),
    ] {
        let change = |dir: &Path| {
            let text = fs::read_to_string(dir.join("inventory.json")).unwrap();
            let changed = text.replace(from, to);
            assert_ne!(text, changed);
            put(dir, &changed);
            put(&dir.join("v2"), &changed);
        };
        check_disk(code, |_, _| {}, change);
    }
}

#[test]
fn folders() {
    let same = |_: &mut Value, _: &mut Value| {};
    check_disk("E024", same, |dir| fs::create_dir_all(dir.join("v2/content/empty")).unwrap());
    check_disk("E012", same, |dir| fs::rename(dir.join("v2"), dir.join("v02")).unwrap());
    check_disk("E009", same, |dir| fs::remove_dir_all(dir.join("v1")).unwrap());
    check_disk("E046", same, |dir| fs::remove_dir_all(dir.join("v2")).unwrap());
    check_disk("W013", same, |dir| fs::create_dir_all(dir.join("extensions/mutable-head/HEAD")).unwrap());
    check_disk("E067", same, |dir| {
        fs::create_dir(dir.join("extensions")).unwrap();
        fs::write(dir.join("extensions/x"), "").unwrap();
    });
    check_disk("E003", same, |dir| fs::write(dir.join("0=ocfl_object_1.0"), "ocfl_object_1.0\n").unwrap());
    check_disk("E004", same, |dir| fs::rename(dir.join("0=ocfl_object_1.1"), dir.join("0=ocfl_object_3.1")).unwrap());
    check_disk("E005", same, |dir| fs::rename(dir.join("0=ocfl_object_1.1"), dir.join("1=ocfl_object_1.1")).unwrap());
    check_disk("E006", same, |dir| fs::rename(dir.join("0=ocfl_object_1.1"), dir.join("0=ocfl_thing_1.1")).unwrap());
    check_disk("E090", same, |dir| std::os::unix::fs::symlink("v1", dir.join("v3")).unwrap());
    check_disk("E059", same, |dir| fs::rename(dir.join("inventory.json.sha512"), dir.join("inventory.json.sha256")).unwrap());
    check_disk(
        "W003",
        |first, second| {
            let first = first.clone();
            second["versions"]["v2"]["state"] = first["versions"]["v1"]["state"].clone();
            second["manifest"] = first["manifest"].clone();
            second.as_object_mut().unwrap().remove("fixity");
        },
        |dir| fs::remove_file(dir.join("v2/content/b")).unwrap(),
    );
}

#[test]
fn a_pipe_in_a_files_place_does_not_hold_us_up() {
    let dir = tempfile::tempdir().unwrap();
    object(dir.path(), |_, _| {});
    for name in ["v1/content/a", "v2/inventory.json", "inventory.json", "0=ocfl_object_1.1"] {
        fs::remove_file(dir.path().join(name)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(dir.path().join(name)).status().unwrap().success());
        assert!(verify_object(dir.path()).has("E089"), "{name}");
    }
}
