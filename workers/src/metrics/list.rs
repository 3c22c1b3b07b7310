//! Every number there is. A test sees that nobody records another.

/// What kind of number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Only rises, from 0 at every start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// With these upper bounds.
    Histogram(&'static [f64]),
}

/// One number.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub shape: Shape,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

/// A no-op takes a tenth of a millisecond, a whole archive run an hour.
const RUN: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0];

/// 50 ms from enqueueing to start is the promise; a backlog may be hours.
const WAIT: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0];

/// One statement.
const STATEMENT: &[f64] = &[0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A second when all is well; days when nothing ran.
const LAG: &[f64] = &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0, 21600.0, 86400.0];

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, shape: Shape::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, shape: Shape::Gauge, labels, help }
}

const fn histogram(name: &'static str, buckets: &'static [f64], labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, shape: Shape::Histogram(buckets), labels, help }
}

/// Every number. Recorded by the runner: jobs, leases, claims, schedules. Set when somebody looks: the rest.
pub const LIST: &[Metric] = &[
    gauge("afl_build_info", &["version", "database", "database_schema"], "Always 1; its labels say what runs here"),
    gauge("afl_store_up", &[], "1 when the database answered at this look, 0 when the figures below are old"),
    gauge("afl_queue_depth", &["queue", "state"], "Unfinished jobs by queue and state, and dead ones"),
    gauge("afl_queue_oldest_seconds", &["queue"], "How long the oldest job that is due has been due"),
    gauge("afl_queue_paused", &["queue"], "1 when a person has paused the queue"),
    gauge("afl_documents", &["state"], "Documents by state"),
    gauge("afl_mails", &["state"], "Mails by state"),
    gauge("afl_folders", &[], "Case folders"),
    gauge("afl_on_paper", &[], "Lines on the paper list"),
    gauge("afl_verify_age_seconds", &[], "Since the last whole verification; infinite when there was none"),
    gauge("afl_verify_failures", &[], "Case folders that the last whole verification found damaged"),
    gauge("afl_backup_age_seconds", &[], "Since the last whole backup was made; infinite when there was none"),
    gauge("afl_jobs_running", &["queue"], "Jobs that this process has in hand"),
    gauge("process_resident_memory_bytes", &[], "Memory of this process, without its render children"),
    histogram("afl_job_run_seconds", RUN, &["kind", "outcome"], "How long an attempt took"),
    histogram("afl_job_start_latency_seconds", WAIT, &["queue"], "How long a job had been due when it started"),
    histogram("afl_claim_seconds", STATEMENT, &[], "How long one claim took, empty ones too"),
    histogram("afl_schedule_lag_seconds", LAG, &["schedule"], "How long after its time a schedule fired"),
    counter("afl_lease_lost_total", &[], "Attempts that came to their end after their lease was gone"),
    counter("afl_rescued_total", &[], "Jobs freed from workers that died or hung"),
    counter("afl_returned_total", &[], "Jobs handed back at a shutdown"),
    counter("afl_schedule_brought_back_total", &[], "Schedules sent ahead by a wrong clock and brought back"),
    counter("afl_store_errors_total", &[], "Calls that the database did not answer, or refused"),
];
