//! A reader that gives only so many bytes while a zip is opened.

use std::{
    cell::Cell,
    io::{self, Read, Seek, SeekFrom},
    rc::Rc,
};

/// Counts what is read. The zip library keeps every entry of the directory in memory: a directory without end must not be
/// read to its end.
#[derive(Debug)]
pub(super) struct Budget<R> {
    inner: R,
    left: Rc<Cell<Option<u64>>>,
    failed: Rc<Cell<Option<io::ErrorKind>>>,
}

/// The other end of a [`Budget`].
#[derive(Debug)]
pub(super) struct Purse {
    left: Rc<Cell<Option<u64>>>,
    failed: Rc<Cell<Option<io::ErrorKind>>>,
}

impl<R> Budget<R> {
    pub fn new(inner: R, bytes: u64) -> (Self, Purse) {
        let (left, failed) = (Rc::new(Cell::new(Some(bytes))), Rc::new(Cell::new(None)));
        (Self { inner, left: Rc::clone(&left), failed: Rc::clone(&failed) }, Purse { left, failed })
    }
}

impl Purse {
    /// Whether everything is spent.
    pub fn is_empty(&self) -> bool {
        self.left.get() == Some(0)
    }

    /// From now on everything may be read.
    pub fn open(&self) {
        self.left.set(None);
    }

    /// What the system said, when it was the system that failed and not the zip.
    pub fn system_error(&self) -> Option<io::Error> {
        self.failed.get().map(io::Error::from)
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = self.left.get().map_or(bytes.len(), |left| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()));
        if most == 0 && !bytes.is_empty() {
            return Err(io::Error::other("the directory is too large"));
        }
        let read = self.inner.read(&mut bytes[..most]).inspect_err(|e| self.failed.set(Some(e.kind())))?;
        self.left.set(self.left.get().map(|left| left - read as u64));
        Ok(read)
    }
}

impl<R: Seek> Seek for Budget<R> {
    // Not noted: a zip that lies about places asks for places that there are not.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
