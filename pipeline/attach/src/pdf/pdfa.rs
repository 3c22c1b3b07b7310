//! Does a PDF that claims to be PDF/A keep the rules that its objects show? A claim we cannot confirm counts as false.

use super::file::{File, filters, plain_stream};
use super::object::Object;
use super::rules::PdfaRule;
use super::survey::Survey;
use super::xmp::{self, Claim, Level};

/// Bytes of metadata, and of a colour profile, that are looked at.
const MAX_SIDE_STREAM: u64 = 8 * 1024 * 1024;

/// Output intents that are looked at: each may expand its profile.
const MAX_INTENTS: usize = 4;

/// Rules that are broken, in the order of the enum.
pub(super) fn broken_rules(data: &[u8], file: &File, survey: &Survey) -> Vec<PdfaRule> {
    let mut broken = survey.broken.clone();
    let mut check = |holds: bool, rule: PdfaRule| {
        if !holds {
            broken.insert(rule);
        }
    };
    check(has_header(data), PdfaRule::Header);
    check(ends_at_mark(data), PdfaRule::TrailingBytes);
    check(has_id(file), PdfaRule::FileId);
    check(has_output_intent(data, file), PdfaRule::OutputIntent);
    let packet = metadata(data, file);
    check(packet.is_some(), PdfaRule::Metadata);
    let claim = packet.as_deref().and_then(xmp::claim);
    check(packet.is_none() || claim.is_some(), PdfaRule::Metadata);
    let Some(Claim { part, level: Some(level) }) = claim.flatten().filter(exists) else {
        check(false, PdfaRule::Claim);
        return broken.into_iter().collect();
    };
    check(level != Level::A || is_tagged(file), PdfaRule::Tagged);
    if part == 1 {
        check(!file.has_compressed_objects, PdfaRule::CompressedObjects);
        broken.extend(&survey.broken_in_part_1);
    }
    if level != Level::B {
        broken.extend(&survey.broken_in_unicode_levels);
    }
    if part == 3 {
        broken.remove(&PdfaRule::EmbeddedFile);
    }
    broken.into_iter().collect()
}

/// ISO 19005-1 knows A and B, parts 2 and 3 also U.
fn exists(claim: &Claim) -> bool {
    match claim.part {
        1 => matches!(claim.level, Some(Level::A | Level::B)),
        2 | 3 => claim.level.is_some(),
        _ => false,
    }
}

fn has_header(data: &[u8]) -> bool {
    let Some(end) = data.iter().take(32).position(|b| matches!(b, b'\n' | b'\r')) else { return false };
    let well_formed = matches!(&data[..end], [b'%', b'P', b'D', b'F', b'-', b'1', b'.', b'0'..=b'7']);
    let rest = data[end..].trim_ascii_start();
    well_formed && rest.first() == Some(&b'%') && rest.len() > 5 && rest[1..5].iter().all(|b| *b > 127)
}

/// At most one end-of-line mark after `%%EOF`.
fn ends_at_mark(data: &[u8]) -> bool {
    let body = data.strip_suffix(b"\n").unwrap_or(data);
    body.strip_suffix(b"\r").unwrap_or(body).ends_with(b"%%EOF")
}

fn has_id(file: &File) -> bool {
    let id = file.get(&file.trailer, "ID").array();
    id.is_some_and(|parts| parts.len() == 2 && parts.iter().all(|p| file.resolve(p).text().is_some_and(|t| !t.is_empty())))
}

/// An ICC profile says its own length and has `acsp` at byte 36 (ICC.1:2010 § 7.2).
fn has_output_intent(data: &[u8], file: &File) -> bool {
    let Some(intents) = file.catalog().and_then(|c| file.get(c, "OutputIntents").array()) else { return false };
    intents.iter().filter_map(|i| file.resolve(i).dict()).filter(|i| i.is("S", "GTS_PDFA1")).take(MAX_INTENTS).any(|intent| {
        let profile = file.stream(intent, "DestOutputProfile").and_then(|(dict, span)| plain_stream(data, dict, span, MAX_SIDE_STREAM));
        profile.is_some_and(|icc| {
            let length = icc.get(..4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
            icc.get(36..40) == Some(b"acsp") && length.is_some_and(|n| n as usize == icc.len())
        })
    })
}

/// The catalogue's XMP packet, which may not be packed.
fn metadata(data: &[u8], file: &File) -> Option<Vec<u8>> {
    let (dict, span) = file.stream(file.catalog()?, "Metadata")?;
    filters(dict).is_empty().then(|| plain_stream(data, dict, span, MAX_SIDE_STREAM)).flatten()
}

fn is_tagged(file: &File) -> bool {
    let Some(catalog) = file.catalog() else { return false };
    let marked = file.dict(catalog, "MarkInfo").is_some_and(|m| file.get(m, "Marked") == &Object::Bool(true));
    let tree = file.dict(catalog, "StructTreeRoot").is_some_and(|t| t.has("K"));
    marked && tree
}
