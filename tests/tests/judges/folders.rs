//! Every case folder is a valid OCFL object, by two validators of others and by `sha512sum`.

use std::{fs, process::Command};

use arkivflyt_tests::{Tool, files_below};

use crate::house;

#[test]
fn rocfl_finds_every_store_whole() {
    let Some(rocfl) = Tool::find("rocfl") else { return };
    let roots = house().storage_roots();
    assert_eq!(roots.len(), 3);
    for root in roots {
        let told = rocfl.pass(["-S".as_ref(), "-r".as_ref(), root.as_os_str(), "validate".as_ref()]);
        let objects = house().case_folders().iter().filter(|c| c.starts_with(&root)).count();
        assert!(told.contains("Invalid objects: 0"), "{}: {told}", root.display());
        assert!(objects > 0 && told.contains(&format!("Total objects:   {objects}\n")), "{told}");
    }
}

#[test]
fn ocfl_py_finds_every_folder_valid() {
    let Some(validate) = Tool::find("ocfl-validate.py") else { return };
    // Its start costs most of the time.
    for some in house().case_folders().chunks(50) {
        let told = validate.pass(some);
        let valid = told.matches("VALID").count() - told.matches("INVALID").count();
        assert_eq!(valid, some.len(), "{told}");
        assert!(!told.contains("[W"), "not even a warning: {told}");
    }
}

#[test]
fn sha512sum_follows_the_chain() {
    let mut links = 0;
    for case in house().case_folders() {
        let versions = fs::read_dir(&case).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('v')).count();
        for n in 2..=versions {
            let chain = format!("v{n}/content/metadata/forrige-versjon.sha512");
            let run = Command::new("sha512sum").args(["--strict", "-c", &chain]).current_dir(&case).output().unwrap();
            assert!(run.status.success(), "{} {chain}: {}", case.display(), String::from_utf8_lossy(&run.stderr));
            links += 1;
        }
    }
    assert!(links > 5, "{links}");
}

#[test]
fn names_are_plain_short_and_lasting() {
    for file in files_below(&house().at("arkivlager")) {
        let name = file.strip_prefix(house().at("arkivlager")).unwrap().display().to_string();
        assert!(name.is_ascii() && name.len() < 200, "{name}");
        assert!(!name.contains(['\\', ':', '*', '?', '"', '<', '>', '|', ' ']), "{name}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
        assert!(name.ends_with(".laas") || mode & 0o222 == 0 || !name.contains("/v"), "{name}: {mode:o}: an archived file is read-only");
    }
    for root in house().storage_roots() {
        let staging = root.with_file_name("staging");
        let left: Vec<_> =
            fs::read_dir(&staging).unwrap().map(|e| e.unwrap().file_name()).filter(|n| !n.to_string_lossy().starts_with('.')).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
