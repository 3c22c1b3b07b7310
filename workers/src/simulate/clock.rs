//! A clock that stands still until it is set.

use std::sync::atomic::{AtomicI64, Ordering};

use pipeline_domain::{Clock, Timestamp};

/// The clock of a simulation.
#[derive(Debug)]
pub struct SteppedClock(AtomicI64);

impl SteppedClock {
    pub fn at(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.unix_seconds()))
    }

    pub fn set(&self, at: Timestamp) {
        self.0.store(at.unix_seconds(), Ordering::Relaxed);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.0.load(Ordering::Relaxed)).expect("it was set to an instant")
    }
}
