//! `outbox.retry`: sends what is due and has no job of its own, such as the archivist's reports.

use std::sync::Arc;

use pipeline_queue::{Conclusion, JobContext};
use serde_json::json;

use crate::{
    jobs::{run::StopFlag, stages::trouble, tell},
    shell::Shell,
};

/// Sends everything that is due.
pub async fn retry(shell: Arc<Shell>, _: JobContext) -> Conclusion {
    match tell::send_due(&shell, &StopFlag::default()).await {
        Ok(sent) => Conclusion::done_with(Vec::new(), json!({ "sent": sent.sent, "later": sent.later, "doubtful": sent.doubtful })),
        Err(failure) => trouble(failure),
    }
}
