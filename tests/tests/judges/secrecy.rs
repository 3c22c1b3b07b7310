//! Strictly confidential address: unit, school, service and place are in the data and on no paper, in no metadata.

use std::fs;

use arkivflyt_tests::{Pdf, essence, files_below};

use crate::documents;

#[test]
fn a_strictly_protected_person_cannot_be_found_from_the_folder() {
    let protected: Vec<_> = documents().into_iter().filter(|d| d.sample.name.contains("address-protected")).collect();
    assert!(protected.len() >= 2, "a plan and a transfer");
    protected.iter().for_each(cannot_be_found);
}

fn cannot_be_found(document: &crate::Archived) {
    let json = document.sample.json();
    assert_eq!(json["case"]["address_protection"], "strictly_confidential");
    let mut secrets: Vec<String> = ["unit_name", "lead_unit"].iter().filter_map(|k| json["case"][*k].as_str().map(str::to_owned)).collect();
    collect(&json["content"], &mut secrets);
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() >= 2, "{secrets:?}");
    let Some(pdf) = Pdf::read(&document.pdf) else { return };
    let case = document
        .registration
        .ancestors()
        .find(|p| p.join("inventory.json").is_file() && !p.file_name().unwrap().to_string_lossy().starts_with('v'))
        .unwrap();
    let mut places = vec![("paper".to_owned(), pdf.text.clone()), ("title".to_owned(), pdf.info.clone())];
    for file in files_below(case).into_iter().filter(|f| !f.to_string_lossy().contains("/kilde/") && !f.to_string_lossy().ends_with(".pdf"))
    {
        places.push((file.display().to_string(), fs::read_to_string(&file).unwrap()));
    }
    for secret in &secrets {
        for (place, text) in &places {
            assert!(!essence(text).contains(&essence(secret)), "«{secret}» is found in {place}");
        }
    }
    assert!(essence(&pdf.text).contains(&essence(json["case"]["subject_name"].as_str().unwrap())));
}

const PLACES: [&str; 9] = ["school", "service", "place", "class", "unit", "from_unit", "to_unit", "from_school", "to_school"];

/// Where somebody is: schools, services and places anywhere in the content.
fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(text) if PLACES.contains(&key.as_str()) => found.push(text.to_owned()),
                    _ => collect(value, found),
                }
            }
        }
        _ => {}
    }
}
