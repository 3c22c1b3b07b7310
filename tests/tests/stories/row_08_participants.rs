//! Row 8: somebody joins or leaves the plan. They alone are told, and who wears two hats is told once.

use arkivflyt_tests::{Happenings, On, person, sample_json, working_house};
use serde_json::json;

const NOW: &str = "2026-11-23T09:00:00+01:00";

#[test]
fn whoever_joins_or_leaves_is_told_and_nobody_else() {
    for (sample, form) in [("plan-snapshot/full-ip.json", "nb"), ("plan-snapshot/nynorsk-ip.json", "nn")] {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 8);
        house.hears(NOW, &plan.event("plan.created", NOW, &json!({})));
        let contact = json!({ "email": "mild.lyngmo@example.com", "written_form": form, "person": person(30) });
        let people = json!([{ "name": "Mild Lyngmo", "contact": contact }]);
        house.hears(NOW, &plan.event("participant.added", NOW, &json!({ "people": people })));
        assert_eq!(house.told("participant_added"), [("recipient:0".to_owned(), "delivered".to_owned())]);
        let later = "2026-12-01T09:00:00+01:00";
        house.hears(later, &plan.event("participant.removed", later, &json!({ "people": people })));
        assert_eq!(house.told("participant_removed").len(), 1);
        let letters = house.neutral_letters();
        assert!(letters.iter().all(|l| l.header("to") == "mild.lyngmo@example.com"), "{letters:#?}");
        // Whoever has no address is told on paper.
        let people = json!([{ "name": "Stille Myrull" }]);
        house.hears(later, &plan.event("participant.added", later, &json!({ "people": people })));
        assert_eq!(house.on_paper(), ["recipient:0"]);
    }
}

#[test]
fn a_guardian_who_is_also_a_service_provider_gets_one_mail() {
    let house = working_house(On::Sqlite).unwrap();
    let mut note = sample_json("closing-note/full.json");
    note["case"]["subject_birth_date"] = json!("2015-01-01");
    note["case"]["subject_national_id"] = json!(null);
    let guardian = json!({ "email": "mild.fjellbekk@example.com", "written_form": "nb", "person": person(40) });
    note["case"]["guardians"] = json!([{ "name": "Mild Fjellbekk", "relation": "guardian", "contact": guardian }]);
    // At work another address, and the same person.
    let at_work = json!({ "email": "mild.fjellbekk@example.org", "written_form": "nb", "person": person(40) });
    note["content"]["informed"] = json!([
        { "name": "Mild Fjellbekk", "role": "Helsesykepleier", "contact": at_work },
        { "name": "Rask Lyngmo", "role": "Kontaktlærer", "contact": { "email": "rask.lyngmo@example.org", "written_form": "nb" } },
    ]);
    house.hears(NOW, &note);
    let told: Vec<_> = house.told("plan_closed").into_iter().map(|(who, _)| who).collect();
    assert_eq!(told, ["guardian:0", "recipient:1"]);
    assert_eq!(house.on_paper(), Vec::<String>::new());
}
