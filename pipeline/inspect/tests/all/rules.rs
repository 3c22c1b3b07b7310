//! For each rule one extract that breaks it by one small change, and is found to break exactly that rule.

use std::{cell::Cell, collections::BTreeSet, path::Path};

use pipeline_inspect::{Inspection, Limits, Note, Report, Rule, Schemas, Severity, inspect};

use crate::{
    cases::{Case, Form, all},
    support::{Extract, PACKAGE, broken, check, id, official},
};

fn run(case: &Case, schemas: &Schemas) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let mut extract = Extract::whole(!schemas.is_empty());
    (case.change)(&mut extract);
    let path = match case.form {
        Form::Content => extract.write(&dir.path().join("content")),
        Form::Package => extract.write_package(&dir.path().join("package")),
        Form::Tar => extract.write_tar(dir.path(), PACKAGE),
        Form::Made(make) => make(&extract, dir.path()),
        Form::Disturbed(_) => extract.write(&dir.path().join("content")),
    };
    match case.form {
        Form::Disturbed(disturb) => disturbed(&path, schemas, disturb),
        _ => check(&path, schemas),
    }
}

/// Something changes the folder while it is checked.
fn disturbed(path: &Path, schemas: &Schemas, disturb: fn(&Path)) -> Report {
    let is_done = std::sync::Mutex::new(Cell::new(false));
    let stop = || {
        if !is_done.lock().unwrap().replace(true) {
            disturb(path);
        }
        false
    };
    let limits = Limits { readers: 1, ..Limits::default() };
    inspect(path, &Inspection { schemas, limits: &limits, stop: &stop }).unwrap()
}

/// What is not as it should be.
fn judge(case: &Case, schemas: &Schemas, expected: BTreeSet<Rule>) -> Option<String> {
    let report = run(case, schemas);
    let is_refused = expected.iter().any(|rule| rule.severity() == Severity::Error);
    let is_right = broken(&report) == expected && report.is_refused() == is_refused && report.findings.iter().any(|f| f.rule == case.rule);
    (!is_right).then(|| format!("{}: expected {expected:?}, found {:#?}", case.name, report.findings))
}

#[test]
fn each_broken_extract_breaks_exactly_its_rule() {
    let cases = all();
    let cases = cases.iter().filter(|c| !c.needs_schemas);
    let wrong: Vec<String> = cases.filter_map(|case| judge(case, &Schemas::none(), [case.rule].into())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn with_the_official_schemas_too() {
    let Some(schemas) = official() else { return };
    let expected = |case: &Case| [case.rule].into_iter().chain(case.breaks_schema.then_some(Rule::Schema)).collect();
    let wrong: Vec<String> = all().iter().filter_map(|case| judge(case, &schemas, expected(case))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_whole_one_passes_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let extract = Extract::whole(false);
    let tar = extract.write_tar(dir.path(), PACKAGE);
    for path in [extract.write(&dir.path().join("content")), extract.write_package(&dir.path().join("package")), tar] {
        let report = check(&path, &Schemas::none());
        assert_eq!(report.findings, [], "{}", path.display());
        let facts = &report.facts;
        assert_eq!((facts.folders, facts.records, facts.journal_entries, facts.documents), (2, 4, 3, 3));
        // Without schemas, that is said, once for each file.
        assert_eq!(report.not_checked.len(), 5);
        assert!(report.not_checked.iter().all(|n| n.rule == Rule::Schema) && !report.is_complete());
    }
}

#[test]
fn the_whole_one_is_checked_completely_with_the_official_schemas() {
    let Some(schemas) = official() else { return };
    let dir = tempfile::tempdir().unwrap();
    let report = check(&Extract::whole(true).write(dir.path()), &schemas);
    assert_eq!((report.findings.as_slice(), report.not_checked.as_slice()), (&[][..], &[][..]));
    assert!(report.is_complete() && !report.is_refused());
}

#[test]
fn every_rule_has_a_case_and_stands_in_the_table() {
    let table = include_str!("../../RULES.md");
    let rows: Vec<Vec<&str>> = table.lines().filter(|l| l.starts_with("| `")).map(|l| l.split('|').map(str::trim).collect()).collect();
    let listed: Vec<&str> = rows.iter().map(|r| r[1].trim_matches('`')).collect();
    let ids: Vec<&str> = Rule::ALL.iter().map(|r| r.id()).collect();
    assert_eq!(listed, ids, "RULES.md has every rule, in order");
    for (row, rule) in rows.iter().zip(Rule::ALL) {
        let severity = if rule.severity() == Severity::Error { "error" } else { "warning" };
        assert_eq!(row[2], severity, "{rule}");
        assert!(row[3].len() > 20, "{rule}: what is checked");
        let named: Vec<&str> = row[4].split(", ").map(|t| t.trim_matches('`')).collect();
        let cases: Vec<&str> = all().iter().filter(|c| c.rule == *rule).map(|c| c.name).collect();
        assert!(!cases.is_empty(), "{rule} has no test");
        assert_eq!(named, cases, "{rule}");
    }
    assert_eq!(Rule::ALL.iter().filter(|r| r.is_national()).count(), 28);
}

#[test]
fn every_text_is_there_in_three_languages() {
    use pipeline_domain::Lang::{En, Nb, Nn};
    let rules = Rule::ALL.iter().map(|r| (r.id(), [Nb, Nn, En].map(|l| r.text(l))));
    let notes = Note::ALL.iter().map(|n| (n.id(), [Nb, Nn, En].map(|l| n.text(l))));
    for (id, texts) in rules.chain(notes) {
        assert!(
            texts.iter().all(|t| t.ends_with(['.', ')']) && t.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_lowercase())),
            "{id}"
        );
        assert_ne!(texts[0], texts[2], "{id}");
    }
}

/// The shape that programs read.
#[test]
fn a_report_as_json() {
    let case = all().into_iter().find(|c| c.name == "one_folder_more_is_declared").unwrap();
    let report = serde_json::to_value(run(&case, &Schemas::none())).unwrap();
    assert_eq!(
        report["findings"],
        serde_json::json!([{
            "rule": "N5.10", "severity": "error", "file": "arkivstruktur.xml", "counts": { "declared": 3, "found": 2 }
        }])
    );
    assert_eq!((&report["broken"]["N5.10"], &report["refused"]), (&1.into(), &true.into()));
    assert_eq!(report["not_checked"][0], serde_json::json!({ "rule": "N5.03", "file": "arkivstruktur.xml", "why": "no_schemas" }));
    let case = all().into_iter().find(|c| c.name == "two_units_have_one_id").unwrap();
    let report = serde_json::to_value(run(&case, &Schemas::none())).unwrap();
    let unit = &report["findings"][0]["unit"];
    assert_eq!((&unit["element"], &unit["system_id"]), (&"mappe".into(), &"00000000-0000-4000-8000-000000000050".into()));
    assert!(unit["line"].as_u64().is_some_and(|line| line > 1));
}

/// A breach of the schema names the unit as well, and the element by the schema's name.
#[test]
fn a_breach_of_the_schema_says_where() {
    let Some(schemas) = official() else { return };
    let find = |name: &str| {
        let case = all().into_iter().find(|c| c.name == name).unwrap();
        let unit = run(&case, &schemas).findings[0].unit.clone().unwrap();
        (unit.element.unwrap().into_string(), unit.system_id.map(|id| id.as_str().to_owned()))
    };
    assert_eq!(find("an_element_is_left_out"), ("dokumentbeskrivelse".to_owned(), Some(id(20))));
    assert_eq!(find("a_date_is_a_date_and_time"), ("saksdato".to_owned(), Some(id(10))));
}
