//! Files that are safe on disk before anybody sees them, and moves that take no place from another.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{CWD, FlockOperation, RenameFlags, flock},
    io::Errno,
};

use crate::data::Seat;

/// Files written together: all of them are safe on disk when `finish` returns, and none is seen half-written.
pub struct DurableBatch {
    folder: PathBuf,
    parts: Vec<Part>,
}

/// A file under its hidden name. It is locked for as long as somebody means to finish it.
struct Part {
    hidden: PathBuf,
    place: PathBuf,
    old: Old,
    _locked: fs::File,
}

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Old {
    Stays,
    GivesWay,
}

/// Whether a file was put there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Written,
    AlreadyThere,
}

impl DurableBatch {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, parts: Vec::new() }
    }

    /// Writes the bytes beside their place, under a hidden name. A name that is taken keeps what it has.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(name, bytes, Old::Stays)
    }

    /// The same, for a name whose file gives way to this one.
    pub fn replace(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(name, bytes, Old::GivesWay)
    }

    /// The same for bytes that are told as they are written. `false` takes the file back.
    pub fn add_by(&mut self, name: &str, write: impl FnOnce(&mut fs::File) -> io::Result<bool>) -> io::Result<bool> {
        let (hidden, file) = self.hidden(name)?;
        let mut to = file.try_clone()?;
        self.parts.push(Part { hidden, place: self.folder.join(name), old: Old::Stays, _locked: file });
        let kept = write(&mut to)?;
        if !kept && let Some(part) = self.parts.pop() {
            fs::remove_file(&part.hidden)?;
        }
        Ok(kept)
    }

    fn write(&mut self, name: &str, bytes: &[u8], old: Old) -> io::Result<()> {
        let (hidden, file) = self.hidden(name)?;
        let mut to = file.try_clone()?;
        // Ours from here on: taken away when anything fails.
        self.parts.push(Part { hidden, place: self.folder.join(name), old, _locked: file });
        io::Write::write_all(&mut to, bytes)
    }

    /// A new hidden file, locked before anybody can have swept it away.
    fn hidden(&self, name: &str) -> io::Result<(PathBuf, fs::File)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let hidden = self.folder.join(format!(".{}-{n}-{name}.part", std::process::id()));
            let file = match fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&hidden) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                file => file?,
            };
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if file.metadata()?.nlink() > 0 => return Ok((hidden, file)),
                // Whoever sweeps was there in between.
                Ok(()) | Err(Errno::WOULDBLOCK) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// One barrier for all bytes, then each gets its name, in order.
    pub fn finish(mut self) -> io::Result<Vec<Put>> {
        if self.parts.is_empty() {
            return Ok(Vec::new());
        }
        let folder = fs::File::open(&self.folder)?;
        rustix::fs::syncfs(&folder)?;
        let puts = self.parts.iter().map(Part::finish).collect::<io::Result<Vec<Put>>>()?;
        folder.sync_all()?;
        self.parts.clear();
        Ok(puts)
    }
}

impl Drop for DurableBatch {
    fn drop(&mut self) {
        for part in &self.parts {
            // Those that got their name are gone from here already; the others are swept by the next run if this fails.
            let _ = fs::remove_file(&part.hidden);
        }
    }
}

impl Part {
    fn finish(&self) -> io::Result<Put> {
        if self.old == Old::GivesWay {
            fs::rename(&self.hidden, &self.place)?;
            return Ok(Put::Written);
        }
        let put = match fs::hard_link(&self.hidden, &self.place) {
            Ok(()) => Put::Written,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Put::AlreadyThere,
            Err(e) => return Err(e),
        };
        fs::remove_file(&self.hidden)?;
        Ok(put)
    }
}

/// Takes away the hidden parts that a crash left behind: those that nobody holds locked. A `submit` beside us keeps its own. None
/// lie in a folder that is not there.
pub fn sweep_parts(folder: &Path, _seat: &Seat) -> io::Result<usize> {
    let mut swept = 0;
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_ours(&name) {
            swept += usize::from(sweep(&entry.path())?);
        }
    }
    Ok(swept)
}

/// A name that a [`DurableBatch`] hides a file under. Paths that a person gave for a print or a proof have hidden files of other names.
fn is_ours(name: &str) -> bool {
    let process = name.strip_prefix('.').filter(|rest| rest.ends_with(".part")).and_then(|rest| rest.split_once('-'));
    process.is_some_and(|(process, _)| process.parse::<u32>().is_ok())
}

fn sweep(part: &Path) -> io::Result<bool> {
    let gone = |e: io::Error| if e.kind() == io::ErrorKind::NotFound { Ok(false) } else { Err(e) };
    let file = match fs::OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(part) {
        Ok(file) => file,
        Err(e) => return gone(e),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => fs::remove_file(part).map(|()| true).or_else(gone),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Gives a file a name that nothing else has; `AlreadyExists` when something has it.
pub fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network file systems cannot promise it. The names that we make are made by us alone.
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        done => done.map_err(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataFolder;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_batch_is_whole_and_keeps_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let put = |bytes: &[u8]| {
            let mut batch = DurableBatch::new(dir.path().to_owned());
            batch.add("a.json", bytes).unwrap();
            batch.replace("b.json", bytes).unwrap();
            batch.finish().unwrap()
        };
        assert_eq!(put(b"first"), [Put::Written, Put::Written]);
        assert_eq!(put(b"second"), [Put::AlreadyThere, Put::Written]);
        assert_eq!(fs::read(dir.path().join("a.json")).unwrap(), b"first");
        assert_eq!(fs::read(dir.path().join("b.json")).unwrap(), b"second");
        assert_eq!(names(dir.path()), ["a.json", "b.json"], "no part is left");
    }

    #[test]
    fn a_batch_that_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut batch = DurableBatch::new(dir.path().to_owned());
        batch.add("a.json", b"a").unwrap();
        // This one cannot be put in place: its name is a folder with something in it.
        fs::create_dir_all(dir.path().join("b.json/c")).unwrap();
        batch.replace("b.json", b"b").unwrap();
        assert!(batch.finish().is_err());
        let mut dropped = DurableBatch::new(dir.path().to_owned());
        dropped.add("d.json", b"d").unwrap();
        drop(dropped);
        assert_eq!(names(dir.path()), ["a.json", "b.json"]);
    }

    #[test]
    fn only_parts_that_nobody_holds_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataFolder::create(dir.path()).unwrap();
        let seat = data.lock(crate::data::SeatKind::Alone).unwrap().unwrap();
        // A dead one, with the number of a process that lives.
        fs::write(data.accepted().join(format!(".{}-7-dead.json.part", std::process::id())), b"{").unwrap();
        let mut living = DurableBatch::new(data.accepted());
        living.add("living.json", b"{}").unwrap();
        // A print that somebody wants here, being written by a command of its own.
        fs::write(data.accepted().join(".arkivflyt-x1y2z3.part"), b"%PDF").unwrap();
        assert_eq!(sweep_parts(&data.accepted(), &seat).unwrap(), 1);
        living.finish().unwrap();
        assert_eq!(names(&data.accepted()), [".arkivflyt-x1y2z3.part", "living.json"]);
    }

    #[test]
    fn a_move_takes_no_place_from_another() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
        fs::write(&a, b"a").unwrap();
        fs::write(&b, b"b").unwrap();
        assert_eq!(move_new(&a, &b).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        move_new(&a, &c).unwrap();
        assert_eq!((fs::read(&b).unwrap(), fs::read(&c).unwrap()), (b"b".to_vec(), b"a".to_vec()));
    }
}
