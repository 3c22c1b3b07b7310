//! Storage roots: ours, others', and broken ones.

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use pipeline_archive::{RootVerification, survey_root, verify_root, verify_stored};
use support::{folder, open, package};

/// A store with three cases in two years, as a storage root.
fn root(dir: &Path) -> PathBuf {
    let archive = open(dir);
    for n in 1..=3 {
        let mut case = folder(n);
        case.year = 2025 + (n % 2) as u16;
        archive.place(&package(&case, None, &[("a.pdf", format!("case {n}").as_bytes())])).unwrap();
        archive.place(&package(&case, Some(1), &[("b.pdf", b"more")])).unwrap();
    }
    archive.root_path().to_owned()
}

fn judge(root: &Path) -> RootVerification {
    verify_root(root, &mut |_, _| {})
}

/// The root is refused, and with this code of its own.
fn check(root: &Path, code: &str) {
    let verification = judge(root);
    assert!(!verification.is_valid() && verification.has(code), "{code} {:#?}", verification.findings);
}

fn copy(from: &Path, to: &Path) {
    for file in support::files_under(from) {
        fs::create_dir_all(to.join(&file).parent().unwrap()).unwrap();
        fs::copy(from.join(&file), to.join(&file)).unwrap();
    }
}

#[test]
fn a_sound_root_is_told_object_by_object_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    let mut told = Vec::new();
    let verification = verify_root(&root, &mut |at, v| told.push((at.to_owned(), v.is_valid())));
    assert!(verification.is_valid() && verification.findings.is_empty(), "{:#?}", verification.findings);
    let expected = ["2025/2025-000002", "2026/2026-000001", "2026/2026-000003"].map(|p| (PathBuf::from(p), true));
    assert_eq!(told, expected);
    assert_eq!((verification.objects, verification.invalid_objects), (3, 0));
    // Two packages of two files each, and a chain file.
    assert_eq!(verification.files, 3 * 5);
}

#[test]
fn a_damaged_object_makes_the_root_invalid_and_is_held_to_our_promises() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    fs::write(root.join("2026/2026-000003/v1/content/extra"), b"").unwrap();
    fs::create_dir(root.join("2026/2026-000001/logs")).unwrap();
    let mut told = Vec::new();
    let verification = verify_root(&root, &mut |_, v| told.push((v.has("E023"), v.has("A006"))));
    assert_eq!(told, [(false, false), (false, true), (true, false)]);
    assert_eq!((verification.invalid_objects, verification.is_valid()), (2, false));
}

#[test]
fn a_survey_finds_what_a_whole_judgement_finds_one_object_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    fs::write(root.join("2026/2026-000003/v1/content/extra"), b"").unwrap();
    fs::write(root.join("2026/stray.txt"), b"").unwrap();
    let mut told = Vec::new();
    let whole = verify_root(&root, &mut |at, v| told.push((at.display().to_string(), v.clone())));
    let survey = survey_root(&root);
    assert_eq!(survey.findings, whole.findings);
    assert!(survey.findings.iter().any(|f| f.code == "E072"), "{:#?}", survey.findings);
    let one_by_one: Vec<_> = survey.objects.iter().map(|at| (at.clone(), verify_stored(&root.join(at)))).collect();
    assert_eq!(one_by_one, told);
}

#[test]
fn empty_root_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    let verification = judge(open(dir.path()).root_path());
    assert!(verification.is_valid() && verification.objects == 0 && verification.findings.is_empty());
}

#[test]
fn declarations() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    let at = root.join("0=ocfl_1.1");
    fs::remove_file(&at).unwrap();
    check(&root, "E069");
    fs::write(&at, "ocfl_1.1").unwrap();
    check(&root, "E080");
    fs::write(&at, "ocfl_1.1\n").unwrap();
    fs::write(root.join("0=ocfl_1.0"), "ocfl_1.0\n").unwrap();
    check(&root, "E076");
    fs::remove_file(&at).unwrap();
    // The objects are by 1.1.
    check(&root, "E081");
    fs::rename(root.join("0=ocfl_1.0"), root.join("0=ocfl_7.0")).unwrap();
    check(&root, "E077");
    fs::rename(root.join("0=ocfl_7.0"), root.join("1=ocfl_1.1")).unwrap();
    check(&root, "E078");
}

#[test]
fn layouts() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    let at = root.join("ocfl_layout.json");
    let whole = fs::read_to_string(&at).unwrap();
    let put = |text: &str| {
        fs::remove_file(&at).unwrap();
        fs::write(&at, text).unwrap();
    };
    for (text, code) in [
        ("{", "E070"),
        ("[]", "E070"),
        ("{\"extension\":\"0007-n-tuple-omit-prefix-storage-layout\"}", "E070"),
        ("{\"description\":\"x\"}", "E070"),
        ("{\"extension\":\"our-own\",\"description\":\"x\"}", "E071"),
        ("{\"extension\":7,\"description\":\"x\"}", "E071"),
    ] {
        put(text);
        check(&root, code);
    }
    put(&whole);
    assert!(judge(&root).is_valid());
    fs::rename(root.join("2026/2026-000003"), root.join("2025/2026-000003")).unwrap();
    check(&root, "E083");
}

#[test]
fn folders_and_stray_files() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    fs::write(root.join("note.txt"), "files at the top are nobody's business").unwrap();
    assert!(judge(&root).findings.is_empty());
    fs::create_dir(root.join("2024")).unwrap();
    check(&root, "E073");
    fs::write(root.join("2024/note.txt"), "").unwrap();
    check(&root, "E072");
    fs::remove_dir_all(root.join("2024")).unwrap();
    fs::write(root.join("2026/note.txt"), "").unwrap();
    check(&root, "E072");
    fs::remove_file(root.join("2026/note.txt")).unwrap();
    symlink("2026", root.join("2027")).unwrap();
    check(&root, "E090");
    fs::remove_file(root.join("2027")).unwrap();
    fs::write(root.join("extensions/x"), "").unwrap();
    check(&root, "E112");
    fs::remove_file(root.join("extensions/x")).unwrap();
    fs::create_dir(root.join("extensions/ours")).unwrap();
    let verification = judge(&root);
    assert!(verification.is_valid() && verification.has("W016"), "{:#?}", verification.findings);
}

#[test]
fn twins_and_lost_declarations() {
    let dir = tempfile::tempdir().unwrap();
    let root = root(dir.path());
    copy(&root.join("2026/2026-000001"), &root.join("2026-000001"));
    let verification = judge(&root);
    assert!(verification.has("E037") && verification.has("W015"), "{:#?}", verification.findings);
    fs::remove_dir_all(root.join("2026-000001")).unwrap();
    fs::remove_file(root.join("2026/2026-000001/0=ocfl_object_1.1")).unwrap();
    let mut lost = false;
    verify_root(&root, &mut |_, v| lost |= v.has("E003"));
    assert!(lost);
}

#[test]
fn a_root_of_official_objects() {
    let Some(fixtures) = support::fixtures() else { return };
    let dir = tempfile::tempdir().unwrap();
    copy(&fixtures.join("1.0/good-objects"), dir.path());
    fs::write(dir.path().join("0=ocfl_1.0"), "ocfl_1.0\n").unwrap();
    let mut told = Vec::new();
    let verification = verify_root(dir.path(), &mut |at, v| told.push((at.to_owned(), v.findings.clone())));
    assert!(verification.objects >= 8 && told.iter().all(|(_, findings)| findings.is_empty()), "{told:#?}");
    copy(&fixtures.join("1.0/bad-objects/E037_inconsistent_id"), &dir.path().join("bad"));
    assert_eq!(judge(dir.path()).invalid_objects, 1);
}
