//! The texts under `templates/mail/<kind>/<form>.txt`: subject on the first line, then a blank line, then the body.

use chrono::{Datelike, Timelike};
use include_dir::{Dir, include_dir};
use pipeline_domain::{Date, NoticeKind, Timestamp, WrittenForm};

use crate::NotifyError;

static TEXTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../templates/mail");

/// What a text can ask for. A value that is `None` takes the whole paragraph with it.
pub(crate) type Values<'a> = &'a [(&'static str, Option<String>)];

/// A text with its values put in.
pub(crate) struct Filled {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// Fills the text of a kind. Values are put in once and never read as text with places of its own.
///
/// Errors: [`NotifyError::Text`] when the file is missing, has no subject or asks for something unknown.
pub(crate) fn fill(kind: NoticeKind, form: WrittenForm, values: Values<'_>) -> Result<Filled, NotifyError> {
    let wrong = NotifyError::Text { kind, form };
    let path = format!("{}/{}.txt", kind.id(), form.tag());
    let Some(source) = TEXTS.get_file(path).and_then(|f| f.contents_utf8()) else { return Err(wrong) };
    let mut paragraphs = Vec::new();
    for paragraph in source.trim_end().split("\n\n") {
        match fill_paragraph(paragraph, values) {
            Some(Some(text)) => paragraphs.push(text),
            Some(None) => {}
            None => return Err(wrong),
        }
    }
    let mut paragraphs = paragraphs.into_iter();
    let subject = paragraphs.next().filter(|s| !s.is_empty() && !s.contains('\n')).ok_or(wrong)?;
    let body = paragraphs.collect::<Vec<_>>().join("\n\n") + "\n";
    Ok(Filled { subject, body })
}

/// `Some(None)`: left out because a value is absent. `None`: asks for something that no mail has.
fn fill_paragraph(paragraph: &str, values: Values<'_>) -> Option<Option<String>> {
    let mut out = String::new();
    let mut rest = paragraph;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        let (_, value) = values.iter().find(|(known, _)| *known == name)?;
        let Some(value) = value else { return Some(None) };
        out.push_str(before);
        out.push_str(value);
        rest = tail;
    }
    out.push_str(rest);
    Some(Some(out))
}

/// `23. november 2026`: the same in both written forms.
pub(crate) fn day(date: Date) -> String {
    const MONTHS: [&str; 12] =
        ["januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"];
    let d = date.naive();
    format!("{}. {} {}", d.day(), MONTHS[d.month0() as usize], d.year())
}

/// `23. november 2026 kl. 08.30`, Europe/Oslo.
pub(crate) fn moment(at: Timestamp) -> String {
    let local = at.oslo_local();
    format!("{} kl. {:02}.{:02}", day(at.oslo_date()), local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_without_its_value_is_left_out_and_an_unknown_place_is_refused() {
        let values: Values<'_> = &[("a", Some("{b}".to_owned())), ("b", None)];
        assert_eq!(fill_paragraph("x {a} y", values), Some(Some("x {b} y".to_owned())), "a value is not read as text");
        assert_eq!(fill_paragraph("x {b} y", values), Some(None));
        assert_eq!(fill_paragraph("x {c} y", values), None);
        assert_eq!(fill_paragraph("x {a y", values), None);
    }

    #[test]
    fn times_are_those_of_oslo() {
        assert_eq!(moment("2026-11-23T07:30:00Z".parse().unwrap()), "23. november 2026 kl. 08.30");
        assert_eq!(moment("2026-06-30T22:05:00Z".parse().unwrap()), "1. juli 2026 kl. 00.05");
    }

    #[test]
    fn every_kind_has_both_texts_and_nothing_else_lies_there() {
        let mut expected = Vec::new();
        for kind in NoticeKind::ALL {
            for form in [WrittenForm::Nb, WrittenForm::Nn] {
                expected.push(format!("{}/{}.txt", kind.id(), form.tag()));
            }
        }
        let mut found: Vec<String> = TEXTS.dirs().flat_map(|d| d.files()).map(|f| f.path().to_string_lossy().replace('\\', "/")).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
}
