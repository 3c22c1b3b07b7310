//! Row 23, and the «Also» line: a redacted copy is made from the source without the withheld parts. Nothing of them is in the file.

use std::{fs, path::Path};

use arkivflyt_tests::{House, Pdf, essence, files_below, samples_folder};
use serde_json::{Value, json};

use crate::{
    access_rows::rows,
    in_folder::{self, element},
    judged,
};

fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap()
}

fn archived(house: &House, name: &str) {
    house.ask(0, ["submit".as_ref(), samples_folder().join(name).as_os_str(), "--wait".as_ref()]);
}

/// Every running text below some fields of the content. Names are none: whoever judged a goal may take part as well.
fn texts(document: &Value, fields: &[&str]) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.chars().count() >= 30 && text.contains(' ') => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
            Value::Object(map) => map.values().for_each(|v| collect(v, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    fields.iter().for_each(|field| collect(&document["content"][*field], &mut found));
    found
}

/// Whether a text, or its beginning, is in the words of the pages or anywhere in the unpacked bytes: as UTF-8, or as a PDF string of
/// UTF-16 in hexadecimal or octal or plain bytes.
fn is_in(pdf: &Pdf, bytes: &[u8], text: &str) -> bool {
    let start: String = text.lines().next().unwrap().chars().take(24).collect();
    let utf16: Vec<u8> = start.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let hex: String = utf16.iter().map(|b| format!("{b:02x}")).collect();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle));
    essence(&pdf.text).contains(&essence(&start)) || has(start.as_bytes()) || has(&utf16) || has(hex.as_bytes())
}

fn redact(house: &House, code: i32, folder: &str, out: &Path, more: &[&str]) -> Value {
    let asked =
        ["case", "redact", folder, "--document", "1", "-o", out.to_str().unwrap(), "--as", "plan_lead", "--reason", "access_request"];
    house.ask(code, [&asked[..], more].concat())
}

#[test]
fn row_23_redacted_parts_are_replaced_by_a_note_and_nowhere_in_the_file() {
    for (name, municipality, mark, basis) in
        [("plan-snapshot/full-ip.json", "9901", "[Skjermet]", "Hjemmel"), ("plan-snapshot/nynorsk-ip.json", "9902", "[Skjerma]", "Heimel")]
    {
        let house = House::new();
        archived(&house, name);
        let document = sample(name);
        let folder = format!("{municipality}/2026/000001");
        let before = house.archive_tree();
        let logged = rows(&house, municipality).len();
        let elsewhere = tempfile::tempdir().unwrap();
        let out = elsewhere.path().join("skjermet.pdf");
        let answer = redact(&house, 0, &folder, &out, &["--withhold", "background,challenges,goals,measures,evaluations"]);
        assert_eq!(answer["variantformat"], "Dokument hvor deler av innholdet er skjermet", "{answer}");
        assert_eq!(house.archive_tree(), before, "the archive is as it was");
        let log = rows(&house, municipality);
        assert_eq!((log.len(), &log[logged]["action"]), (logged + 1, &json!("print")), "one row, before the copy is given out");
        let (Some(pdf), Some(bytes)) = (judged::paper(&out), judged::bytes_unpacked(&out)) else { continue };
        let is_pdf = |f: &std::path::PathBuf| f.extension().is_some_and(|x| x == "pdf");
        let original = files_below(&house.case_folders()[0]).into_iter().find(is_pdf).expect("the archived document");
        let whole = Pdf::read(&original).unwrap();
        let withheld = texts(&document, &["background", "challenges", "goals", "measures", "evaluations"]);
        let kept = texts(&document, &["subject_needs", "cooperation_needs"]);
        assert!(withheld.len() > 10 && !kept.is_empty(), "{name}: {withheld:?}");
        for text in &withheld {
            assert!(essence(&whole.text).contains(&essence(&text.chars().take(24).collect::<String>())), "the archived one has «{text}»");
            assert!(!is_in(&pdf, &bytes, text), "{name}: «{text}» is in the redacted copy");
        }
        for text in kept {
            assert!(is_in(&pdf, &bytes, &text), "{name}: «{text}» was not withheld\n{}", pdf.text);
        }
        // A note for each, with the basis; and what it is.
        let notes = pdf.text.matches(mark).count();
        let parts = answer["withheld"].as_array().unwrap().len();
        assert!(parts >= 4 && notes > parts, "{parts} parts, {notes} notes: {}", pdf.text);
        assert!(pdf.text.contains(basis) && essence(&pdf.text).contains(&essence("Dokument hvor deler av innholdet er skjermet")));
        let own = document["case"]["screening_basis"].as_str().unwrap();
        assert!(essence(&pdf.text).matches(&essence(own)).count() > parts, "the basis stands at each: {}", pdf.text);
    }
}

#[test]
fn row_23_redacted_for_a_role_leaves_what_the_role_may_see() {
    let house = House::new();
    archived(&house, "plan-snapshot/full-ip.json");
    let document = sample("plan-snapshot/full-ip.json");
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = "9901/2026/000001";
    let goals = elsewhere.path().join("mal.pdf");
    let answer = redact(&house, 0, folder, &goals, &["--view", "participant", "--scope", "goals,plan"]);
    let withheld: Vec<&str> = answer["withheld"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert!(withheld.contains(&"background") && withheld.contains(&"evaluations") && !withheld.contains(&"goals"), "{answer}");
    if let (Some(pdf), Some(bytes)) = (judged::paper(&goals), judged::bytes_unpacked(&goals)) {
        for text in texts(&document, &["background", "subject_needs", "evaluations"]) {
            assert!(!is_in(&pdf, &bytes, &text), "«{text}»");
        }
        for text in texts(&document, &["cooperation_needs"]) {
            assert!(is_in(&pdf, &bytes, &text), "«{text}»");
        }
    }
    // The lead sees all: nothing to withhold. A part that is none, a document that is none, a file that is there.
    assert_eq!(redact(&house, 5, folder, &elsewhere.path().join("a.pdf"), &["--view", "plan_lead"])["code"], "part_unknown");
    assert_eq!(redact(&house, 5, folder, &elsewhere.path().join("b.pdf"), &["--withhold", "diagnosis"])["code"], "part_unknown");
    assert_eq!(redact(&house, 4, "9901/2026/000999", &elsewhere.path().join("c.pdf"), &["--withhold", "goals"])["code"], "not_found");
    assert_eq!(redact(&house, 5, folder, &goals, &["--withhold", "goals"])["code"], "out_exists");
    let unasked = ["case", "redact", folder, "--document", "1", "-o", "x.pdf", "--withhold", "goals"];
    assert_eq!(house.ask(7, unasked)["code"], "not_authorised", "nobody without a role");
}

#[test]
fn row_23_redacted_copies_are_made_of_every_kind_of_document() {
    // Each special part of each kind, one at a time: the page without it is still a sound page.
    let house = House::new();
    let elsewhere = tempfile::tempdir().unwrap();
    for (n, (name, parts)) in [
        ("meeting-minutes/full.json", "items,actions,comments"),
        ("iop-annual-report/full.json", "provided_overview,goal_assessments,guardian_view"),
        ("meeting-invitation/full.json", "agenda,preparation"),
        ("evaluation-report/nynorsk.json", "assessment,goal"),
        ("message-log/nynorsk.json", "messages"),
        ("plan-snapshot/full-iop.json", "goals,subjects,needs"),
        ("plan-snapshot/nynorsk-sl.json", "concern,measures,key_facts"),
        ("closing-note/full.json", "reason,goals_status"),
    ]
    .into_iter()
    .enumerate()
    {
        let row = house.ask(0, ["submit".as_ref(), samples_folder().join(name).as_os_str(), "--wait".as_ref()])["documents"][0].clone();
        let folder = row["case_folder"].as_str().unwrap().to_owned();
        let shown = house.ask(0, ["case", "show", &folder]);
        let no = shown["documents"].as_array().unwrap().iter().find(|d| d["document_id"] == row["document_id"]).unwrap()["no"].to_string();
        let out = elsewhere.path().join(format!("{n}.pdf"));
        let asked = ["case", "redact", &folder, "--document", &no, "--withhold", parts, "-o", out.to_str().unwrap(), "--as", "plan_lead"];
        let answer = house.ask(0, [&asked[..], &["--reason", "access_request"]].concat());
        assert_eq!(answer["withheld"].as_array().unwrap().len(), parts.split(',').count(), "{name}: {answer}");
        if let Some(pdf) = judged::paper(&out) {
            assert!(pdf.text.contains("[Skjerm"), "{name}: {}", pdf.text);
        }
    }
}

#[test]
fn row_23_redacted_copies_lie_beside_the_archive_copy_once() {
    for (name, note, municipality, words) in [
        ("plan-snapshot/full-ip.json", "closing-note/full.json", "9901", "Skjermet kopi 1"),
        ("plan-snapshot/nynorsk-ip.json", "closing-note/nynorsk.json", "9902", "Skjerma kopi 1"),
    ] {
        let house = House::new();
        archived(&house, name);
        let folder = format!("{municipality}/2026/000001");
        let elsewhere = tempfile::tempdir().unwrap();
        let ask = |code: i32, more: &[&str]| {
            let asked = ["case", "redact", &folder, "--document", "1", "--archive", "--reason", "access_request"];
            house.ask(code, [&asked[..], more].concat())
        };
        let parts = ["--withhold", "background,challenges,goals"];
        let lead = ["--as", "plan_lead"];
        let before = house.archive_tree();
        // Whoever may not order archiving gets nothing into the archive, and it is logged.
        assert_eq!(ask(7, &[&parts[..], &["--as", "subject", "--fact", "age_16"]].concat())["code"], "not_authorised");
        assert_eq!(house.archive_tree(), before);
        let out = elsewhere.path().join("ut.pdf");
        let made = ask(0, &[&parts[..], &lead, &["-o", out.to_str().unwrap()]].concat());
        let kept = &made["archived"];
        assert_eq!((&kept["answer"], &kept["folder_version"]), (&json!("written"), &json!(2)), "{made}");
        let log: Vec<(Value, Value)> = rows(&house, municipality).iter().map(|r| (r["action"].clone(), r["denied"].clone())).collect();
        let logged = |action: &str, denied: Value| (json!(action), denied);
        assert_eq!(log, [logged("order_archiving", json!("not_in_role")), logged("print", Value::Null)]);
        // What was there is as it was; what was given out is what lies there.
        let after = house.archive_tree();
        let first = |path: &str| path.contains("/v1/");
        let unchanged: Vec<_> = before.iter().filter(|(path, _)| first(path)).collect();
        assert!(!unchanged.is_empty() && unchanged.iter().all(|(path, digest)| after.get(*path) == Some(*digest)));
        let copy = house.case_folders()[0].join(kept["pdf"].as_str().unwrap());
        assert_eq!(fs::read(&copy).unwrap(), fs::read(&out).unwrap());
        // Asked for again, in another order and on another day: nothing is written, and the same copy is given out.
        let again = elsewhere.path().join("igjen.pdf");
        let parts_again = ["--withhold", "goals,background,challenges"];
        let known = ask(0, &[&parts_again[..], &lead, &["-o", again.to_str().unwrap()]].concat());
        assert_eq!((&known["archived"]["answer"], house.archive_tree()), (&json!("already_there"), after));
        assert_eq!(fs::read(&again).unwrap(), fs::read(&out).unwrap());

        // Described as Noark says, in XML that the schemas take; and seen by whoever looks.
        let xml = in_folder::registration(&house, 1);
        assert_eq!(element(&xml, "variantformat"), ["Arkivformat", "Dokument hvor deler av innholdet er skjermet"]);
        assert_eq!(element(&xml, "skjermingDokument")[..2], ["Skjerming av deler av dokumentet"; 2]);
        assert_eq!(element(&xml, "sjekksum")[1], kept["sha256"].as_str().unwrap());
        assert_eq!(in_folder::changes(&house, "skjermingDokument").len(), 2);
        assert!(in_folder::text(&house, "innhold.html").contains(words));
        assert_eq!(in_folder::documents(&house)[0]["redacted"].as_array().unwrap().len(), 1);
        in_folder::sound(&house);
        if let (Some(pdf), Some(bytes)) = (judged::paper(&copy), judged::bytes_unpacked(&copy)) {
            for text in texts(&sample(name), &["background", "challenges", "goals"]) {
                assert!(!is_in(&pdf, &bytes, &text), "«{text}» is in the kept copy");
            }
        }

        // A closed folder takes none, and says so; nothing is given out either.
        let closing = in_folder::of_the_plan(sample(note), &sample(name));
        let closing =
            in_folder::edited(closing, &[("/case/plan_status", json!("passive")), ("/occurred_at", json!("2026-11-23T08:59:00+01:00"))]);
        in_folder::submitted(&house, 0, &closing);
        let closed = house.archive_tree();
        let late = elsewhere.path().join("sent.pdf");
        let refused = ask(1, &["--withhold", "evaluations", "--as", "plan_lead", "-o", late.to_str().unwrap()]);
        assert_eq!((&refused["code"], late.exists()), (&json!("folder_closed"), false), "{refused}");
        assert_eq!(house.archive_tree(), closed);
        assert_eq!(rows(&house, municipality).last().unwrap()["denied"], "folder_closed");
    }
}
