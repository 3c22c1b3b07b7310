//! Fires schedules: each due time at most once, however many processes try, and whatever their clocks do.
//!
//! There is no leader. The store holds when each schedule fires next, and [`Schedules::fire`] moves that on only for the
//! first who comes with the right due time; the job is enqueued in the same transaction. So a crash between two firings loses
//! nothing: what is stored is what is still to be done.
//!
//! A clock that was wrong leaves a trace: a next firing further ahead than the rule allows. It is brought back to the first firing
//! after now that has not made a job yet. So a clock that ran ahead and was put right does not stop a schedule until that time
//! comes, and a clock that was put back does not make it fire again what it has fired.
//! Only a schedule that was new under the wrong clock, and has never fired, may wait for up to a day.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use metrics::{Unit, describe_counter, describe_histogram};
use pipeline_domain::{Clock, Timestamp};
use pipeline_store::{Fired, NewJob, NewSchedule, ScheduleName, ScheduleRow, Schedules, StoreError};

use crate::{
    Misfire, Schedule,
    schedule::{GRACE_S, shifted},
};

const LAG: &str = "afl_schedule_lag_seconds";
const BROUGHT_BACK: &str = "afl_schedule_brought_back_total";

/// However far the next firing is, the store and the clock are looked at again after so long: a rule may change, and a clock be set.
const LOOK_AGAIN_S: i64 = 30;
const DAY_S: i64 = 86_400;
/// Clocks of healthy machines differ by this much at most: a firing this near may have been fired by one that is ahead.
const SKEW_S: i64 = 10;
/// After another process was first.
const SOON_S: i64 = 1;
/// So many firings are asked for when a clock was wrong: a week of one that fires every minute. Older ones count as made.
const HISTORY: u32 = 10_000;

/// Makes the job of a firing, given the time it was due.
pub type MakeJob = Box<dyn Fn(&ScheduleName, Timestamp) -> NewJob + Send + Sync>;

/// A schedule of the configuration, and what it makes.
pub struct Planned {
    /// Its name.
    pub name: ScheduleName,
    /// When.
    pub schedule: Schedule,
    /// What becomes of firings that were missed.
    pub misfire: Misfire,
    /// What to do. Without a unique key the job gets `<name>@<due time in Unix seconds>`; one of its own, such as the name
    /// alone, keeps a second job away while the first is unfinished.
    pub job: MakeJob,
}

/// When a schedule fires next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextFirings {
    /// Its name.
    pub name: ScheduleName,
    /// Expression and time zone.
    pub rule: String,
    /// The next firings, in order.
    pub next: Vec<Timestamp>,
    /// As [`Schedule::falls_in_changing_hour`].
    pub in_changing_hour: bool,
}

/// Tells the recorder what the ticker's metrics mean. To be called once, after the recorder is set.
pub fn describe_schedule_metrics() {
    describe_histogram!(LAG, Unit::Seconds, "how late schedules fired, by schedule");
    describe_counter!(BROUGHT_BACK, Unit::Count, "times that a schedule sent ahead by a wrong clock was brought back");
}

/// The firing loop of one process.
pub struct Ticker<S> {
    store: Arc<S>,
    planned: BTreeMap<String, Planned>,
    clock: Arc<dyn Clock>,
    /// Rules of other configurations that were met, by schedule: each is told about once.
    foreign: Mutex<BTreeMap<String, String>>,
}

impl Planned {
    /// The job of the firing that was due then. Also for a run by hand, with the time of asking.
    pub fn job_due(&self, due: Timestamp) -> NewJob {
        let mut job = (self.job)(&self.name, due);
        job.unique_key.get_or_insert_with(|| format!("{}@{}", self.name, due.unix_seconds()));
        job
    }

    /// The next `n` firings after `now`.
    pub fn describe_next(&self, now: Timestamp, n: usize) -> NextFirings {
        NextFirings {
            name: self.name.clone(),
            rule: self.schedule.to_string(),
            next: self.schedule.iter_after(now).take(n).collect(),
            in_changing_hour: self.schedule.falls_in_changing_hour(),
        }
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned")
            .field("name", &self.name)
            .field("schedule", &self.schedule)
            .field("misfire", &self.misfire)
            .finish_non_exhaustive()
    }
}

impl<S: Schedules + Send + Sync> Ticker<S> {
    /// Of two schedules with one name the later counts.
    pub fn new(store: Arc<S>, schedules: Vec<Planned>, clock: Arc<dyn Clock>) -> Self {
        let planned = schedules.into_iter().map(|p| (p.name.as_str().to_owned(), p)).collect();
        Self { store, planned, clock, foreign: Mutex::default() }
    }

    /// Makes the stored schedules those of this process. To be called at start, before the first [`tick`](Self::tick).
    pub async fn register(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let new = |p: &Planned| {
            let next_fire_at = p.schedule.next_after(now)?;
            Some(NewSchedule { name: p.name.clone(), rule: p.schedule.to_string(), next_fire_at })
        };
        let schedules: Vec<NewSchedule> = self.planned.values().filter_map(new).collect();
        self.store.put_schedules(&schedules).await
    }

    /// The next `n` firings of each schedule, by name.
    pub fn describe_next(&self, n: usize) -> Vec<NextFirings> {
        let now = self.clock.now();
        self.planned.values().map(|p| p.describe_next(now, n)).collect()
    }

    /// Fires what is due. Answers when it wants to be called next, at the latest in half a minute; `None` when no schedule of
    /// this process is in the store. An error about one schedule does not keep the others from firing; the first one is told.
    pub async fn tick(&self) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock.now();
        let (mut wake, mut error) = (None, None);
        for row in self.store.schedules().await? {
            let Some(planned) = self.planned.get(row.name.as_str()) else { continue };
            if !self.is_ours(planned, &row) {
                continue;
            }
            match self.look_after(planned, &row, now).await {
                Ok(next) => wake = wake.into_iter().chain([next]).min(),
                Err(e) => error = error.or(Some(e)),
            }
        }
        match error {
            Some(e) => Err(e),
            None => Ok(wake.map(|t| t.min(shifted(now, LOOK_AGAIN_S)))),
        }
    }

    /// Whether the stored rule is this process's. If another configuration came later, its processes fire, not this one.
    fn is_ours(&self, planned: &Planned, row: &ScheduleRow) -> bool {
        let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if row.rule == planned.schedule.to_string() {
            foreign.remove(row.name.as_str());
            return true;
        }
        if foreign.insert(row.name.as_str().to_owned(), row.rule.clone()).is_none_or(|told| told != row.rule) {
            tracing::warn!(schedule = %row.name, stored = row.rule, ours = %planned.schedule, "another process has set this schedule otherwise; it is left to that one");
        }
        false
    }

    /// Fires one schedule if it is due. When to look again.
    async fn look_after(&self, planned: &Planned, row: &ScheduleRow, now: Timestamp) -> Result<Timestamp, StoreError> {
        // After the year 2100 nothing is fired any more.
        let Some(after) = planned.schedule.next_after(now) else { return Ok(shifted(now, LOOK_AGAIN_S)) };
        if row.next_fire_at <= now {
            return self.catch_up(planned, row.next_fire_at, now, after).await;
        }
        if row.next_fire_at <= after { Ok(row.next_fire_at) } else { self.bring_back(planned, row.next_fire_at, now).await }
    }

    /// Fires what was due from `due` to `now`, one step at a time; `after` is the first firing after now.
    async fn catch_up(&self, planned: &Planned, due: Timestamp, now: Timestamp, after: Timestamp) -> Result<Timestamp, StoreError> {
        let made = self.made_since(&planned.name, due).await?;
        let mut kept = planned.misfire.kept(&planned.schedule, due, now);
        kept.retain(|t| !made.has(*t));
        if kept.first().is_none_or(|first| now.unix_seconds() - first.unix_seconds() > GRACE_S || *first > due) {
            tracing::warn!(schedule = %planned.name, due = %due, jobs = kept.len(), misfire = ?planned.misfire, "firings were missed");
        }
        // What is left out goes in one step to the first that is kept, or past now.
        let mut stored = due;
        for (place, firing) in kept.iter().enumerate() {
            let next = kept.get(place + 1).copied().unwrap_or(after);
            let job = planned.job_due(*firing);
            if (stored < *firing && !self.move_on(planned, stored, *firing, None).await?)
                || !self.move_on(planned, *firing, next, Some(&job)).await?
            {
                return Ok(shifted(now, SOON_S));
            }
            record_lag(planned, *firing, now);
            stored = next;
        }
        if stored <= now && !self.move_on(planned, stored, after, None).await? {
            return Ok(shifted(now, SOON_S));
        }
        Ok(after)
    }

    /// Brings a schedule back that a wrong clock has sent ahead to `stored`.
    async fn bring_back(&self, planned: &Planned, stored: Timestamp, now: Timestamp) -> Result<Timestamp, StoreError> {
        let made = self.made_since(&planned.name, now).await?;
        let soon = shifted(now, SKEW_S);
        let from = made.unknown_before.map_or(soon, |t| soon.max(shifted(t, -1)));
        let unmade = planned.schedule.iter_after(from).take_while(|t| *t < stored).find(|t| !made.has(*t));
        let Some(next) = unmade.filter(|t| made.began_by(*t) || is_far_ahead(planned, stored, now)) else { return Ok(stored) };
        if self.move_on(planned, stored, next, None).await? {
            metrics::counter!(BROUGHT_BACK).increment(1);
            tracing::warn!(schedule = %planned.name, stored = %stored, next = %next, "a clock was wrong: the schedule was ahead and is brought back");
        }
        Ok(shifted(now, SOON_S))
    }

    /// Whether it was this process that moved the schedule.
    async fn move_on(&self, planned: &Planned, due: Timestamp, next: Timestamp, job: Option<&NewJob>) -> Result<bool, StoreError> {
        Ok(matches!(self.store.fire(&planned.name, due, next, job).await?, Fired::Now(_)))
    }

    /// Which due times from `since` on have made a job. Nearly always none: then this is one small question.
    async fn made_since(&self, name: &ScheduleName, since: Timestamp) -> Result<Made, StoreError> {
        let mut fires = self.store.fires(name, 1).await?;
        if fires.first().is_some_and(|(newest, _)| *newest >= since) {
            fires = self.store.fires(name, HISTORY).await?;
        }
        let is_cut = u32::try_from(fires.len()).is_ok_and(|n| n >= HISTORY);
        let unknown_before = fires.last().filter(|_| is_cut).map(|(oldest, _)| *oldest);
        Ok(Made { due: fires.into_iter().map(|(due, _)| due).collect(), unknown_before })
    }
}

/// Due times that have made a job: all from some time on, and the newest.
struct Made {
    due: BTreeSet<Timestamp>,
    /// What is older was not asked for. It counts as made: rather wait than fire twice.
    unknown_before: Option<Timestamp>,
}

impl Made {
    fn has(&self, due: Timestamp) -> bool {
        self.due.contains(&due) || self.unknown_before.is_some_and(|t| due < t)
    }

    /// Whether the schedule was at work by then. A process whose clock is behind would otherwise bring back times from before
    /// the schedule was there at all, and those with a right clock would make them good.
    fn began_by(&self, due: Timestamp) -> bool {
        self.due.first().is_some_and(|first| *first < due)
    }
}

/// Whether it would stand still for more than a day and more than one firing: a schedule that was new under a wrong clock.
fn is_far_ahead(planned: &Planned, stored: Timestamp, now: Timestamp) -> bool {
    stored > shifted(now, DAY_S) && planned.schedule.iter_after(now).nth(1).is_some_and(|second| stored > second)
}

fn record_lag(planned: &Planned, due: Timestamp, now: Timestamp) {
    let late_s = u64::try_from(now.unix_seconds() - due.unix_seconds()).unwrap_or_default();
    metrics::histogram!(LAG, "schedule" => planned.name.as_str().to_owned()).record(Duration::from_secs(late_s));
}
