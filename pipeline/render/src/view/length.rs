//! How long a document will be, roughly: a table of contents costs a quarter of the typesetting and helps only when long.

use serde_json::Value;

/// Letters on a line of running text.
const LINE: usize = 88;
/// Lines on a page, with the air between paragraphs and rows counted as half a line each.
const PAGE: usize = 40;
/// Pages from which a reader is helped by a table of contents.
const LONG: usize = 5;

/// Whether the content fills so many pages that a table of contents is of use.
pub(super) fn is_long(content: &Value) -> bool {
    half_lines(content) > LONG * PAGE * 2
}

fn half_lines(value: &Value) -> usize {
    match value {
        Value::String(s) if s.len() > 24 => 1 + 2 * s.lines().map(|l| 1 + l.len() / LINE).sum::<usize>(),
        // Dates, names and roles share their line with others.
        Value::String(_) | Value::Number(_) => 1,
        Value::Array(items) => items.iter().map(half_lines).sum(),
        Value::Object(map) => map.values().map(half_lines).sum(),
        _ => 0,
    }
}
