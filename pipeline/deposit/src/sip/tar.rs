//! A tar that is the same for the same files: POSIX ustar, one owner, one time, one mode.
//!
//! Source: IEEE Std 1003.1-2017, pax, «ustar Interchange Format».

use std::io::{self, Write};

use pipeline_domain::Timestamp;

use crate::output::{HashedFile, Made};

const BLOCK: usize = 512;
/// An archive is written in records of twenty blocks.
const RECORD: u64 = 20 * BLOCK as u64;
/// Largest size in eleven octal digits.
const LARGEST: u64 = 0o77_777_777_777;

pub(super) struct Tar {
    out: HashedFile,
    mtime: u64,
    written: u64,
}

impl Tar {
    pub fn new(out: HashedFile, at: Timestamp) -> Self {
        Self { out, mtime: u64::try_from(at.unix_seconds()).unwrap_or(0), written: 0 }
    }

    /// An empty folder; the name ends with a slash.
    pub fn folder(&mut self, name: &str) -> io::Result<()> {
        let header = header(name, 0, self.mtime, Kind::Folder)?;
        self.put(&header)
    }

    /// A file of exactly this size.
    pub fn file(&mut self, name: &str, size_bytes: u64) -> io::Result<File<'_>> {
        let header = header(name, size_bytes, self.mtime, Kind::File)?;
        self.put(&header)?;
        Ok(File { tar: self, left: size_bytes, size_bytes })
    }

    /// Ends the archive.
    pub fn finish(mut self) -> io::Result<Made> {
        self.put(&[0; 2 * BLOCK])?;
        let rest = (RECORD - self.written % RECORD) % RECORD;
        let zeros = vec![0; usize::try_from(rest).expect("less than a record")];
        self.put(&zeros)?;
        self.out.finish()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// A file on its way into the archive.
pub(super) struct File<'t> {
    tar: &'t mut Tar,
    left: u64,
    size_bytes: u64,
}

impl File<'_> {
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(another_size)?;
        self.tar.put(bytes)
    }

    pub fn finish(self) -> io::Result<()> {
        if self.left > 0 {
            return Err(another_size());
        }
        let over = usize::try_from(self.size_bytes % BLOCK as u64).expect("less than a block");
        if over > 0 { self.tar.put(&[0; BLOCK][over..]) } else { Ok(()) }
    }
}

fn another_size() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a file has changed its size")
}

#[derive(Clone, Copy)]
enum Kind {
    File,
    Folder,
}

fn header(name: &str, size: u64, mtime: u64, kind: Kind) -> io::Result<[u8; BLOCK]> {
    let refused = |why: &'static str| io::Error::new(io::ErrorKind::InvalidInput, why);
    let (prefix, name) = split(name).ok_or_else(|| refused("a path is too long for a tar"))?;
    if size > LARGEST {
        return Err(refused("a file is too large for a tar"));
    }
    let (mode, flag) = match kind {
        Kind::File => (0o644, b'0'),
        Kind::Folder => (0o755, b'5'),
    };
    let mut block = [0u8; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{mtime:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, &[flag]);
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Prefix of at most 155 bytes and name of at most 100, cut at a slash.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= 100 {
        return Some(("", name));
    }
    let mut cuts = name.match_indices('/').map(|(at, _)| at);
    let at = cuts.rfind(|at| *at <= 155 && name.len() - at - 1 <= 100 && at + 1 < name.len())?;
    Some((&name[..at], &name[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_are_cut_at_a_slash() {
        assert_eq!(split("a/b"), Some(("", "a/b")));
        let long = format!("{}/{}", "x".repeat(90), "y".repeat(60));
        assert_eq!(split(&long).map(|(p, n)| (p.len(), n.len())), Some((90, 60)));
        assert_eq!(split(&"z".repeat(101)), None);
        assert!(header("a", LARGEST + 1, 0, Kind::File).is_err());
    }
}
