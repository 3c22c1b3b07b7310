//! What one stage leaves on disk for the next: `work/<document>/`, each file named by the digest of its bytes.
//!
//! A convenience, not a truth. A file that is missing or not what its name says is simply not there, and the stage that made it
//! is done again: same input, same bytes. So nothing here is synced, and the folder may be emptied at any time.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline_domain::{CaseFolderId, CopiedFile, DocumentKey, LogicalPath, Packaged, PackagedFile, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

/// The folder of one document.
#[derive(Clone, Debug)]
pub struct Handover {
    folder: PathBuf,
    document: DocumentKey,
}

impl Handover {
    /// `work` is the folder for all documents.
    pub fn of(work: &Path, document: DocumentKey) -> Self {
        Self { folder: work.join(format!("{}-{}", document.id, document.version)), document }
    }

    /// Leaves a rendered PDF.
    pub fn leave_pdf(&self, digest: Sha256, pdf: &[u8]) -> io::Result<()> {
        self.leave(&format!("{digest}.pdf"), pdf)
    }

    /// The rendered PDF with this digest, if it is there and whole.
    pub fn pdf(&self, digest: Sha256) -> io::Result<Option<Vec<u8>>> {
        self.find(&format!("{digest}.pdf"), digest)
    }

    /// Leaves a package. Its digest.
    pub fn leave_package(&self, packaged: &Packaged) -> io::Result<Sha256> {
        let bytes = packed(&self.moved(packaged.clone(), |at| at.strip_prefix(self.data()).map_or(at.clone(), Path::to_owned)))?;
        let digest = Sha256::of(&bytes);
        self.leave(&format!("{digest}.package"), &bytes)?;
        Ok(digest)
    }

    /// The package with this digest, if it is there and whole, and the files that it copies are too.
    pub fn package(&self, digest: Sha256) -> io::Result<Option<Packaged>> {
        let packaged = self.find(&format!("{digest}.package"), digest)?.and_then(|bytes| unpacked(&bytes, self.document));
        let packaged = packaged.map(|p| self.moved(p, |at| self.data().join(at)));
        let is_there = |c: &CopiedFile| fs::metadata(&c.from.at).is_ok_and(|m| m.len() == c.from.size_bytes);
        Ok(packaged.filter(|p| p.copies.iter().all(is_there)))
    }

    /// The data folder. What a package copies is told from there: another worker may see it under another name.
    fn data(&self) -> &Path {
        self.folder.parent().and_then(Path::parent).expect("the folder of a document lies in `work/`, and that in the data folder")
    }

    fn moved(&self, mut packaged: Packaged, to: impl Fn(&PathBuf) -> PathBuf) -> Packaged {
        packaged.copies.iter_mut().for_each(|copy| copy.from.at = to(&copy.from.at));
        packaged
    }

    /// Leaves the page that was made of an attachment. Where it lies.
    pub fn leave_page(&self, digest: Sha256, pdf: &[u8]) -> io::Result<PathBuf> {
        let name = format!("{digest}.page.pdf");
        self.leave(&name, pdf)?;
        Ok(self.folder.join(name))
    }

    /// Takes everything of the document away.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    fn leave(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.folder.join(name);
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        io::Write::write_all(&mut file, bytes)
    }

    fn find(&self, name: &str, digest: Sha256) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(name)) {
            Ok(bytes) if Sha256::of(&bytes) == digest => Ok(Some(bytes)),
            Ok(_) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// What stands before the files' bytes, as one line of JSON.
#[derive(Serialize, Deserialize)]
struct Header {
    folder: CaseFolderId,
    object_id: String,
    based_on: Option<u32>,
    pdf: LogicalPath,
    created: Timestamp,
    message: String,
    /// Path and length, in the order of their bytes.
    files: Vec<(LogicalPath, usize)>,
    /// Too large to be carried: they lie where they lie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    copies: Vec<CopiedFile>,
}

fn packed(packaged: &Packaged) -> io::Result<Vec<u8>> {
    let header = Header {
        folder: packaged.folder.clone(),
        object_id: packaged.object_id.clone(),
        based_on: packaged.based_on,
        pdf: packaged.pdf.clone(),
        created: packaged.created,
        message: packaged.message.clone(),
        files: packaged.files.iter().map(|f| (f.path.clone(), f.bytes.len())).collect(),
        copies: packaged.copies.clone(),
    };
    // Only the name of a folder that is no text cannot be written.
    let mut bytes = serde_json::to_vec(&header)?;
    bytes.push(b'\n');
    packaged.files.iter().for_each(|f| bytes.extend_from_slice(&f.bytes));
    Ok(bytes)
}

/// `None` when another version of the program wrote it.
fn unpacked(bytes: &[u8], document: DocumentKey) -> Option<Packaged> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
    let mut rest = &bytes[end + 1..];
    let mut files = Vec::with_capacity(header.files.len());
    for (path, length) in header.files {
        let (file, after) = rest.split_at_checked(length)?;
        files.push(PackagedFile { path, bytes: Arc::from(file) });
        rest = after;
    }
    rest.is_empty().then_some(Packaged {
        folder: header.folder,
        object_id: header.object_id,
        document,
        based_on: header.based_on,
        files,
        copies: header.copies,
        pdf: header.pdf,
        created: header.created,
        message: header.message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DocumentKey {
        "018f2f4e-0000-7000-8000-000000000001".parse().map(|id| DocumentKey { id, version: pipeline_domain::DocumentVersion(2) }).unwrap()
    }

    fn packaged() -> Packaged {
        let file = |path: &str, bytes: &[u8]| PackagedFile { path: path.parse().unwrap(), bytes: Arc::from(bytes) };
        Packaged {
            folder: CaseFolderId { municipality: "9901".parse().unwrap(), year: 2026, sequence: 1 },
            object_id: "urn:example:1".to_owned(),
            document: key(),
            based_on: Some(3),
            files: vec![file("a.pdf", b"%PDF\n1"), file("empty.xml", b""), file("b.json", b"{}\n")],
            copies: Vec::new(),
            pdf: "a.pdf".parse().unwrap(),
            created: Timestamp::from_unix_seconds(1_795_422_600).unwrap(),
            message: "document".to_owned(),
        }
    }

    #[test]
    fn a_package_comes_back_as_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        let handover = Handover::of(dir.path(), key());
        let digest = handover.leave_package(&packaged()).unwrap();
        let back = handover.package(digest).unwrap().unwrap();
        assert_eq!(packed(&back).unwrap(), packed(&packaged()).unwrap());
        handover.clear().unwrap();
        assert!(handover.package(digest).unwrap().is_none());
        handover.clear().unwrap();
    }

    #[test]
    fn a_package_whose_copies_are_gone_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let handover = Handover::of(dir.path(), key());
        let at = handover.leave_page(Sha256::of(b"%PDF"), b"%PDF").unwrap();
        let from = pipeline_domain::FileOnDisk { at: at.clone(), sha256: Sha256::of(b"%PDF"), size_bytes: 4 };
        let copies = vec![CopiedFile { path: "vedlegg/01-1-arkiv.pdf".parse().unwrap(), from }];
        let digest = handover.leave_package(&Packaged { copies: copies.clone(), ..packaged() }).unwrap();
        assert_eq!(handover.package(digest).unwrap().unwrap().copies, copies);
        fs::remove_file(at).unwrap();
        assert!(handover.package(digest).unwrap().is_none());
    }

    #[test]
    fn what_is_torn_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let handover = Handover::of(dir.path(), key());
        let digest = Sha256::of(b"whole");
        handover.leave_pdf(digest, b"whole").unwrap();
        assert_eq!(handover.pdf(digest).unwrap().as_deref(), Some(&b"whole"[..]));
        handover.leave_pdf(digest, b"who").unwrap();
        assert_eq!(handover.pdf(digest).unwrap(), None);
    }
}
