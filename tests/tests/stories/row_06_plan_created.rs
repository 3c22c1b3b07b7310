//! Rows 1 and 6: a plan is begun. Its case folder is reserved before anything is written, a person has one active individual plan,
//! and a D-number that gives way to a birth number is the same person's.

use arkivflyt_tests::{Happenings, House, On, sample_json, working_house};
use serde_json::{Value, json};

use crate::{
    backup_create::{create, restored, verified},
    judged,
};

const NOW: &str = "2026-11-23T09:00:00+01:00";

fn answers(house: &House, code: i32, what: &Value) -> Value {
    let run = house.feed(["submit", "-", "--wait", "--json"], what.to_string().as_bytes()).expect(code);
    run.json()["documents"][0].clone()
}

#[test]
fn a_folder_is_reserved_by_the_plan_and_filled_by_its_first_document() {
    for sample in
        ["plan-snapshot/minimal-ip.json", "plan-snapshot/nynorsk-ip.json", "plan-snapshot/full-es.json", "plan-snapshot/full-sl.json"]
    {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 1);
        let created = plan.event("plan.created", NOW, &json!({}));
        let first = answers(&house, 0, &created);
        assert_eq!((&first["answer"], &first["case_folder"]), (&json!("event"), &json!(format!("{}/2026/000001", municipality(sample)))));
        assert_eq!(answers(&house, 0, &created)["answer"], "known");
        assert!(house.case_folders().is_empty(), "nothing is written before there is a document");
        let document = answers(&house, 0, &sample_json(sample));
        assert_eq!((&document["case_folder"], &document["state"]), (&first["case_folder"], &json!("notified")));
        assert_eq!(house.case_folders().len(), 1);
        judged::folders(&house);
    }
}

fn municipality(sample: &str) -> String {
    sample_json(sample)["case"]["municipality_number"].as_str().unwrap().to_owned()
}

#[test]
fn one_active_individual_plan_for_each_person_and_another_after_the_first_was_closed() {
    let house = working_house(On::Sqlite).unwrap();
    let sample = "plan-snapshot/full-ip.json";
    let mut first = Happenings::of(sample, 1);
    answers(&house, 0, &first.event("plan.created", NOW, &json!({})));
    let mut second = Happenings::of(sample, 2);
    second.case()["plan_id"] = json!("00000000-0000-4000-8000-00000000f002");
    let refused = answers(&house, 5, &second.event("plan.created", NOW, &json!({})));
    assert_eq!(refused["problems"][0]["code"], "plan_exists");
    // Another kind of plan is no second one.
    let mut other = Happenings::of("plan-snapshot/full-sl.json", 3);
    other.case()["subject_national_id"] = first.case()["subject_national_id"].clone();
    other.case()["subject_birth_date"] = first.case()["subject_birth_date"].clone();
    answers(&house, 0, &other.event("plan.created", NOW, &json!({})));
    let mut closing = sample_json("closing-note/full.json");
    closing["case"] = first.case().clone();
    closing["case"]["plan_status"] = json!("passive");
    answers(&house, 0, &closing);
    let mut later = second.event("plan.created", NOW, &json!({}));
    later["id"] = json!("00000000-0000-5000-8000-00000000e009");
    assert_eq!(answers(&house, 0, &later)["answer"], "event");
}

#[test]
fn whoever_is_known_is_known_after_a_restore() {
    let house = working_house(On::Sqlite).unwrap();
    let mut first = Happenings::of("plan-snapshot/full-ip.json", 1);
    answers(&house, 0, &first.event("plan.created", NOW, &json!({})));
    let target = tempfile::tempdir().unwrap();
    let backup = create(&house, target.path());
    verified(&house, &backup);
    let (again, _) = restored(&backup, &[]);
    assert_eq!(std::fs::read(again.at("people.key")).unwrap(), std::fs::read(house.at("people.key")).unwrap());
    let mut second = Happenings::of("plan-snapshot/full-ip.json", 2);
    second.case()["plan_id"] = json!("00000000-0000-4000-8000-00000000f002");
    let refused = answers(&again, 5, &second.event("plan.created", NOW, &json!({})));
    assert_eq!(refused["problems"][0]["code"], "plan_exists");
}

#[test]
fn a_d_number_gives_way_to_a_birth_number_of_the_same_person() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = Happenings::of("plan-snapshot/full-ip.json", 1);
    (plan.case()["subject_national_id"], plan.case()["subject_birth_date"]) = (json!("55819030048"), json!("1990-01-15"));
    answers(&house, 0, &plan.event("plan.created", NOW, &json!({})));
    let (d_number, birth_number) = (plan.case()["subject_national_id"].clone(), json!("09838310009"));
    (plan.case()["subject_national_id"], plan.case()["subject_birth_date"]) = (birth_number, json!("1983-03-09"));
    answers(&house, 0, &plan.event("subject.identified", NOW, &json!({})));
    let mut another = Happenings::of("plan-snapshot/full-ip.json", 2);
    another.case()["plan_id"] = json!("00000000-0000-4000-8000-00000000f002");
    (another.case()["subject_national_id"], another.case()["subject_birth_date"]) = (json!("09838310009"), json!("1983-03-09"));
    let refused = answers(&house, 5, &another.event("plan.created", NOW, &json!({})));
    assert_eq!(refused["problems"][0]["code"], "plan_exists");
    // The D-number is free: nobody has two places.
    (another.case()["subject_national_id"], another.case()["subject_birth_date"]) = (d_number, json!("1990-01-15"));
    assert_eq!(answers(&house, 0, &another.event("plan.created", NOW, &json!({})))["answer"], "event");
}
