//! Document objects and the files that they refer to.

use super::{FILE, Level, Structure};
use crate::{
    Finding, Rule, Unit,
    addml::{digest, is_sha256},
    finding::UnitId,
    place::FileNo,
    xml::trimmed,
};

/// The values of one dokumentobjekt.
#[derive(Debug, Default)]
pub struct DocumentObject {
    format: Option<String>,
    reference: Option<String>,
    checksum: Option<String>,
    algorithm: Option<String>,
    size: Option<String>,
}

impl DocumentObject {
    /// Takes a value, if it is one of those that matter.
    pub(super) fn take(&mut self, name: &str, text: &str) {
        let place = match name {
            "format" => &mut self.format,
            "referanseDokumentfil" => &mut self.reference,
            "sjekksum" => &mut self.checksum,
            "sjekksumAlgoritme" => &mut self.algorithm,
            "filstoerrelse" => &mut self.size,
            _ => return,
        };
        *place = Some(text.to_owned());
    }
}

/// A file with the unit that refers to it. One for each document object: kept small.
#[derive(Clone, Copy, Debug)]
pub struct FileUse {
    pub file: FileNo,
    pub digest: [u8; 32],
    pub id: Option<UnitId>,
    pub line: u64,
}

impl FileUse {
    /// Where it is.
    pub fn unit(&self) -> Unit {
        Unit { line: self.line, element: Some("dokumentobjekt".into()), system_id: self.id }
    }
}

impl Structure<'_> {
    /// A dokumentobjekt ended.
    pub(super) fn end_document(&mut self, level: &Level) {
        let document = std::mem::take(&mut self.document);
        let unit = || Unit { line: level.line, element: Some("dokumentobjekt".into()), system_id: level.id };
        let mut add = |rule| self.findings.add(Finding::new(rule).file(FILE).unit(unit()));
        // Without a reference the schema is broken, and nothing can be compared.
        let Some(reference) = document.reference.as_deref() else { return };
        if document.format.as_deref().is_some_and(|format| !is_extension(reference, format)) {
            add(Rule::FileFormat);
        }
        if document.algorithm.as_deref().is_some_and(|name| !is_sha256(trimmed(name))) {
            add(Rule::ChecksumAlgorithm);
        }
        let Some(file) = self.layout.find_file(self.place, reference) else {
            add(Rule::ReferredFileMissing);
            return;
        };
        if document.size.as_deref().is_some_and(|size| trimmed(size).parse() != Ok(self.place.index.size(file))) {
            add(Rule::FileSize);
        }
        match document.checksum.as_deref().and_then(|text| digest(trimmed(text))) {
            Some(digest) => self.summary.uses.push(FileUse { file, digest, id: level.id, line: level.line }),
            None => {
                add(Rule::FileChecksum);
                // The file is used all the same.
                self.summary.unsummed.push(file);
            }
        }
        if let Some(record) = self.unit_level() {
            record.has_files = true;
        }
        self.summary.remembered += 1;
    }
}

/// Whether the format is the file's extension, in any letter case.
fn is_extension(reference: &str, format: &str) -> bool {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.to_lowercase() == format.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::is_extension;

    #[test]
    fn formats_are_extensions() {
        let check =
            |reference: &str, format: &str, expected: bool| assert_eq!(is_extension(reference, format), expected, "{reference} {format}");
        check("dokumenter/a.PDF", "pdf", true);
        check("dokumenter/a.pdf", "PDF", true);
        check("dokumenter/a.b.tiff", "tiff", true);
        check("dokumenter/a.pdf", "PDF/A", false);
        check("dokumenter/a.pdf", "fmt/95", false);
        check("dokumenter.x/a", "x", false);
    }
}
