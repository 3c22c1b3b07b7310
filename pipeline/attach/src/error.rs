//! What stops an examination, as opposed to what is wrong with the attachment.

use std::io;

use pipeline_domain::{ErrorCode, Verdict};

/// Why there was nothing to examine, or no image for a page. Holds no name and nothing of the content.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The reader gave up.
    #[error("the attachment cannot be read")]
    Read {
        /// What the reader said.
        source: io::Error,
    },
    /// More bytes than [`crate::Limits::file_bytes`].
    #[error("the attachment is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The bytes are not an image that can be laid on a page.
    #[error("the attachment is no image for a page ({code})")]
    NotForPage {
        /// Why.
        code: ErrorCode,
    },
}

impl AttachError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Read { .. } => ErrorCode::AttachmentUnreadable,
            Self::TooLarge { .. } => ErrorCode::AttachmentTooLarge,
            Self::NotForPage { code } => *code,
        }
    }

    /// Only the disk may answer otherwise next time.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Read { .. } => Verdict::Retry,
            Self::TooLarge { .. } | Self::NotForPage { .. } => Verdict::GiveUp,
        }
    }
}
