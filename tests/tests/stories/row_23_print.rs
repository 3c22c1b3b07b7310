//! Row 23: a print of a chosen set of parts in the requester's own view, as one PDF; a row in the access log before it is given out; the
//! archive is never touched.

use std::{fs, path::Path, path::PathBuf};

use arkivflyt_tests::{House, Pdf, Run, Tree, essence, samples_folder, tree};
use serde_json::{Value, json};

use crate::{access_rows::rows, judged};

const NB: &str = "9901/2026/000001";
const NN: &str = "9902/2026/000001";
const ACTOR: &str = "00000000-0000-4000-8000-00000000000a";
/// In both written forms.
const WATERMARK: [&str; 2] = ["Utskrift – ikke arkivkopi", "Utskrift – ikkje arkivkopi"];

/// A plan with minutes and its consent, in each written form.
fn house() -> House {
    let house = House::new();
    for name in [
        "plan-snapshot/full-ip.json",
        "meeting-minutes/full.json",
        "consent-record/full.json",
        "plan-snapshot/nynorsk-ip.json",
        "meeting-minutes/nynorsk.json",
    ] {
        house.ask(0, ["submit".as_ref(), samples_folder().join(name).as_os_str(), "--wait".as_ref()]);
    }
    house
}

/// Where prints go, and how they are asked for.
struct Desk {
    house: House,
    place: tempfile::TempDir,
    archive: Tree,
}

impl Desk {
    fn new() -> Self {
        let house = house();
        let archive = tree(&house.at("arkivlager"));
        Self { house, place: tempfile::tempdir().unwrap(), archive }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.place.path().join(format!("{name}.pdf"))
    }

    /// A print by the plan's lead, for a meeting.
    fn print(&self, code: i32, name: &str, folder: &str, more: &[&str]) -> Value {
        self.asked(code, name, folder, "plan_lead", more)
    }

    fn asked(&self, code: i32, name: &str, folder: &str, role: &str, more: &[&str]) -> Value {
        let out = self.out(name);
        let asked = ["print", "--case", folder, "-o", out.to_str().unwrap(), "--actor", ACTOR, "--reason", "meeting", "--as", role];
        let answer = self.house.ask(code, [&asked[..], more].concat());
        assert_eq!(out.exists(), code == 0, "a PDF is there when the answer is yes: {answer}");
        assert_eq!(tree(&self.house.at("arkivlager")), self.archive, "the archive is as it was");
        answer
    }

    fn denied(&self, role: &str, more: &[&str], reason: &str) {
        let before = rows(&self.house, "9901").len();
        let answer = self.asked(7, "denied", NB, role, more);
        assert_eq!(answer["code"], "not_authorised", "{answer}");
        assert!(answer["detail"].as_str().unwrap().starts_with(&format!("{reason}: ")), "{answer}");
        let rows = rows(&self.house, "9901");
        assert_eq!(rows.len(), before + 1, "a denied attempt is a row too");
        let row = rows.last().unwrap();
        assert_eq!((&row["role"], &row["action"], &row["denied"]), (&json!(role), &json!("print"), &json!(reason)), "{row}");
    }
}

fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap()
}

/// The beginning of a text of a sample, as it is looked for.
fn text_of(sample: &Value, pointer: &str) -> String {
    essence(&sample.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).as_str().unwrap().chars().take(50).collect::<String>())
}

/// No address and no national id of anybody in a document, however it is spaced.
fn names_no_contact(pdf: &Pdf, document: &Value) {
    let mut found = Vec::new();
    fn secrets(value: &Value, key: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(k, v)| secrets(v, k, found)),
            Value::Array(items) => items.iter().for_each(|v| secrets(v, key, found)),
            Value::String(s) if key == "email" || key.ends_with("national_id") => found.push(s.clone()),
            _ => {}
        }
    }
    secrets(document, "", &mut found);
    assert!(found.len() > 3, "the sample holds some");
    for secret in found {
        assert!(!essence(&pdf.text).contains(&essence(&secret)), "contact data or a national id is on the print");
    }
}

#[test]
fn row_23_print_chosen_parts_of_two_documents_as_one_pdf() {
    let desk = Desk::new();
    for (folder, form, plan, minutes, watermark, role, reason) in [
        (NB, "nb", "plan-snapshot/full-ip.json", "meeting-minutes/full.json", WATERMARK[0], "Planansvarlig", "Til et møte"),
        (NN, "nn", "plan-snapshot/nynorsk-ip.json", "meeting-minutes/nynorsk.json", WATERMARK[1], "Planansvarleg", "Til eit møte"),
    ] {
        let parts = ["--document", "1", "--document", "2", "--parts", "goals,measures,participants,present,items", "--include-sensitive"];
        let answer = desk.print(0, form, folder, &parts);
        assert_eq!(answer["schema"], "arkivflyt.print/1");
        assert_eq!(answer["documents"][0]["parts"], json!(["goals", "measures", "participants"]), "{answer}");
        assert_eq!(answer["documents"][1]["parts"], json!(["present", "items"]), "{answer}");
        assert!(answer["obligations"].to_string().contains("watermark"), "{answer}");
        // A row for each document, in the folder's log.
        let rows = rows(&desk.house, &folder[..4]);
        assert_eq!(rows.len(), 2, "{rows:?}");
        for (row, document) in rows.iter().zip(answer["documents"].as_array().unwrap()) {
            assert_eq!((&row["action"], &row["role"], &row["reason"]), (&json!("print"), &json!("plan_lead"), &json!("meeting")), "{row}");
            assert_eq!((&row["actor"], &row["folder"]), (&json!(ACTOR), &json!(folder)), "{row}");
            assert_eq!(row["document"]["id"], document["document_id"], "{row}");
        }
        let Some(pdf) = judged::paper(&desk.out(form)) else { return };
        let pages: Vec<&str> = pdf.text.trim_end_matches('\u{c}').split('\u{c}').collect();
        assert_eq!(pages.len() as u64, answer["pages"].as_u64().unwrap());
        for page in &pages {
            assert!(page.contains(watermark), "a page does not say what it is:\n{page}");
            assert!(page.contains(answer["print_id"].as_str().unwrap()), "{page}");
        }
        for expected in [role, reason, ACTOR, "23. november 2026 kl. 09.00", "SYNTETISKE DATA"] {
            assert!(essence(pages[0]).contains(&essence(expected)), "«{expected}» is not on the first page:\n{}", pages[0]);
        }
        let (plan, minutes) = (sample(plan), sample(minutes));
        let text = essence(&pdf.text);
        for there in [
            text_of(&plan, "/content/goals/0/main_goal"),
            text_of(&plan, "/content/measures/0/text"),
            text_of(&minutes, "/content/items/0/discussion"),
        ] {
            assert!(text.contains(&there), "{there}");
        }
        for not_chosen in [
            text_of(&plan, "/content/background"),
            text_of(&plan, "/content/cooperation_needs"),
            text_of(&plan, "/content/consent_summary"),
            text_of(&plan, "/content/evaluations/0/effect"),
            text_of(&minutes, "/content/actions/0/what"),
        ] {
            assert!(!text.contains(&not_chosen), "{not_chosen} was not chosen");
        }
        names_no_contact(&pdf, &plan);
        names_no_contact(&pdf, &minutes);
        // What is drawn over the page is not read: the words stand in header and footer, and once in the text.
        let watermark_count = pdf.text.matches(watermark).count();
        assert!(watermark_count <= 2 * pages.len() + 1, "{watermark_count} times on {} pages", pages.len());
    }
}

#[test]
fn row_23_print_is_the_newest_plan_without_special_categories_when_nothing_is_said() {
    let desk = Desk::new();
    let answer = desk.print(0, "plain", NB, &[]);
    let [document] = &answer["documents"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!((&document["kind"], &document["no"]), (&json!("plan_snapshot"), &json!(1)));
    for special in ["background", "resources", "challenges", "goals", "measures", "evaluations", "linked_plans", "subject_needs"] {
        assert!(document["left_out"].as_array().unwrap().contains(&json!(special)), "{answer}");
    }
    let Some(pdf) = judged::paper(&desk.out("plain")) else { return };
    let plan = sample("plan-snapshot/full-ip.json");
    for special in ["/content/background", "/content/goals/0/main_goal", "/content/measures/0/text", "/content/evaluations/0/effect"] {
        assert!(!essence(&pdf.text).contains(&text_of(&plan, special)), "{special}");
    }
    assert!(essence(&pdf.text).contains(&text_of(&plan, "/content/cooperation_needs")));
    // Asked for by name and not allowed by word: refused, so that nobody wonders where it went.
    assert_eq!(desk.print(5, "a", NB, &["--parts", "goals,participants"])["code"], "part_sensitive");
    assert_eq!(desk.print(5, "b", NB, &["--parts", "diagnosis"])["code"], "part_unknown");
    assert_eq!(desk.print(4, "c", NB, &["--document", "99"])["code"], "not_found");
    assert_eq!(desk.print(4, "d", "9901/2026/000999", &[])["code"], "not_found");
    let list = desk.house.ask(0, ["print", "--list-parts"]);
    let parts = list["parts"].as_array().unwrap();
    let is = |part: &Value, kind: &str, id: &str| part["kind"] == kind && part["part"] == id;
    assert!(parts.iter().any(|p| is(p, "plan_snapshot", "background") && p["sensitive"] == true && p["plan_type"] == "ip"), "{list}");
    assert!(parts.iter().any(|p| is(p, "meeting_minutes", "present") && p["sensitive"] == false), "{list}");
}

#[test]
fn row_23_print_shows_each_reader_their_own_view() {
    let desk = Desk::new();
    // A participant sees what the consent gives, and nothing without it.
    desk.denied("participant", &[], "outside_scope");
    desk.denied("participant", &["--scope", "plan", "--parts", "background", "--include-sensitive"], "outside_scope");
    let answer = desk.asked(0, "participant", NB, "participant", &["--scope", "goals", "--include-sensitive"]);
    assert_eq!(answer["documents"][0]["parts"], json!(["goals", "measures"]), "{answer}");
    assert_eq!(answer["documents"][0]["left_out"], json!([]), "what they may not see is not named either: {answer}");
    // The consent is no part of anybody's scope.
    desk.denied("participant", &["--scope", "plan,goals", "--document", "3"], "outside_scope");
    // A part that is held back from a guardian is not on the print, and not among what might have been chosen.
    let answer = desk.asked(0, "guardian", NB, "guardian", &["--withheld", "background", "--include-sensitive"]);
    let seen = answer["documents"][0].to_string();
    assert!(!seen.contains("\"background\"") && seen.contains("\"resources\""), "{answer}");
    desk.denied("guardian", &["--withheld", "background", "--parts", "background", "--include-sensitive"], "withheld");
    if let Some(pdf) = judged::paper(&desk.out("guardian")) {
        let plan = sample("plan-snapshot/full-ip.json");
        assert!(!essence(&pdf.text).contains(&text_of(&plan, "/content/background")), "{}", pdf.text);
        assert!(essence(&pdf.text).contains(&text_of(&plan, "/content/resources")), "{}", pdf.text);
    }
    // Roles that print nothing, and nobody without a role or a reason.
    desk.denied("archivist", &[], "not_in_role");
    desk.denied("pipeline", &[], "not_in_role");
    let bare = |more: &[&str]| {
        let out = desk.out("bare");
        let run: Run = desk.house.run([&["print", "--case", NB, "-o", out.to_str().unwrap(), "--json"], more].concat()).expect(7);
        assert!(!out.exists());
        run.json()["detail"].as_str().unwrap().to_owned()
    };
    assert!(bare(&[]).contains("plan_lead"), "it is said who may");
    assert!(bare(&["--as", "plan_lead"]).starts_with("reason_missing"));
}

#[test]
fn row_23_print_ends_with_the_consent() {
    let desk = Desk::new();
    desk.print(0, "before", NB, &[]);
    let withdrawn = samples_folder().join("consent-record/withdrawn.json");
    desk.house.ask(0, ["submit".as_ref(), withdrawn.as_os_str(), "--wait".as_ref()]);
    let desk = Desk { archive: tree(&desk.house.at("arkivlager")), ..desk };
    desk.denied("plan_lead", &[], "consent_withdrawn");
    desk.denied("participant", &["--scope", "plan"], "consent_withdrawn");
    // The subject's own side still gets its copy.
    desk.asked(0, "own", NB, "guardian", &[]);
}

#[test]
fn row_23_print_tells_no_place_that_was_hidden_later() {
    let house = House::new();
    let plan = sample("plan-snapshot/full-ip.json");
    house.feed(["submit", "-", "--wait"], plan.to_string().as_bytes()).expect(0);
    let mut hidden = plan.clone();
    hidden["id"] = json!("33333333-3333-4333-8333-333333333333");
    hidden["occurred_at"] = json!("2026-11-20T10:00:00+01:00");
    hidden["content"]["snapshot_at"] = json!("2026-11-20T10:00:00+01:00");
    hidden["case"]["address_protection"] = json!("strictly_confidential");
    house.feed(["submit", "-", "--wait"], hidden.to_string().as_bytes()).expect(0);
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("old.pdf");
    let asked = ["print", "--case", NB, "--document", "1", "--as", "plan_lead", "--actor", ACTOR, "--reason", "meeting"];
    let answer = house.ask(0, [&asked[..], &["--parts", "key_facts,participants", "-o", out.to_str().unwrap()]].concat());
    assert!(answer["obligations"].to_string().contains("leave_out_places"), "{answer}");
    let Some(pdf) = judged::paper(&out) else { return };
    for place in ["Prøvebakken skole", "Skolehelsetjenesten", "Prøveteamet"] {
        assert!(!pdf.text.contains(place), "«{place}» was told before it was hidden, and is told again:\n{}", pdf.text);
    }
    assert!(pdf.text.contains("Stille Lyngmo"), "people are still there");
}

#[test]
fn row_23_print_goes_to_a_neutral_file_over_nothing_and_not_without_its_row() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let place = tempfile::tempdir().unwrap();
    let here = |code: i32, more: &[&str]| {
        let mut command = desk
            .house
            .frozen([&["print", "--case", NB, "--as", "plan_lead", "--actor", ACTOR, "--reason", "meeting", "--json"], more].concat());
        let out = command.current_dir(place.path()).output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let answer = here(0, &[]);
    let name = format!("utskrift-{}.pdf", answer["print_id"].as_str().unwrap());
    let file = place.path().join(&name);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = fs::read(&file).unwrap();
    assert_eq!(answer["sha256"], arkivflyt_tests::digest(&first));
    // The same order at the same instant is the same print; it is not written over itself.
    assert_eq!(here(5, &[])["code"], "out_exists");
    fs::rename(&file, place.path().join("first.pdf")).unwrap();
    here(0, &[]);
    assert!(fs::read(&file).unwrap() == first, "the same bytes twice");
    let inside = desk.house.at("arkivlager/a.pdf");
    assert_eq!(here(5, &["-o", inside.to_str().unwrap()])["code"], "out_in_archive");
    let beside: Vec<_> = fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "nothing half-done is left: {beside:?}");
}

#[test]
fn row_23_print_is_not_given_out_when_its_row_cannot_be_written() {
    let desk = Desk::new();
    // Where the log of the municipality should be, there is a file.
    let log = desk.house.at("access/9901");
    if log.exists() {
        fs::remove_dir_all(&log).unwrap();
    }
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    fs::write(&log, "in the way").unwrap();
    let out = desk.out("none");
    let asked = ["print", "--case", NB, "--as", "plan_lead", "--actor", ACTOR, "--reason", "meeting", "-o", out.to_str().unwrap()];
    let run = desk.house.run(asked);
    assert_ne!(run.code(), 0, "{run}");
    assert!(!out.exists() && run.stdout.is_empty(), "{run}");
    assert!(run.stderr.contains("access_log_unwritable"), "{run}");
}

#[test]
fn row_23_print_of_a_document_from_a_file() {
    let desk = Desk::new();
    for (name, folder, form, watermark) in
        [("evaluation-report/full.json", NB, "nn", WATERMARK[1]), ("plan-snapshot/nynorsk-sl.json", "", "nb", WATERMARK[0])]
    {
        let file = samples_folder().join(name);
        let out = desk.out(form);
        let asked = ["print", file.to_str().unwrap(), "--as", "plan_lead", "--actor", ACTOR, "--reason", "own_copy"];
        let more = ["--include-sensitive", "--written-form", form, "-o", out.to_str().unwrap()];
        let answer = desk.house.ask(0, [&asked[..], &more].concat());
        let json = sample(name);
        assert_eq!(answer["documents"][0]["document_id"], json["id"]);
        let number = json["case"]["municipality_number"].as_str().unwrap();
        let row = rows(&desk.house, number).pop().unwrap();
        // A plan with a folder is named by it, another by itself.
        let about = if folder.is_empty() { (&row["plan"], &json["case"]["plan_id"]) } else { (&row["folder"], &json!(folder)) };
        assert_eq!(about.0, about.1, "{row}");
        let Some(pdf) = judged::paper(&out) else { return };
        assert!(pdf.text.contains(watermark), "{}", pdf.text);
    }
    let broken = samples_folder().join("plan-snapshot/broken/text_empty.json");
    let out = desk.out("broken");
    let asked = ["print", broken.to_str().unwrap(), "--as", "plan_lead", "--actor", ACTOR, "--reason", "own_copy"];
    desk.house.ask(5, [&asked[..], &["-o", out.to_str().unwrap()]].concat());
    assert!(!Path::new(&out).exists());
}
