//! What is delivered: case folders as the archive holds them.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use pipeline_domain::{CaseFolderId, Sha512};

use crate::DepositError;

/// Case folders, each in its newest version. Asked twice for the same folder, in any order.
pub trait Store {
    /// How many folders there are.
    fn count(&self) -> usize;

    /// Opens folder number `at`, counted from 0.
    ///
    /// # Errors
    /// When the folder cannot be read or is damaged.
    fn open(&self, at: usize) -> io::Result<CaseFolder>;

    /// Whether a folder that would be delivered may be. Asked once for each, in order, before anything is written.
    ///
    /// # Errors
    /// When nobody can tell.
    fn release(&self, folder: &CaseFolder) -> io::Result<Release>;
}

/// Whether whoever asks for the extract may have a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// They may.
    Granted,
    /// They may not. An extract without it would look whole, so none is made.
    Withheld,
}

/// One case folder in its newest version.
#[derive(Clone, Debug)]
pub struct CaseFolder {
    /// Its id.
    pub id: CaseFolderId,
    /// Number of the version.
    pub version: u32,
    /// Every file of the version, by its logical path.
    pub files: BTreeMap<String, FolderFile>,
}

/// Where a file of a case folder lies, and what it must be.
#[derive(Clone, Debug)]
pub struct FolderFile {
    /// On disk.
    pub path: PathBuf,
    /// By the archive's inventory.
    pub sha512: Sha512,
}

impl CaseFolder {
    /// A small text file of the folder, checked against its digest.
    pub(crate) fn text(&self, path: &str) -> Result<String, DepositError> {
        String::from_utf8(self.bytes(path)?).map_err(|_| self.unfit("a metadata file is not UTF-8"))
    }

    /// A small file of the folder, checked against its digest.
    ///
    /// # Errors
    /// When it is not there, cannot be read or is not what the inventory says.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, DepositError> {
        let file = self.files.get(path).ok_or_else(|| self.unfit("a metadata file is missing"))?;
        let bytes = fs::read(&file.path).map_err(|source| DepositError::Read { folder: self.id.clone(), source })?;
        if Sha512::of(&bytes) == file.sha512 { Ok(bytes) } else { Err(self.unfit("a metadata file does not match its digest")) }
    }

    pub(crate) fn unfit(&self, fault: &'static str) -> DepositError {
        DepositError::Unfit { folder: self.id.clone(), fault }
    }
}
