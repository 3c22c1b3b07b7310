//! `school_year.close` and `annual_report.remind`: which IOPs are left over, and which have no annual report. Both are read from
//! the folders' own `metadata/sak.json`: its titles tell the school year. That a folder holds an IOP stands in the report; a mail says
//! no more than that a task waits.

use std::collections::BTreeSet;

use chrono::Datelike;
use pipeline_archive::CaseHead;
use pipeline_domain::{Date, DocumentKind, PlanType, Timestamp};
use pipeline_package::CaseRecord;
use pipeline_queue::Conclusion;
use pipeline_render::{Cell, Label, ReportKind, ReportTable, RunReport};
use pipeline_store::{Folder, RunCounts};
use serde_json::{Value, json};

use super::{
    annual,
    local::LocalRun,
    records::{self, Looked},
    survey::{self, day_or_never},
};
use crate::{failure::Failure, shell::Shell};

/// An IOP's folder.
#[derive(Debug)]
struct Iop {
    folder: Folder,
    is_closed: bool,
    /// School years that a snapshot of the plan is archived for.
    years: BTreeSet<String>,
    /// School years that an annual report is archived for.
    reported: BTreeSet<String>,
    last_snapshot: Option<Timestamp>,
}

/// IOPs whose newest snapshot is of the school year that has ended, or older.
pub async fn not_rolled_over(run: &LocalRun) -> Result<Conclusion, Failure> {
    let ended = school_year_before(run.due.oslo_date());
    let Some((iops, unread)) = iops(run).await? else { return Ok(Conclusion::stopped()) };
    let mut table =
        ReportTable::new(Label::NotRolledOver, Label::NotRolledOverMeaning, [Label::CaseFolder, Label::SchoolYear, Label::LastSnapshot]);
    table.rows.extend(iops.iter().filter(|iop| !iop.is_closed).filter_map(|iop| {
        let newest = iop.years.last().filter(|year| **year <= ended)?;
        Some(vec![Cell::Folder(iop.folder.id.clone()), Cell::Year(newest.clone()), day_or_never(iop.last_snapshot)])
    }));
    let mut report = run.new_report(ReportKind::SchoolYearClose, None);
    report.figures = vec![(Label::NotRolledOver, table.rows.len() as u64)];
    finish(run, report, table, json!({ "unread": unread })).await
}

/// IOPs of the school year without an annual report for it, and word to those who lead them. When there is none, nobody is reminded.
pub async fn without_annual_report(run: &LocalRun) -> Result<Conclusion, Failure> {
    let year = school_year(run.due.oslo_date());
    let Some((iops, unread)) = iops(run).await? else { return Ok(Conclusion::stopped()) };
    let mut table =
        ReportTable::new(Label::NoAnnualReport, Label::NoAnnualReportMeaning, [Label::CaseFolder, Label::SchoolYear, Label::LastSnapshot]);
    let missing: Vec<&Iop> = iops.iter().filter(|iop| iop.years.contains(&year) && !iop.reported.contains(&year)).collect();
    let folders: Vec<_> = missing.iter().map(|iop| &iop.folder.id).collect();
    let Some(told) = annual::remind(run, &folders, &year).await? else { return Ok(Conclusion::stopped()) };
    table.rows.extend(
        missing.iter().map(|iop| vec![Cell::Folder(iop.folder.id.clone()), Cell::Year(year.clone()), day_or_never(iop.last_snapshot)]),
    );
    if table.rows.is_empty() && unread == 0 {
        return Ok(run.finish_quietly(RunCounts::default(), json!({ "to_follow_up": 0 })));
    }
    let mut report = run.new_report(ReportKind::AnnualReportRemind, None);
    report.figures = vec![(Label::NoAnnualReport, table.rows.len() as u64)];
    finish(run, report, table, json!({ "unread": unread, "told": told })).await
}

async fn finish(run: &LocalRun, mut report: RunReport, table: ReportTable, result: Value) -> Result<Conclusion, Failure> {
    report.to_follow_up = table.rows.len() as u64;
    report.tables = vec![table];
    if result["unread"] != 0 {
        report.remarks = vec![Label::UnreadRemark];
    }
    run.finish(&report, RunCounts::default(), result).await
}

/// Every IOP of the municipality and how many folders could not be read; `None` when asked to stop.
async fn iops(run: &LocalRun) -> Result<Option<(Vec<Iop>, u32)>, Failure> {
    let folders = survey::folders_of(run).await?;
    let Some(looked) = records::look(run, &folders, see).await else { return Ok(None) };
    let (mut iops, mut unread) = (Vec::new(), 0);
    for (_, looked) in looked {
        match looked {
            Looked::Found(iop) => iops.extend(iop),
            Looked::Empty => {}
            Looked::Unreadable => unread += 1,
        }
    }
    Ok(Some((iops, unread)))
}

fn see(_: &Shell, folder: &Folder, _: &CaseHead, record: &CaseRecord) -> Result<Option<Iop>, Failure> {
    if record.plan_type() != PlanType::Iop {
        return Ok(None);
    }
    let of = |kind| record.documents().iter().filter(move |d| d.kind == kind);
    let years = |kind| of(kind).filter_map(|d| year_in(&d.title).map(str::to_owned)).collect();
    Ok(Some(Iop {
        folder: folder.clone(),
        is_closed: record.closed_at().is_some(),
        years: years(DocumentKind::PlanSnapshot),
        reported: years(DocumentKind::AnnualReport),
        last_snapshot: of(DocumentKind::PlanSnapshot).map(|d| d.accepted_at).max(),
    }))
}

/// The school year at the end of a title: «Individuell opplæringsplan 2026/2027».
fn year_in(title: &str) -> Option<&str> {
    let last = title.rsplit(' ').next()?;
    let (from, to) = last.split_once('/')?;
    let is_year = |y: &str| y.len() == 4 && y.bytes().all(|b| b.is_ascii_digit());
    (is_year(from) && is_year(to)).then_some(last)
}

/// 1 August to 31 July (DOMAIN § 9).
fn school_year(day: Date) -> String {
    let day = day.naive();
    named(if day.month() >= 8 { day.year() } else { day.year() - 1 })
}

/// The one that had ended on this day.
fn school_year_before(day: Date) -> String {
    let day = day.naive();
    named(if day.month() >= 8 { day.year() - 1 } else { day.year() - 2 })
}

fn named(first: i32) -> String {
    format!("{first}/{}", first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_turns_on_the_first_of_august() {
        let day = |d: &str| d.parse::<Date>().unwrap();
        assert_eq!((school_year(day("2027-07-31")), school_year_before(day("2027-07-31"))), ("2026/2027".into(), "2025/2026".into()));
        assert_eq!((school_year(day("2027-08-01")), school_year_before(day("2027-08-01"))), ("2027/2028".into(), "2026/2027".into()));
    }

    #[test]
    fn the_year_is_read_from_the_end_of_a_title() {
        assert_eq!(year_in("Individuell opplæringsplan 2026/2027"), Some("2026/2027"));
        assert_eq!(year_in("Årsrapport 2025/2026"), Some("2025/2026"));
        assert_eq!(year_in("Møtereferat 2026"), None);
        assert_eq!(year_in("Og/Eller"), None);
    }
}
