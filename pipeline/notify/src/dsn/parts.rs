//! One message, or one part of one: its header fields and its body.
//!
//! `mail-parser` reads fields, parameters and encodings. Parts are told apart here, one level deep, and it never gets a whole
//! message: it follows messages inside messages without a limit, and half a megabyte of them would end the process.

use std::borrow::Cow;

use mail_parser::{
    ContentType, Header, HeaderName, MessageParser, MimeHeaders,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};

/// More parts than a report has are not looked at.
const MOST_PARTS: usize = 16;
/// RFC 2046 § 5.1.1.
const LONGEST_BOUNDARY: usize = 70;

/// A message or a part of one.
pub(super) struct Part<'x> {
    head: mail_parser::Message<'x>,
    body: &'x [u8],
}

impl<'x> Part<'x> {
    /// `None` when there is not one header field.
    pub(super) fn read(bytes: &'x [u8]) -> Option<Self> {
        let parser = MessageParser::new().with_mime_headers().header_id(HeaderName::MessageId);
        let head = parser.parse_headers(bytes)?;
        let last = head.headers().last()?;
        let body = after_blank_line(bytes.get(last.offset_end as usize..)?);
        Some(Self { head, body })
    }

    /// What follows the header fields, as it stands there.
    pub(super) fn body(&self) -> &'x [u8] {
        self.body
    }

    /// The body without its transfer encoding; `None` when that is not a known one, or broken.
    pub(super) fn decoded(&self) -> Option<Cow<'x, [u8]>> {
        match self.head.content_transfer_encoding().map(str::to_ascii_lowercase).as_deref() {
            None | Some("7bit" | "8bit" | "binary") => Some(Cow::Borrowed(self.body)),
            Some("base64") => base64_decode(self.body).map(Cow::Owned),
            Some("quoted-printable") => quoted_printable_decode(self.body).map(Cow::Owned),
            Some(_) => None,
        }
    }

    /// Whether it is of this media type.
    pub(super) fn is(&self, kind: &str, subtype: &str) -> bool {
        self.content_type()
            .is_some_and(|t| t.ctype().eq_ignore_ascii_case(kind) && t.subtype().is_some_and(|s| s.eq_ignore_ascii_case(subtype)))
    }

    /// A parameter of its media type.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.content_type()?.attribute(name)
    }

    /// The text of a header field, as it stands there.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let named = |header: &&Header<'_>| header.name.as_str().eq_ignore_ascii_case(name);
        self.head.headers().iter().rev().find(named)?.value.as_text()
    }

    /// Without angle brackets.
    pub(super) fn message_id(&self) -> Option<&str> {
        self.head.message_id()
    }

    fn content_type(&self) -> Option<&ContentType<'_>> {
        self.head.content_type()
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|b| *b == b'\n')
}

fn after_blank_line(bytes: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in lines(bytes) {
        at += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    &bytes[at..]
}

/// The parts between the boundary's lines (RFC 2046 § 5.1.1). What comes after the last such line is no part.
pub(super) fn closed_parts<'x>(body: &'x [u8], boundary: &str) -> Vec<&'x [u8]> {
    let mut parts = Vec::new();
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return parts;
    }
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in lines(body) {
        let next = at + line.len();
        let rest = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary.as_bytes())).map(<[u8]>::trim_ascii);
        if let Some(rest) = rest
            && (rest.is_empty() || rest == b"--")
        {
            parts.extend(open.map(|from| &body[from..at]));
            open = rest.is_empty().then_some(next);
            if open.is_none() || parts.len() == MOST_PARTS {
                break;
            }
        }
        at = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[&str]) {
        let parts: Vec<&str> = closed_parts(body.as_bytes(), "b").into_iter().map(|p| std::str::from_utf8(p).unwrap()).collect();
        assert_eq!(parts, expected, "{body:?}");
    }

    #[test]
    fn parts_lie_between_lines_of_the_boundary() {
        check("preamble\r\n--b\r\none\r\n--b \r\ntwo\n--b--\r\nepilogue\r\n--b\r\n", &["one\r\n", "two\n"]);
        check("--b\none\n--bb\n--b\ncut off", &["one\n--bb\n"]);
        check("--b\n", &[]);
        check("", &[]);
        check(&"--b\nx\n".repeat(100), &["x\n"; MOST_PARTS]);
        assert_eq!(closed_parts(b"--\nx\n--\n", ""), [] as [&[u8]; 0]);
    }

    #[test]
    fn the_body_begins_after_the_blank_line() {
        for (bytes, body) in [
            (&b"A: b\r\nC: d\r\n\r\nbody\r\n"[..], &b"body\r\n"[..]),
            (b"A: b\n e\n\n\nbody", b"\nbody"),
            (b"A: b\nno field\n\nbody", b"body"),
            (b"A: b", b""),
        ] {
            assert_eq!(Part::read(bytes).unwrap().body(), body);
        }
        assert!(Part::read(b"").is_none() && Part::read(b"\n\n\n").is_none());
    }
}
