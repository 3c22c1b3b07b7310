//! Files that are two things at once: harmless to one reader, something else to another.

use crate::{Kind, zip};

/// Does this file, of this kind, also pass for something else? `end` is where its own format says that it ends.
pub(crate) fn is_two_things(data: &[u8], kind: Kind, end: usize) -> bool {
    let is_zip = is_packed(data);
    (!is_zip && zip::ends_as_zip(data))
        || hides_pdf(data, kind)
        || (kind == Kind::Image && (tail_is_something(data, end) || head_is_a_page(data)))
}

fn is_packed(data: &[u8]) -> bool {
    data.starts_with(b"PK")
}

/// Readers look for a PDF's header within the first kilobyte (ISO 32000-1 Annex H.3.4.1).
fn hides_pdf(data: &[u8], kind: Kind) -> bool {
    let head = &data[..data.len().min(1024)];
    let is_text = matches!(kind, Kind::Pdf | Kind::Text | Kind::Web | Kind::Mail);
    !is_text && memchr::memmem::find(head, b"%PDF-").is_some()
}

/// Something that is run or opened by itself stands after an image.
fn tail_is_something(data: &[u8], end: usize) -> bool {
    let tail = data.get(end..).unwrap_or_default();
    let starts: &[&[u8]] = &[b"MZ", b"\x7fELF", b"PK\x03\x04", b"%PDF-", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"#!"];
    let from = tail.trim_ascii_start();
    starts.iter().any(|s| from.starts_with(s))
        || ["<html", "<script", "<?php"].iter().any(|s| contains_word(&tail[..tail.len().min(4096)], s))
}

/// A browser that guesses takes such an image for a page.
fn head_is_a_page(data: &[u8]) -> bool {
    let head = &data[..data.len().min(4096)];
    ["<script", "<html", "<!doctype html", "<?php"].iter().any(|s| contains_word(head, s))
}

fn contains_word(data: &[u8], word: &str) -> bool {
    data.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()))
}
