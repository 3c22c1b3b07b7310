//! What a reader gets: every text of the source, in reading order, on numbered and marked pages.

use arkivflyt_tests::{Pdf, essence};
use serde_json::Value;

use crate::documents;

/// Running words: windows of four words, so that a page break in a long text costs a few of them only.
fn share_found(text: &str, page: &str) -> f64 {
    let words: Vec<&str> = text.split_whitespace().collect();
    let windows: Vec<String> = if words.len() < 4 { vec![words.concat()] } else { words.windows(4).map(<[&str]>::concat).collect() };
    let windows: Vec<String> = windows.iter().map(|w| essence(w)).filter(|w| !w.is_empty()).collect();
    if windows.is_empty() {
        return 1.0;
    }
    windows.iter().filter(|w| page.contains(w.as_str())).count() as f64 / windows.len() as f64
}

/// Every text of a document that belongs on paper, with its pointer.
fn texts(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(s) if s.contains(' ') && s.chars().count() >= 12 => found.push((at.to_owned(), s.clone())),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| texts(v, &format!("{at}/{i}"), found)),
        // Who got it stands in the archive's metadata, contact data on no paper.
        Value::Object(map) => map
            .iter()
            .filter(|(k, _)| !["contact", "recipients", "access_given", "informed"].contains(&k.as_str()))
            .for_each(|(k, v)| texts(v, &format!("{at}/{k}"), found)),
        _ => {}
    }
}

#[test]
fn every_text_of_the_source_is_on_paper() {
    for document in documents() {
        if document.sample.name.contains("address-protected") {
            continue; // see `secrecy`
        }
        let Some(pdf) = Pdf::read(&document.pdf) else { return };
        let page = essence(&pdf.text);
        let mut wanted = Vec::new();
        texts(&document.sample.json()["content"], "", &mut wanted);
        let missing: Vec<String> = wanted
            .iter()
            .map(|(at, text)| (at, text, share_found(text, &page)))
            .filter(|(_, text, share)| *share < if text.chars().count() > 200 { 0.85 } else { 0.5 })
            .map(|(at, text, share)| format!("{at} {share:.2}: {}", text.chars().take(60).collect::<String>()))
            .collect();
        assert!(missing.is_empty(), "{}: {} of {} texts:\n{}", document.sample.name, missing.len(), wanted.len(), missing.join("\n"));
    }
}

/// Expects the texts one after the other.
fn in_order(name: &str, page: &str, texts: &[&str]) {
    let mut from = 0;
    for text in texts {
        let wanted = essence(&text.chars().take(40).collect::<String>());
        let at =
            page[from..].find(&wanted).unwrap_or_else(|| panic!("{name}: «{text}» does not come after what is before it in {texts:?}"));
        from += at + wanted.len();
    }
}

#[test]
fn texts_come_in_reading_order() {
    for document in documents() {
        let Some(pdf) = Pdf::read(&document.pdf) else { return };
        let (name, page, json) = (&document.sample.name, essence(&pdf.text), document.sample.json());
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let list =
            |key: &str, field: &str| json["content"][key].as_array().into_iter().flatten().map(|i| text(&i[field])).collect::<Vec<_>>();
        let mut order = vec![text(&json["case"]["municipality_name"]), text(&json["case"]["subject_name"])];
        for (key, field) in [("items", "title"), ("goal_assessments", "goal"), ("goals", "main_goal")] {
            order.extend(list(key, field));
        }
        in_order(name, &page, &order.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn every_page_is_numbered_and_marked() {
    for document in documents() {
        let Some(pdf) = Pdf::read(&document.pdf) else { return };
        let (name, json) = (&document.sample.name, document.sample.json());
        let pages: Vec<&str> = pdf.text.trim_end_matches('\u{c}').split('\u{c}').collect();
        assert_eq!(pages.len().to_string(), pdf.fact("Pages"), "{name}");
        for (i, page) in pages.iter().enumerate() {
            let essence = essence(page);
            let (number, count) = (i + 1, pages.len());
            assert!(page.contains(&format!("Side {number} av {count}")), "{name}: page {number} of {count} says so nowhere:\n{page}");
            assert!(page.contains("SYNTETISKE DATA"), "{name}: page {number} is not marked as made up");
            let id = json["id"].as_str().unwrap();
            assert!(essence.contains(&arkivflyt_tests::essence(id)), "{name}: page {number} does not bear the document's id");
            let mark = json["case"]["screening_mark"].as_str().unwrap();
            assert!(page.contains(mark), "{name}: page {number} does not bear «{mark}»");
        }
        let text = essence(&pdf.text);
        assert!(text.contains(&essence(json["case"]["screening_basis"].as_str().unwrap())), "{name}");
        if let Some(id) = json["case"]["subject_national_id"].as_str() {
            assert!(!text.contains(id), "{name}: the national id is off the page unless a municipality turns it on");
        }
    }
}

#[test]
fn contact_data_is_on_no_paper() {
    for document in documents() {
        let Some(pdf) = Pdf::read(&document.pdf) else { return };
        assert!(!pdf.text.contains("@example."), "{}: an address is on paper", document.sample.name);
    }
}

#[test]
fn emoji_and_sami_letters_are_on_paper() {
    let documents = documents();
    let page = |name: &str| Pdf::read(&documents.iter().find(|d| d.sample.name.ends_with(name)).unwrap().pdf);
    let (Some(emoji), Some(letters)) = (page("meeting-minutes/emoji.json"), page("plan-snapshot/letters.json")) else { return };
    assert!(emoji.text.contains('👍'), "{}", emoji.text);
    for letter in "áčđŋšŧžæøåÆØÅ".chars() {
        assert!(letters.text.contains(letter), "{letter}");
    }
}
