//! Reading a log: entries, roots of any size, proofs. Needs no lock, and nothing but the files that C2SP `tlog-tiles` names.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::{Path, PathBuf},
};

use pipeline_domain::Sha256;

use crate::{
    Checkpoint, KeyHistory, Leaf, Proof, WitnessError, disk, edge,
    journal::Journal,
    log::CHECKPOINT,
    proof,
    tile::{self, Kind, Tile, WIDTH},
    tree::{empty_root, fold, leaf_hash},
};

/// A reader of the log in a folder, while others append to it. Its tiles reach as far as the newest checkpoint, and no further.
#[derive(Clone, Debug)]
pub struct Reader {
    folder: PathBuf,
}

impl Reader {
    /// Of the log in this folder. Nothing is read yet.
    pub fn open(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The newest checkpoint as text. `None` when none was ever published.
    pub fn checkpoint_note(&self) -> Result<Option<String>, WitnessError> {
        let bytes = disk::read_if_there(&self.folder.join(CHECKPOINT)).map_err(WitnessError::io("read the checkpoint"))?;
        // Not text: what a power failure left. The next publishing writes it again.
        Ok(bytes.and_then(|b| String::from_utf8(b).ok()))
    }

    /// The newest checkpoint, whoever signed it. `None` when there is none that can be read.
    pub(crate) fn last_signed(&self) -> Result<Option<Checkpoint>, WitnessError> {
        Ok(self.checkpoint_note()?.and_then(|note| Checkpoint::parse(&note).ok()))
    }

    /// Entry `index` of a log of `size` leaves, checked against the tree's own hash of it.
    pub fn entry(&self, index: u64, size: u64) -> Result<Vec<u8>, WitnessError> {
        let tile = Tile::at(Kind::Entries, index / WIDTH, size).filter(|_| index < size);
        let tile = tile.ok_or(WitnessError::NotThere { size, asked: index })?;
        let bundle = edge::read_bundle(&self.folder, tile)?.ok_or_else(|| damaged(tile))?;
        let entries = tile::decode_entries(&bundle, tile.width).ok_or_else(|| damaged(tile))?;
        let entry = entries[usize::try_from(index % WIDTH).expect("below 256")].to_vec();
        if leaf_hash(&entry) != self.look(size).range(index, index + 1)? {
            return Err(damaged(tile));
        }
        Ok(entry)
    }

    /// Gives all entries of a log of `size` leaves in order, a bundle at a time in memory. They are not checked: see `audit_log`.
    pub fn for_each_entry(&self, size: u64, mut each: impl FnMut(u64, &[u8])) -> Result<(), WitnessError> {
        for index in 0..size.div_ceil(WIDTH) {
            let tile = Tile::at(Kind::Entries, index, size).expect("below the size");
            let bundle = edge::read_bundle(&self.folder, tile)?.ok_or_else(|| damaged(tile))?;
            let entries = tile::decode_entries(&bundle, tile.width).ok_or_else(|| damaged(tile))?;
            entries.into_iter().zip(index * WIDTH..).for_each(|(entry, at)| each(at, entry));
        }
        Ok(())
    }

    /// Root of the log when it had `size` leaves.
    pub fn root_at(&self, size: u64) -> Result<Sha256, WitnessError> {
        self.look(size).range(0, size)
    }

    /// The path from leaf `index` to the root of the log of `size` leaves.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Sha256>, WitnessError> {
        let ranges = proof::inclusion_ranges(index, size).ok_or(WitnessError::NotThere { size, asked: index })?;
        self.look(size).all(ranges)
    }

    /// Shows that the log of `new` leaves begins with the log of `old` leaves.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Sha256>, WitnessError> {
        let ranges = proof::consistency_ranges(old, new).ok_or(WitnessError::NotThere { size: new, asked: old })?;
        self.look(new).all(ranges)
    }

    /// Leaf `index` with its proof against a checkpoint, checked before it is handed out.
    pub fn prove(&self, index: u64, checkpoint: &Checkpoint) -> Result<Proof, WitnessError> {
        let entry = self.entry(index, checkpoint.size)?;
        let proof = Proof { index, path: self.inclusion(index, checkpoint.size)?, entry, checkpoint: checkpoint.clone() };
        if proof.leads_to_root() {
            Ok(proof)
        } else {
            Err(WitnessError::Damaged { at: CHECKPOINT.to_owned(), fault: "the tiles do not lead to the checkpoint's root" })
        }
    }

    /// The newest checkpoint when it can be believed: signed by a key of the history, and the root of the tiles that lie here.
    pub fn trusted_checkpoint(&self, history: &KeyHistory) -> Result<Checkpoint, WitnessError> {
        let note = self.checkpoint_note()?.ok_or(WitnessError::Malformed { what: "checkpoint" })?;
        let checkpoint = Checkpoint::parse(&note)?;
        history.judge(&checkpoint).map_err(|_| WitnessError::Malformed { what: "checkpoint of this log" })?;
        if self.root_at(checkpoint.size)? == checkpoint.root {
            Ok(checkpoint)
        } else {
            Err(WitnessError::Damaged { at: CHECKPOINT.to_owned(), fault: "the tiles do not lead to the checkpoint's root" })
        }
    }

    /// The newest leaf that is `wanted`, looked for from the end: `None` when there is none. Reads as far back as it must.
    pub fn find_last(&self, size: u64, wanted: impl Fn(&Leaf) -> bool) -> Result<Option<u64>, WitnessError> {
        for index in (0..size.div_ceil(WIDTH)).rev() {
            let tile = Tile::at(Kind::Entries, index, size).expect("below the size");
            let bundle = edge::read_bundle(&self.folder, tile)?.ok_or_else(|| damaged(tile))?;
            let entries = tile::decode_entries(&bundle, tile.width).ok_or_else(|| damaged(tile))?;
            let found = entries.iter().rposition(|entry| Leaf::parse(entry).is_ok_and(|(_, leaf)| wanted(&leaf)));
            if let Some(found) = found {
                return Ok(Some(index * WIDTH + found as u64));
            }
        }
        Ok(None)
    }

    /// Whether a `wanted` leaf is acknowledged and not yet signed, at number `from` or later.
    pub fn is_unsigned(&self, from: u64, wanted: impl Fn(&Leaf) -> bool) -> Result<bool, WitnessError> {
        Ok(self.unsigned(from)?.iter().any(|entry| Leaf::parse(entry).is_ok_and(|(_, leaf)| wanted(&leaf))))
    }

    /// Entries from number `from` on that no checkpoint covers yet, as far as they are acknowledged.
    pub(crate) fn unsigned(&self, from: u64) -> Result<Vec<Vec<u8>>, WitnessError> {
        let Some(mut journal) = Journal::open(&self.folder)? else { return Ok(Vec::new()) };
        let (base, mut entries) = (journal.base.size, Vec::new());
        for index in from / WIDTH..base.div_ceil(WIDTH) {
            let tile = Tile::at(Kind::Entries, index, base).expect("below the size");
            let bundle = edge::read_bundle(&self.folder, tile)?.ok_or_else(|| damaged(tile))?;
            let bundle = tile::decode_entries(&bundle, tile.width).ok_or_else(|| damaged(tile))?;
            entries.extend(bundle.into_iter().zip(index * WIDTH..).filter(|(_, at)| *at >= from).map(|(entry, _)| entry.to_vec()));
        }
        let mut at = base;
        journal.read_on(|entry| {
            if at >= from {
                entries.push(entry.to_vec());
            }
            at += 1;
        })?;
        Ok(entries)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn look(&self, size: u64) -> Look<'_> {
        Look { folder: &self.folder, size, tiles: HashMap::new() }
    }
}

/// One look at a tree of some size. Each tile is read once.
struct Look<'a> {
    folder: &'a Path,
    size: u64,
    tiles: HashMap<Tile, Vec<Sha256>>,
}

impl Look<'_> {
    fn all(&mut self, ranges: Vec<(u64, u64)>) -> Result<Vec<Sha256>, WitnessError> {
        ranges.into_iter().map(|(start, end)| self.range(start, end)).collect()
    }

    /// Hash of the leaves `start..end`, a range that RFC 6962's division of the tree gives.
    fn range(&mut self, start: u64, end: u64) -> Result<Sha256, WitnessError> {
        let (mut at, mut peaks) = (start, Vec::new());
        while at < end {
            let level = 63 - (end - at).leading_zeros();
            peaks.push(self.subtree(level, at >> level)?);
            at += 1 << level;
        }
        Ok(fold(&peaks).unwrap_or_else(empty_root))
    }

    /// Root of the whole subtree `index` of `2^level` leaves.
    fn subtree(&mut self, level: u32, index: u64) -> Result<Sha256, WitnessError> {
        let (kind, rest) = (Kind::Level(u8::try_from(level / 8).expect("at most seven")), level % 8);
        let first = index << rest;
        let tile = Tile::at(kind, first / WIDTH, self.size).ok_or(WitnessError::NotThere { size: self.size, asked: index })?;
        let hashes = match self.tiles.entry(tile) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(slot) => slot.insert(edge::read_hashes(self.folder, tile)?.ok_or_else(|| damaged(tile))?),
        };
        let from = usize::try_from(first % WIDTH).expect("below 256");
        let subtree = hashes.get(from..from + (1 << rest)).ok_or_else(|| damaged(tile))?;
        Ok(tile::root_of(subtree))
    }
}

pub(crate) fn damaged(tile: Tile) -> WitnessError {
    WitnessError::Damaged { at: tile.path(), fault: "missing, torn, or not what the tree says" }
}
