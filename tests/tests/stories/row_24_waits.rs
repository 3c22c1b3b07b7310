//! Row 24: a plan is closed when nothing is owed any more, or when the closing note itself says what is outstanding.

use arkivflyt_tests::{Happenings, On, sample_json, working_house};
use serde_json::{Value, json};

use crate::judged;

const BEFORE: &str = "2026-11-20T09:00:00+01:00";
const NOW: &str = "2026-11-23T09:00:00+01:00";

fn closing(plan: &mut Happenings) -> Value {
    let mut note = sample_json("closing-note/minimal.json");
    note["case"] = plan.case().clone();
    note["case"]["plan_status"] = json!("passive");
    note["content"].as_object_mut().unwrap().remove("outstanding");
    note
}

#[test]
fn minutes_that_are_owed_keep_a_plan_open() {
    for sample in ["plan-snapshot/full-ip.json", "plan-snapshot/nynorsk-ip.json"] {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 24);
        house.hears(BEFORE, &plan.event("plan.created", BEFORE, &json!({})));
        let meeting = json!({ "matter": "00000000-0000-4000-8000-0000000000a1", "begins": BEFORE });
        house.hears(BEFORE, &plan.event("meeting.held", "2026-11-20T10:00:00+01:00", &meeting));
        let note = closing(&mut plan);
        let run = house.feed(["submit", "-", "--wait", "--json"], note.to_string().as_bytes());
        let answer = run.json()["documents"][0].clone();
        assert_eq!(answer["state"], "accepted", "{answer}");
        assert_eq!(house.sql("select last_code from documents"), "closing_waits");
        let why = house.sql("select detail from attempts");
        assert!(why.ends_with("unsent_minutes=1"), "{why}");
        assert!(house.case_folders().is_empty());
        let mut minutes = sample_json("meeting-minutes/minimal.json");
        minutes["case"] = plan.case().clone();
        minutes["content"]["held_at"] = json!(BEFORE);
        minutes["content"]["sent_at"] = json!(NOW);
        let later = "2026-11-24T09:00:00+01:00";
        house.hears(later, &minutes);
        let again = house.command(["run-once", "--clock", "2026-11-24T12:00:00+01:00"]).output().unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(house.sql("select count(*) from documents where state <> 'notified'"), "0");
        judged::folders(&house);
    }
}

#[test]
fn a_note_that_says_what_is_outstanding_closes_at_once() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = Happenings::of("plan-snapshot/full-ip.json", 24);
    house.hears(BEFORE, &plan.event("plan.created", BEFORE, &json!({})));
    let meeting = json!({ "matter": "00000000-0000-4000-8000-0000000000a1", "begins": BEFORE });
    house.hears(BEFORE, &plan.event("meeting.held", "2026-11-20T10:00:00+01:00", &meeting));
    let mut note = closing(&mut plan);
    note["content"]["outstanding"] = json!(["Referatet fra siste møte."]);
    house.hears(NOW, &note);
    assert_eq!(house.case_folders().len(), 1);
}
