//! What goes in comes out; what is there stays; the same twice is once.

mod support;

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

use pipeline_archive::{ArchiveError, CaseArchive};
use pipeline_domain::{CaseFolderId, CopiedFile, ErrorCode, FileOnDisk, Packaged, Placement, Sha256, Sha512, Verdict};
use proptest::prelude::*;
use support::{assert_sound, assert_written, bare_package, file, folder, municipality, open, package, three_versions};

#[test]
fn three_versions_hold_all_that_came() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, path) = three_versions(dir.path());
    assert!(path.ends_with("9901/ocfl/2026/2026-000001"));
    assert_sound(&path);
    let tree = archive.tree(&folder(1)).unwrap();
    let told: Vec<(&str, u32)> = tree.iter().map(|e| (e.path.as_str(), e.version)).collect();
    let expected = [
        ("dokumenter/01_plan.pdf", 1),
        ("dokumenter/02_referat.pdf", 2),
        // The same bytes as the first plan: not stored again.
        ("dokumenter/03_plan.pdf", 1),
        ("innhold.html", 3),
        ("kilde/01.json", 1),
        ("metadata/arkivmelding.xml", 3),
        ("metadata/forrige-versjon.sha512", 3),
        ("metadata/sak.json", 3),
    ];
    assert_eq!(told, expected);
    assert_eq!(tree[0].size_bytes, 14);
    assert_eq!(archive.read_file(&folder(1), &"innhold.html".parse().unwrap()).unwrap(), b"<p>3");
    assert_eq!(std::fs::read(path.join("v1/content/innhold.html")).unwrap(), b"<p>1");
    let head = archive.read_head(&folder(1)).unwrap().unwrap();
    assert_eq!(head.version, 3);
    assert_eq!(head.inventory_sha512, Sha512::of(&std::fs::read(path.join("inventory.json")).unwrap()));
    assert!(head.case_record.starts_with(b"{\"based_on\":Some(2)"));
    assert_eq!(head.state.len(), tree.len());
    assert_eq!(archive.folders().unwrap(), [folder(1)]);
}

#[test]
fn the_chain_can_be_checked_with_coreutils() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = three_versions(dir.path());
    for list in ["inventory.json.sha512", "v2/content/metadata/forrige-versjon.sha512", "v3/content/metadata/forrige-versjon.sha512"] {
        let status = std::process::Command::new("sha512sum").args(["--strict", "--quiet", "-c", list]).current_dir(&path).status().unwrap();
        assert!(status.success(), "{list}");
    }
}

#[test]
fn files_are_read_only_and_for_the_archive_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = three_versions(dir.path());
    for file in support::files_under(&dir.path().join("9901/ocfl")) {
        let mode = std::fs::metadata(dir.path().join("9901/ocfl").join(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o337, 0, "{file:?} {mode:o}");
    }
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o007, 0);
}

#[test]
fn the_same_package_twice_is_placed_once() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    let first = package(&folder(1), None, &[("a.pdf", b"one")]);
    let written = archive.place(&first).unwrap();
    assert_written(&written, 1);
    let second = package(&folder(1), Some(1), &[("b.pdf", b"two")]);
    assert_written(&archive.place(&second).unwrap(), 2);
    let third = package(&folder(1), Some(2), &[("c.pdf", b"three")]);
    assert_written(&archive.place(&third).unwrap(), 3);
    // An acknowledgement that was lost: asked again, the answer is the old one, whatever has come since.
    let again = archive.place(&first).unwrap();
    assert_eq!(again, pipeline_domain::Archived { placement: Placement::AlreadyThere, ..written });
    assert_eq!(archive.place(&second).unwrap().folder_version, 2);
    let unchanged = bare_package(&folder(1), Some(3), vec![file("a.pdf", b"one")]);
    assert_eq!(archive.place(&unchanged).unwrap().placement, Placement::AlreadyThere);
    assert_eq!(archive.read_head(&folder(1)).unwrap().unwrap().version, 3);
    assert_sound(&archive.folder_path(&folder(1)));
}

#[test]
fn equal_packages_give_equal_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, a) = three_versions(one.path());
    let (_, b) = three_versions(two.path());
    let files = support::files_under(&a);
    assert_eq!(files, support::files_under(&b));
    for file in files {
        assert_eq!(std::fs::read(a.join(&file)).unwrap(), std::fs::read(b.join(&file)).unwrap(), "{file:?}");
    }
}

#[test]
fn a_package_on_an_old_head_is_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    archive.place(&package(&folder(1), None, &[("a.pdf", b"one")])).unwrap();
    for based_on in [None, Some(2)] {
        let error = archive.place(&package(&folder(1), based_on, &[("b.pdf", b"two")])).unwrap_err();
        assert!(matches!(error, ArchiveError::Conflict { head: Some(1), .. }), "{error:?}");
        assert_eq!((error.code(), error.verdict()), (ErrorCode::ArchiveConflict, Verdict::Retry));
    }
    let error = archive.place(&package(&folder(2), Some(1), &[("b.pdf", b"two")])).unwrap_err();
    assert!(matches!(error, ArchiveError::Conflict { head: None, .. }), "{error:?}");
    assert!(!archive.folder_path(&folder(2)).exists());
}

#[test]
fn packages_that_break_a_rule_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    let good = package(&folder(1), None, &[("a", b"one")]);
    let twice = bare_package(&folder(1), None, vec![file("a", b"1"), file("a", b"2")]);
    let nested = bare_package(&folder(1), None, vec![file("a", b"1"), file("a/b", b"2")]);
    let reserved = bare_package(&folder(1), None, vec![file("metadata/forrige-versjon.sha512", b"")]);
    let mut other_id = good.clone();
    other_id.object_id = "https://arkiv.example/9901/sak/2026-000002".to_owned();
    let mut other_place = good.clone();
    other_place.folder.municipality = "9902".parse().unwrap();
    let mut empty = good;
    empty.files.clear();
    for packaged in [twice, nested, reserved, other_id, other_place, empty] {
        let error = archive.place(&packaged).unwrap_err();
        assert!(matches!(error, ArchiveError::Refused { .. }), "{error:?}");
        assert_eq!(error.verdict(), Verdict::GiveUp);
    }
    assert!(archive.folders().unwrap().is_empty());
}

#[test]
fn a_damaged_head_is_neither_read_nor_built_upon() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, path) = three_versions(dir.path());
    let inventory = path.join("v3/inventory.json");
    let whole = std::fs::read(&inventory).unwrap();
    std::fs::remove_file(&inventory).unwrap();
    std::fs::write(&inventory, &whole[1..]).unwrap();
    let damaged = |error: ArchiveError| assert_eq!((error.code(), error.verdict()), (ErrorCode::ArchiveDamaged, Verdict::GiveUp));
    damaged(archive.read_head(&folder(1)).unwrap_err());
    damaged(archive.place(&package(&folder(1), Some(3), &[("d.pdf", b"four")])).unwrap_err());
    // Not whole: the version before it is the newest that can be read, but its successor's name is taken.
    std::fs::remove_file(&inventory).unwrap();
    assert_eq!(archive.read_head(&folder(1)).unwrap().unwrap().version, 2);
    damaged(archive.place(&package(&folder(1), Some(2), &[("d.pdf", b"four")])).unwrap_err());
}

#[test]
fn content_that_changed_is_not_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, path) = three_versions(dir.path());
    let content = path.join("v3/content/metadata/sak.json");
    std::fs::remove_file(&content).unwrap();
    assert!(matches!(archive.read_head(&folder(1)), Err(ArchiveError::Damaged { fault: "file is missing", .. })));
    std::fs::write(&content, b"{}").unwrap();
    assert!(matches!(archive.read_head(&folder(1)), Err(ArchiveError::Damaged { fault: "file does not match its digest", .. })));
    assert!(matches!(archive.read_file(&folder(1), &"nope".parse().unwrap()), Err(ArchiveError::NotThere { .. })));
    assert!(archive.read_head(&folder(9)).unwrap().is_none());
}

#[test]
fn a_store_that_is_something_else_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("9901/ocfl/2026")).unwrap();
    let error = CaseArchive::open_or_create(dir.path(), &municipality()).err().unwrap();
    assert!(matches!(error, ArchiveError::NotAStorageRoot { .. }), "{error:?}");
    assert!(dir.path().join("9901/ocfl/2026").exists());
}

fn tree_strategy() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let path = proptest::sample::select(vec!["a.pdf", "b.pdf", "kilde/a.json", "kilde/b.json", "metadata/x.xml", "dokumenter/01.pdf"]);
    proptest::collection::btree_map(path.prop_map(str::to_owned), proptest::collection::vec(0..4_u8, 0..3), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_placed_is_read_back(versions in proptest::collection::vec(tree_strategy(), 1..5)) {
        let dir = tempfile::tempdir().unwrap();
        let archive = open(dir.path());
        let mut expected = BTreeMap::new();
        let mut head = None;
        for files in versions {
            let packaged = bare_package(&folder(7), head, files.iter().map(|(p, b)| file(p, b)).collect());
            let is_new = files.iter().any(|(p, b)| expected.get(p) != Some(b));
            let archived = archive.place(&packaged).unwrap();
            prop_assert_eq!(archived.placement == Placement::Written, is_new);
            expected.extend(files);
            head = Some(archived.folder_version);
        }
        for entry in archive.tree(&folder(7)).unwrap().into_iter().filter(|e| e.path.as_str() != "metadata/forrige-versjon.sha512") {
            let bytes = archive.read_file(&folder(7), &entry.path).unwrap();
            prop_assert_eq!(Some(bytes), expected.remove(entry.path.as_str()));
        }
        prop_assert!(expected.is_empty());
        assert_sound(&archive.folder_path(&folder(7)));
    }
}

/// A package whose attachment lies at a place on disk.
fn with_copy(folder: &CaseFolderId, based_on: Option<u32>, name: &str, at: &Path, is: &[u8]) -> Packaged {
    let from = FileOnDisk { at: at.to_owned(), sha256: Sha256::of(is), size_bytes: is.len() as u64 };
    let copies = vec![CopiedFile { path: name.parse().unwrap(), from }];
    Packaged { copies, ..package(folder, based_on, &[("kilde/01.json", name.as_bytes())]) }
}

#[test]
fn what_lies_on_disk_is_copied_once_and_named_as_often_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    let case = folder(1);
    let large: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    let at = dir.path().join("here");
    fs::write(&at, &large).unwrap();
    let first = with_copy(&case, None, "vedlegg/01-1.bin", &at, &large);
    assert_eq!(archive.place(&first).unwrap().placement, Placement::Written);
    assert_eq!(archive.place(&first).unwrap().placement, Placement::AlreadyThere);
    archive.place(&with_copy(&case, Some(1), "vedlegg/02-1.bin", &at, &large)).unwrap();
    let stored: Vec<(String, String)> = archive.tree(&case).unwrap().into_iter().map(|e| (e.path.to_string(), e.content_path)).collect();
    for name in ["vedlegg/01-1.bin", "vedlegg/02-1.bin"] {
        assert!(stored.contains(&(name.to_owned(), "v1/content/vedlegg/01-1.bin".to_owned())), "{stored:?}");
        assert_eq!(archive.read_file(&case, &name.parse().unwrap()).unwrap(), large);
    }
    assert_sound(&archive.folder_path(&case));
}

#[test]
fn what_is_not_what_it_was_is_not_copied() {
    let dir = tempfile::tempdir().unwrap();
    let archive = open(dir.path());
    let case = folder(1);
    let at = dir.path().join("here");
    let package = with_copy(&case, None, "vedlegg/01-1.bin", &at, b"as it was");
    let refused = |why: &str| {
        let error = archive.place(&package).unwrap_err();
        assert_eq!((error.code(), error.verdict()), (ErrorCode::ArchiveWrite, Verdict::Retry), "{why}: {error}");
        assert!(!archive.folder_path(&case).exists(), "{why}");
    };
    refused("not there");
    fs::write(&at, "as it is.").unwrap();
    refused("other bytes");
    fs::write(&at, "as it was").unwrap();
    assert_eq!(archive.place(&package).unwrap().folder_version, 1);
}
