//! The right edge: what is not yet in whole tiles. A few hundred hashes a level, however long the log.

use std::{fs, io, path::Path};

use pipeline_domain::Sha256;

use crate::{
    WitnessError, disk,
    journal::Base,
    tile::{self, Kind, Tile, WIDTH},
    tree::{Peaks, empty_root, fold, leaf_hash},
};

/// Bytes of a tile's file.
pub(crate) type TileFile = (Tile, Vec<u8>);

/// The partial tiles of a tree of some size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edge {
    size: u64,
    bundle: Vec<u8>,
    levels: Vec<Vec<Sha256>>,
}

impl Edge {
    /// Leaves of the tree.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry of at most 65,535 bytes. Tiles that it makes whole are put into `done`.
    pub(crate) fn push(&mut self, entry: &[u8], done: &mut Vec<TileFile>) {
        tile::push_entry(&mut self.bundle, entry).expect("the journal takes no longer entry");
        let mut hash = leaf_hash(entry);
        let index = self.size / WIDTH;
        self.size += 1;
        if self.size.is_multiple_of(WIDTH) {
            done.push((Tile { kind: Kind::Entries, index, width: WIDTH }, std::mem::take(&mut self.bundle)));
        }
        for level in 0u8.. {
            if self.levels.len() == usize::from(level) {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[usize::from(level)];
            hashes.push(hash);
            if hashes.len() as u64 != WIDTH {
                return;
            }
            hash = tile::root_of(hashes);
            let kind = Kind::Level(level);
            let index = kind.count(self.size) / WIDTH - 1;
            done.push((Tile { kind, index, width: WIDTH }, tile::encode_hashes(&std::mem::take(hashes))));
        }
    }

    /// Root of the tree.
    pub(crate) fn root(&self) -> Sha256 {
        let peaks: Vec<Sha256> = self.levels.iter().rev().flat_map(|hashes| Peaks::over(hashes).hashes().to_vec()).collect();
        fold(&peaks).unwrap_or_else(empty_root)
    }

    /// The partial tiles.
    pub(crate) fn partials(&self) -> Vec<TileFile> {
        let partial = |kind: Kind| Tile::at(kind, kind.count(self.size) / WIDTH, self.size);
        let levels = self.levels.iter().enumerate().filter_map(|(level, hashes)| {
            let kind = Kind::Level(u8::try_from(level).ok()?);
            Some((partial(kind)?, tile::encode_hashes(hashes)))
        });
        partial(Kind::Entries).map(|t| (t, self.bundle.clone())).into_iter().chain(levels).collect()
    }

    /// The edge of this tree, and whether its partial tiles had to be worked out anew. `None` when the tiles are of another tree.
    pub(crate) fn load_or_mend(folder: &Path, base: Base) -> Result<Option<(Self, bool)>, WitnessError> {
        let is_right = |edge: &Self| edge.root() == base.root;
        if let Some(edge) = Self::load(folder, base.size)?.filter(is_right) {
            return Ok(Some((edge, false)));
        }
        Ok(Self::mend(folder, base.size)?.filter(is_right).map(|edge| (edge, true)))
    }

    /// Read from the tiles of a tree of this size. `None` when one of them is missing or torn.
    pub(crate) fn load(folder: &Path, size: u64) -> Result<Option<Self>, WitnessError> {
        let mut edge = Self { size, ..Self::default() };
        if let Some(tile) = Tile::at(Kind::Entries, size / WIDTH, size) {
            let Some(bundle) = read_bundle(folder, tile)? else { return Ok(None) };
            edge.bundle = bundle;
        }
        for level in tile::levels(size) {
            let kind = Kind::Level(level);
            let hashes = match Tile::at(kind, kind.count(size) / WIDTH, size) {
                Some(tile) => read_hashes(folder, tile)?,
                None => Some(Vec::new()),
            };
            let Some(hashes) = hashes else { return Ok(None) };
            edge.levels.push(hashes);
        }
        Ok(Some(edge))
    }

    /// Worked out anew: the lowest level from the entries, each higher one from whole tiles of the level below.
    pub(crate) fn mend(folder: &Path, size: u64) -> Result<Option<Self>, WitnessError> {
        let mut edge = Self { size, ..Self::default() };
        for level in tile::levels(size) {
            let kind = Kind::Level(level);
            let mut hashes = Vec::new();
            let first = kind.count(size) / WIDTH * WIDTH;
            if level == 0 {
                if let Some(tile) = Tile::at(Kind::Entries, size / WIDTH, size) {
                    let Some(bundle) = read_bundle(folder, tile)? else { return Ok(None) };
                    hashes = tile::decode_entries(&bundle, tile.width).unwrap_or_default().into_iter().map(leaf_hash).collect();
                    edge.bundle = bundle;
                }
            } else {
                for index in first..kind.count(size) {
                    let whole = Tile { kind: Kind::Level(level - 1), index, width: WIDTH };
                    let Some(below) = read_hashes(folder, whole)? else { return Ok(None) };
                    hashes.push(tile::root_of(&below));
                }
            }
            edge.levels.push(hashes);
        }
        Ok(Some(edge))
    }
}

/// The hashes of a tile, from it or from one that has more. `None` when none of them is whole.
pub(crate) fn read_hashes(folder: &Path, wanted: Tile) -> Result<Option<Vec<Sha256>>, WitnessError> {
    read(folder, wanted, |bytes| tile::decode_hashes(bytes, wanted.width))
}

/// The bundle of a tile, cut to its width.
pub(crate) fn read_bundle(folder: &Path, wanted: Tile) -> Result<Option<Vec<u8>>, WitnessError> {
    read(folder, wanted, |bytes| {
        let entries = tile::decode_entries(bytes, wanted.width)?;
        let length: usize = entries.iter().map(|e| e.len() + 2).sum();
        Some(bytes[..length].to_vec())
    })
}

fn read<T>(folder: &Path, wanted: Tile, decode: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, WitnessError> {
    let read = |tile: Tile| disk::read_if_there(&folder.join(tile.path())).map_err(WitnessError::io("read a tile"));
    for tile in [wanted, wanted.whole()] {
        if let Some(found) = read(tile)?.as_deref().and_then(&decode) {
            return Ok(Some(found));
        }
    }
    for width in widths(&folder.join(wanted.partials_path())).map_err(WitnessError::io("list partial tiles"))? {
        if width <= wanted.width {
            continue;
        }
        if let Some(found) = read(Tile { width, ..wanted })?.as_deref().and_then(&decode) {
            return Ok(Some(found));
        }
    }
    // Gone between the listing and the reading: then it is whole by now.
    Ok(read(wanted.whole())?.as_deref().and_then(&decode))
}

fn widths(folder: &Path) -> io::Result<Vec<u64>> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let names = listing.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(names.filter(|w| (1..WIDTH).contains(w)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &Path, files: Vec<TileFile>) {
        for (tile, bytes) in files {
            disk::put(folder, &tile.path(), &bytes).unwrap();
        }
    }

    #[test]
    fn grows_as_the_definition_says_and_is_read_back_at_any_size() {
        let dir = tempfile::tempdir().unwrap();
        let (mut edge, mut peaks) = (Edge::default(), Peaks::default());
        let mut roots = std::collections::HashMap::new();
        for n in 0..70_000u64 {
            let entry = n.to_be_bytes();
            let mut done = Vec::new();
            edge.push(&entry, &mut done);
            peaks.push(leaf_hash(&entry));
            store(dir.path(), done);
            if [300, 69_990].contains(&(n + 1)) {
                roots.insert(n + 1, peaks.root());
            }
            if [1, 2, 255, 256, 257, 511, 512, 5_000, 65_535, 65_536, 65_537, 70_000].contains(&(n + 1)) {
                store(dir.path(), edge.partials());
                assert_eq!(edge.root(), peaks.root(), "{n}");
                assert_eq!(Edge::load(dir.path(), n + 1).unwrap().unwrap(), edge, "{n}");
                assert_eq!(Edge::mend(dir.path(), n + 1).unwrap().unwrap(), edge, "{n}");
            }
        }
        // Sizes whose own partial tiles were never written are read from larger ones.
        for (size, root) in roots {
            assert_eq!(Edge::load(dir.path(), size).unwrap().unwrap().root(), root, "{size}");
        }
        assert_eq!(Edge::load(dir.path(), 70_001).unwrap(), None);
        assert_eq!(Edge::default().root(), empty_root());
    }
}
