//! `watch`: a run whenever something comes into the drop folder.

use std::{sync::Arc, time::Duration};

use notify::{
    EventKind, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use pipeline_domain::ErrorCode;

use crate::{
    cli::{Global, run_once},
    config::Config,
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
};

/// Watch the drop folder.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Look at least this often, in seconds: a network folder may tell nothing.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub every: u64,
}

pub async fn run(watch: Watch, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let shell = Arc::new(Shell::open(global, config).await?);
    let Some(seat) = run_once::seat(&shell)? else { return Ok(run_once::locked(output, global)) };
    let stop = run_once::stop_flag();
    let (told, mut something) = tokio::sync::mpsc::channel(1);
    let failed = |e: notify::Error| Failure::give_up(ErrorCode::ArchiveWrite, format!("cannot watch the drop folder: {e}"));
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.as_ref().map_or(true, brings_something) {
            // A full channel means that a look is due already.
            let _ = told.try_send(());
        }
    })
    .map_err(failed)?;
    watcher.watch(&shell.data.inbox(), RecursiveMode::NonRecursive).map_err(failed)?;
    loop {
        match run_once::with_progress(&shell, &seat, &stop, global, output).await {
            Ok(report) if report.accepted + report.known + report.archived > 0 || !report.refused.is_empty() => {
                run_once::tell(&report, global, output);
            }
            Ok(_) => {}
            // What is full or locked now may be free at the next look; what a person must mend is told each time.
            Err(e) => tracing::error!(code = %e.code, "this run stopped: {}", e.detail),
        }
        let until = tokio::time::Instant::now() + Duration::from_secs(watch.every);
        while tokio::time::Instant::now() < until {
            if stop.is_raised() {
                drop(watcher);
                run_once::close(shell).await;
                return Ok(Exit::Ok);
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
                Some(()) = something.recv() => {
                    // A copy makes many events: let it come to rest first.
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    while something.try_recv().is_ok() {}
                    break;
                }
            }
        }
    }
}

/// Our own taking, reading and removing also make events; only what may bring a file counts.
fn brings_something(event: &notify::Event) -> bool {
    // Of a renaming, the last path is the new name.
    let hidden = |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    if event.paths.last().is_some_and(hidden) {
        return false;
    }
    matches!(
        event.kind,
        EventKind::Create(_)
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both | RenameMode::Any))
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}
