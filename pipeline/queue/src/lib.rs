//! When failed work is tried again, and when it is left for a person. Knows no documents.
//!
//! In: how often it has failed, since when, and whether trying again can help. Out: [`NextStep`]. Pure: the clock comes in as
//! an argument and the jitter from a seed, so that the same failure is always answered the same way. The store keeps the
//! answer, so waiting survives a restart.
//!
//! [`Schedule`] says when work begins by the calendar, and a [`Ticker`] begins it, once, however many processes there are.

mod backoff;
mod handler;
mod runner;
mod schedule;
mod shutdown;
mod ticker;

pub use backoff::{Backoff, Failures, Seed};
pub use handler::{Conclusion, Handler, JobContext, conclude_failure, next_step};
#[doc(no_inline)]
pub use pipeline_domain::{NextStep, Verdict};
pub use runner::{JobEnd, JobEvent, Runner, RunnerBuilder, RunnerError, RunnerReport, describe_metrics};
pub use schedule::{DEFAULTS, DefaultSchedule, DefaultState, Misfire, Schedule, ScheduleError};
pub use shutdown::Shutdown;
pub use ticker::{MakeJob, NextFirings, Planned, Ticker, describe_schedule_metrics};
