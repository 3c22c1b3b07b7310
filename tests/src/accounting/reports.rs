//! Reports of runs, and the mails that say that one is there (DOMAIN § 9, docs/operations.md «What the runs leave»).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use super::{
    Finding, Year,
    announced::Owed,
    person::{Contact, Hat},
    texts::Texts,
    times,
};
use crate::files_below;

/// A run that always leaves a report: its name, the days on which it is due, and the hour.
type Run = (&'static str, fn(NaiveDate) -> bool, u32);

/// All of them.
const RUNS: [Run; 5] = [
    ("archive.semiannual", |d| d.day() == 15 && [1, 6].contains(&d.month()), 2),
    ("fixity.check", |d| d.day() == 1, 1),
    ("report.archive", |d| times::is_monday(&d), 7),
    ("report.roles", |d| (d.day(), d.month()) == (2, 1), 4),
    ("school_year.close", |d| (d.day(), d.month()) == (1, 8), 5),
];
/// Leaves one when there is something to follow up. Mondays, May to July, 07:00.
const REMINDS: &str = "annual_report.remind";

/// A report on disk.
struct Report {
    file: String,
    kind: String,
    municipality: String,
    day: NaiveDate,
}

/// A mail to the archivist for each report; each run that is due left one report.
pub fn mails<'a>(data: &Path, year: &Year, texts: &Texts, found: &mut Vec<Finding>) -> Vec<Owed<'a>> {
    let reports = read(data, found);
    let mut by_run: BTreeMap<(&str, &str, NaiveDate), usize> = BTreeMap::new();
    for report in &reports {
        *by_run.entry((&report.kind, &report.municipality, report.day)).or_default() += 1;
    }
    let at_work: BTreeSet<&str> = year.told.iter().map(super::Told::municipality).collect();
    for day in times::days(year.from, times::days_before(year.until, 2)) {
        for (kind, _, hour) in RUNS.iter().filter(|(_, is_due, _)| is_due(day)) {
            let due = times::in_oslo(day, *hour, 0);
            // There is nothing to report on before the municipality has its first plan.
            let has_begun = |m: &&&str| year.told.iter().any(|t| t.municipality() == **m && t.at < due);
            let missing = at_work.iter().filter(has_begun).filter(|m| seen(&by_run, kind, m, day) == 0);
            found.extend(missing.map(|m| Finding::new("report_missing", format!("{kind} {m} {day}"))));
        }
    }
    for ((kind, municipality, day), count) in &by_run {
        let due = |day: NaiveDate| match RUNS.iter().find(|(name, _, _)| name == kind) {
            Some((_, is_due, _)) => is_due(day),
            None => *kind == REMINDS && times::is_monday(&day) && (5..=7).contains(&day.month()),
        };
        // A step that begins in the evening may end on the next day.
        if !due(*day) && !due(times::days_before(*day, 1)) {
            found.push(Finding::new("report_unexpected", format!("{kind} {municipality} {day}")));
        }
        if *count > 1 {
            found.push(Finding::new("report_twice", format!("{kind} {municipality} {day}")));
        }
    }
    reports.iter().filter_map(|report| mail(year, texts, report)).collect()
}

fn seen(by_run: &BTreeMap<(&str, &str, NaiveDate), usize>, kind: &str, municipality: &str, day: NaiveDate) -> usize {
    [day, times::next_day(day)].iter().filter_map(|day| by_run.get(&(kind, municipality, *day))).sum()
}

/// Each paper has its JSON beside it, and the other way about.
fn read(data: &Path, found: &mut Vec<Finding>) -> Vec<Report> {
    let folder = data.join("reports");
    let files = if folder.is_dir() { files_below(&folder) } else { Vec::new() };
    let mut reports = Vec::new();
    for file in files {
        let name = file.strip_prefix(&folder).expect("it lies below").display().to_string();
        let other = file.with_extension(if name.ends_with(".json") { "pdf" } else { "json" });
        if !other.is_file() {
            found.push(Finding::new("report_half", &name));
        }
        if !name.ends_with(".json") {
            continue;
        }
        let json: Value = fs::read(&file).ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default();
        let text = |field: &str| json[field].as_str().unwrap_or_default().to_owned();
        let day = Path::new(&name).file_name().and_then(|n| times::day(&n.to_string_lossy()));
        match day {
            Some(day) if json["schema"] == "arkivflyt/run_report/1" && name.starts_with(&format!("{}/", text("municipality"))) => {
                reports.push(Report { file: name, kind: text("kind"), municipality: text("municipality"), day });
            }
            _ => found.push(Finding::new("report_broken", &name)),
        }
    }
    reports
}

fn mail<'a>(year: &Year, texts: &Texts, report: &Report) -> Option<Owed<'a>> {
    let municipality = texts.municipalities.get(&report.municipality)?;
    let email = municipality.archivist.clone()?;
    let hour = RUNS.iter().find(|(kind, _, _)| *kind == report.kind).map_or(7, |(_, _, hour)| *hour);
    let from = times::in_oslo(report.day, 0, 0);
    Some(Owed {
        kind: "archive_report",
        again: false,
        hat: Hat::Archivist,
        contact: Contact { email: Some(email), form: municipality.form.clone(), reserved: false, person: None, confirmed_on: None },
        municipality: report.municipality.clone(),
        from,
        until: times::in_oslo(report.day, hour, 0) + year.slack(),
        is_sure: true,
        why: report.file.clone(),
        cause: None,
        counts: None,
    })
}
