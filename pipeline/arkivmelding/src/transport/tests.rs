//! The power goes at every step.

use std::{cell::Cell, io};

/// How many steps there still are before the power goes.
#[derive(Debug, Default)]
pub(super) struct Steps(Cell<Option<u32>>);

impl Steps {
    pub fn take(&self) -> io::Result<()> {
        match self.0.get() {
            Some(0) => Err(io::Error::other("the power went")),
            Some(left) => {
                self.0.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}
