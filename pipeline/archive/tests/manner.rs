//! A judge that only looks at names reads no content, and one that reads tells how much.

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use pipeline_archive::{Depth, Manner, Sums, Verification, verify_stored, verify_stored_in};
use support::three_versions;

/// The judgement, and how much was read for it.
fn judged(case: &Path, depth: Depth) -> (Verification, u64) {
    judged_by(case, depth, Sums::All)
}

fn judged_by(case: &Path, depth: Depth, sums: Sums) -> (Verification, u64) {
    let read = AtomicU64::new(0);
    let tell = |bytes| {
        read.fetch_add(bytes, Ordering::Relaxed);
    };
    let verification = verify_stored_in(case, Manner { depth, sums, read: &tell });
    (verification, read.into_inner())
}

fn writable(path: &Path) {
    fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn every_byte_of_the_content_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (_archive, case) = three_versions(dir.path());
    let (whole, read) = judged(&case, Depth::Data);
    assert_eq!((whole.is_valid(), whole.bytes), (true, read), "{:?}", whole.findings);
    assert_eq!(whole, verify_stored(&case));
    assert!(read > 0);
    let (names, read) = judged(&case, Depth::Names);
    assert_eq!(names, whole, "an undamaged folder looks the same");
    assert_eq!(read, 0);
}

#[test]
fn names_alone_find_what_is_missing_and_what_came_but_not_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (_archive, case) = three_versions(dir.path());
    let paper = case.join("v1/content/dokumenter/01_plan.pdf");
    let bytes = fs::read(&paper).unwrap();
    writable(&paper);

    let mut changed = bytes.clone();
    changed[0] ^= 1;
    fs::write(&paper, changed).unwrap();
    assert!(!judged(&case, Depth::Names).0.has("E092"));
    assert!(judged(&case, Depth::Data).0.has("E092"));

    fs::remove_file(&paper).unwrap();
    assert!(judged(&case, Depth::Names).0.has("E092"), "a file is gone");
    fs::write(&paper, bytes).unwrap();
    fs::write(paper.with_extension("txt"), "x").unwrap();
    assert!(judged(&case, Depth::Names).0.has("E023"), "a file came");
    fs::remove_file(paper.with_extension("txt")).unwrap();

    let inventory = case.join("v1/inventory.json");
    writable(&inventory);
    let text = fs::read_to_string(&inventory).unwrap();
    fs::write(&inventory, format!("{text} ")).unwrap();
    assert!(judged(&case, Depth::Names).0.has("E060"), "an inventory changed");
}

#[test]
fn sha256_alone_finds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (_archive, case) = three_versions(dir.path());
    let (by_all, read) = judged(&case, Depth::Data);
    assert_eq!(judged_by(&case, Depth::Data, Sums::Sha256), (by_all, read), "whole");
    let paper = case.join("v1/content/dokumenter/01_plan.pdf");
    let bytes = fs::read(&paper).unwrap();
    writable(&paper);
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&paper, changed).unwrap();
        let (found, _) = judged_by(&case, Depth::Data, Sums::Sha256);
        assert!(found.has("E092") && found.has("E093"), "byte {at}: {:?}", found.findings);
        assert_eq!(found, judged(&case, Depth::Data).0, "byte {at}: told alike");
    }
    fs::write(&paper, &bytes[1..]).unwrap();
    assert!(judged_by(&case, Depth::Data, Sums::Sha256).0.has("E092"), "shorter");
    fs::remove_file(&paper).unwrap();
    assert!(judged_by(&case, Depth::Data, Sums::Sha256).0.has("E092"), "gone");
}
