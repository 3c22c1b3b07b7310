//! The data folder: where everything lies that survives a restart.
//!
//! ```text
//! data/
//!   arkivflyt.toml, municipalities/   settings (municipalities are required)
//!   arkivflyt.db                      what waits and what is done: ids and digests only
//!   inbox/                            drop folder; .taken-* is in hand
//!   inbox/attachments/<digest>        files that documents name; put there before the document
//!   accepted/<digest>.json            taken documents, as they came, for some days
//!   accepted/attachments/<digest>     the files that they name
//!   refused/<digest>.json             refused ones, each beside its .problems.json
//!   refused/attachments/<digest>      files that the archive does not take, each beside its .problems.json
//!   work/                             what one stage leaves for the next; may be emptied at any time
//!   reports/                          what scheduled runs found
//!   prints/<event>.pdf                prints that the source system asked for, for some days
//!   exports/<event>.zip               the same, of all that is kept about somebody (GDPR art. 15)
//!   bounces/                          delivery reports of mails, by number
//!   access/<municipality>/            the access log, and the register of who was given which role
//!   fixity/                           when each case folder was last checked: `fixity.rs`; may be lost
//!   arkivlager/<municipality>/        case folders (OCFL)
//!   mail/                             notices (Maildir)
//! ```

mod parts;

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use pipeline_domain::{ErrorCode, Sha256};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

pub use parts::{DurableBatch, move_new, sweep_parts};

use crate::failure::Failure;

/// A data folder that has been set up.
#[derive(Clone, Debug)]
pub struct DataFolder {
    root: PathBuf,
}

const FOLDERS: [&str; 4] = ["inbox", "accepted", "refused", "municipalities"];
/// Made when they are missing: a data folder of an earlier version has none.
const LATER_FOLDERS: [&str; 4] = ["work", "reports", "access", "bounces"];

impl DataFolder {
    /// An existing one.
    pub fn open(root: &Path) -> Result<Self, Failure> {
        let data = Self { root: root.to_owned() };
        if !FOLDERS.iter().all(|f| root.join(f).is_dir()) {
            return Err(Failure::give_up(ErrorCode::NotInitialised, format!("no data folder at {}", root.display())));
        }
        for folder in LATER_FOLDERS {
            make(&root.join(folder))
                .map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot make {folder} in the data folder: {e}")))?;
        }
        Ok(data)
    }

    /// Makes what is missing. Private to this user: it will hold what nobody else may read.
    pub fn create(root: &Path) -> io::Result<Self> {
        for folder in FOLDERS.iter().chain(&LATER_FOLDERS) {
            make(&root.join(folder))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn database(&self) -> PathBuf {
        self.root.join("arkivflyt.db")
    }

    pub fn inbox(&self) -> PathBuf {
        self.root.join("inbox")
    }

    pub fn accepted(&self) -> PathBuf {
        self.root.join("accepted")
    }

    pub fn refused(&self) -> PathBuf {
        self.root.join("refused")
    }

    /// Every folder that a [`DurableBatch`] may have left parts in. Some are made when the first file comes.
    pub fn with_parts(&self) -> Vec<PathBuf> {
        let attachments = |folder: PathBuf| folder.join("attachments");
        let mut folders = vec![
            // For the key of people's places.
            self.root.clone(),
            self.accepted(),
            self.refused(),
            attachments(self.accepted()),
            attachments(self.refused()),
            self.prints(),
            self.exports(),
            self.requests(),
            self.bounces(),
        ];
        // One for each municipality.
        let reports = std::fs::read_dir(self.reports()).into_iter().flatten().flatten();
        folders.extend(reports.map(|entry| entry.path()).filter(|path| path.is_dir()));
        folders
    }

    /// Prints that wait to be fetched. Made when the first one comes.
    pub fn prints(&self) -> PathBuf {
        self.root.join("prints")
    }

    /// Packages of what is kept about somebody, that wait to be fetched. Made when the first one comes.
    pub fn exports(&self) -> PathBuf {
        self.root.join("exports")
    }

    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// Which plans the coordination system is asked to hand in. Made when the first one comes.
    pub fn requests(&self) -> PathBuf {
        self.root.join("requests")
    }

    /// The access log and the register of access.
    pub fn access(&self) -> PathBuf {
        self.root.join("access")
    }

    /// When each case folder was last checked. Made when the first check comes.
    pub fn fixity(&self) -> PathBuf {
        self.root.join("fixity")
    }

    /// What other mail servers reported of our mails: ids and codes.
    pub fn bounces(&self) -> PathBuf {
        self.root.join("bounces")
    }

    /// Holds the time of the last backup that was finished and checked.
    pub fn last_backup_file(&self) -> PathBuf {
        self.root.join("last-backup.txt")
    }

    pub fn municipalities(&self) -> PathBuf {
        self.root.join("municipalities")
    }

    /// Where a document with this content digest lies from acceptance until its notices are sent.
    pub fn accepted_file(&self, digest: Sha256) -> PathBuf {
        self.accepted().join(format!("{digest}.json"))
    }

    /// A path from the configuration, relative to the data folder.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// Takes a seat for carrying documents on. `None` when that cannot be had beside those who sit.
    pub fn lock(&self, seat: SeatKind) -> io::Result<Option<Seat>> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.root.join("arkivflyt.lock"))?;
        let operation = match seat {
            SeatKind::Alone => FlockOperation::NonBlockingLockExclusive,
            SeatKind::AmongWorkers => FlockOperation::NonBlockingLockShared,
        };
        match flock(&file, operation) {
            Ok(()) => Ok(Some(Seat { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

/// Private to this user.
fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Who else may carry documents on in the same data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatKind {
    /// Nobody: a command that does the whole work itself.
    Alone,
    /// Other workers: the queue gives each job to one of them.
    AmongWorkers,
}

/// Held while this process carries documents on; the kernel gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Seat {
    _file: fs::File,
}

/// How `accepted/` is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Files are put there and get their rows. Many may do so at once.
    ToAccept,
    /// Files without a row are looked for. Nobody may be between file and row meanwhile.
    ToSort,
}

/// Given back when dropped, or by the kernel when the process ends.
#[derive(Debug)]
pub struct AcceptedHold {
    _folder: fs::File,
}

impl DataFolder {
    /// Holds `accepted/`. `None` when others do not let go of it in time.
    pub async fn hold_accepted(&self, hold: Hold) -> io::Result<Option<AcceptedHold>> {
        const BETWEEN_TRIES: Duration = Duration::from_millis(20);
        let folder = fs::File::open(self.accepted())?;
        let (operation, tries) = match hold {
            Hold::ToAccept => (FlockOperation::NonBlockingLockShared, 1500),
            Hold::ToSort => (FlockOperation::NonBlockingLockExclusive, 100),
        };
        for _ in 0..tries {
            match flock(&folder, operation) {
                Ok(()) => return Ok(Some(AcceptedHold { _folder: folder })),
                Err(Errno::WOULDBLOCK) => tokio::time::sleep(BETWEEN_TRIES).await,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn accepting_together_sorting_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataFolder::create(dir.path()).unwrap();
        let one = data.hold_accepted(Hold::ToAccept).await.unwrap();
        let two = data.hold_accepted(Hold::ToAccept).await.unwrap();
        assert!(one.is_some() && two.is_some());
        assert!(data.hold_accepted(Hold::ToSort).await.unwrap().is_none());
        drop((one, two));
        assert!(data.hold_accepted(Hold::ToSort).await.unwrap().is_some());
    }

    #[test]
    fn one_alone_or_many_workers() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataFolder::create(dir.path()).unwrap();
        let seat = data.lock(SeatKind::Alone).unwrap();
        assert!(seat.is_some());
        assert!(data.lock(SeatKind::Alone).unwrap().is_none());
        assert!(data.lock(SeatKind::AmongWorkers).unwrap().is_none());
        drop(seat);
        let workers = [data.lock(SeatKind::AmongWorkers).unwrap(), data.lock(SeatKind::AmongWorkers).unwrap()];
        assert!(workers.iter().all(Option::is_some));
        assert!(data.lock(SeatKind::Alone).unwrap().is_none());
    }
}
