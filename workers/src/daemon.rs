//! The background: workers, schedules, the eye on the drop folder and the health page, in one process, until it is asked to stop.
//!
//! `serve` is all of it; `worker` is the part whose queues it is told. As many processes as wanted may run on one database: each
//! job is given to one of them, each schedule is fired by one of them, one of them at a time sends mail.

mod bounces;
mod drop_folder;
mod mail;
mod probe;
mod signals;
mod ticks;

use std::{sync::Arc, time::Duration};

use pipeline_domain::ErrorCode;
use pipeline_queue::{Backoff, JobContext, Runner, RunnerBuilder, Shutdown};
use pipeline_store::{JobKind, Jobs, PrunePolicy, QueueName, ScheduleName, WorkerId};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    any_store::AnyStore,
    data::{self, Seat, SeatKind},
    failure::Failure,
    http::{About, HealthState, Pulses, Reach, Server},
    jobs::{
        deliveries, events, overview, runs, schedules,
        stages::{self, kind, queue},
        tidy,
    },
    metrics::Metrics,
    shell::Shell,
    systemd::Supervisor,
};

pub use signals::shutdown_on_signals;

/// All queues there are.
pub static QUEUES: [QueueName; 5] = [queue::INBOX, queue::RENDER, queue::ARCHIVE, queue::MAIL, queue::RUNS];

/// A stage works on one document: what takes longer than this hangs.
const STAGE_LIMIT: Duration = Duration::from_secs(15 * 60);
/// A run may go over the whole archive.
const RUN_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Cancelled jobs are of no interest for longer.
const KEEP_CANCELLED: Duration = Duration::from_secs(7 * 24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// Waits after a panic, a time-out and the like, of which a job's document is not told. After six hours the job is dead, the sweep
/// tells the document, and whatever waits behind it in its case folder goes on.
const UNTOLD_WAITS: [Duration; 4] =
    [Duration::from_secs(15), Duration::from_secs(60), Duration::from_secs(5 * 60), Duration::from_secs(15 * 60)];
const DAY: Duration = Duration::from_secs(24 * 3600);
const SEAT_TRIES: u32 = 50;
const BETWEEN_SEAT_TRIES: Duration = Duration::from_millis(200);
/// Each loop of this process says so often that it lives.
const PULSE: Duration = Duration::from_secs(30);

/// What this process takes on.
#[derive(Clone, Debug)]
pub struct Duties {
    /// Queues that it works on.
    pub queues: Vec<QueueName>,
    /// Whether it fires schedules.
    pub schedules: bool,
}

impl Duties {
    /// All of it.
    pub fn all() -> Self {
        Self { queues: QUEUES.to_vec(), schedules: true }
    }

    fn has(&self, queue: &QueueName) -> bool {
        self.queues.contains(queue)
    }
}

/// Those who do all the work of one process: the runner of every queue but mail, and that of mail. For whoever lets each of them run until
/// nothing is due, and then makes new ones.
pub fn all_runners(shell: &Arc<Shell>) -> Result<(Runner<AnyStore>, Runner<AnyStore>), Failure> {
    let worker = worker_of(shell, &Duties::all(), WorkerId(new_id()))?.expect("it has every queue");
    Ok((worker, mail::worker(shell)?))
}

/// What finished jobs are kept for how long.
pub fn prune_policy(shell: &Shell) -> PrunePolicy {
    PrunePolicy { done_after: DAY * shell.config.work.keep_done_days, cancelled_after: KEEP_CANCELLED, limit: 1000 }
}

/// Takes up the duties and keeps to them until `shutdown`. An error means that it could not begin.
pub async fn run(shell: Arc<Shell>, duties: Duties, shutdown: Shutdown) -> Result<(), Failure> {
    let supervisor = Arc::new(Supervisor::from_environment());
    let page = open_page(&shell).await?;
    let _seat = take_seat(&shell).await?;
    std::fs::create_dir_all(shell.archive_root())
        .map_err(|e| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot make the archive folder: {e}")))?;
    if duties.has(&queue::RENDER) {
        // A child that cannot start stops us now, not the first document.
        shell.press().await?;
    }
    let health = health_of(&shell).await?;
    let pulses = health.pulses;
    let worker = worker_of(&shell, &duties, WorkerId(new_id()))?;

    let mut beside = JoinSet::new();
    let watched = health.state.clone();
    let watchdog = supervisor.clone();
    beside.spawn(async move { watchdog.watch(|| watched.late()).await });
    if let Some(page) = page {
        tracing::info!(address = %page.address(), "the health page is open");
        let stop = shutdown.clone();
        let state = health.state.clone();
        // Open to the very end: who asks while we drain is told that we do.
        beside.spawn(async move { crate::http::serve(page, state, async move { stop.requested_twice().await }).await });
    }
    beside.spawn(async move { health.metrics.upkeep().await });
    let mut loops = JoinSet::new();
    if duties.schedules {
        let ticker = ticks::start(&shell).await?;
        loops.spawn(ticks::run(ticker, shell.clone(), pulses.begin("schedules", PULSE), shutdown.clone()));
    }
    if duties.has(&queue::INBOX) {
        loops.spawn(drop_folder::watch(shell.clone(), pulses.begin("drop_folder", PULSE), shutdown.clone()));
    }
    if duties.has(&queue::MAIL) {
        loops.spawn(mail::run(shell.clone(), pulses.begin("mail", PULSE), shutdown.clone()));
        if shell.config.mail.bounces.is_some() {
            loops.spawn(bounces::watch(shell.clone(), pulses.begin("bounces", PULSE), shutdown.clone()));
        }
    }
    if duties.has(&queue::RUNS) {
        // What an earlier version, or a stop between file and job, left without a job does not wait for the clock.
        let at_once = [runs::ARCHIVE_SWEEP, runs::DELIVERY_RECEIPTS];
        let jobs = at_once.map(|name| schedules::run_job(&ScheduleName::of(name), shell.clock.now()));
        shell.store.enqueue(&jobs).await?;
    }
    supervisor.ready("takes work");
    tracing::info!(queues = %names(&duties.queues), schedules = duties.schedules, database = ?shell.store.database(), "ready");
    let stopping = tokio::spawn(say_when_stopping(shutdown.clone(), supervisor, health.state));
    match worker {
        Some(worker) => drop(worker.run(shutdown.clone()).await),
        None => shutdown.requested().await,
    }
    while loops.join_next().await.is_some() {}
    stopping.abort();
    beside.abort_all();
    tracing::info!("stopped");
    Ok(())
}

async fn say_when_stopping(shutdown: Shutdown, supervisor: Arc<Supervisor>, health: HealthState) {
    shutdown.requested().await;
    health.drain();
    supervisor.stopping();
    tracing::info!("asked to stop: what is in hand is finished or handed back");
}

fn names(queues: &[QueueName]) -> String {
    queues.iter().map(QueueName::as_str).collect::<Vec<_>>().join(",")
}

#[expect(clippy::disallowed_methods, reason = "a process draws its own name, anew at every start")]
fn new_id() -> Uuid {
    Uuid::new_v4()
}

async fn open_page(shell: &Shell) -> Result<Option<Server>, Failure> {
    let http = &shell.config.http;
    let Some(address) = http.address().expect("checked at start") else { return Ok(None) };
    let reach = if http.public { Reach::Anyone } else { Reach::Loopback };
    Server::bind(address, reach).await.map(Some)
}

/// Mends what a crash left, when nobody else is at work, and sits down among the workers.
async fn take_seat(shell: &Shell) -> Result<Seat, Failure> {
    let failed = |e: std::io::Error| Failure::retry(ErrorCode::StoreUnavailable, format!("cannot lock the data folder: {e}"));
    if let Some(alone) = shell.data.lock(SeatKind::Alone).map_err(failed)? {
        mend(shell, &alone)?;
    }
    tidy::adopt_orphans(shell).await?;
    for _ in 0..SEAT_TRIES {
        if let Some(seat) = shell.data.lock(SeatKind::AmongWorkers).map_err(failed)? {
            return Ok(seat);
        }
        // Another worker may be mending at this very moment.
        tokio::time::sleep(BETWEEN_SEAT_TRIES).await;
    }
    Err(Failure::retry(ErrorCode::StoreUnavailable, "a command that works alone (run-once, watch) holds the data folder"))
}

fn mend(shell: &Shell, alone: &Seat) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot tidy the data folder: {e}"));
    for folder in shell.data.with_parts() {
        data::sweep_parts(&folder, alone).map_err(failed)?;
    }
    Ok(())
}

struct Health {
    state: HealthState,
    pulses: Pulses,
    metrics: Arc<Metrics>,
}

async fn health_of(shell: &Arc<Shell>) -> Result<Health, Failure> {
    let (database, schema) = (shell.store.database().id(), shell.known_schema().await?);
    let metrics = Arc::new(Metrics::install(&QUEUES, database, schema)?);
    let pulses = Pulses::new();
    let probe = probe::ShellProbe::new(shell.clone());
    let state = HealthState::new(probe, pulses.clone(), metrics.clone(), About::this_program(database, schema));
    Ok(Health { state, pulses, metrics })
}

/// The runner of every queue but mail, if any of them is ours.
fn worker_of(shell: &Arc<Shell>, duties: &Duties, id: WorkerId) -> Result<Option<Runner<AnyStore>>, Failure> {
    let slots = &shell.config.work.queues;
    let render = if slots.render == 0 { 2 * shell.config.render_children() + 2 } else { slots.render };
    let of = [(queue::INBOX, slots.inbox), (queue::RENDER, render), (queue::ARCHIVE, slots.archive), (queue::RUNS, slots.runs)];
    let ours: Vec<_> = of.into_iter().filter(|(queue, _)| duties.has(queue)).collect();
    if ours.is_empty() {
        return Ok(None);
    }
    let mut builder = ours.into_iter().fold(runner(shell, id), |builder, (queue, slots)| builder.queue(queue, slots));
    builder = builder
        .handler(kind::INTAKE, STAGE_LIMIT, with(shell, stages::intake))
        .handler(kind::RENDER, STAGE_LIMIT, with(shell, stages::render))
        .handler(kind::PACKAGE, STAGE_LIMIT, with(shell, stages::package))
        .handler(kind::ARCHIVE, STAGE_LIMIT, with(shell, stages::archive))
        .handler(events::KIND, STAGE_LIMIT, with(shell, events::deed))
        .handler(overview::KIND, STAGE_LIMIT, with(shell, overview::overview))
        .handler(deliveries::DELIVER, STAGE_LIMIT, with(shell, deliveries::deliver))
        .handler(deliveries::KEEP, STAGE_LIMIT, with(shell, deliveries::keep));
    for name in runs::KINDS.iter().filter(|name| **name != runs::OUTBOX_RETRY) {
        builder = builder.handler(JobKind::of(name), RUN_LIMIT, with(shell, runs::run));
    }
    builder.build().map(Some).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))
}

/// A runner with the settings of this process, and nothing to do yet.
fn runner(shell: &Arc<Shell>, id: WorkerId) -> RunnerBuilder<AnyStore> {
    let work = &shell.config.work;
    let lease = Duration::from_secs(work.lease_s);
    Runner::builder(Arc::new(shell.store.clone()), id, shell.clock.clone())
        .lease(lease)
        .beat(lease / 4)
        .drain(Duration::from_secs(work.drain_s))
        .longest_lease(Duration::from_secs(3600))
        .backoff(Backoff::new(&UNTOLD_WAITS, HOUR, 6 * HOUR))
        .place(place())
        .version(env!("CARGO_PKG_VERSION"))
        .prune(Some(prune_policy(shell)))
}

/// Machine and process, for the list of workers.
fn place() -> String {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{machine}:{}", std::process::id())
}

/// A stage or run as the runner takes it.
fn with<F, Fut>(shell: &Arc<Shell>, stage: F) -> impl Fn(JobContext) -> Fut + Send + Sync + 'static
where
    F: Fn(Arc<Shell>, JobContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = pipeline_queue::Conclusion> + Send,
{
    let shell = shell.clone();
    move |ctx| stage(shell.clone(), ctx)
}
