//! Logs: one line says what happened to which id. JSON without a terminal. Standard error only.

use std::{fmt::Write as _, io, io::IsTerminal};

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{cli::Global, config::LogLevel};

/// Starts logging. Libraries are capped at WARN: some of them log whole messages or statements when asked for more.
pub fn start(level: LogLevel, global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LogLevel::Error,
        (_, 0) => level,
        (_, 1) => LogLevel::Info,
        (_, 2) => LogLevel::Debug,
        _ => LogLevel::Trace,
    };
    let own = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let libraries = if own == "error" { "error" } else { "warn" };
    let rooms = [
        "arkivflyt",
        "pipeline_domain",
        "pipeline_intake",
        "pipeline_package",
        "pipeline_archive",
        "pipeline_notify",
        "pipeline_store",
        "pipeline_store_sqlite",
        "pipeline_queue",
    ];
    let mut filter = libraries.to_owned();
    for room in rooms {
        let _ = write!(filter, ",{room}={own}");
    }
    let filter = EnvFilter::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    let terminal = io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
    // A second start (tests) keeps the first.
    let _ = if terminal {
        registry.with(layer.compact().without_time()).try_init()
    } else {
        registry.with(layer.json().flatten_event(true)).try_init()
    };
}

/// A panic may carry a document's text in its message: print the place only.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "unknown place".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
        eprintln!("arkivflyt: internal error at {place}; please report this place");
    }));
}
