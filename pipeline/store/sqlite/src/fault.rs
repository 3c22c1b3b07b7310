//! What SQLite's errors mean to us. Its texts name tables, columns and constraints, never values.

use pipeline_store::StoreError;

const BUSY: i32 = 5;
const CORRUPT: i32 = 11;
const CONSTRAINT: i32 = 19;
const NOT_A_DATABASE: i32 = 26;

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
    let source = Box::from(error.to_string());
    match primary_code(error) {
        Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged { doing, source },
        Some(CONSTRAINT) => StoreError::Refused { doing, source },
        _ => StoreError::Unavailable { doing, source },
    }
}

/// Another process held the lock for longer than we wait.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(BUSY)
}

/// The low byte of SQLite's extended result code.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

pub(crate) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::Unavailable { doing, source: Box::new(source) }
}
