//! Long unbroken words get places to break, so that nothing runs out of its column.

use serde_json::Value;

/// Where the templates may break. They take it out again, so it never reaches the file; see `soft` in
/// `templates/shared/text.typ`.
pub(crate) const BREAK: char = '\u{200b}';

/// A word up to this length fits the narrowest column.
const FITS: usize = 14;
/// A part between punctuation up to this length is left whole.
const PART: usize = 10;
/// Letters between two places to break in a longer part; six capital W fit the narrowest column.
const STRIDE: usize = 6;

/// Codes that templates compare and look up.
const CODES: [&str; 8] = ["kind", "written_form", "plan_type", "plan_status", "setting", "status", "result", "format"];

/// Gives every string of the view its places to break; codes and times are left as they are.
pub(crate) fn soften_value(value: &mut Value) {
    match value {
        Value::String(s) if s.len() > FITS && !is_time(s) => {
            if let Some(softened) = soften(s) {
                *s = softened;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(soften_value),
        Value::Object(map) => map.iter_mut().filter(|(key, _)| !CODES.contains(&key.as_str())).for_each(|(_, v)| soften_value(v)),
        _ => {}
    }
}

/// `2026-11-23T08:30:00+01:00`.
fn is_time(s: &str) -> bool {
    s.len() == 25 && s.parse::<pipeline_domain::Timestamp>().is_ok()
}

fn soften(text: &str) -> Option<String> {
    if !text.split([' ', '\n']).any(needs_help) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for piece in text.split_inclusive([' ', '\n']) {
        if needs_help(piece.trim_end_matches([' ', '\n'])) { push_softened(piece, &mut out) } else { out.push_str(piece) }
    }
    Some(out)
}

/// Words of letters are left to hyphenation, if they look like words.
fn needs_help(word: &str) -> bool {
    if word.len() <= FITS {
        return false;
    }
    if word.chars().count() <= FITS {
        return false;
    }
    // No line breaks between a hyphen and a digit.
    word.contains(|c: char| c.is_ascii_digit())
        || !word.trim_matches(|c: char| !c.is_alphanumeric()).split(['-', '/']).all(|w| w.chars().count() <= FITS || looks_like_a_word(w))
}

/// Letters only, with vowels and consonants taking turns as they do in words.
fn looks_like_a_word(word: &str) -> bool {
    let (mut vowels, mut consonants) = (0, 0);
    word.chars().filter(|c| *c != '\u{ad}').all(|c| {
        if is_vowel(c) {
            (vowels, consonants) = (vowels + 1, 0);
        } else {
            (vowels, consonants) = (0, consonants + 1);
        }
        c.is_alphabetic() && vowels <= 3 && consonants <= 6
    })
}

fn is_vowel(c: char) -> bool {
    matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y') || "æøåáäöéèêóòôâüïÆØÅÁÄÖÉÈÊÓÒÔÂÜÏ".contains(c)
}

/// After punctuation; and inside a part that is still too long, after every few characters.
fn push_softened(piece: &str, out: &mut String) {
    let word = piece.trim_end_matches([' ', '\n']);
    let mut since = 0;
    for part in word.split_inclusive(|c| "/.-_?&=@:,;".contains(c)) {
        // Not between `//` and the like.
        if since >= 3 {
            out.push(BREAK);
            since = 0;
        }
        since += part.chars().count();
        if part.chars().count() <= PART { out.push_str(part) } else { push_in_strides(part, out) }
    }
    out.push_str(&piece[word.len()..]);
}

/// Joined emoji and accents stay together.
fn push_in_strides(part: &str, out: &mut String) {
    let mut since = 0;
    let mut chars = part.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        since += 1;
        let Some(next) = chars.peek() else { break };
        let joined = !next.is_ascii() && !next.is_alphanumeric() || !c.is_ascii() && !c.is_alphanumeric();
        if since >= STRIDE && !joined {
            out.push(BREAK);
            since = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_to_hyphenation() {
        assert_eq!(soften("spesialpedagogisk tilretteleggingsarbeid i klasserommet"), None);
        assert_eq!(soften("Individuell opplæringsplan/arbeidsplan 2026/2027"), None);
    }

    #[test]
    fn addresses_and_runs_of_letters_can_break() {
        assert_eq!(soften("se https://prove.example.org/a").unwrap(), "se https:\u{200b}//prove.\u{200b}example.\u{200b}org/\u{200b}a");
        let long = "a".repeat(100);
        let soft = soften(&long).unwrap();
        assert!(soft.split(BREAK).all(|part| part.len() <= STRIDE));
        assert_eq!(soft.replace(BREAK, ""), long);
    }
}
