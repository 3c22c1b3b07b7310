//! `bench daemon`: the background workers against each other, on SQLite and on PostgreSQL; and how soon they wake.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use pipeline_domain::ErrorCode;
use pipeline_queue::{Conclusion, JobContext, Runner, Shutdown};
use pipeline_store::{JobKind, Jobs, NewJob, QueueName, Runs, WorkerId};
use serde_json::json;
use uuid::Uuid;

use super::{documents, failed, resident_mib};
use crate::{
    any_store::AnyStore,
    cli::{Global, init},
    config::{Config, DatabaseSetting},
    exit::Exit,
    failure::Failure,
    jobs::{accept, stages::queue},
    output::Output,
    shell::Shell,
};

/// Background workers on both databases.
#[derive(Debug, clap::Args)]
pub struct DaemonBench {
    /// URL of an empty PostgreSQL database, for the second side. Without it only SQLite is measured.
    #[arg(long)]
    pub postgres: Option<String>,
    /// Documents a round.
    #[arg(long, default_value_t = 240)]
    pub documents: usize,
    /// Rounds of each side.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Only samples whose name holds this.
    #[arg(long, default_value = "full")]
    pub samples: String,
    /// Where the data folders are made and removed.
    #[arg(long, default_value = ".bench")]
    pub scratch: PathBuf,
}

/// Processes at work on one database, and a handle on it.
struct Side {
    name: &'static str,
    shell: Arc<Shell>,
    workers: Vec<Child>,
}

pub async fn daemon(bench: DaemonBench, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let cores = config.render_children();
    let mut sides = vec![Side::begin("sqlite", DatabaseSetting::Sqlite, 1, cores, &bench.scratch, global, &config).await?];
    if let Some(url) = &bench.postgres {
        let database = DatabaseSetting::Postgresql { url: Some(url.clone()), url_file: None };
        sides.push(Side::begin("postgresql", database, 2, cores.div_ceil(2), &bench.scratch, global, &config).await?);
    }
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); sides.len()];
    for round in 0..=bench.rounds {
        for (side, rates) in sides.iter().zip(&mut rates) {
            let documents = documents(&bench.samples, round * bench.documents, bench.documents);
            let rate = side.rate(documents).await?;
            // The first round warms everything up.
            if round > 0 {
                output.talk(&format!("round {round}: {} {rate:.1} documents/s", side.name));
                rates.push(rate);
            }
        }
    }
    let mut rows = Vec::new();
    for (side, rates) in sides.iter().zip(&mut rates) {
        rates.sort_by(f64::total_cmp);
        let idle = side.idle_share().await;
        let wakes = wake_times(&side.shell).await?;
        rows.push(json!({
            "side": side.name, "processes": side.workers.len(), "median_per_s": rates[rates.len() / 2], "min_per_s": rates[0],
            "max_per_s": rates[rates.len() - 1], "idle_share_of_a_core": idle, "wake_ms_p50": wakes[wakes.len() / 2],
            "wake_ms_p95": wakes[wakes.len() * 95 / 100], "resident_mib": side.workers.iter().map(|w| resident_mib(&w.id().to_string())).collect::<Vec<_>>(),
        }));
    }
    for side in sides {
        side.end().await?;
    }
    let _ = std::fs::remove_dir_all(&bench.scratch);
    if !output.answer("bench_daemon", json!({ "sides": rows })) {
        rows.iter().for_each(|row| output.line(&row.to_string()));
    }
    Ok(Exit::Ok)
}

impl Side {
    async fn begin(
        name: &'static str,
        database: DatabaseSetting,
        processes: usize,
        children: usize,
        scratch: &Path,
        global: &Global,
        config: &Config,
    ) -> Result<Self, Failure> {
        let folder = scratch.join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let global = Global { data: folder.clone(), config: None, ..global.clone() };
        let mut config = config.clone();
        config.store.database = database;
        config.render.children = children;
        config.http.listen = String::new();
        let shell = Arc::new(init::set_up(&global, config, true).await?);
        let text = toml::to_string(&shell.config).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
        std::fs::write(folder.join("arkivflyt.toml"), text).map_err(failed("cannot write the configuration"))?;
        let program = std::env::current_exe().map_err(failed("cannot find the program"))?;
        let start = |_| {
            let mut process = Process::new(&program);
            process.arg("--data").arg(&folder).args(["worker", "--queues", "inbox,render,archive,mail,runs", "--no-schedules"]);
            process.stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(failed("cannot start a worker"))
        };
        let workers = (0..processes).map(start).collect::<Result<_, _>>()?;
        Ok(Self { name, shell, workers })
    }

    /// Documents a second from the moment that the workers may begin until all are in their folders.
    async fn rate(&self, documents: Vec<Vec<u8>>) -> Result<f64, Failure> {
        let store = &self.shell.store;
        let count = documents.len();
        let before = archived(store).await?;
        store.set_paused(&queue::RENDER, true).await?;
        for batch in documents.chunks(64) {
            accept::accept_all(&self.shell, batch.to_vec()).await?;
        }
        let start = Instant::now();
        store.set_paused(&queue::RENDER, false).await?;
        // A paused queue wakes nobody when it goes on: a word does.
        store.enqueue(&[crate::jobs::stages::intake_job()]).await?;
        while archived(store).await? < before + count {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(count as f64 / start.elapsed().as_secs_f64())
    }

    /// Share of one core that the idle workers use, over ten seconds.
    async fn idle_share(&self) -> f64 {
        const WATCHED: Duration = Duration::from_secs(10);
        tokio::time::sleep(Duration::from_secs(3)).await;
        let ticks = || self.workers.iter().map(|w| cpu_ticks(w.id())).sum::<u64>();
        let before = ticks();
        tokio::time::sleep(WATCHED).await;
        (ticks() - before) as f64 / rustix::param::clock_ticks_per_second() as f64 / WATCHED.as_secs_f64()
    }

    async fn end(self) -> Result<(), Failure> {
        for mut worker in self.workers {
            let pid = rustix::process::Pid::from_child(&worker);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            worker.wait().map_err(failed("a worker did not end"))?;
        }
        super::super::run_once::close(self.shell).await;
        Ok(())
    }
}

async fn archived(store: &AnyStore) -> Result<usize, Failure> {
    let documents = store.counts().await?.documents;
    Ok((documents.archived + documents.notified) as usize)
}

/// User and system time of a process, in clock ticks (proc(5), fields 14 and 15 of `stat`).
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum()
}

/// Milliseconds from enqueueing to the start of the handler, in an idle worker; sorted.
async fn wake_times(shell: &Arc<Shell>) -> Result<Vec<f64>, Failure> {
    const TIMES: usize = 100;
    let bench = QueueName::of("bench");
    let kind = JobKind::of("bench");
    let (told, mut started) = tokio::sync::mpsc::channel(TIMES);
    let handler = move |_: JobContext| {
        let told = told.clone();
        async move {
            let _ = told.send(Instant::now()).await;
            Conclusion::done()
        }
    };
    #[expect(clippy::disallowed_methods, reason = "a worker draws its own name")]
    let worker = WorkerId(Uuid::new_v4());
    let runner = Runner::builder(Arc::new(shell.store.clone()), worker, shell.clock.clone())
        .queue(bench.clone(), 1)
        .handler(kind.clone(), Duration::from_secs(60), handler)
        .build()
        .map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    let stop = Shutdown::new();
    let running = tokio::spawn(runner.run(stop.clone()));
    // As from another process: a store of its own.
    let elsewhere = shell.another_store().await?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let enqueued = Instant::now();
        elsewhere.enqueue(&[NewJob::new(kind.clone(), bench.clone(), json!({}))]).await?;
        let begun = started.recv().await.expect("the handler keeps a sender");
        times.push(begun.saturating_duration_since(enqueued).as_secs_f64() * 1000.0);
    }
    stop.request();
    let _ = running.await;
    elsewhere.close().await;
    times.sort_by(f64::total_cmp);
    Ok(times)
}
