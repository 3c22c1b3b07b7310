//! `demo`: the whole journey, and nothing twice.

use std::collections::BTreeSet;

use arkivflyt_tests::{House, good_samples, left_closed, tree};
use serde_json::Value;

#[test]
fn every_sample_is_archived_and_a_second_run_does_nothing() {
    let house = House::bare();
    let first = house.ask(0, ["demo"]);
    let samples = good_samples();
    let names: BTreeSet<&str> = samples.iter().map(|s| s.name.as_str()).collect();
    let rows = first["documents"].as_array().unwrap();
    assert_eq!(rows.iter().map(|r| r["sample"].as_str().unwrap()).collect::<BTreeSet<_>>(), names);
    for row in rows {
        assert!(["archived", "notified"].contains(&row["state"].as_str().unwrap()), "{row}");
        let pdf = std::fs::read(row["pdf"].as_str().unwrap()).unwrap_or_else(|e| panic!("{row}: {e}"));
        assert!(pdf.starts_with(b"%PDF-1."), "{row}");
        assert!(row["code"].is_null(), "{row}");
    }
    assert_eq!(first["new"].as_u64().unwrap(), samples.len() as u64);
    assert_eq!(first["archived"].as_u64().unwrap() as usize, samples.len() + left_closed());
    assert!(first["mails"]["sent"].as_u64().unwrap() > 0, "{first}");

    let (archive, mail) = (house.archive_tree(), tree(&house.at("mail")));
    assert!(archive.len() > samples.len() * 3 && !mail.is_empty());
    let second = house.ask(0, ["demo"]);
    assert_eq!(
        (second["new"].as_u64(), second["archived"].as_u64(), second["mails"]["sent"].as_u64()),
        (Some(0), Some(0), Some(0)),
        "{second}"
    );
    let without_state = |rows: &Value| {
        rows.as_array().unwrap().iter().map(|r| (r["sample"].clone(), r["pdf"].clone(), r["mails"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(without_state(&second["documents"]), without_state(&first["documents"]));
    assert_eq!(house.archive_tree(), archive, "the archive is as it was");
    assert_eq!(tree(&house.at("mail")), mail, "no mail came");

    let told = house.run(["demo", "--lang", "en"]).expect(0);
    assert!(told.text().contains("Nothing was archived twice."), "{told}");
    assert!(told.text().contains("innhold.html"), "{told}");
    let whole = house.ask(0, ["verify"]);
    assert_eq!((whole["valid"].as_bool(), whole["errors"].as_u64()), (Some(true), Some(0)), "{whole}");
    assert_eq!(whole["objects"].as_u64().unwrap() as usize, house.case_folders().len());
}
