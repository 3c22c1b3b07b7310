//! What can stop the witness, and what the job runner does next.

use std::{io, sync::Arc};

use pipeline_domain::{ErrorCode, Verdict};

/// Why a log, a key or a stamp could not be written, read or believed. Texts hold paths below the log's folder and numbers only.
///
/// It can be cloned because those who shared one write share its failure.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WitnessError {
    /// No room on the disk. Nothing was added to the log.
    #[error("log disk is full: cannot {action}")]
    DiskFull {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The disk refused. Nothing was added to the log.
    #[error("cannot {action}")]
    Disk {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// What lies in the log is not what was put there, and cannot be mended from what else lies there.
    #[error("log is damaged at {at}: {fault}")]
    Damaged {
        /// File below the log's folder.
        at: String,
        /// What is wrong.
        fault: &'static str,
    },
    /// The log holds fewer leaves than a checkpoint that it has signed.
    #[error("log of {size} leaves has signed a checkpoint of {signed}")]
    RolledBack {
        /// Leaves there are.
        size: u64,
        /// Leaves there were.
        signed: u64,
    },
    /// An entry is longer than 65,535 bytes, or a group than 4 GiB.
    #[error("entry or group is too long for the log")]
    TooLong,
    /// Asked for a leaf or a size that the log does not have.
    #[error("log of {size} leaves does not reach {asked}")]
    NotThere {
        /// Leaves there are.
        size: u64,
        /// Asked for.
        asked: u64,
    },
    /// A key file cannot be used.
    #[error("key cannot be used: {fault}")]
    Key {
        /// What is wrong.
        fault: &'static str,
    },
    /// The history of keys does not hold together.
    #[error("note {note} of the keys' history is refused: {fault}")]
    History {
        /// Counted from 0, the founding note.
        note: usize,
        /// What is wrong.
        fault: &'static str,
    },
    /// A note, checkpoint, proof, seal or leaf is not written as it should be.
    #[error("not a {what}")]
    Malformed {
        /// What it should have been.
        what: &'static str,
    },
    /// A time-stamp authority did not answer.
    #[error("time-stamp authority cannot be reached: {}", source.kind())]
    Unreachable {
        /// What the network said.
        source: Arc<io::Error>,
    },
    /// A time stamp is not to be believed, or a time-stamp authority refused.
    #[error("time stamp refused: {fault}")]
    Stamp {
        /// What is wrong.
        fault: &'static str,
    },
}

impl WitnessError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            // The log lies beside the case folders, on their disk.
            Self::DiskFull { .. } => ErrorCode::ArchiveDiskFull,
            Self::Disk { .. } | Self::TooLong => ErrorCode::WitnessWrite,
            Self::Damaged { .. } | Self::RolledBack { .. } | Self::NotThere { .. } | Self::Malformed { .. } => ErrorCode::WitnessLogDamaged,
            Self::Key { .. } | Self::History { .. } => ErrorCode::WitnessKey,
            Self::Stamp { .. } => ErrorCode::TimeStampRefused,
            Self::Unreachable { .. } => ErrorCode::TimeStampUnreachable,
        }
    }

    /// What the job runner does next. Exhaustive on purpose: a new failure must take a stand.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::DiskFull { .. } | Self::Disk { .. } | Self::Unreachable { .. } => Verdict::Retry,
            Self::Damaged { .. } | Self::RolledBack { .. } | Self::TooLong | Self::NotThere { .. } => Verdict::GiveUp,
            Self::Key { .. } | Self::History { .. } | Self::Malformed { .. } | Self::Stamp { .. } => Verdict::GiveUp,
        }
    }

    /// Wraps a system error.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { action, source: Arc::new(source) },
            _ => Self::Disk { action, source: Arc::new(source) },
        }
    }
}
