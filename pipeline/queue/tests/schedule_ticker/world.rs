//! Schedules in memory, a clock that is stepped, and processes that tick.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono_tz::Europe::Oslo;
use pipeline_domain::{Clock, Timestamp};
use pipeline_queue::{Misfire, Planned, Schedule, Ticker};
use pipeline_store::{Fired, JobId, JobKind, NewJob, NewSchedule, QueueName, ScheduleName, ScheduleRow, Schedules, StoreError};

/// What the trait promises, in the simplest form. Every call gives way once, so that ticks at the same time interleave.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
    /// The true time, to write down when a job was made.
    time: Arc<AtomicI64>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<String, ScheduleRow>,
    fires: BTreeMap<String, BTreeMap<Timestamp, Option<JobId>>>,
    jobs: Vec<Made>,
    /// Calls of `fire` that are still answered, if it is to fail after some.
    answers: Option<u32>,
    /// Unique key of a job that is not finished.
    busy_key: Option<String>,
    /// Whose firings fail.
    broken: Option<&'static str>,
}

struct Made {
    name: String,
    due: Timestamp,
    /// In true time, Unix seconds.
    made_at: i64,
    job: NewJob,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Due times that have made jobs, in the order they were made.
    pub fn made(&self, name: &str) -> Vec<Timestamp> {
        self.state().jobs.iter().filter(|j| j.name == name).map(|j| j.due).collect()
    }

    /// When jobs were made, in true time and Unix seconds.
    pub fn made_at(&self, name: &str) -> Vec<i64> {
        self.state().jobs.iter().filter(|j| j.name == name).map(|j| j.made_at).collect()
    }

    pub fn jobs(&self) -> Vec<NewJob> {
        self.state().jobs.iter().map(|j| j.job.clone()).collect()
    }

    pub fn next(&self, name: &str) -> Timestamp {
        self.state().rows[name].next_fire_at
    }

    pub fn fail_after(&self, answers: Option<u32>) {
        self.state().answers = answers;
    }

    pub fn keep_busy(&self, unique_key: &str) {
        self.state().busy_key = Some(unique_key.to_owned());
    }

    pub fn break_schedule(&self, name: Option<&'static str>) {
        self.state().broken = name;
    }

    /// As if these had been fired long ago, the last of them just now.
    pub fn remember(&self, name: &str, due: &[Timestamp]) {
        let mut state = self.state();
        let fires = state.fires.entry(name.to_owned()).or_default();
        fires.extend(due.iter().zip(1..).map(|(t, n)| (*t, Some(JobId(n)))));
    }
}

fn away() -> StoreError {
    StoreError::Unavailable { doing: "fire a schedule", source: "test".into() }
}

impl Schedules for Memory {
    async fn put_schedules(&self, schedules: &[NewSchedule]) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        let old = std::mem::take(&mut state.rows);
        for new in schedules {
            let kept = old.get(new.name.as_str()).filter(|row| row.rule == new.rule).cloned();
            let row = kept.unwrap_or_else(|| ScheduleRow {
                name: new.name.clone(),
                rule: new.rule.clone(),
                next_fire_at: new.next_fire_at,
                last_fire_at: None,
                last_job: None,
            });
            state.rows.insert(new.name.as_str().to_owned(), row);
        }
        Ok(())
    }

    async fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.state().rows.values().cloned().collect())
    }

    async fn fire(&self, name: &ScheduleName, due: Timestamp, next: Timestamp, job: Option<&NewJob>) -> Result<Fired, StoreError> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        let state = &mut *state;
        if state.broken == Some(name.as_str()) || state.answers == Some(0) {
            return Err(away());
        }
        state.answers = state.answers.map(|n| n - 1);
        let written = state.fires.entry(name.as_str().to_owned()).or_default();
        let again = job.is_some() && written.get(&due).is_some_and(Option::is_some);
        let Some(row) = state.rows.get_mut(name.as_str()).filter(|row| row.next_fire_at == due && !again) else {
            return Ok(Fired::ByAnother);
        };
        // The unfinished job of the same key will do for this firing too: it makes none.
        let unfinished = state.busy_key.clone();
        let id = job.filter(|job| unfinished.is_none() || job.unique_key != unfinished).map(|job| {
            let made_at = self.time.load(Ordering::Relaxed);
            state.jobs.push(Made { name: name.as_str().to_owned(), due, made_at, job: job.clone() });
            JobId(i64::try_from(state.jobs.len()).unwrap())
        });
        let entry = written.entry(due).or_default();
        *entry = entry.or(id);
        (row.next_fire_at, row.last_fire_at, row.last_job) = (next, Some(due), id);
        Ok(Fired::Now(id))
    }

    async fn fires(&self, name: &ScheduleName, limit: u32) -> Result<Vec<(Timestamp, JobId)>, StoreError> {
        tokio::task::yield_now().await;
        let state = self.state();
        let made = state.fires.get(name.as_str()).into_iter().flatten().rev().filter_map(|(due, job)| Some((*due, (*job)?)));
        Ok(made.take(limit as usize).collect())
    }
}

/// The time of day of one process: the world's, and how far its own clock is from it.
#[derive(Default)]
pub struct Watch {
    world: Arc<AtomicI64>,
    skew: AtomicI64,
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.world.load(Ordering::Relaxed) + self.skew.load(Ordering::Relaxed)).unwrap()
    }
}

pub type Rule = (&'static str, &'static str, Misfire);

pub fn planned(rules: &[Rule]) -> Vec<Planned> {
    let one = |(name, expression, misfire): &Rule| Planned {
        name: name.parse().unwrap(),
        schedule: Schedule::parse(expression, Oslo).unwrap(),
        misfire: *misfire,
        job: Box::new(|name, due| {
            let args = serde_json::json!({ "schedule": name.as_str(), "due": due.unix_seconds() });
            NewJob::new(JobKind::of("run"), QueueName::of("runs"), args)
        }),
    };
    rules.iter().map(one).collect()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One store, one true time, some processes.
pub struct World {
    pub store: Arc<Memory>,
    time: Arc<AtomicI64>,
    watches: Vec<Arc<Watch>>,
    pub tickers: Vec<Ticker<Memory>>,
    rules: Vec<Rule>,
}

impl World {
    /// `processes` with right clocks, registered at `start`.
    pub async fn new(rules: &[Rule], processes: usize, start: &str) -> Self {
        let time = Arc::new(AtomicI64::new(at(start).unix_seconds()));
        let store = Arc::new(Memory { time: time.clone(), ..Memory::default() });
        let mut world = Self { store, time, watches: Vec::new(), tickers: Vec::new(), rules: rules.to_vec() };
        for _ in 0..processes {
            world.join(rules).await;
        }
        world
    }

    /// One more process.
    pub async fn join(&mut self, rules: &[Rule]) {
        let watch = Arc::new(Watch { world: self.time.clone(), skew: AtomicI64::new(0) });
        let ticker = Ticker::new(self.store.clone(), planned(rules), watch.clone());
        ticker.register().await.unwrap();
        self.watches.push(watch);
        self.tickers.push(ticker);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.time.load(Ordering::Relaxed)).unwrap()
    }

    pub fn set(&self, now: &str) {
        self.time.store(at(now).unix_seconds(), Ordering::Relaxed);
    }

    /// Sets one process's clock so many seconds ahead of the true time.
    pub fn skew(&self, process: usize, seconds: i64) {
        self.watches[process].skew.store(seconds, Ordering::Relaxed);
    }

    /// All processes tick at the same time, once. When the first of them wants to tick again, in true time.
    pub async fn tick(&self) -> Timestamp {
        let mut ticks: Vec<_> = self.tickers.iter().map(|t| Box::pin(t.tick())).collect();
        let mut wakes = vec![None; ticks.len()];
        std::future::poll_fn(|cx| {
            for (tick, wake) in ticks.iter_mut().zip(&mut wakes).filter(|(_, wake)| wake.is_none()) {
                if let std::task::Poll::Ready(answer) = tick.as_mut().poll(cx) {
                    *wake = Some(answer.unwrap());
                }
            }
            if wakes.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        let true_time = |(wake, watch): (&Option<Option<Timestamp>>, &Arc<Watch>)| {
            let wake = wake.flatten()?.unix_seconds() - watch.skew.load(Ordering::Relaxed);
            Timestamp::from_unix_seconds(wake)
        };
        wakes.iter().zip(&self.watches).filter_map(true_time).min().unwrap()
    }

    /// Lets time pass: everybody ticks when the first of them wants to, as the loop of a process does.
    pub async fn pass_until(&self, end: &str) {
        let end = at(end);
        while self.now() < end {
            let wake = self.tick().await.unix_seconds();
            let next = wake.clamp(self.now().unix_seconds() + 1, end.unix_seconds());
            self.time.store(next, Ordering::Relaxed);
        }
        self.tick().await;
    }

    /// Whether each due time of `from` (not itself) to `to` has made exactly one job, in order, and nothing else has.
    pub fn check_exact(&self, from: &str, to: &str) {
        for (name, expression, _) in &self.rules {
            let expected = Schedule::parse(expression, Oslo).unwrap().between(at(from), at(to), usize::MAX);
            assert_eq!(self.store.made(name), expected, "{name} from {from} to {to}");
        }
    }

    /// Whether no due time has made two jobs.
    pub fn check_no_double(&self) {
        for (name, ..) in &self.rules {
            let made = self.store.made(name);
            assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len(), "{name}: {made:?}");
        }
    }
}
