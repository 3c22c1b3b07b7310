//! What can stop us. What is wrong with the extract is a finding, never one of these.

use std::io;

use pipeline_domain::{ErrorCode, Verdict};

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The folder or file that we were given cannot be opened.
    #[error("cannot open what is to be checked")]
    Open {
        /// What the system said.
        source: io::Error,
    },
    /// It is neither a folder nor a file.
    #[error("what is to be checked is neither a folder nor a tar")]
    Kind,
    /// The folder of schemas cannot be read.
    #[error("cannot read the folder of schemas")]
    Schemas {
        /// What the system said.
        source: io::Error,
    },
    /// A schema that the operator named cannot be understood.
    #[error("schema {name} cannot be read: {rule}")]
    Schema {
        /// Its file name.
        name: String,
        /// What is wrong.
        rule: &'static str,
    },
}

impl InspectError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Open { .. } | Self::Kind => ErrorCode::ExportFailed,
            Self::Schemas { .. } | Self::Schema { .. } => ErrorCode::ConfigInvalid,
        }
    }

    /// What the job runner does next. Exhaustive on purpose: a new failure must take a stand.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Open { .. } | Self::Schemas { .. } => Verdict::Retry,
            Self::Kind | Self::Schema { .. } => Verdict::GiveUp,
        }
    }
}
