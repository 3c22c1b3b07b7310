//! The few system calls that the folder exchange is made of.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags};

/// Messages hold personal data: whoever carries them is of our group, and nobody else may look. The umask can only narrow it.
const FILE_MODE: u32 = 0o640;
/// The carrier moves folders, for which it must be able to write in them.
const DIR_MODE: u32 = 0o770;

/// Makes one folder that must not exist yet.
pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIR_MODE).create(path)
}

/// Makes a folder and its parents where they are missing.
pub(super) fn make_dirs(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIR_MODE).recursive(true).create(path)
}

/// A file that must not exist yet.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Moves something to a name that must be free; `AlreadyExists` when it is not.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Opens an ordinary file, and never what a link points to. Waits for nothing (a pipe).
pub(super) fn open_ordinary(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Whether something bears the name, a broken link included.
pub(super) fn exists(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}
