//! The last check of the whole archive, for those who watch.

use std::collections::BTreeSet;

use pipeline_domain::Timestamp;
use pipeline_store::{JobFilter, JobKind, JobRow, JobState, Jobs, Run, Runs, ScheduleName, Schedules};

use crate::{
    failure::Failure,
    jobs::runs::{
        FIXITY_CHECK,
        local::{on_disk, run_id},
    },
    shell::Shell,
};

/// Checks that are looked through for the last whole one.
const LOOK_BACK: u32 = 200;

/// A check of the whole archive that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When its last municipality was through.
    pub at: Timestamp,
    /// Damaged case folders.
    pub damaged: u64,
}

/// The newest check that is through everywhere. Read from the runs: finished jobs are removed in time.
pub async fn last_verification(shell: &Shell) -> Result<Option<Verified>, Failure> {
    let mut numbers = on_disk(shell);
    numbers.extend(shell.municipalities.keys().cloned());
    for due in dues(shell).await? {
        let mut runs = Vec::new();
        for number in &numbers {
            runs.extend(shell.store.run(run_id(FIXITY_CHECK, due, number)).await?);
        }
        if let Some(verified) = whole(&runs) {
            return Ok(Some(verified));
        }
    }
    Ok(None)
}

/// When checks were due, by schedule or by hand, the newest first. One that still has a job to do is not among them.
async fn dues(shell: &Shell) -> Result<Vec<Timestamp>, Failure> {
    let fired = shell.store.fires(&ScheduleName::of(FIXITY_CHECK), 3).await?;
    let mut dues: BTreeSet<Timestamp> = fired.into_iter().map(|(due, _)| due).collect();
    let checks = JobFilter { kind: Some(JobKind::of(FIXITY_CHECK)), ..JobFilter::default() };
    let jobs = shell.store.jobs(&checks, LOOK_BACK).await?;
    let due = |job: &JobRow| Timestamp::from_unix_seconds(job.args.get("due")?.as_i64()?);
    dues.extend(jobs.iter().filter_map(due));
    for job in jobs.iter().filter(|job| job.state != JobState::Done) {
        due(job).map(|due| dues.remove(&due));
    }
    Ok(dues.into_iter().rev().collect())
}

/// `None` when one is not through, or none was begun.
fn whole(runs: &[Run]) -> Option<Verified> {
    let ends = runs.iter().map(|run| run.finished_at).collect::<Option<Vec<Timestamp>>>()?;
    let at = ends.into_iter().max()?;
    Some(Verified { at, damaged: runs.iter().map(|run| u64::from(run.counts.failed)).sum() })
}

#[cfg(test)]
mod tests {
    use pipeline_store::{RunCounts, RunId};

    use super::*;

    fn run(finished: Option<i64>, failed: u32) -> Run {
        let at = |s| Timestamp::from_unix_seconds(s).unwrap();
        let counts = RunCounts { failed, ..RunCounts::default() };
        Run { id: RunId(uuid::Uuid::nil()), started_at: at(0), finished_at: finished.map(at), counts }
    }

    #[test]
    fn a_check_is_whole_when_every_municipality_is_through() {
        let damaged = |runs: &[Run]| whole(runs).map(|v| (v.at.unix_seconds(), v.damaged));
        assert_eq!(damaged(&[]), None);
        assert_eq!(damaged(&[run(Some(5), 1), run(None, 0)]), None);
        assert_eq!(damaged(&[run(Some(5), 1), run(Some(9), 2), run(Some(7), 0)]), Some((9, 3)));
    }
}
