//! A message, made from what the case folder holds. Everything here blocks.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use pipeline_archive::CaseArchive;
use pipeline_arkivmelding::{
    FileSource, Occasion, Outgoing, Sender, Sending, Target, closing_message, document_message, read_folder, read_registration,
    refers_to_others, reopening_message,
};
use pipeline_domain::{AddressProtection, CaseFolderId, DocumentKey, ErrorCode, LogicalPath};
use pipeline_package::{CaseRecord, DocumentEntry};
use pipeline_store::DeliveryPart;

use super::gate::is_last_document;
use crate::failure::Failure;

/// The folder's own account of itself.
const FOLDER_XML: &str = "metadata/mappe.xml";

/// One case folder, to be told of.
pub struct Told<'a> {
    pub archive: &'a CaseArchive,
    pub folder: &'a CaseFolderId,
    /// What holds now, whatever held when its documents were archived.
    pub protection: AddressProtection,
    pub target: &'a Target,
    pub sender: Sender<'a>,
}

impl Told<'_> {
    /// What the folder says of itself; `None` when nothing was archived there.
    pub fn record(&self) -> Result<Option<CaseRecord>, Failure> {
        let Some(head) = self.archive.read_head(self.folder)? else { return Ok(None) };
        Ok(Some(CaseRecord::read(&head.case_record)?))
    }

    /// The message; `None` when there is nothing to tell any more.
    pub fn message(
        &self,
        record: &CaseRecord,
        document: DocumentKey,
        part: DeliveryPart,
        sending: Sending,
    ) -> Result<Option<Outgoing>, Failure> {
        let missing = || Failure::give_up(ErrorCode::DocumentMissing, format!("document {document} is not in case folder {}", self.folder));
        let entry = record.document(document).ok_or_else(missing)?;
        let path: LogicalPath = FOLDER_XML.parse().expect("our own names are valid paths");
        let protection = self.protection.max(record.address_protection());
        let folder = read_folder(&self.archive.read_file(self.folder, &path)?, protection)?;
        let own = self.archive.read_file(self.folder, &entry.registration())?;
        let others = if refers_to_others(&own)? { self.registrations(record.documents())? } else { Vec::new() };
        let registration = read_registration(&own, others.iter().map(Vec::as_slice), protection)?;
        Ok(match part {
            DeliveryPart::Document => {
                let occasion = if is_last_document(record, document) { Occasion::LastDocument } else { Occasion::Document };
                Some(document_message(&folder, &registration, self.target, self.sender, occasion, sending)?)
            }
            // Of a folder that was closed again since, or is not closed any more, there is nothing to tell.
            DeliveryPart::Reopening => reopening_message(&folder, &registration, self.target, sending)?,
            DeliveryPart::Closing => closing_message(&folder, &registration, self.target, sending)?,
        })
    }

    fn registrations(&self, documents: &[DocumentEntry]) -> Result<Vec<Vec<u8>>, Failure> {
        documents.iter().map(|d| Ok(self.archive.read_file(self.folder, &d.registration())?)).collect()
    }

    /// Where the bytes of its files lie. Nobody changes them; whoever copies them looks at the digest.
    pub fn files(&self) -> Result<Files, Failure> {
        let base = self.archive.folder_path(self.folder);
        let tree = self.archive.tree(self.folder)?;
        Ok(Files { by_path: tree.into_iter().map(|entry| (entry.path, base.join(entry.content_path))).collect() })
    }
}

/// The files of a folder's newest version.
pub struct Files {
    by_path: BTreeMap<LogicalPath, PathBuf>,
}

impl FileSource for Files {
    fn open(&self, path: &LogicalPath) -> io::Result<Box<dyn Read + '_>> {
        let at = self.by_path.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(at)?))
    }
}
