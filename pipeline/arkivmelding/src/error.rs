//! What stops a delivery on our side. What the receiver says is no error but a [`crate::Receipt`].

use std::io;

use pipeline_domain::{ErrorCode, LogicalPath, Verdict};

use crate::{MessageId, Placeholder, XmlFault};

/// Why a message was not made, not dropped, or an arrival not taken. Holds ids and names of elements only.
#[derive(Debug, thiserror::Error)]
pub enum ArkivmeldingError {
    /// A metadata file of the case folder is no XML.
    #[error("a metadata file of the case folder cannot be read")]
    Unreadable {
        /// What is wrong with it.
        #[source]
        fault: XmlFault,
    },
    /// A metadata file of the case folder lacks an element, or holds what it must not.
    #[error("element {element} in the metadata of the case folder is missing or not of its kind")]
    Element {
        /// Noark name of the element.
        element: &'static str,
    },
    /// The target asks for something that this case does not have, such as the national id.
    #[error("the target asks for {{{placeholder}}}, which this case does not have")]
    Asks {
        /// What it asks for.
        placeholder: Placeholder,
    },
    /// A mandatory element would be empty.
    #[error("element {element} of the message would be empty")]
    Empty {
        /// Noark name of the element.
        element: &'static str,
    },
    /// A file of the document could not be read from the archive.
    #[error("cannot read {path} for message {message}")]
    File {
        /// The message.
        message: MessageId,
        /// The file in the case folder.
        path: LogicalPath,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the document is not the one that its metadata tells of. Nothing was dropped.
    #[error("{path} is not what the metadata says, message {message} was not sent")]
    Damaged {
        /// The message.
        message: MessageId,
        /// The file in the case folder.
        path: LogicalPath,
    },
    /// The exchange folder cannot be read or written.
    #[error("cannot {action} in the exchange folder")]
    Exchange {
        /// What we tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl ArkivmeldingError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable { .. } | Self::Element { .. } | Self::Damaged { .. } => ErrorCode::ArchiveDamaged,
            Self::Asks { .. } => ErrorCode::DeliveryIncomplete,
            Self::Empty { .. } => ErrorCode::MetadataInvalid,
            Self::File { .. } | Self::Exchange { .. } => ErrorCode::DeliveryUnwritable,
        }
    }

    /// What the job runner does next.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::File { .. } | Self::Exchange { .. } => Verdict::Retry,
            Self::Unreadable { .. } | Self::Element { .. } | Self::Damaged { .. } | Self::Asks { .. } | Self::Empty { .. } => {
                Verdict::GiveUp
            }
        }
    }
}
