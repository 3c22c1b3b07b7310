//! A valid case folder with one thing changed is refused, whatever the thing.

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use pipeline_archive::{verify_case, verify_object};
use support::{files_under, three_versions};

/// Bits that turn digits into letters, small letters into capitals, ASCII into something else, and a byte upside down.
const MASKS: [u8; 4] = [0x01, 0x20, 0x80, 0xff];

fn put(path: &Path, bytes: &[u8]) {
    // The file is read-only; a name can be taken from it all the same.
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn folders_under(object: &Path) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    for file in files_under(object) {
        folders.extend(file.ancestors().skip(1).map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    folders
}

fn is_refused(object: &Path, what: &str) {
    assert!(!verify_case(object).is_valid(), "accepted: {what}");
}

/// Also by the standard alone.
fn is_refused_by_all(object: &Path, what: &str) {
    let verification = verify_object(object);
    assert!(!verification.is_valid(), "accepted by the standard: {what} {:#?}", verification.findings);
    is_refused(object, what);
}

fn flip_every(step: usize, chosen: impl Fn(&str) -> bool) {
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = three_versions(dir.path());
    let mut flips = 0;
    for file in files_under(&object) {
        let name = file.to_str().unwrap();
        if !chosen(name) {
            continue;
        }
        let path = object.join(&file);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).filter(|at| at % step == 0 || at + 1 == whole.len()) {
            let masks = if whole.len() < 400 { &MASKS[..] } else { &MASKS[at / step % 4..][..1] };
            for mask in masks {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                put(&path, &bytes);
                assert!(!verify_object(&object).is_valid(), "accepted: {name} byte {at} ^ {mask:#x}");
                flips += 1;
            }
        }
        put(&path, &whole);
    }
    assert!(flips > 100, "{flips}");
    assert!(verify_case(&object).is_valid());
}

#[test]
fn every_flip_in_small_files_is_refused() {
    flip_every(1, |name| !name.ends_with("inventory.json"));
}

#[test]
fn every_flip_in_the_root_inventory_is_refused() {
    flip_every(1, |name| name == "inventory.json");
}

#[test]
fn every_flip_in_an_old_inventory_is_refused() {
    flip_every(1, |name| name == "v1/inventory.json");
}

#[test]
fn flips_in_newer_inventories_are_refused() {
    flip_every(5, |name| name == "v2/inventory.json" || name == "v3/inventory.json");
}

#[test]
fn every_deletion_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = three_versions(dir.path());
    for file in files_under(&object) {
        let bytes = fs::read(object.join(&file)).unwrap();
        fs::remove_file(object.join(&file)).unwrap();
        is_refused(&object, &format!("without {file:?}"));
        // The standard lets an old version do without its inventory, and has no chain; it misses the sidecar of one that is there.
        let is_needed = !(file.starts_with("v1") || file.starts_with("v2") || file.starts_with("v3")) || file.components().count() > 2;
        assert!(!is_needed || !verify_object(&object).is_valid(), "without {file:?}");
        fs::write(object.join(&file), bytes).unwrap();
    }
    for folder in folders_under(&object).into_iter().filter(|f| !f.as_os_str().is_empty()) {
        let aside = dir.path().join("aside");
        fs::rename(object.join(&folder), &aside).unwrap();
        is_refused_by_all(&object, &format!("without {folder:?}"));
        fs::rename(&aside, object.join(&folder)).unwrap();
    }
    assert!(verify_case(&object).is_valid());
}

#[test]
fn every_addition_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = three_versions(dir.path());
    for folder in folders_under(&object) {
        let is_version = folder.components().count() == 1;
        for name in ["extra.txt", "v9", "inventory.json.sha256", "0=ocfl_object_1.0", "logs", "extensions"] {
            let added = object.join(&folder).join(name);
            fs::write(&added, b"extra").unwrap();
            is_refused_by_all(&object, &format!("file {name} in {folder:?}"));
            fs::remove_file(&added).unwrap();
            fs::create_dir(&added).unwrap();
            is_refused(&object, &format!("folder {name} in {folder:?}"));
            fs::write(added.join("x"), b"extra").unwrap();
            is_refused(&object, &format!("folder {name} with a file in {folder:?}"));
            let is_allowed = is_version || folder.as_os_str().is_empty() && matches!(name, "logs" | "extensions");
            assert!(is_allowed || !verify_object(&object).is_valid(), "folder {name} with a file in {folder:?}");
            fs::remove_dir_all(&added).unwrap();
            symlink("inventory.json", &added).unwrap();
            is_refused_by_all(&object, &format!("link {name} in {folder:?}"));
            fs::remove_file(&added).unwrap();
        }
    }
    assert!(verify_case(&object).is_valid());
}

#[test]
fn cut_and_lengthened_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = three_versions(dir.path());
    for file in files_under(&object) {
        let path = object.join(&file);
        let whole = fs::read(&path).unwrap();
        let mut longer = whole.clone();
        longer.push(b'\n');
        for bytes in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &[], &longer] {
            put(&path, bytes);
            is_refused(&object, &format!("{file:?} with {} bytes for {}", bytes.len(), whole.len()));
        }
        put(&path, &whole);
    }
    assert!(verify_case(&object).is_valid());
}

#[test]
fn swapped_moved_and_linked_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = three_versions(dir.path());
    let (a, b) = (object.join("v1/content/innhold.html"), object.join("v2/content/innhold.html"));
    let (old, new) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
    put(&a, &new);
    put(&b, &old);
    is_refused_by_all(&object, "swapped");
    put(&a, &old);
    put(&b, &new);
    fs::rename(&a, a.with_extension("htm")).unwrap();
    is_refused_by_all(&object, "renamed");
    symlink(a.with_extension("htm"), &a).unwrap();
    is_refused_by_all(&object, "link");
    fs::remove_file(&a).unwrap();
    fs::hard_link(a.with_extension("htm"), &a).unwrap();
    is_refused_by_all(&object, "hard link");
    fs::remove_file(a.with_extension("htm")).unwrap();
    assert!(verify_case(&object).is_valid());
}

/// What the standard cannot see: an old inventory rewritten together with its sidecar.
#[test]
fn rewritten_history_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = three_versions(dir.path());
    let path = object.join("v1/inventory.json");
    let text = fs::read_to_string(&path).unwrap().replace("plan_snapshot", "plan_snapshut");
    put(&path, text.as_bytes());
    put(&object.join("v1/inventory.json.sha512"), format!("{}  inventory.json\n", pipeline_domain::Sha512::of(text.as_bytes())).as_bytes());
    assert!(verify_object(&object).is_valid());
    let verification = verify_case(&object);
    assert!(verification.has("A003") && !verification.is_valid(), "{:#?}", verification.findings);
}

#[test]
fn strange_paths_are_judged_without_harm() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("missing"), PathBuf::from("/dev/null"), PathBuf::new()] {
        assert!(!verify_object(&path).is_valid());
        assert!(!verify_case(&path).is_valid());
    }
}
