//! Zips that somebody handed us: whether one may be unpacked at all, and a bag inside one.
//!
//! The names, sizes and places of all entries are judged before a byte is unpacked; then no entry gives more bytes than it
//! says.

mod budget;
mod entries;
mod limits;
mod place;

use std::io::{Read, Seek};

pub use limits::Limits;
pub(crate) use place::ZipPlace;

use crate::{
    BagError, Code, Finding, Password,
    judge::{Findings, Place},
};

/// Everything that makes this zip unsafe, doubtful or damaged. Nothing is written. If the structure is sound, every entry is
/// read to its end. Fails only when the zip's bytes cannot be read.
pub fn inspect_zip<R: Read + Seek>(zip: R, password: Option<&Password>, limits: &Limits) -> Result<Vec<Finding>, BagError> {
    let mut findings = Findings::default();
    if let Some(mut place) = ZipPlace::open_any(zip, password, limits, &mut findings)? {
        let paths: Vec<String> = place.listing().files.keys().cloned().collect();
        for path in paths {
            if let Err(code) = place.read(&path, &mut |_| {}) {
                findings.add(code, Some(&path));
            }
        }
    }
    Ok(findings.into_sorted())
}

/// Whether a finding says that the bytes were not what they should be, not that the disk failed.
pub(crate) fn code_of(error: &std::io::Error) -> Code {
    // The library has no kinds for these; the texts are those of the version that we build with, and a test holds them.
    match error.to_string() {
        text if text.contains("larger than its declared") => Code::ZipSizeLie,
        text if text.contains("checksum") || text.contains("corrupt") || text.contains("authentication code") => Code::ZipChecksum,
        _ => Code::Unreadable,
    }
}
