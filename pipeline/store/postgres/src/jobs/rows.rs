//! Rows of jobs, and what they become. A row that does not parse is an inconsistency.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_store::{ClaimedJob, JobAttempt, JobId, JobKind, JobRow, Lane, Lease, Priority, QueueName, StoreError, WorkerId};
use serde_json::Value;
use uuid::Uuid;

/// By how much a handle's clock is ahead of the database's, in milliseconds. Tests step it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shift(Arc<AtomicI64>);

impl Shift {
    pub(crate) fn by(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) fn ms(at: Timestamp) -> i64 {
    at.unix_seconds().saturating_mul(1000)
}

/// What no clock reaches counts as for ever.
pub(crate) fn length_ms(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

/// Names the row while its columns are read.
#[derive(Clone, Copy)]
pub(crate) struct Cells {
    table: &'static str,
    id: i64,
}

impl Cells {
    pub(crate) fn of(table: &'static str, id: i64) -> Self {
        Self { table, id }
    }

    pub(crate) fn bad(self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, id: self.id.to_string() }
    }

    pub(crate) fn text<T: FromStr>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|_| self.bad(column))
    }

    pub(crate) fn number<T: TryFrom<i64>>(self, column: &'static str, number: i64) -> Result<T, StoreError> {
        T::try_from(number).map_err(|_| self.bad(column))
    }

    pub(crate) fn instant(self, column: &'static str, ms: i64) -> Result<Timestamp, StoreError> {
        Timestamp::from_unix_seconds(ms.div_euclid(1000)).ok_or_else(|| self.bad(column))
    }

    pub(crate) fn maybe_instant(self, column: &'static str, ms: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
        ms.map(|ms| self.instant(column, ms)).transpose()
    }

    pub(crate) fn code(self, column: &'static str, code: Option<&str>) -> Result<Option<ErrorCode>, StoreError> {
        code.map(|c| ErrorCode::from_id(c).ok_or_else(|| self.bad(column))).transpose()
    }

    pub(crate) fn json(self, column: &'static str, text: &str) -> Result<Value, StoreError> {
        serde_json::from_str(text).map_err(|_| self.bad(column))
    }

    pub(crate) fn maybe_json(self, column: &'static str, text: Option<&str>) -> Result<Option<Value>, StoreError> {
        text.map(|t| self.json(column, t)).transpose()
    }

    pub(crate) fn worker(self, column: &'static str, text: &str) -> Result<WorkerId, StoreError> {
        Uuid::parse_str(text).map(WorkerId).map_err(|_| self.bad(column))
    }
}

/// What a claim gives back.
pub(crate) struct RawClaimed {
    pub id: i64,
    pub attempt: i64,
    pub kind: String,
    pub queue: String,
    pub args: String,
    pub priority: i64,
    pub due_at: i64,
    pub lane: Option<String>,
    pub failures: i64,
    pub first_failed_at: Option<i64>,
    pub max_failures: i64,
    pub progress: Option<String>,
    pub claimed_at: i64,
}

impl RawClaimed {
    /// Most urgent first, then the longest due, then the oldest.
    pub(crate) fn place(&self) -> (i64, i64, i64) {
        (self.priority, self.due_at, self.id)
    }

    pub(crate) fn job(self, worker: WorkerId) -> Result<ClaimedJob, StoreError> {
        let row = Cells::of("jobs", self.id);
        Ok(ClaimedJob {
            lease: Lease { job: JobId(self.id), attempt: row.number("attempt", self.attempt)?, worker },
            kind: row.text("kind", &self.kind)?,
            queue: row.text("queue", &self.queue)?,
            args: row.json("args", &self.args)?,
            priority: Priority(row.number("priority", self.priority)?),
            lane: self.lane.map(|l| row.text("lane", &l)).transpose()?,
            failures: row.number("failures", self.failures)?,
            first_failed_at: row.maybe_instant("first_failed_at", self.first_failed_at)?,
            max_failures: row.number("max_failures", self.max_failures)?,
            progress: row.maybe_json("progress", self.progress.as_deref())?,
            waited: Duration::from_millis(u64::try_from(self.claimed_at.saturating_sub(self.due_at)).unwrap_or(0)),
        })
    }
}

/// All columns that a reader may see.
pub(crate) struct RawJob {
    pub id: i64,
    pub kind: String,
    pub queue: String,
    pub args: String,
    pub state: String,
    pub priority: i64,
    pub run_at: i64,
    pub lane: Option<String>,
    pub unique_key: Option<String>,
    pub attempt: i64,
    pub failures: i64,
    pub max_failures: i64,
    pub worker: Option<String>,
    pub lease_until: Option<i64>,
    pub cancel_requested: i64,
    pub progress: Option<String>,
    pub result: Option<String>,
    pub last_code: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

impl TryFrom<RawJob> for JobRow {
    type Error = StoreError;
    fn try_from(raw: RawJob) -> Result<Self, StoreError> {
        let row = Cells::of("jobs", raw.id);
        Ok(Self {
            id: JobId(raw.id),
            kind: row.text::<JobKind>("kind", &raw.kind)?,
            queue: row.text::<QueueName>("queue", &raw.queue)?,
            args: row.json("args", &raw.args)?,
            state: row.text("state", &raw.state)?,
            priority: Priority(row.number("priority", raw.priority)?),
            lane: raw.lane.map(|l| row.text::<Lane>("lane", &l)).transpose()?,
            unique_key: raw.unique_key,
            not_before: row.maybe_instant("run_at", Some(raw.run_at).filter(|at| *at > 0))?,
            attempt: row.number("attempt", raw.attempt)?,
            failures: row.number("failures", raw.failures)?,
            max_failures: row.number("max_failures", raw.max_failures)?,
            worker: raw.worker.map(|w| row.worker("worker", &w)).transpose()?,
            lease_until: row.maybe_instant("lease_until", raw.lease_until)?,
            cancel_requested: raw.cancel_requested != 0,
            progress: row.maybe_json("progress", raw.progress.as_deref())?,
            result: row.maybe_json("result", raw.result.as_deref())?,
            last_code: row.code("last_code", raw.last_code.as_deref())?,
            created_at: row.instant("created_at", raw.created_at)?,
            finished_at: row.maybe_instant("finished_at", raw.finished_at)?,
        })
    }
}

/// One line of `job_attempts`.
pub(crate) struct RawJobAttempt {
    pub job: i64,
    pub attempt: i64,
    pub worker: String,
    pub started_at: i64,
    pub ended_at: i64,
    pub outcome: String,
    pub code: Option<String>,
    pub detail: String,
}

impl TryFrom<RawJobAttempt> for JobAttempt {
    type Error = StoreError;
    fn try_from(raw: RawJobAttempt) -> Result<Self, StoreError> {
        let row = Cells::of("job_attempts", raw.job);
        Ok(Self {
            attempt: row.number("attempt", raw.attempt)?,
            worker: row.worker("worker", &raw.worker)?,
            started_at: row.instant("started_at", raw.started_at)?,
            ended_at: row.instant("ended_at", raw.ended_at)?,
            end: row.text("outcome", &raw.outcome)?,
            code: row.code("code", raw.code.as_deref())?,
            detail: raw.detail,
        })
    }
}
