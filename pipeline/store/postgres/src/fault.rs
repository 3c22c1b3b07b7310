//! What PostgreSQL's errors mean to us. Kept of them are codes and the names of constraints and tables, never values.

use std::{error::Error, fmt, future::Future, time::Duration};

use pipeline_store::StoreError;

const UNIQUE_VIOLATION: &str = "23505";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";

/// What is kept of an error.
#[derive(Clone, Debug)]
struct Fault {
    /// SQLSTATE: five characters. `None` when the server had no say.
    state: Option<String>,
    text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Fault {}

/// Says what we tried.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|e| meaning(doing, &e))
    }
}

/// By reference: one failed commit is the answer to every call in its group.
pub(crate) fn meaning(doing: &'static str, error: &sqlx::Error) -> StoreError {
    let fault = fault(error);
    let class = fault.state.as_deref().and_then(|s| s.get(..2)).unwrap_or_default();
    let (damaged, refused) = (class == "XX", is_refusal(class));
    let source = Box::new(fault);
    match error {
        _ if damaged => StoreError::Damaged { doing, source },
        _ if refused => StoreError::Refused { doing, source },
        sqlx::Error::Configuration(_) => StoreError::Refused { doing, source },
        _ => StoreError::Unavailable { doing, source },
    }
}

/// Bad values, broken constraints, no right to enter, no such database or table: trying again does not help.
fn is_refusal(class: &str) -> bool {
    matches!(class, "22" | "23" | "28" | "3D" | "3F" | "42")
}

fn fault(error: &sqlx::Error) -> Fault {
    let Some(said) = error.as_database_error() else { return Fault { state: None, text: without_values(error) } };
    let state = said.code().map(|c| c.into_owned());
    let mut text = format!("sqlstate {}", state.as_deref().unwrap_or("unknown"));
    for (what, name) in [("constraint", said.constraint()), ("table", said.table())] {
        if let Some(name) = name {
            text.push_str(&format!(", {what} {name}"));
        }
    }
    Fault { state, text }
}

/// Only the kinds whose texts tell of sockets and protocols are told in full.
fn without_values(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            error.to_string()
        }
        sqlx::Error::Configuration(_) => "the database URL cannot be read".to_owned(),
        sqlx::Error::Protocol(_) => "the server broke the protocol".to_owned(),
        _ => "the answer could not be read".to_owned(),
    }
}

/// Whether the same transaction may succeed when it is begun again at once: two got in each other's way.
pub(crate) fn may_pass(error: &StoreError) -> bool {
    matches!(state_of(error), Some(SERIALIZATION_FAILURE | DEADLOCK | UNIQUE_VIOLATION))
}

fn state_of(error: &StoreError) -> Option<&str> {
    let (StoreError::Unavailable { source, .. } | StoreError::Refused { source, .. }) = error else { return None };
    source.downcast_ref::<Fault>()?.state.as_deref()
}

pub(crate) fn unavailable(doing: &'static str, why: &'static str) -> StoreError {
    StoreError::Unavailable { doing, source: why.into() }
}

/// Waits for the database no longer than `patience`: a server that hangs, or a network that swallows everything, must not
/// hold us for ever.
pub(crate) async fn within<T>(
    patience: Duration,
    doing: &'static str,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.doing(doing),
        Err(_) => Err(unavailable(doing, "no answer in time")),
    }
}
