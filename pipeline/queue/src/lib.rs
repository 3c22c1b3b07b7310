//! Runs jobs, tries failed work again, and fires schedules. Knows no documents.
//!
//! Start with [`Runner`]: it claims jobs from a store, hands each to the [`Handler`] of its kind, and settles what comes of it.
//! The [`Ticker`] makes jobs of [`Schedule`]s that are due. [`Backoff`] decides when failed work is tried again and when it is
//! left for a person: the same failure is always answered the same way, and the store keeps the answer.
//!
//! Promised: nobody ends because the store is away, and nothing is charged for it; a job in hand keeps its lease for as long as
//! this process lives; what lost its lease writes nothing; a stop is over within its drain time and a few seconds.

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
