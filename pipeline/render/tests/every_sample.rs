//! Every sample becomes a file that judges we did not write accept, the same file each time, with nothing outside the margins.

mod support;

use page_validation::{ValidationOptions, ValidationProfile, validate_pdf_bytes};
use pipeline_render::{Typesetter, typesetting_thread};
use support::{flat, job, samples, text_of, tool};

#[test]
fn gives_the_same_bytes_twice() {
    let first = set_all();
    let second = set_all();
    for ((name, a), (_, b)) in first.iter().zip(&second) {
        assert!(a == b, "{name}");
    }
}

/// Every sample, in a typesetter of its own.
fn set_all() -> Vec<(String, Vec<u8>)> {
    typesetting_thread(|| {
        let typesetter = Typesetter::new();
        samples().into_iter().map(|(name, json)| (name, typesetter.set(&job(json)).unwrap().bytes)).collect()
    })
}

/// Says that the length of a stream is wrong when compressed data happens to end with a carriage return. `qpdf` judges the
/// lengths instead.
const FALSE_ALARM: &str = "ISO 19005-2:2011:6.1.7.1:1";

#[test]
fn is_valid_pdf_a_2a_and_pdf_ua_1() {
    for (name, pdf) in set_all() {
        for profile in ["2a", "ua1"] {
            let profile: ValidationProfile = profile.parse().unwrap();
            let report = validate_pdf_bytes(&pdf, &ValidationOptions::default().profile(profile)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let failures: Vec<&str> = report.failures.iter().map(|f| f.rule_id.as_ref()).filter(|id| *id != FALSE_ALARM).collect();
            assert!(failures.is_empty(), "{name}: {failures:?}");
        }
        tool("qpdf", &["--check"], &pdf, &[]);
        let Some(fonts) = tool("pdffonts", &[], &pdf, &[]) else { continue };
        for font in fonts.lines().skip(2) {
            assert!(font.contains("yes yes yes"), "{name}: embedded, subset, with Unicode: {font}");
        }
    }
}

#[test]
fn says_who_what_and_which_page() {
    for (name, json) in samples() {
        let nn = json["written_form"] == "nn";
        let pdf = support::set(&job(json.clone()));
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

/// Margins of 2.25 cm on an A4 page, in points.
const LEFT: f64 = 63.7;
const RIGHT: f64 = 595.3 - 63.7;

#[test]
fn nothing_runs_over_the_margin() {
    for (name, json) in samples() {
        let pdf = support::set(&job(json));
        let Some(boxes) = tool("pdftotext", &["-bbox"], &pdf.bytes, &["-"]) else { return };
        let mut words = 0;
        for line in boxes.lines().filter(|l| l.contains("<word ")) {
            let edge = |key: &str| line.split(key).nth(1).and_then(|s| s.split('"').nth(1)?.parse::<f64>().ok()).unwrap();
            words += 1;
            assert!(edge("xMin=") > LEFT - 1.0 && edge("xMax=") < RIGHT + 1.0, "{name}: {}", line.trim());
        }
        assert!(words > 20, "{name}");
    }
}

#[test]
fn no_heading_is_left_alone_at_the_foot_of_a_page() {
    for (name, json) in samples() {
        let pdf = support::set(&job(json));
        let Some(boxes) = tool("pdftotext", &["-bbox"], &pdf.bytes, &["-"]) else { return };
        // Headings of the first level are the only text taller than 18 points of line height below the first page's title.
        for page in boxes.split("<page ").skip(2) {
            let tall = |line: &str| height(line) > 19.0;
            let body: Vec<&str> = page.lines().filter(|l| l.contains("<word ") && top(l) < 770.0).collect();
            let Some(last) = body.iter().max_by(|a, b| top(a).total_cmp(&top(b))) else { continue };
            assert!(!tall(last), "{name}: {}", last.trim());
        }
    }
}

fn number(line: &str, key: &str) -> f64 {
    line.split(key).nth(1).and_then(|s| s.split('"').nth(1)?.parse().ok()).expect("a word has a box")
}

fn top(line: &str) -> f64 {
    number(line, "yMin=")
}

fn height(line: &str) -> f64 {
    number(line, "yMax=") - number(line, "yMin=")
}
