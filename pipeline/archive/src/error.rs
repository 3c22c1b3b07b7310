//! What can stop a placing or a reading, and what the job runner does next.

use std::io;

use pipeline_domain::{CaseFolderId, ErrorCode, Verdict};

/// Why a case folder could not be written or read. Texts hold ids only.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder's newest version is not the one that the package was made against. Package again.
    #[error("case folder {folder} has moved on since it was packaged")]
    Conflict {
        /// The folder.
        folder: CaseFolderId,
        /// What the package was made against.
        based_on: Option<u32>,
        /// What the folder holds now.
        head: Option<u32>,
    },
    /// No room on the disk, or the quota is used up. What was staged is removed again.
    #[error("archive disk is full: cannot {action} in {at}")]
    DiskFull {
        /// What was tried.
        action: &'static str,
        /// A case folder, or `storage root`.
        at: String,
        /// What the system said.
        source: io::Error,
    },
    /// The disk refused. After a failed sync nothing is known about what was staged, so it is thrown away.
    #[error("cannot {action} in {at}")]
    Write {
        /// What was tried.
        action: &'static str,
        /// A case folder, or `storage root`.
        at: String,
        /// What the system said.
        source: io::Error,
    },
    /// What lies in the archive is not what was put there.
    #[error("case folder {folder} is damaged: {fault}")]
    Damaged {
        /// The folder.
        folder: CaseFolderId,
        /// What is wrong.
        fault: &'static str,
    },
    /// The folder or the path asked for is not there.
    #[error("case folder {folder} does not hold what was asked for")]
    NotThere {
        /// The folder.
        folder: CaseFolderId,
    },
    /// The package breaks a rule of the archive and will break it again.
    #[error("package for case folder {folder} refused: {rule}")]
    Refused {
        /// The folder.
        folder: CaseFolderId,
        /// The rule.
        rule: &'static str,
    },
    /// The folder named as the municipality's store holds something else.
    #[error("archive store of municipality {municipality} is not an OCFL 1.1 storage root")]
    NotAStorageRoot {
        /// Four digits.
        municipality: String,
    },
}

impl ArchiveError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Conflict { .. } => ErrorCode::ArchiveConflict,
            Self::DiskFull { .. } => ErrorCode::ArchiveDiskFull,
            Self::Write { .. } | Self::Refused { .. } => ErrorCode::ArchiveWrite,
            Self::Damaged { .. } | Self::NotThere { .. } | Self::NotAStorageRoot { .. } => ErrorCode::ArchiveDamaged,
        }
    }

    /// What the job runner does next. Exhaustive on purpose: a new failure must take a stand.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Conflict { .. } | Self::DiskFull { .. } | Self::Write { .. } => Verdict::Retry,
            Self::Damaged { .. } | Self::NotThere { .. } | Self::Refused { .. } | Self::NotAStorageRoot { .. } => Verdict::GiveUp,
        }
    }

    /// Wraps a system error. `at` is a case folder's id or `storage root`.
    pub(crate) fn io(action: &'static str, at: impl ToString) -> impl FnOnce(io::Error) -> Self {
        let at = at.to_string();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { action, at, source },
            _ => Self::Write { action, at, source },
        }
    }
}
