//! Makes text from people fit to be archived: one normal form, nothing invisible that steers the reader or the file, nothing
//! that no shipped font can show. PDF/A refuses a document for one missing glyph; one emoji must not stop an archive.

use serde_json::Value;
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick};

use crate::fonts::Covered;

/// Stands where a character could not be shown.
const REPLACEMENT: char = '\u{fffd}';

/// Cleans every string of the view and counts the characters replaced.
pub(crate) fn clean_value(value: &mut Value, covered: &Covered) -> u32 {
    match value {
        Value::String(s) => match clean(s, covered) {
            Some((clean, replaced)) => {
                *s = clean;
                replaced
            }
            None => 0,
        },
        Value::Array(items) => items.iter_mut().map(|v| clean_value(v, covered)).sum(),
        Value::Object(map) => map.values_mut().map(|v| clean_value(v, covered)).sum(),
        _ => 0,
    }
}

/// The cleaned text and how many characters were replaced; `None` when there is nothing to do.
fn clean(text: &str, covered: &Covered) -> Option<(String, u32)> {
    if text.bytes().all(|b| matches!(b, b'\n' | b' '..=b'~')) {
        return None;
    }
    let unified = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n").replace('\t', " ");
    let kept: String = match is_nfc_quick(unified.chars()) {
        IsNormalized::Yes => unified.chars().filter(|c| !is_unwanted(*c)).collect(),
        // The filter goes first: what it takes away must not keep two characters apart.
        _ => unified.chars().filter(|c| !is_unwanted(*c)).nfc().collect(),
    };
    let mut out = String::with_capacity(kept.len());
    let mut replaced = 0;
    let chars: Vec<char> = kept.chars().collect();
    let mut start = 0;
    while start < chars.len() {
        let end = cluster_end(&chars, start);
        replaced += push_cluster(&chars[start..end], covered, &mut out);
        start = end;
    }
    Some((out, replaced))
}

/// Writes one cluster in the best way there is; returns how many characters had to go.
fn push_cluster(cluster: &[char], covered: &Covered, out: &mut String) -> u32 {
    let shown: Vec<char> = cluster.iter().copied().filter(|c| !is_joiner(*c)).collect();
    match shown.first() {
        // Joiners that join nothing.
        None => {}
        Some('\n') => out.push('\n'),
        Some(_) if covered.together(&shown) => {
            // A mark with nothing under it stays as it is, a cluster keeps its joiners.
            out.extend(cluster);
        }
        Some(base) if covered.together(&[*base]) => {
            out.push(*base);
            return u32::try_from(shown.len() - 1).unwrap_or(u32::MAX);
        }
        Some(_) => {
            out.push(REPLACEMENT);
            return 1;
        }
    }
    0
}

/// Where the user-perceived character that begins at `start` ends: accents, variation selectors, skin tones, and emoji
/// joined by U+200D belong to it. Near enough to UAX 29 for what our fonts can show.
fn cluster_end(chars: &[char], start: usize) -> usize {
    let mut end = start + 1;
    while end < chars.len() {
        let joined = chars[end - 1] == '\u{200d}' && is_emoji(chars[end]) && end >= 2 && is_emoji_part(chars[start]);
        if joined || is_combining_mark(chars[end]) || is_joiner(chars[end]) || is_skin_tone(chars[end]) {
            end += 1;
        } else {
            break;
        }
    }
    end
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{200c}' | '\u{fe00}'..='\u{fe0f}')
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

fn is_emoji_part(c: char) -> bool {
    is_emoji(c) || matches!(c, '\u{a9}' | '\u{ae}' | '0'..='9' | '#' | '*')
}

/// Controls, direction overrides, non-characters, private use, tags and other characters that show nothing.
fn is_unwanted(c: char) -> bool {
    match c {
        '\n' => false,
        c if c.is_control() => true,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{200b}' | '\u{feff}' | '\u{34f}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => true,
        '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e0fff}' => true,
        c => u32::from(c) & 0xfffe == 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::load;

    #[track_caller]
    fn check(input: &str, expected: &str, replaced: u32) {
        let covered = Covered::by(&load());
        let (out, count) = clean(input, &covered).unwrap_or_else(|| (input.to_owned(), 0));
        assert_eq!(out, expected, "{}", input.escape_unicode());
        assert_eq!(count, replaced, "{}", input.escape_unicode());
    }

    #[test]
    fn plain_text_stays() {
        check("Vi møtes kl. 08.30.\n\nHilsen Čáhppes", "Vi møtes kl. 08.30.\n\nHilsen Čáhppes", 0);
    }

    #[test]
    fn one_normal_form_and_one_line_end() {
        check("a\u{30a}\r\nb\rc\u{2028}d", "å\nb\nc\nd", 0);
        check("a\u{200e}\u{30a}", "å", 0);
    }

    #[test]
    fn what_steers_the_reader_goes() {
        check("a\u{0}b\u{1b}[31mc\u{202e}d\u{feff}e\u{fffe}f\u{e000}g\u{85}h", "ab[31mcdefg\nh", 0);
        check("æ\u{10ffff}\u{e0067}", "æ", 0);
    }

    #[test]
    fn emoji_stay_whole() {
        for emoji in ["👍", "👍🏽", "👨\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "🇳🇴", "1\u{fe0f}\u{20e3}"] {
            let covered = Covered::by(&load());
            let (out, replaced) = clean(emoji, &covered).unwrap();
            assert_eq!(replaced, 0, "{}", emoji.escape_unicode());
            assert_eq!(out, emoji, "{}", emoji.escape_unicode());
        }
    }

    #[test]
    fn what_no_font_has_is_replaced_and_counted() {
        check("漢字 ok", "\u{fffd}\u{fffd} ok", 2);
        check("\u{200d}æ", "æ", 0);
    }
}
