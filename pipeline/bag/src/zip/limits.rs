//! How much is too much.

/// Limits on what we are handed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files in a folder or entries in a zip.
    pub entries: usize,
    /// Bytes of one unpacked entry.
    pub entry_bytes: u64,
    /// Bytes of all unpacked entries together.
    pub total_bytes: u64,
    /// How many times its size in the zip an entry may unpack to; entries up to 1 MiB may do as they like. Ordinary text
    /// stays below 50, deflate ends at 1,032.
    pub ratio: u64,
    /// Bytes of one manifest or other tag file, which is read into memory.
    pub tag_file_bytes: u64,
}

impl Default for Limits {
    /// 100,000 files, 8 GiB each, 64 GiB together, 200 times, 64 MiB.
    fn default() -> Self {
        Self { entries: 100_000, entry_bytes: 8 << 30, total_bytes: 64 << 30, ratio: 200, tag_file_bytes: 64 << 20 }
    }
}

impl Limits {
    /// Below this an entry may unpack to any number of times its size.
    pub(super) const RATIO_FROM: u64 = 1 << 20;
    /// Most bytes of directory per entry that are read: a name of the greatest sensible length and some extra fields.
    const DIRECTORY_ENTRY: u64 = 2_048;

    /// Most bytes that are read to learn which entries there are.
    pub(super) fn directory_bytes(&self) -> u64 {
        (self.entries as u64).saturating_mul(Self::DIRECTORY_ENTRY).saturating_add(1 << 20)
    }
}
