//! Everything that a store holds, row by row, in a form that belongs to no database: for backups, and for moving from one
//! database to another.
//!
//! A row is one JSON object on one line, `{"id":1,"state":"done",…}`, with every column of its table by name; values are integers,
//! texts and null. [`TABLES`] is the whole form: both databases have these tables and columns, with the same meaning, which the
//! suite holds them to. Left out is what is about living processes only: `workers`, and who sends mail.
//!
//! To change a table: change both databases' migrations and [`TABLES`], add one to [`FORMAT`], and say in `LACKS` what the earlier
//! forms did not have: [`Batch::next`] brings their rows up to today's.

use std::{borrow::Cow, collections::BTreeMap, future::Future, io};

use pipeline_domain::{ErrorCode, Verdict};
use serde_json::{Map, Value};

use crate::StoreError;

/// Number of this form. Grows with every change of [`TABLES`].
pub const FORMAT: u32 = 3;

/// One table of the form.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name, in the databases and as a file.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// The columns that tell its rows apart: rows come in their order.
    pub key: &'static [&'static str],
    /// Whether the database numbers its rows (column `id`). The last number given is part of the dump, so that none is given twice.
    pub numbered: bool,
}

const BY_DATABASE: bool = true;
const BY_NOBODY: bool = false;

/// A table, who numbers its rows, its key, and its columns.
macro_rules! tables {
    ($($name:ident $numbered:ident ($($key:ident)+) $($column:ident)+;)+) => {
        /// Every table, each after those that its rows refer to.
        pub const TABLES: &[Table] = &[$(Table {
            name: stringify!($name),
            columns: &[$(stringify!($column)),+],
            key: &[$(stringify!($key)),+],
            numbered: $numbered,
        }),+];
    };
}

tables! {
    sequences BY_NOBODY (what municipality year) what municipality year last;
    case_folders BY_DATABASE (id) id source_system plan_id municipality year sequence opened_at;
    documents BY_DATABASE (id) id document_id version kind digest folder municipality journal_year journal_sequence accepted_at state
        attempts first_failed_at next_at last_code folder_version pdf inventory archived_at;
    plan_facts BY_DATABASE (id) id folder event_id document_id version digest tells_contacts kind happened_at recorded_at matter ends
        about;
    plan_slots BY_NOBODY (slot) slot folder;
    addresses BY_NOBODY (address) address confirmed_at blocked_at code;
    deliveries BY_DATABASE (id) id folder document_id version part state code life kept revision opened_at changed_at next_at;
    delivery_messages BY_NOBODY (message_id) message_id delivery;
    outbox BY_DATABASE (id) id dedupe_key kind document_id version event_id municipality year sequence recipient written_form message_id
        state attempts first_failed_at queued_at next_at claimed_at settled_at last_code;
    paper_list BY_DATABASE (id) id document_id version event_id recipient listed_at;
    attempts BY_DATABASE (id) id document_id version mail stage number at code detail;
    runs BY_NOBODY (id) id started_at finished_at accepted known refused archived failed mailed;
    jobs BY_DATABASE (id) id kind queue args state priority run_at due_at lane lane_place unique_key attempt failures first_failed_at
        max_failures worker lease_until claimed_at cancel_requested progress result last_code created_at finished_at;
    job_attempts BY_NOBODY (job attempt) job attempt worker started_at ended_at outcome code detail;
    queues BY_NOBODY (name) name paused max_running;
    schedules BY_NOBODY (name) name rule next_fire_at last_fire_at last_job;
    schedule_fires BY_NOBODY (name fire_at) name fire_at job;
}

/// What a form did not have that a later one has.
struct Lacks {
    format: u32,
    tables: &'static [&'static str],
    /// Empty in every row of that form.
    columns: &'static [(&'static str, &'static str)],
}

const LACKS: &[Lacks] = &[
    Lacks { format: 1, tables: &["plan_facts", "plan_slots", "addresses"], columns: &[("outbox", "event_id"), ("paper_list", "event_id")] },
    Lacks { format: 2, tables: &["deliveries", "delivery_messages"], columns: &[] },
];

impl Table {
    /// Whether dumps of that form have this table.
    pub fn is_in(&self, format: u32) -> bool {
        !LACKS.iter().any(|lacks| format <= lacks.format && lacks.tables.contains(&self.name))
    }

    /// A row of that form as one of today's: with the columns that it lacks, empty. What is no row stays what it is.
    pub fn row_of_today<'r>(&self, format: u32, row: &'r str) -> Cow<'r, str> {
        let lacks = LACKS.iter().filter(|lacks| format <= lacks.format).flat_map(|lacks| lacks.columns);
        let lacks: Vec<_> = lacks.filter(|(table, _)| *table == self.name).map(|(_, column)| *column).collect();
        if lacks.is_empty() {
            return Cow::Borrowed(row);
        }
        let Ok(Value::Object(mut columns)) = serde_json::from_str::<Value>(row) else { return Cow::Borrowed(row) };
        for column in lacks {
            columns.entry(column).or_insert(Value::Null);
        }
        Cow::Owned(Value::Object(columns).to_string())
    }
}

/// The last number given in each numbered table: no table of the databases, but part of every dump, at its end.
pub const NUMBERS: Table = Table { name: "numbers", columns: &["table", "last"], key: &["table"], numbered: false };

/// Why a dump or a load was not done. Of a load nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where the dump goes cannot be written.
    #[error("table {table} of the dump cannot be written")]
    Write {
        /// Which.
        table: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Where the dump lies cannot be read.
    #[error("table {table} of the dump cannot be read")]
    Read {
        /// Which.
        table: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A line is no row of its table.
    #[error("row {row} in table {table} of the dump is not one: {fault}")]
    NotARow {
        /// Which table.
        table: &'static str,
        /// Which row, from 1.
        row: u64,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The rows do not belong together: a constraint of the database stands against them.
    #[error("table {table} of the dump cannot be in a database")]
    Refused {
        /// Which.
        table: &'static str,
        /// Which constraint.
        source: StoreError,
    },
    /// The database that it is to be loaded into has rows.
    #[error("table {table} of the database is not empty")]
    NotEmpty {
        /// The first that has any.
        table: &'static str,
    },
}

impl DumpError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Store(e) => e.code(),
            Self::Write { .. } => ErrorCode::BackupFailed,
            Self::Read { .. } | Self::NotARow { .. } | Self::Refused { .. } => ErrorCode::BackupDamaged,
            Self::NotEmpty { .. } => ErrorCode::BackupTargetNotEmpty,
        }
    }

    /// Whether the same call may succeed later.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Store(e) => e.verdict(),
            Self::Write { .. } => Verdict::Retry,
            Self::Read { .. } | Self::NotARow { .. } | Self::Refused { .. } | Self::NotEmpty { .. } => Verdict::GiveUp,
        }
    }
}

/// Where the rows of a dump go.
pub trait DumpSink: Send {
    /// Called once, before the first row: the snapshot stands, and what happens from now on is not in it.
    fn begin(&mut self) -> io::Result<()>;
    /// One row, without a line break. Tables come in the order of [`TABLES`], rows by their key, [`NUMBERS`] last.
    fn row(&mut self, table: &'static Table, row: &str) -> io::Result<()>;
}

/// Where the rows of a dump come from.
pub trait DumpSource: Send {
    /// The [`FORMAT`] it was written in.
    fn format(&self) -> u32;
    /// The next row of a table; `None` at its end. Tables are asked for in the order of [`TABLES`], [`NUMBERS`] last; not those that
    /// its form did not have.
    fn next_row(&mut self, table: &'static Table) -> io::Result<Option<String>>;
}

/// What a load brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Rows by table.
    pub rows: BTreeMap<&'static str, u64>,
    /// Jobs that were in hand when the dump was made. They are ready again, in their place: their attempt is written down as one
    /// whose lease was lost, and costs no try. Those that were called off meanwhile are not among them: the next rescue ends them.
    pub freed_jobs: u64,
}

/// Everything out, everything in. Memory stays flat: rows are handed through.
pub trait Dump {
    /// Hands every row out, as of one instant, while others go on writing.
    ///
    /// Errors: [`DumpError::Store`], [`DumpError::Write`].
    fn dump(&self, sink: &mut dyn DumpSink) -> impl Future<Output = Result<(), DumpError>> + Send;

    /// Fills this database, which must be empty, in one transaction: all of it or nothing. Nobody else may write meanwhile.
    ///
    /// Errors: every [`DumpError`] but `Write`; a dump of a newer form is [`StoreError::NewerSchema`].
    fn load(&self, source: &mut dyn DumpSource) -> impl Future<Output = Result<Loaded, DumpError>> + Send;
}

/// Rows that are written in one statement: few enough to be small, many enough to be quick.
const BATCH_ROWS: u64 = 500;
const BATCH_BYTES: usize = 1 << 20;

/// Some rows of one table, seen to be rows of it.
#[derive(Debug)]
pub struct Batch {
    /// A JSON array of objects.
    pub json: String,
    /// How many.
    pub rows: u64,
}

impl Batch {
    /// The next rows of a table, `done` of which were read before; `None` at its end.
    ///
    /// Errors: [`DumpError::Read`], [`DumpError::NotARow`].
    pub fn next(source: &mut dyn DumpSource, table: &'static Table, done: u64) -> Result<Option<Self>, DumpError> {
        let format = source.format();
        let mut batch = Self { json: String::from("["), rows: 0 };
        if !table.is_in(format) {
            return Ok(None);
        }
        while batch.rows < BATCH_ROWS && batch.json.len() < BATCH_BYTES {
            let row = source.next_row(table).map_err(|source| DumpError::Read { table: table.name, source })?;
            let Some(row) = row else { break };
            let row = table.row_of_today(format, &row);
            parse_row(table, &row).map_err(|fault| DumpError::NotARow { table: table.name, row: done + batch.rows + 1, fault })?;
            if batch.rows > 0 {
                batch.json.push(',');
            }
            batch.json.push_str(&row);
            batch.rows += 1;
        }
        batch.json.push(']');
        Ok((batch.rows > 0).then_some(batch))
    }
}

/// Reads one line: every column of the table and nothing else, in integers, texts and nulls.
///
/// Errors: what is wrong, without any value.
pub fn parse_row(table: &Table, row: &str) -> Result<Map<String, Value>, &'static str> {
    let Ok(Value::Object(columns)) = serde_json::from_str::<Value>(row) else { return Err("not a JSON object") };
    if columns.len() != table.columns.len() || !table.columns.iter().all(|c| columns.contains_key(*c)) {
        return Err("not the table's columns");
    }
    let fits = |v: &Value| v.is_null() || v.is_string() || v.is_i64();
    if columns.values().all(fits) { Ok(columns) } else { Err("a value is neither integer nor text nor null") }
}

/// Refuses a dump of a form that we do not know yet.
///
/// Errors: [`StoreError::NewerSchema`].
pub fn check_format(source: &dyn DumpSource) -> Result<(), DumpError> {
    let (found, known) = (i64::from(source.format()), i64::from(FORMAT));
    if found > known { Err(StoreError::NewerSchema { found, known }.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_columns() {
        for table in TABLES {
            assert!(table.key.iter().all(|k| table.columns.contains(k)), "{}", table.name);
            assert!(!table.numbered || table.key == ["id"], "{}", table.name);
        }
    }

    #[test]
    fn rows_of_earlier_forms_get_what_they_lack() {
        let table = |name: &str| TABLES.iter().find(|t| t.name == name).unwrap();
        for lacks in LACKS {
            assert!(lacks.format < FORMAT);
            assert!(lacks.tables.iter().all(|name| !table(name).is_in(lacks.format) && table(name).is_in(FORMAT)));
            assert!(lacks.columns.iter().all(|(name, column)| table(name).columns.contains(column)));
        }
        let paper = table("paper_list");
        let old = r#"{"id":1,"document_id":"a","version":1,"recipient":"lead","listed_at":7}"#;
        assert_eq!(parse_row(paper, &paper.row_of_today(1, old)).unwrap()["event_id"], Value::Null);
        assert_eq!(parse_row(paper, &paper.row_of_today(FORMAT, old)), Err("not the table's columns"), "a row of today has all");
        for same in ["not a row", r#"{"id":1,"event_id":"b"}"#] {
            assert_eq!(paper.row_of_today(1, same), same);
        }
        assert_eq!(table("jobs").row_of_today(1, "{}"), "{}", "it lacks nothing");
    }

    /// A row of another shape is told from one of ours before a database sees it.
    #[test]
    fn only_rows_of_the_table_pass() {
        let check = |row: &str| parse_row(&NUMBERS, row).map(drop);
        assert_eq!(check(r#"{"table":"jobs","last":7}"#), Ok(()));
        assert_eq!(check(r#"{"last":null,"table":"jobs"}"#), Ok(()));
        for row in ["", "7", "[]", r#"{"table":"jobs""#, r#"{"table":"jobs","last":7} {}"#] {
            assert_eq!(check(row), Err("not a JSON object"), "{row}");
        }
        for row in [r#"{"table":"jobs"}"#, r#"{"table":"jobs","last":7,"more":1}"#, r#"{"table":"jobs","least":7}"#] {
            assert_eq!(check(row), Err("not the table's columns"), "{row}");
        }
        for row in [r#"{"table":"jobs","last":7.5}"#, r#"{"table":"jobs","last":true}"#, r#"{"table":"jobs","last":18446744073709551615}"#]
        {
            assert_eq!(check(row), Err("a value is neither integer nor text nor null"), "{row}");
        }
    }
}
