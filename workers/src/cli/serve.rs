//! `serve` and `worker`: the background, until SIGTERM or Ctrl-C.

use std::sync::Arc;

use pipeline_domain::ErrorCode;
use pipeline_store::QueueName;

use crate::{
    cli::{Global, run_once},
    config::Config,
    daemon::{self, Duties, QUEUES},
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
};

/// Run everything in one process.
#[derive(Debug, clap::Args)]
pub struct Serve {}

/// Work on some queues, beside other processes on the same database.
#[derive(Debug, clap::Args)]
pub struct Worker {
    /// Which queues, separated by commas: inbox, render, archive, mail, runs.
    #[arg(long, value_delimiter = ',', required = true, value_name = "QUEUE")]
    pub queues: Vec<QueueName>,
    /// Do not fire schedules. Any number of processes may: each firing happens once.
    #[arg(long)]
    pub no_schedules: bool,
}

pub async fn serve(_: Serve, global: &Global, config: Config, _: &Output) -> Result<Exit, Failure> {
    begin(Duties::all(), global, config).await
}

pub async fn worker(worker: Worker, global: &Global, config: Config, _: &Output) -> Result<Exit, Failure> {
    if let Some(unknown) = worker.queues.iter().find(|q| !QUEUES.contains(q)) {
        let all: Vec<&str> = QUEUES.iter().map(QueueName::as_str).collect();
        return Err(Failure::give_up(
            ErrorCode::ConfigInvalid,
            format!("--queues: there is no queue {unknown}; there are {}", all.join(", ")),
        ));
    }
    let mut queues = worker.queues;
    queues.sort();
    queues.dedup();
    begin(Duties { queues, schedules: !worker.no_schedules }, global, config).await
}

/// An orderly stop is what was asked for: 0, also after SIGTERM.
async fn begin(duties: Duties, global: &Global, config: Config) -> Result<Exit, Failure> {
    let shutdown = daemon::shutdown_on_signals();
    let shell = Arc::new(Shell::open(global, config).await?);
    let ended = daemon::run(shell.clone(), duties, shutdown).await;
    run_once::close(shell).await;
    ended.map(|()| Exit::Ok)
}
