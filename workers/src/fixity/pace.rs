//! No faster than this: whoever has read a piece waits until it may read the next.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What was not read in a second is not read later.
const MOST_SAVED: Duration = Duration::from_secs(1);

/// Bytes a second, for all threads together.
#[derive(Debug)]
pub struct Pace {
    bytes_per_s: Option<f64>,
    /// When the next piece may be read.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many MiB a second, or as fast as it goes.
    pub fn of(mib_per_s: Option<u32>) -> Self {
        Self { bytes_per_s: mib_per_s.map(|mib| f64::from(mib) * 1024.0 * 1024.0), next: Mutex::new(None) }
    }

    /// A piece was read. Waits as long as it must.
    pub fn read(&self, bytes: u64) {
        let wait = self.wait(bytes, Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }

    fn wait(&self, bytes: u64, now: Instant) -> Duration {
        let Some(rate) = self.bytes_per_s else { return Duration::ZERO };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let from = next.unwrap_or(now).max(now.checked_sub(MOST_SAVED).unwrap_or(now));
        let until = from + Duration::from_secs_f64(bytes as f64 / rate);
        *next = Some(until);
        until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn pieces_are_spread_over_time() {
        let (pace, now) = (Pace::of(Some(2)), Instant::now());
        let later = |ms| now + Duration::from_millis(ms);
        assert_eq!(pace.wait(MIB, now), Duration::from_millis(500));
        assert_eq!(pace.wait(MIB, now), Duration::from_secs(1), "two threads share it");
        assert_eq!(pace.wait(MIB, later(1000)), Duration::from_millis(500));
        // A slow disk saves one second at most.
        assert_eq!(pace.wait(4 * MIB, later(60_000)), Duration::from_secs(1));
        assert_eq!(Pace::of(None).wait(u64::MAX, now), Duration::ZERO);
    }
}
