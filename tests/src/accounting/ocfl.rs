//! Is every byte of a folder accounted for? OCFL 1.1: the inventory names every file with its SHA-512, and each version is what it was.

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use sha2::{Digest, Sha512};

use super::{Finding, folder::Folder};
use crate::digest;

/// Holds the inventory against the files.
pub fn judge(folder: &Folder, found: &mut Vec<Finding>) {
    let mut say = |code, what: &str| found.push(Finding::new(code, format!("{}: {what}", folder.place)));
    let head = folder.inventory["head"].as_str().unwrap_or_default();
    let manifest = named(&folder.inventory["manifest"]);
    let fixity = named(&folder.inventory["fixity"]["sha256"]);
    let mut seen = 0;
    for (name, file) in folder.files() {
        let Ok(bytes) = fs::read(&file) else {
            say("file_unreadable", &name);
            continue;
        };
        if name.contains("/content/") {
            seen += 1;
            match manifest.get(name.as_str()) {
                None => say("file_of_nobody", &name),
                Some(expected) if **expected != sha512(&bytes) => say("digest_wrong", &name),
                Some(_) => {}
            }
            if fixity.get(name.as_str()).is_some_and(|expected| **expected != digest(&bytes)) {
                say("digest_wrong", &name);
            }
        } else if name == "inventory.json" {
            let copy = fs::read(folder.root.join(head).join("inventory.json"));
            if copy.ok().as_ref() != Some(&bytes) {
                say("inventory_of_head_differs", head);
            }
            let sidecar = fs::read_to_string(folder.root.join("inventory.json.sha512")).unwrap_or_default();
            if !sidecar.starts_with(&sha512(&bytes)) {
                say("digest_wrong", "inventory.json.sha512");
            }
        }
    }
    if seen < manifest.len() {
        let gone = manifest.keys().filter(|name| !folder.root.join(name).is_file());
        gone.for_each(|name| say("file_missing", name));
    }
}

/// Paths with their digests, turned around.
fn named(block: &Value) -> BTreeMap<&str, &String> {
    let pairs = block.as_object().into_iter().flatten();
    pairs.flat_map(|(digest, names)| names.as_array().into_iter().flatten().filter_map(move |n| Some((n.as_str()?, digest)))).collect()
}

fn sha512(bytes: &[u8]) -> String {
    Sha512::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
