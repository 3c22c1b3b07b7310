//! The writer of a log.

use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    Checkpoint, CheckpointKey, Leaf, Reader, WitnessError, disk,
    edge::{Edge, TileFile},
    fault::{self, Step},
    group::Group,
    journal::{Base, Journal},
    tile::{Kind, Tile, WIDTH},
};

/// Name of the newest checkpoint's file.
pub(crate) const CHECKPOINT: &str = "checkpoint";
const LOCK: &str = ".laas";
/// A page of the journal longer than this is turned before the next group. It bounds what an opening reads.
const PAGE_BYTES: u64 = 1024 * 1024;

/// What an opening found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Leaves in the log.
    pub size: u64,
    /// Leaves that were acknowledged but whose tiles may have been lost with the power: their tiles have been looked at.
    pub replayed: u64,
    /// Bytes of a group that was never acknowledged.
    pub torn_bytes: u64,
    /// Whether partial tiles were worked out anew, because those on the disk were missing or wrong.
    pub is_mended: bool,
}

/// A Merkle log in a folder: `tile/…` and `checkpoint` as C2SP `tlog-tiles` says, and beside them `journal`, what was added last.
///
/// Any number of these may be open on one folder, in any number of processes: a lock on the folder divides their turns.
///
/// A copy of the folder that is taken while others write is whole when `checkpoint` is copied first, `journal` next, and `tile` last.
pub struct Log {
    folder: PathBuf,
    lock: File,
    state: Mutex<State>,
    group: Group<Vec<Leaf>, Result<Range<u64>, WitnessError>>,
    page_bytes: u64,
}

struct State {
    journal: Journal,
    edge: Edge,
    /// Whole tiles that are not yet written. They are in the journal too.
    unwritten: Vec<TileFile>,
}

impl Log {
    /// Opens the log in this folder, or begins one. What it costs does not depend on how long the log is.
    ///
    /// Fails when the tiles are damaged beyond what the entries can mend, or when the log is smaller than its own checkpoint.
    pub fn open_or_create(folder: &Path) -> Result<(Self, Opening), WitnessError> {
        disk::make_dirs(folder).map_err(WitnessError::io("make the log's folder"))?;
        let lock = disk::open(&folder.join(LOCK)).map_err(WitnessError::io("open the log's lock"))?;
        let (state, opening) = {
            let _held = disk::hold(&lock).map_err(WitnessError::io("lock the log"))?;
            State::open(folder)?
        };
        if let Some(signed) = Reader::open(folder).last_signed()?
            && signed.size > opening.size
        {
            return Err(WitnessError::RolledBack { size: opening.size, signed: signed.size });
        }
        let log = Self { folder: folder.to_owned(), lock, state: Mutex::new(state), group: Group::new(), page_bytes: PAGE_BYTES };
        Ok((log, opening))
    }

    /// Begins a new journal for tiles whose own is lost, at a checkpoint that the caller believes. Leaves after it must be appended again.
    ///
    /// Fails when there is a journal, or when the tiles do not lead to the checkpoint's root.
    pub fn restore(folder: &Path, checkpoint: &Checkpoint) -> Result<(), WitnessError> {
        let lock = disk::open(&folder.join(LOCK)).map_err(WitnessError::io("open the log's lock"))?;
        let _held = disk::hold(&lock).map_err(WitnessError::io("lock the log"))?;
        let base = Base { size: checkpoint.size, root: checkpoint.root };
        let has_journal = !matches!(Journal::open(folder), Ok(None));
        let edge = if has_journal { None } else { Edge::load_or_mend(folder, base)?.map(|(edge, _)| edge) };
        let Some(edge) = edge else {
            return Err(WitnessError::Damaged { at: CHECKPOINT.to_owned(), fault: "there is a journal, or tiles of another root" });
        };
        let journal = Journal::begin(folder, base)?;
        State { journal, edge, unwritten: Vec::new() }.write_tiles(folder)
    }

    /// Adds leaves, in order, and returns their numbers when they are on the disk. Those who call at the same time share one barrier.
    pub fn append(&self, leaves: Vec<Leaf>) -> Result<Range<u64>, WitnessError> {
        self.group.hand_in(leaves, |groups| self.append_all(groups))
    }

    /// Leaves in the log, acknowledged by this or any other process.
    pub fn size(&self) -> Result<u64, WitnessError> {
        self.turn(|_, state| Ok(state.edge.size()))
    }

    /// Signs the tree as it is now and puts it, with all its tiles, where readers find it. Ask for it after each group, or from time to time.
    ///
    /// Nothing is signed that contradicts the checkpoint before it: then the log was rewritten, and this fails.
    pub fn publish(&self, key: &CheckpointKey) -> Result<Checkpoint, WitnessError> {
        self.turn(|log, state| {
            state.write_tiles(&log.folder)?;
            fault::pass(Step::TilesWritten).map_err(WitnessError::io("write the tiles"))?;
            let (size, root) = (state.edge.size(), state.edge.root());
            log.refuse_contradiction(size, &root)?;
            let checkpoint = Checkpoint::sign(key, size, root);
            let put = disk::put(&log.folder, CHECKPOINT, checkpoint.note().as_bytes());
            put.and_then(|()| fault::pass(Step::Published)).map_err(WitnessError::io("write the checkpoint"))?;
            Ok(checkpoint)
        })
    }

    /// A reader of the same folder.
    pub fn reader(&self) -> Reader {
        Reader::open(&self.folder)
    }

    fn refuse_contradiction(&self, size: u64, root: &pipeline_domain::Sha256) -> Result<(), WitnessError> {
        let reader = self.reader();
        let Some(before) = reader.last_signed()? else { return Ok(()) };
        if before.size > size {
            return Err(WitnessError::RolledBack { size, signed: before.size });
        }
        let root_then = if before.size == size { *root } else { reader.root_at(before.size)? };
        if root_then != before.root {
            return Err(WitnessError::Damaged { at: CHECKPOINT.to_owned(), fault: "the log does not continue what was signed before" });
        }
        Ok(())
    }

    fn append_all(&self, groups: Vec<Vec<Leaf>>) -> Vec<Result<Range<u64>, WitnessError>> {
        let added = self.turn(|log, state| {
            if state.journal.length() > log.page_bytes {
                state.turn_page(&log.folder)?;
            }
            let (first, mut ranges, mut entries) = (state.edge.size(), Vec::new(), Vec::new());
            for group in &groups {
                let from = first + entries.len() as u64;
                entries.extend(group.iter().zip(from..).map(|(leaf, seq)| leaf.entry(seq)));
                ranges.push(from..first + entries.len() as u64);
            }
            state.append(&log.folder, &entries)?;
            Ok(ranges)
        });
        match added {
            Ok(ranges) => ranges.into_iter().map(Ok).collect(),
            Err(e) => groups.iter().map(|_| Err(e.clone())).collect(),
        }
    }

    /// Takes the folder's lock and catches up with what others have added.
    fn turn<T>(&self, act: impl FnOnce(&Self, &mut State) -> Result<T, WitnessError>) -> Result<T, WitnessError> {
        let mut state = self.locked();
        let _held = disk::hold(&self.lock).map_err(WitnessError::io("lock the log"))?;
        if state.journal.is_old()? {
            *state = State::open(&self.folder)?.0;
        } else {
            state.catch_up(&self.folder)?;
        }
        act(self, &mut state)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(folder: &Path) -> Result<(Self, Opening), WitnessError> {
        let journal = match Journal::open(folder)? {
            Some(journal) => journal,
            None => begin(folder)?,
        };
        let base = journal.base;
        let (edge, is_mended) = Edge::load_or_mend(folder, base)?
            .ok_or_else(|| WitnessError::Damaged { at: "tile".to_owned(), fault: "the tiles are not those of the journal" })?;
        let mut state = Self { journal, edge, unwritten: Vec::new() };
        if is_mended {
            state.write_tiles(folder)?;
        }
        let torn_bytes = state.catch_up(folder)?;
        let size = state.edge.size();
        Ok((state, Opening { size, replayed: size - base.size, torn_bytes, is_mended }))
    }

    /// Reads what others have added, or what was added before a crash, and writes its whole tiles where they are not there.
    fn catch_up(&mut self, folder: &Path) -> Result<u64, WitnessError> {
        let (edge, done) = (&mut self.edge, &mut self.unwritten);
        let torn_bytes = self.journal.read_on(|entry| edge.push(entry, done))?;
        if !self.unwritten.is_empty() {
            self.write_whole(folder).map_err(WitnessError::io("write the tiles"))?;
        }
        Ok(torn_bytes)
    }

    fn append(&mut self, folder: &Path, entries: &[Vec<u8>]) -> Result<(), WitnessError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.journal.append(entries)?;
        entries.iter().for_each(|e| self.edge.push(e, &mut self.unwritten));
        // The group is on the disk. What cannot be written now is written with the next group, or at the next opening.
        let _ = self.write_whole(folder);
        Ok(())
    }

    fn write_whole(&mut self, folder: &Path) -> io::Result<()> {
        while let Some((tile, bytes)) = self.unwritten.last() {
            disk::put(folder, &tile.path(), bytes)?;
            fault::pass(Step::HalfTile)?;
            self.unwritten.pop();
        }
        Ok(())
    }

    fn write_tiles(&mut self, folder: &Path) -> Result<(), WitnessError> {
        let mut write = || {
            self.write_whole(folder)?;
            for (tile, bytes) in self.edge.partials() {
                disk::put(folder, &tile.path(), &bytes)?;
                fault::pass(Step::HalfTile)?;
            }
            Ok(())
        };
        write().map_err(WitnessError::io("write the tiles"))
    }

    /// Waits for all tiles, begins a new page, and removes the partial tiles of those that have become whole.
    fn turn_page(&mut self, folder: &Path) -> Result<(), WitnessError> {
        self.write_tiles(folder)?;
        let wait = disk::sync_all(folder).and_then(|()| fault::pass(Step::Synced));
        wait.map_err(WitnessError::io("wait for the log's disk"))?;
        let old = self.journal.base.size;
        let base = Base { size: self.edge.size(), root: self.edge.root() };
        self.journal = Journal::begin(folder, base)?;
        for kind in std::iter::once(Kind::Entries).chain((0..8).map(Kind::Level)) {
            for index in kind.count(old) / WIDTH..kind.count(base.size) / WIDTH {
                // Left-overs harm nobody: readers look for the whole tile first.
                let _ = std::fs::remove_dir_all(folder.join(Tile { kind, index, width: WIDTH }.partials_path()));
            }
        }
        Ok(())
    }
}

/// The first page of a new log. Tiles without a journal are no new log.
fn begin(folder: &Path) -> Result<Journal, WitnessError> {
    let has_tiles = folder.join("tile").try_exists().map_err(WitnessError::io("look at the log"))?;
    if has_tiles || folder.join(CHECKPOINT).try_exists().map_err(WitnessError::io("look at the log"))? {
        return Err(WitnessError::Damaged { at: "journal".to_owned(), fault: "there are tiles and no journal" });
    }
    let journal = Journal::begin(folder, Base { size: 0, root: crate::tree::empty_root() })?;
    folder.parent().map_or(Ok(()), disk::sync_dir).map_err(WitnessError::io("make the log's folder"))?;
    Ok(journal)
}

/// Pages of another length, so that a test need not fill a long one.
#[cfg(test)]
pub(crate) fn set_page_bytes(log: &mut Log, page_bytes: u64) {
    log.page_bytes = page_bytes;
}
