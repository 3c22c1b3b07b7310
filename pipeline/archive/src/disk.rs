//! The few system calls that the commit protocol is made of.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::{CWD, FlockOperation, RenameFlags};

use crate::inventory::{Digester, Digests};

/// Case files hold personal data: the archive's group may read, nobody else may, and nobody writes again.
const FILE_MODE: u32 = 0o440;
const DIR_MODE: u32 = 0o750;

/// Writes a file that must not exist yet, read-only from birth. The process's umask can only narrow the mode.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?.write_all(bytes)
}

/// Copies a file to a place that must not exist yet, read-only from birth, a piece at a time. Digests of what was written.
pub(crate) fn copy_new(from: &Path, to: &Path) -> io::Result<Digests> {
    let mut out = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(to)?;
    read_through(from, |piece| out.write_all(piece))
}

/// Digests of a file, and never more of it in memory than a piece.
pub(crate) fn digests_of(path: &Path) -> io::Result<Digests> {
    read_through(path, |_| Ok(()))
}

fn read_through(path: &Path, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Digests> {
    let mut file = File::open(path)?;
    let (mut digester, mut buffer) = (Digester::default(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digester.finish()),
            Ok(n) => {
                digester.update(&buffer[..n]);
                each(&buffer[..n])?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Makes one folder that must not exist yet.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIR_MODE).create(path)
}

/// Makes a folder and its parents where they are missing.
pub(crate) fn make_dirs(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIR_MODE).recursive(true).create(path)
}

/// Moves a folder or file to a name that must be free. `AlreadyExists` when it is not: the last referee between writers.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::fsync(File::open(path)?)?)
}

/// Waits for the one lock on a folder or file; free again when the value is dropped, or the process dies.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// The lock if nobody holds it.
pub(crate) fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Names in a folder that are text, sorted. Names that are not text are nobody's of ours.
pub(crate) fn names(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// `None` where there is no such file.
pub(crate) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}
