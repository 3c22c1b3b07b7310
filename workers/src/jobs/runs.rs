//! What schedules start, as durable jobs of queue `runs`. Each works on what the store knows.

mod outbox;
mod sweep;

use std::sync::Arc;

use pipeline_domain::{ErrorCode, NextStep};
use pipeline_queue::{Conclusion, JobContext};

use crate::shell::Shell;

pub const ARCHIVE_SWEEP: &str = "archive.sweep";
pub const OUTBOX_RETRY: &str = "outbox.retry";
pub const FIXITY_CHECK: &str = "fixity.check";

/// Schedules whose work exists. A published name: the job kind of the same name.
pub const KINDS: &[&str] = &[ARCHIVE_SWEEP, OUTBOX_RETRY];

/// Does the run that the job names.
pub async fn run(shell: Arc<Shell>, ctx: JobContext) -> Conclusion {
    match ctx.job.kind.as_str() {
        ARCHIVE_SWEEP => sweep::sweep(shell, ctx).await,
        OUTBOX_RETRY => outbox::retry(shell, ctx).await,
        _ => Conclusion::failed(ErrorCode::JobUnknownKind, "no such run", NextStep::Failed),
    }
}
