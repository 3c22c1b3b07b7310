//! How a judge goes about it: how deep it looks, and whom it tells how much it has read.

/// How thoroughly an object is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Inventories, sidecars and our own chain are read and compared; of the content, that each file is there and none beside it.
    Names,
    /// The same, and every byte of the content against every digest that is claimed of it.
    #[default]
    Data,
}

/// Which of the digests that are claimed of a file are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sums {
    /// All of them: what the standard asks of a validator.
    #[default]
    All,
    /// Of files that have a SHA-256 that alone, and all when it differs. It finds the same damage at a fraction of the work; that the
    /// digests of an inventory agree was seen when it was written, and the inventory itself is compared with its own digests.
    Sha256,
}

/// How a judge goes about it.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    /// How deep it looks.
    pub depth: Depth,
    /// Which digests it computes.
    pub sums: Sums,
    /// Told of each piece of content after it was read, in bytes. Whoever wants it slower waits in it.
    pub read: &'a (dyn Fn(u64) + Sync),
}

impl Default for Manner<'_> {
    fn default() -> Self {
        Self { depth: Depth::default(), sums: Sums::default(), read: &|_| {} }
    }
}
