//! A proof that stands alone: leaf, path and checkpoint in one text (C2SP `tlog-proof`).

use pipeline_domain::Sha256;

use crate::{
    Checkpoint, Leaf, WitnessError,
    proof::verify_inclusion,
    text::{base64, from_base64_any, hash_from_base64, number},
    tree::leaf_hash,
};

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// Shows that an entry stands in the log that a checkpoint signs. Its signatures are for `KeyHistory::judge`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Number of the leaf.
    pub index: u64,
    /// The entry, letter for letter.
    pub entry: Vec<u8>,
    /// Hashes from the leaf's sibling up.
    pub path: Vec<Sha256>,
    /// What it is proven against.
    pub checkpoint: Checkpoint,
}

impl Proof {
    /// Whether entry, path and root belong together.
    pub fn leads_to_root(&self) -> bool {
        verify_inclusion(&leaf_hash(&self.entry), self.index, self.checkpoint.size, &self.path, &self.checkpoint.root)
    }

    /// What the entry says. An error also when it gives itself another number than the proof does.
    pub fn leaf(&self) -> Result<Leaf, WitnessError> {
        let (seq, leaf) = Leaf::parse(&self.entry)?;
        (seq == self.index).then_some(leaf).ok_or(WitnessError::Malformed { what: "leaf of this number" })
    }

    /// As a file `….tlog-proof`. The entry stands in it as extra data, which the specification leaves unproven: we hash it.
    pub fn print(&self) -> String {
        let mut out = format!("{HEAD}\nextra {}\nindex {}\n", base64(&self.entry), self.index);
        self.path.iter().for_each(|h| out.push_str(&format!("{}\n", base64(h.as_bytes()))));
        format!("{out}\n{}", self.checkpoint.note())
    }

    /// Reads such a file. Not verified by that.
    pub fn parse(text: &str) -> Result<Self, WitnessError> {
        parse(text).ok_or(WitnessError::Malformed { what: "log proof" })
    }
}

fn parse(text: &str) -> Option<Proof> {
    let (head, note) = text.split_once("\n\n")?;
    let mut lines = head.split('\n');
    if lines.next()? != HEAD {
        return None;
    }
    let entry = from_base64_any(lines.next()?.strip_prefix("extra ")?)?;
    let index = number(lines.next()?.strip_prefix("index ")?)?;
    let path: Vec<Sha256> = lines.map(hash_from_base64).collect::<Option<_>>()?;
    (path.len() <= 63).then_some(())?;
    Some(Proof { index, entry, path, checkpoint: Checkpoint::parse(note).ok()? })
}
