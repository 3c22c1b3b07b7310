//! What arrives: one frozen record in one versioned envelope.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    AddressProtection, Case, Content, DocumentId, DocumentKey, DocumentKind, Sha256, Source, Timestamp, WrittenForm, canonical_json,
};

/// The JSON envelope of every kind. `content` is the part that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<C> {
    /// Document type and version of its shape, such as `arkivflyt/meeting_minutes/1`.
    pub schema: String,
    /// Dokument-ID: the same through all versions of the document.
    pub id: DocumentId,
    /// When it happened in the source system.
    pub occurred_at: Timestamp,
    /// Where it came from.
    pub source: Source,
    /// The plan's case.
    pub case: Case,
    /// Målform of the document.
    pub written_form: WrittenForm,
    /// Made-up data: printed as «SYNTETISKE DATA».
    #[serde(default)]
    pub synthetic: bool,
    /// What the document says.
    pub content: C,
}

/// A frozen copy of one record at one instant. Nothing edits it after intake.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Dokument-ID.
    pub document: DocumentId,
    /// When it happened in the source system.
    pub occurred_at: Timestamp,
    /// Where it came from.
    pub source: Source,
    /// The plan's case.
    pub case: Case,
    /// Målform.
    pub written_form: WrittenForm,
    /// Made-up data.
    pub synthetic: bool,
    /// What the document says.
    pub content: Content,
    /// The address protection that it is screened by: its case's own, or a stricter one that was told later. No part of the content.
    pub screened_as: AddressProtection,
    /// Of the canonical JSON without ids of the sending and without contact data: the same content is never archived
    /// twice, however often and under whatever id it is sent.
    pub digest: Sha256,
}

impl Snapshot {
    /// Freezes an envelope and works out its digest.
    pub fn new(envelope: Envelope<Content>) -> Self {
        let Envelope { schema: _, id, occurred_at, source, case, written_form, synthetic, content } = envelope;
        let (screened_as, digest) = (case.address_protection, Sha256::of(b""));
        let mut snapshot = Self { document: id, occurred_at, source, case, written_form, synthetic, content, screened_as, digest };
        snapshot.digest = Sha256::of(&canonical_json(&Value::Object(snapshot.identity())));
        snapshot
    }

    /// Document and version.
    pub fn key(&self) -> DocumentKey {
        DocumentKey { id: self.document, version: self.content.record().version }
    }

    /// The source system whose id the plan's is. A document that Arkivflyt made itself tells it in its content.
    pub fn plan_system(&self) -> &str {
        match &self.content {
            Content::FolderOverview(overview) => &overview.plan_system,
            _ => &self.source.system,
        }
    }

    /// Document type.
    pub fn kind(&self) -> DocumentKind {
        self.content.kind()
    }

    /// The part that makes two sendings the same document.
    fn identity(&self) -> Map<String, Value> {
        let mut case = serde_json::to_value(&self.case).expect("a case is writable as JSON");
        let mut content = self.content.to_json();
        without_contacts(&mut case);
        without_contacts(&mut content);
        let mut map = Map::new();
        map.insert("schema".into(), json!(crate::schema_name(self.kind())));
        map.insert("case".into(), case);
        map.insert("written_form".into(), json!(self.written_form));
        map.insert("synthetic".into(), json!(self.synthetic));
        map.insert("content".into(), content);
        map
    }

    /// The envelope as the archive keeps it under `kilde/`: canonical, without contact data (never archived, DOMAIN § 8).
    pub fn archival_json(&self) -> Vec<u8> {
        let mut map = self.identity();
        map.insert("id".into(), json!(self.document));
        map.insert("occurred_at".into(), json!(self.occurred_at));
        map.insert("source".into(), json!(self.source));
        canonical_json(&Value::Object(map))
    }
}

/// Takes every `contact` and `…_contact` away.
fn without_contacts(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| key != "contact" && !key.ends_with("_contact"));
            map.values_mut().for_each(without_contacts);
        }
        Value::Array(items) => items.iter_mut().for_each(without_contacts),
        _ => {}
    }
}
