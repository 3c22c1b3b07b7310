//! Row 21: two days before a meeting those who were called and have not declined are reminded, once.

use arkivflyt_tests::{On, sample_json, working_house};
use serde_json::{Value, json};

const NOW: &str = "2026-11-23T09:00:00+01:00";

fn invitation(sample: &str) -> Value {
    let mut invitation = sample_json(sample);
    invitation["content"]["invited"][0]["reply"] = json!("declined");
    invitation["content"]["invited"][1]["reply"] = json!("tentative");
    invitation
}

#[test]
fn who_may_come_is_reminded_two_days_before() {
    for (sample, two_days_before, words) in [
        ("meeting-invitation/full.json", "2027-01-18T12:30:00+01:00", "Påminnelse om et møte"),
        ("meeting-invitation/nynorsk.json", "2027-02-06T14:00:00+01:00", "Påminning om eit møte"),
    ] {
        let house = working_house(On::Sqlite).unwrap();
        house.hears(NOW, &invitation(sample));
        let invited: Vec<String> = house.told("meeting_invited").into_iter().map(|(who, _)| who).collect();
        let expected: Vec<&String> = invited.iter().filter(|who| *who != "recipient:0").collect();
        assert!(invited.len() > 2 && expected.len() == invited.len() - 1, "{invited:?}");
        let (paper, day) = (house.on_paper(), &two_days_before[..10]);
        house.does("meeting.remind", &format!("{day}T08:25:00+01:00"));
        assert_eq!(house.told("meeting_reminder"), []);
        for at in [two_days_before, &format!("{day}T20:25:00+01:00")] {
            house.does("meeting.remind", at);
            let told = house.told("meeting_reminder");
            assert_eq!(told.iter().map(|(who, _)| who).collect::<Vec<_>>(), expected, "{at}");
            assert!(told.iter().all(|(_, state)| state == "delivered"), "{told:?}");
        }
        assert_eq!(house.on_paper(), paper);
        let letters = house.neutral_letters();
        let reminders: Vec<_> = letters.iter().filter(|l| l.header("subject").contains(words)).collect();
        assert!(letters.is_empty() || !reminders.is_empty(), "{letters:#?}");
        assert!(reminders.iter().all(|l| l.to.len() == 1 && l.parts.len() <= 1), "{reminders:#?}");
    }
}

#[test]
fn nobody_is_reminded_of_a_meeting_that_was_called_off() {
    let house = working_house(On::Sqlite).unwrap();
    for version in ["full", "changed", "cancelled"] {
        house.hears(NOW, &sample_json(&format!("meeting-invitation/{version}.json")));
    }
    for at in ["2027-01-18T12:30:00+01:00", "2027-01-19T09:25:00+01:00", "2027-01-25T09:25:00+01:00"] {
        house.does("meeting.remind", at);
        assert_eq!(house.told("meeting_reminder"), [], "{at}");
    }
}
