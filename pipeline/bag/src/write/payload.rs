//! The files that a bag is made of.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    io::{self, Read},
};

use pipeline_domain::{Sha256, Sha512};

use crate::{BagError, BagPath, names};

/// The digest that a file must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

/// One file of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadFile {
    /// Where it goes, seen from `data/`.
    pub path: BagPath,
    /// Its size.
    pub size_bytes: u64,
    /// Its digest, known beforehand.
    pub expected: Expected,
}

/// The payload, in strictly rising byte order of path. Asked more than once for the same file, and answers the same: so the
/// writer need not remember 70,000 paths.
pub trait Payload {
    /// How many files there are.
    fn count(&self) -> usize;

    /// File number `at`, counted from 0.
    fn file(&self, at: usize) -> PayloadFile;

    /// Opens file number `at` for reading from its beginning. Asked once for each file.
    fn open(&self, at: usize) -> io::Result<Box<dyn Read + '_>>;
}

/// Sum of the sizes, once the order and the names are known to be right.
pub(super) fn check(payload: &impl Payload) -> Result<u64, BagError> {
    if payload.count() == 0 {
        return Err(BagError::NoPayload);
    }
    let mut bytes = 0u64;
    let mut before: Option<BagPath> = None;
    let mut keys = Vec::with_capacity(payload.count());
    for at in 0..payload.count() {
        let file = payload.file(at);
        if before.is_some_and(|before| before >= file.path) {
            return Err(BagError::Order { file: at + 1 });
        }
        bytes = bytes.checked_add(file.size_bytes).ok_or(BagError::Size { file: at + 1 })?;
        keys.push((hash(&names::key(file.path.as_str())), at));
        before = Some(file.path);
    }
    keys.sort_unstable();
    no_collision(payload, &keys)?;
    Ok(bytes)
}

/// Hashes of folded names stand for the names; where two are the same, the names are compared.
fn no_collision(payload: &impl Payload, keys: &[(u64, usize)]) -> Result<(), BagError> {
    let named = |hash: u64, key: &str| {
        let from = keys.partition_point(|(h, _)| *h < hash);
        let same = keys[from..].iter().take_while(move |(h, _)| *h == hash);
        same.map(|(_, at)| *at).filter(|at| names::key(payload.file(*at).path.as_str()) == key).collect::<Vec<_>>()
    };
    for at in 0..payload.count() {
        let key = names::key(payload.file(at).path.as_str());
        let twin = named(hash(&key), &key).into_iter().find(|other| *other != at);
        let folder = || names::folders_above(&key).find_map(|above| named(hash(above), above).into_iter().next());
        if let Some(other) = twin.or_else(folder) {
            return Err(BagError::Collision { file: at.max(other) + 1, other: at.min(other) + 1 });
        }
    }
    Ok(())
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
