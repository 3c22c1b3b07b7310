//! Tiles: how the tree and its entries lie in files (C2SP `tlog-tiles`).

use pipeline_domain::Sha256;

use crate::tree::Peaks;

/// Hashes in a whole tile, and entries in a whole bundle.
pub(crate) const WIDTH: u64 = 256;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Entries, each with its length before it.
    Entries,
    /// Hashes of the tree's level `8 × n`.
    Level(u8),
}

impl Kind {
    /// How many hashes (or entries) a tree of this size has here.
    pub(crate) fn count(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Level(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
        }
    }
}

/// Levels that a tree of this size has: at most eight.
pub(crate) fn levels(size: u64) -> impl Iterator<Item = u8> {
    (0..8).take_while(move |level| Kind::Level(*level).count(size) > 0)
}

/// One tile file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    pub(crate) kind: Kind,
    pub(crate) index: u64,
    /// 1 to 256.
    pub(crate) width: u64,
}

impl Tile {
    /// The tile `index` as it is in a tree of this size. `None` where it is empty.
    pub(crate) fn at(kind: Kind, index: u64, size: u64) -> Option<Self> {
        let width = kind.count(size).saturating_sub(index * WIDTH).min(WIDTH);
        (width > 0).then_some(Self { kind, index, width })
    }

    /// The whole one.
    pub(crate) fn whole(self) -> Self {
        Self { width: WIDTH, ..self }
    }

    /// Path below the log's folder: `tile/0/x001/x234/067`, for a partial one `tile/0/x001/x234/067.p/5`.
    pub(crate) fn path(self) -> String {
        let mut path = self.partials_path();
        match self.width {
            WIDTH => path.truncate(path.len() - 2),
            width => path.push_str(&format!("/{width}")),
        }
        path
    }

    /// The folder of its partial ones.
    pub(crate) fn partials_path(self) -> String {
        let mut digits = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            digits = format!("x{:03}/{digits}", rest % 1000);
            rest /= 1000;
        }
        match self.kind {
            Kind::Entries => format!("tile/entries/{digits}.p"),
            Kind::Level(level) => format!("tile/{level}/{digits}.p"),
        }
    }
}

/// Hashes as they stand in a tile.
pub(crate) fn encode_hashes(hashes: &[Sha256]) -> Vec<u8> {
    hashes.iter().flat_map(|h| *h.as_bytes()).collect()
}

/// The first `width` hashes of a tile's bytes. `None` when there are fewer, or a torn one.
pub(crate) fn decode_hashes(bytes: &[u8], width: u64) -> Option<Vec<Sha256>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let wanted = usize::try_from(width).ok()?;
    (rest.is_empty() && hashes.len() >= wanted && hashes.len() <= 256)
        .then(|| hashes[..wanted].iter().map(|h| Sha256::from_bytes(*h)).collect())
}

/// Puts one entry at the end of a bundle. `None` when it is longer than 65,535 bytes.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
    bundle.extend(entry);
    Some(())
}

/// The first `width` entries of a bundle. `None` when there are fewer, or a torn one.
pub(crate) fn decode_entries(bundle: &[u8], width: u64) -> Option<Vec<&[u8]>> {
    let (mut entries, mut rest) = (Vec::new(), bundle);
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        rest = after;
    }
    let wanted = usize::try_from(width).ok()?;
    (entries.len() >= wanted && entries.len() <= 256).then(|| {
        entries.truncate(wanted);
        entries
    })
}

/// Root over a whole tile's hashes, or over the first of them: a count that is a power of two.
pub(crate) fn root_of(hashes: &[Sha256]) -> Sha256 {
    Peaks::over(hashes).root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_specification() {
        let whole = Tile { kind: Kind::Level(0), index: 1_234_067, width: 256 };
        assert_eq!(whole.path(), "tile/0/x001/x234/067");
        assert_eq!(Tile { width: 112, ..whole }.path(), "tile/0/x001/x234/067.p/112");
        assert_eq!(Tile { kind: Kind::Entries, index: 0, width: 256 }.path(), "tile/entries/000");
        assert_eq!(Tile { kind: Kind::Entries, index: 1000, width: 1 }.path(), "tile/entries/x001/000.p/1");
    }

    #[test]
    fn widths_of_the_specification() {
        // The specification's own example: a tree of 70,000.
        let at = |level, index| Tile::at(Kind::Level(level), index, 70_000).map(|t| t.width);
        assert_eq!((at(0, 272), at(0, 273), at(0, 274)), (Some(256), Some(112), None));
        assert_eq!((at(1, 0), at(1, 1), at(1, 2)), (Some(256), Some(17), None));
        assert_eq!((at(2, 0), at(2, 1), at(3, 0)), (Some(1), None, None));
        assert_eq!(levels(70_000).count(), 3);
        assert_eq!((Tile::at(Kind::Level(0), 0, 256).unwrap().width, Tile::at(Kind::Level(1), 0, 256).unwrap().width), (256, 1));
        assert_eq!(levels(0).count(), 0);
        assert_eq!(levels(u64::MAX).count(), 8);
    }

    #[test]
    fn bundles_that_are_torn_are_none() {
        let mut bundle = Vec::new();
        for entry in [&b"one"[..], b"", b"three"] {
            push_entry(&mut bundle, entry).unwrap();
        }
        assert_eq!(decode_entries(&bundle, 3).unwrap(), [&b"one"[..], b"", b"three"]);
        assert_eq!(decode_entries(&bundle, 2).unwrap().len(), 2);
        assert!(decode_entries(&bundle, 4).is_none());
        assert!(decode_entries(&bundle[..bundle.len() - 1], 2).is_none());
        assert!(push_entry(&mut bundle, &vec![0; 65_536]).is_none());
        assert!(decode_hashes(&[0; 65], 2).is_none());
        assert!(decode_hashes(&[0; 64], 3).is_none());
        assert_eq!(decode_hashes(&[0; 64], 1).unwrap().len(), 1);
    }
}
