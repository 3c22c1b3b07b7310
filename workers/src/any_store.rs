//! The store that the configuration names: SQLite in the data folder, or a PostgreSQL server. Each call is handed on.

use std::{path::Path, time::Duration};

use pipeline_domain::{
    Archived, CaseFolderId, DocumentId, DocumentKey, ErrorCode, EventId, NextStep, Notice, RecipientRef, Sha256, Timestamp,
};
use pipeline_store::{
    Acceptance, AddressKey, AddressRow, Attempt, Beat, Cancelling, Claim, ClaimRequest, ClaimedJob, Counts, Deliveries, DeliveryChange,
    DeliveryFilter, DeliveryId, DeliveryPart, DeliveryRow, DeliveryState, DocumentFilter, DocumentRow, DocumentState, Documents, Enqueued,
    EventAcceptance, FactRow, Fired, Folder, FollowUp, JobAttempt, JobFilter, JobId, JobRow, Jobs, Lease, Mail, MailFilter, MailId,
    MailOutcome, NewDocument, NewEvent, NewJob, NewSchedule, Outbox, PaperItem, PendingDocument, Plan, Plans, PrunePolicy, QueueName,
    QueuePlace, QueueStats, Recorded, RescuePolicy, Rescued, Run, RunCounts, RunId, Runs, ScheduleName, ScheduleRow, Schedules, Settlement,
    Stage, StoreError, WorkerId, WorkerRow,
    dump::{Dump, DumpError, DumpSink, DumpSource, Loaded},
};
use pipeline_store_postgres::PostgresStore;
use pipeline_store_sqlite::SqliteStore;
use tokio::sync::watch;
use uuid::Uuid;

/// One of the two. A clone is another handle on the same store.
#[derive(Clone)]
pub enum AnyStore {
    /// One file on this machine.
    Sqlite(SqliteStore),
    /// A server that many machines share.
    Postgres(PostgresStore),
}

impl Database {
    /// In a word.
    pub fn id(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
        }
    }
}

/// Which database, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    Sqlite,
    Postgresql,
}

impl AnyStore {
    /// Opens the file and migrates it.
    pub async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        SqliteStore::open(path).await.map(Self::Sqlite)
    }

    /// Connects to the server and migrates its database.
    pub async fn postgres(url: &str) -> Result<Self, StoreError> {
        PostgresStore::connect(url).await.map(Self::Postgres)
    }

    /// Which it is.
    pub fn database(&self) -> Database {
        match self {
            Self::Sqlite(_) => Database::Sqlite,
            Self::Postgres(_) => Database::Postgresql,
        }
    }

    /// Waits for what is under way and lets go.
    pub async fn close(self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// Hands every listed method on to the store behind it.
macro_rules! hand_on {
    (jobs { $(fn $name:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;)+ }) => {
        impl Jobs for AnyStore {
            fn wakeups(&self) -> watch::Receiver<u64> {
                match self {
                    Self::Sqlite(store) => store.wakeups(),
                    Self::Postgres(store) => store.wakeups(),
                }
            }
            fn shift_clock(&self, by_ms: i64) {
                match self {
                    Self::Sqlite(store) => store.shift_clock(by_ms),
                    Self::Postgres(store) => store.shift_clock(by_ms),
                }
            }
            $(
                async fn $name(&self $(, $arg: $type)*) -> $answer {
                    match self {
                        Self::Sqlite(store) => store.$name($($arg),*).await,
                        Self::Postgres(store) => store.$name($($arg),*).await,
                    }
                }
            )+
        }
    };
    ($trait:ident { $(fn $name:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;)+ }) => {
        impl $trait for AnyStore {
            $(
                async fn $name(&self $(, $arg: $type)*) -> $answer {
                    match self {
                        Self::Sqlite(store) => store.$name($($arg),*).await,
                        Self::Postgres(store) => store.$name($($arg),*).await,
                    }
                }
            )+
        }
    };
}

type Answer<T> = Result<T, StoreError>;

hand_on!(Documents {
    fn accept(&self, document: &NewDocument, follow_up: FollowUp) -> Answer<Acceptance>;
    fn pending(&self, now: Timestamp, after: Option<QueuePlace>, limit: u32) -> Answer<Vec<PendingDocument>>;
    fn next_due(&self) -> Answer<Option<Timestamp>>;
    fn record_archived(&self, archived: &Archived, notices: &[Notice], on_paper: &[RecipientRef], at: Timestamp) -> Answer<Recorded>;
    fn record_attempt_failed(&self, document: DocumentKey, stage: Stage, code: ErrorCode, detail: &str, at: Timestamp, next: NextStep) -> Answer<()>;
    fn retry_document(&self, document: DocumentKey, at: Timestamp, follow_up: FollowUp) -> Answer<Recorded>;
    fn document(&self, key: DocumentKey) -> Answer<Option<DocumentRow>>;
    fn states_of(&self, digests: &[Sha256]) -> Answer<Vec<(Sha256, DocumentState)>>;
    fn versions(&self, id: DocumentId) -> Answer<Vec<DocumentRow>>;
    fn documents(&self, filter: &DocumentFilter, limit: u32) -> Answer<Vec<DocumentRow>>;
    fn folders(&self) -> Answer<Vec<Folder>>;
    fn folder(&self, id: &CaseFolderId) -> Answer<Option<Folder>>;
    fn folder_of(&self, plan: &Plan) -> Answer<Option<Folder>>;
    fn attempts(&self, document: DocumentKey) -> Answer<Vec<Attempt>>;
    fn paper_list(&self) -> Answer<Vec<PaperItem>>;
});

hand_on!(Plans {
    fn accept_event(&self, event: &NewEvent, notices: &[Notice], on_paper: &[RecipientRef], jobs: &[NewJob]) -> Answer<EventAcceptance>;
    fn event(&self, id: EventId) -> Answer<Option<FactRow>>;
    fn facts_of(&self, folder: &CaseFolderId) -> Answer<Vec<FactRow>>;
    fn events_among(&self, digests: &[Sha256]) -> Answer<Vec<Sha256>>;
    fn needed(&self, digests: &[Sha256], now: Timestamp) -> Answer<Vec<Sha256>>;
    fn queue_notices(&self, notices: &[Notice], on_paper: &[(EventId, RecipientRef)], jobs: &[NewJob], at: Timestamp) -> Answer<u32>;
    fn address(&self, key: AddressKey) -> Answer<AddressRow>;
    fn confirm_address(&self, key: AddressKey, at: Timestamp) -> Answer<()>;
    fn block_address(&self, key: AddressKey, code: ErrorCode, at: Timestamp) -> Answer<Recorded>;
});

hand_on!(Deliveries {
    fn open_delivery(&self, document: DocumentKey, part: DeliveryPart, life: &str, at: Timestamp) -> Answer<Recorded>;
    fn delivery(&self, document: DocumentKey, part: DeliveryPart) -> Answer<Option<DeliveryRow>>;
    fn delivery_by_id(&self, id: DeliveryId) -> Answer<Option<DeliveryRow>>;
    fn delivery_of_message(&self, message: Uuid) -> Answer<Option<DeliveryRow>>;
    fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> Answer<Vec<DeliveryRow>>;
    fn deliveries_due(&self, now: Timestamp, after: Option<DeliveryId>, limit: u32) -> Answer<Vec<DeliveryRow>>;
    fn deliveries_to_keep(&self, after: Option<DeliveryId>, limit: u32) -> Answer<Vec<DeliveryRow>>;
    fn delivery_counts(&self) -> Answer<Vec<(DeliveryState, u32)>>;
    fn name_message(&self, id: DeliveryId, message: Uuid) -> Answer<()>;
    fn change_delivery(&self, id: DeliveryId, seen: u32, change: &DeliveryChange) -> Answer<Recorded>;
});

hand_on!(Outbox {
    fn mails_due(&self, now: Timestamp, limit: u32) -> Answer<Vec<Mail>>;
    fn next_mail_due(&self) -> Answer<Option<Timestamp>>;
    fn claim_mail(&self, dedupe_key: &str, message_id: &str, at: Timestamp) -> Answer<Claim>;
    fn mark_body_sent(&self, dedupe_key: &str) -> Answer<()>;
    fn record_mail(&self, dedupe_key: &str, outcome: &MailOutcome, at: Timestamp) -> Answer<()>;
    fn retry_mail(&self, dedupe_key: &str, at: Timestamp) -> Answer<Recorded>;
    fn mail(&self, dedupe_key: &str) -> Answer<Option<Mail>>;
    fn mail_by_id(&self, id: MailId) -> Answer<Option<Mail>>;
    fn mail_by_message_id(&self, message_id: &str) -> Answer<Option<Mail>>;
    fn mails(&self, filter: &MailFilter, limit: u32) -> Answer<Vec<Mail>>;
    fn mail_attempts(&self, id: MailId) -> Answer<Vec<Attempt>>;
});

hand_on!(Runs {
    fn start_run(&self, run: RunId, at: Timestamp) -> Answer<()>;
    fn finish_run(&self, run: RunId, counts: &RunCounts, reports: &[Notice], at: Timestamp) -> Answer<Recorded>;
    fn run(&self, id: RunId) -> Answer<Option<Run>>;
    fn runs(&self, limit: u32) -> Answer<Vec<Run>>;
    fn counts(&self) -> Answer<Counts>;
});

hand_on!(jobs {
    fn enqueue(&self, jobs: &[NewJob]) -> Answer<Vec<Enqueued>>;
    fn claim(&self, request: &ClaimRequest) -> Answer<Vec<ClaimedJob>>;
    fn heartbeat(&self, worker: WorkerId, leases: &[Lease], lease: Duration, progress: &[(Lease, serde_json::Value)]) -> Answer<Beat>;
    fn settle(&self, settlements: Vec<Settlement>) -> Answer<Vec<Answer<()>>>;
    fn rescue(&self, policy: &RescuePolicy) -> Answer<Vec<Rescued>>;
    fn next_job_in(&self, queues: &[QueueName]) -> Answer<Option<Duration>>;
    fn job(&self, id: JobId) -> Answer<Option<JobRow>>;
    fn jobs(&self, filter: &JobFilter, limit: u32) -> Answer<Vec<JobRow>>;
    fn attempts_of(&self, id: JobId) -> Answer<Vec<JobAttempt>>;
    fn cancel_job(&self, id: JobId) -> Answer<Option<Cancelling>>;
    fn retry_job(&self, id: JobId) -> Answer<bool>;
    fn retry_jobs(&self, filter: &JobFilter) -> Answer<u64>;
    fn discard_job(&self, id: JobId) -> Answer<bool>;
    fn queue_stats(&self) -> Answer<Vec<QueueStats>>;
    fn set_paused(&self, queue: &QueueName, paused: bool) -> Answer<()>;
    fn set_max_running(&self, queue: &QueueName, most: Option<u32>) -> Answer<()>;
    fn prune_jobs(&self, policy: &PrunePolicy) -> Answer<u64>;
    fn register_worker(&self, worker: &WorkerRow) -> Answer<()>;
    fn forget_worker(&self, worker: WorkerId) -> Answer<()>;
    fn workers(&self) -> Answer<Vec<WorkerRow>>;
});

hand_on!(Schedules {
    fn put_schedules(&self, schedules: &[NewSchedule]) -> Answer<()>;
    fn schedules(&self) -> Answer<Vec<ScheduleRow>>;
    fn fire(&self, name: &ScheduleName, due: Timestamp, next: Timestamp, job: Option<&NewJob>) -> Answer<Fired>;
    fn fires(&self, name: &ScheduleName, limit: u32) -> Answer<Vec<(Timestamp, JobId)>>;
});

hand_on!(Dump {
    fn dump(&self, sink: &mut dyn DumpSink) -> Result<(), DumpError>;
    fn load(&self, source: &mut dyn DumpSource) -> Result<Loaded, DumpError>;
});
