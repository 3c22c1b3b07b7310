//! `archive.semiannual`: everything that waits is archived, the source system is asked for what it has not sent, and the archivist
//! is told how each case folder stands.
//!
//! The living plan is in the source system. What it holds there, and whether it has changed, is not known here.

use std::time::Duration;

use pipeline_domain::{Date, DocumentKind, Timestamp};
use pipeline_queue::Conclusion;
use pipeline_render::{Label, ReportKind};
use pipeline_store::{Documents, RunCounts};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    local::LocalRun,
    records::{self, Looked},
    request::{self, RequestedPlan},
    survey::{self, survey},
    sweep::give_jobs,
};
use crate::failure::Failure;

/// The run waits for what it found waiting, but not for ever: a document may be tried for two days.
const MOST_WAIT_S: i64 = 24 * 3600;
/// Between looks while it waits: a quarter of the time that it has waited, within these.
const SHORTEST_REST_S: i64 = 1;
const LONGEST_REST_S: i64 = 300;
const PAGE: u32 = 256;

/// How far it has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    step: Step,
    /// Jobs that were made.
    jobs: usize,
    /// Plans that were asked for.
    requested: usize,
    /// Folders that could not be read.
    unread: u32,
    /// Documents that the run waits for.
    waiting: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    #[default]
    Ask,
    Wait,
}

pub async fn archive(run: &LocalRun) -> Result<Conclusion, Failure> {
    let mut progress: Progress = run.progress();
    if progress.step == Step::Ask {
        (progress.jobs, _) = give_jobs(&run.shell, run.shell.clock.now(), Some(&run.municipality)).await?;
        let Some((requested, unread)) = ask_for_plans(run).await? else { return Ok(Conclusion::stopped()) };
        progress = Progress { step: Step::Wait, requested, unread, ..progress };
    }
    progress.waiting = still_waiting(run).await?;
    if let Err(e) = run.ctx.save_progress_now(json!(progress)).await {
        return Ok(Conclusion::store_error(&e));
    }
    let waited_s = run.shell.clock.now().unix_seconds() - run.started_at.unix_seconds();
    if progress.waiting > 0 && waited_s < MOST_WAIT_S {
        let rest_s = (waited_s / 4).clamp(SHORTEST_REST_S, LONGEST_REST_S);
        return Ok(Conclusion::snooze_for(Duration::from_secs(rest_s.unsigned_abs()), None));
    }
    report(run, &progress).await
}

/// Every plan whose folder is open. How many, and how many folders could not be read; `None` when asked to stop.
async fn ask_for_plans(run: &LocalRun) -> Result<Option<(usize, u32)>, Failure> {
    let folders = survey::folders_of(run).await?;
    let see = |_: &_, _: &_, _: &_, record: &pipeline_package::CaseRecord| {
        let snapshots = record.documents().iter().filter(|d| d.kind == DocumentKind::PlanSnapshot);
        Ok((record.closed_at().is_none(), snapshots.map(|d| d.date).max()))
    };
    let Some(looked) = records::look::<(bool, Option<Date>)>(run, &folders, see).await else { return Ok(None) };
    let (mut plans, mut unread) = (Vec::new(), 0);
    for (folder, looked) in looked {
        match looked {
            Looked::Found((true, last)) => plans.push(RequestedPlan::of(&folder, last)),
            Looked::Found((false, _)) => {}
            Looked::Empty => plans.push(RequestedPlan::of(&folder, None)),
            Looked::Unreadable => unread += 1,
        }
    }
    request::write(run, &plans).await?;
    Ok(Some((plans.len(), unread)))
}

/// Documents that had come when the run began and are neither archived nor given up, also those whose next try is not due.
async fn still_waiting(run: &LocalRun) -> Result<u64, Failure> {
    let whenever = Timestamp::from_unix_seconds(i64::from(u32::MAX)).unwrap_or(run.started_at);
    let (mut waiting, mut after) = (0, None);
    loop {
        let page = run.shell.store.pending(whenever, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(waiting) };
        after = Some(last.place);
        let ours = page.iter().filter(|d| d.reservation.folder.municipality == run.municipality);
        waiting += ours.filter(|d| d.reservation.accepted_at <= run.started_at).count() as u64;
    }
}

async fn report(run: &LocalRun, progress: &Progress) -> Result<Conclusion, Failure> {
    let before = run.previous_due().await?;
    let Some(survey) = survey(run, before).await? else { return Ok(Conclusion::stopped()) };
    let mut report = run.new_report(ReportKind::Semiannual, before);
    report.to_follow_up = survey.to_follow_up();
    report.figures = vec![
        (Label::Folders, survey.folders.len() as u64),
        (Label::Archived, survey.archived()),
        (Label::Requested, progress.requested as u64),
        (Label::Waiting, survey.waiting()),
        (Label::Overdue, survey.overdue()),
        (Label::Failed, survey.failed()),
        (Label::Mails, survey.mails.len() as u64),
        (Label::OnPaper, survey.on_paper.len() as u64),
    ];
    let remarks = [
        (Label::RequestRemark, progress.requested > 0),
        (Label::StillWaiting, progress.waiting > 0),
        (Label::UnreadRemark, progress.unread > 0),
    ];
    report.remarks = remarks.into_iter().filter_map(|(remark, holds)| holds.then_some(remark)).collect();
    report.tables = vec![
        survey.failed_table(),
        survey.overdue_table(),
        survey.mails_table(),
        survey.on_paper_table(),
        survey.waiting_table(),
        survey.folders_table(),
    ];
    let archived = u32::try_from(survey.archived()).unwrap_or(u32::MAX);
    let result = json!({
        "jobs": progress.jobs, "requested": progress.requested, "folders": survey.folders.len(), "archived": archived,
        "waiting": survey.waiting(), "failed": survey.failed(), "overdue": survey.overdue(), "on_paper": survey.on_paper.len(),
    });
    run.finish(&report, RunCounts { archived, ..RunCounts::default() }, result).await
}
