//! The samples of the workspace.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::files_below;

/// Root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// `samples/`.
pub fn samples_folder() -> PathBuf {
    workspace().join("samples")
}

/// One document of `samples/`.
#[derive(Clone, Debug)]
pub struct Sample {
    /// `plan-snapshot/full-ip.json`.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// As it lies there.
    pub bytes: Vec<u8>,
}

impl Sample {
    /// As JSON; only good samples are.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// `<id> v<version>`.
    pub fn key(&self) -> String {
        let json = self.json();
        format!("{} v{}", json["id"].as_str().expect("an id"), json["content"]["version"])
    }

    /// Code that a broken sample is named for.
    pub fn code(&self) -> &str {
        let file = self.name.rsplit('/').next().expect("a name has a last part");
        file.trim_end_matches(".json").split("__").next().expect("a split has a first part")
    }

    /// Folder of its document type.
    pub fn folder(&self) -> &str {
        self.name.split('/').next().expect("a split has a first part")
    }
}

fn all() -> Vec<Sample> {
    let root = samples_folder();
    let json = files_below(&root).into_iter().filter(|p| p.extension().is_some_and(|x| x == "json"));
    json.map(|path| {
        let name = path.strip_prefix(&root).expect("it lies below").display().to_string();
        let bytes = std::fs::read(&path).expect("a sample can be read");
        Sample { name, path, bytes }
    })
    .collect()
}

/// The folder of each document type: `meeting-minutes` and its like, by name.
pub fn kind_folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(samples_folder()).expect("the samples can be listed");
    let mut folders: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 3, "the samples are gone: {folders:?}");
    folders
}

/// Every document that must be archived, by name.
pub fn good_samples() -> Vec<Sample> {
    let good: Vec<Sample> = all().into_iter().filter(|s| !s.name.contains("/broken/")).collect();
    assert!(good.len() >= 20, "the samples are gone: {}", good.len());
    good
}

/// Those whose mail can be sent on any day: an invitation is worth nothing once its meeting has begun. For tests that run by the
/// wall clock.
pub fn lasting_samples() -> Vec<Sample> {
    good_samples().into_iter().filter(|s| !s.name.starts_with("meeting-invitation/")).collect()
}

/// How many folders stay closed when every sample is archived: each ends with a list of what it holds, which Arkivflyt makes itself.
pub fn left_closed() -> usize {
    let plans = |folder: &str| -> BTreeSet<String> {
        let of = good_samples().into_iter().filter(|s| s.folder() == folder);
        of.map(|s| s.json()["case"]["plan_id"].as_str().expect("a plan").to_owned()).collect()
    };
    plans("closing-note").difference(&plans("reopening-note")).count()
}

/// Every document that must be refused, by name.
pub fn broken_samples() -> Vec<Sample> {
    let broken: Vec<Sample> = all().into_iter().filter(|s| s.name.contains("/broken/")).collect();
    assert!(broken.len() >= 60, "the broken samples are gone: {}", broken.len());
    broken
}
