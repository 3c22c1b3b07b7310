//! The files that `arkivuttrekk.xml` lists, and those that an extract always has.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use crate::{
    Finding, Note, Rule, Schemas,
    addml::{Addml, Checksum, Listed},
    finding::{Findings, Unit},
    place::{FileNo, Layout, Place},
    xml::Hashing,
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

/// Judges presence, checksums, and whether the schemas are the official ones.
pub fn judge(place: &Place, layout: &Layout, addml: &Addml, schemas: &Schemas, mut known: Known, findings: &mut Findings) {
    let find = |name: &str| layout.find_file(place, name);
    let mut missing: BTreeSet<&str> = STANDARD.into_iter().filter(|name| find(name).is_none()).collect();
    let mut seen = BTreeSet::new();
    for listed in addml.listed() {
        match find(&listed.name) {
            None if OWN_RULES.contains(&listed.name.as_str()) => {}
            None => _ = missing.insert(&listed.name),
            // Each file is compared where it is listed first; later it may be without a checksum.
            Some(no) if seen.insert(no) => checksum(place, no, listed, &mut known, findings),
            Some(_) => {}
        }
    }
    for name in missing {
        // A name of the list that is none of the standard's is not printed: it is content.
        let finding = Finding::new(Rule::FilesPresent).note(Note::FileMissing);
        let line = addml.listed().find(|l| l.name == name).map(|l| Unit { line: l.line, ..Unit::default() });
        findings.add(match line {
            Some(unit) if !STANDARD.contains(&name) => finding.file("arkivuttrekk.xml").unit(unit),
            _ => finding.file(name),
        });
    }
    for (name, bytes) in schemas.files() {
        let official: [u8; 32] = Sha256::digest(bytes).into();
        if let Some(no) = find(name)
            && digest(place, no, &mut known, findings).is_some_and(|digest| digest != official)
        {
            findings.add(Finding::new(Rule::OtherSchema).file(name));
        }
    }
}

fn checksum(place: &Place, no: FileNo, listed: &Listed, known: &mut Known, findings: &mut Findings) {
    let finding = |note| Finding::new(Rule::ListedChecksums).file(&listed.name).note(note);
    match listed.checksum {
        Checksum::Missing => findings.add(finding(Note::ChecksumMissing)),
        Checksum::Other => findings.add(finding(Note::AlgorithmUnknown)),
        Checksum::Sha256(said) => {
            if digest(place, no, known, findings).is_some_and(|found| found != said) {
                findings.add(Finding::new(Rule::ListedChecksums).file(&listed.name));
            }
        }
    }
}

fn digest(place: &Place, no: FileNo, known: &mut Known, findings: &mut Findings) -> Option<[u8; 32]> {
    if let Some(digest) = known.get(&no) {
        return Some(*digest);
    }
    let read = place.read(no).and_then(|file| Hashing::new(file).finish());
    match read {
        Ok((digest, size)) if size == place.index.size(no) => {
            known.insert(no, digest);
            Some(digest)
        }
        _ => {
            findings.add(Finding::new(Rule::Unreadable).file(place.index.path(no)));
            None
        }
    }
}
