//! What stops packaging.

use pipeline_domain::{CaseFolderId, DocumentKey, ErrorCode, MunicipalityNumber, Verdict};

/// Why a document was not packaged. Holds ids only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The plan is passive; only a document of a reopened (active) plan may come.
    #[error("case folder {folder} is closed, document {document} was not added")]
    FolderClosed {
        /// The folder.
        folder: CaseFolderId,
        /// What was refused.
        document: DocumentKey,
    },
    /// The folder holds other content under the same id and version.
    #[error("document {document} is in case folder {folder} with other content")]
    DocumentIdReused {
        /// The folder.
        folder: CaseFolderId,
        /// The id and version that were used before.
        document: DocumentKey,
    },
    /// `metadata/sak.json` is not what this program wrote. The reader's own words are left out: they can quote content.
    #[error("the case record cannot be read at line {line}, column {column}")]
    RecordUnreadable {
        /// Line in the file, from 1.
        line: usize,
        /// Column in the line.
        column: usize,
    },
    /// `metadata/NN.xml` of a document is not what this program wrote.
    #[error("the registration of document {document} cannot be read")]
    RegistrationUnreadable {
        /// The document.
        document: DocumentKey,
    },
    /// `metadata/sak.json` has a shape that this version does not know.
    #[error("the case record has an unknown shape")]
    RecordNewer,
    /// The folder's record is about another folder or another plan than the document.
    #[error("document {document} does not belong in case folder {folder}")]
    OtherCase {
        /// The folder that was given.
        folder: CaseFolderId,
        /// The document.
        document: DocumentKey,
    },
    /// The profile is that of another municipality.
    #[error("case folder {folder} does not belong to municipality {municipality}")]
    OtherMunicipality {
        /// The folder.
        folder: CaseFolderId,
        /// Whose profile was given.
        municipality: MunicipalityNumber,
    },
    /// A mandatory element would be empty or white space (Noark 5 req. 6.4.5, Arkade N5.63).
    #[error("element {element} of document {document} would be empty")]
    EmptyElement {
        /// Noark name of the element.
        element: &'static str,
        /// The document.
        document: DocumentKey,
    },
}

impl PackageError {
    /// The published code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::FolderClosed { .. } => ErrorCode::FolderClosed,
            Self::DocumentIdReused { .. } => ErrorCode::DocumentIdReused,
            Self::RecordUnreadable { .. } | Self::RegistrationUnreadable { .. } | Self::RecordNewer | Self::OtherCase { .. } => {
                ErrorCode::ArchiveDamaged
            }
            Self::OtherMunicipality { .. } | Self::EmptyElement { .. } => ErrorCode::MetadataInvalid,
        }
    }

    /// A function of its arguments fails the same way again, so all of these need a person.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::FolderClosed { .. }
            | Self::DocumentIdReused { .. }
            | Self::RecordUnreadable { .. }
            | Self::RegistrationUnreadable { .. }
            | Self::RecordNewer
            | Self::OtherCase { .. }
            | Self::OtherMunicipality { .. }
            | Self::EmptyElement { .. } => Verdict::GiveUp,
        }
    }
}
