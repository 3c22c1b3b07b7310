//! The data folder: where everything lies that survives a restart.
//!
//! ```text
//! data/
//!   arkivflyt.toml, municipalities/   settings (municipalities are required)
//!   arkivflyt.db                      what waits and what is done: ids and digests only
//!   inbox/                            drop folder
//!   accepted/<digest>.json            taken documents, as they came
//!   refused/<digest>.json             refused ones, each beside its .problems.json
//!   arkivlager/<municipality>/        case folders (OCFL)
//!   mail/                             notices (Maildir)
//! ```

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use pipeline_domain::{ErrorCode, Sha256};

use crate::failure::Failure;

/// A data folder that has been set up.
#[derive(Clone, Debug)]
pub struct DataFolder {
    root: PathBuf,
}

const FOLDERS: [&str; 4] = ["inbox", "accepted", "refused", "municipalities"];

impl DataFolder {
    /// An existing one.
    pub fn open(root: &Path) -> Result<Self, Failure> {
        let data = Self { root: root.to_owned() };
        if FOLDERS.iter().all(|f| root.join(f).is_dir()) && data.database().is_file() {
            Ok(data)
        } else {
            Err(Failure::give_up(ErrorCode::NotInitialised, format!("no data folder at {}", root.display())))
        }
    }

    /// Makes what is missing. Private to this user: it will hold what nobody else may read.
    pub fn create(root: &Path) -> io::Result<Self> {
        for folder in FOLDERS {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(root.join(folder))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn database(&self) -> PathBuf {
        self.root.join("arkivflyt.db")
    }

    pub fn inbox(&self) -> PathBuf {
        self.root.join("inbox")
    }

    pub fn accepted(&self) -> PathBuf {
        self.root.join("accepted")
    }

    pub fn refused(&self) -> PathBuf {
        self.root.join("refused")
    }

    pub fn municipalities(&self) -> PathBuf {
        self.root.join("municipalities")
    }

    /// Where a document with this content digest lies from acceptance until its notices are sent.
    pub fn accepted_file(&self, digest: Sha256) -> PathBuf {
        self.accepted().join(format!("{digest}.json"))
    }

    /// A path from the configuration, relative to the data folder.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// Takes the one seat for commands that carry documents on. `None` when another process sits there.
    pub fn lock(&self) -> io::Result<Option<Seat>> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.root.join("arkivflyt.lock"))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Seat { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

/// Held while this process carries documents on; the kernel gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Seat {
    _file: fs::File,
}

/// Files written together: all of them are safe on disk when `finish` returns, and none is seen half-written.
pub struct DurableBatch {
    folder: PathBuf,
    parts: Vec<(PathBuf, PathBuf)>,
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

    /// Writes the bytes beside their place, under a hidden name.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.folder.join(format!(".{}-{}-{name}.part", std::process::id(), self.parts.len()));
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
        io::Write::write_all(&mut file, bytes)?;
        self.parts.push((part, self.folder.join(name)));
        Ok(())
    }

    /// One barrier for all bytes, then each gets its name. A name that is taken keeps what it has.
    pub fn finish(self) -> io::Result<Vec<Put>> {
        if self.parts.is_empty() {
            return Ok(Vec::new());
        }
        let folder = fs::File::open(&self.folder)?;
        rustix::fs::syncfs(&folder)?;
        let mut puts = Vec::with_capacity(self.parts.len());
        for (part, place) in &self.parts {
            let put = match fs::hard_link(part, place) {
                Ok(()) => Put::Written,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Put::AlreadyThere,
                Err(e) => return Err(e),
            };
            fs::remove_file(part)?;
            puts.push(put);
        }
        folder.sync_all()?;
        Ok(puts)
    }
}

/// Takes away the hidden parts that a crash left behind. Only the process that holds the seat may do so.
pub fn sweep_parts(folder: &Path, _seat: &Seat) -> io::Result<usize> {
    let mut swept = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".part") && !of_living_process(&name) {
            fs::remove_file(entry.path())?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// `.<pid>-…part` of a process that still runs belongs to a `submit` beside us.
fn of_living_process(name: &str) -> bool {
    let pid = name.trim_start_matches('.').split('-').next().unwrap_or_default();
    pid.parse::<u32>().is_ok_and(|pid| pid != std::process::id() && Path::new(&format!("/proc/{pid}")).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_whole_and_keeps_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let put = |bytes: &[u8]| {
            let mut batch = DurableBatch::new(dir.path().to_owned());
            batch.add("a.json", bytes).unwrap();
            batch.add("b.json", b"b").unwrap();
            batch.finish().unwrap()
        };
        assert_eq!(put(b"first"), [Put::Written, Put::Written]);
        assert_eq!(put(b"second"), [Put::AlreadyThere, Put::AlreadyThere]);
        assert_eq!(fs::read(dir.path().join("a.json")).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no part is left");
    }

    #[test]
    fn one_seat() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataFolder::create(dir.path()).unwrap();
        let seat = data.lock().unwrap();
        assert!(seat.is_some());
        assert!(data.lock().unwrap().is_none());
        drop(seat);
        assert!(data.lock().unwrap().is_some());
    }
}
