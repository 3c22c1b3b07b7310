//! The runner against jobs in memory: what it does when handlers fail, the store is away, leases are lost and a stop is asked
//! for. Time is stepped, unless a test needs real cores. The traps are those that were measured with other queues.

mod ends;
mod figures;
mod leases;
mod memory;
mod outages;
mod plain;
mod stopping;
mod traps;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use memory::MemoryJobs;
use pipeline_queue::{Conclusion, JobContext, Runner, RunnerBuilder, RunnerReport, Shutdown};
use pipeline_store::{JobId, JobKind, NewJob, QueueName, WorkerId};
use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};
use uuid::Uuid;

const WORK: JobKind = JobKind::of("work");
const MAIN: QueueName = QueueName::of("main");
/// Longer than any handler of these tests runs.
const LONG: Duration = Duration::from_secs(3600);

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// `count` jobs of kind [`WORK`] in [`MAIN`].
fn jobs(count: usize) -> Vec<NewJob> {
    (0..count).map(|n| NewJob::new(WORK, MAIN, json!({ "n": n }))).collect()
}

/// A process on `store`, with a name of its own.
fn process(store: &Arc<MemoryJobs>, slots: usize) -> RunnerBuilder<MemoryJobs> {
    static NAMES: AtomicU64 = AtomicU64::new(1);
    let worker = WorkerId(Uuid::from_u64_pair(1, NAMES.fetch_add(1, Ordering::Relaxed)));
    Runner::builder(store.clone(), worker, store.clock()).queue(MAIN, slots)
}

fn start(builder: RunnerBuilder<MemoryJobs>, shutdown: &Shutdown) -> JoinHandle<RunnerReport> {
    tokio::spawn(builder.build().unwrap().run(shutdown.clone()))
}

/// Which jobs were started, and when.
#[derive(Clone, Default)]
struct Starts(Arc<Mutex<Vec<(JobId, Instant)>>>);

impl Starts {
    fn note(&self, job: &JobContext) {
        self.0.lock().unwrap().push((job.id(), Instant::now()));
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn of(&self, id: JobId) -> Vec<Instant> {
        self.0.lock().unwrap().iter().filter(|(job, _)| *job == id).map(|(_, at)| *at).collect()
    }

    /// A handler that takes `long` and is then through, whether it is asked to stop or not.
    fn working(&self, long: Duration) -> impl Fn(JobContext) -> futures::Working + Send + Sync + 'static {
        let starts = self.clone();
        move |job| {
            starts.note(&job);
            Box::pin(async move {
                tokio::time::sleep(long).await;
                drop(job);
                Conclusion::done()
            })
        }
    }
}

mod futures {
    use std::{future::Future, pin::Pin};

    /// What [`Starts::working`](super::Starts::working) returns.
    pub type Working = Pin<Box<dyn Future<Output = pipeline_queue::Conclusion> + Send>>;
}

/// Waits until `claim` holds, at most ten minutes of the test's clock.
async fn until(what: &str, claim: impl Fn() -> bool) {
    let begun = Instant::now();
    while !claim() {
        assert!(begun.elapsed() < secs(600), "waited in vain: {what}");
        tokio::time::sleep(millis(5)).await;
    }
}
