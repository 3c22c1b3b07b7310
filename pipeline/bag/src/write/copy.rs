//! Copying with both digests taken on the way.

use std::io::{self, Read, Write};

use pipeline_domain::{Sha256, Sha512};
use sha2::Digest;

/// Both digests of the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    pub sha256: Sha256,
    pub sha512: Sha512,
}

/// Takes both digests of what it passes on.
pub(super) struct Digesting<W> {
    inner: W,
    sha256: sha2::Sha256,
    sha512: sha2::Sha512,
}

impl<W: Write> Digesting<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, sha256: sha2::Sha256::new(), sha512: sha2::Sha512::new() }
    }

    pub fn digests(self) -> Digests {
        Digests { sha256: Sha256::from_bytes(self.sha256.finalize().into()), sha512: Sha512::from_bytes(self.sha512.finalize().into()) }
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.sha256.update(&bytes[..taken]);
        self.sha512.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Which side of a copy failed.
pub(super) enum CopyFault {
    Read(io::Error),
    Write(io::Error),
}

/// Copies until the end, or one byte past `at_most`: a reader without an end does not fill the disk. Gives the number of bytes.
pub(super) fn copy(from: &mut dyn Read, to: &mut dyn Write, at_most: u64, buffer: &mut [u8]) -> Result<u64, CopyFault> {
    let mut from = from.take(at_most.saturating_add(1));
    let mut copied = 0;
    loop {
        let read = match from.read(buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(CopyFault::Read(e)),
        };
        to.write_all(&buffer[..read]).map_err(CopyFault::Write)?;
        copied += read as u64;
    }
}
