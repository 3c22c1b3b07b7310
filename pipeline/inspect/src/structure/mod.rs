//! `arkivstruktur.xml`, in one pass: counts, statuses, classes, references, document objects.

mod codes;
mod documents;
mod names;
mod references;
mod values;
mod whole;

use std::{collections::HashSet, hash::BuildHasherDefault};

pub use documents::{DocumentObject, FileUse};
pub use names::known;
pub use references::Key;
use references::{KeyHasher, References};
use sha2::{Digest, Sha256};

use crate::{
    Facts, Finding, Limits, Rule, Unit,
    finding::{Findings, UnitId},
    place::{FileNo, Layout, Place},
    schema::time::Day,
    xml::{Element, Ending, Visit},
};

/// Keys of units: 16 bytes each.
pub type Keys = HashSet<Key, BuildHasherDefault<KeyHasher>>;

/// The elements that have a systemID of their own, outermost first.
const UNITS: [&str; 8] =
    ["arkiv", "arkivdel", "klassifikasjonssystem", "klasse", "mappe", "registrering", "dokumentbeskrivelse", "dokumentobjekt"];
/// The file.
pub const FILE: &str = "arkivstruktur.xml";

/// Follows the file. What must wait for its end is in the summary.
pub struct Structure<'a> {
    pub findings: &'a mut Findings,
    place: &'a Place,
    layout: &'a Layout,
    limits: &'a Limits,
    open: Vec<Level>,
    /// How deep we are in metadata of the sender's own.
    own_depth: usize,
    document: DocumentObject,
    references: References,
    pub summary: Summary,
}

/// What is known at the end.
#[derive(Default)]
pub struct Summary {
    pub facts: Facts,
    pub system_ids: Keys,
    /// How each file that a document object refers to is used.
    pub uses: Vec<FileUse>,
    /// Files whose document object has no checksum.
    pub unsummed: Vec<FileNo>,
    pub has_screening: bool,
    pub has_disposals: bool,
    pub has_disposed: bool,
    pub has_own_metadata: bool,
    /// First and last journaldato.
    pub journal_days: Option<(Day, Day)>,
    remembered: usize,
}

/// An element that is open.
#[derive(Default)]
struct Level {
    /// As the standard spells it; empty for any other.
    name: &'static str,
    is_unit: bool,
    kind: Kind,
    id: Option<UnitId>,
    key: Option<Key>,
    line: u64,
    has_class: bool,
    has_folder: bool,
    has_record: bool,
    has_files: bool,
    is_voided: bool,
    /// Something in this arkivdel refers to an arkivdel.
    uses_series: bool,
}

/// `xsi:type` of a mappe or registrering, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Other,
    MeetingFolder,
    JournalEntry,
}

impl<'a> Structure<'a> {
    pub fn new(place: &'a Place, layout: &'a Layout, limits: &'a Limits, findings: &'a mut Findings) -> Self {
        Self {
            findings,
            place,
            layout,
            limits,
            open: Vec::new(),
            own_depth: 0,
            document: DocumentObject::default(),
            references: References::default(),
            summary: Summary::default(),
        }
    }

    /// The innermost open unit.
    fn unit_level(&mut self) -> Option<&mut Level> {
        self.open.iter_mut().rev().find(|l| l.is_unit)
    }

    /// The systemID of the innermost open unit, when it is known.
    pub fn innermost_id(&self) -> Option<UnitId> {
        self.open.iter().rev().find(|l| l.is_unit).and_then(|l| l.id)
    }

    /// Where we are: the innermost unit's id, and the element that it is about.
    fn unit(&self, element: &'static str, line: u64) -> Unit {
        Unit { line, element: (!element.is_empty()).then(|| element.into()), system_id: self.innermost_id() }
    }

    fn tell(&mut self, rule: Rule, element: &'static str, line: u64) {
        let unit = self.unit(element, line);
        self.findings.add(Finding::new(rule).file(FILE).unit(unit));
    }

    fn start_unit(&mut self, level: &mut Level, element: &Element<'_>) {
        if let Some(above) = self.unit_level() {
            match level.name {
                "klasse" => above.has_class = true,
                "mappe" => above.has_folder = true,
                "registrering" => above.has_record = true,
                _ => {}
            }
        }
        match level.name {
            "mappe" => {
                self.summary.facts.folders += 1;
                self.judge_nesting(level);
            }
            "registrering" => self.summary.facts.records += 1,
            "dokumentobjekt" => self.document = DocumentObject::default(),
            _ => return,
        }
        if level.name != "dokumentobjekt" {
            level.kind = self.kind_of(level, element);
        }
    }

    fn judge_nesting(&mut self, level: &Level) {
        if self.open.iter().rev().find(|l| l.is_unit).is_some_and(|above| above.name == "mappe") {
            let unit = self.unit(level.name, level.line);
            self.findings.add(Finding::new(Rule::NestedFolder).file(FILE).unit(unit));
        }
    }

    fn kind_of(&mut self, level: &Level, element: &Element<'_>) -> Kind {
        let Some(named) = element.type_name else {
            if level.name == "registrering" {
                self.tell(Rule::RecordType, level.name, level.line);
            }
            return Kind::Other;
        };
        let written = element.attributes.iter().find(|a| a.namespace == crate::xml::XSI && a.name == "type");
        if written.is_some_and(|a| a.prefix != "xsi" || a.value.contains(':')) {
            self.tell(Rule::TypePrefix, level.name, level.line);
        }
        match named.name {
            "journalpost" => {
                self.summary.facts.journal_entries += 1;
                Kind::JournalEntry
            }
            "moetemappe" => Kind::MeetingFolder,
            _ => Kind::Other,
        }
    }

    fn end_unit(&mut self, level: &Level) {
        let unit = || Unit { line: level.line, element: Some(level.name.into()), system_id: level.id };
        let mut add = |rule| self.findings.add(Finding::new(rule).file(FILE).unit(unit()));
        match level.name {
            "klasse" => {
                if level.has_class && level.has_folder {
                    add(Rule::ClassMixesFolders);
                }
                match (level.has_class, level.has_record) {
                    (true, true) => add(Rule::ClassMixesRecords),
                    (false, true) => add(Rule::RecordPlace),
                    _ => {}
                }
            }
            "arkivdel" => {
                if level.has_record {
                    add(Rule::RecordPlace);
                }
                if let Some(key) = level.key.filter(|_| level.uses_series) {
                    self.references.series_in_use.insert(key);
                }
            }
            "mappe" | "registrering" if level.is_voided && level.has_files => add(Rule::VoidedWithFiles),
            "dokumentobjekt" => self.end_document(level),
            _ => {}
        }
        if let Some(above) = self.unit_level() {
            above.has_files |= level.has_files;
            above.uses_series |= level.uses_series;
        }
    }

    /// A systemID: its unit is known from here on.
    fn system_id(&mut self, text: &str, line: u64) {
        let (id, key) = (UnitId::parse(text), key_of(text));
        let Some(level) = self.unit_level() else { return };
        (level.id, level.key) = (id, Some(key));
        let name = level.name;
        if name == "klasse" {
            self.references.classes.insert(key);
        }
        self.summary.remembered += 1;
        if !self.summary.system_ids.insert(key) {
            self.tell(Rule::SystemIdUnique, name, line);
        }
    }
}

impl Visit for Structure<'_> {
    fn start(&mut self, element: &Element<'_>) {
        if self.own_depth > 0 {
            self.own_depth += 1;
            return;
        }
        let name = known(element.name).unwrap_or_default();
        let mut level = Level { name, is_unit: UNITS.contains(&name), line: element.line, ..Level::default() };
        match name {
            "virksomhetsspesifikkeMetadata" => {
                self.own_depth = 1;
                self.summary.has_own_metadata = true;
            }
            "skjerming" => self.summary.has_screening = true,
            "kassasjon" => self.summary.has_disposals = true,
            "utfoertKassasjon" => self.summary.has_disposed = true,
            _ if level.is_unit => self.start_unit(&mut level, element),
            _ => {}
        }
        self.open.push(level);
    }

    fn end(&mut self, ending: &Ending<'_>) {
        let is_own = self.own_depth > 1;
        self.own_depth = self.own_depth.saturating_sub(1);
        if !ending.has_children && !ending.has_plain_text {
            let name = if is_own { "" } else { self.open.last().map_or("", |l| l.name) };
            self.tell(Rule::EmptyElement, name, ending.line);
        }
        if is_own {
            return;
        }
        let Some(level) = self.open.pop() else { return };
        if level.is_unit {
            self.end_unit(&level);
        } else if !ending.has_children {
            self.end_value(level.name, ending.text, ending.line);
        }
    }

    fn goes_on(&self) -> bool {
        self.summary.remembered + self.references.len() <= self.limits.units
    }
}

/// What stands for a systemID in sets: half a SHA-256, so that nobody can make two meet.
pub fn key_of(text: &str) -> Key {
    let digest = Sha256::digest(text.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    Key(u128::from_le_bytes(key))
}
