//! `backup.json`: what a backup is, and how much is in it.

use std::{collections::BTreeMap, fs, io, path::Path};

use pipeline_domain::{ErrorCode, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{any_store::Database, backup::damaged, failure::Failure};

pub const NAME: &str = "backup.json";

/// Ids and numbers only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// [`FORMAT`](super::FORMAT).
    pub format: u32,
    /// [`pipeline_store::dump::FORMAT`].
    pub database_format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// Which database it was read from.
    pub database: Database,
    /// When it was begun: nothing later is missing from it by mistake.
    pub created_at: Timestamp,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Case folders.
    pub case_folders: u64,
    /// Lines in the manifest but for `backup.json`, and the bytes of those files.
    pub files: u64,
    pub bytes: u64,
    /// Where the case folders lay, by the configuration: relative to the data folder, or absolute.
    pub archive_folder: String,
    /// Where the Maildir lay in the data folder; `None` when mail goes elsewhere.
    pub mail_folder: Option<String>,
    /// Digests of documents that wait for something and whose accepted file was not there.
    pub missing_accepted: Vec<String>,
    /// Digests of documents that have failed and whose accepted file was not there. Nobody waits for them: it is worth a word, and
    /// no more.
    #[serde(default)]
    pub missing_failed: Vec<String>,
    /// Case folders that were damaged or missing where they came from. They are here as they were.
    pub damaged: Vec<String>,
    /// Case folders, and versions of them, that the database did not know yet: not taken.
    #[serde(default)]
    pub later: u64,
    /// Links, pipes and the like among the files: not taken.
    pub left_out: u64,
}

impl About {
    /// Whether nothing was amiss with what was taken.
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.missing_accepted.is_empty()
    }

    /// Reads it. `StoreNewer` when a newer program made it.
    pub fn read(backup: &Path) -> Result<Self, Failure> {
        let path = backup.join(NAME);
        let bytes = fs::read(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => damaged(backup, "not a backup: no backup.json"),
            _ => damaged(&path, &e.to_string()),
        })?;
        /// Read alone first: a newer form may have other keys.
        #[derive(Deserialize)]
        struct Form {
            format: u32,
            database_format: u32,
        }
        let form: Form = serde_json::from_slice(&bytes).map_err(|_| damaged(&path, "not what a backup says of itself"))?;
        if form.format > super::FORMAT || form.database_format > pipeline_store::dump::FORMAT {
            return Err(Failure::give_up(ErrorCode::StoreNewer, format!("{}: made by a newer version of the program", path.display())));
        }
        serde_json::from_slice(&bytes).map_err(|_| damaged(&path, "not what a backup says of itself"))
    }
}
