//! What can stop an extract, and what comes next.

use std::io;

use pipeline_domain::{CaseFolderId, ErrorCode, Verdict};

use crate::Leak;

/// Why there is no extract. Texts hold ids only.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    /// No closed case folder with a file in the period and the parts that were asked for.
    #[error("no closed case folder to deliver")]
    Nothing,
    /// Some of the folders may not be given to whoever asks.
    #[error("{folders} case folder(s) of this extract may not be given to whoever asks")]
    Withheld {
        /// How many.
        folders: u64,
    },
    /// What was asked for contradicts itself.
    #[error("extract cannot be described: {rule}")]
    Description {
        /// The rule.
        rule: &'static str,
    },
    /// An official schema is in none of the folders that were named.
    #[error("official schema {name} is not there")]
    SchemaMissing {
        /// File name.
        name: &'static str,
    },
    /// A case folder could not be read.
    #[error("case folder {folder} cannot be read")]
    Read {
        /// The folder.
        folder: CaseFolderId,
        /// What the system said.
        source: io::Error,
    },
    /// The store could not be listed, or one of its folders not opened.
    #[error("archive store cannot be read")]
    Store {
        /// What the system said.
        source: io::Error,
    },
    /// A file is not the one that was archived.
    #[error("file of unit {unit} in case folder {folder} is not the one that was archived")]
    Differs {
        /// The folder.
        folder: CaseFolderId,
        /// `systemID` of the document object.
        unit: String,
    },
    /// Metadata of a case folder is not what this program wrote, or lacks what an extract needs.
    #[error("metadata of case folder {folder} cannot be used: {fault}")]
    Unfit {
        /// The folder.
        folder: CaseFolderId,
        /// What is wrong.
        fault: &'static str,
    },
    /// A case folder got a new version while the extract was made.
    #[error("case folder {folder} has moved on since the extract began")]
    Moved {
        /// The folder.
        folder: CaseFolderId,
    },
    /// Words that are screened stand where everybody may read.
    #[error("{} unit(s) show screened words to the public, first {}", leaks.len(), leaks.first().map_or("", |l| &l.unit))]
    Leaks {
        /// The first of them, at most a hundred.
        leaks: Vec<Leak>,
    },
    /// The check before sealing found errors.
    #[error("the check before sealing found {errors} error(s)")]
    Refused {
        /// How many.
        errors: u64,
    },
    /// Something else lies where the extract would.
    #[error("the target is not empty")]
    TargetTaken,
    /// Another process makes an extract for the same target.
    #[error("another process is at work on this target")]
    Busy,
    /// No room on the disk. What was made stays under its hidden name, and the next run goes on from it.
    #[error("disk is full: cannot {action}")]
    DiskFull {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The disk refused.
    #[error("cannot {action}")]
    Write {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl DepositError {
    /// Turns what the system said into an error of writing.
    pub(crate) fn writing(action: &'static str) -> impl Fn(io::Error) -> Self + Copy {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { action, source },
            _ => Self::Write { action, source },
        }
    }

    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Nothing => ErrorCode::ExtractEmpty,
            Self::Withheld { .. } => ErrorCode::NotAuthorised,
            Self::SchemaMissing { .. } => ErrorCode::ExtractSchemaMissing,
            Self::Read { .. } | Self::Store { .. } | Self::Differs { .. } | Self::Unfit { .. } => ErrorCode::ExtractDamaged,
            Self::Leaks { .. } => ErrorCode::ExtractLeak,
            Self::Refused { .. } => ErrorCode::ExtractRefused,
            Self::DiskFull { .. } => ErrorCode::ExtractDiskFull,
            Self::Description { .. } | Self::Moved { .. } | Self::TargetTaken | Self::Busy | Self::Write { .. } => ErrorCode::ExtractFailed,
        }
    }

    /// What the job runner does next. Exhaustive on purpose: a new failure must take a stand.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Read { .. } | Self::Store { .. } | Self::Moved { .. } | Self::Busy | Self::DiskFull { .. } | Self::Write { .. } => {
                Verdict::Retry
            }
            Self::Nothing
            | Self::Withheld { .. }
            | Self::Description { .. }
            | Self::SchemaMissing { .. }
            | Self::Differs { .. }
            | Self::Unfit { .. }
            | Self::Leaks { .. }
            | Self::Refused { .. }
            | Self::TargetTaken => Verdict::GiveUp,
        }
    }
}
