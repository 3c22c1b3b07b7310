//! The archive's case folders, as the room that delivers them asks for them.

use std::{cell::RefCell, io, sync::Arc};

use pipeline_archive::{CASE_RECORD_PATH, CaseArchive};
use pipeline_deposit::{CaseFolder, FolderFile, Release, Store};
use pipeline_domain::{CaseFolderId, MunicipalityNumber};
use pipeline_package::CaseRecord;

use crate::{
    asking::{Round, Thing},
    failure::Failure,
    shell::Shell,
};

/// All folders of one municipality, each in its newest version, and who asks for them.
pub struct ArchiveFolders<'a> {
    archive: Option<Arc<CaseArchive>>,
    folders: Vec<CaseFolderId>,
    round: RefCell<Option<Round<'a>>>,
}

impl<'a> ArchiveFolders<'a> {
    /// Those that are there. Looking must not found a store.
    pub fn of(shell: &Shell, number: &MunicipalityNumber, round: Round<'a>) -> Result<Self, Failure> {
        let round = RefCell::new(Some(round));
        if !CaseArchive::storage_root(&shell.archive_root(), number).is_dir() {
            return Ok(Self { archive: None, folders: Vec::new(), round });
        }
        let archive = shell.archive(number)?;
        let folders = archive.folders()?;
        Ok(Self { archive: Some(archive), folders, round })
    }

    /// Every answer, once all folders are chosen: no more are given afterwards.
    pub fn answers(&self) -> Option<Round<'a>> {
        self.round.take()
    }
}

impl Store for ArchiveFolders<'_> {
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

    fn release(&self, folder: &CaseFolder) -> io::Result<Release> {
        let record = folder.bytes(CASE_RECORD_PATH).map_err(io::Error::other)?;
        let record = CaseRecord::read(&record).map_err(io::Error::other)?;
        let granted = self.round.borrow_mut().as_mut().is_some_and(|round| round.ask(&Thing::of_folder(&record)));
        Ok(if granted { Release::Granted } else { Release::Withheld })
    }
}
