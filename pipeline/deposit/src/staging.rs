//! The hidden folder that an extract is made in. What lies under its own name is whole.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use pipeline_domain::{Sha256, Timestamp};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::{
    DepositError,
    copy::Ground,
    fault::{Step, pass},
};

/// What a hidden folder is for: a later run goes on from it only for the same extract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub key: Sha256,
    /// Of the first run: the bytes of the extract depend on it.
    pub created_at: Timestamp,
    /// Likewise.
    pub checkpoint: Option<String>,
}

/// `.<name>.part` beside the target.
pub(crate) struct Staging {
    dir: PathBuf,
    target: PathBuf,
    /// Locked as long as it is open.
    handle: File,
    pub note: Note,
    pub ground: Ground,
}

const NOTE: &str = "note.json";
const OUT: &str = "out";
const WORK: &str = "work";

impl Staging {
    /// Opens the hidden folder, or goes on with the one that an interrupted run left.
    pub fn open(target: &Path, asked: Note) -> Result<Self, DepositError> {
        let failed = DepositError::writing("make the hidden folder");
        let name = target.file_name().ok_or(DepositError::Description { rule: "the target has no name" })?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".part");
        let parent = parent_of(target);
        let dir = parent.join(hidden);
        fs::create_dir_all(parent).map_err(failed)?;
        make_private(&dir).map_err(failed)?;
        let handle = lock(&dir)?;
        let kept = fs::read(dir.join(NOTE)).ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
        let kept = kept.filter(|note| note.key == asked.key);
        let (note, ground) = kept.map_or((asked, Ground::Fresh), |note| (note, Ground::Walked));
        if ground == Ground::Fresh {
            sweep(&dir).map_err(failed)?;
            write_note(&dir, &note).map_err(failed)?;
        }
        for folder in [OUT, WORK] {
            make_private(&dir.join(folder)).map_err(failed)?;
        }
        pass(Step::Opened).map_err(failed)?;
        Ok(Self { dir, target: target.to_owned(), handle, note, ground })
    }

    /// What becomes the extract.
    pub fn out(&self) -> PathBuf {
        self.dir.join(OUT)
    }

    /// What is thrown away.
    pub fn work(&self) -> PathBuf {
        self.dir.join(WORK)
    }

    /// Gives the extract its name, once everything is on the disk.
    pub fn commit(self) -> Result<(), DepositError> {
        let failed = DepositError::writing("finish the extract");
        rustix::fs::syncfs(&self.handle).map_err(|e| failed(e.into()))?;
        pass(Step::Synced).map_err(failed)?;
        // An empty folder is replaced; one that is not refuses.
        fs::rename(self.out(), &self.target).map_err(|e| match e.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => DepositError::TargetTaken,
            _ => failed(e),
        })?;
        pass(Step::Moved).map_err(failed)?;
        File::open(parent_of(&self.target)).and_then(|parent| parent.sync_all()).map_err(failed)?;
        pass(Step::Committed).map_err(failed)?;
        fs::remove_dir_all(&self.dir).map_err(failed)
    }

    /// Removes what a run left that was interrupted after its extract got its name.
    pub fn forget(target: &Path) -> Result<(), DepositError> {
        let Some(name) = target.file_name() else { return Ok(()) };
        let dir = parent_of(target).join(format!(".{}.part", name.to_string_lossy()));
        match fs::remove_dir_all(dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(DepositError::writing("remove the hidden folder")(e)),
            _ => Ok(()),
        }
    }
}

fn parent_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder that only its owner may look into: what is delivered is about people.
fn make_private(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn lock(dir: &Path) -> Result<File, DepositError> {
    let failed = DepositError::writing("lock the hidden folder");
    let handle = File::open(dir).map_err(failed)?;
    match rustix::fs::flock(&handle, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(e) if e == rustix::io::Errno::WOULDBLOCK => return Err(DepositError::Busy),
        Err(e) => return Err(failed(e.into())),
    }
    // Whoever held the lock may just have removed the folder.
    let (mine, there) = (handle.metadata().map_err(failed)?, fs::metadata(dir));
    if there.is_ok_and(|there| there.ino() == mine.ino()) { Ok(handle) } else { Err(DepositError::Busy) }
}

fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

fn write_note(dir: &Path, note: &Note) -> io::Result<()> {
    let bytes = serde_json::to_vec(note).expect("a note is writable as JSON");
    let beside = dir.join("note.new");
    fs::write(&beside, bytes)?;
    fs::rename(beside, dir.join(NOTE))
}
