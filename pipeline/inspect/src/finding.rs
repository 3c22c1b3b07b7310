//! What is wrong, where, and what could not be looked at.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Note, Rule};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody should know.
    Warning,
    /// The extract would be refused, or the test tool would crash.
    Error,
}

/// A systemID of the only shape that is ever printed: a UUID. Anything else could be a national id number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId([u8; 36]);

impl UnitId {
    /// The text as it stands, if it is a UUID (8-4-4-4-12 hexadecimal digits).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 36] = text.as_bytes().try_into().ok()?;
        let is_uuid = bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        is_uuid.then_some(Self(bytes))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Debug for UnitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for UnitId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// Where in an XML file. Holds no text of the file but a systemID that is a UUID.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unit {
    /// Line, counted from 1.
    pub line: u64,
    /// Name of the element that it is about, as the schema spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<Box<str>>,
    /// The unit's systemID, when it is a UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_id: Option<UnitId>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How bad it is: that of the rule, but the layout traps of a tar (`T.01`, `T.02`) are advice in a folder.
    pub severity: Severity,
    /// The file, seen from the content folder (or the package's root), control characters escaped. It may hold a title: for whoever
    /// asked, not for a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// What exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// What was said, and what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
}

/// Two numbers that should have been one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Counts {
    /// What the extract says.
    pub declared: u64,
    /// What is there.
    pub found: u64,
}

impl Finding {
    pub(crate) fn new(rule: Rule) -> Self {
        Self { rule, severity: rule.severity(), file: None, unit: None, note: None, counts: None }
    }

    pub(crate) fn file(mut self, path: &str) -> Self {
        let mut shown = String::with_capacity(path.len());
        for c in path.chars() {
            match is_hidden(c) {
                true => shown.extend(c.escape_default()),
                false => shown.push(c),
            }
        }
        self.file = Some(shown);
        self
    }

    pub(crate) fn unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(crate) fn note(mut self, note: Note) -> Self {
        self.note = Some(note);
        self
    }

    pub(crate) fn counts(mut self, declared: u64, found: u64) -> Self {
        self.counts = Some(Counts { declared, found });
        self
    }

    pub(crate) fn advice(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

/// Controls a terminal, or shows a name as another.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A rule that could not be judged, wholly or in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotChecked {
    /// The rule.
    pub rule: Rule,
    /// The file, when only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Why.
    pub why: Note,
}

/// What the extract holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// `mappe`, of every kind.
    pub folders: u64,
    /// `registrering`, of every kind.
    pub records: u64,
    /// `xsi:type="journalpost"`.
    pub journal_entries: u64,
    /// Files in the document folder.
    pub documents: u64,
    /// Their bytes.
    pub document_bytes: u64,
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Sorted by rule, severity and file; at most [`crate::Limits::findings_per_rule`] of each rule.
    pub findings: Vec<Finding>,
    /// How often each rule was broken, also what is not listed.
    pub broken: BTreeMap<Rule, u64>,
    /// What could not be judged. Empty when every rule was.
    pub not_checked: Vec<NotChecked>,
    /// What the extract holds.
    pub facts: Facts,
    refused: bool,
}

impl Report {
    /// Whether there is an error: such an extract must not be sealed.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Whether everything could be judged.
    pub fn is_complete(&self) -> bool {
        self.not_checked.is_empty()
    }
}

/// Collects findings, bounded.
#[derive(Debug)]
pub(crate) struct Findings {
    listed: Vec<Finding>,
    broken: BTreeMap<Rule, u64>,
    not_checked: std::collections::BTreeSet<NotChecked>,
    refused: bool,
    per_rule: u64,
}

impl Findings {
    pub fn new(per_rule: usize) -> Self {
        Self { listed: Vec::new(), broken: BTreeMap::new(), not_checked: Default::default(), refused: false, per_rule: per_rule as u64 }
    }

    pub fn add(&mut self, finding: Finding) {
        self.refused |= finding.severity == Severity::Error;
        let count = self.broken.entry(finding.rule).or_default();
        *count += 1;
        if *count <= self.per_rule {
            self.listed.push(finding);
        }
    }

    pub fn not_checked(&mut self, rule: Rule, file: Option<&str>, why: Note) {
        self.not_checked.insert(NotChecked { rule, file: file.map(str::to_owned), why });
    }

    pub fn into_report(self, facts: Facts) -> Report {
        let Self { listed: mut findings, broken, not_checked, refused, .. } = self;
        findings.sort();
        Report { findings, broken, not_checked: not_checked.into_iter().collect(), facts, refused }
    }
}
