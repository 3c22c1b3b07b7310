//! How much of a file we are willing to look at. All of it can be configured; the defaults are the design's.

use serde::{Deserialize, Serialize};

use crate::Policy;

/// Bounds of one examination, and of what a case may hold. A value equal to a limit is allowed; one more is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of one attachment.
    pub file_bytes: u64,
    /// Attachments of one case.
    pub case_files: u32,
    /// Bytes of all attachments of one case together.
    pub case_bytes: u64,
    /// Width × height of one image.
    pub image_pixels: u64,
    /// Width, and height, of one image in pixels.
    pub image_side: u32,
    /// Memory that decoding one image may take, in bytes.
    pub image_memory: u64,
    /// Pages of one PDF.
    pub pdf_pages: u32,
    /// Objects in one PDF's cross-reference table.
    pub pdf_objects: u32,
    /// Bytes that the compressed objects of one PDF may expand to, all together.
    pub pdf_expanded_bytes: u64,
    /// Entries of one ZIP archive, and of all archives within it together.
    pub zip_entries: u32,
    /// Expanded bytes of one ZIP entry.
    pub zip_entry_bytes: u64,
    /// Expanded bytes of all ZIP entries together, with those of archives within.
    pub zip_total_bytes: u64,
    /// How many times its packed size an entry may expand to.
    pub zip_ratio: u64,
    /// Entries that expand to no more than this are not judged by their ratio: a short run of blanks packs very well.
    pub zip_ratio_from_bytes: u64,
    /// Archives within archives: 1 is the attachment itself, 2 an archive in it.
    pub archive_depth: u32,
    /// What becomes of formats that an archive takes only on application (PDF/A-3).
    pub on_application: OnApplication,
}

/// Formats that Riksarkivaren's list takes only on application or by precedent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnApplication {
    /// Nobody applied: the original is kept, a rendition is needed.
    KeepOriginal,
    /// The archive has said yes: treated like PDF/A-1 and PDF/A-2.
    Accept,
}

impl OnApplication {
    pub(crate) fn policy(self) -> Policy {
        match self {
            Self::KeepOriginal => Policy::KeepOriginal,
            Self::Accept => Policy::ArchivePdf,
        }
    }
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 25 * MIB,
            case_files: 100,
            case_bytes: 200 * MIB,
            image_pixels: 50_000_000,
            image_side: 20_000,
            image_memory: 512 * MIB,
            pdf_pages: 500,
            pdf_objects: 200_000,
            pdf_expanded_bytes: 64 * MIB,
            zip_entries: 2_000,
            zip_entry_bytes: 100 * MIB,
            zip_total_bytes: 500 * MIB,
            zip_ratio: 200,
            zip_ratio_from_bytes: MIB,
            archive_depth: 2,
            on_application: OnApplication::KeepOriginal,
        }
    }
}

/// The attachments a case holds already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseHoldings {
    /// How many.
    pub files: u32,
    /// Their bytes together.
    pub bytes: u64,
}

impl CaseHoldings {
    /// What the case holds with one more attachment of `size_bytes`; `None` when that is more than it may.
    pub fn with(self, size_bytes: u64, limits: &Limits) -> Option<Self> {
        let files = self.files.checked_add(1).filter(|n| *n <= limits.case_files)?;
        let bytes = self.bytes.checked_add(size_bytes).filter(|n| *n <= limits.case_bytes)?;
        Some(Self { files, bytes })
    }
}
