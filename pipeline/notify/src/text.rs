//! The texts under `templates/mail/<kind>/<lang>.txt`: subject on the first line, then a blank line, then the body. A kind that is
//! told again has `<lang>-second.txt` beside it.

use include_dir::{Dir, include_dir};
use pipeline_domain::{Lang, NoticeKind, Turn};

use crate::{NotifyError, words};

static TEXTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../templates/mail");

/// What a text can ask for. A value that is `None` takes the whole paragraph with it.
pub(crate) type Values = Vec<(&'static str, Option<String>)>;

/// A text with its values put in.
pub(crate) struct Filled {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// Fills the text of a kind. Values are put in once and never read as text with places of its own.
///
/// Errors: [`NotifyError::Text`] when the file is missing, has no subject or asks for something unknown.
pub(crate) fn fill(kind: NoticeKind, lang: Lang, turn: Turn, values: &Values) -> Result<Filled, NotifyError> {
    let wrong = || NotifyError::Text { kind, lang };
    let source = TEXTS.get_file(path(kind, lang, turn)).and_then(|f| f.contents_utf8()).ok_or_else(wrong)?;
    let mut paragraphs = fill_paragraphs(source, values).ok_or_else(wrong)?.into_iter();
    let subject = paragraphs.next().filter(|s| !s.is_empty() && !s.contains('\n')).ok_or_else(wrong)?;
    let body = paragraphs.collect::<Vec<_>>().join("\n\n") + "\n";
    Ok(Filled { subject, body })
}

fn path(kind: NoticeKind, lang: Lang, turn: Turn) -> String {
    let suffix = match turn {
        Turn::First => "",
        Turn::Second => "-second",
    };
    format!("{}/{}{suffix}.txt", kind.id(), words::tag(lang))
}

/// What stands in a calendar entry: how one finds out more, and nothing else.
pub(crate) fn calendar_note(lang: Lang, values: &Values) -> String {
    let note = match lang {
        Lang::Nb => {
            "Logg inn som vanlig for å se innkallingen.\n\nInnlogging: {login_url}\n\nSpørsmål? Ta kontakt: {contact_point}\n\n{municipality}"
        }
        Lang::Nn => {
            "Logg inn som vanleg for å sjå innkallinga.\n\nInnlogging: {login_url}\n\nSpørsmål? Ta kontakt: {contact_point}\n\n{municipality}"
        }
        Lang::En => {
            "Log in as usual to see the invitation.\n\nLog in at: {login_url}\n\nQuestions? Contact: {contact_point}\n\n{municipality}"
        }
    };
    fill_paragraphs(note, values).expect("the places above are in every mail").join("\n")
}

fn fill_paragraphs(source: &str, values: &Values) -> Option<Vec<String>> {
    let filled: Option<Vec<Option<String>>> = source.trim_end().split("\n\n").map(|p| fill_paragraph(p, values)).collect();
    filled.map(|paragraphs| paragraphs.into_iter().flatten().collect())
}

/// `Some(None)`: left out because a value is absent. `None`: asks for something that no mail has.
fn fill_paragraph(paragraph: &str, values: &Values) -> Option<Option<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_without_its_value_is_left_out_and_an_unknown_place_is_refused() {
        let values: Values = vec![("a", Some("{b}".to_owned())), ("b", None)];
        assert_eq!(fill_paragraph("x {a} y", &values), Some(Some("x {b} y".to_owned())), "a value is not read as text");
        assert_eq!(fill_paragraph("x {b} y", &values), Some(None));
        assert_eq!(fill_paragraph("x {c} y", &values), None);
        assert_eq!(fill_paragraph("x {a y", &values), None);
    }

    #[test]
    fn every_kind_has_its_texts_in_three_languages_and_nothing_else_lies_there() {
        let mut expected = Vec::new();
        for kind in NoticeKind::ALL {
            for lang in [Lang::Nb, Lang::Nn, Lang::En] {
                expected.push(path(kind, lang, Turn::First));
                if kind.has_second() {
                    expected.push(path(kind, lang, Turn::Second));
                }
            }
        }
        let mut found: Vec<String> = TEXTS.dirs().flat_map(|d| d.files()).map(|f| f.path().to_string_lossy().replace('\\', "/")).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
}
