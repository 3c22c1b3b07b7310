//! What can stop this room.

use pipeline_domain::{ErrorCode, Verdict};

use crate::Flag;

/// Why a question or a log could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Two facts that cannot both be so.
    #[error("flags {first} and {second} contradict each other")]
    FlagsContradict {
        /// The one given first.
        first: Flag,
        /// The other.
        second: Flag,
    },
    /// A line that is not a row of an access log as this program writes it.
    #[error("line {line} of the access log is not a row in the one spelling that rows have")]
    RowUnreadable {
        /// From 1.
        line: u64,
    },
    /// A row that does not follow the one before it.
    #[error("line {line} of the access log does not follow the line before it")]
    ChainBroken {
        /// From 1.
        line: u64,
    },
    /// The log is shorter than what is known to have been written.
    #[error("the access log ends after line {line}, but more was written")]
    LogCutShort {
        /// The last line there is; 0 for an empty log.
        line: u64,
    },
}

impl AccessError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::FlagsContradict { .. } => ErrorCode::AccessFlagsContradict,
            Self::RowUnreadable { .. } | Self::ChainBroken { .. } | Self::LogCutShort { .. } => ErrorCode::AccessLogDamaged,
        }
    }

    /// Nothing here mends itself.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::FlagsContradict { .. } | Self::RowUnreadable { .. } | Self::ChainBroken { .. } | Self::LogCutShort { .. } => {
                Verdict::GiveUp
            }
        }
    }
}
