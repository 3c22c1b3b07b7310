//! How much is looked at before we say that it is too much.

/// Bounds of memory and work. What lies beyond is a finding (`X.03`, `X.08`), never a crash.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Files and folders of the extract.
    pub entries: usize,
    /// Bytes of all their paths together.
    pub name_bytes: usize,
    /// Folders within folders.
    pub folder_depth: usize,
    /// Elements within elements.
    pub xml_depth: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Bytes of one tag, text or comment.
    pub markup_bytes: u64,
    /// Units with a systemID, and other things that must be remembered until the end.
    pub units: usize,
    /// Bytes of one XML Schema, and of `arkivuttrekk.xml`.
    pub small_file_bytes: u64,
    /// Findings of one rule that are listed; all are counted. The national tool lists 100.
    pub findings_per_rule: usize,
    /// Document files that are read at the same time, and so also files that are open. 0: one for each processor, at most 8.
    pub readers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            name_bytes: 256 << 20,
            folder_depth: 64,
            xml_depth: 64,
            attributes: 64,
            markup_bytes: 4 << 20,
            units: 8_000_000,
            small_file_bytes: 4 << 20,
            findings_per_rule: 100,
            readers: 0,
        }
    }
}
