//! What must never be seen outside a document's own papers: every value in the samples that says something about a person.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Sample;

/// Keys whose values are the municipality's own and stand on every envelope.
const PUBLIC_KEYS: [&str; 14] = [
    "schema",
    "system",
    "record",
    "event",
    "municipality_name",
    "municipality_number",
    "plan_type",
    "plan_status",
    "address_protection",
    "screening_mark",
    "screening_basis",
    "written_form",
    "relation",
    "status",
];

/// Shorter values say nothing by themselves, and would be found in any text.
const SHORTEST: usize = 6;

/// Something to look for, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    /// What.
    pub text: String,
    /// Sample and JSON pointer that it comes from.
    pub origin: String,
}

/// Every personal value of the samples with where it was met first.
pub fn personal_values(samples: &[Sample]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for sample in samples {
        collect(&sample.json(), "", &sample.name, &mut found);
    }
    // Somebody may work for the municipality itself, whose name is on every envelope.
    for name in samples.iter().filter_map(|s| s.json()["case"]["municipality_name"].as_str().map(str::to_owned)) {
        found.remove(&name);
    }
    // Who makes the lists of what a folder holds.
    found.remove("Arkivflyt");
    found
}

fn collect(value: &Value, at: &str, sample: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            let key = at.rsplit('/').find(|k| k.parse::<usize>().is_err()).unwrap_or_default();
            let says_nothing = key != "subject_birth_date" && (is_code(text) || is_instant(text));
            if !PUBLIC_KEYS.contains(&key) && !says_nothing && text.chars().count() >= SHORTEST {
                found.entry(text.clone()).or_insert_with(|| format!("{sample} {at}"));
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| collect(v, &format!("{at}/{i}"), sample, found)),
        Value::Object(map) => map.iter().for_each(|(k, v)| collect(v, &format!("{at}/{k}"), sample, found)),
        _ => {}
    }
}

/// Ids, digests, words of our own lists, and school years. Eleven digits are none of them.
fn is_code(text: &str) -> bool {
    if text.chars().all(|c| c.is_ascii_digit() || c == '/') && text.contains('/') {
        return true;
    }
    let word = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c));
    word && text.chars().any(|c| !c.is_ascii_digit())
}

/// `2026-10-28`, `2026-10-28T09:00:00+01:00`.
fn is_instant(text: &str) -> bool {
    let shape = |i: usize, c: char| matches!(i, 4 | 7) && c == '-' || !matches!(i, 4 | 7) && c.is_ascii_digit();
    text.len() >= 10 && text.chars().take(10).enumerate().all(|(i, c)| shape(i, c)) && (text.len() == 10 || text.contains('T'))
}

/// What to look for: each value, the parts of a name, the sentences and the beginning of a longer text, and the other ways
/// in which a date or an id is written.
pub fn needles(values: &BTreeMap<String, String>) -> Vec<Needle> {
    let mut all = BTreeMap::new();
    for (value, origin) in values {
        for part in parts(value) {
            if part.chars().count() >= SHORTEST {
                all.entry(part.to_lowercase()).or_insert_with(|| origin.clone());
            }
        }
    }
    all.into_iter().map(|(text, origin)| Needle { text, origin }).collect()
}

fn parts(value: &str) -> Vec<String> {
    let mut parts = vec![value.to_owned()];
    let words: Vec<&str> = value.split([' ', '-']).collect();
    let name_like = (2..=4).contains(&words.len()) && words.iter().all(|w| w.chars().next().is_some_and(char::is_uppercase));
    if name_like {
        parts.extend(words.iter().map(|w| (*w).to_owned()));
    }
    if value.chars().count() > 40 {
        parts.push(value.chars().take(24).collect());
        parts.extend(value.split(['.', '\n', '?', '!', ':']).map(|s| s.trim().to_owned()).filter(|s| s.chars().count() >= 16));
    }
    if let Some((local, _)) = value.split_once('@') {
        parts.push(local.to_owned());
    }
    if is_instant(value) {
        let (year, month, day) = (&value[..4], &value[5..7], &value[8..10]);
        parts
            .extend([format!("{day}.{month}.{year}"), format!("{}.{}.{year}", day.trim_start_matches('0'), month.trim_start_matches('0'))]);
    }
    if value.len() == 11 && value.bytes().all(|b| b.is_ascii_digit()) {
        parts.push(format!("{} {}", &value[..6], &value[6..]));
    }
    parts
}

/// Those that a text holds, in any case, plain or as JSON or percent-encoding writes them.
pub fn found_in<'a>(text: &str, needles: &'a [Needle]) -> Vec<&'a Needle> {
    let lower = text.to_lowercase();
    let escaped = lower.contains("\\u00").then(|| unescape(&lower));
    let percent = lower.contains("%c3%").then(|| lower.replace("%c3%a6", "æ").replace("%c3%b8", "ø").replace("%c3%a5", "å"));
    let texts: Vec<&str> = [Some(lower.as_str()), escaped.as_deref(), percent.as_deref()].into_iter().flatten().collect();
    needles.iter().filter(|n| texts.iter().any(|t| t.contains(&n.text))).collect()
}

/// `\u00e6` → `æ`.
fn unescape(text: &str) -> String {
    let mut pieces = text.split("\\u");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let letter = piece.get(..4).and_then(|h| u32::from_str_radix(h, 16).ok()).and_then(char::from_u32);
        match letter {
            Some(c) => {
                out.push(c);
                out.push_str(&piece[4..]);
            }
            None => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_there() {
        let value = |s: &str| BTreeMap::from([(s.to_owned(), "x".to_owned())]);
        let found = |value: &BTreeMap<String, String>, text: &str| !found_in(text, &needles(value)).is_empty();
        assert!(found(&value("Ærlig Snøfonn"), "… ærlig snøfonn …"));
        assert!(found(&value("Ærlig Snøfonn"), r#"{"a":"\u00e6rlig sn\u00f8fonn"}"#));
        assert!(found(&value("Ærlig Snøfonn"), "/inbox/sn%C3%B8fonn.json"));
        assert!(found(&value("Blid Fjellbekk"), "FJELLBEKK"));
        assert!(found(&value("17851490027"), "178514 90027"));
        assert!(found(&value("2014-05-17"), "født 17.5.2014"));
        assert!(found(&value("blid.fjellbekk@example.org"), "blid.fjellbekk"));
        assert!(!found(&value("Blid Fjellbekk"), "Fjellvik kommune"));
    }

    #[test]
    fn codes_are_public_and_ids_of_people_are_not() {
        assert!(is_code("partly_reached") && is_code("9c691b30-4b10-541f-b81c-97f0b00cf693"));
        assert!(!is_code("17851490027") && !is_code("a@b.c") && !is_code("Rask"));
        let samples = crate::good_samples();
        let values = personal_values(&samples);
        assert!(values.contains_key("Blid Fjellbekk") && values.contains_key("2014-05-17") && values.len() > 500, "{}", values.len());
        assert!(!values.contains_key("Fjellvik kommune") && !values.contains_key("arkivflyt/plan_snapshot/1"));
    }
}
