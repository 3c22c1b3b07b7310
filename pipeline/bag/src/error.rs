//! What can stop the writing or the judging of a bag, and what comes next.

use std::io;

use pipeline_domain::{ErrorCode, Verdict};

/// Why a bag could not be written or looked at. A payload file is named by its number in the list, counted from 1: paths may
/// hold titles.
#[derive(Debug, thiserror::Error)]
pub enum BagError {
    /// There is nothing to put in the bag.
    #[error("a bag needs at least one payload file")]
    NoPayload,
    /// The payload is not in rising order of path, or names one path twice.
    #[error("payload file {file} is out of order")]
    Order {
        /// Number in the list.
        file: usize,
    },
    /// Two paths are one file where letters are folded, or one is a folder of the other.
    #[error("payload files {file} and {other} have names that collide")]
    Collision {
        /// Number in the list.
        file: usize,
        /// The other one.
        other: usize,
    },
    /// The name of the base folder, a label or value of `bag-info.txt`, or the name of a tag file cannot be written.
    #[error("bag cannot be described: {rule}")]
    Description {
        /// The rule.
        rule: &'static str,
    },
    /// The password breaks a rule.
    #[error("password refused: {rule}")]
    Password {
        /// The rule.
        rule: &'static str,
    },
    /// A payload file could not be opened or read.
    #[error("payload file {file} cannot be read")]
    Read {
        /// Number in the list.
        file: usize,
        /// What the system said.
        source: io::Error,
    },
    /// A payload file is not as long as expected.
    #[error("payload file {file} does not have its expected size")]
    Size {
        /// Number in the list.
        file: usize,
    },
    /// A payload file is not what was expected.
    #[error("payload file {file} does not match its expected digest")]
    Digest {
        /// Number in the list.
        file: usize,
    },
    /// The target took no more.
    #[error("cannot write the bag")]
    Write {
        /// What the system said.
        source: io::Error,
    },
    /// What is to be judged cannot be opened at all.
    #[error("cannot open what is to be judged")]
    Open {
        /// What the system said.
        source: io::Error,
    },
}

impl BagError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Read { .. } | Self::Size { .. } | Self::Digest { .. } => ErrorCode::ExportDamaged,
            _ => ErrorCode::ExportFailed,
        }
    }

    /// What the job runner does next. Exhaustive on purpose: a new failure must take a stand.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Read { .. } | Self::Write { .. } | Self::Open { .. } => Verdict::Retry,
            Self::NoPayload
            | Self::Order { .. }
            | Self::Collision { .. }
            | Self::Description { .. }
            | Self::Password { .. }
            | Self::Size { .. }
            | Self::Digest { .. } => Verdict::GiveUp,
        }
    }
}
