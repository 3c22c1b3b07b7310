//! Reads with a bound on what one piece of markup may hold, counts lines, and hashes on the way.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use sha2::{Digest, Sha256};

use super::Stop;

/// The kind of the error when somebody wants us to stop.
pub const STOPPED: io::ErrorKind = io::ErrorKind::TimedOut;

/// What the guard and the parser tell each other.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Line ends that were consumed.
    pub lines: Cell<u64>,
    /// Bytes consumed since the parser last gave an event.
    pub since: Cell<u64>,
    /// Whether `since` went beyond the bound.
    pub is_exceeded: Cell<bool>,
}

/// A parser keeps a whole tag or text in memory before anybody can look at it: this stops the bytes before that.
pub(super) struct Guard<R> {
    inner: BufReader<R>,
    meter: Rc<Meter>,
    most: u64,
}

impl<R: Read> Guard<R> {
    pub fn new(inner: R, meter: Rc<Meter>, most: u64) -> Self {
        Self { inner: BufReader::with_capacity(64 << 10, inner), meter, most }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.meter.since.get() > self.most {
            self.meter.is_exceeded.set(true);
            return Err(io::Error::other("markup is larger than the limit"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let lines = memchr::memchr_iter(b'\n', &self.inner.buffer()[..count]).count();
        self.meter.lines.set(self.meter.lines.get() + lines as u64);
        self.meter.since.set(self.meter.since.get() + count as u64);
        self.inner.consume(count);
    }
}

/// Hashes what is read, so that no file is read twice.
pub struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    /// Around any source.
    pub fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }

    /// Reads what is left, and gives the digest of everything and its length. [`STOPPED`] when told to.
    pub fn finish(mut self, stop: Stop<'_>) -> io::Result<([u8; 32], u64)> {
        let mut piece = vec![0; 256 << 10];
        loop {
            match self.read(&mut piece) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ if stop() => return Err(STOPPED.into()),
                _ => {}
            }
        }
        Ok((self.hasher.finalize().into(), self.bytes))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.hasher.update(&buf[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
