//! Shared by the tests of this crate: packages of made-up content, and where the official fixtures and tools are.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use pipeline_archive::{CaseArchive, Verification, verify_case, verify_object};
use pipeline_domain::{
    Archived, CaseFolderId, DocumentId, DocumentKey, DocumentVersion, MunicipalityNumber, Packaged, PackagedFile, Timestamp,
};

/// The store of municipality 9901 in this folder.
pub fn open(arkivlager: &Path) -> CaseArchive {
    CaseArchive::open_or_create(arkivlager, &municipality()).unwrap().0
}

pub fn municipality() -> MunicipalityNumber {
    "9901".parse().unwrap()
}

pub fn folder(sequence: u32) -> CaseFolderId {
    CaseFolderId { municipality: municipality(), year: 2026, sequence }
}

/// A package with these files and a case record that names them.
pub fn package(folder: &CaseFolderId, based_on: Option<u32>, files: &[(&str, &[u8])]) -> Packaged {
    let record = format!("{{\"based_on\":{based_on:?},\"files\":{:?}}}", files.iter().map(|f| f.0).collect::<Vec<_>>());
    let mut all: Vec<PackagedFile> = files.iter().map(|(path, bytes)| file(path, bytes)).collect();
    all.push(file("metadata/sak.json", record.as_bytes()));
    bare_package(folder, based_on, all)
}

pub fn bare_package(folder: &CaseFolderId, based_on: Option<u32>, files: Vec<PackagedFile>) -> Packaged {
    Packaged {
        folder: folder.clone(),
        object_id: format!("https://arkiv.example/{}/sak/{}", folder.municipality, folder.case_number()),
        document: DocumentKey { id: "00000000-0000-4000-8000-000000000001".parse::<DocumentId>().unwrap(), version: DocumentVersion(1) },
        based_on,
        pdf: files[0].path.clone(),
        files,
        copies: Vec::new(),
        created: Timestamp::from_unix_seconds(1_795_000_000).unwrap(),
        message: "plan_snapshot".to_owned(),
    }
}

pub fn file(path: &str, bytes: &[u8]) -> PackagedFile {
    PackagedFile { path: path.parse().unwrap(), bytes: Arc::from(bytes) }
}

/// A case folder with three versions: added, replaced and unchanged files. Returns the store's folder and the case's.
pub fn three_versions(arkivlager: &Path) -> (CaseArchive, PathBuf) {
    let archive = open(arkivlager);
    let case = folder(1);
    let first: &[(&str, &[u8])] =
        &[("dokumenter/01_plan.pdf", b"%PDF-1.7 first"), ("kilde/01.json", b"{\"a\":1}"), ("innhold.html", b"<p>1")];
    archive.place(&package(&case, None, first)).unwrap();
    let second: &[(&str, &[u8])] = &[("dokumenter/02_referat.pdf", b"%PDF-1.7 second"), ("innhold.html", b"<p>2")];
    archive.place(&package(&case, Some(1), second)).unwrap();
    let third: &[(&str, &[u8])] =
        &[("dokumenter/03_plan.pdf", b"%PDF-1.7 first"), ("innhold.html", b"<p>3"), ("metadata/arkivmelding.xml", b"<x/>")];
    archive.place(&package(&case, Some(2), third)).unwrap();
    let path = archive.folder_path(&case);
    (archive, path)
}

/// Both judges of ours say that all is well.
pub fn assert_sound(path: &Path) -> Verification {
    let standard = verify_object(path);
    assert!(standard.findings.is_empty(), "{path:?} {:#?}", standard.findings);
    let verification = verify_case(path);
    assert!(verification.findings.is_empty(), "{path:?} {:#?}", verification.findings);
    verification
}

pub fn assert_written(archived: &Archived, version: u32) {
    assert_eq!((archived.folder_version, archived.placement), (version, pipeline_domain::Placement::Written));
}

pub fn is_strict() -> bool {
    std::env::var_os("ARKIVFLYT_STRICT").is_some_and(|v| v == "1")
}

/// Says that a test does not run, or fails where everything must be there.
pub fn skip(reason: &str) {
    assert!(!is_strict(), "not to be skipped: {reason}");
    eprintln!("SKIPPED: {reason}");
}

/// The folder of official fixtures.
pub fn fixtures() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from);
    let fixtures = shared.join("ocfl-fixtures");
    if fixtures.is_dir() {
        return Some(fixtures);
    }
    skip("no ocfl-fixtures beside the workspace or under ARKIVFLYT_SHARED");
    None
}

/// A tool on the path, or a skip.
pub fn tool(name: &str) -> Option<String> {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(name).is_file());
    if !found {
        skip(&format!("{name} is not on PATH"));
    }
    found.then(|| name.to_owned())
}

/// Runs a tool; its exit code and all it wrote.
pub fn run(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Every file under a folder, sorted, as paths from it.
pub fn files_under(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path())
            } else {
                files.push(entry.path().strip_prefix(folder).unwrap().to_owned())
            }
        }
    }
    files.sort();
    files
}
