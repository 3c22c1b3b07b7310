//! Files of ours, hashed while they are written.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use pipeline_domain::Sha256;
use sha2::Digest;

/// What a finished file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub sha256: Sha256,
    pub size_bytes: u64,
}

/// A file that is hashed while it is written, so that nobody reads it again for its digest.
pub(crate) struct HashedFile {
    inner: BufWriter<Hashing>,
}

struct Hashing {
    file: File,
    digest: sha2::Sha256,
    size_bytes: u64,
}

impl HashedFile {
    /// A new file in the place of any old one.
    pub fn create(path: &Path) -> io::Result<Self> {
        let hashing = Hashing { file: File::create(path)?, digest: sha2::Sha256::new(), size_bytes: 0 };
        Ok(Self { inner: BufWriter::with_capacity(256 * 1024, hashing) })
    }

    /// Everything is handed to the system.
    pub fn finish(self) -> io::Result<Made> {
        let hashing = self.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Made { sha256: Sha256::from_bytes(hashing.digest.finalize().into()), size_bytes: hashing.size_bytes })
    }

    /// Writes a whole file.
    pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<Made> {
        let mut file = Self::create(path)?;
        file.write_all(bytes)?;
        file.finish()
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(bytes)?;
        self.digest.update(&bytes[..taken]);
        self.size_bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
