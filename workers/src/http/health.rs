//! Whether the process lives, and whether it can do its work.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use pipeline_domain::ErrorCode;
use serde::Serialize;
use tokio::time::timeout;

use super::About;
use crate::metrics::{Figures, Metrics};

/// A check that has not answered by then has failed.
const CHECK_LIMIT: Duration = Duration::from_secs(1);

/// An answer is good for so long: the database is not asked more often, however many ask us.
const CHECK_AGE: Duration = Duration::from_secs(1);

/// What a probe answers, when it is done.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ErrorCode>> + Send + 'a>>;

/// What health asks of the rest of the process. Each answer may take its time: the asker does not wait longer than a second
/// (figures: five), and drops the future then.
pub trait Probe: Send + Sync + 'static {
    /// Does the database answer? A short query, not a look at the pool.
    fn database(&self) -> Answer<'_, ()>;
    /// Is its schema the one that this program knows?
    fn schema(&self) -> Answer<'_, ()>;
    /// Can the archive folder be written to? See [`FolderProbe`](super::FolderProbe).
    fn archive(&self) -> Answer<'_, ()>;
    /// The store in numbers.
    fn figures(&self) -> Answer<'_, Figures>;
}

/// The loops of this process. A clone is another handle on the same list.
#[derive(Clone, Debug)]
pub struct Pulses {
    began: Instant,
    loops: Arc<Mutex<Vec<Arc<Beating>>>>,
}

#[derive(Debug)]
struct Beating {
    name: &'static str,
    limit: Duration,
    /// Milliseconds after `began`.
    last_ms: AtomicU64,
}

/// One loop's own handle. A loop that goes away without [`Pulse::end`] is late for ever, which is what a panic should look like.
#[derive(Debug)]
pub struct Pulse {
    of: Pulses,
    beating: Arc<Beating>,
}

impl Pulses {
    /// None yet.
    pub fn new() -> Self {
        Self { began: Instant::now(), loops: Arc::default() }
    }

    /// A loop that promises to beat at least every `limit`. It has beaten now.
    pub fn begin(&self, name: &'static str, limit: Duration) -> Pulse {
        let beating = Arc::new(Beating { name, limit, last_ms: AtomicU64::new(self.ms(Instant::now())) });
        self.loops.lock().expect("nobody panics while holding this lock").push(beating.clone());
        Pulse { of: self.clone(), beating }
    }

    /// A loop that has not beaten for more than twice its limit; the one that is longest over it.
    pub fn late(&self) -> Option<&'static str> {
        self.late_at(Instant::now())
    }

    fn late_at(&self, now: Instant) -> Option<&'static str> {
        let now_ms = self.ms(now);
        let over = |b: &Beating| {
            let silent = Duration::from_millis(now_ms.saturating_sub(b.last_ms.load(Ordering::Relaxed)));
            silent.checked_sub(2 * b.limit).filter(|over| !over.is_zero())
        };
        let loops = self.loops.lock().expect("nobody panics while holding this lock");
        loops.iter().filter_map(|b| Some((over(b)?, b.name))).max().map(|(_, name)| name)
    }

    fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for Pulses {
    fn default() -> Self {
        Self::new()
    }
}

impl Pulse {
    /// Still here.
    pub fn beat(&self) {
        self.beating.last_ms.store(self.of.ms(Instant::now()), Ordering::Relaxed);
    }

    /// The loop has come to its end in good order.
    pub fn end(self) {
        self.of.loops.lock().expect("nobody panics while holding this lock").retain(|b| !Arc::ptr_eq(b, &self.beating));
    }
}

/// One line of `/readyz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub check: &'static str,
    pub ok: bool,
    /// An error code, `timed_out` or `draining`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// What the page tells about. A clone is another handle on the same state.
#[derive(Clone)]
pub struct HealthState(Arc<Inner>);

struct Inner {
    probe: Box<dyn Probe>,
    pulses: Pulses,
    metrics: Arc<Metrics>,
    about: About,
    draining: AtomicBool,
    checked: tokio::sync::Mutex<Option<(Instant, [Check; 3])>>,
}

impl HealthState {
    /// Ready as far as we are concerned.
    pub fn new(probe: impl Probe, pulses: Pulses, metrics: Arc<Metrics>, about: About) -> Self {
        let draining = AtomicBool::new(false);
        Self(Arc::new(Inner { probe: Box::new(probe), pulses, metrics, about, draining, checked: tokio::sync::Mutex::default() }))
    }

    /// From now on nothing new is taken: `/readyz` says no, `/livez` still says yes.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// A loop that hangs, if there is one: what `/livez` says, and what decides whether the watchdog is fed.
    pub fn late(&self) -> Option<&'static str> {
        self.0.pulses.late()
    }

    pub(super) fn about(&self) -> &About {
        &self.0.about
    }

    pub(super) async fn metrics_text(&self) -> String {
        self.0.metrics.text(self.0.probe.figures()).await
    }

    /// Every check, asked at most once a second.
    pub(super) async fn checks(&self) -> [Check; 4] {
        let mut checked = self.0.checked.lock().await;
        let [database, schema, archive] = match *checked {
            Some((at, checks)) if at.elapsed() < CHECK_AGE => checks,
            _ => {
                let probe = &self.0.probe;
                let (database, schema, archive) =
                    tokio::join!(check("database", probe.database()), check("schema", probe.schema()), check("archive", probe.archive()));
                checked.insert((Instant::now(), [database, schema, archive])).1
            }
        };
        let draining = self.0.draining.load(Ordering::Relaxed);
        let taking = Check { check: "taking_work", ok: !draining, reason: draining.then_some("draining") };
        [database, schema, archive, taking]
    }
}

async fn check(check: &'static str, answer: Answer<'_, ()>) -> Check {
    let reason = match timeout(CHECK_LIMIT, answer).await {
        Ok(Ok(())) => None,
        Ok(Err(code)) => Some(code.id()),
        Err(_) => Some("timed_out"),
    };
    Check { check, ok: reason.is_none(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_loop_is_late_after_twice_its_limit_and_until_it_beats() {
        let pulses = Pulses::new();
        let claim = pulses.begin("claim", SECOND);
        let slow = pulses.begin("schedule", 60 * SECOND);
        let now = Instant::now();
        assert_eq!(pulses.late_at(now + 2 * SECOND - SECOND / 10), None);
        assert_eq!(pulses.late_at(now + 3 * SECOND), Some("claim"));
        // The one that is longest over its own limit.
        assert_eq!(pulses.late_at(now + 500 * SECOND), Some("claim"));
        claim.beat();
        assert_eq!(pulses.late(), None);
        claim.end();
        assert_eq!(pulses.late_at(now + 100 * SECOND), None);
        assert_eq!(pulses.late_at(now + 121 * SECOND), Some("schedule"));
        slow.end();
        assert_eq!(pulses.late_at(now + 1000 * SECOND), None);
    }

    #[test]
    fn a_loop_that_panics_is_late_for_ever() {
        let pulses = Pulses::new();
        let pulse = pulses.begin("claim", SECOND);
        let died = std::thread::spawn(move || {
            pulse.beat();
            std::panic::resume_unwind(Box::new("as a panic does, without its message"));
        });
        assert!(died.join().is_err());
        assert_eq!(pulses.late_at(Instant::now() + 3 * SECOND), Some("claim"));
    }
}
