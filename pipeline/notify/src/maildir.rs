//! A Maildir as outbox: what lies in `new/` is delivered, exactly once by its name.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{Mail, NotifyError};

/// Whether a delivery wrote anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The mail was put in `new/`.
    Delivered,
    /// A mail of this name was there.
    AlreadyThere,
}

/// Whether a mail reader has moved the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// In `new/`.
    New,
    /// In `cur/`.
    Current,
}

/// One mail in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaildirEntry {
    /// Name as delivered, without the flags that a reader adds.
    pub name: String,
    /// Where it lies.
    pub seen: Seen,
    /// Size of the file.
    pub size_bytes: u64,
}

/// A Maildir (`tmp`, `new`, `cur`). All calls block.
#[derive(Debug)]
pub struct Maildir {
    root: PathBuf,
}

/// Numbers the temporary files of this process.
static ATTEMPT: AtomicU64 = AtomicU64::new(0);

impl Maildir {
    /// Opens the folder and makes what is missing, readable by the owner alone: mails hold addresses.
    ///
    /// Errors: [`NotifyError::Maildir`].
    pub fn open_or_create(path: &Path) -> Result<Self, NotifyError> {
        let make = |dir: &Path| DirBuilder::new().recursive(true).mode(0o700).create(dir);
        for part in ["tmp", "new", "cur"] {
            make(&path.join(part)).map_err(failed("make a folder"))?;
        }
        sync_dir(path)?;
        // The folder's own name lies in the one above, which may not be ours to open; then it was there before us.
        let _ = path.parent().map(sync_dir);
        Ok(Self { root: path.to_owned() })
    }

    /// Puts the mail in `new/`, durably, unless a mail of its name is there: a temporary file is written and synced, linked
    /// into place (which never replaces), and the folder synced before this returns. May run any number of times and from
    /// several processes at once.
    ///
    /// Errors: [`NotifyError::Maildir`]; nothing is left in `new/` then, or the whole mail.
    pub fn deliver(&self, mail: &Mail) -> Result<Delivery, NotifyError> {
        if self.find(&mail.file_name)?.is_some() {
            // A delivery that was cut short may have linked the file and not synced the folder.
            sync_dir(&self.root.join("new"))?;
            return Ok(Delivery::AlreadyThere);
        }
        let (tmp, file) = self.write_tmp(mail)?;
        let linked = fs::hard_link(&tmp, self.root.join("new").join(&mail.file_name));
        let _ = fs::remove_file(&tmp);
        drop(file);
        let delivery = match linked {
            Ok(()) => Delivery::Delivered,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Delivery::AlreadyThere,
            Err(e) => return Err(failed("link a mail")(e)),
        };
        sync_dir(&self.root.join("new"))?;
        Ok(delivery)
    }

    /// Every mail, by name.
    ///
    /// Errors: [`NotifyError::Maildir`].
    pub fn list(&self) -> Result<Vec<MaildirEntry>, NotifyError> {
        let mut entries = Vec::new();
        for (folder, seen) in [("new", Seen::New), ("cur", Seen::Current)] {
            for entry in fs::read_dir(self.root.join(folder)).map_err(failed("list mails"))? {
                let entry = entry.map_err(failed("list mails"))?;
                let name = without_flags(&entry.file_name().to_string_lossy()).to_owned();
                match entry.metadata() {
                    Ok(meta) if meta.is_file() && !name.starts_with('.') => {
                        entries.push(MaildirEntry { name, seen, size_bytes: meta.len() });
                    }
                    Ok(_) => {}
                    // A reader moved or removed it meanwhile.
                    Err(e) if e.kind() == ErrorKind::NotFound => {}
                    Err(e) => return Err(failed("list mails")(e)),
                }
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// The bytes of one mail by the name in [`MaildirEntry`]; `None` when there is none.
    ///
    /// Errors: [`NotifyError::Maildir`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, NotifyError> {
        match self.find(name)? {
            Some(path) => fs::read(path).map(Some).map_err(failed("read a mail")),
            None => Ok(None),
        }
    }

    /// Removes temporary files that no living delivery holds, and returns how many. Safe beside running deliveries: each
    /// holds a lock on its file, which the system frees when the process dies.
    ///
    /// Errors: [`NotifyError::Maildir`].
    pub fn sweep_tmp(&self) -> Result<usize, NotifyError> {
        let mut swept = 0;
        for entry in fs::read_dir(self.root.join("tmp")).map_err(failed("list temporary files"))? {
            let path = entry.map_err(failed("list temporary files"))?.path();
            if !path.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
                continue;
            }
            let Ok(file) = File::open(&path) else { continue };
            if file.try_lock().is_ok() && fs::remove_file(&path).is_ok() {
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn write_tmp(&self, mail: &Mail) -> Result<(PathBuf, File), NotifyError> {
        loop {
            let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join("tmp").join(format!("{}.{}.{attempt}", mail.file_name, std::process::id()));
            let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => file,
                // Left by an earlier process with our number.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(failed("write a mail")(e)),
            };
            let written = file.lock().and_then(|()| file.write_all(&mail.bytes)).and_then(|()| file.sync_all());
            if let Err(e) = written {
                let _ = fs::remove_file(&path);
                return Err(failed("write a mail")(e));
            }
            return Ok((path, file));
        }
    }

    /// Looks in `new` before `cur`, the way a reader moves mails, so that one on its way is not missed.
    fn find(&self, name: &str) -> Result<Option<PathBuf>, NotifyError> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', ':', '\0']) {
            return Ok(None);
        }
        let new = self.root.join("new").join(name);
        if new.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            return Ok(Some(new));
        }
        for entry in fs::read_dir(self.root.join("cur")).map_err(failed("list mails"))? {
            let entry = entry.map_err(failed("list mails"))?;
            if without_flags(&entry.file_name().to_string_lossy()) == name {
                return Ok(Some(entry.path()));
            }
        }
        Ok(None)
    }
}

/// A reader adds `:2,` and letters to what it has moved to `cur`.
fn without_flags(file_name: &str) -> &str {
    file_name.split(':').next().unwrap_or_default()
}

fn sync_dir(path: &Path) -> Result<(), NotifyError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(failed("sync the folder"))
}

fn failed(action: &'static str) -> impl Fn(io::Error) -> NotifyError {
    move |source| NotifyError::Maildir { action, source }
}
