//! Row 25: who may do what, answered by the program without any data folder, the same in every language.

use std::collections::BTreeSet;

use arkivflyt_tests::{House, Run};
use serde_json::{Value, json};

fn explain(house: &House, rest: &str) -> Run {
    house.run("access explain".split(' ').chain(rest.split_whitespace()))
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|o| o["code"].as_str().unwrap()).collect()
}

#[test]
fn system_roles_are_answered_for_and_explained() {
    let house = House::bare();

    // A print by a participant: a reason is asked for, then given; then the consent ends.
    let without = explain(&house, "--role participant --action print --json").expect(0).json();
    assert_eq!((without["allowed"].as_bool(), without["reason"]["code"].as_str()), (Some(false), Some("reason_missing")));
    let with = explain(&house, "--role participant --action print --flag reason_stated --json").expect(0).json();
    assert_eq!(with["schema"], "arkivflyt.access_explain/1");
    assert_eq!((with["allowed"].as_bool(), with["reason"].is_null(), with["relation"].as_str()), (Some(true), true, Some("takes_part")));
    assert_eq!(
        codes(&with["obligations"]),
        ["write_access_log", "note_reason", "cut_to_scope", "own_view", "leave_out_contacts", "watermark", "check_again"]
    );
    assert_eq!(with["basis"]["code"], "consent");
    let ended = explain(&house, "--role participant --action print --flag reason_stated --flag consent_withdrawn --json").expect(0).json();
    assert_eq!((ended["allowed"].as_bool(), ended["reason"]["code"].as_str()), (Some(false), Some("consent_withdrawn")));
    assert_eq!((ended["obligations"].as_array().unwrap().len(), ended["basis"].is_null()), (0, true));

    // The same birthday means one thing at school and another elsewhere; somebody else's plan is never one's own.
    let approves = |role: &str, rest: &str| {
        let found = explain(&house, &format!("--role {role} --action approve_consent --json {rest}")).expect(0).json();
        found["reason"]["code"].as_str().map(str::to_owned)
    };
    assert_eq!(approves("subject", "--flag age_15 --flag schooling"), None);
    assert_eq!(approves("guardian", "--flag age_15 --flag schooling").as_deref(), Some("subject_acts"));
    assert_eq!(approves("subject", "--flag age_15").as_deref(), Some("guardian_acts"));
    assert_eq!(approves("guardian", "--flag age_15"), None);
    assert_eq!(approves("guardian", "--flag age_15 --relation unrelated").as_deref(), Some("no_relation"));
    assert_eq!(approves("archivist", "").as_deref(), Some("not_in_role"));
    assert!(!house.data().exists(), "a question leaves nothing behind");
}

#[test]
fn answers_are_in_plain_words_of_the_readers_language() {
    let house = House::bare();
    let check = |lang: &str, flags: &str, expected: &[&str]| {
        let text = explain(&house, &format!("--role guardian --action export --flag age_12 {flags} --lang {lang}")).expect(0).text();
        for words in expected {
            assert!(text.contains(words), "{words:?} is missing in\n{text}");
        }
    };
    let protected = "--flag reason_stated --flag address_confidential";
    check("nb", protected, &["Nei: foresatt – hente ut alt samlet", "fortrolig adresse", "frigi dokumentet", "(not_released)"]);
    check("nn", protected, &["Nei: føresett – hente ut alt samla", "fortruleg adresse", "uttrykkeleg", "(not_released)"]);
    check("en", protected, &["No: guardian – export", "confidential address", "release the document explicitly", "(not_released)"]);
    let released = "--flag reason_stated --flag address_confidential --flag released";
    check("nb", released, &["Ja: foresatt", "Grunnlag: på vegne av hovedpersonen", "Dette følger med:", "Utelat adressen overalt."]);
    check("nn", released, &["Ja: føresett", "Grunnlag: på vegner av hovudpersonen", "Dette følgjer med:", "Utelat adressa overalt."]);
    check("en", released, &["Yes: guardian", "Ground: on the subject's behalf", "What goes with it:", "Leave the address out everywhere."]);
}

#[test]
fn wrong_questions_are_refused_with_what_would_have_been_right() {
    let house = House::bare();
    let unknown = explain(&house, "--role boss --action print").expect(2);
    assert!(unknown.stderr.contains("professional_lead"), "{unknown}");
    explain(&house, "--role admin").expect(2);
    let both = explain(&house, "--role subject --action print --flag age_12 --flag age_15 --json").expect(5).json();
    assert_eq!((both["code"].as_str(), both["schema"].as_str()), (Some("access_flags_contradict"), Some("arkivflyt.error/1")));
    assert!(both["detail"].as_str().unwrap().contains("age_12 and age_15"), "{both}");
}

#[test]
fn the_table_shows_every_right_that_explain_gives() {
    let house = House::bare();
    let table = house.run(["access", "table", "--json"]).expect(0).json();
    assert_eq!(table["schema"], "arkivflyt.access_table/1");
    let texts = |of: &Value| of.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let mut pairs = BTreeSet::new();
    for right in table["rights"].as_array().unwrap() {
        pairs.extend(texts(&right["roles"]).into_iter().flat_map(|r| texts(&right["may"]).into_iter().map(move |a| (r.clone(), a))));
    }
    assert_eq!(pairs.len(), 4 * 10 + 5 + 2 * 16 + 11 + 14 + 14 + 1 + 6, "as many as tests/access/matrix.md has lines for roles");
    // One of every role, with everything in its favour.
    let mut roles = BTreeSet::new();
    for (role, action) in pairs.iter().filter(|(role, _)| roles.insert(role.clone())) {
        let child = if role == "guardian" { "--flag age_12" } else { "" };
        let answer = explain(&house, &format!("--role {role} --action {action} --flag reason_stated {child} --json")).expect(0).json();
        assert_eq!(answer["allowed"], json!(true), "{role} {action}: {answer}");
    }
    assert_eq!(roles.len(), 12);
    let bars: BTreeSet<String> = table["bars"].as_array().unwrap().iter().map(|b| b["reason"].as_str().unwrap().to_owned()).collect();
    let reasons: BTreeSet<String> = codes(&table["reasons"]).into_iter().map(str::to_owned).collect();
    let by_the_table: BTreeSet<String> = ["no_relation", "not_in_role"].map(str::to_owned).into();
    assert_eq!(reasons.difference(&bars).cloned().collect::<BTreeSet<_>>(), by_the_table, "every other reason has a bar");

    // As text in three languages, and as the page in docs.
    for (lang, words) in [("nb", "faglig ansvarlig"), ("nn", "fagleg ansvarleg"), ("en", "professional lead")] {
        let text = house.run(["access", "table", "--lang", lang]).expect(0).text();
        assert!(text.contains(words) && text.contains("not_released"), "{text}");
    }
    let markdown = house.run(["access", "table", "--markdown", "--lang", "en"]).expect(0).text();
    let document = std::fs::read_to_string(arkivflyt_tests::workspace().join("docs/access.md")).unwrap();
    assert!(document.contains(markdown.trim_end()), "docs/access.md holds what the program prints");
    assert!(!house.data().exists());
}
