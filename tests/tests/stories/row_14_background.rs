//! Row 14: parts that are special categories of personal data are marked on paper, always there in the archive's copy, and left out of
//! prints unless they are asked for.

use std::{fs, path::Path};

use arkivflyt_tests::{House, Tool, essence, samples_folder};
use serde_json::Value;

use crate::judged;

const LEAD: &str = "00000000-0000-4000-8000-00000000000a";
/// The same word in both written forms.
const MARK: &str = "Sensitivt";

/// A sample, its folder, headings that bear the mark, headings that do not, and fields that are special categories.
struct Case {
    sample: &'static str,
    folder: &'static str,
    marked: &'static [&'static str],
    plain: &'static [&'static str],
    special: &'static [&'static str],
}

const CASES: [Case; 4] = [
    Case {
        sample: "plan-snapshot/full-ip.json",
        folder: "9901/2026/000001",
        marked: &[
            "Mål, ressurser og behov for tjenester",
            "Bakgrunn, ressurser og utfordringer",
            "Mål og tiltak",
            "Evalueringer",
            "Fagplaner",
        ],
        plain: &["Deltakere og bidrag", "Samtykke", "Vedlegg", "Endringslogg"],
        special: &["background", "resources", "challenges", "subject_needs"],
    },
    Case {
        sample: "plan-snapshot/nynorsk-ip.json",
        folder: "9902/2026/000001",
        marked: &[
            "Mål, ressursar og behov for tenester",
            "Bakgrunn, ressursar og utfordringar",
            "Mål og tiltak",
            "Evalueringar",
            "Fagplanar",
        ],
        plain: &["Deltakarar og bidrag", "Samtykke", "Vedlegg", "Endringslogg"],
        special: &["background", "resources", "challenges", "subject_needs"],
    },
    Case {
        sample: "plan-snapshot/full-sl.json",
        folder: "9901/2026/000002",
        marked: &["Undring eller bekymring", "Barnets eller ungdommens syn", "Mål og tiltak", "Vurdering av effekt"],
        plain: &["Tjenester involvert", "Samtykke"],
        special: &["concern", "child_view"],
    },
    Case {
        sample: "plan-snapshot/nynorsk-iop.json",
        folder: "9902/2026/000002",
        marked: &["Ressursar og behov", "Hovudmål for opplæringa", "Fag"],
        plain: &["Utarbeidd i samarbeid med"],
        special: &["strengths", "needs"],
    },
];

fn house() -> House {
    let house = House::new();
    for case in &CASES {
        house.ask(0, ["submit".as_ref(), samples_folder().join(case.sample).as_os_str(), "--wait".as_ref()]);
    }
    house
}

/// The page as it is laid out: what stands beside a heading is on its line.
fn lines(pdf: &Path) -> Option<Vec<String>> {
    let text = Tool::find("pdftotext")?.pass(["-layout".as_ref(), pdf.as_os_str(), "-".as_ref()]);
    Some(text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

/// Whether a line is this heading, with the mark beside it or alone. In the list of contents a page number follows.
fn stands(lines: &[String], heading: &str, marked: bool) -> bool {
    let expected = if marked { format!("{heading} {MARK}") } else { heading.to_owned() };
    lines.iter().any(|l| if marked { l.contains(&expected) } else { *l == expected })
}

#[test]
fn row_14_background_is_marked_and_whole_in_the_archives_copy() {
    let house = house();
    for case in &CASES {
        let shown = house.ask(0, ["case", "show", case.folder]);
        let paper = Path::new(shown["path"].as_str().unwrap()).join(shown["documents"][0]["pdf"].as_str().unwrap());
        let (Some(lines), Some(pdf)) = (lines(&paper), judged::paper(&paper)) else { return };
        for heading in case.marked {
            assert!(stands(&lines, heading, true), "{}: «{heading}» is not marked:\n{}", case.sample, lines.join("\n"));
        }
        for heading in case.plain {
            assert!(!stands(&lines, heading, true), "{}: «{heading}» is marked", case.sample);
            assert!(stands(&lines, heading, false), "{}: «{heading}» is not there", case.sample);
        }
        if case.sample.contains("iop") {
            // Among the key facts it stands beside the label.
            let Some(pdftotext) = Tool::find("pdftotext") else { return };
            let raw = pdftotext.pass(["-raw".as_ref(), paper.as_os_str(), "-".as_ref()]);
            assert!(essence(&raw).contains(&essence("Sakkunnig vurdering Sensitivt")), "{raw}");
        }
        // The mark is explained, as text that everybody gets.
        let meaning = ["Særlige kategorier av personopplysninger", "Særlege kategoriar av personopplysningar"];
        assert!(meaning.iter().any(|m| pdf.text.contains(m)), "{}", pdf.text);
        for (field, text) in special(case) {
            assert!(essence(&pdf.text).contains(&text), "{}: {field} is not in the archive's copy", case.sample);
        }
    }
}

/// The beginning of each special text of a sample, as it is looked for.
fn special(case: &Case) -> Vec<(&'static str, String)> {
    let json: Value = serde_json::from_slice(&fs::read(samples_folder().join(case.sample)).unwrap()).unwrap();
    let found = case.special.iter().filter_map(|field| Some((*field, json["content"][*field].as_str()?)));
    let found: Vec<_> = found.map(|(field, text)| (field, essence(&text.chars().take(60).collect::<String>()))).collect();
    assert!(!found.is_empty(), "{}", case.sample);
    found
}

#[test]
fn row_14_background_is_left_out_of_prints_unless_asked_for() {
    let house = house();
    let elsewhere = tempfile::tempdir().unwrap();
    let before = house.archive_tree();
    for (n, case) in CASES.iter().enumerate() {
        let print = |name: &str, more: &[&str]| {
            let out = elsewhere.path().join(format!("{n}-{name}.pdf"));
            let asked = ["print", "--case", case.folder, "--as", "plan_lead", "--actor", LEAD, "--reason", "meeting", "-o"];
            let answer = house.ask(0, [&asked[..], &[out.to_str().unwrap()], more].concat());
            (out, answer)
        };
        let (plain, answer) = print("plain", &[]);
        let (whole, all) = print("whole", &["--include-sensitive"]);
        let ids = |answer: &Value, list: &str| answer["documents"][0][list].to_string();
        for field in case.special {
            assert!(!ids(&answer, "parts").contains(&format!("\"{field}\"")), "{answer}");
        }
        assert_eq!(ids(&all, "left_out"), "[]", "{all}");
        let (Some(plain), Some(whole)) = (judged::paper(&plain), judged::paper(&whole)) else { return };
        for (field, text) in special(case) {
            assert!(!essence(&plain.text).contains(&text), "{}: {field} is on a print that nobody asked it for", case.sample);
            assert!(essence(&whole.text).contains(&text), "{}: {field} was asked for", case.sample);
        }
        // What might have been chosen is named, with its mark.
        assert!(plain.text.contains(MARK) && whole.text.contains(MARK));
    }
    assert_eq!(house.archive_tree(), before, "nothing in the archive changed");
}
