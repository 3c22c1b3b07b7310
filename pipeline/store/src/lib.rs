//! What survives a restart: ids, numbers, digests and states. Never names, titles, addresses or content.
//!
//! In: a document that intake has read ([`NewDocument`]), then what became of it ([`Archived`], a failure, a mail sent).
//! Out: what to do next ([`Documents::pending`], [`Outbox::mails_due`]) and what was done (the lists).
//!
//! Promised by every store, and held by the suite in `conformance` (feature of the same name):
//! - An answer is given only after the change is durable; an error means that nothing of it may be counted on.
//! - The same content is accepted once; a plan has one case folder for ever; running numbers have no gaps.
//! - Mail is queued in the same transaction that records its document as archived.
//! - Every call may be repeated: what was done already is answered as such and not done twice.
//!
//! Start with [`Documents`], then [`Plans`], [`Deliveries`], [`Outbox`] and [`Runs`]; what makes it all go on by itself is [`Jobs`] and [`Schedules`]. A database is one crate in a folder here: see `sqlite/`.

#[cfg(feature = "conformance")]
pub mod conformance;
mod deliveries;
mod documents;
pub mod dump;
mod error;
mod folders;
mod jobs;
mod outbox;
mod plans;
mod runs;
mod schedules;

pub use deliveries::{Deliveries, DeliveryChange, DeliveryFilter, DeliveryId, DeliveryPart, DeliveryRow, DeliveryState};
pub use documents::{
    Acceptance, ArchivedAt, Attempt, AttemptSubject, DocumentFilter, DocumentRow, DocumentState, Documents, NewDocument, PaperItem,
    PendingDocument, QueuePlace, Recorded, SourceSystem, Stage,
};
pub use error::StoreError;
pub use folders::{Folder, Plan};
pub use jobs::{
    AttemptEnd, Beat, Cancelling, ClaimRequest, ClaimedJob, Effect, Enqueued, FollowUp, JobAttempt, JobFilter, JobId, JobKind, JobRow,
    JobState, Jobs, Lane, Lease, NewJob, Outcome, Priority, PrunePolicy, QueueName, QueueStats, RescuePolicy, Rescued, ScheduleName,
    Settlement, WorkerId, WorkerRow, nothing_follows,
};
pub use outbox::{Claim, Mail, MailFilter, MailId, MailOutcome, MailState, Outbox};
pub use plans::{AddressKey, AddressRow, EventAcceptance, FactRow, FactSource, NewEvent, Plans, Slot, SlotChange};
pub use runs::{Counts, DocumentCounts, MailCounts, Run, RunCounts, RunId, Runs};
pub use schedules::{FIRINGS_KEPT, Fired, NewSchedule, ScheduleRow, Schedules};

#[doc(no_inline)]
pub use pipeline_domain::{Archived, NextStep, Notice, Reservation};

/// All of it: what the shell holds.
pub trait Store: Documents + Plans + Deliveries + Outbox + Runs + Jobs + Schedules + Send + Sync {}

impl<S: Documents + Plans + Deliveries + Outbox + Runs + Jobs + Schedules + Send + Sync> Store for S {}

/// An enum whose values are rows' words: the list here and the table's `check` must be equal, which a test compares.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident $id:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $id)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the table's `check`.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in rows and on screen.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.id())
            }
        }

        impl std::str::FromStr for $name {
            type Err = pipeline_domain::NotValid;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.id() == s).ok_or(pipeline_domain::NotValid($what))
            }
        }
    };
}
pub(crate) use words;
