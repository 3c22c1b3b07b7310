//! Chance that can be had again.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The seed of `ARKIVFLYT_SEED`, or this one. Printed too.
    pub fn fixed(seed: u64) -> Self {
        let given = std::env::var_os("ARKIVFLYT_SEED").and_then(|s| s.to_str()?.parse().ok());
        let seed = given.unwrap_or(seed);
        eprintln!("ARKIVFLYT_SEED={seed}");
        Self(seed)
    }

    /// The seed of `ARKIVFLYT_SEED`, or one from the system. Printed, so that a failure can be repeated.
    pub fn seeded() -> Self {
        let given = std::env::var_os("ARKIVFLYT_SEED").and_then(|s| s.to_str()?.parse().ok());
        let seed = given.unwrap_or_else(|| {
            use std::hash::{BuildHasher, Hasher};
            std::hash::RandomState::new().build_hasher().finish()
        });
        eprintln!("ARKIVFLYT_SEED={seed}");
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next_u64() % end
    }
}
