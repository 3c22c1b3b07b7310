//! The official OCFL fixtures: each object is judged as its folder says, and with the codes in its name.

mod support;

use std::path::{Path, PathBuf};

use pipeline_archive::verify_object;

/// Objects of one kind, in all versions of the standard that are there.
fn objects(fixtures: &Path, kind: &str) -> Vec<PathBuf> {
    let folders = |at: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(at).into_iter().flatten().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect()
    };
    let mut objects: Vec<PathBuf> = folders(fixtures).iter().flat_map(|version| folders(&version.join(kind))).collect();
    objects.sort();
    objects
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Leading codes of a fixture's name: `E008_E036_no_versions` tells two.
fn codes(name: &str) -> Vec<String> {
    let is_code = |part: &&str| part.len() == 4 && part.starts_with(['E', 'W']) && part[1..].bytes().all(|b| b.is_ascii_digit());
    name.split('_').take_while(is_code).map(str::to_owned).collect()
}

#[test]
fn good_objects_have_no_findings() {
    let Some(fixtures) = support::fixtures() else { return };
    let objects = objects(&fixtures, "good-objects");
    assert!(objects.len() >= 10);
    for object in objects {
        let verification = verify_object(&object);
        assert!(verification.findings.is_empty(), "{} {:#?}", name(&object), verification.findings);
        assert!(verification.object_id.is_some() && verification.head.is_some());
    }
}

#[test]
fn warned_objects_have_their_warnings_and_no_error() {
    let Some(fixtures) = support::fixtures() else { return };
    let objects = objects(&fixtures, "warn-objects");
    assert!(objects.len() >= 13);
    for object in objects {
        let verification = verify_object(&object);
        assert!(verification.is_valid(), "{} {:#?}", name(&object), verification.findings);
        for code in codes(&name(&object)) {
            assert!(verification.has(&code), "{} {:#?}", name(&object), verification.findings);
        }
    }
}

#[test]
fn bad_objects_are_refused_with_their_codes() {
    let Some(fixtures) = support::fixtures() else { return };
    let objects = objects(&fixtures, "bad-objects");
    assert!(objects.len() >= 52);
    let mut wrong = Vec::new();
    for object in objects {
        let verification = verify_object(&object);
        assert!(!verification.is_valid(), "{} is accepted", name(&object));
        if !codes(&name(&object)).iter().all(|code| verification.has(code)) {
            wrong.push((name(&object), verification.findings));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
