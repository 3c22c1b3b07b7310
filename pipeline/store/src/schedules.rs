//! Schedules: when each fires next, and that each firing happens once, however many processes try.

use std::{future::Future, time::Duration};

use pipeline_domain::Timestamp;

use crate::{JobId, NewJob, ScheduleName, StoreError};

/// How long a firing is kept: 400 days, so that a yearly one has always its last.
pub const FIRINGS_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// A schedule as the configuration has it, and when it fires next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSchedule {
    /// Its name: also the kind of the job it makes.
    pub name: ScheduleName,
    /// Its expression and time zone, as one text: when this changes, `next_fire_at` starts anew.
    pub rule: String,
    /// The first firing after now.
    pub next_fire_at: Timestamp,
}

/// A schedule and what it has done.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ScheduleRow {
    /// Its name.
    pub name: ScheduleName,
    /// Its expression and time zone.
    pub rule: String,
    /// When it fires next.
    pub next_fire_at: Timestamp,
    /// When it last fired: the time it was due.
    pub last_fire_at: Option<Timestamp>,
    /// The job that this made.
    pub last_job: Option<JobId>,
}

/// Answer to a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fired {
    /// This call fired it; the job, unless an unfinished one of the same unique key was there or nothing was to be made.
    Now(Option<JobId>),
    /// Another process was first, or the schedule has changed, or this very time has fired before (then it moves on all the same).
    ByAnother,
}

/// Schedules. No leader: whoever comes first with the right `due` fires.
pub trait Schedules {
    /// Makes the stored schedules those of the list. One whose rule is unchanged keeps its next firing (so that a firing missed
    /// while everything was down is still seen as due); a new or changed one takes the given; one that is not in the list
    /// goes, its firings stay.
    fn put_schedules(&self, schedules: &[NewSchedule]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// All, by name.
    fn schedules(&self) -> impl Future<Output = Result<Vec<ScheduleRow>, StoreError>> + Send;

    /// Fires: if the schedule is still due at `due`, moves it to `next`, writes the firing down and enqueues `job`, in one
    /// transaction. `job` is `None` for a firing that the misfire policy leaves out.
    ///
    /// `next` may lie before `due`: that is how a schedule is brought back that a wrong clock sent ahead. So a due time that
    /// was passed without a job may come again; firing it then with a job is an ordinary firing, not a conflict. A due time
    /// that has made a job ([`fires`](Self::fires) tells) makes no other: passing it again without a job leaves it written
    /// down as it is, and a job for it is answered with [`Fired::ByAnother`].
    ///
    /// Firings of this schedule that were due more than [`FIRINGS_KEPT`] before `due`, and before the database's clock as well,
    /// go in the same transaction: who comes with a wrong time takes none away that may come again.
    fn fire(
        &self,
        name: &ScheduleName,
        due: Timestamp,
        next: Timestamp,
        job: Option<&NewJob>,
    ) -> impl Future<Output = Result<Fired, StoreError>> + Send;

    /// Firings that made a job, by the time they were due: the latest times first.
    fn fires(&self, name: &ScheduleName, limit: u32) -> impl Future<Output = Result<Vec<(Timestamp, JobId)>, StoreError>> + Send;
}
