//! Row 3: contact data that nobody has confirmed for 18 months, and what is not sent there any more.

use arkivflyt_tests::{Happenings, On, person, sample_json, working_house};
use serde_json::{Value, json};

const NOW: &str = "2026-11-23T09:00:00+01:00";

fn plan(sample: &str, confirmed: &str) -> Happenings {
    let mut plan = Happenings::of(sample, 3);
    plan.case()["subject_birth_date"] = json!("2014-05-17");
    plan.case()["subject_national_id"] = Value::Null;
    plan.case()["guardians"][0]["contact"]["confirmed_on"] = json!(confirmed);
    plan.case()["guardians"][1]["contact"]["confirmed_on"] = json!("2026-08-20");
    plan
}

#[test]
fn the_lead_is_told_once_a_quarter_that_contact_data_is_old() {
    for (sample, words) in [("consent-record/full.json", "Kontaktopplysninger"), ("consent-record/nynorsk.json", "Kontaktopplysingar")] {
        let house = working_house(On::Sqlite).unwrap();
        // Good through 30 November: 18 months.
        let mut plan = plan(sample, "2025-05-30");
        house.hears(NOW, &plan.event("plan.created", NOW, &json!({})));
        house.does("contact.stale", "2026-11-30T05:30:00+01:00");
        assert_eq!(house.told("contact_stale").len(), 0);
        for (at, expected) in [
            ("2026-12-01T05:30:00+01:00", 1),
            ("2026-12-15T05:30:00+01:00", 1),
            ("2027-01-01T05:30:00+01:00", 2),
            ("2027-02-01T05:30:00+01:00", 2),
        ] {
            house.does("contact.stale", at);
            assert_eq!(house.told("contact_stale"), vec![("lead".to_owned(), "delivered".to_owned()); expected], "{at}");
        }
        let letters = house.neutral_letters();
        assert!(letters.is_empty() || letters.iter().filter(|l| l.header("subject").contains(words)).count() == 2, "{letters:#?}");
        // Confirmed: nobody is told any more.
        let guardian = plan.case()["guardians"][0].clone();
        let people = json!([{ "name": guardian["name"], "contact": guardian["contact"] }]);
        house.hears("2027-02-10T09:00:00+01:00", &plan.event("contact.updated", "2027-02-10T09:00:00+01:00", &json!({ "people": people })));
        house.does("contact.stale", "2027-04-01T05:30:00+02:00");
        assert_eq!(house.told("contact_stale").len(), 2);
    }
}

#[test]
fn what_has_legal_effect_goes_on_paper_when_the_address_is_old() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = plan("consent-record/full.json", "2025-05-30");
    plan.case()["guardians"][1]["contact"]["person"] = json!(person(11));
    house.hears(NOW, &plan.event("plan.created", NOW, &json!({})));
    house.hears(NOW, &sample_json("consent-record/full.json"));
    let paper = house.on_paper();
    // The consent holds through 31 July 2027; those who decide are told 14 days before.
    house.does("consent.scan", "2027-07-17T06:00:00+02:00");
    let told: Vec<_> = house.told("consent_expiring").into_iter().map(|(who, _)| who).collect();
    assert_eq!(told, ["guardian:1", "lead"]);
    assert_eq!(house.on_paper()[paper.len()..], ["guardian:0"]);
    house.does("consent.scan", "2027-07-18T06:00:00+02:00");
    assert_eq!((house.told("consent_expiring").len(), house.on_paper().len()), (2, paper.len() + 1));
}
