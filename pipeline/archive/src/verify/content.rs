//! The files themselves: what is there, and whether it is what the inventories say. Each file is read once, for all digests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use super::{
    algorithm::{Algorithm, Sum},
    finding::Report,
    manner::{Depth, Manner, Sums},
};

const BUFFER: usize = 256 * 1024;
/// Small enough that a second digest finds the bytes in the nearest cache.
const PIECE: usize = 16 * 1024;

/// What a folder entry is. Links are never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    Special,
}

/// Entries of a folder by name. A name that is not UTF-8 comes with replacement signs, which no inventory can match.
pub(super) fn entries(folder: &Path) -> io::Result<BTreeMap<String, Kind>> {
    let mut entries = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = match () {
            () if kind.is_symlink() => Kind::Link,
            () if kind.is_dir() => Kind::Folder,
            () if kind.is_file() => Kind::File,
            () => Kind::Special,
        };
        entries.insert(entry.file_name().to_string_lossy().into_owned(), kind);
    }
    Ok(entries)
}

/// Tells links and special files; `true` for them.
pub(super) fn is_foreign(kind: Kind, path: &str, report: &mut Report) -> bool {
    match kind {
        Kind::Link => report.add("E090", path, "symbolic link"),
        Kind::Special => report.add("E089", path, "neither a file nor a folder"),
        Kind::File | Kind::Folder => return false,
    }
    true
}

/// Joins names with `/`; the first may be empty.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A small file, whole. The size is limited: an inventory of a gigabyte is no inventory.
pub(super) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    const LIMIT: u64 = 1 << 30;
    let mut bytes = Vec::new();
    open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn open(path: &Path) -> io::Result<File> {
    // A pipe that takes a file's place between listing and opening must not hold us up.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Why a digest is expected of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// A manifest says so: E092.
    Manifest,
    /// A fixity block says so: E093.
    Fixity,
}

/// The content files of an object, and what is said of them.
#[derive(Default)]
pub(super) struct Content {
    files: BTreeMap<String, Vec<(Algorithm, String, Claim)>>,
    inodes: BTreeSet<(u64, u64)>,
}

impl Content {
    /// Lists one version's content folder. Returns whether it holds any file.
    pub(super) fn list(&mut self, object: &Path, folder: &str, report: &mut Report) -> bool {
        let before = self.files.len();
        let mut open = vec![folder.to_owned()];
        while let Some(at) = open.pop() {
            let entries = match entries(&object.join(&at)) {
                Ok(entries) => entries,
                Err(_) => {
                    report.add("A001", &at, "cannot be read");
                    continue;
                }
            };
            if entries.is_empty() && at != folder {
                report.add("E024", &at, "empty folder in the content");
            }
            for (name, kind) in entries {
                let path = join(&at, &name);
                if is_foreign(kind, &path, report) {
                    continue;
                }
                if kind == Kind::Folder {
                    open.push(path);
                } else {
                    self.files.insert(path, Vec::new());
                }
            }
        }
        self.files.len() > before
    }

    /// Paths on disk, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Notes a claim. `false` if there is no such file.
    pub(super) fn expect(&mut self, path: &str, algorithm: Algorithm, digest: &str, claim: Claim) -> bool {
        let Some(claims) = self.files.get_mut(path) else { return false };
        let known = |(a, d, c): &(Algorithm, String, Claim)| *a == algorithm && *c == claim && d.eq_ignore_ascii_case(digest);
        if !claims.iter().any(known) {
            claims.push((algorithm, digest.to_ascii_lowercase(), claim));
        }
        true
    }

    /// Reads every file once and checks all that is said of it; by [`Depth::Names`] only looks at each. Returns the number of files and
    /// bytes.
    pub(super) fn check(&mut self, object: &Path, manner: Manner<'_>, report: &mut Report) -> (u64, u64) {
        let mut buffer = vec![0; if manner.depth == Depth::Data { BUFFER } else { 0 }];
        let (mut files, mut bytes) = (0, 0);
        for (path, claims) in &self.files {
            match facts(&object.join(path), claims, manner, &mut buffer, &mut self.inodes) {
                Err(_) => report.add("A001", path, "cannot be read"),
                Ok(facts) => {
                    files += 1;
                    bytes += facts.size;
                    if facts.is_twin {
                        report.add("E090", path, "hard link to another file of the object");
                    }
                    for (algorithm, digest, claim) in claims.iter().filter(|_| facts.is_read && !facts.is_good) {
                        let same = facts.digests.iter().any(|(a, d)| a == algorithm && d == digest);
                        match claim {
                            Claim::Manifest if !same => report.add("E092", path, "content does not match its digest in the manifest"),
                            Claim::Fixity if !same => report.add("E093", path, "content does not match its digest in a fixity block"),
                            _ => {}
                        }
                    }
                }
            }
        }
        (files, bytes)
    }
}

struct Facts {
    size: u64,
    is_twin: bool,
    /// Whether the content was looked at, and not only its name.
    is_read: bool,
    /// One digest was enough.
    is_good: bool,
    digests: Vec<(Algorithm, String)>,
}

fn facts(
    path: &Path,
    claims: &[(Algorithm, String, Claim)],
    manner: Manner<'_>,
    buffer: &mut [u8],
    inodes: &mut BTreeSet<(u64, u64)>,
) -> io::Result<Facts> {
    let mut file = open(path)?;
    let meta = file.metadata()?;
    let is_twin = meta.nlink() > 1 && !inodes.insert((meta.dev(), meta.ino()));
    let facts = Facts { size: meta.len(), is_twin, is_read: manner.depth == Depth::Data, is_good: false, digests: Vec::new() };
    if !facts.is_read {
        return Ok(facts);
    }
    let quick: Vec<&str> = claims.iter().filter(|(a, ..)| *a == Algorithm::Sha256).map(|(_, digest, _)| digest.as_str()).collect();
    if manner.sums == Sums::Sha256 && !quick.is_empty() {
        let (size, digests) = digests(&mut file, &[Algorithm::Sha256], manner, buffer)?;
        if digests.iter().all(|(_, digest)| quick.iter().all(|claimed| claimed == digest)) {
            return Ok(Facts { size, is_good: true, ..facts });
        }
        file = open(path)?;
    }
    let mut algorithms: Vec<Algorithm> = Vec::with_capacity(2);
    for (algorithm, ..) in claims {
        if !algorithms.contains(algorithm) {
            algorithms.push(*algorithm);
        }
    }
    let (size, digests) = digests(&mut file, &algorithms, manner, buffer)?;
    Ok(Facts { size, digests, ..facts })
}

/// Reads a file once for all these digests. With its size.
fn digests(
    file: &mut File,
    algorithms: &[Algorithm],
    manner: Manner<'_>,
    buffer: &mut [u8],
) -> io::Result<(u64, Vec<(Algorithm, String)>)> {
    let mut sums: Vec<(Algorithm, Sum)> = algorithms.iter().map(|algorithm| (*algorithm, Sum::new(*algorithm))).collect();
    let mut size = 0;
    loop {
        let n = match file.read(buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        size += n as u64;
        for piece in buffer[..n].chunks(PIECE) {
            sums.iter_mut().for_each(|(_, sum)| sum.update(piece));
        }
        (manner.read)(n as u64);
    }
    Ok((size, sums.into_iter().map(|(a, sum)| (a, sum.finish())).collect()))
}
