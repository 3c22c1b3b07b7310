//! One bag in one zip.
//!
//! The order of the entries is fixed: `bagit.txt`, `bag-info.txt`, the other tag files, the payload, the payload manifests,
//! the tag manifests. So is everything else that could differ: times, modes, levels of compression. Only encryption draws
//! salts, and must.

mod copy;
mod description;
mod gate;
mod manifest;
mod password;
mod payload;
mod pen;

use std::io::{Seek, Write};

pub use description::{BagSpec, TagFile};
use gate::{Gate, Shutter};
use manifest::{Algorithm, Kept};
pub use password::Password;
pub use payload::{Expected, Payload, PayloadFile};
use pen::Pen;
use zip::ZipWriter;

use crate::BagError;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Payload files.
    pub files: usize,
    /// Their bytes, together.
    pub payload_bytes: u64,
    /// Length of the zip.
    pub zip_bytes: u64,
}

/// Writes the bag to what can be written to but not turned back, such as a socket. Sizes and checksums follow each entry, which
/// a few old programs cannot read: prefer [`write_to_file`].
///
/// On an error the target holds the beginning of a zip without its directory, which no program takes for whole.
pub fn write_streamed<W: Write>(spec: &BagSpec<'_>, payload: &impl Payload, out: W) -> Result<Written, BagError> {
    let (gate, shutter) = Gate::new(out);
    write(spec, payload, ZipWriter::new_stream(gate), &shutter)
}

/// Writes the bag to a file, which must be empty. Sizes and checksums stand before each entry, as every program expects.
///
/// Whoever calls writes beside and renames, syncs, and on an error removes what there is: it has no directory and is not a zip.
pub fn write_to_file<W: Write + Seek>(spec: &BagSpec<'_>, payload: &impl Payload, out: W) -> Result<Written, BagError> {
    let (gate, shutter) = Gate::new(out);
    write(spec, payload, ZipWriter::new(gate), &shutter)
}

fn write<W: Write + Seek>(spec: &BagSpec<'_>, payload: &impl Payload, zip: ZipWriter<W>, shutter: &Shutter) -> Result<Written, BagError> {
    let mut pen = Pen::new(zip, spec);
    let done = entries(spec, payload, &mut pen);
    if done.is_err() {
        // A `ZipWriter` that is dropped writes its directory, and what went wrong would look like a whole zip.
        shutter.shut();
    }
    let (files, payload_bytes) = done?;
    pen.finish()?;
    Ok(Written { files, payload_bytes, zip_bytes: shutter.bytes() })
}

/// Number of payload files and their bytes.
fn entries<W: Write + Seek>(spec: &BagSpec<'_>, payload: &impl Payload, pen: &mut Pen<'_, W>) -> Result<(usize, u64), BagError> {
    spec.check()?;
    let payload_bytes = payload::check(payload)?;
    let files = payload.count();
    pen.tag_file("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")?;
    pen.tag_file("bag-info.txt", spec.info_text(payload_bytes, files).as_bytes())?;
    for file in spec.tag_files {
        pen.tag_file(file.name.as_str(), file.bytes)?;
    }
    let mut kept = Kept::for_payload(payload);
    for at in 0..files {
        let file = payload.file(at);
        let found = pen.payload_file(&file, at, || payload.open(at))?;
        kept.keep(&file.expected, found);
    }
    for algorithm in Algorithm::BOTH {
        pen.manifest(algorithm, |out| kept.write_manifest(algorithm, payload, out))?;
    }
    // What a tag manifest lists is everything that was written before the first of them.
    let listed = pen.tags().to_vec();
    for algorithm in Algorithm::BOTH {
        pen.tag_manifest(algorithm, &listed)?;
    }
    Ok((files, payload_bytes))
}
