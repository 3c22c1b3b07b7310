//! The Merkle tree of RFC 6962 § 2.1, SHA-256: hashes of leaves and nodes, and its right edge.

use pipeline_domain::Sha256;
use sha2::Digest;

/// Hash of a leaf: SHA-256 over `0x00` and the entry.
pub fn leaf_hash(entry: &[u8]) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hash of a node: SHA-256 over `0x01`, the left child and the right child.
pub fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::new().chain_update([1]).chain_update(left.as_bytes()).chain_update(right.as_bytes()).finalize().into())
}

/// Root of the tree without leaves.
pub fn empty_root() -> Sha256 {
    Sha256::of(b"")
}

/// The right edge of a growing tree: roots of its whole subtrees, the largest first, one for each bit set in its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    size: u64,
    hashes: Vec<Sha256>,
}

impl Peaks {
    /// Adds the next leaf (or the next subtree, when all that were added are of its size).
    pub fn push(&mut self, hash: Sha256) {
        let (mut hash, mut bits) = (hash, self.size);
        while bits & 1 == 1 {
            let left = self.hashes.pop().expect("a peak for each bit of the size");
            hash = node_hash(&left, &hash);
            bits >>= 1;
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// How many were added.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    pub fn root(&self) -> Sha256 {
        fold(&self.hashes).unwrap_or_else(empty_root)
    }

    /// The peaks, the largest first.
    pub(crate) fn hashes(&self) -> &[Sha256] {
        &self.hashes
    }

    /// Peaks over hashes of equal height, from the left.
    pub(crate) fn over(hashes: &[Sha256]) -> Self {
        let mut peaks = Self::default();
        hashes.iter().for_each(|h| peaks.push(*h));
        peaks
    }
}

/// Root over peaks, the largest first. `None` without any.
pub(crate) fn fold(peaks: &[Sha256]) -> Option<Sha256> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The largest power of two below `n`, for `n` of two or more: where RFC 6962 divides a tree.
pub(crate) fn split(n: u64) -> u64 {
    debug_assert!(n > 1);
    1 << (63 - (n - 1).leading_zeros())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The definition, word for word: slow, and for tests only.
    pub(crate) fn root_of(leaves: &[Sha256]) -> Sha256 {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            more => {
                let (left, right) = more.split_at(usize::try_from(split(more.len() as u64)).unwrap());
                node_hash(&root_of(left), &root_of(right))
            }
        }
    }

    pub(crate) fn leaves(n: u64) -> Vec<Sha256> {
        (0..n).map(|i| leaf_hash(format!("leaf {i}").as_bytes())).collect()
    }

    #[test]
    fn published_values() {
        // RFC 6962: the empty tree is SHA-256 of nothing, the empty leaf SHA-256 of one zero byte.
        assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    #[test]
    fn the_edge_has_the_root_of_the_definition() {
        let all = leaves(300);
        for n in 0..=300 {
            assert_eq!(Peaks::over(&all[..n]).root(), root_of(&all[..n]), "{n}");
        }
    }

    #[test]
    fn where_a_tree_divides() {
        for (n, k) in [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1 << 40, 1 << 39), ((1 << 40) + 1, 1 << 40)] {
            assert_eq!(split(n), k, "{n}");
        }
    }
}
