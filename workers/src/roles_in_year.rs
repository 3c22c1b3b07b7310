//! The yearly look at roles: who held which, what was done with them, and which oversight nobody used. Asked for by `access report`,
//! and made by the schedule `report.roles`.
//!
//! People stand in it as P1, P2 …, with their pseudonyms in a list of their own (`People`).

use pipeline_access::{AccessRow, Head, RoleLine, RoleReport, role_report};
use pipeline_domain::{ActorId, Date, Lang, MunicipalityNumber, Timestamp, WrittenForm};
use pipeline_render::{Cell, Label, ReportTable, RunReport};

use crate::{access_log::AccessLog, asking::Register, data::DataFolder, failure::Failure};

/// The people of a document, in the order they are met.
#[derive(Default)]
pub struct People(Vec<ActorId>);

impl People {
    /// The person's number.
    pub fn cell(&mut self, actor: ActorId) -> Cell {
        let n = self.0.iter().position(|one| *one == actor).unwrap_or_else(|| {
            self.0.push(actor);
            self.0.len() - 1
        });
        Cell::Person(n + 1)
    }

    /// How many were met.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Which pseudonym stands behind each number.
    pub fn table(&self) -> ReportTable {
        let mut table = ReportTable::new(Label::Persons, Label::PersonsMeaning, [Label::Who, Label::Pseudonym]);
        table.rows = self.0.iter().enumerate().map(|(n, actor)| vec![Cell::Person(n + 1), Cell::Id(*actor)]).collect();
        table
    }
}

/// What register and log say of a calendar year (Oslo), and how far the log went.
///
/// # Errors
/// The register or the log is damaged or cannot be read.
pub fn of_year(data: &DataFolder, municipality: &MunicipalityNumber, year: u16) -> Result<(RoleReport, Head), Failure> {
    let grants = Register::read(data, municipality)?.grants();
    let mut rows: Vec<AccessRow> = Vec::new();
    let reading = AccessLog::of(data, municipality).read(&[], |row| {
        if row.at.oslo_year() == year {
            rows.push(row);
        }
    })?;
    Ok((role_report(year, &grants, &rows), reading.head))
}

/// Puts what was found into a report: figures, lists, and how many things a person should look at.
pub fn tell(report: &mut RunReport, found: &RoleReport) {
    let lang = match report.written_form {
        WrittenForm::Nb => Lang::Nb,
        WrittenForm::Nn => Lang::Nn,
    };
    let mut people = People::default();
    let unused = unused(found, lang, &mut people);
    let sum = |of: fn(&RoleLine) -> usize| found.roles.iter().map(of).sum::<usize>() as u64;
    report.figures = vec![
        (Label::Looks, sum(|r| r.looks)),
        (Label::TakenOut, sum(|r| r.taken_out)),
        (Label::Denied, sum(|r| r.denied)),
        (Label::UnusedRoles, found.unused.len() as u64),
    ];
    report.tables = vec![held(found, lang), used(found, lang), unused, people.table()];
    report.to_follow_up = found.unused.len() as u64 + sum(|r| r.without_reason);
    report.since = format!("{:04}-01-01", found.year).parse().ok().and_then(midnight);
}

/// Roles that somebody held or used in the year.
fn in_use(found: &RoleReport) -> impl Iterator<Item = &RoleLine> {
    found.roles.iter().filter(|r| r.holders + r.granted + r.looks + r.taken_out + r.other + r.denied > 0)
}

fn counted(line: &RoleLine, lang: Lang, counts: &[usize]) -> Vec<Cell> {
    let role = Cell::Said { id: line.role.id(), text: line.role.text(lang) };
    std::iter::once(role).chain(counts.iter().map(|n| Cell::Number(*n as u64))).collect()
}

fn held(found: &RoleReport, lang: Lang) -> ReportTable {
    let columns = [Label::Role, Label::Holders, Label::Granted, Label::Withdrawn, Label::RunOut];
    let mut table = ReportTable::new(Label::RolesHeld, Label::RolesHeldMeaning, columns);
    table.rows = in_use(found).map(|r| counted(r, lang, &[r.holders, r.granted, r.withdrawn, r.run_out])).collect();
    table
}

fn used(found: &RoleReport, lang: Lang) -> ReportTable {
    let columns = [Label::Role, Label::Looks, Label::TakenOut, Label::Other, Label::Denied, Label::WithoutReason];
    let mut table = ReportTable::new(Label::RolesUsed, Label::RolesUsedMeaning, columns);
    table.rows = in_use(found).map(|r| counted(r, lang, &[r.looks, r.taken_out, r.other, r.denied, r.without_reason])).collect();
    table
}

fn unused(found: &RoleReport, lang: Lang, people: &mut People) -> ReportTable {
    let mut table = ReportTable::new(Label::UnusedRoles, Label::UnusedRolesMeaning, [Label::Who, Label::Role, Label::Over]);
    let row = |holder: &pipeline_access::Holder| {
        let role = Cell::Said { id: holder.role.id(), text: holder.role.text(lang) };
        vec![people.cell(holder.actor), role, Cell::Path(holder.reach.to_string())]
    };
    table.rows = found.unused.iter().map(row).collect();
    table
}

/// The first instant of a day in Oslo.
fn midnight(day: Date) -> Option<Timestamp> {
    // The offset is that of the day: try both.
    ["+01:00", "+02:00"]
        .iter()
        .filter_map(|offset| format!("{day}T00:00:00{offset}").parse::<Timestamp>().ok())
        .find(|at| at.oslo_date() == day)
}
