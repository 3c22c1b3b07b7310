//! Signals: the first asks to stop in order, the second to stop now, the third does not ask.

use std::process;

use pipeline_queue::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// Raised by SIGTERM or Ctrl-C.
pub fn shutdown_on_signals() -> Shutdown {
    let shutdown = Shutdown::new();
    let asked = shutdown.clone();
    tokio::spawn(async move {
        let mut terminate = signal(SignalKind::terminate()).expect("a signal handler can be set");
        let mut interrupt = signal(SignalKind::interrupt()).expect("a signal handler can be set");
        for times in 1.. {
            let exit = tokio::select! {
                _ = terminate.recv() => Exit::Terminated,
                _ = interrupt.recv() => Exit::Interrupted,
            };
            if times > 2 {
                process::exit(exit as i32);
            }
            asked.request();
        }
    });
    shutdown
}
