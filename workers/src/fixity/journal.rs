//! When each case folder was last checked: a line of JSON for each check, the oldest first. Of each folder and depth only the newest counts.
//! A line that a crash tore, or that somebody spoilt, costs a check more and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use pipeline_archive::Depth;
use pipeline_domain::{CaseFolderId, MunicipalityNumber, Timestamp};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::Judgement;
use crate::data::DataFolder;

/// So many lines for each folder and depth before the old ones are dropped.
const MOST_LINES: usize = 4;

/// One check of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `2026-000123`.
    case: String,
    /// When it was through.
    pub at: Timestamp,
    /// The round or scheduled run that it was part of.
    pub run: String,
    /// `names` or `data`.
    depth: String,
    /// The newest version then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    pub files: u64,
    pub bytes: u64,
    /// What was broken; empty when the folder was whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
}

impl Check {
    /// What to write down of a judgement.
    pub fn of(folder: &CaseFolderId, judgement: &Judgement, depth: Depth, run: &str, at: Timestamp) -> Self {
        let verification = &judgement.verification;
        let (head, files, bytes, codes) = (verification.head.clone(), verification.files, verification.bytes, judgement.codes());
        Self { case: folder.case_number(), at, run: run.to_owned(), depth: name(depth).to_owned(), head, files, bytes, codes }
    }

    fn depth(&self) -> Option<Depth> {
        [Depth::Names, Depth::Data].into_iter().find(|depth| name(*depth) == self.depth)
    }
}

/// Published name of a depth.
pub fn name(depth: Depth) -> &'static str {
    match depth {
        Depth::Names => "names",
        Depth::Data => "data",
    }
}

/// The newest check of each folder.
#[derive(Clone, Debug, Default)]
pub struct Known {
    names: BTreeMap<String, Check>,
    data: BTreeMap<String, Check>,
    lines: usize,
}

impl Known {
    /// The newest check of a folder that looked so deep, or deeper.
    pub fn last(&self, folder: &CaseFolderId, depth: Depth) -> Option<&Check> {
        let case = folder.case_number();
        let (names, data) = (self.names.get(&case).filter(|_| depth == Depth::Names), self.data.get(&case));
        names.into_iter().chain(data).max_by_key(|check| check.at)
    }

    /// A name that no round bears: two may begin in one second.
    pub(super) fn unused(&self, name: &str) -> String {
        let taken: BTreeSet<&str> = self.names.values().chain(self.data.values()).map(|check| check.run.as_str()).collect();
        let numbered = (2..).map(|number: u64| format!("{name}-{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name.as_str())).expect("numbers do not end")
    }

    fn take(&mut self, check: Check) {
        self.lines += 1;
        let checks = match check.depth() {
            Some(Depth::Names) => &mut self.names,
            Some(Depth::Data) => &mut self.data,
            None => return,
        };
        checks.insert(check.case.clone(), check);
    }

    fn is_untidy(&self) -> bool {
        self.lines > MOST_LINES * (self.names.len() + self.data.len()) + 1000
    }
}

/// The journal of one municipality.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    number: MunicipalityNumber,
}

impl Journal {
    /// Where it lies. Nothing is made or read yet.
    pub fn of(data: &DataFolder, number: &MunicipalityNumber) -> Self {
        Self { folder: data.fixity(), number: number.clone() }
    }

    /// A file of this municipality.
    pub(super) fn file(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!("{}.{suffix}", self.number))
    }

    /// What was ever checked.
    ///
    /// # Errors
    /// When the journal is there and cannot be read.
    pub fn read(&self) -> io::Result<Known> {
        let mut known = Known::default();
        let file = match File::open(self.file("jsonl")) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(known),
            Err(e) => return Err(e),
        };
        for line in BufReader::new(file).split(b'\n') {
            if let Ok(check) = serde_json::from_slice(&line?) {
                known.take(check);
            }
        }
        Ok(known)
    }

    /// Takes the journal to write in. Others may write too.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn pen(&self) -> io::Result<Pen> {
        let lock = self.lock()?;
        flock(&lock, FlockOperation::LockShared)?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(self.file("jsonl"))?;
        // After a torn line, the next one begins on a line of its own.
        if !ends_a_line(&self.file("jsonl"))? {
            file.write_all(b"\n")?;
        }
        Ok(Pen { file, _lock: lock })
    }

    /// Drops old lines when there are many. Left alone while somebody writes.
    ///
    /// # Errors
    /// When the disk refuses; the journal is as it was then.
    pub fn tidy(&self) -> io::Result<()> {
        let lock = self.lock()?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(());
        }
        let known = self.read()?;
        if !known.is_untidy() {
            return Ok(());
        }
        let mut text = Vec::new();
        for check in known.names.values().chain(known.data.values()) {
            serde_json::to_writer(&mut text, check)?;
            text.push(b'\n');
        }
        replace(&self.file("jsonl"), &text)
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    fn lock(&self) -> io::Result<File> {
        self.make()?;
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.file("lock"))
    }
}

/// Puts a file in the place of another: the old one or the new, never half of it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut last = [0];
    Ok(length == 0 || file.read_at(&mut last, length - 1)? == 1 && last == *b"\n")
}

/// Held while checks are written down.
#[derive(Debug)]
pub struct Pen {
    file: File,
    _lock: File,
}

impl Pen {
    /// Writes a check down. It survives the end of this process at once, and a power cut after [`Pen::sync`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, check: &Check) -> io::Result<()> {
        let mut line = serde_json::to_vec(check)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Everything is on the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sequence: u32, second: i64, depth: Depth) -> Check {
        let at = Timestamp::from_unix_seconds(1_795_000_000 + second).unwrap();
        Check::of(&folder(sequence), &Judgement::default(), depth, "r", at)
    }

    fn folder(sequence: u32) -> CaseFolderId {
        CaseFolderId { municipality: "9901".parse().unwrap(), year: 2026, sequence }
    }

    fn journal(dir: &Path) -> Journal {
        Journal::of(&DataFolder::create(dir).unwrap(), &"9901".parse().unwrap())
    }

    #[test]
    fn the_newest_of_each_depth_counts_and_reading_counts_for_looking() {
        let dir = tempfile::tempdir().unwrap();
        let journal = journal(dir.path());
        assert!(journal.read().unwrap().last(&folder(1), Depth::Names).is_none());
        let mut pen = journal.pen().unwrap();
        for line in [check(1, 0, Depth::Data), check(1, 5, Depth::Names), check(2, 3, Depth::Names), check(1, 2, Depth::Data)] {
            pen.write(&line).unwrap();
        }
        pen.sync().unwrap();
        let known = journal.read().unwrap();
        let last = |sequence, depth| known.last(&folder(sequence), depth).map(|c| c.at.unix_seconds() - 1_795_000_000);
        assert_eq!((last(1, Depth::Data), last(1, Depth::Names)), (Some(2), Some(5)));
        assert_eq!((last(2, Depth::Data), last(2, Depth::Names)), (None, Some(3)));
    }

    #[test]
    fn a_torn_line_is_a_check_less() {
        let dir = tempfile::tempdir().unwrap();
        let journal = journal(dir.path());
        journal.pen().unwrap().write(&check(1, 0, Depth::Data)).unwrap();
        let path = journal.file("jsonl");
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &whole[..20]].concat()).unwrap();
        journal.pen().unwrap().write(&check(2, 0, Depth::Data)).unwrap();
        let known = journal.read().unwrap();
        assert_eq!((known.data.len(), known.lines), (2, 2));
    }

    #[test]
    fn a_long_journal_is_tidied_when_nobody_writes() {
        let dir = tempfile::tempdir().unwrap();
        let journal = journal(dir.path());
        let mut pen = journal.pen().unwrap();
        (0..1100).for_each(|second| pen.write(&check(1, second, Depth::Data)).unwrap());
        journal.tidy().unwrap();
        assert_eq!(journal.read().unwrap().lines, 1100, "somebody writes");
        drop(pen);
        journal.tidy().unwrap();
        let known = journal.read().unwrap();
        assert_eq!((known.lines, known.data["2026-000001"].at.unix_seconds()), (1, 1_795_001_099));
    }
}
