//! Where the source system fetches what it asked for: `prints/<event>.pdf` and `exports/<event>.zip` in the data folder. The event's id is
//! the name, since nobody else has it; a file that is there is whole.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use pipeline_domain::{CaseFolderId, ErrorCode, Event, EventName, FactKind, Verdict};
use pipeline_lifecycle::Life;
use pipeline_store::Plans;

use super::{asked, deeds};
use crate::{data::DataFolder, data::DurableBatch, failure::Failure, jobs::tidy, shell::Shell};

/// The source system has an account of its own, in the group of this one.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;

/// The place of one file.
#[derive(Clone, Debug)]
pub struct Pickup {
    folder: PathBuf,
    name: String,
}

impl Pickup {
    /// `None` for an event that asks for no file.
    pub fn of(data: &DataFolder, event: &Event) -> Option<Self> {
        let (folder, name) = match event.content.event {
            EventName::PrintRequested => (data.prints(), format!("{}.pdf", event.id)),
            EventName::ExportRequested => (data.exports(), format!("{}.zip", event.id)),
            _ => return None,
        };
        Some(Self { folder, name })
    }

    /// Whether it was put here before.
    pub fn is_there(&self) -> bool {
        self.folder.join(&self.name).is_file()
    }

    /// Puts it here, whole or not at all. Blocks.
    pub fn put<T>(&self, write: impl FnOnce(&mut File) -> Result<T, Failure>) -> Result<T, Failure> {
        make(&self.folder).map_err(|e| failed(&e))?;
        let mut batch = DurableBatch::new(self.folder.clone());
        let mut written = None;
        batch
            .add_by(&self.name, |file| {
                let done = write(file);
                file.set_permissions(Permissions::from_mode(FILE_MODE))?;
                let is_whole = done.is_ok();
                written = Some(done);
                Ok(is_whole)
            })
            .map_err(|e| failed(&e))?;
        let written = written.expect("the file was written, or an error was answered")?;
        batch.finish().map_err(|e| failed(&e))?;
        Ok(written)
    }

    /// Takes it away, if it is there.
    pub fn remove(&self) -> Result<(), Failure> {
        match fs::remove_file(self.folder.join(&self.name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(&e)),
            _ => Ok(()),
        }
    }
}

/// The data folder itself stays closed to others until somebody opens it to the group.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))
}

/// The disk under the data folder is in trouble.
pub fn failed(e: &io::Error) -> Failure {
    let code = if e.kind() == io::ErrorKind::StorageFull { ErrorCode::ArchiveDiskFull } else { ErrorCode::ArchiveWrite };
    Failure::retry(code, format!("cannot keep what was asked for: {e}"))
}

/// Removes what nobody has fetched in the days that the configuration gives, and what was fetched.
pub fn remove_old(shell: &Shell) -> Result<(), Failure> {
    for folder in [shell.data.prints(), shell.data.exports()] {
        let entries = match fs::read_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(|e| failed(&e))?,
        };
        for entry in entries {
            let entry = entry.map_err(|e| failed(&e))?;
            let is_part = entry.file_name().to_string_lossy().starts_with('.');
            if !is_part && tidy::is_older(shell, &entry.path(), shell.config.prints.keep_days) {
                match fs::remove_file(entry.path()) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(&e)),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// Takes away what lies here of a plan whose consent has ended, but for what its own side asked for. Another consent may still hold.
pub async fn take_back(shell: &Shell, folder: &CaseFolderId) -> Result<(), Failure> {
    let facts = shell.store.facts_of(folder).await?;
    if !Life::of(facts.iter().map(|row| &row.fact)).is_suspended(shell.clock.now()) {
        return Ok(());
    }
    let is_request = |kind| matches!(kind, FactKind::Event(event) if asked::is_request(event));
    for row in facts.iter().filter(|row| is_request(row.fact.kind)) {
        match deeds::read_back(shell, row).await {
            Ok(event) if asked::is_own_side(&event) => {}
            Ok(event) => Pickup::of(&shell.data, &event).map_or(Ok(()), |pickup| pickup.remove())?,
            // An old one: its file has gone the same way.
            Err(failure) if failure.verdict == Verdict::GiveUp => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}
