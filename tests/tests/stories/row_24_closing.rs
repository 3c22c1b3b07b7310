//! Row 24: a closing seals the folder, which takes nothing that happened later, until the plan is reopened.

use arkivflyt_tests::{House, sample_json, tree};
use serde_json::json;

use crate::in_folder::{changes, edited, element, kinds, of_the_plan, sound, submitted, text, told};

#[test]
fn row_24_a_closing_seals_the_folder_and_a_reopening_opens_it() {
    for form in ["full", "nynorsk"] {
        let house = House::new();
        let note = sample_json(&format!("closing-note/{form}.json"));
        submitted(&house, 0, &note);
        let status = |house: &House| element(&text(house, "metadata/mappe.xml"), "saksstatus")[0].to_owned();
        assert_eq!(status(&house), "Avsluttet");
        assert!(!told(&house, "plan_closed").is_empty());
        assert_eq!(kinds(&house), ["closing_note", "folder_overview"]);
        // Minutes from after the closing are refused, and the folder stays as it is.
        let later = [("/case/plan_status", json!("suspended")), ("/occurred_at", json!("2099-01-01T00:00:00Z"))];
        let minutes = edited(of_the_plan(sample_json("meeting-minutes/minimal.json"), &note), &later);
        let before = tree(&house.at("arkivlager"));
        let row = submitted(&house, 3, &minutes);
        assert_eq!((row["state"].as_str(), row["code"].as_str()), (Some("failed"), Some("folder_closed")), "{row}");
        assert_eq!(tree(&house.at("arkivlager")), before);
        submitted(&house, 0, &sample_json(&format!("reopening-note/{form}.json")));
        assert_eq!(status(&house), "Under behandling");
        assert!(!told(&house, "plan_reopened").is_empty());
        let log: Vec<(String, String)> = changes(&house, "saksstatus");
        let log: Vec<(&str, &str)> = log.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
        let (open, closed) = ("Under behandling", "Avsluttet");
        assert_eq!(log, [("(ingen)", open), (open, closed), (closed, open)]);
        crate::judged::folders(&house);
        house.neutral_letters();
    }
}

#[test]
fn row_24_a_plan_made_by_mistake_lapses() {
    let house = House::new();
    submitted(&house, 0, &sample_json("closing-note/by-mistake.json"));
    assert_eq!(element(&text(&house, "metadata/mappe.xml"), "saksstatus"), ["Utgår"]);
    sound(&house);
}
