//! A mail reader that we did not write: Python's `email`.

use std::{path::Path, process::Command};

use pipeline_notify::Mail;
use serde_json::Value;

/// What Python sees in each mail; `None` without Python.
pub fn read(mails: &[&Mail]) -> Option<Vec<Value>> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..mails.len()).map(|n| folder.path().join(format!("{n}.eml"))).collect();
    for (mail, path) in mails.iter().zip(&paths) {
        std::fs::write(path, &mail.bytes).unwrap();
    }
    read_files(&paths)
}

/// The same for files.
pub fn read_files<P: AsRef<Path>>(paths: &[P]) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify/read_mail.py");
    let Ok(run) = Command::new("python3").arg(script).args(paths.iter().map(AsRef::as_ref)).output() else {
        crate::skip("python3");
        return None;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let seen: Vec<Value> = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(seen.len(), paths.len());
    Some(seen)
}
