//! The archive's case folders, as the room that delivers them asks for them.

use std::{io, sync::Arc};

use pipeline_archive::{CASE_RECORD_PATH, CaseArchive};
use pipeline_deposit::{CaseFolder, FolderFile, Store};
use pipeline_domain::{CaseFolderId, MunicipalityNumber};

use crate::{failure::Failure, shell::Shell};

/// All folders of one municipality, each in its newest version.
pub struct ArchiveFolders {
    archive: Option<Arc<CaseArchive>>,
    folders: Vec<CaseFolderId>,
}

impl ArchiveFolders {
    /// Those that are there. Looking must not found a store.
    pub fn of(shell: &Shell, number: &MunicipalityNumber) -> Result<Self, Failure> {
        if !CaseArchive::storage_root(&shell.archive_root(), number).is_dir() {
            return Ok(Self { archive: None, folders: Vec::new() });
        }
        let archive = shell.archive(number)?;
        let folders = archive.folders()?;
        Ok(Self { archive: Some(archive), folders })
    }
}

impl Store for ArchiveFolders {
    fn count(&self) -> usize {
        self.folders.len()
    }

    fn open(&self, at: usize) -> io::Result<CaseFolder> {
        let (Some(archive), Some(id)) = (&self.archive, self.folders.get(at)) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let tree = archive.tree(id).map_err(io::Error::other)?;
        // Every version brings its own case record.
        let version = tree.iter().find(|entry| entry.path.as_str() == CASE_RECORD_PATH).map_or(0, |entry| entry.version);
        let place = archive.folder_path(id);
        let files = tree
            .into_iter()
            .map(|entry| (entry.path.as_str().to_owned(), FolderFile { path: place.join(&entry.content_path), sha512: entry.sha512 }));
        Ok(CaseFolder { id: id.clone(), version, files: files.collect() })
    }
}
