//! The names by which sender and receiver know the same thing again.

use std::fmt;

use pipeline_domain::{DocumentKey, MunicipalityNumber, NationalId, PlanId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Dialect;

/// How often a message has been sent, from 1. A second sending is a new message about the same thing: same external keys, new
/// [`MessageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sending(pub u32);

impl Sending {
    /// The first time.
    pub const FIRST: Self = Self(1);
    /// The last that there can be. Receipts are known by trying them all.
    pub const LAST: Self = Self(64);

    /// The time after this one; `None` after the last.
    pub fn next(self) -> Option<Self> {
        (self < Self::LAST).then(|| Self(self.0 + 1))
    }
}

/// What one delivery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One version of one document.
    Document(DocumentKey),
    /// The closing of a plan's folder by this document, where that is a message of its own. A folder may be closed, opened again, and
    /// closed by another document.
    Closing(DocumentKey),
    /// The reopening of a plan's folder by this document, where that is a message of its own.
    Reopening(DocumentKey),
}

/// `meldingId`: one message. The same subject, dialect and sending have the same id in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(Uuid);

impl MessageId {
    /// UUID version 5 (RFC 9562 § 5.5). Changing the name space or the names makes old receipts unknown: don't.
    pub fn of(subject: Subject, dialect: Dialect, sending: Sending) -> Self {
        let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:arkivflyt:arkivmelding:melding:1");
        let name = match subject {
            Subject::Document(key) => format!("dokument/{key}"),
            Subject::Closing(key) => format!("avslutning/{key}"),
            Subject::Reopening(key) => format!("gjenapning/{key}"),
        };
        Self(Uuid::new_v5(&space, format!("{}/{name}/{}", dialect.id(), sending.0).as_bytes()))
    }

    /// From the spelling in a receipt: hyphenated, any case.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten().map(Self)
    }

    /// The bare UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// `referanseEksternNoekkel`: system and key. What makes sending twice harmless: the receiver answers «Eksisterende».
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ExternalKey {
    pub system: String,
    pub key: String,
}

impl ExternalKey {
    /// Of a plan's own folder: `plan/<plan-id>`.
    pub fn of_plan(system: &str, plan: PlanId) -> Self {
        Self { system: system.to_owned(), key: format!("plan/{plan}") }
    }

    /// Of a person's folder, which holds all the plans of the person: `person/<pseudonym>`.
    pub fn of_person(system: &str, pseudonym: Uuid) -> Self {
        Self { system: system.to_owned(), key: format!("person/{pseudonym}") }
    }

    /// Of one version of one document: `dokument/<document-id>/v<version>`. Versions of one document are one family.
    pub fn of_document(system: &str, document: DocumentKey) -> Self {
        Self { system: system.to_owned(), key: format!("dokument/{}/v{}", document.id, document.version) }
    }
}

/// The same for all plans of one person in one municipality. Whoever has the national id can work it out, and only a receiver that is
/// told the national id is told this.
pub(crate) fn pseudonym(municipality: &MunicipalityNumber, person: &NationalId) -> Uuid {
    let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:arkivflyt:arkivmelding:person:1");
    Uuid::new_v5(&space, format!("{municipality}/{}", person.expose_for_archive_metadata()).as_bytes())
}
