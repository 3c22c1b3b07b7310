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

/// How a judge goes about it.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    /// How deep it looks.
    pub depth: Depth,
    /// Told of each piece of content after it was read, in bytes. Whoever wants it slower waits in it.
    pub read: &'a (dyn Fn(u64) + Sync),
}

impl Default for Manner<'_> {
    fn default() -> Self {
        Self { depth: Depth::default(), read: &|_| {} }
    }
}
