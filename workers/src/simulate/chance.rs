//! Chance that can be had again: each person, plan and file draws from a well of its own, so that one more draw here moves nothing there.

use pipeline_domain::Sha256;
use uuid::Uuid;

/// SplitMix64 (Steele, Lea and Flood 2014), begun from a digest of what it is for.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The well of number `n` of something.
    pub fn of(seed: u64, what: &str, n: u64) -> Self {
        let digest = Sha256::of(format!("{seed}/{what}/{n}").as_bytes());
        let first: [u8; 8] = digest.as_bytes()[..8].try_into().expect("a digest is longer");
        Self(u64::from_be_bytes(first))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("lists are short");
        usize::try_from(self.next() % end).expect("below a list's length")
    }

    /// From `low` to `high`, both of them too.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).expect("the first is the lower");
        low + i64::try_from(self.below(span)).expect("within the span")
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// The id of something that this seed makes up: the same for the same words, and of nothing else.
pub fn id(seed: u64, what: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("arkivflyt simulate {seed} {what}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed| {
            let mut chance = Chance::of(seed, "plan", 3);
            (0..50).map(|_| chance.between(-4, 4)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().all(|n| (-4..=4).contains(n)));
        assert_ne!(id(1, "plan 1"), id(1, "plan 11"));
        assert_eq!(id(7, "plan 1"), id(7, "plan 1"));
    }

    #[test]
    fn percents_are_about_so_many() {
        let mut chance = Chance::of(5, "percent", 0);
        let hits = (0..10_000).filter(|_| chance.percent(25)).count();
        assert!((2_000..3_000).contains(&hits), "{hits}");
        assert!(!(0..100).any(|_| chance.percent(0)));
    }
}
