//! Files on disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};

/// Files below a folder with their digests, by path from the folder.
pub type Tree = BTreeMap<String, String>;

/// Every file below a folder, however deep, sorted. Links and pipes count as files and are not followed.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let entry = entry.expect("an entry can be read");
            if entry.file_type().expect("an entry has a type").is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

/// SHA-256 in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Digest of every file below a folder; empty when there is no folder.
pub fn tree(folder: &Path) -> Tree {
    if !folder.exists() {
        return Tree::new();
    }
    let name = |p: &Path| p.strip_prefix(folder).expect("it lies below").display().to_string();
    files_below(folder).iter().map(|p| (name(p), digest(&fs::read(p).unwrap_or_else(|e| panic!("{}: {e}", p.display()))))).collect()
}

/// Copies a folder with everything in it; the copies can be written to.
pub fn copy_folder(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(to).expect("a folder can be made");
    let mode = fs::metadata(from).expect("it is there").permissions().mode();
    fs::set_permissions(to, fs::Permissions::from_mode(mode | 0o700)).expect("its mode can be set");
    for entry in fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}", from.display())) {
        let entry = entry.expect("an entry can be read");
        let place = to.join(entry.file_name());
        if entry.file_type().expect("an entry has a type").is_dir() {
            copy_folder(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), &place).expect("a file can be copied");
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        }
    }
}

/// Makes a file look as if it was last written at this time, in RFC 3339. For whoever runs with a set clock.
pub fn set_written(path: &Path, at: &str) {
    let at = chrono::DateTime::parse_from_rfc3339(at).expect("a time in RFC 3339");
    let file = fs::File::options().write(true).open(path).expect("it can be opened");
    file.set_modified(at.into()).expect("its time can be set");
}

/// Makes a file look as if it was last written so long ago.
pub fn set_age(path: &Path, age: Duration) {
    let file = fs::File::options().write(true).open(path).expect("it can be opened");
    let now = file.metadata().and_then(|m| m.modified()).expect("it has a time");
    file.set_modified(now - age).expect("its time can be set");
}
