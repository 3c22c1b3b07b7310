//! Row 20: messages inside the source system. Those they are for are told that one waits, once more after a week, and no more; what is
//! kept is the log that the lead marks or that the closing brings, with the rule by which its messages were chosen.

use arkivflyt_tests::{Happenings, House, On, essence, person, sample_json, working_house};
use serde_json::{Value, json};

use crate::{
    in_folder::{documents, edited, element, kinds, of_the_plan, paper, registration, sound, submitted, told},
    judged,
};

const SENT: &str = "2026-11-02T09:00:00+01:00";
const ALMOST: &str = "2026-11-09T08:15:00+01:00";
const A_WEEK_ON: &str = "2026-11-09T09:15:00+01:00";
const LATER: &str = "2026-11-16T10:15:00+01:00";

#[test]
fn row_20_a_message_is_told_of_once_more_after_a_week_and_archived_nowhere() {
    for (sample, first, again) in
        [("message-log/full.json", "ny melding", "Påminnelse"), ("message-log/nynorsk.json", "ny melding", "Påminning")]
    {
        let house = working_house(On::Sqlite).unwrap();
        let form = sample_json(sample)["written_form"].clone();
        let mut plan = Happenings::of(sample, 20);
        house.hears(SENT, &plan.event("plan.created", SENT, &json!({})));
        let matter = "00000000-0000-4000-8000-00000000a020";
        let people: Vec<Value> = (0..3_u32)
            .map(|n| {
                let contact = json!({ "email": format!("mottaker.{n}@example.org"), "written_form": form, "person": person(60 + n) });
                json!({ "name": format!("Mild Lyngmo {n}"), "contact": contact })
            })
            .collect();
        house.hears(SENT, &plan.event("message.sent", SENT, &json!({ "matter": matter, "people": people })));
        let all = ["recipient:0", "recipient:1", "recipient:2"];
        assert_eq!(told(&house, "new_message"), all);
        let opened = "2026-11-04T12:00:00+01:00";
        let opening = json!({ "matter": matter, "actor": person(60), "role": "participant" });
        house.hears(opened, &plan.event("content.opened", opened, &opening));
        house.does("notify.second", ALMOST);
        assert_eq!(told(&house, "new_message"), all, "seven days have not gone by");
        for at in [A_WEEK_ON, LATER] {
            house.does("notify.second", at);
            let twice = ["recipient:0", "recipient:1", "recipient:1", "recipient:2", "recipient:2"];
            assert_eq!(told(&house, "new_message"), twice, "{at}: once more, once, and not to whom has opened it");
        }
        assert!(house.case_folders().is_empty(), "a message is no record by itself");
        let letters = house.neutral_letters();
        let with = |words: &str| letters.iter().filter(|l| format!("{} {}", l.header("subject"), l.body).contains(words)).count();
        assert!(letters.is_empty() || (letters.len(), with(again)) == (5, 2), "{letters:#?}");
        assert!(letters.is_empty() || with(first) >= 3, "{letters:#?}");
        assert!(letters.iter().all(|l| l.to.len() == 1), "{letters:#?}");
    }
}

/// A message log and how it says which messages it holds: those that the lead marked, and those that the closing brings.
const LOGS: [(&str, &str, [&str; 2]); 2] = [
    (
        "message-log/full.json",
        "closing-note/full.json",
        [
            "Her står de meldingene som planansvarlig har merket som arkivverdige. Andre meldinger i planen er ikke tatt med.",
            "Her står alle meldinger som ikke var arkivert fra før da planen ble avsluttet.",
        ],
    ),
    (
        "message-log/nynorsk.json",
        "closing-note/nynorsk.json",
        [
            "Her står dei meldingane som planansvarleg har merkt som arkivverdige. Andre meldingar i planen er ikkje tekne med.",
            "Her står alle meldingar som ikkje var arkiverte frå før då planen vart avslutta.",
        ],
    ),
];

#[test]
fn row_20_a_log_that_the_lead_marked_is_kept_with_its_rule() {
    for (sample, _, [rule, other_rule]) in LOGS {
        let house = House::new();
        let log = sample_json(sample);
        submitted(&house, 0, &log);
        let xml = registration(&house, 1);
        assert_eq!(element(&xml, "journalposttype"), ["Organinternt dokument uten oppfølging"]);
        assert_eq!(element(&xml, "kassasjonsvedtak"), ["Vurderes senere"]);
        let letters = sound(&house);
        assert!(letters.iter().all(|l| l.to[0].starts_with("arkiv@")), "they were told when it was sent: {letters:#?}");
        // The same log again is known.
        submitted(&house, 0, &log);
        assert_eq!(kinds(&house), ["message_log"]);
        let Some(pdf) = judged::paper(&paper(&house, 1)) else { continue };
        let form = log["written_form"].as_str().unwrap();
        assert!(pdf.fact("Title").starts_with(if form == "nb" { "Internmeldinger" } else { "Internmeldingar" }), "{}", pdf.info);
        let text = essence(&pdf.text);
        assert!(text.contains(&essence(rule)) && !text.contains(&essence(other_rule)), "the rule is printed: {}", pdf.text);
        for message in log["content"]["messages"].as_array().unwrap() {
            for field in ["from", "subject"] {
                assert!(text.contains(&essence(message[field].as_str().unwrap())), "{message} in {}", pdf.text);
            }
        }
    }
}

#[test]
fn row_20_the_closing_brings_the_messages_that_were_not_archived() {
    for (sample, note, [_, rule]) in LOGS {
        let house = House::new();
        let note = sample_json(note);
        let closed_at = note["occurred_at"].clone();
        submitted(&house, 0, &note);
        let rest = edited(
            of_the_plan(sample_json(sample), &note),
            &[("/content/selection_rule", json!("at_closing")), ("/occurred_at", closed_at.clone()), ("/content/version", json!(1))],
        );
        let row = submitted(&house, 0, &rest);
        assert_eq!(row["state"], "notified", "a closed folder takes what belongs to its closing: {row}");
        let kinds = kinds(&house);
        assert_eq!((kinds[0].as_str(), kinds.last().unwrap().as_str()), ("closing_note", "folder_overview"), "{kinds:?}");
        let no = kinds.iter().position(|k| k == "message_log").unwrap() + 1;
        assert_eq!(documents(&house)[no - 1]["kind"], "message_log");
        sound(&house);
        let Some(pdf) = judged::paper(&paper(&house, no)) else { continue };
        assert!(essence(&pdf.text).contains(&essence(rule)), "{}", pdf.text);
    }
}
