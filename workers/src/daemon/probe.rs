//! What the health page asks of the shell.

use std::{sync::Arc, time::Duration};

use pipeline_domain::ErrorCode;
use pipeline_store::{Jobs, Runs};

use crate::{
    http::{Answer, FolderProbe, Probe},
    jobs::runs,
    metrics::Figures,
    shell::Shell,
};

/// Asks the shell.
pub struct ShellProbe {
    shell: Arc<Shell>,
    archive: FolderProbe,
}

impl ShellProbe {
    pub fn new(shell: Arc<Shell>) -> Self {
        let archive = FolderProbe::new(shell.archive_root());
        Self { shell, archive }
    }

    async fn count(&self) -> Result<Figures, ErrorCode> {
        let code = |e: pipeline_store::StoreError| e.code();
        let queues = self.shell.store.queue_stats().await.map_err(code)?;
        let counts = self.shell.store.counts().await.map_err(code)?;
        let verified = runs::last_verification(&self.shell).await.map_err(|e| e.code)?;
        let age = |at: pipeline_domain::Timestamp| {
            Duration::from_secs(u64::try_from(self.shell.clock.now().unix_seconds() - at.unix_seconds()).unwrap_or(0))
        };
        Ok(Figures {
            queues,
            counts,
            verify_age: verified.map(|v| age(v.at)),
            verify_failures: verified.map_or(0, |v| v.damaged),
            backup_age: self.shell.last_backup().map(age),
        })
    }
}

impl Probe for ShellProbe {
    fn database(&self) -> Answer<'_, ()> {
        Box::pin(async { self.shell.store.workers().await.map(drop).map_err(|e| e.code()) })
    }

    fn schema(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let (applied, known) = self.shell.migration_status().await.map_err(|e| e.code)?;
            if applied > known { Err(ErrorCode::StoreNewer) } else { Ok(()) }
        })
    }

    fn archive(&self) -> Answer<'_, ()> {
        Box::pin(self.archive.ask())
    }

    fn figures(&self) -> Answer<'_, Figures> {
        Box::pin(self.count())
    }
}
