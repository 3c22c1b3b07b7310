//! `status` and `overdue`: those who lead plans, and those who oversee them, see how each plan stands.

use arkivflyt_tests::{House, good_samples, personal_values, samples_folder};
use serde_json::Value;

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
fn a_plan_is_overdue_after_190_days_and_not_before() {
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
fn a_document_that_waits_is_seen() {
    let house = House::new();
    house.run(["submit", samples_folder().join("plan-snapshot/full-ip.json").to_str().unwrap()]).expect(0);
    let plan = house.ask(0, ["status"])["plans"][0].clone();
    assert_eq!((plan["waiting"].as_u64(), plan["documents"].as_u64(), plan["last_archived"].is_null()), (Some(1), Some(0), true), "{plan}");
    assert!(house.run(["status", "--lang", "nn"]).expect(0).text().contains("aldri"));
}

#[test]
fn units_and_leads_are_summed_up_and_nobody_else_is_named() {
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
