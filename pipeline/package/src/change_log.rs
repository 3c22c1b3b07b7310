//! Which changes are logged (endringslogg), and the log itself.
//!
//! Noark 5 v5.0, vedlegg 3, names the fields. Of those we hold `saksansvarlig`, `administrativEnhet`, `saksstatus`,
//! `partNavn`, `tittel` and the screening of the folder; a registration is born archived and does not change,
//! but for what is screened of its document when a redacted copy comes to it.

use pipeline_domain::{Name, Text, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    noark::{DELER_AV_DOKUMENTET, HELE_DOKUMENTET, PartRolle, Saksstatus, parts},
    record::{CaseRecord, Facts, HIDDEN_UNIT},
    titles::FirstLine,
};

/// One change of one field (`endring`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// `systemID` of the unit.
    pub unit: Uuid,
    pub field: Field,
    pub at: Timestamp,
    pub by: Name,
    pub old: Text,
    pub new: Text,
}

/// A logged field, under its Noark name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Field {
    Saksstatus,
    Saksansvarlig,
    AdministrativEnhet,
    Tittel,
    PartNavn,
    Skjermingshjemmel,
    SkjermingDokument,
}

impl Field {
    /// `referanseMetadata` (M681).
    pub fn noark(self) -> &'static str {
        match self {
            Self::Saksstatus => "saksstatus",
            Self::Saksansvarlig => "saksansvarlig",
            Self::AdministrativEnhet => "administrativEnhet",
            Self::Tittel => "tittel",
            Self::PartNavn => "partNavn",
            Self::Skjermingshjemmel => "skjermingshjemmel",
            Self::SkjermingDokument => "skjermingDokument",
        }
    }
}

/// Stands for a value that was not there: both values are mandatory in endringslogg.xsd.
const NONE: &str = "(ingen)";

/// What is logged about a folder at one time: field, which one of several, value.
struct Logged(Vec<(Field, String, String)>);

impl Logged {
    fn of(facts: &Facts, status: Saksstatus, title: &FirstLine) -> Self {
        let mut values = vec![
            (Field::Saksstatus, String::new(), status.noark().to_owned()),
            (Field::Saksansvarlig, String::new(), facts.lead_name.expose().to_owned()),
            (Field::AdministrativEnhet, String::new(), facts.administrative_unit.expose().to_owned()),
            (Field::Tittel, String::new(), title.with_name(&facts.subject_name)),
            (Field::Skjermingshjemmel, String::new(), facts.screening_basis.expose().to_owned()),
        ];
        let mut seen = std::collections::HashMap::new();
        for part in parts(facts) {
            // The lead is logged as saksansvarlig.
            if part.role != PartRolle::Planansvarlig {
                let nth = seen.entry(part.role.noark()).and_modify(|n| *n += 1).or_insert(0);
                values.push((Field::PartNavn, format!("{}/{nth}", part.role.noark()), part.name.expose().to_owned()));
            }
        }
        Self(values)
    }

    fn get(&self, field: Field, slot: &str) -> Option<&str> {
        self.0.iter().find(|(f, s, _)| *f == field && s == slot).map(|(_, _, v)| v.as_str())
    }
}

/// Who changed something, and when.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub unit: Uuid,
    pub at: Timestamp,
    pub by: &'a Name,
}

impl Occasion<'_> {
    fn entry(&self, field: Field, old: Option<&str>, new: Option<&str>) -> Change {
        let text = |v: Option<&str>| Text::new(v.unwrap_or(NONE));
        Change { unit: self.unit, field, at: self.at, by: self.by.clone(), old: text(old), new: text(new) }
    }
}

/// The entries that are made with a new folder: without them the log would be empty, which its schema forbids.
pub(crate) fn opening(record: &CaseRecord, title: &FirstLine, made: Occasion<'_>) -> Vec<Change> {
    // A plan that is passive from its first document was still opened before it was closed.
    let opened = Logged::of(&record.facts, Saksstatus::UnderBehandling, title);
    let mut log: Vec<Change> = [Field::Saksstatus, Field::Saksansvarlig, Field::AdministrativEnhet]
        .into_iter()
        .map(|field| made.entry(field, None, opened.get(field, "")))
        .collect();
    if record.closed.is_some() {
        log.push(made.entry(Field::Saksstatus, opened.get(Field::Saksstatus, ""), Some(Saksstatus::of(record).noark())));
    }
    log
}

/// One entry for every logged value that differs between the two records.
pub(crate) fn differences(old: &CaseRecord, new: &CaseRecord, title: &FirstLine, made: Occasion<'_>) -> Vec<Change> {
    let before = Logged::of(&old.facts, Saksstatus::of(old), title);
    let after = Logged::of(&new.facts, Saksstatus::of(new), title);
    let gone = before.0.iter().filter(|(f, s, _)| after.get(*f, s).is_none());
    let mut log = Vec::new();
    for (field, slot, _) in after.0.iter().chain(gone) {
        let (was, is) = (before.get(*field, slot), after.get(*field, slot));
        if was != is {
            log.push(made.entry(*field, was, is));
        }
    }
    log
}

/// The entry for a unit whose document has got its first redacted copy: until then all of it was screened (M503).
pub(crate) fn partly_screened(made: Occasion<'_>) -> Change {
    made.entry(Field::SkjermingDokument, Some(HELE_DOKUMENTET), Some(DELER_AV_DOKUMENTET))
}

/// Takes units out of the log when the subject's address protection forbids them. Earlier versions of the folder keep
/// theirs: an archived file does not change.
pub(crate) fn hide_units(log: &mut [Change]) {
    for change in log.iter_mut().filter(|c| c.field == Field::AdministrativEnhet) {
        for value in [&mut change.old, &mut change.new] {
            if value.expose() != NONE {
                *value = Text::new(HIDDEN_UNIT);
            }
        }
    }
}
