//! Metrics. Labels come from closed sets: the queues and kinds that were registered, and the words below.

use std::{sync::Arc, time::Duration};

use metrics::{SharedString, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const RUN: &str = "afl_job_run_seconds";
const START: &str = "afl_job_start_latency_seconds";
const RUNNING: &str = "afl_jobs_running";
const LOST: &str = "afl_lease_lost_total";
const RESCUED: &str = "afl_rescued_total";
const RETURNED: &str = "afl_returned_total";
const STORE_ERRORS: &str = "afl_store_errors_total";
const CLAIM: &str = "afl_claim_seconds";

/// Tells the recorder what the runner's metrics mean. To be called once, after the recorder is set.
pub fn describe_metrics() {
    describe_histogram!(RUN, Unit::Seconds, "how long attempts ran, by kind and outcome");
    describe_histogram!(START, Unit::Seconds, "how long jobs had been due when they were started, by queue");
    describe_gauge!(RUNNING, Unit::Count, "attempts that run in this process, by queue");
    describe_counter!(LOST, Unit::Count, "attempts whose lease was lost");
    describe_counter!(RESCUED, Unit::Count, "jobs of dead workers that this process freed");
    describe_counter!(RETURNED, Unit::Count, "attempts handed back at a stop");
    describe_counter!(STORE_ERRORS, Unit::Count, "calls that the store did not answer");
    describe_histogram!(CLAIM, Unit::Seconds, "how long claims took");
}

/// A label that is cloned cheaply.
pub(super) fn label(text: &str) -> SharedString {
    SharedString::from(Arc::<str>::from(text))
}

pub(super) fn ran(kind: &SharedString, outcome: &'static str, long: Duration) {
    histogram!(RUN, "kind" => kind.clone(), "outcome" => outcome).record(long);
}

pub(super) fn started(queue: &SharedString, waited: Duration) {
    histogram!(START, "queue" => queue.clone()).record(waited);
}

pub(super) fn running(queue: &SharedString, attempts: u32) {
    gauge!(RUNNING, "queue" => queue.clone()).set(attempts);
}

pub(super) fn lost() {
    counter!(LOST).increment(1);
}

pub(super) fn rescued(jobs: u64) {
    counter!(RESCUED).increment(jobs);
}

pub(super) fn returned() {
    counter!(RETURNED).increment(1);
}

pub(super) fn store_error() {
    counter!(STORE_ERRORS).increment(1);
}

pub(super) fn claimed(took: Duration) {
    histogram!(CLAIM).record(took);
}
