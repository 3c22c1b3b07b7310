//! The document files: each is read once, by a few threads, each with one file open.

use std::{
    io::Read,
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use sha2::{Digest, Sha256};

use crate::{
    Finding, Limits, Note, Rule,
    addml::Addml,
    finding::Findings,
    place::{FileNo, Layout, Place},
    structure::{FileUse, Summary},
    xml::Stop,
};

/// Most threads: more only make a disk seek.
const MOST_READERS: usize = 8;
/// Read at a time.
const PIECE: usize = 256 << 10;

/// What reading a file gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sum {
    Digest([u8; 32]),
    Unreadable,
    Stopped,
}

/// The digests of a range of files.
pub struct Sums {
    files: Range<FileNo>,
    sums: Vec<OnceLock<Sum>>,
    next: AtomicU32,
}

impl Sums {
    pub fn new(files: Range<FileNo>) -> Self {
        let next = AtomicU32::new(files.start);
        Self { sums: files.clone().map(|_| OnceLock::new()).collect(), files, next }
    }

    /// Reads until no file is left. Called by each reader.
    pub fn work(&self, place: &Place, stop: Stop<'_>) {
        let mut piece = vec![0; PIECE];
        loop {
            let no = self.next.fetch_add(1, Ordering::Relaxed);
            if no >= self.files.end {
                return;
            }
            let sum = read(place, no, &mut piece, stop);
            // Nobody else has this number.
            let _ = self.sums[(no - self.files.start) as usize].set(sum);
        }
    }

    fn get(&self, no: FileNo) -> Option<Sum> {
        let at = no.checked_sub(self.files.start)?;
        self.sums.get(at as usize)?.get().copied()
    }
}

/// How many readers there are.
pub fn readers(limits: &Limits) -> usize {
    match limits.readers {
        0 => thread::available_parallelism().map_or(1, usize::from).min(MOST_READERS),
        count => count,
    }
}

fn read(place: &Place, no: FileNo, piece: &mut [u8], stop: Stop<'_>) -> Sum {
    let mut hasher = Sha256::new();
    let mut left = place.index.size(no);
    let Ok(mut file) = place.read(no) else { return Sum::Unreadable };
    loop {
        if stop() {
            return Sum::Stopped;
        }
        match file.read(piece) {
            Ok(0) if left == 0 => return Sum::Digest(hasher.finalize().into()),
            Ok(count) if count > 0 && count as u64 <= left => {
                hasher.update(&piece[..count]);
                left -= count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            _ => return Sum::Unreadable,
        }
    }
}

/// Everything about the files, when they and the structure have been read.
pub struct Files<'a> {
    pub place: &'a Place,
    pub layout: &'a Layout,
    pub sums: &'a Sums,
    pub stop: Stop<'a>,
    pub findings: &'a mut Findings,
}

impl Files<'_> {
    /// Judges number, digests, references. `structure` is `None` when it was not read to its end.
    pub fn judge(mut self, addml: &Addml, structure: Option<&mut Summary>) {
        self.count(addml);
        for no in self.sums.files.clone() {
            self.one(no);
        }
        let Some(structure) = structure else { return };
        structure.uses.sort_by_key(|u| (u.file, u.line));
        self.uses(&structure.uses);
        self.strays(structure);
    }

    fn count(&mut self, addml: &Addml) {
        let found = u64::from(self.sums.files.end - self.sums.files.start);
        if !self.layout.has_documents() {
            self.findings.add(Finding::new(Rule::FileCount).note(Note::FolderMissing));
        } else if found == 0 || addml.documents.is_some_and(|said| said != found) {
            self.findings.add(Finding::new(Rule::FileCount).counts(addml.documents.unwrap_or_default(), found));
        }
        if addml.documents.is_none() {
            self.findings.not_checked(Rule::FileCount, None, Note::NeedsValue);
        }
    }

    /// What can be said of a file without knowing who refers to it.
    fn one(&mut self, no: FileNo) {
        let mut add = |rule| self.findings.add(Finding::new(rule).file(self.layout.name(self.place, no)));
        match self.sums.get(no) {
            Some(Sum::Digest(_)) if self.place.index.size(no) == 0 => add(Rule::EmptyFile),
            Some(Sum::Digest(_)) => {}
            Some(Sum::Unreadable) => add(Rule::Unreadable),
            Some(Sum::Stopped) | None => self.findings.not_checked(Rule::FileChecksum, None, Note::Stopped),
        }
    }

    /// Each use against the file's digest; the first use of a file is as it should be, the next ones are told.
    fn uses(&mut self, uses: &[FileUse]) {
        let mut before = None;
        let mut piece = vec![0; PIECE];
        for used in uses {
            let name = self.layout.name(self.place, used.file);
            if before.replace(used.file) == Some(used.file) {
                self.findings.add(Finding::new(Rule::SharedFile).file(name).unit(used.unit()));
            }
            // A file outside the document folder has not been read yet.
            let sum = self.sums.get(used.file).unwrap_or_else(|| read(self.place, used.file, &mut piece, self.stop));
            if matches!(sum, Sum::Digest(digest) if digest != used.digest) {
                self.findings.add(Finding::new(Rule::FileChecksum).file(name).unit(used.unit()));
            }
        }
    }

    /// Files that nothing refers to.
    fn strays(&mut self, structure: &mut Summary) {
        structure.unsummed.sort_unstable();
        for no in self.sums.files.clone() {
            let is_used = structure.uses.binary_search_by_key(&no, |u| u.file).is_ok() || structure.unsummed.binary_search(&no).is_ok();
            if !is_used {
                self.findings.add(Finding::new(Rule::StrayFile).file(self.layout.name(self.place, no)));
            }
        }
    }
}
