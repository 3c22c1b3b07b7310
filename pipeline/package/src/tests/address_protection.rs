//! Strictly confidential: no unit, school or place in any metadata.

use serde_json::{Value, json};

use super::support::{Folder, iop_plan, ip_plan, minutes, samples, with};

fn protected(document: Value) -> Value {
    with(document, "/case/address_protection", json!("strictly_confidential"))
}

/// Everything but the source and the PDF itself.
fn check(folder: &Folder, places: &[&str]) {
    for (path, bytes) in &folder.current {
        if !path.as_str().starts_with("kilde/") && !path.as_str().starts_with("dokumenter/") {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            for place in places {
                assert!(!text.contains(place), "{place} in {path}");
            }
        }
    }
}

#[test]
fn no_places_in_the_metadata() {
    let folder = Folder::of([protected(ip_plan(1)), protected(minutes(2))]);
    check(&folder, &["Prøveteamet", "Prøvebakken", "Møterom"]);
    assert!(folder.text("metadata/mappe.xml").contains("<administrativEnhet>Skjermet enhet</administrativEnhet>"));
    assert_eq!(folder.text("metadata/02.xml").matches("<administrativEnhet>").count(), 1, "on the folder only");
    check(&Folder::of([protected(iop_plan(1))]), &["Prøveteamet", "Prøvebakken"]);
}

#[test]
fn protection_that_comes_later_clears_the_log_too() {
    let moved = with(minutes(2), "/case/lead_unit", json!("Testteamet"));
    let mut folder = Folder::of([ip_plan(1), moved]);
    assert!(folder.text("metadata/endringslogg.xml").contains("Testteamet"));
    folder.add(protected(ip_plan(3)));
    let log = folder.text("metadata/endringslogg.xml");
    assert!(!log.contains("Testteamet") && !log.contains("Prøveteamet"), "{log}");
    assert!(!folder.text("innhold.html").contains("teamet"));
    assert!(!folder.text("metadata/sak.json").contains("teamet"));
}

#[test]
fn a_late_document_from_before_the_protection_keeps_to_it() {
    let mut folder = Folder::of([protected(ip_plan(5))]);
    folder.add(minutes(2));
    check(&folder, &["Prøveteamet", "Prøvebakken"]);
}

#[test]
fn the_protected_samples() {
    for (name, document) in samples() {
        if document["case"]["address_protection"] == "strictly_confidential" {
            let places: Vec<&str> = ["unit_name", "lead_unit"].iter().filter_map(|k| document["case"][*k].as_str()).collect();
            assert!(!places.is_empty(), "{name}");
            check(&Folder::of([document.clone()]), &places);
        }
    }
}
