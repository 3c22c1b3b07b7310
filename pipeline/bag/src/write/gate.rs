//! A target that can be shut.

use std::{
    cell::Cell,
    io::{self, Seek, SeekFrom, Write},
    rc::Rc,
};

#[derive(Debug, Default)]
struct State {
    shut: Cell<bool>,
    position: Cell<u64>,
    furthest: Cell<u64>,
}

impl State {
    fn move_to(&self, position: u64) {
        self.position.set(position);
        self.furthest.set(self.furthest.get().max(position));
    }

    /// A target that failed once could take the directory after all: then half a zip would look whole.
    fn failed(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::Interrupted {
            self.shut.set(true);
        }
    }
}

/// Lets everything through until it is shut, or until the target fails once; after that it swallows what comes, and counts on,
/// so that a writer above it can be dropped in peace.
#[derive(Debug)]
pub(super) struct Gate<W> {
    inner: W,
    state: Rc<State>,
}

/// Shuts a [`Gate`] that somebody else owns.
#[derive(Debug)]
pub(super) struct Shutter(Rc<State>);

impl<W> Gate<W> {
    pub fn new(inner: W) -> (Self, Shutter) {
        let state = Rc::<State>::default();
        (Self { inner, state: Rc::clone(&state) }, Shutter(state))
    }
}

impl Shutter {
    /// From now on nothing comes through.
    pub fn shut(&self) {
        self.0.shut.set(true);
    }

    /// Length of what was written.
    pub fn bytes(&self) -> u64 {
        self.0.furthest.get()
    }
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self.state.shut.get() {
            true => bytes.len(),
            false => self.inner.write(bytes).inspect_err(|e| self.state.failed(e))?,
        };
        self.state.move_to(self.state.position.get() + taken as u64);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.state.shut.get() { Ok(()) } else { self.inner.flush().inspect_err(|e| self.state.failed(e)) }
    }
}

impl<W: Seek> Seek for Gate<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = if self.state.shut.get() { imagined(&self.state, to)? } else { self.inner.seek(to)? };
        self.state.move_to(position);
        Ok(position)
    }
}

/// Where a target that is shut would stand now.
fn imagined(state: &State, to: SeekFrom) -> io::Result<u64> {
    let position = match to {
        SeekFrom::Start(at) => Some(at),
        SeekFrom::Current(by) => state.position.get().checked_add_signed(by),
        SeekFrom::End(by) => state.furthest.get().checked_add_signed(by),
    };
    position.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
