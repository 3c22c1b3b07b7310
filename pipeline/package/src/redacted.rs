//! A redacted copy of an archived document (skjermet variant): one more file of the document in a new version of the folder. The
//! archive copy stays as it is.

use std::sync::Arc;

use pipeline_domain::{AddressProtection, DocumentKey, Line, LogicalPath, Packaged, PackagedFile, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ArchiveProfile, CaseRecord, DocumentEntry, Head, PackageError, Packaging,
    change_log::{self, Occasion},
    names,
    noark::{self, EmptyElement, SystemIds},
    overview,
};

/// One redacted copy of a document, as `metadata/sak.json` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedactedEntry {
    /// Among the redacted copies of the document, from 1.
    pub no: u32,
    /// Published names of the parts that are withheld, sorted.
    pub withheld: Vec<String>,
    /// The basis (hjemmel) that stands at each of them.
    pub basis: Line,
    /// The address protection that it keeps to.
    #[serde(default, skip_serializing_if = "is_none")]
    pub screened_as: AddressProtection,
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
    /// When it was made.
    pub made_at: Timestamp,
}

fn is_none(protection: &AddressProtection) -> bool {
    *protection == AddressProtection::None
}

/// What makes one redacted copy of a document another than the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld<'a> {
    /// Published names of the parts that are withheld, in any order.
    pub parts: &'a [&'a str],
    /// The basis (hjemmel) that stands at each of them.
    pub basis: &'a str,
    /// The address protection that the copy keeps to.
    pub screened_as: AddressProtection,
}

/// A copy that was made.
#[derive(Clone, Debug)]
pub struct RedactedCopy<'a> {
    /// Of which document.
    pub document: DocumentKey,
    /// What it leaves out.
    pub withheld: Withheld<'a>,
    /// PDF/A-2a.
    pub pdf: Arc<[u8]>,
    /// Its pages.
    pub pages: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// `metadata/NN.xml` of the document, as the folder holds it now ([`DocumentEntry::registration`]).
    pub registration: &'a [u8],
}

impl DocumentEntry {
    /// The redacted copy that leaves this out. The folder holds each once, however often it is made.
    pub fn redacted_copy(&self, withheld: &Withheld<'_>) -> Option<&RedactedEntry> {
        let parts = sorted(withheld.parts);
        let is_wanted =
            |c: &&RedactedEntry| c.withheld == parts && c.basis.expose() == withheld.basis && c.screened_as == withheld.screened_as;
        self.redacted.iter().find(is_wanted)
    }
}

fn sorted(withheld: &[&str]) -> Vec<String> {
    let names: std::collections::BTreeSet<&str> = withheld.iter().copied().collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Files of the folder's next version, which brings a redacted copy of one of its documents.
///
/// # Errors
/// [`PackageError::FolderClosed`] for a closed folder; [`PackageError::OtherCase`] when the folder has no such document;
/// [`PackageError::RegistrationUnreadable`] when `registration` is not what this program wrote.
pub fn add_redacted(copy: &RedactedCopy<'_>, head: Head<'_>, profile: &ArchiveProfile) -> Result<Packaging, PackageError> {
    let mut record = CaseRecord::read(head.case_record)?;
    let folder = record.folder.clone();
    let other = || PackageError::OtherCase { folder: folder.clone(), document: copy.document };
    let place = record.documents.iter().position(|d| d.key() == copy.document).ok_or_else(other)?;
    if let Some(there) = record.documents[place].redacted_copy(&copy.withheld) {
        return Ok(Packaging::AlreadyThere { folder_version: there.folder_version, pdf: there.pdf.clone() });
    }
    if record.closed.is_some() {
        return Err(PackageError::FolderClosed { folder, document: copy.document });
    }
    record.folder_version = head.version + 1;
    record.updated_at = record.updated_at.max(copy.made_at);
    let entry = entered(&mut record.documents[place], copy, record.folder_version).clone();
    let (document, old_changes) = (record.documents[place].clone(), record.changes.len());
    if document.redacted.len() == 1 {
        let ids = SystemIds::of(&profile.municipality);
        for unit in [ids.registrering(copy.document), ids.dokumentbeskrivelse(copy.document)] {
            record.changes.push(change_log::partly_screened(Occasion { unit, at: record.updated_at, by: &noark::system() }));
        }
    }
    let registration = noark::with_redacted(copy.registration, &document, &entry, profile)
        .ok_or(PackageError::RegistrationUnreadable { document: copy.document })?;
    let file = |path: LogicalPath, bytes: Vec<u8>| PackagedFile { path, bytes: bytes.into() };
    let mut files = vec![
        PackagedFile { path: entry.pdf.clone(), bytes: copy.pdf.clone() },
        file(names::registration(document.no), registration),
        file(names::fixed(names::OVERVIEW), overview::html(&record, profile)),
        file(names::fixed(names::CASE_RECORD), record.to_bytes()),
    ];
    if record.changes.len() != old_changes {
        let log = noark::endringslogg(&record.changes)
            .map_err(|EmptyElement(element)| PackageError::EmptyElement { element, document: copy.document })?;
        files.push(file(names::fixed(names::CHANGE_LOG), log));
    }
    Ok(Packaging::New(Packaged {
        folder,
        object_id: record.object_id.clone(),
        document: copy.document,
        based_on: Some(head.version),
        pdf: entry.pdf,
        files,
        copies: Vec::new(),
        created: record.updated_at,
        message: "redacted copy added".to_owned(),
    }))
}

fn entered<'d>(document: &'d mut DocumentEntry, copy: &RedactedCopy<'_>, folder_version: u32) -> &'d RedactedEntry {
    let no = u32::try_from(document.redacted.len()).expect("a document has fewer than four billion copies") + 1;
    document.redacted.push(RedactedEntry {
        no,
        withheld: sorted(copy.withheld.parts),
        basis: Line::new(copy.withheld.basis),
        screened_as: copy.withheld.screened_as,
        pdf: names::redacted(document.no, no),
        sha256: Sha256::of(&copy.pdf),
        size_bytes: copy.pdf.len() as u64,
        pages: copy.pages,
        folder_version,
        made_at: copy.made_at,
    });
    document.redacted.last().expect("it was entered above")
}
