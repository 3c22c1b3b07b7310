//! Document files: copied by several threads, each file hashed once, on its way.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use pipeline_domain::{CaseFolderId, Sha256};
use sha2::Digest;

use crate::DepositError;

/// Files that wait for a copier: little memory, and enough that none idles.
const QUEUE: usize = 64;
const BUFFER: usize = 256 * 1024;

/// One file to copy.
pub(crate) struct Job {
    pub folder: CaseFolderId,
    /// `systemID` of the document object.
    pub unit: String,
    pub from: PathBuf,
    pub to: PathBuf,
    /// What the case folder says that it is.
    pub sha256: Sha256,
    pub size_bytes: u64,
}

/// Whether an interrupted run may have left files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    Fresh,
    /// What lies there is kept when its digest is right.
    Walked,
}

/// Where files are handed in.
pub(crate) struct Copier<'a> {
    jobs: SyncSender<Job>,
    failure: &'a Mutex<Option<DepositError>>,
}

impl Copier<'_> {
    /// Hands a file in. The error may be another file's, of earlier.
    pub fn copy(&self, job: Job) -> Result<(), DepositError> {
        // Copiers stop listening only when one of them has left an error.
        self.jobs.send(job).map_err(|_| {
            take(self.failure).unwrap_or(DepositError::Write { action: "copy file", source: io::ErrorKind::BrokenPipe.into() })
        })
    }
}

fn take(failure: &Mutex<Option<DepositError>>) -> Option<DepositError> {
    failure.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Runs the work beside copiers, and returns when all that it handed in is copied.
pub(crate) fn copying<T>(
    threads: usize,
    ground: Ground,
    work: impl FnOnce(&Copier<'_>) -> Result<T, DepositError>,
) -> Result<T, DepositError> {
    let failure = Mutex::new(None);
    let (jobs, queue) = sync_channel(QUEUE);
    let queue = Mutex::new(Some(queue));
    let done = thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| copier(&queue, ground, &failure));
        }
        // The copiers end when the sender is dropped with it.
        work(&Copier { jobs, failure: &failure })
    });
    match take(&failure) {
        Some(error) => Err(error),
        None => done,
    }
}

fn copier(queue: &Mutex<Option<Receiver<Job>>>, ground: Ground, failure: &Mutex<Option<DepositError>>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|jobs| jobs.recv().ok());
        let Some(job) = next else { return };
        if let Err(error) = copy(&job, ground, &mut buffer) {
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            // Nobody listens any more: whoever hands in a file learns of it.
            queue.lock().unwrap_or_else(PoisonError::into_inner).take();
            return;
        }
    }
}

fn copy(job: &Job, ground: Ground, buffer: &mut [u8]) -> Result<(), DepositError> {
    if ground == Ground::Walked && is_there(job, buffer) {
        return Ok(());
    }
    let reading = |source| DepositError::Read { folder: job.folder.clone(), source };
    let writing = DepositError::writing("copy file");
    let mut from = File::open(&job.from).map_err(reading)?;
    let mut to = OpenOptions::new().write(true).create(true).truncate(true).open(&job.to).map_err(writing)?;
    let mut digest = sha2::Sha256::new();
    let mut size = 0u64;
    loop {
        let taken = match from.read(buffer) {
            Ok(0) => break,
            Ok(taken) => &buffer[..taken],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(reading(e)),
        };
        digest.update(taken);
        size += taken.len() as u64;
        to.write_all(taken).map_err(writing)?;
    }
    if size == job.size_bytes && Sha256::from_bytes(digest.finalize().into()) == job.sha256 {
        Ok(())
    } else {
        Err(DepositError::Differs { folder: job.folder.clone(), unit: job.unit.clone() })
    }
}

/// Whether an interrupted run has left the whole file.
fn is_there(job: &Job, buffer: &mut [u8]) -> bool {
    let size = std::fs::symlink_metadata(&job.to).ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
    size == Some(job.size_bytes) && digest_of(&job.to, buffer).is_ok_and(|found| found == job.sha256)
}

fn digest_of(path: &Path, buffer: &mut [u8]) -> io::Result<Sha256> {
    let mut file = File::open(path)?;
    let mut digest = sha2::Sha256::new();
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(Sha256::from_bytes(digest.finalize().into())),
            Ok(taken) => digest.update(&buffer[..taken]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
