//! References that can be judged when everything has been seen.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::Keys;
use crate::Unit;

/// Half a SHA-256 of a systemID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub u128);

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

/// A key is a digest already.
#[derive(Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Each target with the first unit that refers to it.
type Targets = HashMap<Key, Unit, BuildHasherDefault<KeyHasher>>;

/// What was referred to, and what may be.
#[derive(Default)]
pub struct References {
    pub classes: Keys,
    /// Arkivdeler in which something refers to an arkivdel: the only ones that the national tool takes as targets.
    pub series_in_use: Keys,
    pub to_series: Targets,
    pub to_classes: Targets,
}

impl References {
    pub fn len(&self) -> usize {
        self.classes.len() + self.to_series.len() + self.to_classes.len()
    }
}
