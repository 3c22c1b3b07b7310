//! Row 24: a folder that is closed ends with the list of all that it holds, made by Arkivflyt itself, once.

use std::{fs, path::PathBuf};

use arkivflyt_tests::{House, digest, essence, samples_folder};
use serde_json::{Value, json};

use crate::{access_rows::rows, judged};

/// What a house's only case folder holds.
fn documents(house: &House) -> Vec<Value> {
    let list = house.ask(0, ["case", "list"]);
    let folder = list["folders"][0]["case_folder"].as_str().unwrap().to_owned();
    house.ask(0, ["case", "show", &folder])["documents"].as_array().unwrap().clone()
}

fn kinds(house: &House) -> Vec<String> {
    documents(house).iter().map(|d| d["kind"].as_str().unwrap().to_owned()).collect()
}

fn in_folder(house: &House, document: &Value) -> PathBuf {
    house.case_folders()[0].join(document["pdf"].as_str().unwrap())
}

fn source(house: &House, document: &Value) -> Value {
    let (version, _) = document["pdf"].as_str().unwrap().split_once("/content/").unwrap();
    let no = document["no"].as_u64().unwrap();
    let at = house.case_folders()[0].join(format!("{version}/content/kilde/{no:02}.json"));
    serde_json::from_slice(&fs::read(at).unwrap()).unwrap()
}

fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap()
}

/// A sample moved into the plan of another document, with other values at some places.
fn of_the_plan(name: &str, plan: &Value, edits: &[(&str, Value)]) -> Vec<u8> {
    let mut document = sample(name);
    document["case"] = plan["case"].clone();
    document["source"]["system"] = plan["source"]["system"].clone();
    document["written_form"] = plan["written_form"].clone();
    for (pointer, value) in edits {
        *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
    }
    document.to_string().into_bytes()
}

fn submit(house: &House, document: &[u8]) -> Value {
    house.feed(["submit", "-", "--wait", "--json"], document).expect(0).json()["documents"][0].clone()
}

#[test]
fn row_24_closing_ends_with_a_list_of_all_that_the_folder_holds() {
    for (form, title, heading) in [("full", "Innholdsliste", "Dokumenter i mappen"), ("nynorsk", "Innhaldsliste", "Dokument i mappa")] {
        let house = House::new();
        let note = sample(&format!("closing-note/{form}.json"));
        let active = [("/case/plan_status", json!("active")), ("/occurred_at", json!("2025-03-01T10:00:00Z"))];
        submit(&house, &of_the_plan("meeting-minutes/minimal.json", &note, &active));
        submit(&house, note.to_string().as_bytes());
        assert_eq!(kinds(&house), ["meeting_minutes", "closing_note", "folder_overview"]);
        let all = documents(&house);
        let overview = &all[2];
        let made = source(&house, overview);
        assert_eq!((made["source"]["system"].as_str(), made["content"]["version"].as_u64()), (Some("arkivflyt"), Some(1)), "{made}");
        let items = made["content"]["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "all but itself");
        for (item, document) in items.iter().zip(&all) {
            assert_eq!((&item["no"], &item["date"], &item["type"]), (&document["no"], &document["date"], &document["kind"]));
            assert_eq!(item["sha256"], digest(&fs::read(in_folder(&house, document)).unwrap()), "the PDF as it lies there");
            assert!(item["screening"].as_str().unwrap().contains("Offl."), "{item}");
        }
        judged::folders(&house);
        // Nobody is told of it, and asking again makes no other.
        let before = house.archive_tree();
        assert_eq!(house.ask(0, ["run-once"])["archived"], 0);
        assert_eq!(house.archive_tree(), before);
        let jobs = house.ask(0, ["jobs", "list"]);
        let open = jobs["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|j| j["kind"] == "overview" && !["done", "cancelled"].contains(&j["state"].as_str().unwrap()));
        assert_eq!(open.count(), 0, "{jobs}");
        let Some(pdf) = judged::paper(&in_folder(&house, overview)) else { continue };
        assert!(pdf.fact("Title").starts_with(title), "{}", pdf.info);
        let text = essence(&pdf.text);
        for item in items {
            for expected in [item["title"].as_str().unwrap(), item["sha256"].as_str().unwrap(), heading] {
                assert!(text.contains(&essence(expected)), "no {expected} in {}", pdf.text);
            }
        }
    }
}

#[test]
fn row_24_closing_again_gives_a_new_version_and_what_comes_late_too() {
    let house = House::new();
    let note = sample("closing-note/full.json");
    submit(&house, note.to_string().as_bytes());
    submit(&house, sample("reopening-note/full.json").to_string().as_bytes());
    assert_eq!(kinds(&house), ["closing_note", "folder_overview", "reopening_note"]);
    let again = [
        ("/id", json!("5d8b6f3e-5a51-4b60-9a39-0c1f5ce0a001")),
        ("/occurred_at", json!("2026-11-20T12:00:00+01:00")),
        ("/content/closed_at", json!("2026-11-20T12:00:00+01:00")),
        ("/content/snapshot_at", json!("2026-11-20T12:00:00+01:00")),
        ("/content/produced_at", json!("2026-11-20T12:00:00+01:00")),
    ];
    submit(&house, &of_the_plan("closing-note/full.json", &note, &again));
    assert_eq!(kinds(&house)[3..], ["closing_note", "folder_overview"]);
    let second = source(&house, &documents(&house)[4]);
    assert_eq!((second["content"]["version"].as_u64(), second["content"]["items"].as_array().unwrap().len()), (Some(2), 4));
    assert_eq!(documents(&house)[1]["corrected_by"], 5, "the new version points to the old");
    // The log of the messages comes when the folder is closed already.
    let late = [("/occurred_at", json!("2026-11-20T12:00:00+01:00"))];
    submit(&house, &of_the_plan("message-log/minimal.json", &note, &late));
    assert_eq!(kinds(&house)[5..], ["message_log", "folder_overview"]);
    let third = source(&house, &documents(&house)[6]);
    assert_eq!((third["content"]["version"].as_u64(), third["content"]["items"].as_array().unwrap().len()), (Some(3), 6));
    judged::folders(&house);
}

#[test]
fn row_24_closing_waits_for_what_is_on_its_way() {
    let house = House::new();
    let note = sample("closing-note/full.json");
    // Handed in together: the list is made when all of it is there.
    let late = [("/occurred_at", note["occurred_at"].clone())];
    for document in [note.to_string().into_bytes(), of_the_plan("message-log/minimal.json", &note, &late)] {
        house.feed(["submit", "-"], &document).expect(0);
    }
    house.ask(0, ["run-once"]);
    assert_eq!(kinds(&house), ["closing_note", "message_log", "folder_overview"]);
    assert_eq!(source(&house, &documents(&house)[2])["content"]["items"].as_array().unwrap().len(), 2);
}

#[test]
fn an_overview_can_be_looked_at_at_any_time_and_changes_nothing() {
    let house = House::new();
    submit(&house, &fs::read(samples_folder().join("plan-snapshot/full-ip.json")).unwrap());
    let before = house.archive_tree();
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("innhold.pdf");
    let folder = house.ask(0, ["case", "list"])["folders"][0]["case_folder"].as_str().unwrap().to_owned();
    let look = |code: i32, more: &[&str]| house.ask(code, [&["case", "overview", &folder], more].concat());
    // Titles name people: nobody in particular sees them, and whoever does leaves a row.
    assert!(look(7, &[])["detail"].as_str().unwrap().contains("plan_lead"));
    assert!(look(7, &["--as", "participant"])["detail"].as_str().unwrap().starts_with("outside_scope: "));
    assert!(look(7, &["--as", "admin"])["detail"].as_str().unwrap().starts_with("reason_missing: "));
    assert!(!out.exists());
    let answer = look(0, &["--as", "archivist", "--reason", "archive_work", "-o", out.to_str().unwrap()]);
    assert_eq!((answer["documents"].as_u64(), house.archive_tree()), (Some(1), before));
    let listed = look(0, &["--as", "local_admin", "--reason", "supervision"]);
    assert_eq!(listed["items"][0]["type"], "plan_snapshot", "{listed}");
    assert_eq!(house.ask(4, ["case", "overview", "9901/2026/000999", "--as", "archivist"])["code"], "not_found");
    let told: Vec<_> = rows(&house, "9901").iter().map(|r| (r["action"].clone(), r["denied"].as_str().map(str::to_owned))).collect();
    let no = |reason: &str| (json!("read_plan"), Some(reason.to_owned()));
    let yes = |action: &str| (json!(action), None);
    assert_eq!(told, [no("outside_scope"), no("reason_missing"), yes("read_packages"), yes("read_plan")]);
    if let Some(pdf) = judged::paper(&out) {
        assert!(essence(&pdf.text).contains(&essence("Individuell plan")), "{}", pdf.text);
    }
}

#[test]
fn nobody_else_sends_an_overview() {
    let house = House::new();
    let mut document = sample("folder-overview/full.json");
    document["source"]["system"] = json!("samspill");
    let refused = house.feed(["submit", "-", "--json"], document.to_string().as_bytes()).expect(5).json();
    assert_eq!(refused["documents"][0]["problems"][0]["at"], "/source/system", "{refused}");
}
