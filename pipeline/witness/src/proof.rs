//! Inclusion and consistency proofs (RFC 6962 § 2.1.1–2.1.2), made from anything that knows hashes of ranges.

use pipeline_domain::Sha256;

use crate::tree::{node_hash, split};

/// Which ranges of leaves, `(start, end)`, make the proof that leaf `index` stands in a tree of `size`: nearest the leaf first.
/// `None` when the tree has no such leaf.
pub(crate) fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<(u64, u64)>> {
    if index >= size {
        return None;
    }
    let (mut start, mut end, mut ranges) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// Which ranges make the proof that the tree of `new` leaves begins with the tree of `old`. `None` when it cannot, being smaller.
pub(crate) fn consistency_ranges(old: u64, new: u64) -> Option<Vec<(u64, u64)>> {
    if old > new {
        return None;
    }
    let (mut start, mut end, mut ranges, mut whole) = (0, new, Vec::new(), true);
    if old == 0 || old == new {
        return Some(ranges);
    }
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push((start, end));
    }
    ranges.reverse();
    Some(ranges)
}

/// Whether `path` shows that `leaf` stands at `index` in the tree of `size` with this root (RFC 9162 § 2.1.3.2).
pub fn verify_inclusion(leaf: &Sha256, index: u64, size: u64, path: &[Sha256], root: &Sha256) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `path` shows that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162 § 2.1.4.2).
pub fn verify_consistency(old: u64, new: u64, old_root: &Sha256, new_root: &Sha256, path: &[Sha256]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == crate::tree::empty_root();
    }
    let mut path = path.iter();
    // A whole subtree of the new tree is its own proof and is left out of the path.
    let first = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (*first, *first);
    for hash in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            of_old = node_hash(hash, &of_old);
            of_new = node_hash(hash, &of_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = node_hash(&of_new, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{leaves, root_of};

    fn hashes(all: &[Sha256], ranges: &[(u64, u64)]) -> Vec<Sha256> {
        ranges.iter().map(|(a, b)| root_of(&all[usize::try_from(*a).unwrap()..usize::try_from(*b).unwrap()])).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven() {
        let all = leaves(40);
        for size in 1..=40u64 {
            let root = root_of(&all[..size as usize]);
            for index in 0..size {
                let path = hashes(&all, &inclusion_ranges(index, size).unwrap());
                assert!(verify_inclusion(&all[index as usize], index, size, &path, &root), "{index} of {size}");
                assert!(size == 1 || !verify_inclusion(&all[(index as usize + 1) % size as usize], index, size, &path, &root));
                for spoilt in 0..path.len() {
                    let mut path = path.clone();
                    path[spoilt] = leaf_hash_of(spoilt);
                    assert!(!verify_inclusion(&all[index as usize], index, size, &path, &root));
                    path.remove(spoilt);
                    assert!(!verify_inclusion(&all[index as usize], index, size, &path, &root));
                }
            }
            assert!(inclusion_ranges(size, size).is_none());
            assert!(!verify_inclusion(&all[0], size, size, &[], &root));
        }
    }

    #[test]
    fn every_small_tree_begins_with_every_smaller() {
        let all = leaves(40);
        for new in 0..=40u64 {
            let new_root = root_of(&all[..new as usize]);
            for old in 0..=new {
                let old_root = root_of(&all[..old as usize]);
                let path = hashes(&all, &consistency_ranges(old, new).unwrap());
                assert!(verify_consistency(old, new, &old_root, &new_root, &path), "{old} in {new}");
                let other = leaf_hash_of(7);
                assert!(!verify_consistency(old, new, &other, &new_root, &path));
                if old > 0 {
                    assert!(!verify_consistency(old, new, &old_root, &other, &path));
                }
                for spoilt in 0..path.len() {
                    let mut path = path.clone();
                    path[spoilt] = other;
                    assert!(!verify_consistency(old, new, &old_root, &new_root, &path));
                    path.truncate(spoilt);
                    assert!(!verify_consistency(old, new, &old_root, &new_root, &path));
                }
            }
        }
        assert!(consistency_ranges(3, 2).is_none());
        assert!(!verify_consistency(3, 2, &all[0], &all[0], &[]));
    }

    fn leaf_hash_of(n: usize) -> Sha256 {
        crate::tree::leaf_hash(&n.to_be_bytes())
    }
}
