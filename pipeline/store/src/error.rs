//! What can stop a store.

use std::error::Error;

use pipeline_domain::{DocumentKey, ErrorCode, Verdict};

/// Why a store did not do as asked. Nothing of the call may be counted on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Locked, full, unreachable or going down.
    #[error("the database did not answer while we tried to {doing}")]
    Unavailable {
        /// What we tried, such as `accept a document`.
        doing: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file is not a database, or its pages are damaged.
    #[error("the database is damaged: noticed while we tried to {doing}")]
    Damaged {
        /// What we tried.
        doing: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A constraint of the database stands against it: the caller broke a promise, such as a notice about no known document.
    #[error("the database refused to {doing}")]
    Refused {
        /// What we tried.
        doing: &'static str,
        /// Which constraint.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another live process sends the mail of this database.
    #[error("another process sends the mail of this database")]
    OutboxHeld,
    /// A newer version of the program has migrated the database.
    #[error("the database has schema {found}, this program knows up to {known}")]
    NewerSchema {
        /// Highest migration in the database.
        found: i64,
        /// Highest migration we know.
        known: i64,
    },
    /// A row holds what no row may hold.
    #[error("column {column} of table {table} cannot be read in row {id}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key of the row.
        id: String,
    },
    /// No such document.
    #[error("document {document} is not in the database")]
    UnknownDocument {
        /// Which.
        document: DocumentKey,
    },
    /// No such mail.
    #[error("mail {dedupe_key} is not in the outbox")]
    UnknownMail {
        /// Which.
        dedupe_key: String,
    },
    /// The job is no longer the caller's: its lease ran out, or it was settled. Nothing of its effect was written.
    #[error("job {} is no longer in this worker's hands (attempt {})", lease.job, lease.attempt)]
    LeaseLost {
        /// The lease that does not hold.
        lease: crate::Lease,
    },
    /// The document was recorded as archived before, in another folder, version or place.
    #[error("document {document} is recorded as archived elsewhere")]
    ArchivedElsewhere {
        /// Which.
        document: DocumentKey,
    },
    /// The step is not open from the state the row is in, such as an outcome for a mail that nobody claimed.
    #[error("{subject} is in state {state}, which does not allow us to {doing}")]
    NotAllowed {
        /// Document or mail, as key.
        subject: String,
        /// The state it is in.
        state: &'static str,
        /// What we tried.
        doing: &'static str,
    },
}

impl StoreError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable { .. } | Self::OutboxHeld => ErrorCode::StoreUnavailable,
            Self::NewerSchema { .. } => ErrorCode::StoreNewer,
            Self::Damaged { .. }
            | Self::Refused { .. }
            | Self::Inconsistent { .. }
            | Self::UnknownDocument { .. }
            | Self::UnknownMail { .. }
            | Self::LeaseLost { .. }
            | Self::ArchivedElsewhere { .. }
            | Self::NotAllowed { .. } => ErrorCode::StoreInconsistent,
        }
    }

    /// Whether the same call may succeed later.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } | Self::OutboxHeld => Verdict::Retry,
            Self::NewerSchema { .. }
            | Self::Damaged { .. }
            | Self::Refused { .. }
            | Self::Inconsistent { .. }
            | Self::UnknownDocument { .. }
            | Self::UnknownMail { .. }
            | Self::LeaseLost { .. }
            | Self::ArchivedElsewhere { .. }
            | Self::NotAllowed { .. } => Verdict::GiveUp,
        }
    }
}
