//! `archive.sweep`: whatever waits gets its job.

use std::sync::Arc;

use pipeline_queue::{Conclusion, JobContext};
use pipeline_store::{Documents, Jobs};

use crate::{
    failure::Failure,
    jobs::{
        document_jobs,
        stages::{intake_job, trouble},
        tidy,
    },
    shell::Shell,
};

const PAGE: u32 = 256;

/// Looks into the drop folder, takes in files without a row, and gives every waiting document its job.
pub async fn sweep(shell: Arc<Shell>, _: JobContext) -> Conclusion {
    match sweep_all(&shell).await {
        Ok(()) => Conclusion::done_then(vec![intake_job()]),
        Err(failure) => trouble(failure),
    }
}

async fn sweep_all(shell: &Shell) -> Result<(), Failure> {
    tidy::adopt_orphans(shell).await?;
    let mut after = None;
    loop {
        let page = shell.store.pending(shell.clock.now(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        let jobs: Vec<_> = page.iter().flat_map(|d| document_jobs(d.key, &d.reservation)).collect();
        shell.store.enqueue(&jobs).await?;
    }
    tidy::remove_notified(shell).await?;
    Ok(())
}
