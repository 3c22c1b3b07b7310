//! Older inventories against the newest: history may grow, never change (OCFL § 3.7).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    content::join,
    finding::Report,
    inventory::{Block, Inventory},
    paths::version_name,
};

/// Each version's specification is the same as the one before it, or later; the root's is the newest.
pub(super) fn compare_chain(root: &Inventory, older: &[(String, Inventory)], report: &mut Report) {
    let specs: Vec<_> = older.iter().filter_map(|(name, i)| Some((name.as_str(), i.spec?))).chain(root.spec.map(|s| ("", s))).collect();
    for pair in specs.windows(2) {
        if pair[0].1 > pair[1].1 {
            report.add("E103", pair[1].0, "by an older version of the standard than the version before");
        }
    }
}

/// Compares the inventory in version folder `name` with the root's.
pub(super) fn compare(root: &Inventory, name: &str, older: &Inventory, report: &mut Report) {
    let at = join(name, "inventory.json");
    if older.head.as_deref().is_some_and(|head| head != name) {
        report.add("E040", &at, "head is not the version in whose folder the inventory lies");
    }
    if older.id.is_some() && root.id.is_some() && older.id != root.id {
        report.add_all(&["E037", "E110"], &at, "id is not the object's");
    }
    if older.content_name() != root.content_name() {
        report.add_all(&["E019", "E020"], &at, "content directory is not the object's");
    } else if version_name(name).is_some_and(|(n, _)| n == 1) && older.content_directory.is_none() && root.content_directory.is_some() {
        report.add("E019", &at, "content directory is set, but not in the first version");
    }
    let own = version_name(name).map_or(0, |(n, _)| n);
    let expected: BTreeSet<&str> =
        root.versions.iter().map(|(v, _)| v.as_str()).filter(|v| version_name(v).is_some_and(|(n, _)| n <= own)).collect();
    let found: BTreeSet<&str> = older.versions.iter().map(|(v, _)| v.as_str()).collect();
    if expected != found {
        report.add("E066", &at, "not the versions up to its own");
    }
    for (version, block) in &older.versions {
        let Some(newer) = root.block(version) else { continue };
        if !same_state(older, block, root, newer) {
            report.add("E066", &at, "a version's state is not the one that the newest inventory tells");
        }
        let same = |a: &Option<_>, b: &Option<_>| match (a, b) {
            (Some(a), Some(b)) => super::json::Json::same(a, b),
            (None, None) => true,
            _ => false,
        };
        if !(same(&block.created, &newer.created) && same(&block.message, &newer.message) && same(&block.user, &newer.user)) {
            report.add("W011", &at, "time, message or user of a version is told differently in the newest inventory");
        }
    }
}

/// Whether both blocks name the same files with the same content. With one algorithm, digests are compared; with two, the
/// content paths behind them, since every file is also checked by both.
fn same_state(older: &Inventory, block: &Block, root: &Inventory, newer: &Block) -> bool {
    let (old, new) = (by_path(block), by_path(newer));
    if old.len() != new.len() {
        return false;
    }
    if older.algorithm == root.algorithm {
        return old.iter().all(|(path, digest)| new.get(path).is_some_and(|d| d.eq_ignore_ascii_case(digest)));
    }
    let (old_files, new_files) = (by_digest(older), by_digest(root));
    old.iter().all(|(path, digest)| {
        let files =
            |files: &BTreeMap<String, BTreeSet<String>>, digest: &str| files.get(&digest.to_ascii_lowercase()).cloned().unwrap_or_default();
        new.get(path).is_some_and(|d| !files(&old_files, digest).is_disjoint(&files(&new_files, d)))
    })
}

fn by_path(block: &Block) -> BTreeMap<&str, &str> {
    block.state.iter().flat_map(|(digest, paths)| paths.iter().map(move |p| (p.as_str(), digest.as_str()))).collect()
}

fn by_digest(inventory: &Inventory) -> BTreeMap<String, BTreeSet<String>> {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (digest, paths) in &inventory.manifest {
        files.entry(digest.to_ascii_lowercase()).or_default().extend(paths.iter().cloned());
    }
    files
}
