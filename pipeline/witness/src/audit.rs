//! The audit: the log against itself and against checkpoints from outside, then each folder against the log.

use std::collections::HashMap;

use pipeline_domain::{CaseFolderId, Sha256, Sha512};

use crate::{
    Checkpoint, Commit, Deed, Finding, FindingCode, KeyHistory, Leaf, Peaks, Place, Reader, Seal, Standing, TreeHead, WitnessError, edge,
    tile::{self, Kind, Tile, WIDTH},
    tree::leaf_hash,
};

/// What an audit of the log gives.
#[derive(Debug)]
pub struct AuditedLog {
    /// The checkpoint that was audited. `None` when none could be believed.
    pub checkpoint: Option<Checkpoint>,
    /// What is wrong with the log.
    pub findings: Vec<Finding>,
    /// What it says, to hold folders against.
    pub ledger: Ledger,
}

/// Reads the whole log once: every entry, every tile, every signature, and every checkpoint that is `known` from elsewhere (mailboxes,
/// packages, stamps). Leaves that are acknowledged and not yet signed are read too, so that nothing new is taken for unlogged.
/// Memory grows with the number of versions, some 250 bytes each, not with their content.
///
/// An error is a disk that cannot be read. All that is wrong with what was read is a finding.
pub fn audit_log(reader: &Reader, history: &KeyHistory, known: &[Checkpoint]) -> Result<AuditedLog, WitnessError> {
    let (mut findings, mut ledger) = (Vec::new(), Ledger::default());
    let checkpoint = believed(reader, history, &mut findings)?;
    let size = checkpoint.as_ref().map_or(0, |c| c.size);
    let mut claims: Vec<Claim> = history.heads().iter().map(|head| Claim { head: *head, standing: Standing::Good }).collect();
    claims.extend(checkpoint.iter().map(|c| Claim { head: c.into(), standing: Standing::Good }));
    for other in known {
        match history.judge(other) {
            Ok(standing) => claims.push(Claim { head: other.into(), standing }),
            Err(code) => findings.push(Finding::new(code, Place::Checkpoint(other.size))),
        }
    }
    claims.sort_by_key(|c| c.head.size);
    let mut walk = Walk { reader, size, claims: claims.into_iter().peekable(), peaks: Peaks::default(), findings, ledger: &mut ledger };
    walk.all()?;
    let mut findings = walk.findings;
    findings.sort();
    findings.dedup();
    Ok(AuditedLog { checkpoint, findings, ledger })
}

fn believed(reader: &Reader, history: &KeyHistory, findings: &mut Vec<Finding>) -> Result<Option<Checkpoint>, WitnessError> {
    let note = reader.checkpoint_note()?;
    let Some(checkpoint) = note.and_then(|n| Checkpoint::parse(&n).ok()) else {
        findings.push(Finding::new(FindingCode::CheckpointMissing, Place::File("checkpoint".to_owned())));
        return Ok(None);
    };
    if let Err(code) = history.judge(&checkpoint) {
        findings.push(Finding::new(code, Place::Checkpoint(checkpoint.size)));
    }
    // Audited all the same: what an unbelievable checkpoint stands for is worth knowing.
    Ok(Some(checkpoint))
}

/// That the log had this root at this size.
struct Claim {
    head: TreeHead,
    standing: Standing,
}

struct Walk<'a> {
    reader: &'a Reader,
    size: u64,
    claims: std::iter::Peekable<std::vec::IntoIter<Claim>>,
    peaks: Peaks,
    findings: Vec<Finding>,
    ledger: &'a mut Ledger,
}

impl Walk<'_> {
    fn all(&mut self) -> Result<(), WitnessError> {
        let mut levels: Vec<Vec<Sha256>> = Vec::new();
        self.meet_claims();
        for index in 0..self.size.div_ceil(WIDTH) {
            let tile = Tile::at(Kind::Entries, index, self.size).expect("below the size");
            let bundle = edge::read_bundle(self.reader.folder(), tile)?;
            let Some(entries) = bundle.as_deref().and_then(|b| tile::decode_entries(b, tile.width)) else {
                // Nothing after this can be hashed.
                self.find(FindingCode::TileDamaged, Place::File(tile.path()));
                return Ok(());
            };
            let mut hashes = Vec::with_capacity(entries.len());
            for (entry, at) in entries.into_iter().zip(index * WIDTH..) {
                self.leaf(at, entry);
                let hash = leaf_hash(entry);
                hashes.push(hash);
                self.peaks.push(hash);
                self.meet_claims();
            }
            self.level(0, index, hashes, &mut levels)?;
        }
        for (level, hashes) in levels.into_iter().enumerate().skip(1) {
            if !hashes.is_empty() {
                let kind = Kind::Level(u8::try_from(level).expect("at most seven"));
                self.compare(Tile { kind, index: kind.count(self.size) / WIDTH, width: hashes.len() as u64 }, &hashes)?;
            }
        }
        for (entry, at) in self.reader.unsigned(self.size)?.into_iter().zip(self.size..) {
            self.leaf(at, &entry);
            self.peaks.push(leaf_hash(&entry));
            self.meet_claims();
        }
        for claim in std::iter::from_fn(|| self.claims.next()).collect::<Vec<_>>() {
            self.contradiction(&claim, FindingCode::LogRolledBack);
        }
        Ok(())
    }

    /// Holds the hashes of one tile against its file, and hands a whole one's root to the level above.
    fn level(&mut self, level: u8, index: u64, hashes: Vec<Sha256>, levels: &mut Vec<Vec<Sha256>>) -> Result<(), WitnessError> {
        self.compare(Tile { kind: Kind::Level(level), index, width: hashes.len() as u64 }, &hashes)?;
        if hashes.len() as u64 != WIDTH {
            return Ok(());
        }
        let above = usize::from(level) + 1;
        levels.resize_with(levels.len().max(above + 1), Vec::new);
        levels[above].push(tile::root_of(&hashes));
        if levels[above].len() as u64 == WIDTH {
            let whole = std::mem::take(&mut levels[above]);
            return self.level(level + 1, index / WIDTH, whole, levels);
        }
        Ok(())
    }

    fn compare(&mut self, tile: Tile, hashes: &[Sha256]) -> Result<(), WitnessError> {
        if edge::read_hashes(self.reader.folder(), tile)?.as_deref() != Some(hashes) {
            self.find(FindingCode::TileDamaged, Place::File(tile.path()));
        }
        Ok(())
    }

    fn leaf(&mut self, at: u64, entry: &[u8]) {
        match Leaf::parse(entry) {
            Err(_) => self.find(FindingCode::LeafUnreadable, Place::Leaf(at)),
            Ok((seq, _)) if seq != at => self.find(FindingCode::LeafMisplaced, Place::Leaf(at)),
            Ok((_, leaf)) => {
                if self.ledger.take(at, &leaf).is_none() {
                    self.find(FindingCode::LeafContradicts, Place::Leaf(at));
                }
            }
        }
    }

    fn meet_claims(&mut self) {
        let size = self.peaks.size();
        while let Some(claim) = self.claims.next_if(|c| c.head.size == size) {
            if self.peaks.root() != claim.head.root {
                self.contradiction(&claim, FindingCode::LogRewritten);
            }
        }
    }

    fn contradiction(&mut self, claim: &Claim, code: FindingCode) {
        let code = if claim.standing == Standing::Doubtful { FindingCode::CheckpointDoubtful } else { code };
        self.find(code, Place::Checkpoint(claim.head.size));
    }

    fn find(&mut self, code: FindingCode, at: Place) {
        self.findings.push(Finding::new(code, at));
    }
}

/// A case folder as it lies in the archive.
#[derive(Clone, Debug)]
pub struct HeldFolder {
    /// Which.
    pub object: CaseFolderId,
    /// Its versions, from 1.
    pub versions: Vec<HeldVersion>,
    /// The seal files in its `logs/`.
    pub seals: Vec<HeldSeal>,
}

/// One version in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldVersion {
    /// Worked out from `vN/inventory.json` as it lies there.
    pub inventory: Sha512,
    /// What `vN/content/metadata/forrige-versjon.sha512` says. `None` when it has none.
    pub previous: Option<Sha512>,
}

/// A seal file, and the inventory beside it.
#[derive(Clone, Debug)]
pub struct HeldSeal {
    /// Version that it lies beside.
    pub head: u32,
    /// The file, letter for letter.
    pub text: String,
    /// `vN/inventory.json`.
    pub inventory: Vec<u8>,
}

/// What the log says of folders and of the access log.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The logged versions of each folder, from 1; `None` where the log skips one.
    folders: HashMap<CaseFolderId, Account>,
    access: Option<crate::AccessHead>,
}

#[derive(Debug, Default)]
struct Account {
    versions: Vec<Option<Logged>>,
    seals: Vec<(u32, Sha512, u64)>,
    is_disposed: bool,
    is_met: bool,
}

#[derive(Debug, Clone, Copy)]
struct Logged {
    inventory: Sha512,
    previous: Option<Sha512>,
}

impl Ledger {
    /// The farthest that the access log had come, where this is its log.
    pub fn access(&self) -> Option<crate::AccessHead> {
        self.access
    }

    /// Holds the access log against the log: `digest_of` gives the digest of its row of this number, if there is one.
    pub fn check_access(&self, digest_of: impl FnOnce(u64) -> Option<Sha256>) -> Option<Finding> {
        let head = self.access?;
        let is_there = digest_of(head.rows) == Some(head.digest);
        (!is_there).then(|| Finding::new(FindingCode::AccessLogRolledBack, Place::File(format!("access row {}", head.rows))))
    }

    /// Versions that the log attests.
    pub fn versions(&self) -> usize {
        self.folders.values().map(|a| a.versions.iter().flatten().count()).sum()
    }

    /// `None` when it contradicts an earlier leaf. The same leaf twice says nothing new: a crash may append it again.
    fn take(&mut self, at: u64, leaf: &Leaf) -> Option<()> {
        match leaf {
            Leaf::Access(head) => {
                let fits = self.access.is_none_or(|a| a.rows < head.rows || (a.rows == head.rows && a.digest == head.digest));
                self.access = Some(*head);
                fits.then_some(())
            }
            Leaf::Commit(commit) => self.folders.entry(commit.object.clone()).or_default().take(at, commit),
        }
    }

    /// Holds a folder against the log.
    pub fn check(&mut self, held: &HeldFolder, history: &KeyHistory) -> Vec<Finding> {
        let mut findings = Vec::new();
        let empty = Account::default();
        let account = match self.folders.get_mut(&held.object) {
            Some(account) => {
                account.is_met = true;
                &*account
            }
            None => &empty,
        };
        let place = |version: usize| Place::Version(held.object.clone(), u32::try_from(version).unwrap_or(u32::MAX));
        for (at, version) in held.versions.iter().enumerate() {
            match account.versions.get(at).copied().flatten() {
                None => findings.push(Finding::new(FindingCode::VersionUnlogged, place(at + 1))),
                Some(l) if l.inventory != version.inventory => findings.push(Finding::new(FindingCode::VersionRewritten, place(at + 1))),
                Some(l) if l.previous != version.previous => findings.push(Finding::new(FindingCode::ChainBroken, place(at + 1))),
                Some(_) => {}
            }
            let before = at.checked_sub(1).map(|before| held.versions[before].inventory);
            if version.previous != before {
                findings.push(Finding::new(FindingCode::ChainBroken, place(at + 1)));
            }
        }
        for missing in held.versions.len()..account.versions.len() {
            if !account.is_disposed {
                findings.push(Finding::new(FindingCode::VersionMissing, place(missing + 1)));
            }
        }
        account.check_seals(held, history, &mut findings);
        findings.sort();
        findings.dedup();
        findings
    }

    /// Folders that the log attests and that were never held against it. Ask when all there are have been.
    pub fn missing(&self) -> Vec<Finding> {
        let missing = self.folders.iter().filter(|(_, a)| !a.is_met && !a.is_disposed);
        let mut findings: Vec<Finding> =
            missing.map(|(object, _)| Finding::new(FindingCode::FolderMissing, Place::Folder(object.clone()))).collect();
        findings.sort();
        findings
    }
}

impl Account {
    fn take(&mut self, at: u64, commit: &Commit) -> Option<()> {
        // Heads are numbers of versions; a leaf that claims a millionth version is no reason to make room for a million.
        let version = usize::try_from(commit.head).ok().filter(|v| (1..=self.versions.len() + 10_000).contains(v))?;
        if self.versions.len() < version {
            self.versions.resize(version, None);
        }
        let logged = Logged { inventory: commit.inventory, previous: commit.previous };
        match commit.deed {
            Deed::Placed => {}
            Deed::Sealed(seal) => self.seals.push((commit.head, seal, at)),
            Deed::Disposed => self.is_disposed = true,
        }
        let slot = &mut self.versions[version - 1];
        let before = slot.get_or_insert(logged);
        (before.inventory == logged.inventory && before.previous == logged.previous).then_some(())
    }

    fn check_seals(&self, held: &HeldFolder, history: &KeyHistory, findings: &mut Vec<Finding>) {
        let mut find = |code, head| findings.push(Finding::new(code, Place::Version(held.object.clone(), head)));
        for (head, digest, _) in &self.seals {
            let is_there = held.seals.iter().any(|s| s.head == *head && Sha512::of(s.text.as_bytes()) == *digest);
            if !is_there && !self.is_disposed {
                find(FindingCode::SealMissing, *head);
            }
        }
        for seal in &held.seals {
            if let Err(code) = self.judge(seal, &held.object, history) {
                find(code, seal.head);
            }
        }
    }

    fn judge(&self, held: &HeldSeal, object: &CaseFolderId, history: &KeyHistory) -> Result<(), FindingCode> {
        let seal = Seal::parse(&held.text).map_err(|_| FindingCode::SealInvalid)?;
        let (terms, standing) = history.judge_seal(&seal, &held.inventory)?;
        if terms.object != *object || terms.head != held.head {
            return Err(FindingCode::SealInvalid);
        }
        let digest = Sha512::of(held.text.as_bytes());
        let logged = self.seals.iter().find(|(head, seal, _)| *head == held.head && *seal == digest);
        match (standing, logged) {
            (Standing::Good, _) => Ok(()),
            // The key leaked later: the log must show that the seal was there before.
            (Standing::Doubtful, Some((_, _, at))) if history.seal_counted_at(&seal, &held.inventory, *at) => Ok(()),
            (Standing::Doubtful, _) => Err(FindingCode::SealKeyRetired),
        }
    }
}
