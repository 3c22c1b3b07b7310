//! What a log outside the store is held against, and the files in `logs/`.

mod support;

use std::os::unix::fs::PermissionsExt;

use pipeline_archive::{ArchiveError, CaseArchive};
use pipeline_domain::Sha512;
use support::{assert_sound, folder, municipality, three_versions};

#[test]
fn each_version_names_the_one_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_, case) = three_versions(dir.path());
    let versions = CaseArchive::stored_versions(dir.path(), &folder(1)).unwrap();
    let digest = |n: u32| Sha512::of(&std::fs::read(case.join(format!("v{n}/inventory.json"))).unwrap());
    let seen: Vec<_> = versions.iter().map(|v| (v.version, v.inventory, v.previous)).collect();
    assert_eq!(seen, [(1, digest(1), None), (2, digest(2), Some(digest(1))), (3, digest(3), Some(digest(2)))]);
    std::fs::remove_dir_all(case.join("v2")).unwrap();
    assert_eq!(CaseArchive::stored_versions(dir.path(), &folder(1)).unwrap(), versions[..1], "up to the gap");
    assert_eq!(CaseArchive::stored_version(dir.path(), &folder(9), 1).unwrap(), None);
    assert_eq!(CaseArchive::stored_folders(dir.path(), &municipality()).unwrap(), [folder(1)]);
    assert_eq!(CaseArchive::stored_folders(dir.path(), &"9902".parse().unwrap()).unwrap(), []);
}

#[test]
fn a_log_file_is_put_once_and_belongs_to_no_version() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, case) = three_versions(dir.path());
    assert!(archive.put_log(&folder(1), "v3.minisig", b"seal").unwrap());
    assert!(!archive.put_log(&folder(1), "v3.minisig", b"another").unwrap());
    assert_eq!(CaseArchive::read_log(dir.path(), &folder(1), "v3.minisig").unwrap().as_deref(), Some(&b"seal"[..]));
    assert_eq!(CaseArchive::read_log(dir.path(), &folder(1), "v2.minisig").unwrap(), None);
    assert_eq!(CaseArchive::log_names(dir.path(), &folder(1)).unwrap(), ["v3.minisig"]);
    assert_eq!(CaseArchive::log_names(dir.path(), &folder(2)).unwrap(), Vec::<String>::new());
    assert_eq!(case.join("logs/v3.minisig").metadata().unwrap().permissions().mode() & 0o777, 0o440);
    assert_sound(&case);
    assert!(matches!(archive.put_log(&folder(2), "v1.minisig", b"x"), Err(ArchiveError::NotThere { .. })));
    assert!(!archive.folder_path(&folder(2)).exists());
}
