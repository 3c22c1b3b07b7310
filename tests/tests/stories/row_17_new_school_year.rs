//! Row 17: an IOP goes on into a new school year. The old year's plan is archived first, then the note; another school gets what is
//! necessary; with another municipality the folder is closed.

use std::fs;

use arkivflyt_tests::{House, essence, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{edited, element, happened, kinds, of_the_plan, paper, registration, sound, submitted, system_id, text},
    judged,
};

/// The plan of the old year, the note, and words of its paper at the same school, at another one, in another municipality.
struct Told {
    plan: &'static str,
    note: &'static str,
    lists: [&'static str; 2],
    where_to: [&'static str; 3],
}

const TOLD: [Told; 2] = [
    Told {
        plan: "plan-snapshot/full-iop.json",
        note: "school-year-transfer-note/full.json",
        lists: ["Tatt med", "Ikke tatt med"],
        where_to: ["Samme skole", "Annen skole i kommunen", "Skole i en annen kommune"],
    },
    Told {
        plan: "plan-snapshot/nynorsk-iop.json",
        note: "school-year-transfer-note/nynorsk.json",
        lists: ["Teke med", "Ikkje teke med"],
        where_to: ["Same skule", "Annan skule i kommunen", "Skule i ein annan kommune"],
    },
];

/// The note of the sample, for another destination.
fn note_to(told: &Told, destination: &str, status: &str) -> Value {
    let to = [
        ("/content/destination", json!(destination)),
        ("/content/to_school", json!("Prøvelia skole")),
        ("/case/plan_status", json!(status)),
    ];
    edited(sample_json(told.note), &to)
}

/// Everything that stands in the lists of the note.
fn listed(note: &Value) -> Vec<String> {
    let lists = ["carried_over", "left_behind"].map(|list| note["content"][list].as_array().unwrap().clone());
    lists.concat().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// Longer texts of the plan: none of them belongs on the note.
fn texts(plan: &Value) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.chars().count() >= 40 && text.contains(' ') => found.push(text.chars().take(30).collect()),
            Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
            Value::Object(map) => map.values().for_each(|v| collect(v, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&plan["content"], &mut found);
    assert!(found.len() > 10);
    found
}

#[test]
fn row_17_the_old_years_plan_is_archived_first_and_the_note_names_it() {
    for told in &TOLD {
        let house = House::new();
        // Both lie in the drop folder, the note first by its name.
        for (name, sample) in [("a-notat.json", told.note), ("b-plan.json", told.plan)] {
            fs::write(house.at("inbox").join(name), sample_json(sample).to_string()).unwrap();
        }
        house.run(["run-once"]).expect(0);
        assert_eq!(kinds(&house), ["plan_snapshot", "school_year_transfer_note"], "the snapshot first");
        let xml = registration(&house, 2);
        assert_eq!(element(&xml, "referanseTilRegistrering"), [system_id(&registration(&house, 1))]);
        assert_eq!(
            (element(&xml, "kassasjonsvedtak"), element(&xml, "journalposttype")),
            (vec!["Bevares"], vec!["Organinternt dokument uten oppfølging"])
        );
        let is_ours = |title: &&str| title.starts_with("Overføring til nytt sk") && title.contains("/20") && title.ends_with("******");
        assert!(element(&xml, "offentligTittel").iter().any(is_ours), "{xml}");
        let letters = sound(&house);
        assert!(letters.iter().all(|l| l.to[0].starts_with("arkiv@")), "nobody else is told: {letters:#?}");
        // The plan of the new year lies in the same folder.
        let year = sample_json(told.note)["content"]["to_year"].clone();
        let next = edited(
            happened(sample_json(told.plan), "2026-09-01T10:00:00+02:00"),
            &[("/id", json!("00000000-0000-4000-8000-00000000f017")), ("/content/school_year", year), ("/content/version", json!(1))],
        );
        submitted(&house, 0, &next);
        assert_eq!(kinds(&house).len(), 3);
        let Some(pdf) = judged::paper(&paper(&house, 2)) else { continue };
        let text = essence(&pdf.text);
        for words in listed(&sample_json(told.note)).iter().map(String::as_str).chain(told.lists).chain([told.where_to[0]]) {
            assert!(text.contains(&essence(words)), "no «{words}» in {}", pdf.text);
        }
    }
}

#[test]
fn row_17_another_school_gets_what_is_necessary_and_no_more() {
    for told in &TOLD {
        let house = House::new();
        let plan = sample_json(told.plan);
        submitted(&house, 0, &plan);
        let note = note_to(told, "other_school", "active");
        submitted(&house, 0, &note);
        assert_eq!(element(&text(&house, "metadata/mappe.xml"), "saksstatus"), ["Under behandling"], "the folder goes on");
        sound(&house);
        let Some(pdf) = judged::paper(&paper(&house, 2)) else { continue };
        let on_paper = essence(&pdf.text);
        for words in listed(&note).iter().map(String::as_str).chain(["Prøvelia skole", told.where_to[1]]).chain(told.lists) {
            assert!(on_paper.contains(&essence(words)), "no «{words}» in {}", pdf.text);
        }
        // What is carried over stands in its list, and may be in the plan's own words.
        let carried = essence(&listed(&note).concat());
        for words in texts(&plan).into_iter().filter(|words| !carried.contains(&essence(words))) {
            assert!(!on_paper.contains(&essence(&words)), "«{words}» of the plan is on the note");
        }
        // What is carried over rests on something, or the note is refused.
        let without = edited(note, &[("/content/basis", Value::Null)]);
        assert_eq!(submitted(&house, 5, &without)["problems"][0]["at"], "/content/basis");
    }
}

#[test]
fn row_17_with_another_municipality_the_folder_is_closed() {
    for told in &TOLD {
        let house = House::new();
        let plan = sample_json(told.plan);
        submitted(&house, 0, &plan);
        let note = note_to(told, "other_municipality", "passive");
        submitted(&house, 0, &note);
        assert_eq!(kinds(&house), ["plan_snapshot", "school_year_transfer_note"]);
        assert_eq!(element(&text(&house, "metadata/mappe.xml"), "saksstatus"), ["Avsluttet"]);
        let later = edited(
            happened(of_the_plan(sample_json("meeting-minutes/minimal.json"), &plan), "2026-10-01T10:00:00+02:00"),
            &[("/content/held_at", json!("2026-10-01T09:00:00+02:00")), ("/content/sent_at", json!("2026-10-01T10:00:00+02:00"))],
        );
        // A document of an active plan would reopen it; one of a plan that rests is refused.
        let refused = submitted(&house, 3, &edited(later, &[("/case/plan_status", json!("suspended"))]));
        assert_eq!((&refused["state"], &refused["code"]), (&json!("failed"), &json!("folder_closed")), "{refused}");
        judged::folders(&house);
        house.neutral_letters();
        let Some(pdf) = judged::paper(&paper(&house, 2)) else { continue };
        let on_paper = essence(&pdf.text);
        for words in listed(&note).iter().map(String::as_str).chain(told.lists).chain([told.where_to[2]]) {
            assert!(on_paper.contains(&essence(words)), "no «{words}» in {}", pdf.text);
        }
    }
}
