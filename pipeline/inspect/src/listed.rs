//! The files that `arkivuttrekk.xml` lists, and those that an extract always has.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use crate::{
    Finding, Note, Rule, Schemas,
    addml::{Addml, Checksum, Listed},
    finding::{Findings, Unit},
    place::{FileNo, Layout, Place},
    xml::{Hashing, STOPPED, Stop},
};

/// Always there (6.4.15, 6.4.18). What is not named here has a rule of its own: the description (`A.01`), the log (`N5.61`), the
/// journals (`N5.59`).
const STANDARD: [&str; 7] = [
    "arkivstruktur.xml",
    "addml.xsd",
    "arkivstruktur.xsd",
    "metadatakatalog.xsd",
    "endringslogg.xsd",
    "loependeJournal.xsd",
    "offentligJournal.xsd",
];
const OWN_RULES: [&str; 3] = ["endringslogg.xml", "loependeJournal.xml", "offentligJournal.xml"];

/// Digests of the files that were read for other reasons; the others are read here.
pub type Known = HashMap<FileNo, [u8; 32]>;

/// What is needed to look at listed files.
pub struct Listing<'a> {
    pub place: &'a Place,
    pub layout: &'a Layout,
    pub stop: Stop<'a>,
    pub known: Known,
    pub findings: &'a mut Findings,
}

impl Listing<'_> {
    /// Judges presence, checksums, and whether the schemas are the official ones.
    pub fn judge(mut self, addml: &Addml, schemas: &Schemas) {
        let find = |name: &str| self.layout.find_file(self.place, name);
        let mut missing: BTreeSet<&str> = STANDARD.into_iter().filter(|name| find(name).is_none()).collect();
        let mut seen = BTreeSet::new();
        let mut there = Vec::new();
        for listed in addml.listed() {
            match find(&listed.name) {
                None if OWN_RULES.contains(&listed.name.as_str()) => {}
                None => _ = missing.insert(&listed.name),
                // Each file is compared where it is listed first; later it may be without a checksum.
                Some(no) if seen.insert(no) => there.push((no, listed)),
                Some(_) => {}
            }
        }
        there.into_iter().for_each(|(no, listed)| self.checksum(no, listed));
        missing.into_iter().for_each(|name| self.missing(name, addml));
        self.official(schemas);
    }

    fn missing(&mut self, name: &str, addml: &Addml) {
        let finding = Finding::new(Rule::FilesPresent).note(Note::FileMissing);
        let listed = addml.listed().find(|l| l.name == name).filter(|_| !STANDARD.contains(&name));
        self.findings.add(match listed {
            // A name that is none of the standard's is not printed: it is content.
            Some(listed) => finding.file("arkivuttrekk.xml").unit(Unit { line: listed.line, ..Unit::default() }),
            None => finding.file(name),
        });
    }

    fn official(&mut self, schemas: &Schemas) {
        for (name, bytes) in schemas.files() {
            let official: [u8; 32] = Sha256::digest(bytes).into();
            let found = self.layout.find_file(self.place, name).and_then(|no| self.digest(no));
            if found.is_some_and(|found| found != official) {
                self.findings.add(Finding::new(Rule::OtherSchema).file(name));
            }
        }
    }

    fn checksum(&mut self, no: FileNo, listed: &Listed) {
        let finding = Finding::new(Rule::ListedChecksums).file(&listed.name);
        match listed.checksum {
            Checksum::Missing => self.findings.add(finding.note(Note::ChecksumMissing)),
            Checksum::Other => self.findings.add(finding.note(Note::AlgorithmUnknown)),
            Checksum::Sha256(said) => {
                if self.digest(no).is_some_and(|found| found != said) {
                    self.findings.add(finding);
                }
            }
        }
    }

    fn digest(&mut self, no: FileNo) -> Option<[u8; 32]> {
        if let Some(digest) = self.known.get(&no) {
            return Some(*digest);
        }
        let name = self.layout.name(self.place, no);
        match self.place.read(no).and_then(|file| Hashing::new(file).finish(self.stop)) {
            Ok((digest, size)) if size == self.place.index.size(no) => {
                self.known.insert(no, digest);
                return Some(digest);
            }
            Err(error) if error.kind() == STOPPED => {
                self.findings.not_checked(Rule::ListedChecksums, Some(name), Note::Stopped);
            }
            _ => self.findings.add(Finding::new(Rule::Unreadable).file(name)),
        }
        None
    }
}
