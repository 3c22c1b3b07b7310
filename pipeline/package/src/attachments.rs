//! Attachments in the folder's record of itself, and the files that they become.

use pipeline_domain::{Attached, AttachmentState, CopiedFile, Date, FileFormat, FileOnDisk, Line, LogicalPath, Sha256};
use serde::{Deserialize, Serialize};

use crate::{
    names,
    record::{DocumentEntry, Facts},
};

/// One attachment of a document, as `metadata/sak.json` tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttachmentEntry {
    /// Place in the document's list, from 1.
    pub no: u32,
    /// What the document calls it; a number where address protection may be hurt by a name.
    pub name: Line,
    /// Its date.
    pub date: Date,
    /// What the folder holds of it.
    pub state: AttachmentState,
    /// Published code that says why, when that is not simply the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// SHA-256 that the document names.
    pub sha256: Sha256,
    /// Its format, when it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FileFormat>,
    /// Published names of what a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The file as it came, when the folder holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<StoredFile>,
    /// The page of PDF/A that was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<StoredFile>,
    /// What made the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_made_by: Option<String>,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its name in the folder.
    pub path: LogicalPath,
    /// Where its bytes lie, from the case folder: the same bytes are stored once, under the name that they got first.
    pub at: String,
    /// Of its bytes.
    pub sha256: Sha256,
    /// Number of its bytes.
    pub size_bytes: u64,
}

impl AttachmentEntry {
    /// Every file of it that the folder holds.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        self.original.iter().chain(&self.page)
    }
}

/// Entries and files of a document's attachments.
pub(crate) struct Entered {
    pub entries: Vec<AttachmentEntry>,
    pub copies: Vec<CopiedFile>,
}

/// Enters the attachments of document number `no`, which comes with version `version` of the folder.
pub(crate) fn enter(attached: &[Attached], no: u32, version: u32, facts: &Facts, held: &[DocumentEntry]) -> Entered {
    let mut entering = Entering { no, version, held, entered: Entered { entries: Vec::new(), copies: Vec::new() } };
    for (attached, place) in attached.iter().zip(1..) {
        entering.one(attached, place, facts);
    }
    entering.entered
}

struct Entering<'a> {
    no: u32,
    version: u32,
    held: &'a [DocumentEntry],
    entered: Entered,
}

impl Entering<'_> {
    fn one(&mut self, attached: &Attached, place: u32, facts: &Facts) {
        let hidden = facts.address_protection.hides_places();
        let extension = attached.format.as_ref().map_or("bin", |f| &f.extension);
        let original = attached.original.as_ref().map(|file| self.store(names::attachment(self.no, place, extension), file));
        let page = attached.page.as_ref().map(|page| self.store(names::attachment_page(self.no, place), &page.pdf));
        self.entered.entries.push(AttachmentEntry {
            no: place,
            name: if hidden { Line::new(format!("Vedlegg {place}")) } else { attached.item.name.clone() },
            date: attached.item.date,
            state: attached.state,
            code: attached.code.map(|code| code.id().to_owned()),
            sha256: attached.item.hash,
            format: attached.format.clone(),
            warnings: attached.warnings.clone(),
            original,
            page,
            page_made_by: attached.page.as_ref().map(|page| page.tool.clone()),
        });
    }

    fn store(&mut self, path: LogicalPath, file: &FileOnDisk) -> StoredFile {
        let at = self.known(file.sha256).unwrap_or_else(|| format!("v{}/content/{path}", self.version));
        self.entered.copies.push(CopiedFile { path: path.clone(), from: file.clone() });
        StoredFile { path, at, sha256: file.sha256, size_bytes: file.size_bytes }
    }

    /// Where the folder holds these bytes already.
    fn known(&self, sha256: Sha256) -> Option<String> {
        let documents = self.held.iter().find(|d| d.sha256 == sha256).map(|d| format!("v{}/content/{}", d.folder_version, d.pdf));
        let attachments = self.held.iter().flat_map(|d| &d.attachments).chain(&self.entered.entries);
        documents.or_else(|| attachments.flat_map(AttachmentEntry::files).find(|f| f.sha256 == sha256).map(|f| f.at.clone()))
    }
}
