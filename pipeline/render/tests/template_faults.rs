//! A fault in a template is an error with a code and a place, never a document and never a word of one.

mod support;

use std::collections::BTreeSet;

use pipeline_domain::{ErrorCode, Verdict};
use pipeline_render::{Letterhead, Logo, LogoFormat, RenderError, RenderJob, Typesetter, render_job, typesetting_thread};
use serde_json::json;
use support::{job, sample, set, snapshot, templates, text_of, with_change};

fn fault(set: Vec<(String, Vec<u8>)>, job: &RenderJob) -> RenderError {
    match typesetting_thread(|| Typesetter::with_templates(set).set(job)) {
        Err(error) => error,
        Ok(pdf) => panic!("set on {} pages", pdf.pages),
    }
}

#[test]
fn a_missing_term_stops_the_rendering() {
    let minutes = job(sample("meeting-minutes/full.json"));
    for key in ["held_at", "conclusion", "plan_ip", "synthetic", "about_document", "at_clock"] {
        let set = with_change("/shared/terms.toml", &format!("\n{key} = "), &format!("\nnot_{key} = "));
        let error = fault(set, &minutes);
        assert_eq!(error.code(), ErrorCode::RenderTemplate, "{key}");
        assert!(error.to_string().contains("shared/data.typ line"), "{key}: {error}");
    }
    let nynorsk = job(sample("meeting-minutes/nynorsk.json"));
    let set = with_change("/shared/terms.toml", "held_at = { nb = \"Møtedato\", nn = \"Møtedato\" }", "held_at = { nb = \"Møtedato\" }");
    assert_eq!(fault(set, &nynorsk).code(), ErrorCode::RenderTemplate);
}

/// Every `term("…")` of a template is in the catalogue in both forms, and so is every code that is looked up.
#[test]
fn the_catalogue_has_every_term() {
    let set = templates();
    let terms = &set.iter().find(|(path, _)| path == "/shared/terms.toml").unwrap().1;
    let mut known = BTreeSet::new();
    for line in std::str::from_utf8(terms).unwrap().lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (key, forms) = line.split_once(" = ").unwrap();
        assert!(forms.starts_with("{ nb = \"") && forms.contains("\", nn = \"") && !forms.contains("\"\""), "{key}");
        assert!(known.insert(key.to_owned()), "{key} twice");
    }
    let mut used: BTreeSet<String> = ["not_started", "in_progress", "partly_reached", "reached", "stopped"].map(String::from).into();
    used.extend(["draft", "awaiting_consent", "active", "suspended", "passive"].map(String::from));
    used.extend(["plan_ip", "plan_es", "plan_sl", "plan_iop"].map(String::from));
    for (_, bytes) in set.iter().filter(|(path, _)| path.ends_with(".typ")) {
        let text = std::str::from_utf8(bytes).unwrap();
        for call in ["term(\"", "fact(\"", "labelled(\"", "section(\"", "decided(\"", "fact-if(content, \""] {
            used.extend(text.split(call).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    // `term("reply_" + …)`: every word of the family may be shown, and there is one at least.
    let (families, mut used): (BTreeSet<String>, BTreeSet<String>) = used.into_iter().partition(|key| key.ends_with('_'));
    for family in &families {
        let words: Vec<_> = known.iter().filter(|key| key.starts_with(family)).cloned().collect();
        assert!(words.len() > 1, "{family}");
        used.extend(words);
    }
    for kind in pipeline_domain::DocumentKind::ALL {
        let parts = kind.plan_types().iter().flat_map(|plan_type| pipeline_render::parts_of(kind, *plan_type));
        used.extend(parts.map(|part| part.label().to_owned()));
    }
    used.extend(pipeline_render::Label::ALL.iter().map(|label| label.term().to_owned()));
    let missing: Vec<_> = used.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let source: String = set.iter().filter(|(p, _)| p.ends_with(".typ")).map(|(_, b)| String::from_utf8_lossy(b)).collect();
    let own_words = |key: &str| key.strip_suffix("_kindergarten").is_some_and(|key| known.contains(key));
    let idle: Vec<_> = known.iter().filter(|k| !used.contains(*k) && !source.contains(&format!("\"{k}\"")) && !own_words(k)).collect();
    assert!(idle.is_empty(), "labels that no template shows: {idle:?}");
}

#[test]
fn a_warning_is_an_error() {
    let set = with_change("/shared/look.typ", "\"Noto Sans\", ", "\"Nowhere Sans\", ");
    let error = fault(set, &job(sample("meeting-minutes/minimal.json")));
    assert_eq!((error.code(), error.verdict()), (ErrorCode::RenderWarning, Verdict::GiveUp));
}

#[test]
fn a_file_that_is_not_archivable_is_an_error() {
    let minutes = job(sample("meeting-minutes/minimal.json"));
    let set = with_change("/shared/record.typ", "set document(title: plain(common.title), ", "set document(");
    // Without a title, `title()` has nothing to show, which Typst already refuses.
    assert_eq!(fault(set, &minutes).code(), ErrorCode::RenderTemplate);
    let set = with_change("/shared/record.typ", "  body\n", "  heading(level: 3)[Dypt]\n  heading(level: 5)[Dypere]\n  body\n");
    assert_eq!(fault(set, &minutes).code(), ErrorCode::PdfaInvalid);
}

#[test]
fn an_error_quotes_nothing() {
    let mut json = sample("meeting-minutes/minimal.json");
    json["content"]["place"] = json!("Kanarifugl");
    let set = with_change("/meeting-minutes/main.typ", "= #term(\"present\")", "#panic(content.place)\n= #term(\"present\")");
    let error = fault(set, &job(json));
    assert!(error.to_string().contains("meeting-minutes/main.typ line"), "{error}");
    assert!(!format!("{error} {error:?}").contains("Kanarifugl"));
}

#[test]
fn no_package_no_file_no_clock() {
    let minutes = job(sample("meeting-minutes/minimal.json"));
    for code in [
        "#import \"@preview/cetz:0.3.0\"",
        "#read(\"/etc/passwd\")",
        "#read(\"../../../etc/passwd\")",
        "#image(\"/logo.png\", alt: \"x\")",
        "#datetime.today()",
        "#include \"/mail/x.typ\"",
    ] {
        let set = with_change("/meeting-minutes/main.typ", "= #term(\"present\")", &format!("{code}\n= #term(\"present\")"));
        assert_eq!(fault(set, &minutes).code(), ErrorCode::RenderTemplate, "{code}");
    }
}

#[test]
fn a_job_that_is_not_one_is_refused() {
    let mut minutes = job(sample("meeting-minutes/minimal.json"));
    for template in ["", "..", "shared", "meeting-minutes/..", "mail", "møte"] {
        minutes.template = template.into();
        assert_eq!(fault(templates(), &minutes), RenderError::UnknownTemplate, "{template}");
    }
    let mut minutes = job(sample("meeting-minutes/minimal.json"));
    minutes.data = b"{".to_vec();
    assert_eq!(fault(templates(), &minutes), RenderError::UnreadableJob);
    minutes.data = b"{}".to_vec();
    assert_eq!(fault(templates(), &minutes).code(), ErrorCode::RenderTemplate);
}

const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 50"><path d="M2 2h36v24c0 12-8 18-18 22C10 44 2 38 2 26z" fill="#1d5650"/><path d="M8 30l8-12 6 8 4-5 8 9z" fill="#fff"/></svg>"##;

/// 2 × 2 pixels, one of them transparent.
const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 2, 0, 0, 0, 2, 8, 6, 0, 0, 0, 114, 182, 13, 36, 0, 0, 0, 23, 73,
    68, 65, 84, 120, 156, 99, 144, 13, 11, 248, 63, 53, 64, 235, 63, 3, 144, 209, 192, 0, 4, 0, 56, 184, 5, 20, 125, 189, 209, 235, 0, 0,
    0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

#[test]
fn a_logo_is_set_with_its_alternative_text() {
    for (bytes, format) in [(SVG.as_bytes(), LogoFormat::Svg), (PNG, LogoFormat::Png)] {
        let logo = Logo { svg_or_png: bytes.to_vec(), format, alt: "Fjellvik kommunes våpen".into() };
        let letterhead = Letterhead { logo: Some(logo), ..Letterhead::default() };
        let job = render_job(&snapshot(sample("meeting-minutes/minimal.json")), None, &letterhead);
        let pdf = set(&job);
        let profile = page_validation::ValidationOptions::default().profile("ua1".parse::<page_validation::ValidationProfile>().unwrap());
        assert!(page_validation::validate_pdf_bytes(&pdf.bytes, &profile).unwrap().is_compliant, "{format:?}");
        assert!(text_of(&pdf.bytes).is_none_or(|t| t.contains("Fjellvik kommune")));
    }
    let logo = Logo { svg_or_png: b"not a picture".to_vec(), format: LogoFormat::Png, alt: "x".into() };
    let letterhead = Letterhead { logo: Some(logo), ..Letterhead::default() };
    let job = render_job(&snapshot(sample("meeting-minutes/minimal.json")), None, &letterhead);
    assert_eq!(fault(templates(), &job).code(), ErrorCode::RenderTemplate);
}

#[test]
fn a_job_travels_through_a_pipe() {
    let minutes = job(sample("meeting-minutes/full.json"));
    let sent: RenderJob = serde_json::from_slice(&serde_json::to_vec(&minutes).unwrap()).unwrap();
    assert!(set(&minutes).bytes == set(&sent).bytes);
}

/// Text on its ground has a contrast of at least 4.5 : 1 (WCAG 2.1, 1.4.3).
#[test]
fn colours_can_be_read() {
    let set = templates();
    let look = String::from_utf8(set.into_iter().find(|(path, _)| path == "/shared/look.typ").unwrap().1).unwrap();
    let colour = |name: &str| {
        let at = look.find(&format!("{name}: (rgb(\"#")).or_else(|| look.find(&format!("#let {name} = rgb(\"#")));
        let rest = &look[at.unwrap_or_else(|| panic!("no colour {name}"))..];
        luminance(&rest[rest.find("\"#").unwrap() + 2..][..6])
    };
    let white = 1.0;
    for (text, ground) in [
        (colour("ink"), white),
        (colour("muted"), white),
        (colour("pine"), white),
        (colour("ink"), colour("paper")),
        (colour("muted"), colour("paper")),
        (colour("ink"), colour("mist")),
        (colour("muted"), colour("mist")),
        (colour("pine"), colour("mist")),
        (colour("ink"), colour("partly_reached")),
        (colour("ink"), colour("in_progress")),
        (colour("ink"), colour("stopped")),
    ] {
        let (light, dark) = if text > ground { (text, ground) } else { (ground, text) };
        let contrast = (light + 0.05) / (dark + 0.05);
        assert!(contrast >= 4.5, "{contrast:.2}");
    }
}

fn luminance(hex: &str) -> f64 {
    let part = |i: usize| {
        let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
        if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}
