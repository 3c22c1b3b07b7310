//! The two journals: what each says, and whether they agree.

use crate::{
    Finding, Note, Rule, Unit,
    addml::Addml,
    finding::Findings,
    schema::{
        Whole,
        time::{self, Day},
    },
    structure::{Summary, known},
    xml::{Element, Ending, Visit, trimmed},
};

/// Their files.
pub const FILES: [&str; 2] = ["loependeJournal.xml", "offentligJournal.xml"];

/// What one journal says.
#[derive(Debug, Default, Clone)]
pub struct Said {
    pub count: Option<u64>,
    pub start: Option<Day>,
    pub end: Option<Day>,
    entries: u64,
}

/// Follows one journal.
pub struct Journal<'a> {
    pub findings: &'a mut Findings,
    file: &'static str,
    open: Vec<&'static str>,
    said: Said,
    /// Year and sequence number of the entry that is open, and of the one before.
    at: (Option<String>, Option<String>),
    before: Option<(String, String)>,
    is_unsorted: bool,
}

impl<'a> Journal<'a> {
    pub fn new(file: &'static str, findings: &'a mut Findings) -> Self {
        Self { findings, file, open: Vec::new(), said: Said::default(), at: (None, None), before: None, is_unsorted: false }
    }

    /// The journal was read to its end.
    pub fn finish(self) -> Said {
        if let Some(count) = self.said.count.filter(|count| *count != self.said.entries) {
            self.findings.add(Finding::new(Rule::JournalSum).file(self.file).counts(count, self.said.entries));
        }
        self.said
    }

    fn end_value(&mut self, name: &str, above: &str, text: &str) {
        let text = trimmed(text);
        match (name, above) {
            ("antallJournalposter", "journalhode") => self.said.count = text.parse().ok(),
            ("journalStartDato", "journalhode") => self.said.start = time::date(text),
            ("journalSluttDato", "journalhode") => self.said.end = time::date(text),
            ("journalaar", "journalpost") => self.at.0 = Some(text.to_owned()),
            ("journalsekvensnummer", "journalpost") => self.at.1 = Some(text.to_owned()),
            _ => {}
        }
    }

    /// Sorted by year, then by sequence number: told once.
    fn end_entry(&mut self, line: u64) {
        self.said.entries += 1;
        let (Some(year), Some(number)) = std::mem::take(&mut self.at) else { return };
        let of = |year: &str, number: &str| Whole::parse(year).zip(Whole::parse(number)).is_none();
        if of(&year, &number) {
            return;
        }
        let is_lower =
            self.before.as_ref().is_some_and(|(y, n)| (Whole::parse(&year), Whole::parse(&number)) < (Whole::parse(y), Whole::parse(n)));
        if is_lower && !std::mem::replace(&mut self.is_unsorted, true) {
            let unit = Unit { line, element: Some("journalregistrering".into()), system_id: None };
            self.findings.add(Finding::new(Rule::JournalOrder).file(self.file).unit(unit));
        }
        self.before = Some((year, number));
    }
}

impl Visit for Journal<'_> {
    fn start(&mut self, element: &Element<'_>) {
        self.open.push(known(element.name).unwrap_or_default());
    }

    fn end(&mut self, ending: &Ending<'_>) {
        let Some(name) = self.open.pop() else { return };
        if name == "journalregistrering" {
            self.end_entry(ending.line);
        } else if !ending.has_children {
            self.end_value(name, self.open.last().copied().unwrap_or_default(), ending.text);
        }
    }
}

/// What is known of the two: `None` for one that is missing or was not read to its end.
pub struct Both {
    pub said: [Option<Said>; 2],
    /// Whether the file is there at all.
    pub is_there: [bool; 2],
}

impl Both {
    /// Judges them against each other and against the structure.
    pub fn judge(self, addml: &Addml, structure: Option<&Summary>, findings: &mut Findings) {
        let names = ["loependeJournal", "offentligJournal"];
        for (at, file) in FILES.iter().enumerate() {
            if !self.is_there[at] {
                findings.add(Finding::new(Rule::JournalCount).file(file).note(Note::FileMissing));
            } else if addml.is_there && addml.object(names[at]).is_none() {
                findings.add(Finding::new(Rule::JournalCount).file(file).note(Note::NotListed));
            }
        }
        let [Some(running), Some(public)] = &self.said else {
            findings.not_checked(Rule::JournalCount, None, Note::NeedsFile);
            findings.not_checked(Rule::JournalDates, None, Note::NeedsFile);
            return;
        };
        let Some(structure) = structure else {
            findings.not_checked(Rule::JournalCount, Some("arkivstruktur.xml"), Note::NeedsFile);
            findings.not_checked(Rule::JournalDates, Some("arkivstruktur.xml"), Note::NeedsFile);
            return;
        };
        let is_sharp = addml.is_sharp.unwrap_or_else(|| {
            findings.not_checked(Rule::JournalCount, Some("arkivuttrekk.xml"), Note::NeedsValue);
            findings.not_checked(Rule::JournalDates, Some("arkivuttrekk.xml"), Note::NeedsValue);
            false
        });
        counts(running, public, is_sharp.then_some(structure.facts.journal_entries), findings);
        dates(running, public, structure, is_sharp, findings);
    }
}

fn counts(running: &Said, public: &Said, structure: Option<u64>, findings: &mut Findings) {
    let (one, other) = (running.count, public.count);
    if one.is_none() || one != other {
        let finding = Finding::new(Rule::JournalCount).file(FILES[1]).note(Note::JournalsDiffer);
        findings.add(finding.counts(one.unwrap_or_default(), other.unwrap_or_default()));
    } else if let (Some(count), Some(found)) = (one, structure)
        && count != found
    {
        findings.add(Finding::new(Rule::JournalCount).file(FILES[0]).note(Note::StructureDiffers).counts(count, found));
    }
}

fn dates(running: &Said, public: &Said, structure: &Summary, is_sharp: bool, findings: &mut Findings) {
    let mut add = |file: &str, note| findings.add(Finding::new(Rule::JournalDates).file(file).note(note));
    let days = |said: &Said| said.start.zip(said.end);
    match (days(running), structure.journal_days) {
        (_, None) => add("arkivstruktur.xml", Note::NoJournalDate),
        (one, _) if one.is_none() || one != days(public) => add(FILES[1], Note::JournalsDiffer),
        (one, found) if is_sharp && one != found => add(FILES[0], Note::StructureDiffers),
        _ => {}
    }
}
