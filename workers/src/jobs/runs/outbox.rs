//! `outbox.retry`: whatever mail is due and has no job. The archivists' reports belong to no document and are sent from here.

use std::{collections::BTreeSet, sync::Arc};

use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Enqueued, Jobs, Outbox};
use serde_json::json;

use crate::{
    failure::Failure,
    jobs::{
        stages::notify_job,
        tell::{self, Relay},
    },
    shell::Shell,
};

/// The next run, a minute later, sees to the rest.
const MOST: u32 = 500;

/// Gives documents with due mail their job, and sends the mail that is about no document.
pub async fn retry(shell: &Arc<Shell>, ctx: &JobContext) -> Result<Conclusion, Failure> {
    let due = shell.store.mails_due(shell.clock.now(), MOST).await?;
    if due.is_empty() {
        return Ok(Conclusion::done());
    }
    let documents: BTreeSet<_> = due.iter().filter_map(|mail| mail.document).collect();
    let jobs: Vec<_> = documents.into_iter().map(notify_job).collect();
    let made = shell.store.enqueue(&jobs).await?;
    let (mut sent, mut outlet) = (0_u32, None);
    for mail in due.into_iter().filter(|mail| mail.document.is_none()) {
        if ctx.stop.is_cancelled() {
            break;
        }
        if outlet.is_none() {
            outlet = Some(shell.outlet()?);
        }
        let Some(outlet) = &outlet else { break };
        let (outcome, relay) = tell::send(shell, outlet, mail).await?;
        sent += u32::from(outcome.is_some());
        if relay == Relay::Down {
            break;
        }
    }
    let jobs = made.iter().filter(|m| matches!(m, Enqueued::New(_))).count();
    Ok(Conclusion::done_with(Vec::new(), json!({ "jobs": jobs, "reports": sent })))
}
