//! Row 15: an evaluation is tied to the very version of the plan that was judged, and says the goal's words as they were then.

use std::fs;

use arkivflyt_tests::{House, digest, essence, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{documents, edited, element, happened, kinds, paper, registration, sound, submitted, system_id},
    judged,
};

const PAIRS: [(&str, &str, [&str; 3]); 2] = [
    ("plan-snapshot/full-ip.json", "evaluation-report/full.json", ["Evaluering", "Nådd", "Veien videre"]),
    ("plan-snapshot/nynorsk-ip.json", "evaluation-report/nynorsk.json", ["Evaluering", "Vurdering", "Vegen vidare"]),
];
const NEW_WORDS: &str = "Målet har fått helt nye ord som ingen har vurdert.";

/// The plan some days later, when a goal has got other words.
fn next_version(plan: &Value, goal: &str) -> Value {
    let version = plan["content"]["version"].as_u64().unwrap() + 1;
    let mut next = edited(happened(plan.clone(), "2026-11-20T10:00:00+01:00"), &[("/content/version", json!(version))]);
    let mut goals: Vec<&mut Value> = next["content"]["goals"].as_array_mut().unwrap().iter_mut().collect();
    let part = goals.iter_mut().flat_map(|g| g["sub_goals"].as_array_mut().into_iter().flatten()).find(|g| g["id"] == goal);
    part.expect("a part of a goal")["sub_goal"] = json!(NEW_WORDS);
    next
}

/// The evaluation of another version of the plan, as another document.
fn of_version(evaluation: &Value, plan: &Value, hash: &str) -> Value {
    let reference = json!({ "document_id": plan["id"], "version": plan["content"]["version"], "hash": hash });
    let edits = [
        ("/id", json!("00000000-0000-4000-8000-00000000e015")),
        ("/content/snapshot_ref", reference),
        ("/content/goal_text", json!(NEW_WORDS)),
    ];
    edited(happened(evaluation.clone(), "2026-11-21T10:00:00+01:00"), &edits)
}

/// Digest of a document's content, as its folder tells it.
fn content_of(house: &House, no: usize) -> String {
    let record: Value = serde_json::from_str(&crate::in_folder::text(house, "metadata/sak.json")).unwrap();
    record["documents"][no - 1]["content"].as_str().unwrap().to_owned()
}

#[test]
fn row_15_an_evaluation_is_of_the_version_that_was_judged_and_its_words_stay() {
    for (plan, evaluation, says) in PAIRS {
        let house = House::new();
        let (plan, evaluation) = (sample_json(plan), sample_json(evaluation));
        submitted(&house, 0, &plan);
        submitted(&house, 0, &evaluation);
        let xml = registration(&house, 2);
        assert_eq!(element(&xml, "dokumenttype"), ["Evaluering"]);
        assert_eq!(element(&xml, "journalposttype"), ["Organinternt dokument uten oppfølging"]);
        assert_eq!(element(&xml, "referanseTilRegistrering"), [system_id(&registration(&house, 1))], "it names the plan's registration");
        let bytes = digest(&fs::read(paper(&house, 2)).unwrap());

        // The goal gets other words in the next version: what was judged is what it was.
        let goal = evaluation["content"]["goal_ref"].as_str().unwrap();
        let next = next_version(&plan, goal);
        submitted(&house, 0, &next);
        let new = of_version(&evaluation, &next, &content_of(&house, 3));
        submitted(&house, 0, &new);
        assert_eq!(kinds(&house), ["plan_snapshot", "evaluation_report", "plan_snapshot", "evaluation_report"]);
        assert_eq!(digest(&fs::read(paper(&house, 2)).unwrap()), bytes);
        assert_eq!(element(&registration(&house, 2), "referanseTilRegistrering"), [system_id(&registration(&house, 1))]);
        // The second is of the second: the version before it is named by that version's own correction alone.
        let corrected = registration(&house, 3);
        assert_eq!(element(&registration(&house, 4), "referanseTilRegistrering"), [system_id(&corrected)]);
        assert_eq!(element(&corrected, "referanseTilRegistrering"), [system_id(&registration(&house, 1))]);
        assert_eq!(documents(&house)[0]["corrected_by"], 3);
        sound(&house);
        let (Some(then), Some(now)) = (judged::paper(&paper(&house, 2)), judged::paper(&paper(&house, 4))) else { continue };
        let words = essence(evaluation["content"]["goal_text"].as_str().unwrap());
        assert!(essence(&then.text).contains(&words) && !essence(&then.text).contains(&essence(NEW_WORDS)), "{}", then.text);
        assert!(essence(&now.text).contains(&essence(NEW_WORDS)) && !essence(&now.text).contains(&words), "{}", now.text);
        let version = format!("versjon {}", plan["content"]["version"]);
        for words in says.into_iter().chain([version.as_str()]) {
            assert!(essence(&then.text).contains(&essence(words)), "no «{words}» in {}", then.text);
        }
    }
}

#[test]
fn row_15_an_evaluation_that_comes_before_its_plan_names_no_registration() {
    let house = House::new();
    submitted(&house, 0, &sample_json("evaluation-report/full.json"));
    assert_eq!(element(&registration(&house, 1), "referanseTilRegistrering"), [""; 0], "a reference must lead to something");
    // The paper says which version it was, so it can be found.
    let reference = &sample_json("evaluation-report/full.json")["content"]["snapshot_ref"];
    sound(&house);
    if let Some(pdf) = judged::paper(&paper(&house, 1)) {
        let text = essence(&pdf.text);
        assert!(text.contains(&essence(&format!("versjon {}", reference["version"]))), "{}", pdf.text);
        assert!(text.contains(&essence(reference["hash"].as_str().unwrap())), "{}", pdf.text);
    }
}
