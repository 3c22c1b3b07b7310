//! The folder transport: we drop messages and pick up answers, somebody else's program carries them.
//!
//! ```text
//! ut/<message id>/      a whole message: arkivmelding.xml, melding.json, the files. The carrier moves it to sendt/ when it is away
//! sendt/<message id>/   how we know, after a crash, that a message was handed over
//! inn/<any name>        an answer: a folder (Fiks: melding.json and payload) or one JSON file (DigDir: the SBD)
//! tatt/<digest>         answers that were taken
//! ukjent/<digest>       what is nothing of ours, for a person
//! .arbeid/              messages in the making
//! ```
//! Everything appears by one rename, so a reader never sees a half message. Names that begin with a dot are nobody's.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use pipeline_domain::{Sha256, Timestamp};
use serde_json::json;
use sha2::Digest;

use super::{Arrived, FileSource, Handover, Ticket, Transport, arrivals, disk};
use crate::{ArkivmeldingError, Dialect, MessageId, Outgoing, PAYLOAD, SentFile};

/// What the carrier must know of a message, and how it can see that it is whole.
const HEADERS: &str = "melding.json";

/// Numbers the messages in the making of this process.
static ATTEMPT: AtomicU64 = AtomicU64::new(0);

/// An exchange folder with its subfolders.
#[derive(Debug)]
pub struct FolderExchange {
    pub(super) root: PathBuf,
    pub(super) dialect: Dialect,
    #[cfg(test)]
    pub(super) steps: super::tests::Steps,
}

impl FolderExchange {
    /// Opens the folder and makes what is missing.
    ///
    /// # Errors
    /// [`ArkivmeldingError::Exchange`].
    pub fn open_or_create(root: &Path, dialect: Dialect) -> Result<Self, ArkivmeldingError> {
        for part in ["ut", "sendt", "inn", "tatt", "ukjent", ".arbeid"] {
            disk::make_dirs(&root.join(part)).map_err(failed("make a folder"))?;
        }
        disk::sync_dir(root).map_err(failed("sync a folder"))?;
        // The folder's own name lies in the one above, which may not be ours to open; then it was there before us.
        let _ = root.parent().map(disk::sync_dir);
        Ok(Self {
            root: root.to_owned(),
            dialect,
            #[cfg(test)]
            steps: super::tests::Steps::default(),
        })
    }

    /// Removes messages in the making that no living process makes, and returns how many. Each maker holds a lock on its folder,
    /// which the system frees when the process dies.
    ///
    /// # Errors
    /// [`ArkivmeldingError::Exchange`].
    pub fn sweep(&self) -> Result<usize, ArkivmeldingError> {
        let mut swept = 0;
        for entry in fs::read_dir(self.at(".arbeid")).map_err(failed("list a folder"))? {
            let path = entry.map_err(failed("list a folder"))?.path();
            let Ok(lock) = File::open(&path) else { continue };
            if lock.try_lock().is_ok() && fs::remove_dir_all(&path).is_ok() {
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Removes the trace of a message that is accepted and done with. Its id must not be sent again.
    ///
    /// # Errors
    /// [`ArkivmeldingError::Exchange`].
    pub fn forget(&self, message: MessageId) -> Result<(), ArkivmeldingError> {
        match fs::remove_dir_all(self.at("sendt").join(message.to_string())) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(failed("remove a sent message")(e)),
            _ => Ok(()),
        }
    }

    pub(super) fn at(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }

    /// In `ut` before `sendt`, the way the carrier moves messages, so that one on its way is not missed.
    fn is_there(&self, id: MessageId) -> io::Result<bool> {
        let name = id.to_string();
        Ok(disk::exists(&self.at("ut").join(&name))? || disk::exists(&self.at("sendt").join(&name))?)
    }

    /// A folder of our own in `.arbeid`, locked as long as the file lives.
    pub(super) fn stage(&self, id: MessageId) -> io::Result<(PathBuf, File)> {
        loop {
            let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
            let path = self.at(".arbeid").join(format!("{id}.{}.{attempt}", std::process::id()));
            match disk::make_dir(&path) {
                Ok(()) => {}
                // Left by an earlier process with our number.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(e),
            }
            let lock = File::open(&path)?;
            lock.lock()?;
            return Ok((path, lock));
        }
    }

    /// Writes the whole message and makes it durable where it is made.
    fn fill(&self, stage: &Path, message: &Outgoing, files: &dyn FileSource) -> Result<(), ArkivmeldingError> {
        for file in &message.files {
            self.copy(stage, message.id, file, files)?;
            self.step("copy a file")?;
        }
        self.write(stage, PAYLOAD, &message.payload)?;
        self.write(stage, HEADERS, &headers(message))?;
        disk::sync_dir(stage).map_err(failed("sync a message"))?;
        self.step("fill a message")
    }

    fn write(&self, stage: &Path, name: &str, bytes: &[u8]) -> Result<(), ArkivmeldingError> {
        let write = || disk::create_new(&stage.join(name)).and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all()));
        write().map_err(failed("write a message"))?;
        self.step("write a file")
    }

    /// Copies a file out of the archive and sees that it is the one that the message tells of.
    fn copy(&self, stage: &Path, message: MessageId, file: &SentFile, files: &dyn FileSource) -> Result<(), ArkivmeldingError> {
        let unread = |source| ArkivmeldingError::File { message, path: file.path.clone(), source };
        let mut from = files.open(&file.path).map_err(unread)?;
        let mut to = disk::create_new(&stage.join(file.name.as_str())).map_err(failed("write a message"))?;
        let (mut digest, mut size, mut buffer) = (sha2::Sha256::new(), 0u64, vec![0; 64 * 1024]);
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    digest.update(&buffer[..n]);
                    size += n as u64;
                    to.write_all(&buffer[..n]).map_err(failed("write a message"))?;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(unread(e)),
            }
        }
        if Sha256::from_bytes(digest.finalize().into()) != file.sha256 || size != file.size_bytes {
            return Err(ArkivmeldingError::Damaged { message, path: file.path.clone() });
        }
        to.sync_all().map_err(failed("sync a message"))
    }

    /// Moves the message out, unless somebody else did meanwhile: who looks and moves holds the one lock.
    fn publish(&self, stage: &Path, id: MessageId) -> Result<Handover, ArkivmeldingError> {
        let failed = failed("hand over a message");
        let lock = File::open(&self.root).and_then(|f| f.lock().map(|()| f)).map_err(&failed)?;
        if self.is_there(id).map_err(&failed)? {
            return Ok(Handover::AlreadyThere);
        }
        disk::rename_new(stage, &self.at("ut").join(id.to_string())).map_err(&failed)?;
        self.step("rename a message")?;
        drop(lock);
        Ok(Handover::Dropped)
    }

    /// Where the tests let the power go.
    #[cfg(not(test))]
    pub(super) fn step(&self, _: &'static str) -> Result<(), ArkivmeldingError> {
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn step(&self, action: &'static str) -> Result<(), ArkivmeldingError> {
        self.steps.take().map_err(failed(action))
    }
}

impl Transport for FolderExchange {
    fn send(&self, message: &Outgoing, files: &dyn FileSource) -> Result<Handover, ArkivmeldingError> {
        let handover = if self.is_there(message.id).map_err(failed("look for a message"))? {
            Handover::AlreadyThere
        } else {
            let (stage, lock) = self.stage(message.id).map_err(failed("make a folder"))?;
            self.step("stage a message")?;
            let done = self.fill(&stage, message, files).and_then(|()| self.publish(&stage, message.id));
            if !matches!(done, Ok(Handover::Dropped)) && self.step("tidy up").is_ok() {
                // What is left is swept later. A message that was moved out is no longer here.
                let _ = fs::remove_dir_all(&stage);
            }
            drop(lock);
            done?
        };
        // Also when it was there: a handover that was cut short may have moved it and not synced the folder.
        disk::sync_dir(&self.at("ut")).map_err(failed("sync a folder"))?;
        self.step("sync a folder")?;
        Ok(handover)
    }

    fn arrivals(&self, now: Timestamp, known: &dyn Fn(MessageId) -> bool) -> Result<Vec<Arrived>, ArkivmeldingError> {
        arrivals::list(self, now, known)
    }

    fn done(&self, ticket: &Ticket) -> Result<(), ArkivmeldingError> {
        arrivals::take(self, ticket)
    }
}

/// `melding.json`: what the carrier must know, and what it can check. No names.
fn headers(message: &Outgoing) -> Vec<u8> {
    let files = message.files.iter().map(|f| json!({"navn": f.name.as_str(), "sha256": f.sha256.to_string(), "stoerrelse": f.size_bytes}));
    let headers = json!({
        "meldingId": message.id.to_string(),
        "meldingType": message.kind.id(),
        "payload": {"navn": PAYLOAD, "sha256": Sha256::of(&message.payload).to_string(), "stoerrelse": message.payload.len()},
        "filer": files.collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&headers).expect("JSON can be written");
    bytes.push(b'\n');
    bytes
}

pub(super) fn failed(action: &'static str) -> impl Fn(io::Error) -> ArkivmeldingError {
    move |source| ArkivmeldingError::Exchange { action, source }
}
