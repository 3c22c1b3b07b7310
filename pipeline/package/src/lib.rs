//! Rendered document in, files of a case folder's next version out.
//!
//! The verb: [`package`]. It reads what the folder says about itself (`metadata/sak.json`, see [`CaseRecord`]), adds the
//! document, and gives back every file that the next version adds or replaces, as a [`pipeline_domain::Packaged`]. A
//! function of its arguments: no clock, no disk, no chance; the same arguments give the same bytes. Start reading in
//! `folder.rs`; the Noark elements are in `noark/`, one function per element, and `noark/RULES.md` says which rules we
//! answer for.
//! [`add_redacted`] does the same for a redacted copy of a document that the folder holds.

mod attachments;
mod change_log;
mod error;
mod folder;
mod names;
mod noark;
mod outline;
mod overview;
mod profile;
mod record;
mod redacted;
mod titles;

#[cfg(test)]
mod tests;

use pipeline_domain::{LogicalPath, Packaged, Rendered};

pub use attachments::{AttachmentEntry, StoredFile};
pub use error::PackageError;
pub use outline::{Effect, Outline, outline};
pub use profile::{ArchiveProfile, FormatStyle, Retention, RetentionRule};
pub use record::{CaseRecord, DocumentEntry};
pub use redacted::{RedactedCopy, RedactedEntry, Withheld, add_redacted};

/// What the folder holds now, as the archive room reads it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Number of the folder's newest version.
    pub version: u32,
    /// Bytes of `metadata/sak.json` in that version.
    pub case_record: &'a [u8],
}

/// What packaging came to.
#[derive(Clone, Debug)]
pub enum Packaging {
    /// The folder gets a new version with these files.
    New(Packaged),
    /// The folder holds this content already, under this or another document id. Nothing to write.
    AlreadyThere {
        /// Version of the folder that brought it.
        folder_version: u32,
        /// Its PDF.
        pdf: LogicalPath,
    },
}

/// Files of the case folder's next version: the PDF, its source, its Noark metadata, and the folder's own small files.
///
/// `head` is `None` for a folder that has no version yet.
///
/// # Errors
/// [`PackageError`]: none of them passes by trying again.
pub fn package(rendered: &Rendered, head: Option<Head<'_>>, profile: &ArchiveProfile) -> Result<Packaging, PackageError> {
    folder::next_version(rendered, head, profile)
}

/// The archive without folders, as the municipality calls it today: an arkivstruktur document with its part and every class. What an
/// extract is built around.
///
/// # Errors
/// The name of the element that would be empty: the profile lacks a title or a name.
pub fn skeleton(profile: &ArchiveProfile) -> Result<Vec<u8>, &'static str> {
    noark::skeleton(profile).map_err(|noark::EmptyElement(element)| element)
}
