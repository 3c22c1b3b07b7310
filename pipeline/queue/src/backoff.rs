//! Waiting longer after each failure.

use std::time::Duration;

use pipeline_domain::{NextStep, Timestamp, Verdict};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// How long to wait after each failure, and for how long in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Vec<Duration>,
    then_every: Duration,
    for_up_to: Duration,
}

/// `outbox.retry` of DOMAIN § 9: after 1, 5, 15 and 60 minutes, then hourly to 48 hours.
impl Default for Backoff {
    fn default() -> Self {
        Self { first: vec![MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR], then_every: HOUR, for_up_to: 48 * HOUR }
    }
}

/// What has failed so far, the failure at hand included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many, from 1.
    pub count: u32,
    /// When the first one was.
    pub first_at: Timestamp,
}

/// Spreads work that failed together. The same id gives the same seed on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// From the id of what failed (FNV-1a, then mixed so that neighbouring ids lie far apart).
    pub fn of(id: &str) -> Self {
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(mixed ^ (mixed >> 29))
    }

    /// A number from another source.
    pub fn from_number(n: u64) -> Self {
        Self(n)
    }
}

/// Jitter is at most this part of the wait, and only ever makes it longer.
const JITTER_PART: u32 = 10;

impl Backoff {
    /// Waits of one's own, such as seconds in a demo. `first` are the waits after the first failures, in rising order;
    /// `then_every` is not shorter than the last of them; nothing is tried later than `for_up_to` after the first failure.
    ///
    /// A wait that is shorter than the one before is raised to it.
    pub fn new(first: &[Duration], then_every: Duration, for_up_to: Duration) -> Self {
        let mut longest = Duration::ZERO;
        let mut rising = |d: Duration| {
            longest = longest.max(d);
            longest
        };
        let first: Vec<Duration> = first.iter().map(|d| rising(*d)).collect();
        let then_every = rising(then_every);
        Self { first, then_every, for_up_to }
    }

    /// The wait after the `count`-th failure (from 1), to the second. Never shorter than after the failure before.
    pub fn wait(&self, count: u32, seed: Seed) -> Duration {
        let place = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
        let base = self.first.get(place).copied().unwrap_or(self.then_every);
        // One seed stretches every wait by the same part: waits of one id stay in order.
        let thousandths = u32::try_from(seed.0 % 1001).expect("less than 1001");
        let jitter = base / JITTER_PART * thousandths / 1000;
        Duration::from_secs((base + jitter).as_secs())
    }

    /// What becomes of work that failed at `now`: tried again after [`wait`](Self::wait), or left for a person when trying
    /// again cannot help or its time is up.
    pub fn next_step(&self, verdict: Verdict, failures: Failures, now: Timestamp, seed: Seed) -> NextStep {
        match verdict {
            Verdict::GiveUp => NextStep::Failed,
            Verdict::Retry => self.retry_at(failures, now, seed).map_or(NextStep::Failed, NextStep::RetryAt),
        }
    }

    fn retry_at(&self, failures: Failures, now: Timestamp, seed: Seed) -> Option<Timestamp> {
        let at = now.unix_seconds().checked_add(seconds(self.wait(failures.count, seed)))?;
        let last = failures.first_at.unix_seconds().checked_add(seconds(self.for_up_to))?;
        if at <= last { Timestamp::from_unix_seconds(at) } else { None }
    }
}

fn seconds(d: Duration) -> i64 {
    i64::try_from(d.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NO_JITTER: Seed = Seed(0);

    fn at(s: i64) -> Timestamp {
        Timestamp::from_unix_seconds(s).unwrap()
    }

    #[test]
    fn default_waits_are_those_of_the_domain_page() {
        let b = Backoff::default();
        let minutes: Vec<u64> = (1..=7).map(|n| b.wait(n, NO_JITTER).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 5, 15, 60, 60, 60, 60]);
    }

    #[test]
    fn gives_up_at_once_when_retrying_cannot_help() {
        let step = Backoff::default().next_step(Verdict::GiveUp, Failures { count: 1, first_at: at(0) }, at(0), NO_JITTER);
        assert_eq!(step, NextStep::Failed);
    }

    #[test]
    fn tries_for_48_hours_and_no_longer() {
        let b = Backoff::default();
        let (mut now, mut count) = (at(1_000_000), 1);
        while let NextStep::RetryAt(next) = b.next_step(Verdict::Retry, Failures { count, first_at: at(1_000_000) }, now, NO_JITTER) {
            (now, count) = (next, count + 1);
        }
        let tried_for = now.unix_seconds() - 1_000_000;
        assert!((47 * 3600..=48 * 3600).contains(&tried_for), "{tried_for} s");
        // 1 + 5 + 15 + 60 minutes, then 46 full hours fit: 50 retries after the first failure.
        assert_eq!(count, 51);
    }

    #[test]
    fn seeds_spread() {
        let b = Backoff::default();
        let waits: std::collections::BTreeSet<u64> =
            (0..200).map(|n| b.wait(4, Seed::of(&format!("minutes_ready:{n}"))).as_secs()).collect();
        assert!(waits.len() > 100, "only {} different waits", waits.len());
        assert_eq!(Seed::of("a"), Seed::of("a"));
    }

    proptest! {
        #[test]
        fn waits_rise_and_are_bounded(seed: u64, count in 1u32..200_000) {
            let (b, seed) = (Backoff::default(), Seed::from_number(seed));
            let (now, next) = (b.wait(count, seed), b.wait(count + 1, seed));
            prop_assert!(now <= next);
            prop_assert!(now >= MINUTE && next <= HOUR + HOUR / JITTER_PART);
        }

        #[test]
        fn a_retry_is_later_than_now_and_within_its_time(seed: u64, count in 1u32..1000, first in 0i64..4_000_000_000, since in 0i64..400_000) {
            let failures = Failures { count, first_at: at(first) };
            match Backoff::default().next_step(Verdict::Retry, failures, at(first + since), Seed::from_number(seed)) {
                NextStep::RetryAt(next) => {
                    prop_assert!(next > at(first + since));
                    prop_assert!(next.unix_seconds() - first <= 48 * 3600);
                }
                NextStep::Failed => prop_assert!(since + 66 * 60 > 48 * 3600),
            }
        }

        #[test]
        fn waits_of_ones_own_rise_too(steps in proptest::collection::vec(0u64..10_000, 0..8), then in 0u64..10_000, seed: u64) {
            let steps: Vec<Duration> = steps.into_iter().map(Duration::from_secs).collect();
            let b = Backoff::new(&steps, Duration::from_secs(then), HOUR);
            for n in 1..12 {
                prop_assert!(b.wait(n, Seed::from_number(seed)) <= b.wait(n + 1, Seed::from_number(seed)));
            }
        }

        #[test]
        fn any_instant_is_answered(count: u32, first in -62_000_000_000i64..200_000_000_000, now in -62_000_000_000i64..200_000_000_000) {
            let step = Backoff::default().next_step(Verdict::Retry, Failures { count, first_at: at(first) }, at(now), NO_JITTER);
            if let NextStep::RetryAt(next) = step {
                prop_assert!(next > at(now));
            }
        }
    }
}
