//! The journal: what was added since the tiles were last waited for. Its end is the log's end, and its one write is the commit.
//!
//! A page begins with the size and the root of the tree that lies in the tiles for sure. A group follows another as a record: how many
//! entries, how many bytes, the entries as in a bundle, and the digest of all that with the digest of the record before. A record
//! that is not whole was never acknowledged. When the page is long, tiles are waited for and a new page is begun.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use pipeline_domain::Sha256;

use crate::{
    WitnessError, disk,
    fault::{self, Step},
    tile,
};

const NAME: &str = "journal";
const NEXT: &str = "journal.neste";
const MAGIC: &[u8; 16] = b"arkivflyt-log-1\n";
const HEADER: usize = 16 + 8 + 32 + 32;
const RECORD_HEAD: usize = 8;

/// The tree that the tiles hold for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) size: u64,
    pub(crate) root: Sha256,
}

/// One open page.
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    identity: (u64, u64),
    pub(crate) base: Base,
    /// Bytes that are known to be whole records.
    end: u64,
    /// Digest of the last whole record, or of the page's head.
    last: Sha256,
}

impl Journal {
    /// Begins a new page in the place of any that is there. Everything before it must be on the disk.
    pub(crate) fn begin(folder: &Path, base: Base) -> Result<Self, WitnessError> {
        let mut head = MAGIC.to_vec();
        head.extend(base.size.to_be_bytes());
        head.extend(base.root.as_bytes());
        head.extend(Sha256::of(&head).as_bytes());
        let begin = || {
            let file = disk::create(&folder.join(NEXT))?;
            file.write_all_at(&head, 0)?;
            file.sync_all()?;
            fault::pass(Step::NextJournal)?;
            fs::rename(folder.join(NEXT), folder.join(NAME))?;
            fault::pass(Step::Turned)?;
            disk::sync_dir(folder)
        };
        begin().map_err(WitnessError::io("begin a page of the journal"))?;
        Self::open(folder)?.ok_or(damaged("the page that was begun is gone"))
    }

    /// The page that is there, read no further than its head.
    pub(crate) fn open(folder: &Path) -> Result<Option<Self>, WitnessError> {
        let read = || {
            let path = folder.join(NAME);
            let mut file = match fs::OpenOptions::new().read(true).write(true).open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(e),
            };
            let mut head = Vec::new();
            file.by_ref().take(HEADER as u64).read_to_end(&mut head)?;
            Ok(Some((head, file, disk::identity(&path)?, path)))
        };
        let Some((head, file, identity, path)) = read().map_err(WitnessError::io("read the journal"))? else { return Ok(None) };
        let base = base_of(&head).ok_or(damaged("the page has no head"))?;
        let last = Sha256::of(&head);
        Ok(Some(Self { file, path, identity, base, end: HEADER as u64, last }))
    }

    /// Whether the page has been turned by somebody else.
    pub(crate) fn is_old(&self) -> Result<bool, WitnessError> {
        Ok(disk::identity(&self.path).map_err(WitnessError::io("look at the journal"))? != self.identity)
    }

    /// Bytes of whole records.
    pub(crate) fn length(&self) -> u64 {
        self.end - HEADER as u64
    }

    /// Gives every entry of every whole record that was not given before. Bytes behind them that belong to no whole record.
    pub(crate) fn read_on(&mut self, mut each: impl FnMut(&[u8])) -> Result<u64, WitnessError> {
        let length = self.file.metadata().map_err(WitnessError::io("look at the journal"))?.len();
        let unread = length.checked_sub(self.end).ok_or(damaged("the page is shorter than it was"))?;
        let mut bytes = vec![0; usize::try_from(unread).map_err(|_| WitnessError::TooLong)?];
        self.file.read_exact_at(&mut bytes, self.end).map_err(WitnessError::io("read the journal"))?;
        let mut rest = &bytes[..];
        while let Some(record) = record(rest, &self.last) {
            record.entries.into_iter().for_each(&mut each);
            self.end += (rest.len() - record.rest.len()) as u64;
            (rest, self.last) = (record.rest, record.digest);
        }
        Ok(rest.len() as u64)
    }

    /// Adds a group and waits for the disk: the commit. When it fails, the page is as it was.
    pub(crate) fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), WitnessError> {
        let mut bytes = vec![0; RECORD_HEAD];
        entries.iter().try_for_each(|e| tile::push_entry(&mut bytes, e)).ok_or(WitnessError::TooLong)?;
        let body = u32::try_from(bytes.len() - RECORD_HEAD).map_err(|_| WitnessError::TooLong)?;
        let count = u32::try_from(entries.len()).map_err(|_| WitnessError::TooLong)?;
        bytes[..4].copy_from_slice(&count.to_be_bytes());
        bytes[4..8].copy_from_slice(&body.to_be_bytes());
        let digest = chained(&self.last, &bytes);
        bytes.extend(digest.as_bytes());
        if let Err(e) = self.write(&bytes) {
            // The kernel may tell of a failed sync only once, so nothing of this group may be found again.
            let _ = self.file.set_len(self.end).and_then(|()| self.file.sync_data());
            return Err(WitnessError::io("write to the journal")(e));
        }
        self.end += bytes.len() as u64;
        self.last = digest;
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if self.file.metadata()?.len() > self.end {
            self.file.set_len(self.end)?;
        }
        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.file.write_all_at(first, self.end)?;
        fault::pass(Step::HalfGroup)?;
        self.file.write_all_at(second, self.end + first.len() as u64)?;
        fault::pass(Step::GroupWritten)?;
        self.file.sync_data()?;
        fault::pass(Step::Committed)
    }
}

fn base_of(head: &[u8]) -> Option<Base> {
    let (content, digest) = head.split_at_checked(HEADER - 32)?;
    let (size, root) = content.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    let is_whole = Sha256::of(content).as_bytes() == digest;
    is_whole.then_some(Base { size: u64::from_be_bytes(*size), root: Sha256::from_bytes(root.try_into().ok()?) })
}

/// A whole group.
struct Record<'a> {
    entries: Vec<&'a [u8]>,
    digest: Sha256,
    /// What follows it.
    rest: &'a [u8],
}

/// The first record. `None` when it is not whole.
fn record<'a>(bytes: &'a [u8], last: &Sha256) -> Option<Record<'a>> {
    let (count, rest) = bytes.split_first_chunk::<4>()?;
    let (body, _) = rest.split_first_chunk::<4>()?;
    let length = RECORD_HEAD.checked_add(usize::try_from(u32::from_be_bytes(*body)).ok()?)?;
    let (content, after) = bytes.split_at_checked(length)?;
    let (digest, after) = after.split_first_chunk::<32>()?;
    let expected = chained(last, content);
    if expected.as_bytes() != digest {
        return None;
    }
    let (mut entries, mut rest) = (Vec::new(), &content[RECORD_HEAD..]);
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let (entry, tail) = tail.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        rest = tail;
    }
    let is_whole = entries.len() as u64 == u64::from(u32::from_be_bytes(*count)) && rest.is_empty();
    is_whole.then_some(Record { entries, digest: expected, rest: after })
}

fn chained(last: &Sha256, content: &[u8]) -> Sha256 {
    use sha2::Digest;
    Sha256::from_bytes(sha2::Sha256::new().chain_update(last.as_bytes()).chain_update(content).finalize().into())
}

fn damaged(fault: &'static str) -> WitnessError {
    WitnessError::Damaged { at: NAME.to_owned(), fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn entries(journal: &mut Journal) -> (Vec<Vec<u8>>, u64) {
        let mut all = Vec::new();
        let torn = journal.read_on(|e| all.push(e.to_vec())).unwrap();
        (all, torn)
    }

    #[test]
    fn a_page_cut_or_spoilt_anywhere_gives_whole_groups_only() {
        let dir = tempfile::tempdir().unwrap();
        let base = Base { size: 0, root: tree::empty_root() };
        let mut journal = Journal::begin(dir.path(), base).unwrap();
        journal.append(&[b"one".to_vec(), b"two".to_vec()]).unwrap();
        let first = journal.length();
        journal.append(&[b"three".to_vec()]).unwrap();
        let path = dir.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        for cut in HEADER..whole.len() {
            for spoilt in [whole[..cut].to_vec(), [&whole[..cut], &[whole[cut] ^ 1], &whole[cut + 1..]].concat()] {
                std::fs::write(&path, &spoilt).unwrap();
                let mut journal = Journal::open(dir.path()).unwrap().unwrap();
                let (found, torn) = entries(&mut journal);
                assert_eq!(found.len(), if ((cut - HEADER) as u64) < first { 0 } else { 2 }, "{cut}");
                assert_eq!(torn + journal.end, spoilt.len() as u64);
                if cut % 9 != 0 {
                    continue;
                }
                journal.append(&[b"again".to_vec()]).unwrap();
                assert_eq!(entries(&mut Journal::open(dir.path()).unwrap().unwrap()), ([found, vec![b"again".to_vec()]].concat(), 0));
            }
        }
        for cut in 0..HEADER {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(matches!(Journal::open(dir.path()), Err(WitnessError::Damaged { .. })), "{cut}");
        }
    }
}
