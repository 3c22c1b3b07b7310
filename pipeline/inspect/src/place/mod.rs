//! Where the extract lies: a folder or a tar. Listed first, then read by the listed names; nothing is followed.

mod folder;
mod index;
mod layout;
mod tarball;

use std::{fs::File, io, io::Read, os::unix::fs::FileExt, path::Path};

pub use index::{FileNo, Index};
pub use layout::Layout;
use rustix::fd::OwnedFd;

use crate::{InspectError, Limits, finding::Findings, xml::Stop};

/// Longest path.
const PATH_BYTES: usize = 4096;
/// Entries between two questions whether to stop.
const ENTRIES_BETWEEN: usize = 1024;
/// Numbers and places in the index have 32 bits.
const MOST: usize = u32::MAX as usize;

/// An opened folder or tar.
#[derive(Debug)]
pub struct Place {
    source: Source,
    pub index: Index,
    /// Whether everything in it could be listed.
    pub is_whole: bool,
    /// Whether the listing came to its end; when not, nothing can be said of what is missing.
    pub is_listed: bool,
}

#[derive(Debug)]
enum Source {
    Folder(OwnedFd),
    Tar(File),
}

impl Place {
    /// Lists what is there. Fails only when it cannot be opened at all.
    pub fn open(path: &Path, limits: &Limits, stop: Stop<'_>, findings: &mut Findings) -> Result<Self, InspectError> {
        let kind = std::fs::metadata(path).map_err(|source| InspectError::Open { source })?;
        let mut lister = Lister { index: Index::default(), limits, stop, findings, seen: 0, is_whole: true, is_listed: true };
        let source = if kind.is_dir() {
            let root = folder::open_root(path).map_err(|source| InspectError::Open { source })?;
            folder::list(&root, &mut lister);
            Source::Folder(root)
        } else if kind.is_file() {
            let file = File::open(path).map_err(|source| InspectError::Open { source })?;
            tarball::list(&file, kind.len(), &mut lister);
            Source::Tar(file)
        } else {
            return Err(InspectError::Kind);
        };
        let Lister { mut index, is_whole, is_listed, .. } = lister;
        for path in index.seal() {
            findings.add(crate::Finding::new(crate::Rule::DuplicateName).file(&path));
        }
        Ok(Self { source, index, is_whole, is_listed })
    }

    /// Whether it is a tar.
    pub fn is_tar(&self) -> bool {
        matches!(self.source, Source::Tar(_))
    }

    /// Opens a listed file. It must still be as long as it was.
    pub fn read(&self, no: FileNo) -> io::Result<Box<dyn Read + '_>> {
        let size = self.index.size(no);
        match &self.source {
            Source::Folder(root) => {
                let file = folder::open_file(root, self.index.path(no))?;
                if file.metadata()?.len() != size {
                    return Err(io::Error::other("the file changed"));
                }
                // One that grows while it is read is not read to an end that may never come.
                Ok(Box::new(file.take(size)))
            }
            Source::Tar(file) => Ok(Box::new(Slice { file, at: self.index.at(no), left: size })),
        }
    }
}

/// A file's bytes in a tar. Many are read at once from one open file.
struct Slice<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Slice<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.file.read_at(&mut buf[..most], self.at)?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Takes names in, within the limits.
struct Lister<'a> {
    index: Index,
    limits: &'a Limits,
    stop: Stop<'a>,
    findings: &'a mut Findings,
    seen: usize,
    is_whole: bool,
    is_listed: bool,
}

impl Lister<'_> {
    /// Whether another entry may be looked at, and nobody wants us to stop. When not, the listing must end.
    fn has_room(&mut self) -> bool {
        self.seen += 1;
        if self.seen.is_multiple_of(ENTRIES_BETWEEN) && (self.stop)() {
            (self.is_whole, self.is_listed) = (false, false);
            return false;
        }
        self.is_within(self.seen <= self.limits.entries.min(MOST))
    }

    /// Whether its name may be kept.
    fn has_room_for(&mut self, path: &str) -> bool {
        self.is_within(self.index.name_bytes() + path.len() <= self.limits.name_bytes.min(MOST))
    }

    /// What is beyond a limit is a finding.
    fn is_within(&mut self, is_within: bool) -> bool {
        if !is_within {
            self.is_listed = false;
            self.broken(crate::Rule::TooMuch, None);
        }
        is_within
    }

    /// Something could not be listed.
    fn broken(&mut self, rule: crate::Rule, path: Option<&str>) {
        self.is_whole = false;
        let finding = crate::Finding::new(rule);
        self.findings.add(match path {
            Some(path) => finding.file(path),
            None => finding,
        });
    }
}

/// Whether a path may stand in an index: relative, forward slashes, no part that means something to a system.
fn is_safe(path: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    path.len() <= PATH_BYTES
        && path.split('/').all(is_plain)
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && !has_drive(path)
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}
