//! A payload of any size that takes no memory: content comes from the file's number.

use std::io::{self, Read};

use pipeline_bag::{Expected, Payload, PayloadFile};
use pipeline_domain::{Sha256, Sha512};
use sha2::Digest;

/// So many files of so many bytes each, with Norwegian letters in their names. All have the same content, hashed once.
pub struct MadeUp {
    pub count: usize,
    pub size_bytes: u64,
    sha256: Sha256,
    sha512: Sha512,
}

impl MadeUp {
    pub fn new(count: usize, size_bytes: u64) -> Self {
        let mut hashes = Hashes(sha2::Sha256::new(), sha2::Sha512::new());
        io::copy(&mut Noise::new(size_bytes), &mut hashes).unwrap();
        let (sha256, sha512) = (hashes.0.finalize(), hashes.1.finalize());
        Self { count, size_bytes, sha256: Sha256::from_bytes(sha256.into()), sha512: Sha512::from_bytes(sha512.into()) }
    }
}

impl Payload for MadeUp {
    fn count(&self) -> usize {
        self.count
    }

    fn file(&self, at: usize) -> PayloadFile {
        // Each of the two digests known in turn, as the memory differs.
        let expected = if at.is_multiple_of(2) { Expected::Sha512(self.sha512) } else { Expected::Sha256(self.sha256) };
        let path = format!("dokumenter/{:03}/{at:06}_møtereferat_med_et_nokså_langt_navn.pdf", at / 1_000);
        PayloadFile { path: path.parse().unwrap(), size_bytes: self.size_bytes, expected }
    }

    fn open(&self, _: usize) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Noise::new(self.size_bytes)))
    }
}

/// Bytes that do not compress well and cost nothing.
struct Noise {
    at: u64,
    end: u64,
}

impl Noise {
    fn new(end: u64) -> Self {
        Self { at: 0, end }
    }
}

impl Read for Noise {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let some = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(bytes.len());
        for (i, byte) in bytes[..some].iter_mut().enumerate() {
            *byte = ((self.at + i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8;
        }
        self.at += some as u64;
        Ok(some)
    }
}

struct Hashes(sha2::Sha256, sha2::Sha512);

impl io::Write for Hashes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        self.1.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
