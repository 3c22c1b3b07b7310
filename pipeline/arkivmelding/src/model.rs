//! What is sent, whatever the dialect: the case folder and one of its registrations, as the folder's own metadata tells them.
//!
//! Times are wall clock in Oslo without offset, as written in the folder: turning them into instants and back could only lose.

use chrono::NaiveDateTime;
use pipeline_domain::{AddressProtection, Date, DocumentKey, Line, LogicalPath, Name, NationalId, PlanId, PlanType, Sha256, Text};
use uuid::Uuid;

use crate::codes::{Dokumentstatus, Journalposttype, Korrespondanseparttype, Saksstatus, SkjermingDokument, TilknyttetSom, Variantformat};

/// A plan's case folder (saksmappe).
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFolder {
    pub(crate) system_id: Uuid,
    pub(crate) plan: PlanId,
    pub(crate) plan_type: PlanType,
    pub(crate) source_system: String,
    /// `2026/123`: our own number, for tracing.
    pub(crate) mappe_id: String,
    pub(crate) title: Text,
    pub(crate) public_title: Line,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) created_by: Name,
    pub(crate) closed: Option<Closed>,
    pub(crate) parties: Vec<Party>,
    pub(crate) screening: Screening,
    pub(crate) class: Class,
    pub(crate) opened_on: Date,
    pub(crate) unit: Line,
    pub(crate) officer: Name,
    pub(crate) status: Saksstatus,
    pub(crate) protection: AddressProtection,
}

/// When and by whom the folder was closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Closed {
    pub at: NaiveDateTime,
    pub by: Name,
}

/// A party to the case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Party {
    /// Never written as a party's own id: only where a configured classification asks for it.
    pub national_id: Option<NationalId>,
    pub name: Name,
    /// The word of our own list (DOMAIN § 7).
    pub role: String,
}

/// The class of the plan type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub system: Uuid,
    pub id: String,
    pub title: String,
}

/// What is kept from public view, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Screening {
    pub basis: Line,
    pub metadata: Vec<String>,
    pub document: Option<SkjermingDokument>,
    pub years: Option<u32>,
    pub until: Option<Date>,
}

/// One document of the folder (registrering, journalpost).
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub(crate) system_id: Uuid,
    pub(crate) key: DocumentKey,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) created_by: Name,
    pub(crate) archived_at: NaiveDateTime,
    pub(crate) archived_by: Name,
    pub(crate) screening: Screening,
    pub(crate) documents: Vec<Document>,
    /// `2026/123-4`: our own number, for tracing.
    pub(crate) registration_id: String,
    pub(crate) title: Text,
    pub(crate) public_title: Line,
    pub(crate) description: Option<Line>,
    pub(crate) authors: Vec<Name>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) references: Vec<Reference>,
    pub(crate) correspondents: Vec<Correspondent>,
    pub(crate) kind: Journalposttype,
    pub(crate) journal_date: Date,
    pub(crate) document_date: Option<Date>,
    pub(crate) received_at: Option<NaiveDateTime>,
    pub(crate) sent_at: Option<NaiveDateTime>,
    pub(crate) attachments: u32,
}

/// Another registration of the same folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub system_id: Uuid,
    pub key: DocumentKey,
}

/// A sender or receiver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Correspondent {
    pub kind: Korrespondanseparttype,
    pub name: Name,
    pub unit: Option<Line>,
    pub officer: Option<Name>,
}

/// A remark of the archive system.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remark {
    pub text: Text,
    pub kind: Option<String>,
    pub at: NaiveDateTime,
    pub by: Name,
}

/// A document of the registration (dokumentbeskrivelse).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub system_id: Uuid,
    /// The word of our own list.
    pub kind: String,
    pub status: Dokumentstatus,
    pub title: Text,
    pub authors: Vec<Name>,
    pub created_at: NaiveDateTime,
    pub created_by: Name,
    pub role: TilknyttetSom,
    pub number: u32,
    pub attached_at: NaiveDateTime,
    pub attached_by: Name,
    pub remarks: Vec<Remark>,
    pub screening: Option<Screening>,
    pub objects: Vec<Object>,
}

/// A file (dokumentobjekt).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub version: u32,
    pub variant: Variantformat,
    /// PRONOM id, when it is known.
    pub puid: Option<String>,
    pub created_at: NaiveDateTime,
    pub created_by: Name,
    pub path: LogicalPath,
    pub sha256: Sha256,
    pub size_bytes: u64,
}

impl CaseFolder {
    /// The plan that the folder belongs to.
    pub fn plan(&self) -> PlanId {
        self.plan
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Whom the plan is about.
    pub(crate) fn subject(&self) -> Option<&Party> {
        self.parties.iter().find(|p| p.role == "Hovedperson")
    }
}

impl Registration {
    /// Document and version.
    pub fn key(&self) -> DocumentKey {
        self.key
    }

    /// Every file, each once.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.documents.iter().flat_map(|d| &d.objects)
    }
}
