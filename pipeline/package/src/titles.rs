//! Titles. The first line is type and year only, the second the name (DOMAIN § 7): the public sees the first.

use chrono::Datelike;
use pipeline_domain::{Date, Name, PlanType, Timestamp, WrittenForm};

/// First line of a title: type and year, never a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstLine(String);

impl FirstLine {
    /// Type of document or plan, and the year or school year.
    pub fn new(kind: &str, year: &str) -> Self {
        Self(format!("{kind} {year}"))
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `tittel` (M020): the line, and the name on the second.
    pub fn with_name(&self, name: &Name) -> String {
        format!("{}\n{}", self.0, name.expose())
    }

    /// `offentligTittel` (M025): what is hidden is replaced by six asterisks.
    pub fn public(&self) -> String {
        format!("{} ******", self.0)
    }
}

/// What a plan type is called (DOMAIN § 2).
pub fn plan_type(plan: PlanType, form: WrittenForm) -> &'static str {
    match (plan, form) {
        (PlanType::Ip, _) => "Individuell plan",
        (PlanType::Es, WrittenForm::Nb) => "Enkelt samspill",
        (PlanType::Es, WrittenForm::Nn) => "Enkelt samspel",
        (PlanType::Sl, _) => "Stafettlogg",
        (PlanType::Iop, _) => "Individuell opplæringsplan",
    }
}

/// Title of the folder: the plan type and the year it was opened, for an IOP the school year.
pub fn folder(plan: PlanType, opened_at: Timestamp, form: WrittenForm) -> FirstLine {
    let day = opened_at.oslo_date();
    let year = if plan == PlanType::Iop { school_year(day) } else { day.naive().year().to_string() };
    FirstLine::new(plan_type(plan, form), &year)
}

/// School year that a day falls in: 1 August to 31 July (DOMAIN § 9).
fn school_year(day: Date) -> String {
    let first = if day.naive().month() >= 8 { day.naive().year() } else { day.naive().year() - 1 };
    format!("{first}/{}", first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(plan: PlanType, at: &str, expected: &str) {
        assert_eq!(folder(plan, at.parse().unwrap(), WrittenForm::Nb).as_str(), expected);
    }

    #[test]
    fn folder_titles() {
        check(PlanType::Ip, "2026-11-23T09:00:00+01:00", "Individuell plan 2026");
        check(PlanType::Iop, "2026-08-01T00:00:00+02:00", "Individuell opplæringsplan 2026/2027");
        check(PlanType::Iop, "2026-07-31T23:59:59+02:00", "Individuell opplæringsplan 2025/2026");
        // New Year's Eve in UTC is New Year's Day in Oslo.
        check(PlanType::Sl, "2026-12-31T23:30:00Z", "Stafettlogg 2027");
    }

    #[test]
    fn the_public_title_has_no_name() {
        let line = FirstLine::new("Møtereferat", "2026");
        assert_eq!(line.with_name(&Name::new("Blid Fjellbekk")), "Møtereferat 2026\nBlid Fjellbekk");
        assert_eq!(line.public(), "Møtereferat 2026 ******");
    }
}
