//! Programs and schemas that we did not write.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::workspace;

/// Whether a missing judge is a failure.
pub fn strict() -> bool {
    std::env::var_os("ARKIVFLYT_STRICT").is_some_and(|v| v == "1")
}

/// Says that something was not judged. A failure when strict.
pub fn skip(what: &str) {
    assert!(!strict(), "ARKIVFLYT_STRICT=1 and missing: {what}");
    eprintln!("SKIPPED: {what} is missing");
}

/// The folder of official schemas and fixtures: `ARKIVFLYT_SHARED`, else `../shared` seen from the workspace. Skips.
pub fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return Some(path.canonicalize().expect("it exists"));
    }
    skip(&format!("{part} (set ARKIVFLYT_SHARED)"));
    None
}

/// A program of somebody else's.
#[derive(Clone, Debug)]
pub struct Tool(PathBuf);

impl Tool {
    /// Found by the environment variable of its name (`ocfl-validate.py`: `OCFL_VALIDATE`), then on the path. Skips.
    pub fn find(name: &str) -> Option<Self> {
        let variable = name.trim_end_matches(".py").replace('-', "_").to_uppercase();
        let named = std::env::var_os(variable).map(PathBuf::from).filter(|p| p.is_file());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        let found = named.or_else(|| dirs.map(|d| d.join(name)).find(|p| p.is_file()));
        if found.is_none() {
            skip(name);
        }
        found.map(Self)
    }

    /// Runs it.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.run_in(Path::new("."), args)
    }

    /// Runs it in a folder.
    pub fn run_in<S: AsRef<OsStr>>(&self, folder: &Path, args: impl IntoIterator<Item = S>) -> Output {
        let run = Command::new(&self.0).args(args).current_dir(folder).output();
        run.unwrap_or_else(|e| panic!("{} cannot be run: {e}", self.0.display()))
    }

    /// Runs it, expects exit code 0, and gives what it printed on standard output.
    pub fn pass<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let run = self.run(args);
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success(), "{} says {}:\n{text}{}", self.0.display(), run.status, String::from_utf8_lossy(&run.stderr));
        text
    }
}
