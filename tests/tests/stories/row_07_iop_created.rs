//! Row 7: a plan of a pupil's adapted education. It rests on a decision, so nobody is asked for consent in the system.

use arkivflyt_tests::{Happenings, On, sample_json, working_house};
use serde_json::json;

use crate::{in_folder::submitted as answers, judged};

const NOW: &str = "2026-11-23T09:00:00+01:00";

#[test]
fn row_07_an_iop_needs_its_decision_and_asks_nobody_for_consent_in_the_system() {
    for sample in ["plan-snapshot/full-iop.json", "plan-snapshot/nynorsk-iop.json"] {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 7);
        answers(&house, 0, &plan.event("plan.created", NOW, &json!({})));
        let mut without = sample_json(sample);
        without["content"].as_object_mut().unwrap().remove("decision_ref");
        let refused = answers(&house, 5, &without);
        assert_eq!(
            (&refused["problems"][0]["code"], &refused["problems"][0]["at"]),
            (&json!("required_field_missing"), &json!("/content/decision_ref"))
        );
        let asked = plan.event("consent.requested", NOW, &json!({ "matter": "00000000-0000-4000-8000-0000000000c1" }));
        assert_eq!(answers(&house, 5, &asked)["problems"][0]["code"], "plan_type_mismatch");
        assert_eq!(answers(&house, 0, &sample_json(sample))["state"], "notified");
        // The next school year's plan lies in the same folder: one for each pupil and plan.
        let mut next = sample_json(sample);
        next["id"] = json!("00000000-0000-4000-8000-00000000d002");
        next["content"]["school_year"] = json!("2027/2028");
        let next = answers(&house, 0, &next);
        assert_eq!(next["state"], "notified", "{next}");
        assert_eq!(house.case_folders().len(), 1);
        judged::folders(&house);
    }
}
