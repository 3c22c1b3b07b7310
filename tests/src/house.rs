//! A data folder of its own and the binary that works on it.

use std::{
    ffi::OsStr,
    io::Write,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use serde_json::Value;

use crate::{Tree, tree};

/// The time that it is in most stories.
pub const CLOCK: &str = "2026-11-23T09:00:00+01:00";

/// The program under test.
pub fn binary() -> PathBuf {
    let named = std::env::var_os("ARKIVFLYT_BIN").map(PathBuf::from);
    let path = named.unwrap_or_else(|| {
        let me = std::env::current_exe().expect("a test knows its own path");
        let deps = me.parent().expect("a test lies in a folder");
        deps.parent().expect("deps/ lies in a folder").join("arkivflyt")
    });
    assert!(path.is_file(), "no program at {}: build the workspace first: cargo build --release", path.display());
    path
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub status: ExitStatus,
    /// Its answer.
    pub stdout: Vec<u8>,
    /// Talk and logs.
    pub stderr: String,
}

impl Run {
    /// Exit code; 128 + signal when it was killed.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or_default())
    }

    /// The answer as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The answer as JSON: one document and nothing beside it.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("not one JSON document ({e}): {self}"))
    }

    /// Expects an exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self}");
        self
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |s: &str| s.chars().take(4000).collect::<String>();
        write!(f, "exit {}\n--- stdout\n{}\n--- stderr\n{}", self.code(), cut(&self.text()), cut(&self.stderr))
    }
}

/// A data folder, removed with the test.
#[derive(Debug)]
pub struct House {
    root: PathBuf,
    settings: Vec<(String, String)>,
    _temporary: Option<tempfile::TempDir>,
}

/// A data folder at this place, emptied first, that stays after the test. For houses that several tests look at.
pub fn house_in(place: &Path) -> House {
    let _ = std::fs::remove_dir_all(place);
    std::fs::create_dir_all(place).expect("a folder can be made");
    let house = House { root: place.join("data"), settings: Vec::new(), _temporary: None };
    house.run(["init", "--demo"]).expect(0);
    house
}

impl House {
    /// Set up, with the three made-up municipalities.
    pub fn new() -> Self {
        let house = Self::bare();
        house.run(["init", "--demo"]).expect(0);
        house
    }

    /// Not set up.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { root: folder.path().join("data"), settings: Vec::new(), _temporary: Some(folder) }
    }

    /// A copy of this one, to be broken.
    pub fn copy(&self) -> Self {
        let copy = Self { settings: self.settings.clone(), ..Self::bare() };
        crate::copy_folder(&self.root, &copy.root);
        copy
    }

    /// With a setting by environment, such as `RENDER__CHILDREN`.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((format!("ARKIVFLYT__{key}"), value.to_owned()));
        self
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.root
    }

    /// A place in the data folder.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A command on this data folder, with the wall clock.
    #[expect(clippy::disallowed_methods, reason = "the program is started without the settings of whoever runs the tests")]
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary());
        let ours = |name: &OsStr| name.to_string_lossy().starts_with("ARKIVFLYT");
        for (name, _) in std::env::vars_os().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().cloned()).arg("--data").arg(&self.root).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A command with the frozen clock.
    pub fn frozen<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(args);
        command.args(["--clock", CLOCK]);
        command
    }

    /// Runs a command with the frozen clock.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        finish(self.frozen(args))
    }

    /// Runs a command with the wall clock.
    pub fn run_now<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        finish(self.command(args))
    }

    /// Runs a command with something on standard input.
    pub fn feed<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &[u8]) -> Run {
        let mut child = self.frozen(args).stdin(Stdio::piped()).spawn().expect("the program starts");
        // A program that does not read all of its input hangs up on us; its exit code tells.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        let out = child.wait_with_output().expect("the program ends");
        Run { status: out.status, stdout: out.stdout, stderr: String::from_utf8_lossy(&out.stderr).into_owned() }
    }

    /// Runs a command with `--json`, expects its code, and gives the answer.
    #[track_caller]
    pub fn ask<S: AsRef<OsStr>>(&self, code: i32, args: impl IntoIterator<Item = S>) -> Value {
        let mut command = self.frozen(args);
        command.arg("--json");
        finish(command).expect(code).json()
    }

    /// Every case folder on disk.
    pub fn case_folders(&self) -> Vec<PathBuf> {
        let archive = self.at("arkivlager");
        if !archive.exists() {
            return Vec::new();
        }
        let declares = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("0=ocfl_object_"));
        let parent = |p: PathBuf| p.parent().expect("a file lies in a folder").to_owned();
        crate::files_below(&archive)
            .into_iter()
            .filter(declares)
            .map(parent)
            .filter(|p| !p.to_string_lossy().contains("/staging/"))
            .collect()
    }

    /// Every storage root on disk.
    pub fn storage_roots(&self) -> Vec<PathBuf> {
        let roots = std::fs::read_dir(self.at("arkivlager")).expect("there is an archive");
        let mut roots: Vec<PathBuf> = roots.map(|e| e.expect("an entry").path().join("ocfl")).filter(|p| p.is_dir()).collect();
        roots.sort();
        roots
    }

    /// Digests of everything in the archive but its log and its seals, which the keys of each house sign.
    pub fn archive_tree(&self) -> Tree {
        let mut tree = tree(&self.at("arkivlager"));
        tree.retain(|path, _| !path.contains("/revisjonslogg") && !path.contains("/logs/"));
        tree
    }
}

impl Default for House {
    fn default() -> Self {
        Self::new()
    }
}

fn finish(mut command: Command) -> Run {
    let out = command.output().expect("the program starts");
    Run { status: out.status, stdout: out.stdout, stderr: String::from_utf8_lossy(&out.stderr).into_owned() }
}
