//! Waiting for a store that is away: longer after each error, and one line in the log when it begins and when it ends.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pipeline_domain::Verdict;
use pipeline_store::StoreError;
use tokio::time::Instant;

use super::figures;

/// The name of the call that frees jobs.
pub(super) const RESCUE: &str = "free the jobs of dead workers";
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Default)]
struct State {
    /// Calls that failed when last made, and how often in a row.
    failing: BTreeMap<&'static str, u32>,
    since: Option<Instant>,
    errors: u64,
    /// When the last trouble ended.
    well_since: Option<Instant>,
}

impl State {
    /// Whether nothing fails but, perhaps, the rescue: it waits for all others, and must not wait for itself.
    fn is_well(&self) -> bool {
        self.failing.keys().all(|call| *call == RESCUE)
    }
}

/// One for all calls of a runner: an outage that hits all of them is one outage.
#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Awaits a call, named `what`, no longer than `within`. An error is noted and becomes the wait before the next try.
    ///
    /// A call that is cut off may have been carried out.
    pub(super) async fn ask<T>(
        &self,
        what: &'static str,
        within: Duration,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Duration> {
        match tokio::time::timeout(within, call).await {
            Ok(Ok(answer)) => {
                self.worked(what);
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.failed(what, &error)),
            Err(_) => Err(self.failed(what, &StoreError::Unavailable { doing: what, source: "no answer in time".into() })),
        }
    }

    fn worked(&self, what: &'static str) {
        let mut state = self.state();
        if state.failing.remove(what).is_none() {
            return;
        }
        if what != RESCUE && state.is_well() {
            state.well_since = Some(Instant::now());
        }
        if !state.failing.is_empty() {
            return;
        }
        let lasted = state.since.take().map(|since| since.elapsed()).unwrap_or_default();
        let errors = std::mem::take(&mut state.errors);
        drop(state);
        tracing::info!(duration_ms = millis(lasted), errors, "the store answers again");
    }

    fn failed(&self, what: &'static str, error: &StoreError) -> Duration {
        figures::store_error();
        let mut state = self.state();
        let begins = state.failing.is_empty();
        let row = state.failing.entry(what).or_default();
        let wait = FIRST_WAIT.saturating_mul(1 << (*row).min(8)).min(LONGEST_WAIT);
        *row = row.saturating_add(1);
        state.errors += 1;
        if begins {
            state.since = Some(Instant::now());
            drop(state);
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            match error.verdict() {
                Verdict::Retry => tracing::warn!(code = error.code().id(), error = %error, cause, "the store is away; work waits for it"),
                Verdict::GiveUp => {
                    tracing::error!(code = error.code().id(), error = %error, cause, "the store refuses to work; work waits")
                }
            }
        }
        wait
    }

    /// Whether this call failed when last made.
    pub(super) fn is_failing(&self, what: &'static str) -> bool {
        self.state().failing.contains_key(what)
    }

    /// Whether nothing fails now, and nothing has for `long`. The rescue itself does not count.
    pub(super) fn is_well_for(&self, long: Duration) -> bool {
        let state = self.state();
        state.is_well() && state.well_since.is_none_or(|since| since.elapsed() >= long)
    }
}

pub(super) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> StoreError {
        StoreError::Unavailable { doing: "claim jobs", source: "gone".into() }
    }

    #[test]
    fn waits_double_to_five_seconds_and_start_anew() {
        let breaker = Breaker::default();
        let waits: Vec<u64> = (0..7).map(|_| millis(breaker.failed("claim", &away()))).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!(breaker.is_failing("claim"));
        breaker.worked("claim");
        assert!(!breaker.is_failing("claim"));
        assert_eq!(millis(breaker.failed("claim", &away())), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn is_well_again_only_when_nothing_fails_and_only_after_a_while() {
        let breaker = Breaker::default();
        let second = Duration::from_secs(1);
        assert!(breaker.is_well_for(second), "nothing has ever failed");
        breaker.failed("claim", &away());
        breaker.failed("settle", &away());
        breaker.worked("claim");
        tokio::time::advance(3 * second).await;
        assert!(!breaker.is_well_for(second), "settling still fails");
        breaker.worked("settle");
        assert!(!breaker.is_well_for(second));
        tokio::time::advance(second).await;
        assert!(breaker.is_well_for(second));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rescue_that_failed_is_tried_again() {
        let breaker = Breaker::default();
        let second = Duration::from_secs(1);
        breaker.failed("claim", &away());
        breaker.failed(RESCUE, &away());
        assert!(!breaker.is_well_for(Duration::ZERO), "claims still fail");
        breaker.worked("claim");
        assert!(!breaker.is_well_for(second), "the others get their time");
        tokio::time::advance(second).await;
        assert!(breaker.is_well_for(second), "it does not wait for itself");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_never_answers_is_an_error() {
        let breaker = Breaker::default();
        let call = breaker.ask::<()>("claim", Duration::from_secs(60), std::future::pending());
        assert_eq!(call.await, Err(FIRST_WAIT));
    }
}
