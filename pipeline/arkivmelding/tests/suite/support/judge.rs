//! The official schemas, judged by xmllint (libxml2). Skips aloud, and fails when `ARKIVFLYT_STRICT=1`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn skip(reason: &str) {
    assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1, but {reason}");
    eprintln!("SKIPPED: {reason}");
}

/// A part of the shared folder.
pub fn shared(part: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return path.canonicalize().ok();
    }
    skip(&format!("{part} is not there (ARKIVFLYT_SHARED)"));
    None
}

/// One schema, and the documents that must fit it.
pub struct Bench {
    schema: PathBuf,
    dir: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Bench {
    /// `None` when the schema or xmllint is missing.
    pub fn new(schema: &str) -> Option<Self> {
        let schema = shared(&format!("arkivmelding/{schema}"))?;
        if Command::new("xmllint").arg("--version").output().is_err() {
            skip("xmllint is not installed");
            return None;
        }
        Some(Self { schema, dir: tempfile::tempdir().unwrap(), files: Vec::new() })
    }

    pub fn add(&mut self, name: &str, xml: &[u8]) {
        let path = self.dir.path().join(format!("{:04}-{}.xml", self.files.len(), name.replace(['/', '.'], "_")));
        fs::write(&path, xml).unwrap();
        self.files.push(path);
    }

    /// Every document fits, and there are as many as were meant.
    pub fn all_fit(&self, at_least: usize) {
        assert!(self.files.len() >= at_least, "only {} documents", self.files.len());
        let failures = self.judge(&self.files);
        assert!(failures.is_empty(), "{failures}");
        eprintln!("{} documents fit {}", self.files.len(), self.schema.file_name().unwrap_or_default().display());
    }

    /// Each document is refused.
    pub fn none_fits(&self) {
        assert!(!self.files.is_empty(), "nothing to judge");
        for file in &self.files {
            assert!(!self.judge(std::slice::from_ref(file)).is_empty(), "{} fits", file.display());
        }
    }

    fn judge(&self, files: &[PathBuf]) -> String {
        let run = Command::new("xmllint").args(["--nonet", "--noout", "--schema"]).arg(&self.schema).args(files).output().unwrap();
        if run.status.success() {
            String::new()
        } else {
            String::from_utf8_lossy(&run.stderr).lines().filter(|l| !l.ends_with("validates")).collect::<Vec<_>>().join("\n") + " "
        }
    }
}
