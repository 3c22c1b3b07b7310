//! Row 21: who is reminded of a meeting follows what they have last answered.

use arkivflyt_tests::{Happenings, House, On, person, sample_json, working_house};
use serde_json::{Value, json};

const NOW: &str = "2026-11-23T09:00:00+01:00";

/// An invitation whose invited have pseudonyms: the first is person 10. Nobody has answered in writing but the fourth, with a no.
fn invitation(sample: &str) -> Value {
    let mut invitation = sample_json(sample);
    for (n, invited) in invitation["content"]["invited"].as_array_mut().unwrap().iter_mut().enumerate() {
        if invited["contact"].is_object() {
            invited["contact"]["person"] = json!(person(10 + u32::try_from(n).unwrap()));
        }
        invited["reply"] = json!(if n == 3 { "declined" } else { "none" });
    }
    invitation
}

fn reminded(house: &House) -> Vec<String> {
    house.told("meeting_reminder").into_iter().map(|(who, _)| who).collect()
}

#[test]
fn who_has_declined_is_not_reminded_and_who_comes_after_all_is() {
    for (sample, days) in [
        ("meeting-invitation/full.json", ["2027-01-18T12:30:00+01:00", "2027-01-19T08:00:00+01:00", "2027-01-19T09:00:00+01:00"]),
        ("meeting-invitation/nynorsk.json", ["2027-02-06T14:00:00+01:00", "2027-02-07T08:00:00+01:00", "2027-02-07T09:00:00+01:00"]),
    ] {
        let house = working_house(On::Sqlite).unwrap();
        let invitation = invitation(sample);
        house.hears(NOW, &invitation);
        let mut teller = Happenings::of(sample, 2101);
        let mut answers = |who: u32, at: &str, reply: &str| {
            let with = json!({ "matter": invitation["id"], "actor": person(who), "reply": reply });
            house.hears(at, &teller.event("meeting.answered", at, &with));
        };
        // Two decline, one of them thinks better of it; one who had declined in writing may come; one says yes and then no.
        answers(10, "2026-11-24T10:00:00+01:00", "declined");
        answers(11, "2026-11-24T10:05:00+01:00", "declined");
        answers(11, "2026-11-25T10:00:00+01:00", "accepted");
        answers(13, "2026-11-25T11:00:00+01:00", "tentative");
        answers(14, "2026-11-25T12:00:00+01:00", "accepted");
        answers(14, "2026-11-26T12:00:00+01:00", "declined");
        let all: Vec<String> = house.told("meeting_invited").into_iter().map(|(who, _)| who).collect();
        let but = |out: &[&str]| all.iter().filter(|who| !out.contains(&who.as_str())).cloned().collect::<Vec<_>>();
        assert!(["recipient:0", "recipient:1", "recipient:3", "recipient:4"].iter().all(|who| all.contains(&(*who).to_owned())), "{all:?}");
        house.does("meeting.remind", days[0]);
        assert_eq!(reminded(&house), but(&["recipient:0", "recipient:4"]));
        // Somebody who had declined comes after all: reminded then, and nobody else again.
        answers(10, days[1], "accepted");
        house.does("meeting.remind", days[2]);
        assert_eq!(reminded(&house), but(&["recipient:4"]));
        house.neutral_letters();
    }
}

#[test]
fn a_meeting_that_is_moved_asks_anew() {
    let house = working_house(On::Sqlite).unwrap();
    let first = invitation("meeting-invitation/full.json");
    house.hears(NOW, &first);
    let mut teller = Happenings::of("meeting-invitation/full.json", 2102);
    let no = json!({ "matter": first["id"], "actor": person(10), "reply": "declined" });
    house.hears(NOW, &teller.event("meeting.answered", "2026-11-10T09:00:00+01:00", &no));
    let mut moved = invitation("meeting-invitation/changed.json");
    assert_ne!(moved["content"]["starts_at"], first["content"]["starts_at"]);
    moved["content"]["invited"][3]["reply"] = json!("none");
    house.hears(NOW, &moved);
    house.does("meeting.remind", "2027-01-20T09:00:00+01:00");
    assert!(reminded(&house).contains(&"recipient:0".to_owned()), "{:?}", reminded(&house));
}

#[test]
fn an_answer_says_who_and_what() {
    let house = working_house(On::Sqlite).unwrap();
    let mut teller = Happenings::of("meeting-invitation/full.json", 2103);
    let matter = sample_json("meeting-invitation/full.json")["id"].clone();
    let mut refused = |with: Value| {
        let event = teller.event("meeting.answered", NOW, &with);
        let answer = house.feed(["submit", "-", "--json"], event.to_string().as_bytes()).expect(5).json();
        let problem = answer["documents"][0]["problems"][0].clone();
        (problem["code"].as_str().unwrap().to_owned(), problem["at"].as_str().unwrap().to_owned())
    };
    let is = |code: &str, at: &str| (code.to_owned(), at.to_owned());
    assert_eq!(refused(json!({ "matter": matter, "actor": person(10) })), is("required_field_missing", "/content/reply"));
    assert_eq!(refused(json!({ "matter": matter, "reply": "accepted" })), is("required_field_missing", "/content/actor"));
    assert_eq!(refused(json!({ "matter": matter, "actor": person(10), "reply": "none" })), is("value_not_allowed", "/content/reply"));
    assert_eq!(
        refused(json!({ "matter": matter, "actor": person(10), "reply": "NEEDS-ACTION" })),
        is("value_not_allowed", "/content/reply")
    );
}
