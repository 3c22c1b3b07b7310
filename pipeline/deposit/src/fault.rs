//! Places where a test may let the process "die" or the disk fill up. In a normal build these are nothing.

/// Steps of an extract, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The hidden folder is there and its note is written.
    Opened,
    /// A file of a folder has been handed to the copiers.
    FileQueued,
    /// A folder has been written.
    Folder,
    /// All folders are written.
    Folders,
    /// All files are copied.
    Copied,
    /// Both journals are written.
    Journals,
    /// The content folder is whole.
    Content,
    /// The metadata of the package is written.
    Wrapped,
    /// A file has been put into the tar.
    TarEntry,
    /// The tar is whole.
    Tar,
    /// The submission description is written.
    Described,
    /// The report is written.
    Report,
    /// Everything is on the disk.
    Synced,
    /// The extract has its name.
    Moved,
    /// The name is on the disk.
    Committed,
}

#[cfg(test)]
impl Step {
    pub(crate) const ALL: [Self; 15] = [
        Self::Opened,
        Self::FileQueued,
        Self::Folder,
        Self::Folders,
        Self::Copied,
        Self::Journals,
        Self::Content,
        Self::Wrapped,
        Self::TarEntry,
        Self::Tar,
        Self::Described,
        Self::Report,
        Self::Synced,
        Self::Moved,
        Self::Committed,
    ];
}

pub(crate) use hook::*;

#[cfg(not(test))]
mod hook {
    use super::Step;

    #[inline(always)]
    pub(crate) fn pass(_: Step) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod hook {
    use std::{cell::Cell, io};

    use super::Step;

    /// What happens at a step.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Fate {
        Killed,
        DiskFull,
    }

    thread_local! {
        static ARMED: Cell<Option<(Step, u32, Fate)>> = const { Cell::new(None) };
    }

    /// This thread meets its fate when it comes to the step after having passed it so many times.
    pub(crate) fn arm(step: Step, after: u32, fate: Fate) {
        ARMED.set(Some((step, after, fate)));
    }

    /// Whether the fate is still to come; nothing is armed afterwards.
    pub(crate) fn disarm() -> bool {
        ARMED.take().is_some()
    }

    pub(crate) fn pass(step: Step) -> io::Result<()> {
        match ARMED.get() {
            Some((armed, 0, fate)) if armed == step => {
                ARMED.set(None);
                Err(match fate {
                    Fate::Killed => io::Error::other("killed for a test"),
                    Fate::DiskFull => io::Error::from(io::ErrorKind::StorageFull),
                })
            }
            Some((armed, after, fate)) if armed == step => {
                ARMED.set(Some((armed, after - 1, fate)));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
