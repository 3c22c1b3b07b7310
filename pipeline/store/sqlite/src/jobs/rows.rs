//! Job rows as SQLite gives them, and what they become.

use std::time::Duration;

use pipeline_domain::Timestamp;
use pipeline_store::{
    ClaimedJob, JobAttempt, JobId, JobRow, JobState, Lease, Priority, QueueName, QueueStats, StoreError, WorkerId, WorkerRow,
};
use serde_json::Value;

use crate::rows::Row;

impl Row {
    /// Milliseconds, cut to whole seconds.
    fn moment(&self, column: &'static str, ms: i64) -> Result<Timestamp, StoreError> {
        self.instant(column, ms.div_euclid(1000))
    }

    fn maybe_moment(&self, column: &'static str, ms: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
        ms.map(|ms| self.moment(column, ms)).transpose()
    }

    fn maybe_text<T: std::str::FromStr>(&self, column: &'static str, text: Option<&str>) -> Result<Option<T>, StoreError> {
        text.map(|t| self.text(column, t)).transpose()
    }

    fn worker(&self, column: &'static str, id: &str) -> Result<WorkerId, StoreError> {
        // The word of the row's JSON form: `WorkerId` itself parses no text.
        serde_json::from_value(Value::from(id)).map(WorkerId).map_err(|_| self.bad(column))
    }

    fn json(&self, column: &'static str, text: &str) -> Result<Value, StoreError> {
        serde_json::from_str(text).map_err(|_| self.bad(column))
    }

    fn maybe_json(&self, column: &'static str, text: Option<&str>) -> Result<Option<Value>, StoreError> {
        text.map(|t| self.json(column, t)).transpose()
    }
}

fn of_jobs(id: i64) -> Row {
    Row::of("jobs", id)
}

/// What a claim gives.
pub(super) struct RawClaimed {
    pub id: i64,
    pub attempt: i64,
    pub kind: String,
    pub queue: String,
    pub args: String,
    pub priority: i64,
    pub lane: Option<String>,
    pub failures: i64,
    pub first_failed_at: Option<i64>,
    pub max_failures: i64,
    pub progress: Option<String>,
    pub due_at: i64,
}

/// Most urgent, then longest due, then oldest.
pub(super) fn order(raw: &RawClaimed) -> (i64, i64, i64) {
    (raw.priority, raw.due_at, raw.id)
}

impl RawClaimed {
    pub(super) fn claimed(self, worker: WorkerId, now: i64) -> Result<ClaimedJob, StoreError> {
        let row = of_jobs(self.id);
        Ok(ClaimedJob {
            lease: Lease { job: JobId(self.id), attempt: row.number("attempt", self.attempt)?, worker },
            kind: row.text("kind", &self.kind)?,
            queue: row.text("queue", &self.queue)?,
            args: row.json("args", &self.args)?,
            priority: Priority(row.number("priority", self.priority)?),
            lane: row.maybe_text("lane", self.lane.as_deref())?,
            failures: row.number("failures", self.failures)?,
            first_failed_at: row.maybe_moment("first_failed_at", self.first_failed_at)?,
            max_failures: row.number("max_failures", self.max_failures)?,
            progress: row.maybe_json("progress", self.progress.as_deref())?,
            waited: Duration::from_millis(u64::try_from(now - self.due_at).unwrap_or(0)),
        })
    }
}

/// What a settlement needs of a job in hand.
pub(super) struct RawHeld {
    pub lane: Option<String>,
    pub failures: i64,
    pub max_failures: i64,
    pub cancel_requested: i64,
    pub first_failed_at: Option<i64>,
}

/// What a heartbeat found still held.
pub(super) struct RawBeat {
    pub id: i64,
    pub attempt: i64,
    pub worker: Option<String>,
    pub cancel_requested: i64,
}

/// A job whose lease has run out.
pub(super) struct RawExpired {
    pub id: i64,
    pub worker: String,
    pub failures: i64,
    pub max_failures: i64,
    pub cancel_requested: i64,
}

impl RawExpired {
    pub(super) fn worker(&self) -> Result<WorkerId, StoreError> {
        of_jobs(self.id).worker("worker", &self.worker)
    }

    pub(super) fn state_after(&self) -> JobState {
        if self.cancel_requested != 0 {
            JobState::Cancelled
        } else if self.failures + 1 >= self.max_failures {
            JobState::Dead
        } else {
            JobState::Ready
        }
    }
}

/// Where a job stands, for who wants to change that.
pub(super) struct RawStanding {
    pub id: i64,
    pub state: String,
    pub kind: String,
    pub lane: Option<String>,
    pub unique_key: Option<String>,
}

impl RawStanding {
    pub(super) fn state(&self) -> Result<JobState, StoreError> {
        of_jobs(self.id).text("state", &self.state)
    }
}

/// A whole job, as `job_rows!` selects it.
pub(super) struct RawJob {
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
        let row = of_jobs(raw.id);
        Ok(Self {
            id: JobId(raw.id),
            kind: row.text("kind", &raw.kind)?,
            queue: row.text("queue", &raw.queue)?,
            args: row.json("args", &raw.args)?,
            state: row.text("state", &raw.state)?,
            priority: Priority(row.number("priority", raw.priority)?),
            lane: row.maybe_text("lane", raw.lane.as_deref())?,
            not_before: row.maybe_moment("run_at", (raw.run_at > 0).then_some(raw.run_at))?,
            attempt: row.number("attempt", raw.attempt)?,
            failures: row.number("failures", raw.failures)?,
            max_failures: row.number("max_failures", raw.max_failures)?,
            worker: raw.worker.as_deref().map(|w| row.worker("worker", w)).transpose()?,
            lease_until: row.maybe_moment("lease_until", raw.lease_until)?,
            cancel_requested: raw.cancel_requested != 0,
            progress: row.maybe_json("progress", raw.progress.as_deref())?,
            result: row.maybe_json("result", raw.result.as_deref())?,
            last_code: row.maybe_code("last_code", raw.last_code.as_deref())?,
            created_at: row.moment("created_at", raw.created_at)?,
            finished_at: row.maybe_moment("finished_at", raw.finished_at)?,
            unique_key: raw.unique_key,
        })
    }
}

/// One line of `job_attempts`.
pub(super) struct RawJobAttempt {
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
        let row = Row::of("job_attempts", format_args!("{}/{}", raw.job, raw.attempt));
        Ok(Self {
            attempt: row.number("attempt", raw.attempt)?,
            worker: row.worker("worker", &raw.worker)?,
            started_at: row.moment("started_at", raw.started_at)?,
            ended_at: row.moment("ended_at", raw.ended_at)?,
            end: row.text("outcome", &raw.outcome)?,
            code: row.maybe_code("code", raw.code.as_deref())?,
            detail: raw.detail,
        })
    }
}

/// One line of `workers`.
pub(super) struct RawWorker {
    pub id: String,
    pub place: String,
    pub version: String,
    pub queues: String,
    pub started_at: i64,
    pub seen_at: i64,
}

impl TryFrom<RawWorker> for WorkerRow {
    type Error = StoreError;
    fn try_from(raw: RawWorker) -> Result<Self, StoreError> {
        let row = Row::of("workers", &raw.id);
        let names: Vec<String> = serde_json::from_str(&raw.queues).map_err(|_| row.bad("queues"))?;
        Ok(Self {
            id: row.worker("id", &raw.id)?,
            queues: names.iter().map(|name| row.text("queues", name)).collect::<Result<_, _>>()?,
            started_at: row.moment("started_at", raw.started_at)?,
            seen_at: row.moment("seen_at", raw.seen_at)?,
            place: raw.place,
            version: raw.version,
        })
    }
}

/// So many jobs of a queue that are `what`; or how it is set (`paused`): then `n` is the pause and `oldest` the limit.
pub(super) struct RawCount {
    pub queue: String,
    pub what: String,
    pub n: i64,
    pub oldest: Option<i64>,
}

impl RawCount {
    fn row(&self) -> Row {
        Row::of("queues", &self.queue)
    }

    pub(super) fn queue(&self) -> Result<QueueName, StoreError> {
        self.row().text("name", &self.queue)
    }

    pub(super) fn add_to(&self, stats: &mut QueueStats, now: i64) -> Result<(), StoreError> {
        let n: u64 = self.row().number("name", self.n)?;
        match self.what.as_str() {
            "ready" => {
                stats.ready += n;
                // Whole milliseconds of a queue's age fit a float exactly.
                let age = self.oldest.map(|due| Duration::from_millis(u64::try_from(now - due).unwrap_or(0)).as_secs_f64());
                if age > stats.oldest_ready_s {
                    stats.oldest_ready_s = age;
                }
            }
            "scheduled" => stats.scheduled += n,
            "waiting" => stats.waiting += n,
            "running" => stats.running += n,
            "dead" => stats.dead += n,
            _ => {
                stats.paused = n != 0;
                stats.max_running = self.oldest.map(|most| self.row().number("max_running", most)).transpose()?;
            }
        }
        Ok(())
    }
}
