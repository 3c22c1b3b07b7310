//! The few system calls that the log is made of.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::FlockOperation;

use crate::fault;

/// The log may be read by the archive's group, for whoever audits it.
const FILE_MODE: u32 = 0o640;
const DIR_MODE: u32 = 0o750;
/// Keys are their owner's alone.
pub(crate) const SECRET_MODE: u32 = 0o600;

/// Makes a folder and its parents where they are missing.
pub(crate) fn make_dirs(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIR_MODE).recursive(true).create(path)
}

/// Opens a file for reading and writing, and makes it where it is missing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

/// A new file, empty, in the place of any that was left there.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(FILE_MODE).open(path)
}

/// Gives a file its whole content under its name at once, for readers: not for a power failure, that is the caller's barrier.
/// Nothing is done when it has that content already.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if read_if_there(&path)?.is_some_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_dirs(parent)?;
    }
    let beside = folder.join(".ny");
    create(&beside)?.write_all(fault::torn(bytes))?;
    fs::rename(&beside, &path)
}

/// Writes a file that must not exist yet: whole under its name, and on the disk, or not there at all. A crash may leave `.NAME` beside it,
/// which the next writing takes over.
pub(crate) fn write_new_durably(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    let beside = folder.join(hidden);
    remove_if_there(&beside)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // A link is made only where there is nothing, which a renaming would not ask.
    let linked = fs::hard_link(&beside, path);
    remove_if_there(&beside)?;
    linked?;
    sync_dir(folder)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::fsync(File::open(path)?)?)
}

/// Waits until all that was written to this file system is on the disk.
pub(crate) fn sync_all(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}

/// A lock that is free again when the value is dropped, or the process dies.
pub(crate) struct Held<'a>(&'a File);

/// Waits for the one lock on this file.
pub(crate) fn hold(file: &File) -> io::Result<Held<'_>> {
    loop {
        match rustix::fs::flock(file, FlockOperation::LockExclusive) {
            Ok(()) => return Ok(Held(file)),
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // The kernel frees it with the file in any case.
        let _ = rustix::fs::flock(self.0, FlockOperation::Unlock);
    }
}

/// Which file a name means now.
pub(crate) fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|m| (m.dev(), m.ino()))
}

/// `None` where there is no such file.
pub(crate) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}
