//! `bagit.txt` (RFC 8493 § 2.1.1).

use super::{
    encoding::Encoding,
    finding::{Code, Findings},
    place::{Place, read_tag},
};

/// Name of the file.
pub(super) const NAME: &str = "bagit.txt";
/// Versions that there have been.
const VERSIONS: [Version; 6] = [Version(0, 93), Version(0, 94), Version(0, 95), Version(0, 96), Version(0, 97), Version(1, 0)];

/// Version of BagIt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32, u32);

impl Version {
    /// The RFC, which says in many places what the drafts before it left open.
    pub fn is_rfc(self) -> bool {
        self >= Version(1, 0)
    }

    /// Name of the file of labels and values.
    pub fn info_name(self) -> &'static str {
        if self < Version(0, 96) { "package-info.txt" } else { "bag-info.txt" }
    }
}

/// What `bagit.txt` says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration {
    pub version: Version,
    pub encoding: Encoding,
}

impl Declaration {
    /// What the bag declares. What cannot be read is taken for 1.0 and UTF-8, so that the rest is judged too.
    pub fn read(place: &mut dyn Place, at_most: u64, findings: &mut Findings) -> Self {
        let mut declaration = Self { version: Version(1, 0), encoding: Encoding::Utf8 };
        if !place.listing().files.contains_key(NAME) {
            findings.at(Code::DeclarationMissing, NAME);
            return declaration;
        }
        let Some(bytes) = read_tag(place, NAME, at_most, findings) else { return declaration };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            findings.at(Code::DeclarationMalformed, NAME);
            return declaration;
        };
        if text.starts_with('\u{feff}') {
            findings.at(Code::DeclarationBom, NAME);
        }
        declaration.take(text.trim_start_matches('\u{feff}'), findings);
        declaration
    }

    fn take(&mut self, text: &str, findings: &mut Findings) {
        let lines: Vec<&str> = text.lines().collect();
        let version = lines.first().and_then(|line| value(line, "BagIt-Version"));
        match version.map(|(v, _)| version_number(v)) {
            None => findings.at(Code::DeclarationMalformed, NAME),
            Some(None) => findings.at(Code::VersionMalformed, NAME),
            Some(Some(version)) if VERSIONS.contains(&version) => self.version = version,
            Some(Some(_)) => findings.at(Code::VersionUnknown, NAME),
        }
        let encoding = lines.get(1).and_then(|line| value(line, "Tag-File-Character-Encoding"));
        match encoding.map(|(name, _)| Encoding::from_name(name)) {
            None => findings.at(Code::DeclarationMalformed, NAME),
            Some(None) => findings.at(Code::EncodingUnknown, NAME),
            Some(Some(encoding)) => self.encoding = encoding,
        }
        let exact = [version, encoding].iter().flatten().all(|(_, exact)| *exact);
        // The drafts let more lines and more blanks pass than the RFC, which wants exactly two lines in exactly this form.
        if lines.len() > 2 || self.version.is_rfc() && !exact {
            findings.at(Code::DeclarationMalformed, NAME);
        }
    }
}

/// The value after this label, and whether the line is written exactly as the RFC has it: one blank after the colon, no
/// other blanks.
fn value<'a>(line: &'a str, label: &str) -> Option<(&'a str, bool)> {
    let (found, value) = line.split_once(':')?;
    let trimmed = value.trim();
    let exact = found == label && value.strip_prefix(' ') == Some(trimmed);
    (found.trim() == label && !trimmed.is_empty()).then_some((trimmed, exact))
}

fn version_number(text: &str) -> Option<Version> {
    let number = |part: &str| if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None };
    let (major, minor) = text.split_once('.')?;
    Some(Version(number(major)?, number(minor)?))
}
