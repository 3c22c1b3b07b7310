//! What stopped a notice. Ids only: never an address, a name or a text.

use std::io;

use pipeline_domain::{ErrorCode, Lang, NoticeKind, Verdict};

use crate::{smtp::SendOutcome, words};

/// Why a notice was not made or not carried.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// Part of the municipality's set-up that cannot stand in a mail.
    #[error("sender field {field} cannot be used in a mail")]
    Sender {
        /// Field of [`crate::Sender`].
        field: &'static str,
    },
    /// A text is missing, or asks for a value that this mail does not have.
    #[error("mail text {}/{} cannot be filled", kind.id(), words::tag(*lang))]
    Text {
        /// Its kind.
        kind: NoticeKind,
        /// Its language.
        lang: Lang,
    },
    /// A meeting that ends before it begins has no place in a calendar.
    #[error("the meeting of {dedupe_key} does not end after it begins")]
    Meeting {
        /// The notice.
        dedupe_key: String,
    },
    /// The address needs an extension (SMTPUTF8) that few servers have.
    #[error("recipient of {dedupe_key} has no address that can be used")]
    Address {
        /// The notice.
        dedupe_key: String,
    },
    /// The mail could not be put together.
    #[error("mail {dedupe_key} cannot be built")]
    Build {
        /// The notice.
        dedupe_key: String,
        /// What the builder said.
        source: lettre::error::Error,
    },
    /// The Maildir cannot be read or written.
    #[error("cannot {action} in the mail folder")]
    Maildir {
        /// What we tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Part of the relay's set-up that cannot be used.
    #[error("relay setting {setting} cannot be used")]
    Relay {
        /// Field of [`crate::RelayConfig`].
        setting: &'static str,
    },
    /// The relay did not take the mail, or it is not known whether it did.
    #[error("mail {message_id} is not known to be accepted: {outcome}")]
    NotAccepted {
        /// The mail.
        message_id: String,
        /// How far it came.
        outcome: SendOutcome,
    },
}

impl NotifyError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Sender { .. } | Self::Text { .. } | Self::Build { .. } | Self::Relay { .. } => ErrorCode::MailConfig,
            Self::Meeting { .. } => ErrorCode::MetadataInvalid,
            Self::Address { .. } => ErrorCode::RecipientWithoutAddress,
            Self::Maildir { .. } => ErrorCode::MailTemporary,
            Self::NotAccepted { outcome, .. } => outcome.code(),
        }
    }

    /// What the job runner does next.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Sender { .. } | Self::Text { .. } | Self::Build { .. } | Self::Relay { .. } => Verdict::GiveUp,
            Self::Address { .. } | Self::Meeting { .. } => Verdict::GiveUp,
            Self::Maildir { .. } => Verdict::Retry,
            Self::NotAccepted { outcome, .. } => outcome.verdict(),
        }
    }
}
