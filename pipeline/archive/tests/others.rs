//! Judges that we did not write: `rocfl` and `ocfl-py` on what we wrote.

mod support;

use std::process::Command;

use pipeline_archive::{CaseArchive, verify_root};
use support::{folder, package, run, three_versions, tool};

fn store(dir: &std::path::Path) -> CaseArchive {
    let (archive, _) = three_versions(dir);
    // Seals lie beside the versions.
    assert!(archive.put_log(&folder(1), "v3.minisig", b"untrusted comment: x\n").unwrap());
    for n in 2..=4 {
        archive.place(&package(&folder(n), None, &[("dokumenter/01.pdf", b"a"), ("tom.txt", b"")])).unwrap();
    }
    archive
}

#[test]
fn rocfl_accepts_our_root() {
    let Some(rocfl) = tool("rocfl") else { return };
    let dir = tempfile::tempdir().unwrap();
    let archive = store(dir.path());
    let (code, text) = run(Command::new(rocfl).arg("-S").arg("-r").arg(archive.root_path()).arg("validate"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Invalid objects: 0"), "{text}");
    assert!(!text.contains("[W0"), "{text}");
    std::fs::write(archive.folder_path(&folder(1)).join("v1/content/extra"), "x").unwrap();
    let (code, text) = run(Command::new("rocfl").arg("-S").arg("-r").arg(archive.root_path()).arg("validate"));
    assert_eq!(code, Some(2), "{text}");
    assert!(!verify_root(archive.root_path(), &mut |_, _| {}).is_valid());
}

#[test]
fn ocfl_py_accepts_our_objects() {
    let Some(validate) = tool("ocfl-validate.py") else { return };
    let dir = tempfile::tempdir().unwrap();
    let archive = store(dir.path());
    for n in 1..=4 {
        let (code, text) = run(Command::new(&validate).arg(archive.folder_path(&folder(n))));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("is VALID") && !text.contains("[W0"), "{text}");
    }
}
