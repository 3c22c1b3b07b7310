//! Row 16: the annual report of an IOP. It is not finalised with a goal that nobody has assessed; it tells hours given against hours
//! decided; and who got it, and when, is kept in the register and not on the page.

use arkivflyt_tests::{House, essence, sample_json};
use serde_json::{Value, json};

use crate::{
    in_folder::{edited, element, kinds, paper, registration, sound, submitted, system_id, text, told},
    judged,
};

/// The plan, its report, words of the page, a word that is none of the page's, and who is told.
type Told = (&'static str, &'static str, [&'static str; 4], &'static str, &'static [&'static str]);

const TOLD: [Told; 2] = [
    (
        "plan-snapshot/full-iop.json",
        "iop-annual-report/full.json",
        ["Timer vedtatt", "342,5", "Timer gitt", "318"],
        "Gjort tilgjengelig for",
        &["guardian:0", "guardian:1"],
    ),
    (
        "plan-snapshot/nynorsk-iop.json",
        "iop-annual-report/nynorsk.json",
        ["Timar vedtekne", "171,5", "Timar gitt", "168"],
        "Gjort tilgjengeleg for",
        &["subject"],
    ),
];

#[test]
fn row_16_a_report_with_a_goal_that_nobody_assessed_is_not_finalised() {
    let house = House::new();
    for (_, report, ..) in TOLD {
        for field in ["development", "status"] {
            let unassessed = edited(sample_json(report), &[(&format!("/content/goal_assessments/1/{field}"), Value::Null)]);
            let refused = submitted(&house, 5, &unassessed);
            let problems = refused["problems"].as_array().unwrap();
            let at = "/content/goal_assessments/1";
            assert!(problems.iter().any(|p| p["at"].as_str().unwrap().starts_with(at)), "{report} without {field}: {refused}");
        }
    }
    assert!(house.case_folders().is_empty());
    assert_eq!(house.ask(0, ["mail", "list"])["mails"], json!([]), "nobody is told of a report that there is not");
}

#[test]
fn row_16_hours_stand_on_the_page_and_who_got_it_in_the_register() {
    for (plan, report, words, not_on_paper, who) in TOLD {
        let house = House::new();
        submitted(&house, 0, &sample_json(plan));
        let report = sample_json(report);
        submitted(&house, 0, &report);
        assert_eq!(kinds(&house), ["plan_snapshot", "iop_annual_report"]);
        assert_eq!(told(&house, "annual_report_ready"), who);
        let xml = registration(&house, 2);
        assert_eq!((element(&xml, "journalposttype"), element(&xml, "kassasjonsvedtak")), (vec!["Utgående dokument"], vec!["Bevares"]));
        assert_eq!(element(&xml, "referanseTilRegistrering"), [system_id(&registration(&house, 1))], "it is of the plan that was in force");
        // The register: when the first got it, and everybody who did.
        let given = &report["content"]["access_given"];
        let first = given.as_array().unwrap().iter().map(|g| g["at"].as_str().unwrap()).min().unwrap();
        assert_eq!(element(&xml, "sendtDato"), [&first[..19]]);
        let source: Value = serde_json::from_str(&text(&house, "kilde/02.json")).unwrap();
        assert_eq!(&source["content"]["access_given"], given);
        sound(&house);
        let Some(pdf) = judged::paper(&paper(&house, 2)) else { continue };
        let on_paper = essence(&pdf.text);
        for words in words {
            assert!(on_paper.contains(&essence(words)), "no «{words}» in {}", pdf.text);
        }
        assert!(!on_paper.contains(&essence(not_on_paper)), "{}", pdf.text);
        for goal in report["content"]["goal_assessments"].as_array().unwrap() {
            for field in ["goal", "development"] {
                let start: String = goal[field].as_str().unwrap().lines().next().unwrap().chars().take(40).collect();
                assert!(on_paper.contains(&essence(&start)), "no «{start}» in {}", pdf.text);
            }
        }
    }
}
