//! How messages reach a receiver and answers come back: one port, so that a network transport can follow.

mod arrivals;
mod disk;
mod folder;

#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    fmt,
    io::{self, Read},
};

use pipeline_domain::{ErrorCode, LogicalPath, Timestamp};

pub use folder::FolderExchange;

use crate::{ArkivmeldingError, MessageId, Outgoing, Receipt};

/// Where the bytes of a document's files are: the case folder as the archive holds it.
pub trait FileSource {
    /// Opens one file by its path in the case folder.
    ///
    /// # Errors
    /// What the system says.
    fn open(&self, path: &LogicalPath) -> io::Result<Box<dyn Read + '_>>;
}

/// Whether a message was handed over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// It was.
    Dropped,
    /// A message of this id was handed over before.
    AlreadyThere,
}

/// Carries messages and brings answers. All calls block.
pub trait Transport {
    /// Hands a message over, durably. The same message twice is one.
    ///
    /// # Errors
    /// [`ArkivmeldingError::File`], [`ArkivmeldingError::Damaged`], [`ArkivmeldingError::Exchange`]. Nothing was handed over then, or
    /// all of it.
    fn send(&self, message: &Outgoing, files: &dyn FileSource) -> Result<Handover, ArkivmeldingError>;

    /// What came in and waits, oldest name first. A receipt stays until [`Self::done`], so whoever dies between gets it again; what is
    /// nothing of ours is set aside at once and told once. `known` says whether a message is ours.
    ///
    /// # Errors
    /// [`ArkivmeldingError::Exchange`].
    fn arrivals(&self, now: Timestamp, known: &dyn Fn(MessageId) -> bool) -> Result<Vec<Arrived>, ArkivmeldingError>;

    /// Takes away a receipt that is written down. Twice is once.
    ///
    /// # Errors
    /// [`ArkivmeldingError::Exchange`].
    fn done(&self, ticket: &Ticket) -> Result<(), ArkivmeldingError>;
}

/// Something that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// An answer to a message of ours.
    Receipt {
        /// To be given back when the answer is written down.
        ticket: Ticket,
        /// The answer.
        receipt: Receipt,
    },
    /// Put where a person can look at it.
    SetAside {
        /// Its name there, made of its content: the name that it came with may tell of people.
        name: String,
        /// Why.
        reason: SetAside,
    },
}

/// Why something was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAside {
    /// A message of a type that answers nothing of ours.
    NotForUs,
    /// An answer to a message that we never sent.
    UnknownMessage,
    /// No message at all, or not a whole one after long enough.
    Unreadable,
}

impl SetAside {
    /// The published code.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NotForUs | Self::UnknownMessage | Self::Unreadable => ErrorCode::ReceiptUnknown,
        }
    }
}

/// Which arrival. Its name is the sender's and is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) name: OsString,
    /// What it is called once it is taken.
    pub(crate) taken_as: String,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.taken_as)
    }
}
