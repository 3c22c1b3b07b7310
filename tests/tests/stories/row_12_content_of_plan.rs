//! Row 12: the content of a plan. What must be in it is asked for before anything is archived, all of it at once, and stands on the paper.

use std::collections::BTreeSet;

use arkivflyt_tests::{House, essence, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{edited, kinds, paper, sound, submitted, told},
    judged,
};

/// The fields that hold the nine points of an individual plan (DOMAIN § 6.1).
const NINE_POINTS: [&str; 9] = [
    "plan_period_from",
    "revision_times",
    "coordinator",
    "participants",
    "subject_needs",
    "goals",
    "measures",
    "cooperation_needs",
    "consent_summary",
];

/// What the other kinds of plan must hold (DOMAIN §§ 6.2–6.4).
const ES: &[&str] = &["purpose", "coordinator", "participants", "consent_summary"];
const SL: &[&str] = &["baton_holder", "concern", "goals", "measures", "services", "consent_summary"];
const IOP: &[&str] = &[
    "school_year",
    "school",
    "grade",
    "class",
    "contact_teacher",
    "iop_lead",
    "decision_ref",
    "expert_assessment_ref",
    "main_goals",
    "subjects",
    "prepared_with",
];

/// Each kind of plan in both written forms, and what it must hold.
const PLANS: [(&str, &[&str]); 8] = [
    ("plan-snapshot/full-ip.json", &NINE_POINTS),
    ("plan-snapshot/nynorsk-ip.json", &NINE_POINTS),
    ("plan-snapshot/full-es.json", ES),
    ("plan-snapshot/nynorsk-es.json", ES),
    ("plan-snapshot/full-sl.json", SL),
    ("plan-snapshot/nynorsk-sl.json", SL),
    ("plan-snapshot/full-iop.json", IOP),
    ("plan-snapshot/nynorsk-iop.json", IOP),
];

/// Headings and labels of the nine points.
const NB: [&str; 8] = [
    "Planperiode",
    "Tidspunkt for justering og revisjon",
    "Koordinator",
    "Deltakere og bidrag",
    "Mål, ressurser og behov for tjenester",
    "Mål og tiltak",
    "Nødvendig eller ønsket samarbeid med andre",
    "Samtykke",
];
const NN: [&str; 8] = [
    "Planperiode",
    "Tidspunkt for justering og revisjon",
    "Koordinator",
    "Deltakarar og bidrag",
    "Mål, ressursar og behov for tenester",
    "Mål og tiltak",
    "Nødvendig eller ønskt samarbeid med andre",
    "Samtykke",
];

/// Where the problems of a refused document are, each with its code.
fn problems(answer: &Value) -> BTreeSet<(String, String)> {
    let of = |p: &Value| (p["at"].as_str().unwrap().to_owned(), p["code"].as_str().unwrap().to_owned());
    answer["problems"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn row_12_a_point_that_is_missing_is_a_problem_before_anything_is_archived() {
    let house = House::new();
    for (sample, points) in PLANS {
        let plan = sample_json(sample);
        let missing = |point: &str| (format!("/content/{point}"), "required_field_missing".to_owned());
        for point in points {
            let without = edited(plan.clone(), &[(&format!("/content/{point}"), Value::Null)]);
            let found = problems(&submitted(&house, 5, &without));
            assert!(found.contains(&missing(point)), "{sample} without {point}: {found:?}");
        }
        // All of them at once, and each is told.
        let mut bare = plan.clone();
        points.iter().for_each(|point| drop(bare["content"].as_object_mut().unwrap().remove(*point)));
        let found = problems(&submitted(&house, 5, &bare));
        let expected: BTreeSet<_> = points.iter().map(|point| missing(point)).collect();
        assert!(found.is_superset(&expected), "{sample}: {found:?}");
    }
    assert!(house.case_folders().is_empty(), "nothing was archived");
    assert_eq!(house.ask(0, ["case", "list"])["folders"], json!([]));
}

#[test]
fn row_12_an_empty_point_is_as_good_as_none_and_is_told_of_in_a_preview_too() {
    let house = House::new();
    for sample in ["plan-snapshot/full-ip.json", "plan-snapshot/nynorsk-ip.json"] {
        let empty: [(&str, Value, &str); 6] = [
            ("/content/subject_needs", json!("  \n"), "text_empty"),
            ("/content/cooperation_needs", json!(""), "text_empty"),
            ("/content/consent_summary", json!("\t"), "text_empty"),
            ("/content/revision_times", json!([]), "list_too_short"),
            ("/content/participants", json!([]), "list_too_short"),
            ("/content/goals", json!([]), "list_too_short"),
        ];
        let edits: Vec<(&str, Value)> = empty.iter().map(|(at, value, _)| (*at, value.clone())).collect();
        let plan = edited(sample_json(sample), &edits);
        let expected: BTreeSet<(String, String)> = empty.iter().map(|(at, _, code)| ((*at).to_owned(), (*code).to_owned())).collect();
        let preview = house.feed(["case", "preview", "-", "--json"], plan.to_string().as_bytes()).expect(5).json();
        let told = problems(&submitted(&house, 5, &plan));
        assert!(told.is_superset(&expected), "{sample}: {told:?}");
        assert_eq!(problems(&preview), told, "asked beforehand, the answer is the same");
    }
    assert!(house.case_folders().is_empty());
}

#[test]
fn row_12_the_nine_points_stand_on_the_paper() {
    for (sample, headings) in [("plan-snapshot/full-ip.json", NB), ("plan-snapshot/nynorsk-ip.json", NN)] {
        let house = House::new();
        let plan = sample_json(sample);
        submitted(&house, 0, &plan);
        assert_eq!((kinds(&house), told(&house, "archive_failed")), (vec!["plan_snapshot".to_owned()], Vec::new()));
        sound(&house);
        let Some(pdf) = judged::paper(&paper(&house, 1)) else { continue };
        let text = essence(&pdf.text);
        let content = &plan["content"];
        let every = |list: &str, field: &str| -> Vec<String> {
            content[list].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
        };
        let starts = |field: &str| content[field].as_str().unwrap().chars().take(24).collect::<String>();
        let mut expected: Vec<String> = headings.map(str::to_owned).to_vec();
        expected.extend(["subject_needs", "cooperation_needs", "consent_summary", "coordinator"].map(starts));
        expected.extend([every("participants", "name"), every("goals", "main_goal")].concat());
        for words in expected {
            let start: String = words.lines().next().unwrap().chars().take(24).collect();
            assert!(text.contains(&essence(&start)), "{sample}: no «{words}» in {}", pdf.text);
        }
    }
}
