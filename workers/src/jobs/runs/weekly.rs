//! `report.archive`: what was archived since the last report, and what waits for a person.

use std::fs;

use pipeline_domain::Timestamp;
use pipeline_queue::Conclusion;
use pipeline_render::{Label, ReportKind};
use pipeline_store::RunCounts;
use serde_json::json;

use super::{local::LocalRun, survey::survey};
use crate::failure::Failure;

const WEEK_S: i64 = 7 * 24 * 3600;

pub async fn report(run: &LocalRun) -> Result<Conclusion, Failure> {
    let a_week_ago = Timestamp::from_unix_seconds(run.due.unix_seconds() - WEEK_S);
    let since = run.previous_due().await?.or(a_week_ago);
    let Some(survey) = survey(run, since).await? else { return Ok(Conclusion::stopped()) };
    let refused = refused_since(run, since);
    let mut report = run.new_report(ReportKind::ArchiveReport, since);
    report.to_follow_up = survey.to_follow_up() + refused;
    report.figures = vec![
        (Label::Archived, survey.archived()),
        (Label::Refused, refused),
        (Label::Failed, survey.failed()),
        (Label::Waiting, survey.waiting()),
        (Label::Overdue, survey.overdue()),
        (Label::Mails, survey.mails.len() as u64),
        (Label::OnPaper, survey.on_paper.len() as u64),
        (Label::Folders, survey.folders.len() as u64),
    ];
    let remarks = [(Label::RefusedRemark, refused > 0), (Label::UnreadRemark, survey.unread > 0)];
    report.remarks = remarks.into_iter().filter_map(|(remark, holds)| holds.then_some(remark)).collect();
    report.tables =
        vec![survey.failed_table(), survey.overdue_table(), survey.mails_table(), survey.on_paper_table(), survey.waiting_table()];
    let (archived, refused) = (u32::try_from(survey.archived()).unwrap_or(u32::MAX), u32::try_from(refused).unwrap_or(u32::MAX));
    let result = json!({
        "archived": archived, "refused": refused, "failed": survey.failed(), "waiting": survey.waiting(), "overdue": survey.overdue(),
        "mails": survey.mails.len(), "on_paper": survey.on_paper.len(), "since": since.map(Timestamp::unix_seconds),
    });
    run.finish(&report, RunCounts { archived, refused, ..RunCounts::default() }, result).await
}

/// Documents that were refused after `since`: each has its problems beside it. Nobody knows whose they are.
fn refused_since(run: &LocalRun, since: Option<Timestamp>) -> u64 {
    let entries = fs::read_dir(run.shell.data.refused()).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let problems = entries.iter().filter(|e| e.file_name().to_string_lossy().ends_with(".problems.json"));
    let came = problems.filter_map(|e| e.metadata().and_then(|m| m.modified()).ok()?.duration_since(std::time::UNIX_EPOCH).ok());
    came.filter(|at| since.is_none_or(|since| i64::try_from(at.as_secs()).is_ok_and(|at| at > since.unix_seconds()))).count() as u64
}
