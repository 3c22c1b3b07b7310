//! What a house's only case folder holds, and what must hold of everything that came of a story.

use std::{
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, Letter, Pdf, files_below};
use serde_json::{Value, json};

use crate::judged;

/// Hands a document in at the time of most stories, and lets it be archived. Its line of the answer.
#[track_caller]
pub fn submitted(house: &House, code: i32, document: &Value) -> Value {
    let run = house.feed(["submit", "-", "--wait", "--json"], document.to_string().as_bytes()).expect(code);
    run.json()["documents"][0].clone()
}

/// A document with other values at some places; `null` takes the field away.
pub fn edited(mut document: Value, edits: &[(&str, Value)]) -> Value {
    for (pointer, value) in edits {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = value.clone(),
            Value::Object(map) if value.is_null() => drop(map.remove(field)),
            Value::Object(map) => drop(map.insert((*field).to_owned(), value.clone())),
            _ => panic!("{pointer}"),
        }
    }
    document
}

/// A document of another plan, with the case of that plan.
pub fn of_the_plan(document: Value, plan: &Value) -> Value {
    edited(document, &[("/case", plan["case"].clone()), ("/source/system", plan["source"]["system"].clone())])
}

/// A document that happened, was taken and was written at this instant.
pub fn happened(document: Value, at: &str) -> Value {
    edited(document, &[("/occurred_at", json!(at)), ("/content/snapshot_at", json!(at)), ("/content/produced_at", json!(at))])
}

/// Its documents by number.
#[track_caller]
pub fn documents(house: &House) -> Vec<Value> {
    let list = house.ask(0, ["case", "list"]);
    let [folder] = &list["folders"].as_array().unwrap()[..] else { panic!("one case folder: {list}") };
    house.ask(0, ["case", "show", folder["case_folder"].as_str().unwrap()])["documents"].as_array().unwrap().clone()
}

/// The kinds of its documents by number.
pub fn kinds(house: &House) -> Vec<String> {
    documents(house).iter().map(|d| d["kind"].as_str().unwrap().to_owned()).collect()
}

/// Where the paper of document `no` lies.
pub fn paper(house: &House, no: usize) -> PathBuf {
    house.case_folders()[0].join(documents(house)[no - 1]["pdf"].as_str().unwrap())
}

/// Where a file of the newest version lies.
pub fn current(case: &Path, logical: &str) -> PathBuf {
    let inventory: Value = serde_json::from_slice(&fs::read(case.join("inventory.json")).unwrap()).unwrap();
    let state = &inventory["versions"][inventory["head"].as_str().unwrap()]["state"];
    let digest = state.as_object().unwrap().iter().find(|(_, paths)| paths.as_array().unwrap().iter().any(|p| p == logical));
    let (digest, _) = digest.unwrap_or_else(|| panic!("{logical} is not in the newest version"));
    case.join(inventory["manifest"][digest][0].as_str().unwrap())
}

/// A text file of the newest version: `metadata/01.xml`.
#[track_caller]
pub fn text(house: &House, logical: &str) -> String {
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    fs::read_to_string(current(case, logical)).unwrap()
}

/// The registration of document `no`, with all that stands above it.
pub fn registration(house: &House, no: usize) -> String {
    text(house, &format!("metadata/{no:02}.xml"))
}

/// `systemID` of a registration.
pub fn system_id(registration: &str) -> &str {
    let own = registration.split("<registrering ").nth(1).expect("a registration");
    element(own, "systemID")[0]
}

/// The texts of all elements of a name.
pub fn element<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    xml.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap()).collect()
}

/// What the change log says of a field: old and new values, oldest first.
pub fn changes(house: &House, field: &str) -> Vec<(String, String)> {
    let log = text(house, "metadata/endringslogg.xml");
    let of_field = log.split("<endring>").skip(1).filter(|e| element(e, "referanseMetadata") == [field]);
    of_field.map(|e| (element(e, "tidligereVerdi")[0].to_owned(), element(e, "nyVerdi")[0].to_owned())).collect()
}

/// Everything that came of a story is as it must be: XML by the official schemas, every paper PDF/A-2a and PDF/UA-1, no job or
/// document failed, the access log whole, no mail that says anything. The mails.
#[track_caller]
pub fn sound(house: &House) -> Vec<Letter> {
    judged::folders(house);
    for case in house.case_folders() {
        for pdf in files_below(&case).iter().filter(|f| f.extension().is_some_and(|x| x == "pdf")) {
            drop::<Option<Pdf>>(judged::paper(pdf));
        }
    }
    for state in ["dead", "running"] {
        let jobs = house.run_now(["jobs", "list", "--state", state, "--json"]).expect(0).json();
        assert_eq!(jobs["jobs"], json!([]), "{jobs}");
    }
    house.ask(0, ["access", "log", "verify"]);
    house.neutral_letters()
}

/// Everybody who was told of a kind of news, or is told of it on paper.
pub fn told(house: &House, kind: &str) -> Vec<String> {
    house.told(kind).into_iter().map(|(who, _)| who).collect()
}
