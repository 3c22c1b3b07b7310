//! Text from people is text: it comes out as it went in, and it cannot stop an archive.

mod support;

use serde_json::{Value, json};
use support::{assert_in_place, flat, job, sample, set, text_of};

/// Markup, code, paths and references of Typst, HTML, LaTeX and shells.
const HOSTILE: &str = r##"#panic("x") *fet* _kursiv_ $x^2$ @ref <merke> #read("/etc/passwd") #eval("1+1") = Tittel / Term: a \ b `kode` // merknad /* m */ #set page(width: 1pt) <b>fet</b> ${HOME} \input{x} %s {{ data }} '; drop table --"##;

/// Puts a text in every field that takes text, at any depth.
fn everywhere(value: &mut Value, text: &str) -> usize {
    const FIELDS: [&str; 14] = [
        "discussion",
        "conclusion",
        "what",
        "text",
        "outcome",
        "effect",
        "subject_view",
        "next_step",
        "how",
        "background",
        "main_goal",
        "development",
        "title",
        "contribution",
    ];
    match value {
        Value::Object(map) => map
            .iter_mut()
            .map(|(key, v)| match v {
                Value::String(s) if FIELDS.contains(&key.as_str()) => {
                    *s = text.to_owned();
                    1
                }
                other => everywhere(other, text),
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(|v| everywhere(v, text)).sum(),
        _ => 0,
    }
}

fn filled(name: &str, text: &str) -> (Value, usize) {
    let mut json = sample(name);
    let count = everywhere(&mut json["content"], text);
    assert!(count > 3);
    (json, count)
}

#[test]
fn comes_out_literally() {
    for name in ["meeting-minutes/full.json", "plan-snapshot/full-ip.json", "iop-annual-report/full.json", "plan-snapshot/full-sl.json"] {
        let (json, count) = filled(name, HOSTILE);
        let Some(text) = text_of(&set(&job(json)).bytes) else { return };
        // Columns are narrow: a long word may stand on two lines, with the soft hyphen that says so.
        let squeezed = text.replace('\u{ad}', "").split_whitespace().collect::<String>();
        let found = squeezed.matches("#panic(\"x\")*fet*_kursiv_$x^2$@ref<merke>").count();
        assert!(found >= count, "{name}: {found} of {count}");
        for part in ["#read(\"/etc/passwd\")", "#eval(\"1+1\")", "#setpage(width:1pt)", "${HOME}", "\\input{x}", "{{data}}"] {
            assert!(squeezed.contains(part), "{name}: {part}");
        }
    }
}

#[test]
fn every_character_of_the_fonts_and_none_of_the_others() {
    // Every plane that has letters, in the running text of a meeting.
    for start in (0u32..0x2_0000).step_by(0x4000).chain([0x2_0000, 0xe_0000, 0xf_0000, 0x10_c000]) {
        let mut text = String::from("Start ");
        for (i, c) in (start..start + 0x4000).filter_map(char::from_u32).enumerate() {
            text.push(c);
            if i % 40 == 0 {
                text.push(' ');
            }
        }
        let mut json = sample("meeting-minutes/minimal.json");
        json["content"]["items"][0]["discussion"] = json!(text);
        let pdf = set(&job(json));
        assert!(pdf.pages > 0, "U+{start:04X}");
    }
}

#[test]
fn emoji_and_sami_letters_are_archived() {
    let mut json = sample("meeting-minutes/minimal.json");
    let text = "👍 👍🏽 👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🇳🇴 1\u{fe0f}\u{20e3} áčđŋšŧž ÁČĐŊŠŦŽ æøå";
    json["content"]["items"][0]["discussion"] = json!(text);
    let pdf = set(&job(json));
    assert_eq!(pdf.replaced, 0);
    let Some(out) = text_of(&pdf.bytes) else { return };
    for part in ["👍", "áčđŋšŧž ÁČĐŊŠŦŽ æøå", "👨"] {
        assert!(flat(&out).contains(part), "{part}");
    }
}

#[test]
fn what_no_font_has_is_counted() {
    let mut json = sample("meeting-minutes/minimal.json");
    json["content"]["items"][0]["discussion"] = json!("漢字 og \u{e000}\u{0}tekst");
    let pdf = set(&job(json));
    assert_eq!(pdf.replaced, 2);
    let Some(out) = text_of(&pdf.bytes) else { return };
    assert!(flat(&out).contains("\u{fffd}\u{fffd} og tekst"));
}

#[test]
fn long_and_strange_shapes_are_set() {
    let long_word = "x".repeat(3000);
    let many_lines = "linje\n".repeat(400);
    let one_paragraph = "ord ".repeat(4900);
    let accents = format!("a{}", "\u{301}".repeat(500));
    for text in [long_word.as_str(), &many_lines, &one_paragraph, &accents, "\n\n\n x \n\n\n", "\u{200b}", "\u{ad}\u{ad}"] {
        let (json, _) = filled("meeting-minutes/full.json", text);
        assert_in_place(&text.chars().take(8).collect::<String>(), &set(&job(json)).bytes);
    }
}

/// Every line that a person writes: names, roles, places, references.
fn lines(value: &mut Value, text: &str) {
    const FIELDS: [&str; 26] = [
        "name",
        "role",
        "service",
        "place",
        "chair",
        "minute_taker",
        "responsible",
        "title",
        "no",
        "scope",
        "arena",
        "school",
        "grade",
        "class",
        "ref",
        "subject",
        "who",
        "unit_name",
        "lead_unit",
        "lead_name",
        "subject_name",
        "coordinator",
        "evaluator",
        "produced_by",
        "municipality_name",
        "contact_person",
    ];
    match value {
        Value::Object(map) => map.iter_mut().for_each(|(key, v)| match v {
            Value::String(s) if FIELDS.contains(&key.as_str()) => *s = text.to_owned(),
            other => lines(other, text),
        }),
        Value::Array(items) => items.iter_mut().for_each(|v| lines(v, text)),
        _ => {}
    }
}

#[test]
fn long_words_stay_in_their_column() {
    let address = "https://prove.example.org/en/lang/sti?med=mange&deler=12345678901234567890";
    for text in [&"W".repeat(120), address, "Spesialpedagogikkrådgivningstjenesteforvaltningskontoret", &"1234567890".repeat(12)] {
        for name in ["meeting-minutes/full.json", "plan-snapshot/full-ip.json", "plan-snapshot/full-sl.json", "plan-snapshot/full-iop.json"]
        {
            let mut json = sample(name);
            lines(&mut json["case"], text);
            lines(&mut json["content"], text);
            assert_in_place(&format!("{name} {}", &text[..8]), &set(&job(json)).bytes);
        }
    }
}
