//! Where backups lie: a folder with one folder for each, and the remains of what was interrupted.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use pipeline_domain::Timestamp;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::backup::{about, files::make_folder};

const PREFIX: &str = "arkivflyt-";
/// Beside a whole backup: one that is being made, or was when the process died.
const MAKING: &str = ".making-";
/// Beside a whole backup: one that is being removed.
const REMOVING: &str = ".removing-";

/// The folder, held by this process: one backup at a time is made in it.
#[derive(Debug)]
pub struct Place {
    root: PathBuf,
    _held: File,
}

impl Place {
    /// Makes the folder if it is missing, and takes away what dead processes left in it. `None` while another process makes a
    /// backup here.
    pub fn hold(root: &Path) -> io::Result<Option<Self>> {
        make_folder(root)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(root.join(".lock"))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(e) => return Err(e.into()),
        }
        for name in names(root)?.iter().filter(|n| n.starts_with(MAKING) || n.starts_with(REMOVING)) {
            fs::remove_dir_all(root.join(name))?;
        }
        Ok(Some(Self { root: root.to_owned(), _held: lock }))
    }

    /// Whole backups by name, the oldest first.
    pub fn backups(&self) -> io::Result<Vec<PathBuf>> {
        let mut backups: Vec<PathBuf> = names(&self.root)?.iter().filter(|n| n.starts_with(PREFIX)).map(|n| self.root.join(n)).collect();
        backups.retain(|path| path.join(about::NAME).is_file());
        backups.sort();
        Ok(backups)
    }

    /// A folder for a backup of this instant, gone again with the value unless it is [`finish`](Draft::finish)ed.
    pub fn draft(&self, at: Timestamp) -> io::Result<Draft> {
        let name = format!("{PREFIX}{}", at.utc().format("%Y%m%dT%H%M%SZ"));
        let name = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") }).find(|name| !self.root.join(name).exists());
        let name = name.expect("some number is free");
        let draft = Draft { making: self.root.join(format!("{MAKING}{name}")), place: self.root.join(name), root: self.root.clone() };
        make_folder(&draft.making)?;
        Ok(draft)
    }

    /// Removes the oldest whole backups until `keep` are left. Their names.
    pub fn prune(&self, keep: usize) -> io::Result<Vec<String>> {
        let backups = self.backups()?;
        let mut removed = Vec::new();
        for backup in &backups[..backups.len().saturating_sub(keep)] {
            let name = backup.file_name().expect("a backup has a name").to_string_lossy().into_owned();
            // What is half removed does not bear a backup's name.
            let removing = self.root.join(format!("{REMOVING}{name}"));
            fs::rename(backup, &removing)?;
            fs::remove_dir_all(&removing)?;
            removed.push(name);
        }
        Ok(removed)
    }
}

fn names(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort();
    Ok(names)
}

/// A backup that is being made.
#[derive(Debug)]
pub struct Draft {
    making: PathBuf,
    place: PathBuf,
    root: PathBuf,
}

impl Draft {
    pub fn folder(&self) -> &Path {
        &self.making
    }

    /// Gives it its name. Everything in it is on the disk already; the name is when this returns.
    pub fn finish(self) -> io::Result<PathBuf> {
        crate::data::move_new(&self.making, &self.place)?;
        File::open(&self.root)?.sync_all()?;
        Ok(self.place.clone())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Not there any more when it was finished. What cannot be removed now is removed before the next one is made.
        let _ = fs::remove_dir_all(&self.making);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_422_600 + s).unwrap()
    }

    fn whole(place: &Place, s: i64) -> PathBuf {
        let draft = place.draft(at(s)).unwrap();
        fs::write(draft.folder().join(about::NAME), "{}").unwrap();
        draft.finish().unwrap()
    }

    #[test]
    fn only_whole_backups_bear_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("backups");
        let place = Place::hold(&root).unwrap().unwrap();
        assert!(Place::hold(&root).unwrap().is_none(), "one at a time");
        let (first, second) = (whole(&place, 0), whole(&place, 0));
        assert_eq!(first, root.join("arkivflyt-20261123T083000Z"));
        assert_eq!(second, root.join("arkivflyt-20261123T083000Z-2"));
        drop(place.draft(at(1)).unwrap());
        assert_eq!(place.backups().unwrap(), [first.clone(), second.clone()], "what was given up leaves nothing");
        // As a process that died leaves it.
        fs::create_dir_all(root.join(".making-arkivflyt-20261123T083005Z/data")).unwrap();
        fs::create_dir_all(root.join(".removing-arkivflyt-20261123T083006Z")).unwrap();
        fs::create_dir_all(root.join("someone-elses")).unwrap();
        drop(place);
        let place = Place::hold(&root).unwrap().unwrap();
        assert_eq!(names(&root).unwrap().len(), 3);
        let third = whole(&place, 60);
        assert_eq!(place.prune(2).unwrap(), ["arkivflyt-20261123T083000Z"]);
        assert_eq!(place.backups().unwrap(), [second, third]);
        assert!(root.join("someone-elses").is_dir());
    }
}
