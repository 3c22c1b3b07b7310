//! The redacted copy in its case folder: a variant beside the archive copy, in a new version of the folder, once.

use std::sync::Arc;

use pipeline_archive::{CaseArchive, CaseHead};
use pipeline_domain::{AddressProtection, CaseFolderId, DocumentKey, ErrorCode, LogicalPath, Placement, Sha256, Timestamp};
use pipeline_package::{ArchiveProfile, CaseRecord, Head, Packaging, RedactedCopy, Withheld, add_redacted};
use pipeline_render::{Letterhead, Redaction, redacted_job};

use crate::{
    failure::Failure,
    jobs::carry,
    press::PrintedPdf,
    shell::Shell,
    witness::{Closing, PlacedVersion},
};

/// A copy that the folder holds.
pub struct KeptCopy {
    pub bytes: Arc<[u8]>,
    pub pages: u32,
    /// Version of the folder that brought it.
    pub folder_version: u32,
    pub pdf: LogicalPath,
    pub placement: Placement,
}

impl KeptCopy {
    /// Digest of the PDF.
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.bytes)
    }
}

/// Makes the copy and puts it into the folder, unless the folder has got it already.
///
/// # Errors
/// [`ErrorCode::FolderClosed`], or what stops the making or the writing.
pub async fn keep(shell: &Shell, redaction: &Redaction<'_>, letterhead: &Letterhead) -> Result<KeptCopy, Failure> {
    let parts: Vec<String> = redaction.withheld.iter().map(|p| p.id.to_owned()).collect();
    let witnesses = shell.witnesses.clone();
    let keeping = Keeping {
        archive: shell.archive(&redaction.folder.municipality)?,
        profile: shell.municipality(&redaction.folder.municipality)?.profile(),
        folder: redaction.folder.clone(),
        document: redaction.snapshot.key(),
        parts,
        basis: redaction.basis.clone(),
        screened_as: redaction.snapshot.screened_as,
        made_at: redaction.made_at,
    };
    let (archive, folder) = (keeping.archive.clone(), keeping.folder.clone());
    // Also for one that is there: a crash may have come between its placing and its leaf.
    let attest = move |copy: KeptCopy| -> Result<KeptCopy, Failure> {
        let inventory = carry::receipt(&archive, &folder, copy.folder_version)?;
        let placed = PlacedVersion { folder, version: copy.folder_version, inventory, closing: Closing::Possible };
        witnesses.attest(&archive, &placed, None).map(|()| copy)
    };
    if let Some(there) = keeping.there()? {
        return attest(there);
    }
    let printed = shell.press().await?.print(redacted_job(redaction, letterhead)).await?;
    let placed = tokio::task::spawn_blocking(move || keeping.place(printed).and_then(attest)).await;
    placed.map_err(|_| Failure::give_up(ErrorCode::MetadataInvalid, "packaging ended in an internal error"))?
}

struct Keeping {
    archive: Arc<CaseArchive>,
    profile: ArchiveProfile,
    folder: CaseFolderId,
    document: DocumentKey,
    parts: Vec<String>,
    basis: String,
    screened_as: AddressProtection,
    made_at: Timestamp,
}

impl Keeping {
    /// What the folder holds of it already.
    fn there(&self) -> Result<Option<KeptCopy>, Failure> {
        let Some(head) = self.archive.read_head(&self.folder)? else { return Ok(None) };
        let record = CaseRecord::read(&head.case_record)?;
        let parts: Vec<&str> = self.parts.iter().map(String::as_str).collect();
        let Some(copy) = record.document(self.document).and_then(|d| d.redacted_copy(&self.withheld(&parts))) else { return Ok(None) };
        let bytes = self.archive.read_file(&self.folder, &copy.pdf)?.into();
        let (pages, folder_version, pdf) = (copy.pages, copy.folder_version, copy.pdf.clone());
        Ok(Some(KeptCopy { bytes, pages, folder_version, pdf, placement: Placement::AlreadyThere }))
    }

    /// Another process may come first; then it is packaged again against what the folder has become.
    fn place(self, printed: PrintedPdf) -> Result<KeptCopy, Failure> {
        let pdf: Arc<[u8]> = printed.bytes.into();
        let parts: Vec<&str> = self.parts.iter().map(String::as_str).collect();
        loop {
            let (head, record) = self.head()?;
            let entry = record.document(self.document).ok_or_else(|| self.gone())?;
            let registration = self.archive.read_file(&self.folder, &entry.registration())?;
            let copy = RedactedCopy {
                document: self.document,
                withheld: self.withheld(&parts),
                pdf: pdf.clone(),
                pages: printed.pages,
                made_at: self.made_at,
                registration: &registration,
            };
            let now = Head { version: head.version, case_record: &head.case_record };
            match add_redacted(&copy, now, &self.profile)? {
                Packaging::AlreadyThere { .. } => return self.there()?.ok_or_else(|| self.gone()),
                Packaging::New(packaged) => match self.archive.place(&packaged) {
                    Err(e) if e.code() == ErrorCode::ArchiveConflict => {}
                    placed => {
                        let placed = placed?;
                        tracing::info!(document.id = %self.document.id, folder.id = %self.folder, folder.version = placed.folder_version, "redacted copy archived");
                        let (folder_version, path) = (placed.folder_version, placed.pdf);
                        return Ok(KeptCopy { bytes: pdf, pages: printed.pages, folder_version, pdf: path, placement: Placement::Written });
                    }
                },
            }
        }
    }

    fn head(&self) -> Result<(CaseHead, CaseRecord), Failure> {
        let head = self.archive.read_head(&self.folder)?.ok_or_else(|| self.gone())?;
        let record = CaseRecord::read(&head.case_record)?;
        Ok((head, record))
    }

    fn withheld<'a>(&'a self, parts: &'a [&'a str]) -> Withheld<'a> {
        Withheld { parts, basis: &self.basis, screened_as: self.screened_as }
    }

    fn gone(&self) -> Failure {
        Failure::give_up(ErrorCode::ArchiveDamaged, format!("case folder {} no longer holds the document", self.folder))
    }
}
