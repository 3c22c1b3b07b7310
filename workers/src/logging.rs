//! Logs: one line says what happened to which id. JSON without a terminal. Standard error only.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal},
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, fmt::MakeWriter, layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt};

use crate::{cli::Global, config::LogLevel};

/// Whether lines on standard error are JSON, so that what is said in an emergency is JSON too.
static JSON: AtomicBool = AtomicBool::new(false);

/// Whether logs are JSON: who reads standard error is a program, and every line must be an object.
pub fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// How time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    Flows,
    Steps,
}

/// Starts logging. Libraries are capped at WARN: some of them log whole messages or statements when asked for more.
/// When time is stepped, schedules miss firings at every step: nobody needs to hear of that.
pub fn start(level: LogLevel, global: &Global, time: Time) {
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
        "pipeline_render",
        "pipeline_package",
        "pipeline_archive",
        "pipeline_notify",
        "pipeline_store",
        "pipeline_store_sqlite",
        "pipeline_store_postgres",
        "pipeline_queue",
    ];
    let mut filter = libraries.to_owned();
    for room in rooms {
        let _ = write!(filter, ",{room}={own}");
    }
    if time == Time::Steps && global.verbose == 0 {
        filter.push_str(",pipeline_queue::ticker=error");
    }
    let filter = EnvFilter::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    // A second start (tests) keeps the first.
    if io::stderr().is_terminal() {
        let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false).compact().without_time();
        let _ = registry.with(layer).try_init();
    } else if registry.with(json(io::stderr)).try_init().is_ok() {
        JSON.store(true, Ordering::Relaxed);
    }
}

/// One object a line: `timestamp` (UTC, RFC 3339), `level`, `target` (which room), `message`, the event's fields, and the `span` it
/// happened in.
fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().with_writer(writer).json().flatten_event(true).with_current_span(true).with_span_list(false)
}

/// A panic may carry a document's text in its message: print the place only.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "unknown place".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
        if is_json() {
            tracing::error!(place, "internal error; please report this place");
        } else {
            eprintln!("arkivflyt: internal error at {place}; please report this place");
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_an_object_that_says_when_where_and_of_what() {
        let paper = Paper::default();
        let of = paper.clone();
        let subscriber = tracing_subscriber::registry().with(json(move || of.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("job", job.id = 7);
            span.in_scope(|| tracing::warn!(code = "job_timed_out", duration_ms = 12, "two\nlines"));
        });
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let at = line["timestamp"].as_str().unwrap();
        assert!(at.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{at}");
        for (field, value) in [("level", "WARN"), ("target", module_path!()), ("message", "two\nlines"), ("code", "job_timed_out")] {
            assert_eq!(line[field], value, "{field} in {text}");
        }
        assert_eq!((&line["duration_ms"], &line["span"]["job.id"]), (&12.into(), &7.into()), "{text}");
    }
}
