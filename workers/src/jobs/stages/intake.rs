//! `intake`: takes what lies in the drop folder.

use std::{sync::Arc, time::Duration};

use pipeline_queue::{Conclusion, JobContext};
use serde_json::json;

use super::trouble_for_now;
use crate::{
    jobs::{accept::Answer, inbox},
    shell::Shell,
};

/// A file that is still being written is looked at again after so long.
const SETTLING: Duration = Duration::from_secs(2);

/// A disk that is full, a folder that cannot be read: looked at again after so long.
const AGAIN: Duration = Duration::from_secs(30);

/// Takes documents in; each that is new gets its first job in the transaction that accepts it.
pub async fn intake(shell: Arc<Shell>, _: JobContext) -> Conclusion {
    let taken = match inbox::take(&shell).await {
        Ok(taken) => taken,
        Err(failure) => return trouble_for_now(failure, AGAIN),
    };
    let count = |of: fn(&Answer) -> bool| taken.answers.iter().filter(|a| of(a)).count();
    let (accepted, known) = (count(|a| matches!(a, Answer::New { .. })), count(|a| matches!(a, Answer::Known(_))));
    let refused = count(|a| matches!(a, Answer::Refused(_)));
    if refused > 0 {
        tracing::warn!(documents = refused, "refused: each lies in refused/ beside its problems");
    }
    if taken.waiting > 0 {
        return Conclusion::snooze_for(SETTLING, None);
    }
    let result = json!({ "accepted": accepted, "known": known, "refused": refused, "unreadable": taken.unreadable });
    Conclusion::done_with(Vec::new(), result)
}
