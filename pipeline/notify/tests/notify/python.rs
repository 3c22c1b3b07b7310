//! A mail reader that we did not write: Python's `email`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use pipeline_notify::Mail;
use serde_json::Value;
use tempfile::TempDir;

/// What Python sees in each mail; `None` without Python.
pub fn read(mails: &[&Mail]) -> Option<Vec<Value>> {
    let (_folder, paths) = written(mails);
    read_files(&paths)
}

/// The same for files.
pub fn read_files<P: AsRef<Path>>(paths: &[P]) -> Option<Vec<Value>> {
    run_script("read_mail.py", paths)
}

/// One file for each mail, for as long as the folder is held.
fn written(mails: &[&Mail]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..mails.len()).map(|n| folder.path().join(format!("{n}.eml"))).collect();
    for (mail, path) in mails.iter().zip(&paths) {
        std::fs::write(path, &mail.bytes).unwrap();
    }
    (folder, paths)
}

fn run_script<P: AsRef<Path>>(name: &str, paths: &[P]) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify").join(name);
    let Ok(run) = Command::new("python3").arg(script).args(paths.iter().map(AsRef::as_ref)).output() else {
        crate::skip("python3");
        return None;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let seen: Vec<Value> = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(seen.len(), paths.len());
    Some(seen)
}

/// What four calendar parsers see in the calendar part of each mail, by their names; `None` when one is missing.
pub fn read_calendars(mails: &[&Mail]) -> Option<Vec<Value>> {
    let known = Command::new("python3").args(["-c", "import icalendar, ical, ics, vobject"]).output();
    if !known.is_ok_and(|run| run.status.success()) {
        crate::skip("one of the Python packages icalendar, ical, ics and vobject");
        return None;
    }
    let (_folder, paths) = written(mails);
    run_script("read_calendars.py", &paths)
}
