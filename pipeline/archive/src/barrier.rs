//! Group commit: writers that wait at the same time share one `syncfs`.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// One file system's write barrier.
///
/// A sync counts for a writer only if it *started* after that writer's last write, so whoever arrives while one is under
/// way waits for the next, together with all others who do.
pub(crate) struct Barrier {
    folder: PathBuf,
    state: Mutex<State>,
    turn: Condvar,
}

struct State {
    /// Opened before the writes that it answers for: the kernel reports to a descriptor only what failed since its opening.
    fd: Arc<File>,
    /// Goes up with every failure. Whoever wrote before the failure may be among the lost.
    epoch: u64,
    started: u64,
    finished: u64,
    running: bool,
}

/// When a writer began. Ask for it before the first write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

impl Barrier {
    /// For the file system of this folder.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let state = State { fd: Arc::new(File::open(folder)?), epoch: 0, started: 0, finished: 0, running: false };
        Ok(Self { folder: folder.to_owned(), state: Mutex::new(state), turn: Condvar::new() })
    }

    /// Marks the beginning of a writer's work.
    pub(crate) fn begin(&self) -> Epoch {
        Epoch(self.locked().epoch)
    }

    /// Returns when everything this writer wrote is on the disk. Any failure since `began` is this writer's failure too.
    pub(crate) fn sync(&self, began: Epoch) -> io::Result<()> {
        let mut state = self.locked();
        let wanted = state.started + 1;
        loop {
            if state.epoch != began.0 {
                return Err(io::Error::other("a sync failed while this was being written"));
            }
            if state.finished >= wanted {
                return Ok(());
            }
            if state.running {
                state = self.turn.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.running = true;
            state.started += 1;
            let (turn, fd) = (state.started, Arc::clone(&state.fd));
            drop(state);
            let outcome = rustix::fs::syncfs(&*fd);
            state = self.locked();
            state.running = false;
            state.finished = turn;
            if let Err(e) = outcome {
                // Never asked again on this descriptor: it has told what it knew.
                state.epoch += 1;
                let reopened = File::open(&self.folder);
                if let Ok(fd) = reopened {
                    state.fd = Arc::new(fd);
                }
                self.turn.notify_all();
                return Err(e.into());
            }
            self.turn.notify_all();
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn turns(&self) -> u64 {
        self.locked().started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_writers_share_a_sync() {
        let dir = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(dir.path()).unwrap();
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    for _ in 0..10 {
                        let began = barrier.begin();
                        barrier.sync(began).unwrap();
                    }
                });
            }
        });
        assert!(barrier.turns() <= 80, "{}", barrier.turns());
        assert!(barrier.turns() >= 10, "{}", barrier.turns());
    }

    #[test]
    fn a_failure_reaches_those_who_wrote_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(dir.path()).unwrap();
        let before = barrier.begin();
        barrier.locked().epoch += 1;
        assert!(barrier.sync(before).is_err());
        assert!(barrier.sync(barrier.begin()).is_ok());
    }
}
