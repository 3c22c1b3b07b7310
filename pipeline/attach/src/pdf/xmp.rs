//! The claim of PDF/A and the title that stand in a PDF's metadata (XMP, ISO 16684-1).

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

const PDFAID: &str = "http://www.aiim.org/pdfa/ns/id/";
/// Events of one packet that are read; a real one has hundreds.
const MAX_EVENTS: usize = 100_000;

/// Level of conformance within a part of ISO 19005.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Accessible: tagged.
    A,
    /// Basic: looks the same.
    B,
    /// Text can be read as Unicode.
    U,
}

/// What a packet claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub part: u8,
    /// `None` for part 4, or for a level nobody defined.
    pub level: Option<Level>,
}

/// The claim of a packet. The outer `None` says that it is not well-formed XML, or hides entities.
pub(super) fn claim(packet: &[u8]) -> Option<Option<Claim>> {
    let mut reader = NsReader::from_str(std::str::from_utf8(packet).ok()?);
    let (mut part, mut level) = (None, None);
    let (mut within, mut depth) = (None, 0usize);
    for _ in 0..MAX_EVENTS {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                depth += 1;
                attributes(&reader, &tag, &mut part, &mut level)?;
                within = field(&reader, &tag);
            }
            Event::Empty(tag) => attributes(&reader, &tag, &mut part, &mut level)?,
            Event::Text(text) => set(within, text.trim(), &mut part, &mut level),
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                within = None;
            }
            Event::DocType(_) => return None,
            Event::Eof => {
                let part = part.and_then(|p: String| p.parse().ok());
                return (depth == 0).then_some(part.map(|part| Claim { part, level: level.as_deref().and_then(level_of) }));
            }
            _ => {}
        }
        if depth > 64 {
            return None;
        }
    }
    None
}

/// A property of the claim's name space.
#[derive(Clone, Copy)]
enum Field {
    Part,
    Conformance,
}

fn named(local: &str) -> Option<Field> {
    match local {
        "part" => Some(Field::Part),
        "conformance" => Some(Field::Conformance),
        _ => None,
    }
}

fn is_pdfaid(space: &ResolveResult<'_>) -> bool {
    matches!(space, ResolveResult::Bound(ns) if ns.as_ref() == PDFAID)
}

fn field(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Option<Field> {
    let (space, local) = reader.resolver().resolve_element(tag.name());
    is_pdfaid(&space).then(|| named(local.as_ref())).flatten()
}

fn attributes(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, part: &mut Option<String>, level: &mut Option<String>) -> Option<()> {
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let (space, local) = reader.resolver().resolve_attribute(attribute.key);
        if is_pdfaid(&space) {
            set(named(local.as_ref()), &attribute.value, part, level);
        }
    }
    Some(())
}

fn set(field: Option<Field>, value: &str, part: &mut Option<String>, level: &mut Option<String>) {
    match field {
        Some(Field::Part) => *part = Some(value.to_owned()),
        Some(Field::Conformance) => *level = Some(value.to_owned()),
        None => {}
    }
}

fn level_of(text: &str) -> Option<Level> {
    match text {
        "A" => Some(Level::A),
        "B" => Some(Level::B),
        "U" => Some(Level::U),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Level, claim};

    #[test]
    fn a_claim_is_read_in_both_spellings_and_under_any_prefix() {
        let ns = "xmlns:p='http://www.aiim.org/pdfa/ns/id/'";
        let both = Some(Some(Claim { part: 2, level: Some(Level::U) }));
        assert_eq!(claim(format!("<x {ns}><p:part>2</p:part><p:conformance>U</p:conformance></x>").as_bytes()), both);
        assert_eq!(claim(format!("<x {ns} p:part='2' p:conformance='U'/>").as_bytes()), both);
        assert_eq!(claim(format!("<x {ns}><p:part>4</p:part></x>").as_bytes()), Some(Some(Claim { part: 4, level: None })));
        assert_eq!(claim(b"<x xmlns:p='http://example.com/'><p:part>2</p:part></x>"), Some(None));
    }

    #[test]
    fn what_is_not_whole_is_no_metadata() {
        for packet in ["<x>", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "</x>", "<x a=1/>"] {
            assert_eq!(claim(packet.as_bytes()), None, "{packet}");
        }
        assert_eq!(claim("<a>".repeat(1000).as_bytes()), None);
    }
}
