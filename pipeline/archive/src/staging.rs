//! Where versions are built before they are moved in. Every open store has a folder of its own there, held by a lock, so
//! that a sweep takes only what dead writers left.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{disk, fault};

/// Held for a moment while writers' folders are made and swept.
const DOOR: &str = ".laas";
/// Held in a writer's folder for as long as the writer lives.
const LOCK: &str = ".laas";
const PREFIX: &str = "w-";

/// One writer's folder under `staging/`.
pub(crate) struct Staging {
    all: PathBuf,
    folder: PathBuf,
    next: AtomicU64,
    _lock: File,
}

impl Staging {
    /// Sweeps what dead writers left, then takes a folder. Returns the number of leftover build folders removed.
    pub(crate) fn open(staging: &Path) -> io::Result<(Self, u64)> {
        disk::make_dirs(staging)?;
        let door = staging.join(DOOR);
        touch(&door)?;
        let _held = disk::lock(&door)?;
        let swept = sweep(staging)?;
        let mut n = 0_u32;
        let folder = loop {
            let folder = staging.join(format!("{PREFIX}{}-{n}", std::process::id()));
            match disk::make_dir(&folder) {
                Ok(()) => break folder,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
                Err(e) => return Err(e),
            }
        };
        let lock = folder.join(LOCK);
        touch(&lock)?;
        let lock = disk::lock(&lock)?;
        Ok((Self { all: staging.to_owned(), folder, next: AtomicU64::new(0), _lock: lock }, swept))
    }

    /// A fresh folder to build in, with a name that tells a person what it is for. If it is still there when the value is
    /// dropped, it goes.
    pub(crate) fn build(&self, label: &str) -> io::Result<Build> {
        let path = self.folder.join(format!("{}.{label}", self.next.fetch_add(1, Ordering::Relaxed)));
        disk::make_dir(&path)?;
        Ok(Build { path })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !fault::crashed() {
            // Best effort: the next opening sweeps what stays.
            let _ = fs::remove_file(self.folder.join(LOCK));
            let _ = fs::remove_dir(&self.folder);
            // A writer that died since this one opened may have no successor that opens.
            let _ = disk::lock(&self.all.join(DOOR)).and_then(|_held| sweep(&self.all));
        }
    }
}

/// A folder that becomes a version, a case or a year when it is moved to its place.
pub(crate) struct Build {
    path: PathBuf,
}

impl Build {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        if !fault::crashed() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn touch(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path).map(drop)
}

/// Removes the folders of writers whose lock is free. The caller holds the door.
fn sweep(staging: &Path) -> io::Result<u64> {
    let mut swept = 0;
    for name in disk::names(staging)?.into_iter().filter(|n| n.starts_with(PREFIX)) {
        let folder = staging.join(name);
        let free = match disk::try_lock(&folder.join(LOCK)) {
            Ok(Some(_)) => true,
            Ok(None) => false,
            // Died between making the folder and the lock.
            Err(e) if e.kind() == io::ErrorKind::NotFound => true,
            Err(e) => return Err(e),
        };
        if free {
            swept += match disk::names(&folder) {
                Ok(names) => names.iter().filter(|n| *n != LOCK).count() as u64,
                // Its owner closed in this very moment.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            match fs::remove_dir_all(&folder) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
    }
    Ok(swept)
}
