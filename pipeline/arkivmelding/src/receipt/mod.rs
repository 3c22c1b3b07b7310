//! What a case archive answers. Free text of the receiver is read over and never kept: it may tell of people.

mod digdir;
mod fiks;
mod safe;

use std::{collections::BTreeMap, fmt};

use pipeline_domain::Verdict;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Dialect, MessageId};

/// Files of one thing that came in, by name.
pub type ArrivalFiles = BTreeMap<String, Vec<u8>>;

/// What came in turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An answer to a message of ours, if the message is known.
    Receipt(Receipt),
    /// A message of a type that answers nothing of ours.
    NotForUs,
}

/// An answer to one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which message.
    pub message: MessageId,
    /// What the receiver says.
    pub answer: Answer,
}

/// What the receiver says, from the least to the most: what was accepted stays accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The message came (mottatt). Nothing is archived yet.
    Received,
    /// It was not archived.
    Refused(Refusal),
    /// It is archived.
    Accepted(ReceiverIds),
}

/// Why it was not archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of refusal.
    pub reason: RefusalReason,
    /// The receiver's own reference (feilId), when it is a UUID: by it the archive can find what it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Uuid>,
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The receiver had a fault of its own (serverfeil).
    ServerError,
    /// The message is not as the receiver wants it (ugyldigforespoersel).
    InvalidRequest,
    /// The folder or registration that we refer to is not there (ikkefunnet).
    NotFound,
    /// The folder could not be made (mappeFeilet).
    FolderFailed,
    /// The registration could not be made (registreringFeilet).
    RegistrationFailed,
    /// The receiver does not take such messages (NOTSUPPORTED).
    NotSupported,
    /// The receiver could not archive it (ERROR).
    Error,
}

impl RefusalReason {
    /// Whether the same message may be taken later.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::ServerError => Verdict::Retry,
            Self::InvalidRequest | Self::NotFound | Self::FolderFailed | Self::RegistrationFailed | Self::NotSupported | Self::Error => {
                Verdict::GiveUp
            }
        }
    }

    /// The published name.
    pub fn id(self) -> &'static str {
        match self {
            Self::ServerError => "server_error",
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::FolderFailed => "folder_failed",
            Self::RegistrationFailed => "registration_failed",
            Self::NotSupported => "not_supported",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What the receiver calls what it archived. Only what cannot be a person is kept: UUIDs, and numbers of cases and journals.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReceiverIds {
    /// The folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<ReceiverUnit>,
    /// The registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<ReceiverUnit>,
    /// Whether it was accepted with a warning (WARNING), which is for the archive's own people.
    #[serde(default)]
    pub with_warning: bool,
}

/// One unit at the receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReceiverUnit {
    /// `systemID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<Uuid>,
    /// `mappeID`, `registreringsID`, or a running number: `2026/17-4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// `opprettetEllerEksisterende`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// `opprettetEllerEksisterende`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Made by this message.
    Created,
    /// There already: the external key did its work.
    Existing,
}

/// Why something that came in cannot be read. Nothing of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArrivalFault {
    /// Not JSON or XML, or too much of it.
    #[error("what came in is neither JSON nor XML of a message")]
    Unreadable,
    /// A file that must be there is not.
    #[error("what came in lacks {0}")]
    FileMissing(&'static str),
    /// It is a receipt, but does not say enough to act on.
    #[error("the receipt does not say {0}")]
    Incomplete(&'static str),
}

/// What came in. Any bytes whatever give an answer or a fault, in time and memory that follow their length.
///
/// # Errors
/// [`ArrivalFault`].
pub fn read_arrival(dialect: Dialect, files: &ArrivalFiles) -> Result<Arrival, ArrivalFault> {
    match dialect {
        Dialect::Digdir => digdir::read(files),
        Dialect::FiksArkivV1 => fiks::read(files),
    }
}
