//! What one document after another is answered.

use pipeline_domain::{EVENT_SCHEMA, Problem, schema_name};
use serde_json::json;

use super::*;
use crate::SyntheticPolicy;

const VALID: [(&str, &str); 6] = [
    ("ip", include_str!("../../tests/valid/ip.json")),
    ("es", include_str!("../../tests/valid/es.json")),
    ("sl", include_str!("../../tests/valid/sl.json")),
    ("iop", include_str!("../../tests/valid/iop.json")),
    ("minutes", include_str!("../../tests/valid/minutes.json")),
    ("report", include_str!("../../tests/valid/report.json")),
];

fn valid(name: &str) -> Value {
    let text = VALID.iter().find(|(n, _)| *n == name).unwrap().1;
    serde_json::from_str(text).unwrap()
}

fn edited(name: &str, edits: &[(&str, Value)]) -> Vec<u8> {
    let mut document = valid(name);
    for (pointer, value) in edits {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    document.to_string().into_bytes()
}

fn answer(rules: IntakeRules, bytes: &[u8]) -> Vec<String> {
    match Reader::new(rules).read(bytes) {
        Reading::Accepted(_) => vec![],
        Reading::Refused(problems) => problems.iter().map(Problem::to_string).collect(),
    }
}

fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    assert_eq!(answer(IntakeRules::default(), bytes.as_ref()), expected);
}

#[test]
fn whole_documents_are_accepted() {
    let reader = Reader::new(IntakeRules::default());
    for (name, text) in VALID {
        let Reading::Accepted(snapshot) = reader.read(text.as_bytes()) else { panic!("{name}: {:?}", reader.read(text.as_bytes())) };
        assert!(snapshot.synthetic, "{name}");
        assert_eq!(
            snapshot.content.to_json(),
            Content::from_json(snapshot.kind(), snapshot.case.plan_type, valid(name)["content"].clone()).unwrap().to_json()
        );
    }
}

#[test]
fn what_the_archive_keeps_reads_as_the_same_document() {
    let reader = Reader::new(IntakeRules::default());
    for (name, text) in VALID {
        let Reading::Accepted(first) = reader.read(text.as_bytes()) else { panic!("{name}") };
        let Reading::Accepted(second) = reader.read(&first.archival_json()) else { panic!("{name}") };
        assert_eq!(first.digest, second.digest, "{name}");
    }
}

#[test]
fn a_null_field_is_an_absent_field() {
    check(edited("ip", &[("/content/background", json!(null)), ("/case/nothing", json!(null))]), &[]);
    check(edited("ip", &[("/content/coordinator", json!(null))]), &["required_field_missing at /content/coordinator (required)"]);
    check(edited("ip", &[("/content/revision_times", json!([null]))]), &["field_type_wrong at /content/revision_times/0 (type=string)"]);
}

#[test]
fn an_unknown_field_is_told_by_its_position() {
    let text = VALID[0].1.replacen("\"case\": {", "\"case\": {\"leadname\": 1, \"lead_naem\": null, \"hemmelig\": \"x\",", 1);
    check(
        text,
        &["field_unknown at /case (field 1 of the object, close to \"lead_name\")", "field_unknown at /case (field 3 of the object)"],
    );
}

#[test]
fn the_size_is_looked_at_first() {
    let rules = IntakeRules { max_bytes: 10, ..IntakeRules::default() };
    assert_eq!(answer(rules.clone(), b"[1, 2, 3, \xff]"), ["document_too_large at / (max_bytes=10)"]);
    assert_eq!(answer(rules, b"[1,\n 2,\xff]"), ["not_utf8 at / (line=2 column=4)"]);
    let eight_mebibytes = format!("\"{}\"", "x".repeat(8 * 1024 * 1024));
    check(eight_mebibytes, &["document_too_large at / (max_bytes=8388608)"]);
}

#[test]
fn a_document_of_very_many_values_is_too_large() {
    let text = VALID[4].1.replacen("\"absent\": []", &format!("\"absent\": [{}0]", "0,".repeat(MOST_VALUES)), 1);
    check(text, &["document_too_large at / (max_values=60000)"]);
}

#[test]
fn the_depth_is_counted_from_the_whole_document() {
    let nested = |depth: usize| format!("{}{}", "{\"case\":".repeat(depth), "}".repeat(depth)).replace(":}", ":1}");
    let schemas = format!("{}|{EVENT_SCHEMA}", DocumentKind::ALL.map(schema_name).join("|"));
    check(nested(64), &[&format!("schema_unknown at /schema (one_of={schemas})")]);
    check(nested(65), &[&format!("json_too_deep at {} (max_depth=64 line=1 column=513)", "/case".repeat(64))]);
    let very_deep = IntakeRules { max_depth: usize::MAX, ..IntakeRules::default() };
    assert!(answer(very_deep, "[".repeat(1_000_000).as_bytes())[0].ends_with("(max_depth=128 line=1 column=129)"));
}

#[test]
fn faults_in_the_json_do_not_hide_the_rest() {
    let text = VALID[4].1.replacen("\"place\":", "\"place\": \"\",\n \"place\": \"\", \"palce\": 1,\n \"place\":", 1).replacen(
        "\"1\"",
        "\"\\udead\"",
        1,
    );
    let text = text.replacen("\"Status\"", "\"\"", 1);
    check(
        text,
        &[
            "field_unknown at /content (field 7 of the object, close to \"place\")",
            "json_syntax at /content/items/0/no (line=60 column=16)",
            "text_empty at /content/items/0/title (min_length=1)",
            "json_duplicate_key at /content/place (line=47 column=2)",
            "json_duplicate_key at /content/place (line=48 column=2)",
        ],
    );
}

#[test]
fn synthetic_documents_can_be_refused() {
    let rules = IntakeRules { synthetic: SyntheticPolicy::Refuse, ..IntakeRules::default() };
    assert_eq!(answer(rules, VALID[0].1.as_bytes()), ["synthetic_refused at /synthetic (synthetic=refuse)"]);
}

#[test]
fn the_municipality_must_be_set_up() {
    let only = |number: &str| IntakeRules { municipalities: Some([number.parse().unwrap()].into()), ..IntakeRules::default() };
    assert_eq!(answer(only("9901"), VALID[0].1.as_bytes()), [""; 0]);
    assert_eq!(
        answer(only("9902"), VALID[0].1.as_bytes()),
        ["municipality_unknown at /case/municipality_number (municipality_of_the_installation)"]
    );
}

#[test]
fn more_problems_than_anyone_reads() {
    let many = vec![json!({ "name": "", "role": "", "service": "" }); 200];
    let found = answer(IntakeRules::default(), &edited("minutes", &[("/content/present", json!(many))]));
    assert_eq!(found.len(), 501);
    assert_eq!(found[500], "too_many_problems at / (max_problems=500)");
}

#[test]
fn ten_faults_are_ten_problems() {
    let bytes = edited(
        "ip",
        &[
            ("/id", json!("7d1a2f30")),
            ("/occurred_at", json!("2026-11-31T12:00:00+01:00")),
            ("/written_form", json!("se")),
            ("/case/subject_national_id", json!("17851490028")),
            (
                "/case/guardians",
                json!([{ "name": "Rask Myrull", "relation": "guardian", "contact": { "email": "rask", "written_form": "nn" } }]),
            ),
            ("/content/version", json!(0)),
            ("/content/coordinator", json!("Stille\nLyngmo")),
            ("/content/goals", json!([])),
            ("/content/subject_needs", json!("  ")),
            ("/content/diagnose", json!("hemmelig")),
        ],
    );
    insta::assert_snapshot!(answer(IntakeRules::default(), &bytes).join("\n"));
}

#[test]
fn all_rules_between_fields_are_told_at_once() {
    let bytes = edited(
        "ip",
        &[
            ("/synthetic", json!(false)),
            ("/case/subject_birth_date", json!("2014-05-18")),
            ("/content/plan_period_to", json!("2026-07-31")),
            ("/content/measures/0/goal", json!("m9")),
            ("/content/measures/0/due", json!("2026-08-31")),
        ],
    );
    insta::assert_snapshot!(answer(IntakeRules::default(), &bytes).join("\n"));
}
