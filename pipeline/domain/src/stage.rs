//! A document's journey as a chain of types. Each holds what its stage has made true.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Attached, CaseFolderId, CopiedFile, DocumentKey, NotValid, Reservation, Sha256, Sha512, Snapshot, Timestamp};

/// A snapshot set as PDF/A-2a that is also PDF/UA-1.
#[derive(Clone, Debug)]
pub struct Rendered {
    snapshot: Arc<Snapshot>,
    reservation: Reservation,
    pdf: Arc<[u8]>,
    pages: u32,
    sha256: Sha256,
    attached: Vec<Attached>,
}

impl Rendered {
    /// Takes the bytes and works out the digest itself, so the two can't disagree.
    pub fn new(snapshot: Arc<Snapshot>, reservation: Reservation, pdf: Vec<u8>, pages: u32) -> Self {
        let sha256 = Sha256::of(&pdf);
        Self { snapshot, reservation, pdf: pdf.into(), pages, sha256, attached: Vec::new() }
    }

    /// The same with its attachments, in the order of its list.
    pub fn with_attachments(self, attached: Vec<Attached>) -> Self {
        Self { attached, ..self }
    }

    /// What became of its attachments.
    pub fn attached(&self) -> &[Attached] {
        &self.attached
    }

    /// What was set.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The numbers it was set with.
    pub fn reservation(&self) -> &Reservation {
        &self.reservation
    }

    /// The file.
    pub fn pdf(&self) -> &Arc<[u8]> {
        &self.pdf
    }

    /// Number of pages.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// SHA-256 of the file.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

/// One part of a path on disk: lower-case ASCII letters, digits, `.`, `_`, `-`; 1–100 characters; no leading dot, no
/// trailing dot, no name that Windows reserves. Safe on every file system and in every archive format.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for FileName {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];
        let stem = s.split('.').next().unwrap_or_default();
        let numbered = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem.as_bytes()[3].is_ascii_digit();
        let ok = (1..=100).contains(&s.len())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
            && !s.starts_with('.')
            && !s.ends_with('.')
            && !RESERVED.contains(&stem)
            && !numbered;
        if ok { Ok(Self(s.to_owned())) } else { Err(NotValid("file name")) }
    }
}

impl TryFrom<String> for FileName {
    type Error = NotValid;
    fn try_from(s: String) -> Result<Self, NotValid> {
        s.parse()
    }
}

impl From<FileName> for String {
    fn from(n: FileName) -> String {
        n.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Path of a file inside a case folder, parts joined with `/`: on disk under `vN/content/`, and (since content path and
/// logical path are the same here) the name in the OCFL inventory. At most 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogicalPath(String);

impl LogicalPath {
    /// The path with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for LogicalPath {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        // `LESMEG.txt` is the one name in capitals: it must be the first thing that a person sees.
        let ok = s.len() <= 200 && s.split('/').all(|part| part == "LESMEG.txt" || part.parse::<FileName>().is_ok());
        if ok { Ok(Self(s.to_owned())) } else { Err(NotValid("path in a case folder")) }
    }
}

impl TryFrom<String> for LogicalPath {
    type Error = NotValid;
    fn try_from(s: String) -> Result<Self, NotValid> {
        s.parse()
    }
}

impl From<LogicalPath> for String {
    fn from(p: LogicalPath) -> String {
        p.0
    }
}

impl fmt::Display for LogicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file for the next version of a case folder.
#[derive(Clone, Debug)]
pub struct PackagedFile {
    /// Where it goes. An existing path is replaced in the new version; the old bytes stay in the old version.
    pub path: LogicalPath,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// Everything that the next version of one case folder adds or replaces. Made against one known head: if the folder has
/// moved on meanwhile, it must be packaged again.
#[derive(Clone, Debug)]
pub struct Packaged {
    /// The folder.
    pub folder: CaseFolderId,
    /// OCFL object id: a URI that names the case for ever.
    pub object_id: String,
    /// The document that this version brings.
    pub document: DocumentKey,
    /// Version of the folder that this was made against; `None` for a new folder.
    pub based_on: Option<u32>,
    /// Files to add or replace.
    pub files: Vec<PackagedFile>,
    /// Files to add that are copied from where they lie.
    pub copies: Vec<CopiedFile>,
    /// Where the document's PDF will be.
    pub pdf: LogicalPath,
    /// Time of the version (OCFL `created`).
    pub created: Timestamp,
    /// Neutral message of the version: kind of change and ids, no names.
    pub message: String,
}

/// Whether a placing wrote anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// A new version was written.
    Written,
    /// The folder held the same content already.
    AlreadyThere,
}

/// A document that is safe on disk in its case folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The document.
    pub document: DocumentKey,
    /// Its folder.
    pub folder: CaseFolderId,
    /// Version of the folder that holds it.
    pub folder_version: u32,
    /// Its PDF, as a path inside the folder.
    pub pdf: LogicalPath,
    /// SHA-512 of that version's inventory: the receipt.
    pub inventory: Sha512,
    /// Written now or there already.
    pub placement: Placement,
}
