//! Helpers of this room's tests. Each test program uses some of them.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use pipeline_domain::{CaseFolderId, Sha256, Sha512, Timestamp};
use pipeline_witness::{
    AccessHead, CheckpointKey, Commit, Deed, HeldFolder, HeldSeal, HeldVersion, KeyHistory, Leaf, SealKey, TreeHead, empty_root,
    founding_note,
};

pub const ORIGIN: &str = "arkiv.example.no/9901";

/// A program of somebody else's, found on the path. Skips aloud; fails under `ARKIVFLYT_STRICT=1`.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|d| d.join(name)).find(|p| p.is_file());
    if found.is_none() {
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1 and missing: {name}");
        eprintln!("SKIPPED: {name} is missing");
    }
    found
}

/// Runs it in a folder.
pub fn run<S: AsRef<OsStr>>(tool: &Path, folder: &Path, args: impl IntoIterator<Item = S>) -> Output {
    Command::new(tool).args(args).current_dir(folder).output().unwrap()
}

/// Runs it, expects exit code 0, and gives what it printed.
pub fn pass<S: AsRef<OsStr>>(tool: &Path, folder: &Path, args: impl IntoIterator<Item = S>) -> String {
    let run = run(tool, folder, args);
    let text = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{text}");
    text
}

pub fn time() -> Timestamp {
    "2026-11-23T08:30:00Z".parse().unwrap()
}

pub fn key(n: u8) -> CheckpointKey {
    CheckpointKey::from_entropy(ORIGIN, [n; 32]).unwrap()
}

pub fn seal_key(n: u8) -> SealKey {
    SealKey::from_entropy([100 + n; 32])
}

pub fn empty() -> TreeHead {
    TreeHead { size: 0, root: empty_root() }
}

/// Founded with keys 1.
pub fn history() -> KeyHistory {
    KeyHistory::read([founding_note(&key(1), &seal_key(1), empty(), time()).as_str()]).unwrap()
}

pub fn folder(n: u32) -> CaseFolderId {
    format!("9901/2026/{n:06}").parse().unwrap()
}

/// Any leaf.
pub fn access(n: u64) -> Leaf {
    Leaf::Access(AccessHead { time: time(), rows: n, digest: Sha256::of(&n.to_be_bytes()) })
}

/// A case folder as an archive would hold it: its inventories' bytes.
#[derive(Clone)]
pub struct Case {
    pub object: CaseFolderId,
    pub inventories: Vec<Vec<u8>>,
    /// What each version says of the one before.
    pub previous: Vec<Option<Sha512>>,
    pub seals: Vec<(u32, String)>,
}

impl Case {
    pub fn new(n: u32, versions: u32) -> Self {
        let mut case = Self { object: folder(n), inventories: Vec::new(), previous: Vec::new(), seals: Vec::new() };
        for v in 1..=versions {
            case.add(format!("inventory of {} v{v}", case.object).into_bytes());
        }
        case
    }

    pub fn add(&mut self, inventory: Vec<u8>) {
        self.previous.push(self.inventories.last().map(|i| Sha512::of(i)));
        self.inventories.push(inventory);
    }

    /// Writes every link of the chain anew, as somebody would who covers up.
    pub fn relink(&mut self) {
        for at in 1..self.inventories.len() {
            self.previous[at] = Some(Sha512::of(&self.inventories[at - 1]));
        }
    }

    pub fn leaf(&self, version: u32, deed: Deed) -> Leaf {
        let at = version as usize - 1;
        Leaf::Commit(Commit {
            time: time(),
            object: self.object.clone(),
            head: version,
            inventory: Sha512::of(&self.inventories[at]),
            previous: self.previous[at],
            actor: None,
            job: None,
            deed,
        })
    }

    pub fn leaves(&self) -> Vec<Leaf> {
        (1..=self.inventories.len() as u32).map(|v| self.leaf(v, Deed::Placed)).collect()
    }

    pub fn held(&self) -> HeldFolder {
        let versions = self.inventories.iter().zip(&self.previous);
        let seals = self.seals.iter().map(|(head, text)| HeldSeal {
            head: *head,
            text: text.clone(),
            inventory: self.inventories[*head as usize - 1].clone(),
        });
        HeldFolder {
            object: self.object.clone(),
            versions: versions.map(|(i, p)| HeldVersion { inventory: Sha512::of(i), previous: *p }).collect(),
            seals: seals.collect(),
        }
    }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}
