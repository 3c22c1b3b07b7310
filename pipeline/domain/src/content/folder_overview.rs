//! What a closed folder holds (innholdsliste). DOMAIN § 6.10. Arkivflyt makes it itself, from the folder's own record.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{DocumentKind, DocumentType, parts::Record};
use crate::{Date, DocumentVersion, Line, Sha256, WrittenForm};

/// What Arkivflyt calls itself as the source of a document that it made.
pub const OWN_SYSTEM: &str = "arkivflyt";

/// Every document that was in the folder when it was made, by number. It does not list itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FolderOverview {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// The source system of the plan: with the plan's id it names the folder. The overview itself comes from Arkivflyt.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,31}$"))]
    pub plan_system: String,
    /// Dokumenter, by number.
    #[schemars(length(min = 1, max = 5000))]
    pub items: Vec<FolderItem>,
}

/// One document of the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FolderItem {
    /// Running number in the folder, from 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub no: u32,
    /// The document's own date.
    pub date: Date,
    /// Dokumenttype.
    #[serde(rename = "type", serialize_with = "write_kind", deserialize_with = "read_kind")]
    #[schemars(schema_with = "kinds")]
    pub kind: DocumentKind,
    /// First line of its title: type and year, no name.
    pub title: Line,
    /// Its version.
    pub version: DocumentVersion,
    /// SHA-256 of its PDF.
    pub sha256: Sha256,
    /// The basis of its screening (hjemmel).
    pub screening: Line,
}

impl DocumentType for FolderOverview {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, form: WrittenForm) -> String {
        match form {
            WrittenForm::Nb => "Innholdsliste",
            WrittenForm::Nn => "Innhaldsliste",
        }
        .to_owned()
    }
}

fn write_kind<S: Serializer>(kind: &DocumentKind, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(kind.id())
}

fn read_kind<'de, D: Deserializer<'de>>(d: D) -> Result<DocumentKind, D::Error> {
    DocumentKind::from_id(&String::deserialize(d)?).ok_or_else(|| D::Error::custom("not a document type"))
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": DocumentKind::ALL.map(DocumentKind::id) })
}
