//! What schedules start, as durable jobs of queue `runs`. Each works on what the store and the case folders know.
//!
//! `archive.sweep`, `outbox.retry`, `delivery.receipts`, `notify.second` and `meeting.remind` are one job each and report to nobody. The others come in two steps: the job that the
//! schedule makes hands out one job of the same kind for each municipality, and each of those is a run of its own: an id made of
//! kind, due time and municipality (so that the same run twice is one run), progress that a crash resumes from, a result on the
//! job row, a report in `reports/` and word of it to the archivist, queued in the transaction that finishes the job.
//!
//! Job rows hold ids, counts and codes. What says more of a plan than its number (that it is an IOP) stands in the report alone.

mod annual;
mod consents;
mod contacts;
pub mod digest;
mod fixity;
mod iop;
mod local;
mod meetings;
mod outbox;
mod paper;
pub mod plans;
mod premeeting;
mod records;
mod request;
mod roles;
mod seconds;
mod semiannual;
pub mod survey;
mod sweep;
mod weekly;

use std::{sync::Arc, time::Duration};

use pipeline_domain::{ErrorCode, NextStep};
use pipeline_queue::{Conclusion, JobContext};

pub use self::fixity::last_verification;
use self::local::{Begun, LocalRun, RunArgs};
pub use self::request::{OnePlan, ask_for};
use crate::{
    failure::Failure,
    jobs::{
        deliveries,
        stages::{trouble, trouble_for_now},
    },
    shell::Shell,
};

pub const ARCHIVE_SWEEP: &str = "archive.sweep";
pub const OUTBOX_RETRY: &str = "outbox.retry";
pub const DELIVERY_RECEIPTS: &str = "delivery.receipts";
pub const FIXITY_CHECK: &str = "fixity.check";
const ARCHIVE_SEMIANNUAL: &str = "archive.semiannual";
const ARCHIVE_PREMEETING: &str = "archive.premeeting";
const REPORT_ARCHIVE: &str = "report.archive";
const SCHOOL_YEAR_CLOSE: &str = "school_year.close";
const ANNUAL_REPORT_REMIND: &str = "annual_report.remind";
const CONSENT_SCAN: &str = "consent.scan";
const NOTIFY_SECOND: &str = "notify.second";
const CONTACT_STALE: &str = "contact.stale";
const MEETING_REMIND: &str = "meeting.remind";
const LEAD_DIGEST: &str = "lead.digest";
const REPORT_ROLES: &str = "report.roles";

/// Those that come by all the time do so again after this, whatever stopped them.
const COMES_BY_AGAIN: Duration = Duration::from_secs(60);

/// Schedules. A published name: the job kind of the same name.
pub const KINDS: &[&str] = &[
    ARCHIVE_SWEEP,
    OUTBOX_RETRY,
    DELIVERY_RECEIPTS,
    FIXITY_CHECK,
    ARCHIVE_SEMIANNUAL,
    ARCHIVE_PREMEETING,
    REPORT_ARCHIVE,
    SCHOOL_YEAR_CLOSE,
    ANNUAL_REPORT_REMIND,
    CONSENT_SCAN,
    NOTIFY_SECOND,
    CONTACT_STALE,
    MEETING_REMIND,
    LEAD_DIGEST,
    REPORT_ROLES,
];

/// Does the run that the job names.
pub async fn run(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    let soon = |failure| trouble_for_now(failure, COMES_BY_AGAIN);
    match ctx.job.kind.as_str() {
        ARCHIVE_SWEEP => sweep::sweep(&shell).await.unwrap_or_else(soon),
        OUTBOX_RETRY => outbox::retry(&shell, &ctx).await.unwrap_or_else(soon),
        DELIVERY_RECEIPTS => deliveries::receipts(&shell).await.unwrap_or_else(soon),
        NOTIFY_SECOND => seconds::tell_again(&shell, &ctx).await.unwrap_or_else(soon),
        MEETING_REMIND => meetings::remind(&shell, &ctx).await.unwrap_or_else(soon),
        _ => of_a_municipality(shell, ctx).await.unwrap_or_else(trouble),
    }
}

async fn of_a_municipality(shell: Arc<Shell>, ctx: JobContext) -> Result<Conclusion, Failure> {
    let Ok(args) = serde_json::from_value::<RunArgs>(ctx.job.args.clone()) else {
        let detail = "its arguments are not those of this version";
        return Ok(Conclusion::failed(ErrorCode::JobUnknownKind, detail, NextStep::Failed));
    };
    let run = match LocalRun::begin(shell, ctx, args).await? {
        Begun::Here(run) => run,
        Begun::Over(conclusion) => return Ok(conclusion),
    };
    match run.ctx.job.kind.as_str() {
        FIXITY_CHECK => fixity::check(&run).await,
        ARCHIVE_SEMIANNUAL => semiannual::archive(&run).await,
        ARCHIVE_PREMEETING => premeeting::ask(&run).await,
        REPORT_ARCHIVE => weekly::report(&run).await,
        SCHOOL_YEAR_CLOSE => iop::not_rolled_over(&run).await,
        ANNUAL_REPORT_REMIND => iop::without_annual_report(&run).await,
        CONSENT_SCAN => consents::scan(&run).await,
        CONTACT_STALE => contacts::check(&run).await,
        LEAD_DIGEST => digest::send(&run).await,
        REPORT_ROLES => roles::report(&run).await,
        _ => Ok(Conclusion::failed(ErrorCode::JobUnknownKind, "no such run", NextStep::Failed)),
    }
}
