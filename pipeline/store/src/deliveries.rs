//! Deliveries to a municipality's case archive: what became of each message about each archived document.

use std::{fmt, future::Future};

use pipeline_domain::{CaseFolderId, DocumentKey, ErrorCode, Timestamp};
use uuid::Uuid;

use crate::{Recorded, StoreError, words};

words! {
    /// What a delivery tells the receiver.
    DeliveryPart, "delivery part" {
        /// That the plan's folder is open again, by this document. Goes before the document.
        Reopening "reopening",
        /// The document itself.
        Document "document",
        /// That the plan's folder is closed, by this document. Goes after the document.
        Closing "closing",
    }
}

words! {
    /// Where a delivery stands, as it was last looked at. The table's `check` has the same words.
    DeliveryState, "delivery state" {
        /// In: opened, put off, or asked for again. Out: sent, or failed.
        Waiting "waiting",
        /// In: handed over. Out: whatever the receiver answers, or doubtful when nothing comes.
        Sent "sent",
        /// In: the receiver says that it has the message and will say more. Out: as sent.
        Received "received",
        /// In: too long without an answer. Out: an answer, or waiting when a person asks for another sending.
        Doubtful "doubtful",
        /// In: the receiver does not take it. Out: a later answer, or waiting when a person asks for another sending.
        Refused "refused",
        /// In: the message cannot be made. Out: waiting, when a person asks for it.
        Failed "failed",
        /// In: the receiver has archived it. Never left.
        Accepted "accepted",
        /// In: nothing to tell any more: the folder was opened or closed again before its turn came. Never left.
        Moot "moot",
    }
}

impl DeliveryState {
    /// Whether nothing more is expected: what comes after it may go on.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Accepted | Self::Moot)
    }

    /// Whether a person must look at it.
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Doubtful | Self::Refused | Self::Failed)
    }
}

/// Number of a delivery, from 1, in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// All that is known of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its number.
    pub id: DeliveryId,
    /// The plan's folder.
    pub folder: CaseFolderId,
    /// By which document.
    pub document: DocumentKey,
    /// What it tells.
    pub part: DeliveryPart,
    /// Where it stands.
    pub state: DeliveryState,
    /// What hinders it, if anything.
    pub code: Option<ErrorCode>,
    /// Its life: a JSON object that the caller reads and writes. Ids, numbers and instants only; at most 32,000 characters.
    pub life: String,
    /// Whether the case folder holds what the life tells of answers.
    pub is_kept: bool,
    /// Grows with every change: who changes it must have seen the newest.
    pub revision: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When to look at it again by itself; `None` when only an answer or a person brings it on.
    pub next_at: Option<Timestamp>,
}

/// What a delivery becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryChange {
    /// Where it stands now.
    pub state: DeliveryState,
    /// What hinders it.
    pub code: Option<ErrorCode>,
    /// Its life now.
    pub life: String,
    /// Whether the case folder holds what the life tells of answers.
    pub is_kept: bool,
    /// When to look again.
    pub next_at: Option<Timestamp>,
    /// Now.
    pub at: Timestamp,
}

impl DeliveryChange {
    /// What the row is already, at another time.
    pub fn nothing(row: &DeliveryRow, at: Timestamp) -> Self {
        Self { state: row.state, code: row.code, life: row.life.clone(), is_kept: row.is_kept, next_at: row.next_at, at }
    }
}

/// Which deliveries to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only of this folder.
    pub folder: Option<CaseFolderId>,
}

/// Deliveries and the ids of their messages. Lists come oldest first.
pub trait Deliveries {
    /// Opens one, to be looked at from `at` on. One that is there is left as it is ([`Recorded::Before`]).
    ///
    /// Errors: [`StoreError::UnknownDocument`].
    fn open_delivery(
        &self,
        document: DocumentKey,
        part: DeliveryPart,
        life: &str,
        at: Timestamp,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// One delivery.
    fn delivery(&self, document: DocumentKey, part: DeliveryPart) -> impl Future<Output = Result<Option<DeliveryRow>, StoreError>> + Send;

    /// One delivery, by its number.
    fn delivery_by_id(&self, id: DeliveryId) -> impl Future<Output = Result<Option<DeliveryRow>, StoreError>> + Send;

    /// The delivery that a message belongs to.
    fn delivery_of_message(&self, message: Uuid) -> impl Future<Output = Result<Option<DeliveryRow>, StoreError>> + Send;

    /// Deliveries, at most `limit` of them, the newest when there are more.
    fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> impl Future<Output = Result<Vec<DeliveryRow>, StoreError>> + Send;

    /// Those that are to be looked at by now, `after` one when reading on.
    fn deliveries_due(
        &self,
        now: Timestamp,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DeliveryRow>, StoreError>> + Send;

    /// Those whose answers the case folder does not hold yet, `after` one when reading on.
    fn deliveries_to_keep(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DeliveryRow>, StoreError>> + Send;

    /// How many there are in each state that any is in.
    fn delivery_counts(&self) -> impl Future<Output = Result<Vec<(DeliveryState, u32)>, StoreError>> + Send;

    /// Writes down that a message is the delivery's, before it is handed over: an answer may be quicker than we are. Twice is once.
    fn name_message(&self, id: DeliveryId, message: Uuid) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Changes one that is as it was seen. [`Recorded::Before`] when somebody else changed it since, and nothing is done.
    fn change_delivery(
        &self,
        id: DeliveryId,
        seen: u32,
        change: &DeliveryChange,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;
}
