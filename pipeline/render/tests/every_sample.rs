//! Every sample becomes a file that judges we did not write accept, the same file each time, with nothing outside the margins.

mod support;

use std::sync::LazyLock;

use page_validation::{ValidationOptions, ValidationProfile, validate_pdf_bytes};
use pipeline_render::{Pdf, Typesetter, typesetting_thread};
use serde_json::Value;
use support::{assert_in_place, flat, job, samples, text_of, tool, words_of};

/// Every sample, set once for all tests.
fn all() -> &'static [(String, Value, Pdf)] {
    static ALL: LazyLock<Vec<(String, Value, Pdf)>> = LazyLock::new(set_all);
    &ALL
}

/// Every sample, in a typesetter of its own.
fn set_all() -> Vec<(String, Value, Pdf)> {
    typesetting_thread(|| {
        let typesetter = Typesetter::new();
        let set = |(name, json): (String, Value)| {
            let pdf = typesetter.set(&job(json.clone())).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, json, pdf)
        };
        samples().into_iter().map(set).collect()
    })
}

#[test]
fn gives_the_same_bytes_twice() {
    for ((name, _, a), (_, _, b)) in all().iter().zip(&set_all()) {
        assert!(a.bytes == b.bytes, "{name}");
    }
}

/// Says that the length of a stream is wrong when compressed data happens to end with a carriage return. `qpdf` judges the
/// lengths instead.
const FALSE_ALARM: &str = "ISO 19005-2:2011:6.1.7.1:1";

#[test]
fn is_valid_pdf_a_2a_and_pdf_ua_1() {
    for (name, _, pdf) in all() {
        for profile in ["2a", "ua1"] {
            let profile: ValidationProfile = profile.parse().unwrap();
            let report =
                validate_pdf_bytes(&pdf.bytes, &ValidationOptions::default().profile(profile)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let failures: Vec<&str> = report.failures.iter().map(|f| f.rule_id.as_ref()).filter(|id| *id != FALSE_ALARM).collect();
            assert!(failures.is_empty(), "{name}: {failures:?}");
        }
        tool("qpdf", &["--check"], &pdf.bytes, &[]);
        let Some(fonts) = tool("pdffonts", &[], &pdf.bytes, &[]) else { continue };
        for font in fonts.lines().skip(2) {
            assert!(font.contains("yes yes yes"), "{name}: embedded, subset, with Unicode: {font}");
        }
    }
}

#[test]
fn says_who_what_and_which_page() {
    for (name, json, pdf) in all() {
        let nn = json["written_form"] == "nn";
        let Some(text) = text_of(&pdf.bytes) else { return };
        let text = flat(&text);
        for expected in [
            json["case"]["subject_name"].as_str().unwrap(),
            json["case"]["municipality_name"].as_str().unwrap(),
            json["case"]["screening_mark"].as_str().unwrap(),
            json["id"].as_str().unwrap(),
            "2026/123",
            "SYNTETISKE DATA",
            &format!("Side {} av {}", pdf.pages, pdf.pages),
            if nn { "Skrive ut av" } else { "Skrevet ut av" },
        ] {
            assert!(text.contains(&flat(expected)), "{name}: {expected}");
        }
        assert!(!text.contains('\u{200b}'), "{name}: places to break are not text");
        let Some(info) = tool("pdfinfo", &[], &pdf.bytes, &[]) else { return };
        assert!(info.contains("Tagged:          yes") && info.contains("A4"), "{name}");
        assert!(!info.contains(json["case"]["subject_name"].as_str().unwrap()), "{name}: a name in the file's metadata");
    }
}

#[test]
fn nothing_runs_over_the_margin_or_into_its_neighbour() {
    for (name, _, pdf) in all() {
        assert_in_place(name, &pdf.bytes);
    }
}

#[test]
fn no_heading_is_left_alone_at_the_foot_of_a_page() {
    for (name, _, pdf) in all() {
        let Some(words) = words_of(&pdf.bytes) else { return };
        for page in 1..=pdf.pages as usize {
            // The footer begins at 770 points.
            let body = words.iter().filter(|w| w.page == page && w.top < 770.0);
            let Some(last) = body.max_by(|a, b| a.top.total_cmp(&b.top)) else { continue };
            // Headings of the first level are the only words as tall as this at the foot of a page.
            assert!(last.bottom - last.top < 19.0, "{name}, page {page}: {}", last.text);
        }
    }
}
