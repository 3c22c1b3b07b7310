//! Metrics: which are written, and that their labels come from closed sets.

use std::collections::BTreeSet;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use pipeline_domain::{ErrorCode, Verdict};

use super::*;

/// Notes every series that is written to.
#[derive(Clone, Default)]
struct Series(Arc<Mutex<BTreeSet<String>>>);

impl Series {
    fn note(&self, key: &Key) {
        let labels: Vec<String> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        self.0.lock().unwrap().insert(format!("{} {}", key.name(), labels.join(" ")).trim_end().to_owned());
    }
}

impl Recorder for Series {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.0.lock().unwrap().insert(format!("described {}", key.as_str()));
    }
    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.0.lock().unwrap().insert(format!("described {}", key.as_str()));
    }
    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.0.lock().unwrap().insert(format!("described {}", key.as_str()));
    }
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.note(key);
        Counter::noop()
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.note(key);
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.note(key);
        Histogram::noop()
    }
}

#[tokio::test(start_paused = true)]
async fn series_are_named_by_kind_queue_and_outcome_and_by_nothing_from_a_row() {
    let series = Series::default();
    let _recorder = metrics::set_default_local_recorder(&series);
    let store = MemoryJobs::new();
    let mut new = jobs(4);
    new.push(NewJob::new("names.from.a_row".parse().unwrap(), MAIN, json!({})));
    store.add(&new);
    store.fail("claim", 1);
    let shutdown = Shutdown::new();
    let handler = |job: JobContext| async move {
        match job.job.args["n"].as_i64() {
            Some(0) => Conclusion::done(),
            Some(1) => Conclusion::fail(Verdict::GiveUp, ErrorCode::ArchiveDamaged, ""),
            Some(2) => panic!("poison"),
            _ => std::future::pending().await,
        }
    };
    let run = start(process(&store, 8).handler(WORK, LONG, handler), &shutdown);
    tokio::time::sleep(secs(5)).await;
    shutdown.request();
    run.await.unwrap();
    let written = series.0.lock().unwrap().clone();
    let expected = [
        "afl_claim_seconds",
        "afl_job_run_seconds kind=unknown outcome=unknown_kind",
        "afl_job_run_seconds kind=work outcome=done",
        "afl_job_run_seconds kind=work outcome=failed",
        "afl_job_run_seconds kind=work outcome=panicked",
        "afl_job_run_seconds kind=work outcome=returned",
        "afl_job_start_latency_seconds queue=main",
        "afl_jobs_running queue=main",
        "afl_returned_total",
        "afl_store_errors_total",
    ];
    assert_eq!(written.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn every_metric_is_described() {
    let series = Series::default();
    metrics::with_local_recorder(&series, pipeline_queue::describe_metrics);
    let described = series.0.lock().unwrap().len();
    assert_eq!(described, 8);
}
