//! Which schedules there are: the delivered ones, changed by the configuration, each making one kind of job.

use std::str::FromStr;

use chrono_tz::Tz;
use pipeline_domain::Timestamp;
use pipeline_queue::{DEFAULTS, DefaultSchedule, DefaultState, Misfire, Planned, Schedule};
use pipeline_store::{JobKind, NewJob, Priority, ScheduleName};
use serde_json::json;

use crate::{
    config::{ConfigError, MisfireSetting, ScheduleConfig, ScheduleSetting},
    jobs::{runs, stages::queue},
};

/// With [`MisfireSetting::All`]: no more missed firings than this are caught up with.
const MOST_MISSED: u32 = 10;

/// A schedule as it stands here.
pub struct Plan {
    /// As delivered.
    pub default: &'static DefaultSchedule,
    /// When.
    pub schedule: Schedule,
    /// What becomes of missed firings.
    pub misfire: Misfire,
    /// Whether it fires by itself.
    pub enabled: bool,
}

/// The delivered schedules with what the configuration changes. A name, a time or a zone that does not exist stops the start.
pub fn plans(config: &ScheduleConfig) -> Result<Vec<Plan>, ConfigError> {
    let zone =
        Tz::from_str(&config.time_zone).map_err(|_| wrong("schedule.time_zone", "expected a zone such as Europe/Oslo".to_owned()))?;
    let ours = || DEFAULTS.iter().filter(|d| runs::KINDS.contains(&d.name));
    if let Some(name) = config.jobs.keys().find(|name| !ours().any(|d| d.name == name.as_str())) {
        let names: Vec<&str> = ours().map(|d| d.name).collect();
        return Err(wrong(&format!("schedule.jobs.\"{name}\""), format!("there is no such schedule; there are {}", names.join(", "))));
    }
    ours().map(|default| plan(default, config.jobs.get(default.name), zone)).collect()
}

fn plan(default: &'static DefaultSchedule, set: Option<&ScheduleSetting>, zone: Tz) -> Result<Plan, ConfigError> {
    let set = set.cloned().unwrap_or_default();
    let at = set.at.as_deref().unwrap_or(default.expression);
    let schedule = Schedule::parse(at, zone).map_err(|e| wrong(&format!("schedule.jobs.\"{}\".at", default.name), e.to_string()))?;
    let misfire = match set.misfire {
        None => default.misfire,
        Some(MisfireSetting::Once) => Misfire::Once,
        Some(MisfireSetting::Skip) => Misfire::Skip,
        Some(MisfireSetting::All) => Misfire::All { max: MOST_MISSED },
    };
    Ok(Plan { default, schedule, misfire, enabled: set.enabled.unwrap_or(default.state == DefaultState::On) })
}

fn wrong(key: &str, message: String) -> ConfigError {
    ConfigError { place: key.to_owned(), message }
}

/// The schedules that fire, as the ticker takes them.
pub fn planned(config: &ScheduleConfig) -> Result<Vec<Planned>, ConfigError> {
    let fires = plans(config)?.into_iter().filter(|p| p.enabled);
    Ok(fires
        .map(|p| Planned { name: ScheduleName::of(p.default.name), schedule: p.schedule, misfire: p.misfire, job: Box::new(run_job) })
        .collect())
}

/// The job of one firing. While it is unfinished, further firings of the same schedule join it.
pub fn run_job(name: &ScheduleName, due: Timestamp) -> NewJob {
    let kind: JobKind = name.as_str().parse().expect("a schedule's name is a job kind");
    let queue = if name.as_str() == runs::OUTBOX_RETRY { queue::MAIL } else { queue::RUNS };
    let mut job = NewJob::new(kind, queue, json!({ "due": due.unix_seconds() }));
    job.priority = Priority::SCHEDULE;
    job.unique_key = Some(name.to_string());
    job
}
