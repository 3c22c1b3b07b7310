//! Places where a test may let the process "die". In a normal build these are nothing.

/// Steps of appending, publishing and turning the journal's page, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Half of a group is in the journal.
    HalfGroup,
    /// The group is in the journal, perhaps not on the disk.
    GroupWritten,
    /// The group is on the disk: the commit point.
    Committed,
    /// Half of a tile's file is there under its name, as a disk may leave it that was not waited for.
    HalfTile,
    /// All tiles are written, the checkpoint is not.
    TilesWritten,
    /// The checkpoint has its name.
    Published,
    /// Everything is on the disk, and the journal is still the old one.
    Synced,
    /// The next journal is written beside the old one.
    NextJournal,
    /// The next journal has the name.
    Turned,
}

pub(crate) use hook::*;

#[cfg(not(test))]
mod hook {
    use super::Step;

    #[inline(always)]
    pub(crate) fn pass(_: Step) -> std::io::Result<()> {
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn torn(bytes: &[u8]) -> &[u8] {
        bytes
    }
}

#[cfg(test)]
mod hook {
    use std::{cell::Cell, io};

    use super::Step;

    thread_local! {
        static ARMED: Cell<Option<Step>> = const { Cell::new(None) };
        static CRASHED: Cell<bool> = const { Cell::new(false) };
    }

    /// This thread dies at the given step, and does nothing any more.
    pub(crate) fn arm(step: Step) {
        ARMED.set(Some(step));
        CRASHED.set(false);
    }

    /// This thread lives again. Whether it had died.
    pub(crate) fn revive() -> bool {
        ARMED.set(None);
        CRASHED.replace(false)
    }

    pub(crate) fn pass(step: Step) -> io::Result<()> {
        if ARMED.get() == Some(step) {
            CRASHED.set(true);
        }
        if CRASHED.get() { Err(io::Error::other("crash for a test")) } else { Ok(()) }
    }

    /// What of these bytes reaches the disk.
    pub(crate) fn torn(bytes: &[u8]) -> &[u8] {
        if ARMED.get() == Some(Step::HalfTile) && !CRASHED.get() {
            CRASHED.set(true);
            return &bytes[..bytes.len() / 2];
        }
        bytes
    }
}
