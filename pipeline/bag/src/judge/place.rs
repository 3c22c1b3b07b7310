//! Where a bag lies: a folder or a zip, seen alike.

use std::{collections::BTreeMap, io::Read};

use super::finding::{Code, Findings};

/// Files of a bag with their sizes, by path from its base folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub files: BTreeMap<String, u64>,
    /// Whether there is a folder `data`, empty or not.
    pub has_payload_folder: bool,
}

impl Listing {
    /// Below `data/`.
    pub fn is_payload(path: &str) -> bool {
        path.starts_with("data/")
    }

    /// Payload files with their sizes.
    pub fn payload(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files.iter().map(|(path, size)| (path.as_str(), *size)).filter(|(path, _)| Self::is_payload(path))
    }

    /// All other files.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|path| !Self::is_payload(path))
    }
}

/// A place that can be read.
pub(crate) trait Place {
    /// Everything that lies there. What must not lie there is noted.
    fn listing(&self) -> &Listing;

    /// Calls `with` with the content of a listed file, in pieces. Gives what went wrong.
    fn read(&mut self, path: &str, with: &mut dyn FnMut(&[u8])) -> Result<(), Code>;
}

/// Reads a file in pieces.
pub(crate) fn read_pieces(from: &mut dyn Read, with: &mut dyn FnMut(&[u8])) -> std::io::Result<u64> {
    let mut buffer = vec![0; 128 << 10];
    let mut total = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(read) => {
                with(&buffer[..read]);
                total += read as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// A whole small file, or a finding.
pub(super) fn read_tag(place: &mut dyn Place, path: &str, at_most: u64, findings: &mut Findings) -> Option<Vec<u8>> {
    let size = *place.listing().files.get(path)?;
    if size > at_most {
        findings.at(Code::TagTooLarge, path);
        return None;
    }
    let mut bytes = Vec::new();
    match place.read(path, &mut |piece| bytes.extend_from_slice(piece)) {
        Ok(()) => Some(bytes),
        Err(code) => {
            findings.at(code, path);
            None
        }
    }
}
