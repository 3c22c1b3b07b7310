//! `endringslogg.xml`: every reference must be to a unit of the extract.

use crate::{
    Finding, Rule, Unit,
    finding::{Findings, UnitId},
    structure::{Keys, key_of, known},
    xml::{Element, Ending, Visit},
};

/// The file.
pub const FILE: &str = "endringslogg.xml";

/// Follows the log.
pub struct ChangeLog<'a> {
    pub findings: &'a mut Findings,
    /// The units of the structure; `None` when it was not read to its end.
    units: Option<&'a Keys>,
    open: Vec<&'static str>,
}

impl<'a> ChangeLog<'a> {
    pub fn new(units: Option<&'a Keys>, findings: &'a mut Findings) -> Self {
        Self { findings, units, open: Vec::new() }
    }
}

impl Visit for ChangeLog<'_> {
    fn start(&mut self, element: &Element<'_>) {
        self.open.push(known(element.name).unwrap_or_default());
    }

    fn end(&mut self, ending: &Ending<'_>) {
        let name = self.open.pop();
        // Compared as text: the same letter case, no white space.
        if name == Some("referanseArkivenhet") && self.units.is_some_and(|units| !units.contains(&key_of(ending.text))) {
            let unit = Unit { line: ending.line, element: Some("referanseArkivenhet".into()), system_id: UnitId::parse(ending.text) };
            self.findings.add(Finding::new(Rule::ChangeLogReference).file(FILE).unit(unit));
        }
    }
}
