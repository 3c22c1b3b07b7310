//! Row 4: `status` and `overdue`. Those who lead plans, and those who oversee them, see how each plan stands.

use std::fs;

use arkivflyt_tests::{Happenings, House, On, good_samples, personal_values, sample_json, samples_folder, tree, working_house};
use serde_json::{Value, json};

const HALF_A_YEAR_LATER: &str = "2027-06-02T09:00:00+02:00";

fn archived(names: &[&str]) -> House {
    let house = House::new();
    for name in names {
        house.run(["submit", samples_folder().join(name).to_str().unwrap()]).expect(0);
    }
    house.run(["run-once"]).expect(0);
    house
}

/// The answer of a command at another time.
fn ask_at(house: &House, clock: &str, args: &[&str]) -> Value {
    let out = house.command(args).args(["--json", "--clock", clock]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn row_04_a_plan_is_overdue_after_190_days_and_not_before() {
    let house = archived(&["plan-snapshot/full-ip.json", "meeting-minutes/nynorsk.json"]);
    let plans = house.ask(0, ["status"])["plans"].as_array().unwrap().clone();
    assert_eq!(plans.len(), 2);
    assert!(plans.iter().all(|p| p["overdue"] == false && p["documents"] == 1 && p["failed"] == 0 && p["waiting"] == 0), "{plans:?}");
    assert_eq!(house.ask(0, ["overdue"])["plans"].as_array().unwrap().len(), 0);
    let late = ask_at(&house, HALF_A_YEAR_LATER, &["overdue"]);
    assert_eq!(late["plans"].as_array().unwrap().len(), 2, "one plan is old, of the other only minutes were archived: {late}");
    assert_eq!(ask_at(&house, HALF_A_YEAR_LATER, &["status", "--municipality", "9903"])["plans"].as_array().unwrap().len(), 0);
}

#[test]
fn row_04_a_document_that_waits_is_seen() {
    let house = House::new();
    house.run(["submit", samples_folder().join("plan-snapshot/full-ip.json").to_str().unwrap()]).expect(0);
    let plan = house.ask(0, ["status"])["plans"][0].clone();
    assert_eq!((plan["waiting"].as_u64(), plan["documents"].as_u64(), plan["last_archived"].is_null()), (Some(1), Some(0), true), "{plan}");
    assert!(house.run(["status", "--lang", "nn"]).expect(0).text().contains("aldri"));
}

#[test]
fn row_04_units_and_leads_are_summed_up_and_nobody_else_is_named() {
    let samples = ["plan-snapshot/full-ip.json", "plan-snapshot/full-es.json", "plan-snapshot/full-iop.json"];
    let house = archived(&samples);
    // The leads' names are shown to who states a role, and to nobody else.
    assert_eq!(house.ask(7, ["status", "--by", "lead"])["code"], "not_authorised");
    let by_lead = house.ask(0, ["status", "--by", "lead", "--as", "admin"]);
    let plans: u64 = by_lead["groups"].as_array().unwrap().iter().map(|g| g["plans"].as_u64().unwrap()).sum();
    assert_eq!(plans, 3);
    let names = by_lead.to_string();
    let plain = house.run(["status"]).expect(0).text() + &house.run(["status", "--json"]).expect(0).text();
    for sample in good_samples().into_iter().filter(|s| samples.contains(&s.name.as_str())) {
        let document = sample.json();
        assert!(names.contains(document["case"]["lead_name"].as_str().unwrap()));
        assert!(!names.contains(document["case"]["subject_name"].as_str().unwrap()));
        let unit = document["case"]["lead_unit"].as_str().unwrap();
        let of_unit = house.ask(0, ["status", "--unit", unit]);
        assert!(!of_unit["plans"].as_array().unwrap().is_empty(), "{unit}");
        for (value, origin) in personal_values(&[sample]) {
            assert!(!plain.contains(&value), "{origin} in the list of plans");
        }
    }
    assert_eq!(house.ask(0, ["status", "--unit", "Finnes ikke"])["plans"].as_array().unwrap().len(), 0);
    assert!(house.run(["status", "--by", "unit"]).expect(0).text().contains("Prøveteamet"));
}

#[test]
fn row_04_a_plan_that_was_changed_since_is_seen_until_it_is_archived() {
    const TAKEN: &str = "2026-11-23T09:00:00+01:00";
    const CHANGED: &str = "2026-11-25T12:00:00+01:00";
    for (sample, lang, head) in
        [("plan-snapshot/full-ip.json", "nb", "Endret siden"), ("plan-snapshot/nynorsk-ip.json", "nn", "Endra sidan")]
    {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 4);
        house.hears(TAKEN, &plan.event("plan.created", TAKEN, &json!({})));
        let mut snapshot = sample_json(sample);
        for at in ["/occurred_at", "/content/snapshot_at", "/content/produced_at"] {
            *snapshot.pointer_mut(at).unwrap() = json!(TAKEN);
        }
        house.hears(TAKEN, &snapshot);
        let status = |clock: &str| ask_at(&house, clock, &["status"])["plans"][0].clone();
        let before = status(TAKEN);
        assert_eq!((&before["changed"], &before["last_archived"]), (&json!(false), &json!(TAKEN)), "{before}");
        house.hears(CHANGED, &plan.event("plan.updated", CHANGED, &json!({ "parts": ["goals"] })));
        let after = status(CHANGED);
        assert_eq!((&after["changed"], &after["last_snapshot"]), (&json!(true), &json!(TAKEN)), "{after}");
        let words = house.command(["status", "--lang", lang, "--clock", CHANGED]).output().unwrap();
        assert!(String::from_utf8_lossy(&words.stdout).contains(head));
        // Nobody has archived it for 190 days since it was changed.
        assert_eq!(ask_at(&house, HALF_A_YEAR_LATER, &["overdue"])["plans"].as_array().unwrap().len(), 1);
        // The plan comes as it is now: nothing is changed since, and half a year counts from then.
        let next = "2026-11-26T08:00:00+01:00";
        snapshot["id"] = json!("00000000-0000-4000-8000-00000000d004");
        snapshot["content"]["consent_summary"] = json!("Samtykket er gitt på nytt.");
        for at in ["/occurred_at", "/content/snapshot_at", "/content/produced_at"] {
            *snapshot.pointer_mut(at).unwrap() = json!(next);
        }
        house.hears(next, &snapshot);
        assert_eq!((&status(next)["changed"], &status(next)["last_snapshot"]), (&json!(false), &json!(next)));
    }
}

#[test]
fn row_04_a_document_that_failed_is_seen_and_named_by_its_folder_alone() {
    let house = House::new();
    for sample in ["plan-snapshot/full-ip.json", "plan-snapshot/nynorsk-ip.json"] {
        let before = tree(&house.at("accepted"));
        house.feed(["submit", "-"], sample_json(sample).to_string().as_bytes()).expect(0);
        let new = tree(&house.at("accepted")).into_keys().find(|name| !before.contains_key(name)).unwrap();
        fs::write(house.at("accepted").join(new), b"{}").unwrap();
    }
    house.run(["run-once"]).expect(3);
    let plans = house.ask(0, ["status"])["plans"].as_array().unwrap().clone();
    assert_eq!(plans.len(), 2);
    assert!(plans.iter().all(|p| p["failed"] == 1 && p["waiting"] == 0 && p["documents"] == 0), "{plans:?}");
    for (lang, head) in [("nb", "Feilet"), ("nn", "Feila")] {
        let text = house.run(["status", "--lang", lang]).expect(0).text();
        assert!(text.contains(head) && text.contains("9901/2026/000001") && text.contains("9902/2026/000001"), "{text}");
    }
    let by_unit = house.ask(0, ["status", "--by", "unit"]);
    assert_eq!(by_unit["groups"].as_array().unwrap().iter().map(|g| g["failed"].as_u64().unwrap()).sum::<u64>(), 2, "{by_unit}");
}
