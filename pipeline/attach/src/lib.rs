//! An attachment's bytes in, what it is and what becomes of it out.
//!
//! Three verbs. [`examine`] tells the format by its content (never by its name), looks inside for what is encrypted,
//! broken, hidden or active, and says by the policy table ([`Format::all`]) whether the file is an archive format, an
//! image for a page, a PDF/A whose claim holds, or something a person must see to. [`prepare_image`] gives the image that
//! the render room lays on a page: without Exif, GPS, thumbnails and texts, its pixels untouched. [`read_limited`] takes
//! bytes from a reader and stops at the limit.
//!
//! Promised: the same bytes give the same answer; no file makes this room panic or exceed the bounds of [`Limits`]; the
//! answer holds no name and nothing of the content. Nothing here writes, calls the clock or runs a program; the original
//! is the caller's to keep. Start reading in `examine.rs`; signatures are in `identify/table.rs`, the policy in
//! `format/table.rs`, the rules of PDF/A in `pdf/rules.rs`.

mod archive;
mod error;
mod examine;
mod format;
mod identify;
mod image;
mod limits;
mod little;
mod name;
mod office;
mod ole;
mod outcome;
mod pdf;
mod polyglot;
mod zip;

use std::io::Read;

pub use error::AttachError;
pub use examine::examine;
pub use format::{Format, Kind, Policy, Puid};
pub use identify::{Identity, identify};
pub use image::{Orientation, PageImage, PageMedia, prepare_image};
pub use limits::{CaseHoldings, Limits, OnApplication};
pub use outcome::{Event, Examined, Method, State, Warning};
pub use pdf::{Finding, PdfaRule};

/// All bytes of an attachment, when they are no more than [`Limits::file_bytes`].
///
/// # Errors
/// [`AttachError::Read`] and [`AttachError::TooLarge`]. Not more than one byte above the limit is read.
pub fn read_limited(from: impl Read, limits: &Limits) -> Result<Vec<u8>, AttachError> {
    let mut bytes = Vec::new();
    from.take(limits.file_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|source| AttachError::Read { source })?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(AttachError::TooLarge { limit_bytes: limits.file_bytes });
    }
    Ok(bytes)
}
