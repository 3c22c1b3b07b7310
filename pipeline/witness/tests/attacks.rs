//! The attacks that no storage format notices (rewritten history, everything replaced with all digests redone, the newest removed), and
//! what covers them up in the log. Each is found, with a code of its own.

mod support;

use std::{fs, path::Path};

use pipeline_domain::{Sha256, Sha512};
use pipeline_witness::{
    AccessHead, Checkpoint, Deed, Finding, FindingCode, KeyHistory, Leaf, Log, Place, Reader, SealTerms, WitnessError, audit_log,
};
use support::{Case, ORIGIN, access, copy, folder, history, key, seal_key, time};

/// An archive of some cases and its log.
struct Archive {
    dir: tempfile::TempDir,
    cases: Vec<Case>,
    history: KeyHistory,
    /// Checkpoints that went out by mail, oldest first.
    mailed: Vec<Checkpoint>,
}

impl Archive {
    fn new() -> Self {
        let mut archive = Self { dir: tempfile::tempdir().unwrap(), cases: Vec::new(), history: history(), mailed: Vec::new() };
        for n in 1..=3 {
            archive.cases.push(Case::new(n, n + 1));
            archive.append(archive.cases[n as usize - 1].leaves());
        }
        archive
    }

    fn log(&self) -> std::path::PathBuf {
        self.dir.path().join("revisjonslogg")
    }

    fn append(&mut self, leaves: Vec<Leaf>) {
        let (log, _) = Log::open_or_create(&self.log()).unwrap();
        log.append(leaves).unwrap();
        self.mailed.push(log.publish(&key(1)).unwrap());
    }

    /// What lies in the recipients' mailboxes.
    fn mailbox(&self) -> Vec<Checkpoint> {
        let letters: String =
            self.mailed.iter().map(|c| format!("Hei!\r\n\r\n> {}\r\n", c.lines().unwrap().replace('\n', "\r\n> "))).collect();
        Checkpoint::find_all(ORIGIN, &letters)
    }

    fn audit(&self, known: &[Checkpoint]) -> Vec<Finding> {
        let mut audited = audit_log(&Reader::open(&self.log()), &self.history, known).unwrap();
        let mut findings = audited.findings;
        for case in &self.cases {
            findings.extend(audited.ledger.check(&case.held(), &self.history));
        }
        findings.extend(audited.ledger.missing());
        findings
    }

    fn expect(&self, known: &[Checkpoint], expected: &[(FindingCode, Place)]) {
        let found: Vec<(FindingCode, Place)> = self.audit(known).into_iter().map(|f| (f.code, f.at)).collect();
        assert_eq!(found, expected);
    }

    /// Writes another log in the place of this one, whose leaves are these cases', signed with this key.
    fn forge_log(&self, cases: &[Case], key_number: u8) {
        fs::remove_dir_all(self.log()).unwrap();
        let (log, _) = Log::open_or_create(&self.log()).unwrap();
        cases.iter().for_each(|case| {
            log.append(case.leaves()).unwrap();
        });
        log.publish(&key(key_number)).unwrap();
    }
}

fn version(n: u32, v: u32) -> Place {
    Place::Version(folder(n), v)
}

#[test]
fn a_sound_archive_has_no_findings() {
    let archive = Archive::new();
    assert_eq!(archive.mailbox().len(), 3);
    archive.expect(&archive.mailbox(), &[]);
}

#[test]
fn attack_one_an_old_inventory_edited() {
    let mut archive = Archive::new();
    archive.cases[2].inventories[0] = b"another beginning".to_vec();
    // The next version still names what was there: the chain alone shows it.
    archive.expect(&[], &[(FindingCode::VersionRewritten, version(3, 1)), (FindingCode::ChainBroken, version(3, 2))]);
    archive.cases[2].relink();
    archive.expect(&[], &[(FindingCode::VersionRewritten, version(3, 1)), (FindingCode::ChainBroken, version(3, 2))]);
}

#[test]
fn attack_two_a_document_replaced_and_every_inventory_redone() {
    let mut archive = Archive::new();
    for inventory in &mut archive.cases[2].inventories {
        inventory.extend(b" with another PDF");
    }
    archive.cases[2].relink();
    archive.expect(&[], &(1..=4).map(|v| (FindingCode::VersionRewritten, version(3, v))).collect::<Vec<_>>());
}

#[test]
fn attack_three_the_newest_version_removed() {
    let mut archive = Archive::new();
    archive.cases[2].inventories.pop();
    archive.cases[2].previous.pop();
    archive.expect(&[], &[(FindingCode::VersionMissing, version(3, 4))]);
    archive.cases.pop();
    archive.expect(&[], &[(FindingCode::FolderMissing, Place::Folder(folder(3)))]);
}

#[test]
fn the_log_redone_to_fit_a_rewritten_archive() {
    let mut archive = Archive::new();
    for inventory in &mut archive.cases[0].inventories {
        inventory.extend(b" with another PDF");
    }
    archive.cases[0].relink();
    // Without the key, the signature shows it.
    archive.forge_log(&archive.cases, 9);
    archive.expect(&[], &[(FindingCode::CheckpointUnsigned, Place::Checkpoint(9))]);
    // With the key, the archive fits its log, and only the mailboxes know better.
    archive.forge_log(&archive.cases, 1);
    archive.expect(&[], &[]);
    let rewritten = [2, 5, 9].map(|size| (FindingCode::LogRewritten, Place::Checkpoint(size)));
    archive.expect(&archive.mailbox(), &rewritten);
    // One letter is enough.
    archive.expect(&archive.mailbox()[1..2], &rewritten[1..2]);
}

#[test]
fn the_newest_removed_from_archive_and_log() {
    let mut archive = Archive::new();
    let before = tempfile::tempdir().unwrap();
    copy(&archive.log(), before.path());
    let new = Case::new(4, 2);
    archive.append(new.leaves());
    archive.cases.push(new);
    archive.expect(&archive.mailbox(), &[]);
    // Yesterday's backup in the place of today's archive: every file and signature in it is genuine.
    archive.cases.pop();
    fs::remove_dir_all(archive.log()).unwrap();
    copy(before.path(), &archive.log());
    archive.expect(&[], &[]);
    archive.expect(&archive.mailbox(), &[(FindingCode::LogRolledBack, Place::Checkpoint(11))]);
}

#[test]
fn one_leaf_replaced_and_all_tiles_redone() {
    let archive = Archive::new();
    let genuine = fs::read(archive.log().join("checkpoint")).unwrap();
    let mut cases = archive.cases.clone();
    cases[1].inventories[2] = b"another third version".to_vec();
    archive.forge_log(&cases, 9);
    // The genuine checkpoint is put back, so that its signature holds: the tree under it is another.
    fs::write(archive.log().join("checkpoint"), genuine).unwrap();
    archive.expect(&[], &[(FindingCode::LogRewritten, Place::Checkpoint(9)), (FindingCode::VersionRewritten, version(2, 3))]);
    // The writer does not go on as if nothing had happened.
    let (log, _) = Log::open_or_create(&archive.log()).unwrap();
    assert!(matches!(log.publish(&key(1)), Err(WitnessError::Damaged { .. })));
}

#[test]
fn the_end_of_the_journal_cut_off() {
    let archive = Archive::new();
    let journal = archive.log().join("journal");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() - 1]).unwrap();
    // The last group is gone, which looks like a crash: but its checkpoint was signed.
    assert!(matches!(Log::open_or_create(&archive.log()), Err(WitnessError::RolledBack { size: 5, signed: 9 })));
    fs::remove_file(&journal).unwrap();
    assert!(matches!(Log::open_or_create(&archive.log()), Err(WitnessError::Damaged { .. })));
}

#[test]
fn leaves_not_yet_signed_count_as_logged() {
    let mut archive = Archive::new();
    let new = Case::new(4, 1);
    Log::open_or_create(&archive.log()).unwrap().0.append(new.leaves()).unwrap();
    archive.cases.push(new);
    archive.expect(&archive.mailbox(), &[]);
    archive.cases.push(Case::new(5, 1));
    archive.expect(&archive.mailbox(), &[(FindingCode::VersionUnlogged, version(5, 1))]);
}

#[test]
fn files_of_the_log_changed() {
    for (name, at) in [("tile/0/000.p/9", "tile/0/000.p/9"), ("tile/entries/000.p/9", "tile/entries/000.p/9")] {
        let archive = Archive::new();
        fs::write(archive.log().join(name), b"").unwrap();
        let found = archive.audit(&archive.mailbox());
        assert!(found.contains(&Finding { code: FindingCode::TileDamaged, at: Place::File(at.to_owned()) }), "{found:?}");
    }
    let archive = Archive::new();
    let path = archive.log().join("tile/entries/000.p/9");
    let mut changed = fs::read(&path).unwrap();
    let name = b"9901/2026/000001";
    for at in 0..changed.len() - name.len() {
        if changed[at..].starts_with(name) {
            changed[at + name.len() - 1] = b'7';
        }
    }
    fs::write(&path, changed).unwrap();
    let found = archive.audit(&archive.mailbox());
    let codes: Vec<FindingCode> = found.iter().map(|f| f.code).collect();
    for code in [FindingCode::TileDamaged, FindingCode::LogRewritten, FindingCode::VersionUnlogged, FindingCode::FolderMissing] {
        assert!(codes.contains(&code), "{code} in {found:?}");
    }
    let archive = Archive::new();
    fs::remove_file(archive.log().join("checkpoint")).unwrap();
    archive.expect(&[], &[(FindingCode::CheckpointMissing, Place::File("checkpoint".to_owned()))]);
}

#[test]
fn a_crash_may_say_the_same_twice_but_not_two_things() {
    let mut archive = Archive::new();
    let again = archive.cases[0].leaf(2, Deed::Placed);
    archive.append(vec![again]);
    archive.expect(&archive.mailbox(), &[]);
    let mut other = archive.cases[0].clone();
    other.inventories[1] = b"something else".to_vec();
    archive.append(vec![other.leaf(2, Deed::Placed)]);
    archive.expect(&archive.mailbox(), &[(FindingCode::LeafContradicts, Place::Leaf(10))]);
}

#[test]
fn seals_removed_or_changed() {
    let mut archive = Archive::new();
    let case = &archive.cases[0];
    let terms = SealTerms { origin: ORIGIN.to_owned(), object: case.object.clone(), head: 2, seq: 1, time: time() };
    let seal = seal_key(1).seal(&case.inventories[1], &terms).print();
    let leaf = case.leaf(2, Deed::Sealed(Sha512::of(seal.as_bytes())));
    archive.append(vec![leaf]);
    archive.expect(&[], &[(FindingCode::SealMissing, version(1, 2))]);
    archive.cases[0].seals = vec![(2, seal.clone())];
    archive.expect(&archive.mailbox(), &[]);
    // Another seal, by another key, over something else, or moved to another version.
    let strange = seal_key(7).seal(&archive.cases[0].inventories[1], &terms).print();
    archive.cases[0].seals = vec![(2, strange)];
    archive.expect(&[], &[(FindingCode::SealMissing, version(1, 2)), (FindingCode::SealInvalid, version(1, 2))]);
    archive.cases[0].seals = vec![(2, seal.clone()), (1, seal)];
    archive.expect(&[], &[(FindingCode::SealInvalid, version(1, 1))]);
}

#[test]
fn what_was_disposed_of_need_not_be_there() {
    let mut archive = Archive::new();
    let leaf = archive.cases[0].leaf(2, Deed::Disposed);
    archive.append(vec![leaf]);
    archive.cases.remove(0);
    archive.expect(&archive.mailbox(), &[]);
}

#[test]
fn the_access_log_shortened() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = Log::open_or_create(dir.path()).unwrap();
    log.append((1..=5).map(access).collect()).unwrap();
    log.publish(&key(1)).unwrap();
    let ledger = audit_log(&log.reader(), &history(), &[]).unwrap().ledger;
    assert_eq!(ledger.check_access(|row| Some(Sha256::of(&row.to_be_bytes()))), None);
    for gone in [None, Some(Sha256::of(b"another row"))] {
        assert_eq!(ledger.check_access(|_| gone).unwrap().code, FindingCode::AccessLogRolledBack);
    }
    log.append(vec![Leaf::Access(AccessHead { time: time(), rows: 3, digest: Sha256::of(b"back") })]).unwrap();
    log.publish(&key(1)).unwrap();
    let findings = audit_log(&log.reader(), &history(), &[]).unwrap().findings;
    assert_eq!(findings, [Finding { code: FindingCode::LeafContradicts, at: Place::Leaf(5) }]);
}

#[test]
fn checkpoints_of_others_are_told_apart() {
    let archive = Archive::new();
    let other = tempfile::tempdir().unwrap();
    let (log, _) = Log::open_or_create(other.path()).unwrap();
    let foreign = pipeline_witness::CheckpointKey::from_entropy("arkiv.example.no/9902", [1; 32]).unwrap();
    let foreign = log.publish(&foreign).unwrap();
    let unknown = Log::open_or_create(other.path()).unwrap().0.publish(&key(8)).unwrap();
    archive.expect(&[foreign], &[(FindingCode::CheckpointForeign, Place::Checkpoint(0))]);
    archive.expect(&[unknown], &[(FindingCode::CheckpointUnsigned, Place::Checkpoint(0))]);
    assert!(Path::new(&archive.log()).exists());
}
