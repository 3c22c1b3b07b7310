//! Reads one XML file once: for its digest, for its schema, and for the rules of its kind.

use crate::{
    Finding, Limits, Note, Rule, Unit,
    change_log::ChangeLog,
    finding::{Findings, UnitId},
    journals::Journal,
    listed::Known,
    place::{FileNo, Place},
    schema::{Model, Validator},
    structure::Structure,
    xml::{self, Element, Ending, Fault, Hashing, Stop, Visit},
};

/// Has findings to add to.
pub trait Judge: Visit {
    fn findings(&mut self) -> &mut Findings;
    /// The systemID of the unit that we are in.
    fn unit_id(&self) -> Option<UnitId> {
        None
    }
}

impl Judge for Structure<'_> {
    fn findings(&mut self) -> &mut Findings {
        self.findings
    }

    fn unit_id(&self) -> Option<UnitId> {
        self.innermost_id()
    }
}

impl Judge for ChangeLog<'_> {
    fn findings(&mut self) -> &mut Findings {
        self.findings
    }
}

impl Judge for Journal<'_> {
    fn findings(&mut self) -> &mut Findings {
        self.findings
    }
}

/// Has no rules of its own.
pub struct SchemaOnly<'a>(pub &'a mut Findings);

impl Visit for SchemaOnly<'_> {
    fn start(&mut self, _: &Element<'_>) {}
    fn end(&mut self, _: &Ending<'_>) {}
}

impl Judge for SchemaOnly<'_> {
    fn findings(&mut self) -> &mut Findings {
        self.0
    }
}

/// What every reading needs.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub place: &'a Place,
    pub limits: &'a Limits,
    pub stop: Stop<'a>,
    /// The schemas, or why there are none.
    pub model: Result<&'a Model, Note>,
}

impl Reading<'_> {
    /// Whether the file was read to its end.
    pub fn read(&self, no: FileNo, name: &str, known: &mut Known, judge: &mut dyn Judge) -> bool {
        let Ok(file) = self.place.read(no) else {
            judge.findings().add(Finding::new(Rule::Unreadable).file(name));
            return false;
        };
        let mut source = Hashing::new(file);
        let mut watch = Watch { name, model: self.model, validator: None, is_begun: false, judge };
        let outcome = xml::read(&mut source, self.limits, self.stop, &mut watch);
        watch.finish(outcome.fault.is_none());
        let judge = watch.judge;
        if let Some(fault) = outcome.fault {
            tell(fault, name, outcome.line, judge.findings());
        }
        match source.finish(self.stop) {
            Ok((digest, size)) if size == self.place.index.size(no) => {
                known.insert(no, digest);
                outcome.fault.is_none()
            }
            Err(error) if error.kind() == xml::STOPPED => {
                judge.findings().not_checked(Rule::ListedChecksums, Some(name), Note::Stopped);
                outcome.fault.is_none()
            }
            _ => {
                judge.findings().add(Finding::new(Rule::Unreadable).file(name));
                false
            }
        }
    }
}

/// Tells why a file was not read to its end.
pub fn tell(fault: Fault, name: &str, line: u64, findings: &mut Findings) {
    match fault.rule() {
        Some(rule) => findings.add(Finding::new(rule).file(name).unit(Unit { line, ..Unit::default() })),
        None => findings.not_checked(Rule::Schema, Some(name), Note::Stopped),
    }
}

struct Watch<'a> {
    name: &'a str,
    model: Result<&'a Model, Note>,
    validator: Option<Validator<'a>>,
    is_begun: bool,
    judge: &'a mut dyn Judge,
}

impl Watch<'_> {
    /// The root's namespace says which schema it is.
    fn begin(&mut self, namespace: &str) {
        self.is_begun = true;
        match self.model {
            Ok(model) if model.knows(namespace) => self.validator = Some(Validator::new(model)),
            Ok(_) => self.judge.findings().not_checked(Rule::Schema, Some(self.name), Note::NoSchemas),
            Err(why) => self.judge.findings().not_checked(Rule::Schema, Some(self.name), why),
        }
    }

    fn take_breaches(&mut self) {
        let Some(validator) = &mut self.validator else { return };
        let system_id = if validator.breaches.is_empty() { None } else { self.judge.unit_id() };
        for breach in validator.breaches.drain(..) {
            let unit = Unit { line: breach.line, element: breach.element.map(Into::into), system_id };
            self.judge.findings().add(Finding::new(Rule::Schema).file(self.name).unit(unit).note(breach.note));
        }
    }

    fn finish(&mut self, is_whole: bool) {
        if self.validator.as_ref().is_some_and(|v| v.has_unread) {
            self.judge.findings().not_checked(Rule::Schema, Some(self.name), Note::SchemaFeature);
        }
        if !is_whole {
            self.judge.findings().not_checked(Rule::Schema, Some(self.name), Note::NeedsFile);
        }
    }
}

impl Visit for Watch<'_> {
    fn start(&mut self, element: &Element<'_>) {
        if !self.is_begun {
            self.begin(element.namespace);
        }
        // First the schema: a breach is told of the unit that the element stands in, and one at an end of the unit that ends.
        if let Some(validator) = &mut self.validator {
            validator.start(element);
            self.take_breaches();
        }
        self.judge.start(element);
    }

    fn end(&mut self, ending: &Ending<'_>) {
        if let Some(validator) = &mut self.validator {
            validator.end(ending);
            self.take_breaches();
        }
        self.judge.end(ending);
    }

    fn goes_on(&self) -> bool {
        self.judge.goes_on()
    }
}
