//! Row 11: a consent that runs out is told of in time, and once at each stage.

use arkivflyt_tests::{Happenings, House, On, person, sample_json, working_house};
use serde_json::{Value, json};

use crate::in_folder::{element, registration, sound, submitted, system_id};

const NOW: &str = "2026-11-23T09:00:00+01:00";

#[test]
fn the_end_of_a_consent_is_told_of_at_each_stage_once() {
    for (sample, ends, ended) in [
        ("consent-record/full.json", "En frist nærmer seg", "En frist har gått ut"),
        ("consent-record/nynorsk.json", "Ein frist nærmar seg", "Ein frist har gått ut"),
    ] {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 11);
        let form = sample_json(sample)["written_form"].clone();
        for n in 0..2_u32 {
            let contact = &mut plan.case()["guardians"][n as usize]["contact"];
            contact["person"] = json!(person(10 + n));
            contact["written_form"] = form.clone();
        }
        plan.case()["subject_national_id"] = Value::Null;
        // Sixteen on the day after the mail 14 days before: the guardians decide still.
        plan.case()["subject_birth_date"] = json!("2011-07-18");
        house.hears(NOW, &plan.event("plan.created", NOW, &json!({})));
        house.hears(NOW, &sample_json(sample));
        let whom = |kind: &str| house.told(kind).into_iter().map(|(who, _)| who).collect::<Vec<_>>();
        let all = ["guardian:0", "guardian:1", "lead", "lead", "lead"];
        for (at, expected) in [
            ("2027-06-30T06:00:00+02:00", &[][..]),
            ("2027-07-01T06:00:00+02:00", &["lead"]),
            ("2027-07-02T06:00:00+02:00", &["lead"]),
            ("2027-07-17T06:00:00+02:00", &["guardian:0", "guardian:1", "lead", "lead"]),
            ("2027-07-30T06:00:00+02:00", &all),
            ("2027-07-31T06:00:00+02:00", &all),
            ("2027-08-01T06:00:00+02:00", &all),
        ] {
            house.does("consent.scan", at);
            assert_eq!(whom("consent_expiring"), expected, "{at}");
            let is_over = at.starts_with("2027-08");
            assert_eq!(whom("consent_expired").len(), usize::from(is_over), "{at}");
        }
        // The source system says so too: that is the same news.
        let matter = sample_json(sample)["id"].clone();
        house.hears("2027-08-01T08:00:00+02:00", &plan.event("consent.expired", "2027-08-01T08:00:00+02:00", &json!({ "matter": matter })));
        house.does("consent.scan", "2027-08-02T06:00:00+02:00");
        assert_eq!(whom("consent_expired"), ["lead"]);
        let letters = house.neutral_letters();
        let with = |words: &str| letters.iter().filter(|l| l.header("subject").contains(words)).count();
        assert!(letters.is_empty() || (with(ends), with(ended)) == (5, 1), "{letters:#?}");
    }
}

#[test]
fn whoever_has_turned_sixteen_is_told_and_the_guardians_are_not() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = Happenings::of("consent-record/full.json", 11);
    plan.case()["subject_national_id"] = Value::Null;
    plan.case()["subject_birth_date"] = json!("2011-07-17");
    house.hears(NOW, &plan.event("plan.created", NOW, &json!({})));
    house.hears(NOW, &sample_json("consent-record/full.json"));
    let paper = house.on_paper().len();
    house.does("consent.scan", "2027-07-17T06:00:00+02:00");
    let told: Vec<_> = house.told("consent_expiring").into_iter().map(|(who, _)| who).collect();
    // The address that is known was the child's. It is not written to before the subject has given it in their own right.
    assert_eq!((told, &house.on_paper()[paper..]), (vec!["lead".to_owned()], &["subject".to_owned()][..]));
    // A newer event tells how the one who decides now is reached: under keys that are the same for the lead.
    let later = "2027-07-18T05:00:00+02:00";
    let people = json!([{ "name": "Blid Fjellbekk", "contact": plan.case()["subject_contact"].clone() }]);
    house.hears(later, &plan.event("contact.updated", later, &json!({ "people": people })));
    house.does("consent.scan", "2027-07-18T06:00:00+02:00");
    let told: Vec<_> = house.told("consent_expiring").into_iter().map(|(who, _)| who).collect();
    assert_eq!(told, ["lead", "subject"]);
}

/// Of each: who, and whether it reached them.
fn told(house: &House, kind: &str) -> Vec<(String, bool)> {
    house.told(kind).into_iter().map(|(who, state)| (who, state == "delivered")).collect()
}

fn all_of(who: &[&str], is_delivered: bool) -> Vec<(String, bool)> {
    who.iter().map(|who| ((*who).to_owned(), is_delivered)).collect()
}

/// Subject, guardians and the lead stand among the recipients as everybody else does. They hear the first time, the second time, and of
/// the meeting; the others hear nothing while no consent holds.
#[test]
fn a_withdrawal_silences_those_who_were_let_in_and_nobody_else() {
    let house = working_house(On::Sqlite).unwrap();
    let mut plan = Happenings::of("consent-record/full.json", 12);
    house.hears(NOW, &plan.event("plan.created", NOW, &json!({})));
    for sample in ["consent-record/full.json", "consent-record/withdrawn.json", "meeting-minutes/full.json", "meeting-invitation/full.json"]
    {
        house.hears(NOW, &sample_json(sample));
    }
    let (own, let_in) = (["recipient:0", "recipient:1", "recipient:2", "recipient:6"], ["recipient:3", "recipient:4", "recipient:5"]);
    let mut expected = [all_of(&own, true), all_of(&let_in, false)].concat();
    expected.sort();
    assert_eq!(told(&house, "minutes_ready"), expected);
    house.does("notify.second", "2026-11-30T09:15:00+01:00");
    expected.extend(all_of(&own, true));
    expected.sort();
    assert_eq!(told(&house, "minutes_ready"), expected);
    house.does("meeting.remind", "2027-01-18T12:30:00+01:00");
    assert_eq!(told(&house, "meeting_reminder"), all_of(&["recipient:0", "recipient:1", "recipient:2", "recipient:3"], true));
}

#[test]
fn row_11_a_withdrawal_is_a_new_version_that_comes_from_the_one_who_gave_it() {
    let house = House::new();
    let both = ["consent-record/full.json", "consent-record/withdrawn.json"].map(|name| submitted(&house, 0, &sample_json(name)));
    assert_eq!((both[0]["version"].as_u64(), both[1]["version"].as_u64()), (Some(1), Some(2)));
    assert_eq!(both[0]["document_id"], both[1]["document_id"]);
    let xml = registration(&house, 2);
    assert_eq!(element(&xml, "journalposttype"), ["Inngående dokument"]);
    assert_eq!(element(&xml, "korrespondanseparttype"), ["Avsender", "Intern mottaker"]);
    assert_eq!(element(&xml, "mottattDato").len(), 1, "{xml}");
    assert_eq!(element(&xml, "referanseTilRegistrering"), [system_id(&registration(&house, 1))]);
    assert_eq!(element(&xml, "kassasjonsvedtak"), ["Vurderes senere"]);
    sound(&house);
}
