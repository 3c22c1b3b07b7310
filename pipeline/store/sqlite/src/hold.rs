//! Who sends mail: one process at a time, shown by a lock on an empty file that the kernel frees when the process dies.
//!
//! So a claim found in the database by whoever gets the lock is a dead process's claim, with no clock and no lease involved.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use pipeline_store::StoreError;
use tokio::sync::{Mutex, MutexGuard};

use crate::fault;

pub(crate) struct OutboxHold {
    file: File,
    sends: Mutex<bool>,
}

impl OutboxHold {
    /// The lock file is the database's name with `-outbox.lock` behind.
    pub(crate) fn beside(database: &Path) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push("-outbox.lock");
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(name).map_err(fault::io("open its lock file"))?;
        Ok(Self { file, sends: Mutex::new(false) })
    }

    /// Whether this store is the one that sends. Hold the guard while changing it, so that nobody claims a mail between the
    /// lock and the freeing of old claims.
    pub(crate) async fn sends(&self) -> MutexGuard<'_, bool> {
        self.sends.lock().await
    }

    /// Takes the lock, or says that another process (or another store in this one) has it. Ours already is ours again.
    pub(crate) fn try_lock(&self) -> Result<bool, StoreError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(e)) => Err(fault::io("lock its outbox")(e)),
        }
    }

    /// Lets the lock go. The kernel does so too, when the file is closed.
    pub(crate) fn unlock(&self) {
        self.file.unlock().ok();
    }
}
