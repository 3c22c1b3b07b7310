//! `report.roles`: the yearly look at roles, of the calendar year that has ended: who held which, what was done with them, and which
//! oversight nobody used. The same as `access report` makes for a year that somebody names.

use pipeline_queue::Conclusion;
use pipeline_render::{Label, ReportKind};
use pipeline_store::RunCounts;
use serde_json::json;

use super::local::LocalRun;
use crate::{failure::Failure, roles_in_year};

/// Reports also a year in which nobody held a role: that nobody did is what such a report is kept for.
pub async fn report(run: &LocalRun) -> Result<Conclusion, Failure> {
    let year = run.due.oslo_year().saturating_sub(1);
    let (data, municipality) = (run.shell.data.clone(), run.municipality.clone());
    let (found, _) = run.ctx.blocking(move |_| roles_in_year::of_year(&data, &municipality, year)).await?;
    let mut report = run.new_report(ReportKind::RoleReport, None);
    report.remarks = vec![Label::AccessRemark];
    roles_in_year::tell(&mut report, &found);
    let holders: usize = found.roles.iter().map(|r| r.holders).sum();
    run.finish(&report, RunCounts::default(), json!({ "year": year, "holders": holders, "unused": found.unused.len() })).await
}
