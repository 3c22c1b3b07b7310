//! Identifiers. No id travels as `String` or `i64`; two ids of one shape are two types.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not a valid id of the named kind. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}")]
pub struct NotValid(pub &'static str);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name one of these.
            pub fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotValid;
            fn from_str(s: &str) -> Result<Self, NotValid> {
                // Only the hyphenated form: one id has one spelling, so that text compares work.
                if s.len() != 36 {
                    return Err(NotValid($what));
                }
                Uuid::parse_str(s).map(Self).map_err(|_| NotValid($what))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

uuid_id! {
    /// One document through all its versions (dokument-ID). Given by the source system.
    DocumentId, "document id"
}
uuid_id! {
    /// One living plan in the source system. The case folder belongs to it.
    PlanId, "plan id"
}
uuid_id! {
    /// One event in the source system that is no document.
    EventId, "event id"
}
uuid_id! {
    /// Whoever does something with a plan: a pseudonym that stays the same, never a name or a national id.
    ActorId, "actor id"
}
uuid_id! {
    /// A unit of the municipality (enhet): school, kindergarten, service. Opaque, since a name may tell where a child is.
    UnitId, "unit id"
}
uuid_id! {
    /// The area that a local administrator looks after: some units.
    AreaId, "area id"
}

/// Version of a document, from 1. A correction is a new version that points to the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DocumentVersion(#[schemars(range(min = 1, max = 9999))] pub u32);

impl fmt::Display for DocumentVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One version of one document: what a stage works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentKey {
    /// The document.
    pub id: DocumentId,
    /// Its version.
    pub version: DocumentVersion,
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}", self.id, self.version)
    }
}

/// Municipality number (kommunenummer): four digits. Text, because `0301` starts with a zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MunicipalityNumber(String);

impl JsonSchema for MunicipalityNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MunicipalityNumber".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{4}$" })
    }
}

impl MunicipalityNumber {
    /// The four digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MunicipalityNumber {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        if s.len() == 4 && s.bytes().all(|b| b.is_ascii_digit()) { Ok(Self(s.to_owned())) } else { Err(NotValid("municipality number")) }
    }
}

impl TryFrom<String> for MunicipalityNumber {
    type Error = NotValid;
    fn try_from(s: String) -> Result<Self, NotValid> {
        s.parse()
    }
}

impl From<MunicipalityNumber> for String {
    fn from(n: MunicipalityNumber) -> String {
        n.0
    }
}

impl fmt::Display for MunicipalityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The one archive folder tied to one plan (arkivmappe): municipality, year and running number.
///
/// Prints as `9901/2026/000123`, which is also how the command line takes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseFolderId {
    /// Whose archive.
    pub municipality: MunicipalityNumber,
    /// Year the folder was opened, Europe/Oslo.
    pub year: u16,
    /// Running number within municipality and year, from 1.
    pub sequence: u32,
}

impl CaseFolderId {
    /// Noark `mappeID` and the reference on paper: `2026/123`.
    pub fn mappe_id(&self) -> String {
        format!("{}/{}", self.year, self.sequence)
    }

    /// Name on disk and in the OCFL id: `2026-000123`.
    pub fn case_number(&self) -> String {
        format!("{}-{:06}", self.year, self.sequence)
    }
}

impl fmt::Display for CaseFolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:06}", self.municipality, self.year, self.sequence)
    }
}

impl FromStr for CaseFolderId {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("case folder");
        let mut parts = s.split('/');
        let (Some(m), Some(y), Some(n), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(bad);
        };
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if y.len() != 4 || !digits(y) || !digits(n) {
            return Err(bad);
        }
        let sequence: u32 = n.parse().map_err(|_| bad)?;
        if sequence == 0 {
            return Err(bad);
        }
        Ok(Self { municipality: m.parse()?, year: y.parse().map_err(|_| bad)?, sequence })
    }
}

/// Place in the municipality's journal (journalår og journalsekvensnummer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JournalNumber {
    /// Journal year, Europe/Oslo.
    pub year: u16,
    /// Running number within municipality and year, from 1.
    pub sequence: u32,
}

/// What the store set aside for a document before anything is rendered, so that a retry meets the same numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The plan's one folder.
    pub folder: CaseFolderId,
    /// When the folder was reserved.
    pub folder_opened_at: crate::Timestamp,
    /// The document's place in the journal.
    pub journal: JournalNumber,
    /// When the document was accepted (time of registration, arkivforskrifta § 15).
    pub accepted_at: crate::Timestamp,
}
