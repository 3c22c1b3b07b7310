//! Where a log ends: found from the head that was kept, checked against the file, mended after a crash.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use pipeline_access::{AccessError, Chain, Head};
use pipeline_domain::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccessLog, LogError, Mended};

/// A place between two rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, such as `2026-11`; none before the first row.
    pub month: Option<String>,
    /// How much of that file lies before this place.
    pub bytes: u64,
    /// The chain here.
    #[serde(flatten)]
    pub head: Head,
}

impl Place {
    /// Before the first row.
    pub fn start() -> Self {
        Self { month: None, bytes: 0, head: Head::start() }
    }
}

/// No row is nearly as long.
const LONGEST_ROW: u64 = 16 << 10;

impl AccessLog {
    /// The files of the log by month, oldest first.
    pub(super) fn months(&self) -> Result<Vec<String>, LogError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(self.disk("look"))?,
        };
        let mut months = Vec::new();
        for entry in entries {
            let name = entry.map_err(self.disk("look"))?.file_name();
            months.extend(name.to_str().and_then(|name| name.strip_suffix(".jsonl")).filter(|stem| is_month(stem)).map(str::to_owned));
        }
        months.sort();
        Ok(months)
    }

    /// Where the next row belongs. The lock is held.
    pub(super) fn end(&self, now: Timestamp) -> Result<Place, LogError> {
        let months = self.months()?;
        let kept = self.kept();
        let mut place = kept.clone().unwrap_or_else(Place::start);
        if let Some(kept) = &kept {
            self.check(kept, &months)?;
        }
        let after = months.iter().filter(|month| place.month.as_ref().is_none_or(|from| *month >= from)).cloned().collect::<Vec<_>>();
        for (n, month) in after.iter().enumerate() {
            let from = if place.month.as_ref() == Some(month) { place.bytes } else { 0 };
            let torn = self.read_on(month, from, &mut place)?;
            match torn {
                0 => {}
                // A row that a crash cut short was never answered for: what it tells of was not carried out.
                _ if n + 1 == after.len() => self.mend(month, &place, torn, now)?,
                // Somebody went on after it, which we never do.
                _ => return Err(self.damaged(AccessError::RowUnreadable { line: place.head.rows + 1 })),
            }
        }
        Ok(place)
    }

    /// Whether the log still reads at this place as it did when the place was kept.
    fn check(&self, kept: &Place, months: &[String]) -> Result<(), LogError> {
        let Some(month) = kept.month.as_ref().filter(|month| months.contains(month)) else {
            return Err(self.damaged(AccessError::LogCutShort { line: 0 }));
        };
        let mut file = File::open(self.file(month)).map_err(self.disk("read"))?;
        let length = file.metadata().map_err(self.disk("read"))?.len();
        if length < kept.bytes {
            return Err(self.damaged(AccessError::LogCutShort { line: kept.head.rows.saturating_sub(1) }));
        }
        let from = kept.bytes.saturating_sub(LONGEST_ROW);
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.take(kept.bytes - from).read_to_end(&mut bytes));
        read.map_err(self.disk("read"))?;
        let last = bytes.strip_suffix(b"\n").map(|b| &b[b.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1)..]);
        match last {
            Some(line) if Sha256::of(line) == kept.head.digest => Ok(()),
            _ => Err(self.damaged(AccessError::ChainBroken { line: kept.head.rows })),
        }
    }

    /// Follows the chain through the rest of a file. How many bytes of a torn line stand at its end.
    fn read_on(&self, month: &str, from: u64, place: &mut Place) -> Result<u64, LogError> {
        let mut file = File::open(self.file(month)).map_err(self.disk("read"))?;
        file.seek(SeekFrom::Start(from)).map_err(self.disk("read"))?;
        let mut reader = BufReader::new(file);
        let mut chain = Chain::from(place.head);
        (place.month, place.bytes) = (Some(month.to_owned()), from);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(self.disk("read"))? as u64;
            let Some(row) = line.strip_suffix(b"\n") else { return Ok(read) };
            chain.read(row).map_err(|e| self.damaged(e))?;
            (place.bytes, place.head) = (place.bytes + read, chain.head());
        }
    }

    /// Cuts a torn line, after telling of it where it stays told.
    fn mend(&self, month: &str, place: &Place, torn: u64, now: Timestamp) -> Result<(), LogError> {
        let told = Mended { at: now, month: month.to_owned(), after_row: place.head.rows, bytes: torn };
        let mut line = serde_json::to_vec(&told).expect("a note is writable as JSON");
        line.push(b'\n');
        let cut = || -> io::Result<()> {
            let mut notes =
                OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(self.mended_file())?;
            notes.write_all(&line)?;
            notes.sync_all()?;
            let file = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(self.file(month))?;
            file.set_len(place.bytes)?;
            file.sync_all()
        };
        cut().map_err(self.disk("mend"))?;
        tracing::warn!(municipality = %self.municipality, after_row = place.head.rows, bytes = torn, "cut a torn line of the access log");
        Ok(())
    }

    pub(super) fn mended_file(&self) -> std::path::PathBuf {
        self.folder.join("mended.jsonl")
    }

    /// The place that was kept, if it can be read: without it the log is read from the start.
    pub(super) fn kept(&self) -> Option<Place> {
        let bytes = fs::read(self.folder.join("head.json")).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|place: &Place| place.month.as_deref().is_some_and(is_month))
    }

    /// Keeps a place: the file is whole or the one before. Not synced, since it can be found again.
    pub(super) fn keep(&self, place: &Place) -> io::Result<()> {
        let beside = self.folder.join(".head.json.part");
        write_private(&beside, &serde_json::to_vec(place).expect("a place is writable as JSON"))?;
        fs::rename(beside, self.folder.join("head.json"))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)?;
    file.write_all(bytes)
}

/// `2026-11`.
fn is_month(stem: &str) -> bool {
    let bytes = stem.as_bytes();
    bytes.len() == 7 && bytes.iter().enumerate().all(|(n, b)| if n == 4 { *b == b'-' } else { b.is_ascii_digit() })
}
