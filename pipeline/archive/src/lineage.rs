//! What a log outside the store is held against: each version's digest and the one that it names before it, and what lies in `logs/`.
//!
//! Reading opens no store and so mends nothing. Files in `logs/` belong to no version (OCFL 1.1 § 3.1) and are never changed either.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use pipeline_domain::{CaseFolderId, MunicipalityNumber, Sha512};

use crate::{
    ArchiveError, disk,
    layout::{CHAIN_PATH, CONTENT, INVENTORY},
    store::{self, CaseArchive},
};

const LOGS: &str = "logs";
const LOG_FILE_MODE: u32 = 0o440;

/// One version of a case folder as it lies on the disk. Nothing is promised of its content: that is `verify_case`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    /// Its number.
    pub version: u32,
    /// Of `vN/inventory.json`, worked out from its bytes.
    pub inventory: Sha512,
    /// What `vN/content/metadata/forrige-versjon.sha512` says. `None` when it has none, or one that cannot be read.
    pub previous: Option<Sha512>,
}

impl CaseArchive {
    /// Every case folder of a store that need not be open, in order.
    pub fn stored_folders(arkivlager: &Path, municipality: &MunicipalityNumber) -> Result<Vec<CaseFolderId>, ArchiveError> {
        let ocfl = Self::storage_root(arkivlager, municipality);
        if ocfl.is_dir() { store::folders_below(&ocfl, municipality) } else { Ok(Vec::new()) }
    }

    /// The versions of a case folder, from the first to the last without a gap: what follows a gap cannot be placed in a chain.
    pub fn stored_versions(arkivlager: &Path, folder: &CaseFolderId) -> Result<Vec<StoredVersion>, ArchiveError> {
        let mut versions = Vec::new();
        for number in 1.. {
            match Self::stored_version(arkivlager, folder, number)? {
                Some(version) => versions.push(version),
                None => break,
            }
        }
        Ok(versions)
    }

    /// One version. `None` when its inventory is not there.
    pub fn stored_version(arkivlager: &Path, folder: &CaseFolderId, version: u32) -> Result<Option<StoredVersion>, ArchiveError> {
        let Some(bytes) = Self::stored_inventory(arkivlager, folder, version)? else { return Ok(None) };
        let chain = version_path(arkivlager, folder, version).join(CONTENT).join(CHAIN_PATH);
        let chain = disk::read_if_there(&chain).map_err(ArchiveError::io("read chain", folder))?;
        Ok(Some(StoredVersion { version, inventory: Sha512::of(&bytes), previous: chain.and_then(|text| named(&text)) }))
    }

    /// `vN/inventory.json`, letter for letter.
    pub fn stored_inventory(arkivlager: &Path, folder: &CaseFolderId, version: u32) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = version_path(arkivlager, folder, version).join(INVENTORY);
        disk::read_if_there(&path).map_err(ArchiveError::io("read inventory", folder))
    }

    /// Names of the files in a case folder's `logs/`, sorted.
    pub fn log_names(arkivlager: &Path, folder: &CaseFolderId) -> Result<Vec<String>, ArchiveError> {
        match disk::names(&Self::case_folder(arkivlager, folder).join(LOGS)) {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
            names => names.map_err(ArchiveError::io("list logs", folder)),
        }
    }

    /// A file in a case folder's `logs/`.
    pub fn read_log(arkivlager: &Path, folder: &CaseFolderId, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = Self::case_folder(arkivlager, folder).join(LOGS).join(name);
        disk::read_if_there(&path).map_err(ArchiveError::io("read log", folder))
    }

    /// Puts a file into a case folder's `logs/`, whole and on the disk when this returns. What lies there under the name is never
    /// written over: `false` when something does, whatever it says.
    ///
    /// Fails with [`ArchiveError::NotThere`] for a folder that is not there, and when the disk refuses.
    pub fn put_log(&self, folder: &CaseFolderId, name: &str, bytes: &[u8]) -> Result<bool, ArchiveError> {
        let case = self.folder_path(folder);
        if !case.is_dir() {
            return Err(ArchiveError::NotThere { folder: folder.clone() });
        }
        self.move_in(&case, name, bytes).map_err(ArchiveError::io("write log", folder))
    }

    fn move_in(&self, case: &Path, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let build = self.staging.build(LOGS)?;
        let made = build.path().join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(LOG_FILE_MODE).open(&made)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let logs = case.join(LOGS);
        match disk::make_dir(&logs) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            Err(_) => {}
            Ok(()) => disk::sync_dir(case)?,
        }
        match disk::rename_new(&made, &logs.join(name)) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            moved => moved.and_then(|()| disk::sync_dir(&logs)).map(|()| true),
        }
    }
}

fn version_path(arkivlager: &Path, folder: &CaseFolderId, version: u32) -> PathBuf {
    CaseArchive::case_folder(arkivlager, folder).join(format!("v{version}"))
}

/// The digest in a line of coreutils' form.
fn named(text: &[u8]) -> Option<Sha512> {
    std::str::from_utf8(text).ok()?.split_whitespace().next()?.parse().ok()
}
