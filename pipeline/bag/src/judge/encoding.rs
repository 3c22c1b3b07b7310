//! Encodings of tag files.

use super::{
    finding::{Code, Findings},
    place::{Place, read_tag},
};

/// An encoding that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// By its byte order mark; without one, big end first (RFC 2781 § 4.3).
    Utf16,
    Utf16Be,
    Utf16Le,
    Latin1,
    Ascii,
}

impl Encoding {
    /// By its IANA name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" => Self::Utf8,
            "UTF-16" => Self::Utf16,
            "UTF-16BE" => Self::Utf16Be,
            "UTF-16LE" => Self::Utf16Le,
            "ISO-8859-1" | "LATIN1" => Self::Latin1,
            "US-ASCII" | "ASCII" => Self::Ascii,
            _ => return None,
        })
    }

    /// The text, or nothing where a byte does not fit.
    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Latin1 => Some(bytes.iter().map(|b| char::from(*b)).collect()),
            Self::Ascii => bytes.is_ascii().then(|| bytes.iter().map(|b| char::from(*b)).collect()),
            Self::Utf16 => match bytes {
                [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
                [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
                _ => utf16(bytes, u16::from_be_bytes),
            },
            Self::Utf16Be => utf16(bytes, u16::from_be_bytes),
            Self::Utf16Le => utf16(bytes, u16::from_le_bytes),
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    if rest.is_empty() { text.ok() } else { None }
}

/// The lines of a tag file, whatever ends them (RFC 8493 § 2.1.3), or a finding.
pub(super) fn lines(place: &mut dyn Place, path: &str, encoding: Encoding, at_most: u64, findings: &mut Findings) -> Option<Vec<String>> {
    let bytes = read_tag(place, path, at_most, findings)?;
    let Some(text) = encoding.decode(&bytes) else {
        findings.at(Code::TagEncoding, path);
        return None;
    };
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) if encoding == Encoding::Utf8 => {
            findings.at(Code::TagBom, path);
            rest
        }
        Some(rest) => rest,
        None => &text,
    };
    let mut lines: Vec<String> = text.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Some(lines)
}
