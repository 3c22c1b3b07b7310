//! Documents that were read a moment ago. A few of them, in memory only.

use std::{
    collections::VecDeque,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use pipeline_domain::{DocumentKey, Snapshot};

/// How many are kept: about as many as are on their way at once.
const KEPT: usize = 32;

/// Which file it was, and when it was written: a newer sending has another stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp(Option<(u64, u64, i64, i64)>);

impl FileStamp {
    /// Of the file as it is now.
    pub fn of(path: &Path) -> Self {
        Self(std::fs::metadata(path).ok().map(|m| (m.ino(), m.len(), m.mtime(), m.mtime_nsec())))
    }
}

/// The latest few.
#[derive(Default)]
pub struct Snapshots(Mutex<VecDeque<(DocumentKey, FileStamp, Arc<Snapshot>)>>);

impl Snapshots {
    /// What was read of this very file.
    pub fn find(&self, key: DocumentKey, stamp: FileStamp) -> Option<Arc<Snapshot>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stamp.0?;
        kept.iter().find(|(k, s, _)| *k == key && *s == stamp).map(|(_, _, snapshot)| snapshot.clone())
    }

    /// Keeps one, and lets the oldest go.
    pub fn keep(&self, key: DocumentKey, stamp: FileStamp, snapshot: &Arc<Snapshot>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(k, ..)| *k != key);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, stamp, snapshot.clone()));
    }
}
