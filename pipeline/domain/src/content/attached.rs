//! What became of the attachments that a document names (DOMAIN §§ 6.10, 7): found out by content, after the document is accepted.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{AttachmentItem, ErrorCode, LogicalPath, Sha256};

/// What the archive holds of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentState {
    /// An archive format: the file itself.
    Accepted,
    /// PDF/A whose claim holds: the file itself.
    PdfaKept,
    /// An image: the file itself, and a page of PDF/A without its metadata.
    Converted,
    /// The file itself; somebody must make a copy in an archive format.
    NeedsManualConversion,
    /// Nothing: it is kept apart until a person has looked at it.
    SetAside,
    /// Nothing: it is not taken.
    Refused,
    /// Nothing: its bytes never came.
    Missing,
}

impl AttachmentState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Accepted, Self::PdfaKept, Self::Converted, Self::NeedsManualConversion, Self::SetAside, Self::Refused, Self::Missing];

    /// The published name. Never renamed.
    pub fn id(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::PdfaKept => "pdfa_kept",
            Self::Converted => "converted",
            Self::NeedsManualConversion => "needs_manual_conversion",
            Self::SetAside => "set_aside",
            Self::Refused => "refused",
            Self::Missing => "missing",
        }
    }

    /// Whether the case folder holds the file as it came.
    pub fn keeps_original(self) -> bool {
        match self {
            Self::Accepted | Self::PdfaKept | Self::Converted | Self::NeedsManualConversion => true,
            Self::SetAside | Self::Refused | Self::Missing => false,
        }
    }

    /// Whether the file as it came is what an archive takes («Arkivformat»); else it is the «Produksjonsformat».
    pub fn original_is_archival(self) -> bool {
        matches!(self, Self::Accepted | Self::PdfaKept)
    }

    /// Whether somebody must do something.
    pub fn wants_a_person(self) -> bool {
        match self {
            Self::Accepted | Self::PdfaKept | Self::Converted => false,
            Self::NeedsManualConversion | Self::SetAside | Self::Refused | Self::Missing => true,
        }
    }
}

/// A file that is too large to be carried in memory: where it lies, and what it must be when it is copied from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOnDisk {
    /// In a folder that is ours alone.
    pub at: PathBuf,
    /// Of its bytes.
    pub sha256: Sha256,
    /// Number of its bytes.
    pub size_bytes: u64,
}

/// A file for the next version of a case folder that is copied from where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// Where it goes.
    pub path: LogicalPath,
    /// Where it comes from.
    pub from: FileOnDisk,
}

/// The format of a file, told by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFormat {
    /// PRONOM id, such as `fmt/43`.
    pub puid: String,
    /// Name and version, such as `JPEG (JFIF) 1.01`.
    pub name: String,
    /// Extension that goes with it: lower case, without the dot.
    pub extension: String,
}

/// An image as a page of PDF/A-2a.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCopy {
    /// The PDF.
    pub pdf: FileOnDisk,
    /// Name and version of what made it.
    pub tool: String,
}

/// One attachment of a document, looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    /// What the document says of it.
    pub item: AttachmentItem,
    /// What the archive holds of it.
    pub state: AttachmentState,
    /// Why, when that is not simply the file. Its text says what to do.
    pub code: Option<ErrorCode>,
    /// `None` when its format is not on our list, or its bytes never came.
    pub format: Option<FileFormat>,
    /// Published names of what a person should know, such as `holds_location`.
    pub warnings: Vec<String>,
    /// The file as it came; `None` unless the state keeps it.
    pub original: Option<FileOnDisk>,
    /// The page that was made of it, if one was.
    pub page: Option<PageCopy>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_go_by_their_published_names() {
        for state in AttachmentState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.id());
            assert!(!state.original_is_archival() || state.keeps_original(), "{state:?}");
            assert!(state.keeps_original() || state.wants_a_person(), "{state:?}: what is not in the archive is somebody's to see to");
        }
    }
}
