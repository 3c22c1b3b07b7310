//! A file on a plan, a meeting or a message that comes by itself (vedlegg). DOMAIN § 6.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType,
    parts::{AttachmentItem, Record},
};
use crate::{DocumentId, DocumentKey, DocumentVersion, Line, Name, Sha256, Timestamp, WrittenForm};

/// One file and where it belongs. A file that replaces it is a new version of the same document.
///
/// `original_kept` and the format of DOMAIN § 6.10 are not the sender's to say: the case folder's record tells them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Filnavn, as the one who added it calls it. Text: no file of ours bears it.
    pub file_name: Line,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Filtype, as the source system believes. Nothing is decided by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Line>,
    /// Lagt til av.
    pub uploaded_by: Name,
    /// Lagt til.
    pub uploaded_at: Timestamp,
    /// Hører til.
    pub belongs_to: BelongsTo,
    /// The archived document that it belongs to, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_ref: Option<DocumentRef>,
}

/// What a file was added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BelongsTo {
    /// Planen.
    Plan,
    /// Et møte.
    Meeting,
    /// En melding.
    Message,
}

/// A document of the same case.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentRef {
    /// Its id.
    pub document_id: DocumentId,
    /// Its version.
    pub version: DocumentVersion,
}

impl Attachment {
    /// The document that it belongs to.
    pub fn belongs_to_document(&self) -> Option<DocumentKey> {
        self.document_ref.map(|d| DocumentKey { id: d.document_id, version: d.version })
    }
}

impl DocumentType for Attachment {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        "Vedlegg".to_owned()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.uploaded_by]
    }

    fn attachments(&self) -> Vec<AttachmentItem> {
        vec![AttachmentItem { name: self.file_name.clone(), hash: self.sha256, date: self.uploaded_at.oslo_date() }]
    }
}
