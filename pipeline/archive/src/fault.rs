//! Places where a test may let the process "die". In a normal build these are nothing.

/// Steps of the commit protocol, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A content file has been staged.
    FileStaged,
    /// Everything is staged.
    Staged,
    /// Everything staged is on the disk.
    Synced,
    /// The version has its name.
    Moved,
    /// The name is on the disk: the commit point.
    Committed,
    /// The root inventory is the new one, its sidecar the old one.
    HalfRoot,
    /// Both root files are new.
    Root,
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
    pub(crate) fn crashed() -> bool {
        false
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

    /// This thread dies at the given step.
    pub(crate) fn arm(step: Step) {
        ARMED.set(Some(step));
        CRASHED.set(false);
    }

    /// This thread lives again.
    pub(crate) fn revive() {
        ARMED.set(None);
        CRASHED.set(false);
    }

    pub(crate) fn pass(step: Step) -> io::Result<()> {
        if ARMED.get() == Some(step) {
            CRASHED.set(true);
            return Err(io::Error::other("crash for a test"));
        }
        Ok(())
    }

    pub(crate) fn crashed() -> bool {
        CRASHED.get()
    }
}
