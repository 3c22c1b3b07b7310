//! Numbers for those who watch over it, in Prometheus' words. Ids, names and content never become labels: each label's values are
//! a closed list.
//!
//! What happens is counted where it happens (the runner); what there *is* (queues, documents, mails) is asked of the store when
//! somebody looks, at most once a second.

mod list;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use pipeline_domain::ErrorCode;
use pipeline_store::{Counts, QueueName, QueueStats};
use tokio::time::{MissedTickBehavior, timeout};

use self::list::{LIST, Shape};
use crate::failure::Failure;

/// Figures are good for so long.
const FIGURES_AGE: Duration = Duration::from_secs(1);

/// Figures that have not come by then are left as they were, and `afl_store_up` is 0.
const FIGURES_LIMIT: Duration = Duration::from_secs(5);

/// How often what the histograms have gathered is folded into buckets; without it memory grows while nobody looks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Stands for every queue that this program does not know: a label's values are a closed list.
const OTHER: &str = "other";

/// The store in numbers.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Every queue that has work or a limit.
    pub queues: Vec<QueueStats>,
    /// Documents, mails, folders.
    pub counts: Counts,
    /// Since the last whole verification ended; `None` when there was none, which counts as infinitely long.
    pub verify_age: Option<Duration>,
    /// Case folders that it found damaged.
    pub verify_failures: u64,
    /// Since the last backup was done and checked; `None` as above.
    pub backup_age: Option<Duration>,
}

/// The recorder of this process.
#[derive(Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
    known: Vec<QueueName>,
    refreshed: tokio::sync::Mutex<Option<Instant>>,
    /// Memory of this process when last looked at, so that a look that fails keeps it.
    resident_bytes: AtomicU64,
}

impl Metrics {
    /// Makes this the recorder of the process, once. `queues` are those that may be named. `database_schema` as in
    /// [`About`](crate::http::About).
    ///
    /// # Errors
    /// `config_invalid`: there is one already. A fault of ours.
    pub fn install(queues: &[QueueName], database: &'static str, database_schema: i64) -> Result<Self, Failure> {
        let wrong = |e: &dyn std::error::Error| Failure::give_up(ErrorCode::ConfigInvalid, format!("metrics: {e}"));
        let (metrics, recorder) = Self::detached(queues).map_err(|e| wrong(&e))?;
        metrics::set_global_recorder(recorder).map_err(|e| wrong(&e))?;
        begin(database, database_schema);
        Ok(metrics)
    }

    /// With a recorder that belongs to nobody yet.
    fn detached(queues: &[QueueName]) -> Result<(Self, PrometheusRecorder), BuildError> {
        let mut builder = PrometheusBuilder::new();
        for metric in LIST {
            if let Shape::Histogram(buckets) = metric.shape {
                builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
            }
        }
        let recorder = builder.build_recorder();
        let (handle, refreshed) = (recorder.handle(), tokio::sync::Mutex::default());
        Ok((Self { handle, known: queues.to_vec(), refreshed, resident_bytes: AtomicU64::new(0) }, recorder))
    }

    /// For tests of others: recorded by the thread that holds the guard.
    #[cfg(test)]
    pub fn for_this_thread(queues: &[QueueName]) -> (Self, metrics::LocalRecorderGuard<'static>) {
        let (metrics, recorder) = Self::detached(queues).unwrap();
        let guard = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));
        begin("sqlite", 1);
        (metrics, guard)
    }

    /// All of it as text, with figures from now or from less than a second ago.
    pub async fn text(&self, figures: impl Future<Output = Result<Figures, ErrorCode>>) -> String {
        let mut refreshed = self.refreshed.lock().await;
        if refreshed.is_none_or(|at| at.elapsed() >= FIGURES_AGE) {
            match timeout(FIGURES_LIMIT, figures).await {
                Ok(Ok(figures)) => {
                    self.set(&figures);
                    gauge!("afl_store_up").set(1.0);
                }
                Ok(Err(_)) | Err(_) => gauge!("afl_store_up").set(0.0),
            }
            self.set_memory();
            *refreshed = Some(Instant::now());
        }
        drop(refreshed);
        self.handle.render()
    }

    /// Keeps the recorder small. Never ends: run it beside the rest.
    pub async fn upkeep(&self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }

    fn set(&self, figures: &Figures) {
        for (queue, sum) in self.by_queue(&figures.queues) {
            set_queue(queue, &sum);
        }
        let Counts { documents, mails, folders, on_paper } = figures.counts;
        for (state, n) in [
            ("accepted", documents.accepted),
            ("archived", documents.archived),
            ("notified", documents.notified),
            ("failed", documents.failed),
        ] {
            gauge!("afl_documents", "state" => state).set(f64::from(n));
        }
        for (state, n) in [
            ("queued", mails.queued),
            ("under_way", mails.under_way),
            ("settled", mails.settled),
            ("failed", mails.failed),
            ("doubtful", mails.doubtful),
        ] {
            gauge!("afl_mails", "state" => state).set(f64::from(n));
        }
        gauge!("afl_folders").set(f64::from(folders));
        gauge!("afl_on_paper").set(f64::from(on_paper));
        gauge!("afl_verify_age_seconds").set(age(figures.verify_age));
        gauge!("afl_verify_failures").set(figures.verify_failures as f64);
        gauge!("afl_backup_age_seconds").set(age(figures.backup_age));
    }

    /// Every known queue, also one that the store says nothing of: it is empty now, and its last number must not stand for ever.
    fn by_queue<'a>(&'a self, stats: &[QueueStats]) -> BTreeMap<&'a str, QueueSum> {
        let mut sums: BTreeMap<&str, QueueSum> = self.known.iter().map(|q| (q.as_str(), QueueSum::default())).collect();
        sums.insert(OTHER, QueueSum::default());
        for stats in stats {
            let name = self.known.iter().find(|known| **known == stats.queue).map_or(OTHER, QueueName::as_str);
            sums.entry(name).or_default().add(stats);
        }
        sums
    }

    fn set_memory(&self) {
        if let Some(bytes) = resident_bytes() {
            self.resident_bytes.store(bytes, Ordering::Relaxed);
        }
        gauge!("process_resident_memory_bytes").set(self.resident_bytes.load(Ordering::Relaxed) as f64);
    }
}

/// Describes everything, and sets what can be set at once: a counter that is not there cannot be seen to rise.
fn begin(database: &'static str, database_schema: i64) {
    for metric in LIST {
        match metric.shape {
            Shape::Counter => describe_counter!(metric.name, metric.help),
            Shape::Gauge => describe_gauge!(metric.name, metric.help),
            Shape::Histogram(_) => describe_histogram!(metric.name, metric.help),
        }
        if metric.shape == Shape::Counter && metric.labels.is_empty() {
            counter!(metric.name).increment(0);
        }
    }
    let schema = database_schema.to_string();
    gauge!("afl_build_info", "version" => env!("CARGO_PKG_VERSION"), "database" => database, "database_schema" => schema).set(1.0);
}

/// Queues under one name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct QueueSum {
    ready: u64,
    scheduled: u64,
    waiting: u64,
    running: u64,
    dead: u64,
    oldest_s: f64,
    paused: bool,
}

impl QueueSum {
    fn add(&mut self, stats: &QueueStats) {
        self.ready += stats.ready;
        self.scheduled += stats.scheduled;
        self.waiting += stats.waiting;
        self.running += stats.running;
        self.dead += stats.dead;
        self.oldest_s = self.oldest_s.max(stats.oldest_ready_s.unwrap_or(0.0));
        self.paused |= stats.paused;
    }
}

fn set_queue(queue: &str, sum: &QueueSum) {
    for (state, n) in
        [("ready", sum.ready), ("scheduled", sum.scheduled), ("waiting", sum.waiting), ("running", sum.running), ("dead", sum.dead)]
    {
        gauge!("afl_queue_depth", "queue" => queue.to_owned(), "state" => state).set(n as f64);
    }
    gauge!("afl_queue_oldest_seconds", "queue" => queue.to_owned()).set(sum.oldest_s);
    gauge!("afl_queue_paused", "queue" => queue.to_owned()).set(f64::from(u8::from(sum.paused)));
}

/// Never is infinitely long ago: what was never done is overdue.
fn age(since: Option<Duration>) -> f64 {
    since.map_or(f64::INFINITY, |d| d.as_secs_f64())
}

/// Memory of this process, without its render children.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
