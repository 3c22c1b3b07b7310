//! `metadata/sak.json`: what the folder says about itself. The next version is made from it and from nothing else.

use pipeline_domain::{
    AddressProtection, CaseFolderId, ClosingReason, DocumentId, DocumentKey, DocumentKind, DocumentVersion, GuardianRelation,
    JournalNumber, Line, LogicalPath, Name, NationalId, PlanId, PlanStatus, PlanType, Sha256, Snapshot, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AttachmentEntry, PackageError, RedactedEntry, change_log::Change};

/// Shape of the file. A reader that does not know it must not guess.
pub(crate) const SCHEMA: &str = "arkivflyt/case_record/1";

/// Stands where a unit would, when the subject's address protection forbids units, schools and places.
pub(crate) const HIDDEN_UNIT: &str = "Skjermet enhet";

/// A case folder's record of itself. Holds no document content; names print as `***` in `Debug`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    pub(crate) schema: String,
    pub(crate) folder: CaseFolderId,
    pub(crate) object_id: String,
    pub(crate) folder_version: u32,
    pub(crate) plan_id: PlanId,
    pub(crate) plan_type: PlanType,
    pub(crate) source_system: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// `occurred_at` of the document that `facts` are from: an older document that comes late changes nothing.
    pub(crate) facts_as_of: Timestamp,
    pub(crate) facts: Facts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closed: Option<Closing>,
    /// Of `metadata/mappe.xml`: the file is written again only when it would differ.
    pub(crate) folder_xml: Sha256,
    pub(crate) documents: Vec<DocumentEntry>,
    pub(crate) changes: Vec<Change>,
}

/// When and by whom a unit was closed (`avsluttetDato`, `avsluttetAv`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Closing {
    pub at: Timestamp,
    pub by: Name,
    /// From the closing note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ClosingReason>,
}

/// What the newest document says about the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub plan_status: PlanStatus,
    pub address_protection: AddressProtection,
    pub subject_name: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_national_id: Option<NationalId>,
    pub guardians: Vec<GuardianFact>,
    pub lead_name: Name,
    pub administrative_unit: Line,
    pub screening_mark: Line,
    pub screening_basis: Line,
    pub synthetic: bool,
}

/// A guardian without contact data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GuardianFact {
    pub name: Name,
    pub relation: GuardianRelation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_id: Option<NationalId>,
}

impl Facts {
    /// Takes the case's facts from a document, without units where address protection forbids them.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let facts = Self::as_told(snapshot);
        if facts.address_protection.hides_places() { facts.without_places() } else { facts }
    }

    /// The same facts under the strictest address protection.
    pub(crate) fn without_places(self) -> Self {
        Self { address_protection: AddressProtection::StrictlyConfidential, administrative_unit: Line::new(HIDDEN_UNIT), ..self }
    }

    fn as_told(snapshot: &Snapshot) -> Self {
        let case = &snapshot.case;
        let guardians =
            case.guardians.iter().map(|g| GuardianFact { name: g.name.clone(), relation: g.relation, national_id: g.national_id.clone() });
        Self {
            plan_status: case.plan_status,
            address_protection: snapshot.screened_as,
            subject_name: case.subject_name.clone(),
            subject_national_id: case.subject_national_id.clone(),
            guardians: guardians.collect(),
            lead_name: case.lead_name.clone(),
            administrative_unit: case.lead_unit.clone(),
            screening_mark: case.screening_mark.clone(),
            screening_basis: case.screening_basis.clone(),
            synthetic: snapshot.synthetic,
        }
    }
}

/// One document of the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentEntry {
    /// Running number in the folder, from 1 (`journalpostnummer`).
    pub no: u32,
    /// Dokument-ID.
    pub document: DocumentId,
    /// Version of the document.
    pub version: DocumentVersion,
    /// Document type.
    #[serde(with = "kind_by_id")]
    pub kind: DocumentKind,
    /// First line of the title: type and year, no name.
    pub title: String,
    /// The document's own date (`dokumentetsDato`).
    pub date: pipeline_domain::Date,
    /// Digest of the content: the same content is never archived twice.
    pub content: Sha256,
    /// Its PDF.
    pub pdf: LogicalPath,
    /// SHA-256 of the PDF.
    pub sha256: Sha256,
    /// Length of the PDF.
    pub size_bytes: u64,
    /// Pages of the PDF.
    pub pages: u32,
    /// Version of the folder that brought it.
    pub folder_version: u32,
    /// Place in the municipality's journal.
    pub journal: JournalNumber,
    /// When it was accepted (time of registration).
    pub accepted_at: Timestamp,
    /// Number of the document in this folder that corrects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<u32>,
    /// The files that came with it, in the order of its own list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentEntry>,
    /// Copies of it without what is withheld, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<RedactedEntry>,
}

impl DocumentEntry {
    /// Document and version.
    pub fn key(&self) -> DocumentKey {
        DocumentKey { id: self.document, version: self.version }
    }
}

impl CaseRecord {
    /// Reads the bytes of `metadata/sak.json`.
    ///
    /// # Errors
    /// [`PackageError::RecordUnreadable`] or [`PackageError::RecordNewer`].
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        #[derive(Deserialize)]
        struct Shape {
            schema: String,
        }
        let newer = || serde_json::from_slice::<Shape>(bytes).is_ok_and(|shape| shape.schema != SCHEMA);
        match serde_json::from_slice::<Self>(bytes) {
            Ok(record) if record.schema == SCHEMA => Ok(record),
            Ok(_) => Err(PackageError::RecordNewer),
            Err(_) if newer() => Err(PackageError::RecordNewer),
            Err(e) => Err(PackageError::RecordUnreadable { line: e.line(), column: e.column() }),
        }
    }

    /// The bytes of `metadata/sak.json`: one line per field, per document and per change, so that `diff` shows what a
    /// version brought.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).expect("a case record is writable as JSON");
        let Value::Object(fields) = value else { unreachable!("a struct is written as an object") };
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), lines(value))).collect();
        format!("{{\n{}\n}}\n", fields.join(",\n")).into_bytes()
    }

    /// The folder.
    pub fn folder(&self) -> &CaseFolderId {
        &self.folder
    }

    /// OCFL object id.
    pub fn object_id(&self) -> &str {
        &self.object_id
    }

    /// Version of the folder that this record came with.
    pub fn folder_version(&self) -> u32 {
        self.folder_version
    }

    /// The living plan.
    pub fn plan_id(&self) -> PlanId {
        self.plan_id
    }

    /// Plan type.
    pub fn plan_type(&self) -> PlanType {
        self.plan_type
    }

    /// When the folder was opened.
    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// Time of the newest version.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// When the folder was closed, if it is.
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed.as_ref().map(|c| c.at)
    }

    /// Who leads the plan, by the newest document.
    pub fn lead(&self) -> &Name {
        &self.facts.lead_name
    }

    /// The lead's unit, by the newest document; a stand-in where address protection hides it.
    pub fn unit(&self) -> &Line {
        &self.facts.administrative_unit
    }

    /// State of the plan, by the newest document.
    pub fn plan_status(&self) -> PlanStatus {
        self.facts.plan_status
    }

    /// The subject's address protection, by the newest document.
    pub fn address_protection(&self) -> AddressProtection {
        self.facts.address_protection
    }

    /// Whether the subject is made up.
    pub fn is_synthetic(&self) -> bool {
        self.facts.synthetic
    }

    /// The documents by number.
    pub fn documents(&self) -> &[DocumentEntry] {
        &self.documents
    }

    /// The document with this key.
    pub fn document(&self, key: DocumentKey) -> Option<&DocumentEntry> {
        self.documents.iter().find(|d| d.key() == key)
    }

    /// Number of entries in the change log.
    pub fn change_count(&self) -> usize {
        self.changes.len()
    }
}

fn lines(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let rows: Vec<String> = items.iter().map(Value::to_string).collect();
            format!("[\n{}\n]", rows.join(",\n"))
        }
        other => other.to_string(),
    }
}

/// A document type under its published name.
pub(crate) mod kind_by_id {
    use pipeline_domain::DocumentKind;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(kind: &DocumentKind, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(kind.id())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<DocumentKind, D::Error> {
        let id = String::deserialize(d)?;
        DocumentKind::from_id(&id).ok_or_else(|| D::Error::custom("not a document type"))
    }
}
