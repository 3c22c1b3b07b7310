//! Reading the log, every row of it checked on the way, in constant memory.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    str::FromStr,
};

use pipeline_access::{AccessError, AccessRow, Chain, Head};
use pipeline_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccessLog, LogError};

/// A torn last line that was cut: its row was never answered for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mended {
    /// When it was found.
    pub at: Timestamp,
    /// In which file.
    pub month: String,
    /// The whole row before it.
    pub after_row: u64,
    /// How much was cut.
    pub bytes: u64,
}

/// How far a log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// After its last whole row.
    pub head: Head,
    /// Bytes of a row that a crash cut short at the end; 0 when there is none.
    pub torn: u64,
}

/// A head that was kept elsewhere, as it is printed: `ROWS:DIGEST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known(pub Head);

impl FromStr for Known {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(rows, digest)| Some(Head { rows: rows.parse().ok()?, digest: digest.parse().ok()? }));
        parts.map(Self).ok_or_else(|| "ROWS:DIGEST, as `access log verify` prints it".to_owned())
    }
}

impl AccessLog {
    /// Gives every row to `each`, oldest first, and answers how far the log goes. What is appended meanwhile is not read. Changes
    /// nothing: a torn last line is told, and left for whoever appends next.
    ///
    /// `known` are heads that were kept: the log must have passed each of them.
    ///
    /// # Errors
    /// The first row at fault, counted from the beginning of the log.
    pub fn read(&self, known: &[Head], mut each: impl FnMut(AccessRow)) -> Result<Reading, LogError> {
        let files = self.snapshot()?;
        let known: Vec<Head> = known.iter().copied().chain(files.kept).collect();
        let mut chain = Chain::from(Head::start());
        let mut torn = 0;
        let last = files.lengths.len().saturating_sub(1);
        for (n, (month, bytes)) in files.lengths.into_iter().enumerate() {
            let file = File::open(self.file(&month)).map_err(self.disk("read"))?;
            let mut reader = BufReader::new(file.take(bytes));
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).map_err(self.disk("read"))? > 0 {
                if n == last && !line.ends_with(b"\n") {
                    torn = line.len() as u64;
                    break;
                }
                let unreadable = AccessError::RowUnreadable { line: chain.head().rows + 1 };
                let row = line.strip_suffix(b"\n").ok_or(unreadable).and_then(|row| chain.read(row)).map_err(|e| self.damaged(e))?;
                let head = chain.head();
                if known.iter().any(|k| k.rows == head.rows && k.digest != head.digest) {
                    return Err(self.damaged(AccessError::ChainBroken { line: head.rows }));
                }
                each(row);
                line.clear();
            }
        }
        let head = chain.head();
        if known.iter().any(|k| k.rows > head.rows) {
            return Err(self.damaged(AccessError::LogCutShort { line: head.rows }));
        }
        Ok(Reading { head, torn })
    }

    /// How long every file is between two rows of others, and the head that was kept then.
    fn snapshot(&self) -> Result<Files, LogError> {
        if !self.folder.is_dir() {
            return Ok(Files { lengths: Vec::new(), kept: None });
        }
        let _held = self.hold()?;
        let mut lengths = Vec::new();
        for month in self.months()? {
            let bytes = fs::metadata(self.file(&month)).map_err(self.disk("look"))?.len();
            lengths.push((month, bytes));
        }
        Ok(Files { lengths, kept: self.kept().map(|place| place.head) })
    }

    /// Whether the newest two files hold this row already. The lock is held.
    pub(super) fn has(&self, row: &AccessRow) -> Result<bool, LogError> {
        let text = serde_json::to_string(row).expect("a row is writable as JSON");
        // A row stands in its line without the first brace: number and link come before it.
        let inner = format!(",{}\n", text.strip_prefix('{').expect("a row is an object"));
        for month in self.months()?.iter().rev().take(2) {
            let file = File::open(self.file(month)).map_err(self.disk("read"))?;
            let mut lines = BufReader::new(file);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).map_err(self.disk("read"))? > 0 {
                if line.ends_with(inner.as_bytes()) {
                    return Ok(true);
                }
                line.clear();
            }
        }
        Ok(false)
    }

    /// What was mended in this log, oldest first.
    pub fn mended(&self) -> Result<Vec<Mended>, LogError> {
        match fs::read(self.mended_file()) {
            Ok(bytes) => Ok(bytes.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(self.disk("read")(e)),
        }
    }
}

struct Files {
    lengths: Vec<(String, u64)>,
    kept: Option<Head>,
}
