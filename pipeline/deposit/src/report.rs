//! `uttrekk.json`: what the extract holds, for whoever made it and whoever receives it. Ids and numbers only.

use std::collections::BTreeMap;

use pipeline_domain::{MunicipalityNumber, Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Order, content::Content, output::Made};

/// Name of the report beside what is delivered.
pub const REPORT: &str = "uttrekk.json";
/// Name of the index beside what is delivered: path, SHA-256, size and unit (`dokumentobjekt`) of every document file, tab-separated.
pub const INDEX: &str = "filer.tsv";

const SCHEMA: &str = "arkivflyt/extract/1";

/// What an extract holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    schema: String,
    /// The same for the same folders, order and schemas, whenever the extract is made.
    pub key: Sha256,
    /// Of this extract: UUID version 5 of key and time.
    pub id: Uuid,
    /// Whose archive.
    pub municipality: MunicipalityNumber,
    /// Days of closing, `2024-01-01..2025-12-31`.
    pub period: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Titles of the parts.
    pub parts: Vec<String>,
    /// Whether it is wrapped in a DIAS package.
    pub package: bool,
    /// `mappe`.
    pub folders: u64,
    /// `registrering`.
    pub registrations: u64,
    /// `journalpost`.
    pub posts: u64,
    /// Document files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// `endring`.
    pub changes: u64,
    /// Entries of change logs about units that are not delivered.
    pub changes_left_out: u64,
    /// Documents that have a file, but none in archive format.
    pub without_archive_copy: u64,
    /// `systemID`s of the first thousand of them.
    pub without_archive_copy_units: Vec<String>,
    /// SHA-256 of every XML and XSD file of the content folder.
    pub sha256: BTreeMap<String, Sha256>,
    /// SHA-256 of the list of digests that the receiver checks the files by. Extracts of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Sha256>,
}

impl Report {
    pub(crate) fn of(order: &Order, key: Sha256, created_at: Timestamp, parts: &[String], content: &Content, digests: Made) -> Self {
        let numbers = &content.numbers;
        Self {
            schema: SCHEMA.to_owned(),
            key,
            id: id_of(key, created_at),
            municipality: order.municipality.clone(),
            period: order.period.to_string(),
            created_at,
            parts: parts.to_vec(),
            package: order.package.is_some(),
            folders: numbers.folders,
            registrations: numbers.registrations,
            posts: numbers.posts,
            files: numbers.files,
            bytes: numbers.bytes,
            changes: numbers.changes,
            changes_left_out: numbers.changes_left_out,
            without_archive_copy: numbers.without_copy,
            without_archive_copy_units: numbers.without_copy_units.clone(),
            sha256: content.made.iter().map(|(name, made)| (name.clone(), made.sha256)).collect(),
            digests: Some(digests.sha256),
        }
    }

    /// `None` when the bytes are no report of the shape that we know.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|report| report.schema == SCHEMA)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a report is writable as JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// No chance: the same folders at the same time are the same package.
pub(crate) fn id_of(key: Sha256, created_at: Timestamp) -> Uuid {
    let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:arkivflyt:extract:1");
    Uuid::new_v5(&space, format!("{key}/{}", created_at.rfc3339_utc()).as_bytes())
}
