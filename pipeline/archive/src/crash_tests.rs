//! A writer dies at each step of the protocol. An opening afterwards finds every acknowledged version, and nothing torn.

use std::path::Path;

use pipeline_domain::{Packaged, Placement};

use crate::{
    CaseArchive,
    fault::{self, Step},
};

#[path = "../tests/support/mod.rs"]
mod support;

use support::{assert_sound, folder, municipality, open, package};

const STEPS: [Step; 7] = [Step::FileStaged, Step::Staged, Step::Synced, Step::Moved, Step::Committed, Step::HalfRoot, Step::Root];

/// Places until the step, then lets go of everything as a killed process would.
fn die_at(step: Step, arkivlager: &Path, packaged: &Packaged) {
    let archive = open(arkivlager);
    fault::arm(step);
    let outcome = archive.place(packaged);
    drop(archive);
    fault::revive();
    // Once committed, what goes wrong with the root files is not the package's trouble.
    assert_eq!(outcome.is_ok(), step == Step::HalfRoot && packaged.based_on.is_some(), "{step:?} {outcome:?}");
}

fn is_swept(arkivlager: &Path) {
    let staging = arkivlager.join("9901/staging");
    let left: Vec<String> = crate::disk::names(&staging).unwrap().into_iter().filter(|n| n != ".laas").collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_new_case_is_there_whole_or_not_at_all() {
    for step in STEPS.into_iter().filter(|s| !matches!(s, Step::HalfRoot | Step::Root)) {
        let dir = tempfile::tempdir().unwrap();
        let packaged = package(&folder(1), None, &[("dokumenter/01.pdf", b"one"), ("kilde/01.json", b"{}")]);
        die_at(step, dir.path(), &packaged);
        let (archive, recovery) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
        assert_eq!(recovery.swept, u64::from(!matches!(step, Step::Moved | Step::Committed)), "{step:?}");
        assert_eq!(archive.read_head(&folder(1)).unwrap().is_some(), matches!(step, Step::Moved | Step::Committed), "{step:?}");
        let expected = if matches!(step, Step::Moved | Step::Committed) { Placement::AlreadyThere } else { Placement::Written };
        assert_eq!(archive.place(&packaged).unwrap().placement, expected, "{step:?}");
        assert_sound(&archive.folder_path(&folder(1)));
        drop(archive);
        is_swept(dir.path());
    }
}

#[test]
fn a_new_version_is_there_whole_or_not_at_all() {
    for step in STEPS {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).place(&package(&folder(1), None, &[("dokumenter/01.pdf", b"one")])).unwrap();
        let packaged = package(&folder(1), Some(1), &[("dokumenter/02.pdf", b"two")]);
        die_at(step, dir.path(), &packaged);
        let (archive, recovery) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
        let is_published = matches!(step, Step::Moved | Step::Committed | Step::HalfRoot | Step::Root);
        let is_behind = is_published && step != Step::Root;
        // The folder with the root files stays behind, and before the move the version's own too.
        assert_eq!(recovery.swept, if is_published { 1 } else { 2 }, "{step:?}");
        assert_eq!(recovery.rolled_forward, if is_behind { vec![folder(1)] } else { Vec::new() }, "{step:?}");
        assert_eq!(archive.read_head(&folder(1)).unwrap().unwrap().version, if is_published { 2 } else { 1 }, "{step:?}");
        assert_sound(&archive.folder_path(&folder(1)));
        let again = archive.place(&packaged).unwrap();
        assert_eq!((again.folder_version, again.placement), (2, if is_published { Placement::AlreadyThere } else { Placement::Written }));
        assert_sound(&archive.folder_path(&folder(1)));
        drop(archive);
        is_swept(dir.path());
        let (_, recovery) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
        assert!(recovery.is_clean(), "{recovery:?}");
    }
}

#[test]
fn the_living_are_not_swept() {
    let dir = tempfile::tempdir().unwrap();
    let living = open(dir.path());
    let build = living.staging.build("x").unwrap();
    std::fs::write(build.path().join("half"), b"written").unwrap();
    let (other, recovery) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
    assert!(recovery.is_clean());
    assert!(build.path().join("half").exists());
    drop((build, living, other));
    is_swept(dir.path());
}

#[test]
fn a_year_without_cases_is_pruned() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    std::fs::create_dir(dir.path().join("9901/ocfl/2031")).unwrap();
    let (archive, recovery) = CaseArchive::open_or_create(dir.path(), &municipality()).unwrap();
    assert_eq!(recovery.pruned_years, 1);
    assert!(!archive.root_path().join("2031").exists());
}
