//! No character of any text can break the XML.

use proptest::prelude::*;
use quick_xml::{Reader, events::Event};
use serde_json::json;

use super::{
    support::{Folder, minutes, with},
    xmllint::Bench,
};
use crate::{PackageError, noark::xml_text};

/// XML 1.0, production 2, written down a second time.
fn is_char(c: u32) -> bool {
    c == 0x9 || c == 0xA || c == 0xD || (0x20..=0xD7FF).contains(&c) || (0xE000..=0xFFFD).contains(&c) || (0x10000..=0x10FFFF).contains(&c)
}

#[test]
fn every_character_of_unicode_is_kept_or_replaced() {
    for c in (0..=0x10FFFF).filter_map(char::from_u32) {
        let given = c.to_string();
        let expected = match c {
            '\r' => "\n".to_owned(),
            c if is_char(u32::from(c)) => given.clone(),
            _ => "\u{FFFD}".to_owned(),
        };
        assert_eq!(xml_text(&given), expected, "U+{:04X}", u32::from(c));
    }
    assert_eq!(xml_text("a\r\nb\rc\0d"), "a\nb\nc\u{FFFD}d");
}

#[test]
fn a_file_with_every_character_is_well_formed() {
    let Some(mut bench) = Bench::new() else { return };
    let all: String = (0..=0x10FFFF).filter_map(char::from_u32).collect();
    let xml = Folder::of([with(minutes(1), "/case/subject_name", json!(all))]).text("metadata/01.xml");
    bench.add("unicode", xml.as_bytes());
    bench.well_formed().unwrap();
}

/// Text of the first element with this name, as a parser reads it.
fn read_back(xml: &str, element: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(e) if e.name().as_ref() == element => {
                let raw = reader.read_text(e.name()).unwrap();
                return Some(quick_xml::escape::unescape(&raw).unwrap().into_owned());
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_name_comes_back_as_xml_text_made_it(name in "\\PC{1,40}|.{1,40}") {
        let mut folder = Folder::default();
        match folder.try_add(with(minutes(1), "/case/subject_name", json!(name))) {
            Ok(_) => prop_assert_eq!(read_back(&folder.text("metadata/01.xml"), "partNavn"), Some(xml_text(&name).into_owned())),
            Err(e) => {
                let empty = matches!(e, PackageError::EmptyElement { .. });
                prop_assert!(empty && xml_text(&name).trim().is_empty());
            }
        }
    }
}

#[test]
fn a_blank_mandatory_element_is_refused_by_name() {
    let refused = Folder::default().try_add(with(minutes(1), "/case/lead_name", json!("\u{a0}"))).unwrap_err();
    assert!(matches!(refused, PackageError::EmptyElement { element: "partNavn", .. }), "{refused}");
    assert_eq!(refused.code().id(), "metadata_invalid");
}
