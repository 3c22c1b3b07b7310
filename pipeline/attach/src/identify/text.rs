//! What nothing binary is: text, a table, markup without its declaration, a letter, a script.

use quick_xml::Reader;
use quick_xml::events::Event;

/// What reading as text came to.
pub(super) struct TextFormat {
    /// PRONOM id.
    pub puid: &'static str,
    /// Valid UTF-8 (ASCII too), with or without a mark.
    pub is_utf8: bool,
    /// Begins with what makes a system run it.
    pub is_script: bool,
}

/// `None` when there are bytes that no text has.
pub(super) fn read(data: &[u8]) -> Option<TextFormat> {
    let body = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    if data.starts_with(b"\xff\xfe") || data.starts_with(b"\xfe\xff") {
        return is_utf16(data).then_some(TextFormat { puid: "x-fmt/111", is_utf8: false, is_script: false });
    }
    if body.is_empty() || body.iter().any(|b| matches!(b, 0..=8 | 11 | 14..=26 | 28..=31 | 127)) {
        return None;
    }
    let text = std::str::from_utf8(body).ok();
    let puid = text.map_or("x-fmt/111", puid_of);
    Some(TextFormat { puid, is_utf8: text.is_some(), is_script: is_script(body) })
}

fn is_utf16(data: &[u8]) -> bool {
    let big = data[0] == 0xfe;
    let unit = |c: &[u8]| if big { u16::from_be_bytes([c[0], c[1]]) } else { u16::from_le_bytes([c[0], c[1]]) };
    let chars = char::decode_utf16(data[2..].chunks_exact(2).map(unit));
    data.len().is_multiple_of(2)
        && data.len() > 2
        && chars.into_iter().all(|c| c.is_ok_and(|c| !c.is_control() || "\t\n\r\x0c".contains(c)))
}

fn puid_of(text: &str) -> &'static str {
    let start = text.trim_start();
    if let Some(puid) = letter(text) {
        return puid;
    }
    if start.starts_with('<') {
        return markup(start).unwrap_or("x-fmt/111");
    }
    let is_json = (start.starts_with('{') || start.starts_with('[')) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json {
        return "fmt/817";
    }
    if is_table(text) { "x-fmt/18" } else { "x-fmt/111" }
}

/// An interpreter line, or the first words of a batch file or a server page.
fn is_script(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let lower = start[..start.len().min(16)].to_ascii_lowercase();
    body.starts_with(b"#!") || [&b"@echo off"[..], b"<?php", b"<%@", b"<script"].iter().any(|s| lower.starts_with(s))
}

/// A message by its header (RFC 5322 § 2.2): `From` and another field of a letter, before the first empty line.
fn letter(text: &str) -> Option<&'static str> {
    let mut fields = Vec::new();
    for line in text.lines().take(500).take_while(|l| !l.is_empty()) {
        if line.starts_with([' ', '\t']) && !fields.is_empty() {
            continue;
        }
        let (name, _) = line.split_once(':')?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        fields.push(name.to_ascii_lowercase());
    }
    let has = |name: &str| fields.iter().any(|f| f == name);
    if !has("from") || !["to", "subject", "date", "received", "message-id"].iter().any(|n| has(n)) {
        return None;
    }
    let is_mime = ["to", "date", "mime-version", "content-type"].iter().all(|n| has(n));
    Some(if is_mime { "fmt/950" } else { "fmt/278" })
}

/// Well-formed markup: SVG by its root, else XML. PRONOM's signature wants the XML declaration, which XML 1.0 does not.
fn markup(text: &str) -> Option<&'static str> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut depth, mut root) = (0usize, None);
    for _ in 0..1_000_000 {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                root.get_or_insert_with(|| kind_of_root(&tag));
                depth += 1;
            }
            Event::Empty(tag) => {
                root.get_or_insert_with(|| kind_of_root(&tag));
            }
            Event::End(_) => depth = depth.checked_sub(1)?,
            Event::Text(words) if depth == 0 && !words.trim_ascii().is_empty() => return None,
            Event::Eof => return root.filter(|_| depth == 0),
            _ => {}
        }
        if depth > 256 {
            return None;
        }
    }
    None
}

fn kind_of_root(tag: &quick_xml::events::BytesStart<'_>) -> &'static str {
    if tag.local_name().as_ref() != "svg" {
        return "fmt/101";
    }
    let version = tag.attributes().flatten().find(|a| a.key.as_ref() == "version").map(|a| a.value.into_owned());
    match version.as_deref() {
        Some("1.1") => "fmt/92",
        Some("1.2") => "fmt/413",
        _ => "fmt/91",
    }
}

/// A table (RFC 4180): at least two lines, at least two fields in each, as many in all, with one of the usual separators.
fn is_table(text: &str) -> bool {
    [',', ';', '\t'].into_iter().any(|separator| {
        let mut widths = rows(text, separator);
        let Some(first) = widths.next() else { return false };
        let mut count = 1;
        first >= 2
            && widths.by_ref().all(|w| {
                count += 1;
                w == first
            })
            && count >= 2
    })
}

/// Number of fields in each row that is not empty; separators and line ends within quotes do not count.
fn rows(text: &str, separator: char) -> impl Iterator<Item = usize> + '_ {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        while chars.next_if(|c| matches!(c, '\n' | '\r')).is_some() {}
        chars.peek()?;
        let (mut fields, mut quoted) = (1, false);
        for c in chars.by_ref() {
            match c {
                '"' => quoted = !quoted,
                '\n' if !quoted => break,
                c if c == separator && !quoted => fields += 1,
                _ => {}
            }
        }
        Some(fields)
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn text_is_told_by_what_it_holds() {
        let cases: &[(&str, Option<&str>)] = &[
            ("hei", Some("x-fmt/111")),
            ("\u{feff}blåbær", Some("x-fmt/111")),
            ("a;b\n1;2\n", Some("x-fmt/18")),
            ("a,b\n\"1,\n2\",3\n", Some("x-fmt/18")),
            ("a,b\n1\n", Some("x-fmt/111")),
            ("bare én linje, med komma", Some("x-fmt/111")),
            ("{\"a\": [1]}", Some("fmt/817")),
            ("{ikke json}", Some("x-fmt/111")),
            ("<a><b/></a>", Some("fmt/101")),
            ("<a><b></a>", Some("x-fmt/111")),
            ("<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"/>", Some("fmt/92")),
            ("From: a@example.com\r\nSubject: hei\r\n\r\nhei", Some("fmt/278")),
            ("Fra: a\n\nhei", Some("x-fmt/111")),
            ("a\0b", None),
            ("\x1b[31mrød", Some("x-fmt/111")),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text.as_bytes()).map(|t| t.puid), *expected, "{text:?}");
        }
    }

    #[test]
    fn other_encodings_and_scripts_are_said() {
        assert!(!read(b"bl\xe5b\xe6r").unwrap().is_utf8);
        assert!(!read(b"\xff\xfeh\0e\0i\0").unwrap().is_utf8);
        assert!(read(b"\xff\xfeh\0e").is_none());
        for script in ["#!/bin/sh\necho", "@ECHO OFF\r\n", "  <?php echo 1;"] {
            assert!(read(script.as_bytes()).unwrap().is_script, "{script}");
        }
    }

    #[test]
    fn deep_json_and_deep_markup_are_only_text() {
        assert_eq!(read("[".repeat(100_000).as_bytes()).unwrap().puid, "x-fmt/111");
        assert_eq!(read("<a>".repeat(100_000).as_bytes()).unwrap().puid, "x-fmt/111");
    }
}
