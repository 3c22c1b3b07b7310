//! The eye on the drop folder: whenever something comes, and now and then all the same, a job is made that looks.

use std::{sync::Arc, time::Duration};

use notify::{
    EventKind, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use pipeline_queue::Shutdown;
use pipeline_store::Jobs;
use tokio::sync::mpsc;

use crate::{http::Pulse, jobs::stages, shell::Shell};

/// A copy makes many events: it is let come to rest.
const REST: Duration = Duration::from_millis(150);
/// The longest time without a pulse.
const PULSE: Duration = Duration::from_secs(10);

/// Watches until asked to stop.
pub async fn watch(shell: Arc<Shell>, pulse: Pulse, shutdown: Shutdown) {
    let every = Duration::from_secs(shell.config.work.look_every_s);
    let (told, mut something) = mpsc::channel(1);
    let _eye = open_eye(&shell, told);
    let mut look_at = tokio::time::Instant::now();
    loop {
        pulse.beat();
        if tokio::time::Instant::now() >= look_at {
            look_at = tokio::time::Instant::now() + every;
            ask_for_a_look(&shell).await;
        }
        tokio::select! {
            () = shutdown.requested() => break,
            Some(()) = something.recv() => {
                tokio::time::sleep(REST).await;
                while something.try_recv().is_ok() {}
                look_at = tokio::time::Instant::now();
            }
            () = tokio::time::sleep(PULSE.min(look_at.saturating_duration_since(tokio::time::Instant::now()))) => {}
        }
    }
    pulse.end();
}

/// Without an eye (a network folder, no watches left) there is still the look now and then.
fn open_eye(shell: &Shell, told: mpsc::Sender<()>) -> Option<impl Watcher> {
    let opened = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.as_ref().map_or(true, brings_something) {
            // A full channel means that a look is due already.
            let _ = told.try_send(());
        }
    })
    .and_then(|mut eye| eye.watch(&shell.data.inbox(), RecursiveMode::NonRecursive).map(|()| eye));
    opened.inspect_err(|e| tracing::warn!("the drop folder cannot be watched and is looked into now and then: {e}")).ok()
}

/// A look that is waiting already is enough; one that runs may have passed the new file, and then the next is near. Nothing is
/// made while nothing lies there: an idle daemon leaves no rows.
async fn ask_for_a_look(shell: &Shell) {
    if is_empty(shell) {
        return;
    }
    if let Err(e) = shell.store.enqueue(&[stages::intake_job()]).await {
        tracing::warn!(code = %e.code(), "a look into the drop folder has to wait: {e}");
    }
}

/// Whether there is nothing but hidden files, apart from those in hand. What cannot be read is looked at by the job, which says so.
fn is_empty(shell: &Shell) -> bool {
    let Ok(entries) = std::fs::read_dir(shell.data.inbox()) else { return false };
    let hidden = |name: &str| name.starts_with('.') && !name.starts_with(".taken-");
    entries.flatten().all(|entry| hidden(&entry.file_name().to_string_lossy()))
}

/// Our own taking, reading and removing also make events; only what may bring a file counts.
pub fn brings_something(event: &notify::Event) -> bool {
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
