//! What plans have lived through: facts of events and documents, who holds the one place of a person, and which addresses take no mail.

use std::{fmt, future::Future, str::FromStr};

use pipeline_domain::{CaseFolderId, DocumentKey, ErrorCode, EventId, Fact, NotValid, Notice, RecipientRef, Sha256, Timestamp};

use crate::{NewJob, Plan, Recorded, StoreError};

macro_rules! keyed {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Sha256);

        impl $name {
            /// Wraps a keyed digest: never a plain one, which could be found by trying.
            pub fn from_keyed_digest(digest: Sha256) -> Self {
                Self(digest)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotValid;
            fn from_str(s: &str) -> Result<Self, NotValid> {
                s.parse().map(Self).map_err(|_| NotValid($what))
            }
        }
    };
}

keyed! {
    /// The one place that a person has for an active plan of a kind that there is one of (DOMAIN § 2: IP). Made of kind and national
    /// id under the installation's key.
    Slot, "slot"
}
keyed! {
    /// An e-mail address under the installation's key: the same address gives the same key, and nobody gets it back.
    AddressKey, "address key"
}

/// What an event or a document does with the person's one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlotChange {
    /// Nothing.
    #[default]
    Keep,
    /// The plan takes it, and gives back any other that it has.
    Claim(Slot),
    /// The plan gives back what it has.
    Release,
}

/// What the store is told of an event that intake has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Of the whole event: the name of its file.
    pub digest: Sha256,
    /// The plan. Its case folder is opened if it has none.
    pub plan: Plan,
    /// What is remembered of it.
    pub fact: Fact,
    /// Whether its file tells how the plan's lead is reached: the newest such file of an open plan stays.
    pub tells_contacts: bool,
    /// What it does with the person's one place.
    pub slot: SlotChange,
    /// Now. Gives the folder its year.
    pub at: Timestamp,
}

/// Answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventAcceptance {
    /// New: the plan has this folder.
    New(CaseFolderId),
    /// The same event was taken before, under whatever id; nothing was done now.
    Known(CaseFolderId),
    /// Its id stands for another event (`document_id_reused`); nothing was done.
    IdReused,
    /// Another open plan, with this folder, has the person's one place (`plan_exists`); nothing was done.
    SlotTaken(CaseFolderId),
}

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactSource {
    /// An event.
    Event(EventId),
    /// A document that was accepted.
    Document(DocumentKey),
}

impl FactSource {
    /// The document, where it is one.
    pub fn document(self) -> Option<DocumentKey> {
        match self {
            Self::Document(key) => Some(key),
            Self::Event(_) => None,
        }
    }

    /// The event, where it is one.
    pub fn event(self) -> Option<EventId> {
        match self {
            Self::Event(id) => Some(id),
            Self::Document(_) => None,
        }
    }
}

/// One fact of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// The plan's folder.
    pub folder: CaseFolderId,
    /// Where it comes from.
    pub source: FactSource,
    /// Of the event or document: the name of its file in `accepted/`.
    pub digest: Sha256,
    /// Whether that file tells how the lead is reached. Events only.
    pub tells_contacts: bool,
    /// What happened.
    pub fact: Fact,
    /// When it was accepted.
    pub recorded_at: Timestamp,
}

/// What is known of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressRow {
    /// When its owner last confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// Since when no mail is sent there.
    pub blocked_at: Option<Timestamp>,
    /// Why.
    pub code: Option<ErrorCode>,
}

/// Plans, as far as schedules and notices need to know them.
pub trait Plans {
    /// Takes an event in, in one transaction: recognises digest and id, sees to the person's one place, finds or opens the plan's
    /// folder, keeps the fact, queues the notices (each with the plan's folder, whatever folder it names), lists those who are told
    /// on paper, and enqueues the jobs. A notice whose key is there already is left as it is.
    fn accept_event(
        &self,
        event: &NewEvent,
        notices: &[Notice],
        on_paper: &[RecipientRef],
        jobs: &[NewJob],
    ) -> impl Future<Output = Result<EventAcceptance, StoreError>> + Send;

    /// One event.
    fn event(&self, id: EventId) -> impl Future<Output = Result<Option<FactRow>, StoreError>> + Send;

    /// All facts of a plan, by when they happened, then by when they came.
    fn facts_of(&self, folder: &CaseFolderId) -> impl Future<Output = Result<Vec<FactRow>, StoreError>> + Send;

    /// Which of these digests are events. In no order.
    fn events_among(&self, digests: &[Sha256]) -> impl Future<Output = Result<Vec<Sha256>, StoreError>> + Send;

    /// Which of these digests, of events or documents, name files that are needed still: of an event, while a mail of its own is
    /// neither accepted nor delivered, or while it is the newest of an open plan that tells contacts; of a document, while the
    /// meeting that it calls to is not over. In no order.
    ///
    /// A plan is open unless it has a closing note that no reopening note follows. Newest is what happened last, and of those that
    /// happened at once what came last.
    fn needed(&self, digests: &[Sha256], now: Timestamp) -> impl Future<Output = Result<Vec<Sha256>, StoreError>> + Send;

    /// Queues notices that a schedule found, lists those told on paper for the event, and enqueues the jobs, in one transaction. What
    /// is there already is left as it is: answers how many notices and paper entries were new.
    fn queue_notices(
        &self,
        notices: &[Notice],
        on_paper: &[(EventId, RecipientRef)],
        jobs: &[NewJob],
        at: Timestamp,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// What is known of an address.
    fn address(&self, key: AddressKey) -> impl Future<Output = Result<AddressRow, StoreError>> + Send;

    /// Its owner says that it is right: it is blocked no more. An older word than the block is kept, and changes nothing else.
    fn confirm_address(&self, key: AddressKey, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sends nothing there any more. The first block stands; one that is older than the owner's last word changes nothing.
    fn block_address(&self, key: AddressKey, code: ErrorCode, at: Timestamp) -> impl Future<Output = Result<Recorded, StoreError>> + Send;
}
