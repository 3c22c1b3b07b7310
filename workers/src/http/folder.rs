//! Whether a folder can be written to, asked without leaving anything behind.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use pipeline_domain::ErrorCode;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};

/// What is written to see whether there is room: one block of most file systems.
const BLOCK: [u8; 4096] = [0; 4096];

/// Asks of one folder whether it can be written to. At most one question is under way: a network folder that does not answer
/// holds one thread, however often somebody asks.
#[derive(Debug)]
pub struct FolderProbe {
    folder: PathBuf,
    asking: Arc<AtomicBool>,
}

impl FolderProbe {
    /// Of this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, asking: Arc::new(AtomicBool::new(false)) }
    }

    /// Writes a block to a file without a name, which is gone when it is closed.
    ///
    /// # Errors
    /// `archive_disk_full`: there is no room. `archive_write`: anything else, also when the last question is still unanswered.
    pub async fn ask(&self) -> Result<(), ErrorCode> {
        if self.asking.swap(true, Ordering::AcqRel) {
            return Err(ErrorCode::ArchiveWrite);
        }
        let (folder, asking) = (self.folder.clone(), self.asking.clone());
        let answer = tokio::task::spawn_blocking(move || {
            let answer = write_nameless(&folder);
            asking.store(false, Ordering::Release);
            answer
        });
        match answer.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) if matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => Err(ErrorCode::ArchiveDiskFull),
            _ => Err(ErrorCode::ArchiveWrite),
        }
    }
}

fn write_nameless(folder: &Path) -> io::Result<()> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(rustix::io::write(&file, &BLOCK).map(drop)?),
        // Some network file systems have no files without a name: then ask for the right to write alone.
        Err(rustix::io::Errno::OPNOTSUPP) => Ok(rustix::fs::accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_asked_without_leaving_anything() {
        let folder = tempfile::tempdir().unwrap();
        let probe = FolderProbe::new(folder.path().to_owned());
        assert_eq!((probe.ask().await, probe.ask().await), (Ok(()), Ok(())));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_is_not_there_or_not_a_folder_cannot_be_written_to() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        for name in ["gone", "file"] {
            assert_eq!(FolderProbe::new(folder.path().join(name)).ask().await, Err(ErrorCode::ArchiveWrite), "{name}");
        }
    }

    #[tokio::test]
    async fn a_question_that_hangs_is_not_asked_twice() {
        let folder = tempfile::tempdir().unwrap();
        let probe = FolderProbe::new(folder.path().to_owned());
        probe.asking.store(true, Ordering::Release);
        assert_eq!(probe.ask().await, Err(ErrorCode::ArchiveWrite));
    }
}
