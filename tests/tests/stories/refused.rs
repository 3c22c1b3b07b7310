//! Every broken document is refused by exactly its rule, and keeps nobody else out.

use arkivflyt_tests::{House, Sample, broken_samples, digest, good_samples};
use serde_json::Value;

/// The codes of a list of problems, each once.
fn codes(problems: &Value) -> Vec<String> {
    let mut codes: Vec<String> = problems.as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn check_texts(problems: &Value, sample: &Sample) {
    for problem in problems.as_array().unwrap() {
        let [nb, nn, en] = ["nb", "nn", "en"].map(|lang| problem["text"][lang].as_str().unwrap_or_default());
        assert!([nb, nn, en].iter().all(|t| t.len() > 10), "{}: {problem}", sample.name);
        assert!(nb != en && nn != en, "{}: {problem}", sample.name);
        let at = problem["at"].as_str().unwrap();
        assert!(at.is_empty() || at.starts_with('/'), "{}: {problem}", sample.name);
    }
}

/// The document as it came, beside its problems.
fn check_kept(house: &House, sample: &Sample) {
    let stem = digest(&sample.bytes);
    let kept = std::fs::read(house.at(&format!("refused/{stem}.json"))).unwrap_or_else(|e| panic!("{}: {e}", sample.name));
    assert_eq!(kept, sample.bytes, "{}", sample.name);
    let beside = std::fs::read(house.at(&format!("refused/{stem}.problems.json"))).unwrap();
    let beside: Value = serde_json::from_slice(&beside).unwrap();
    assert_eq!(codes(&beside["problems"]), [sample.code()], "{}", sample.name);
    check_texts(&beside["problems"], sample);
}

#[test]
fn each_broken_sample_by_its_own_rule() {
    let house = House::new();
    let samples = broken_samples();
    for sample in &samples {
        let answer = house.ask(5, ["submit".as_ref(), sample.path.as_os_str()]);
        let line = &answer["documents"][0];
        assert_eq!(line["answer"], "refused", "{}: {line}", sample.name);
        assert_eq!(codes(&line["problems"]), [sample.code()], "{}: {line}", sample.name);
        check_kept(&house, sample);
    }
    assert!(std::fs::read_dir(house.at("accepted")).unwrap().next().is_none());
    let run = house.ask(0, ["run-once"]);
    assert_eq!(run["archived"], 0, "{run}");
    // Refusing the same again adds nothing.
    let refused = arkivflyt_tests::tree(&house.at("refused"));
    assert_eq!(refused.len(), samples.len() * 2);
    house.ask(5, ["submit".as_ref(), samples[0].path.as_os_str()]);
    assert_eq!(arkivflyt_tests::tree(&house.at("refused")), refused);
}

#[test]
fn good_neighbours_are_taken() {
    let house = House::new();
    let folder = tempfile::tempdir().unwrap();
    let (good, broken) = (good_samples(), broken_samples());
    let few_good: Vec<&Sample> = good.iter().filter(|s| s.name.contains("minimal")).collect();
    for (i, sample) in few_good.iter().copied().chain(&broken).enumerate() {
        std::fs::write(folder.path().join(format!("{i:03}.json")), &sample.bytes).unwrap();
    }
    let answer = house.ask(3, ["submit".as_ref(), folder.path().as_os_str(), "--wait".as_ref()]);
    let lines = answer["documents"].as_array().unwrap();
    assert_eq!(lines.len(), few_good.len() + broken.len());
    for (i, line) in lines.iter().enumerate() {
        let file = line["file"].as_str().unwrap();
        assert!(file.ends_with(&format!("{i:03}.json")), "answers come in the order of the files: {line}");
        assert_eq!(line["answer"], if i < few_good.len() { "accepted" } else { "refused" }, "{line}");
    }
    broken.iter().for_each(|sample| check_kept(&house, sample));
    let documents: usize =
        house.ask(0, ["case", "list"])["folders"].as_array().unwrap().iter().map(|f| f["documents"].as_u64().unwrap() as usize).sum();
    assert_eq!(documents, few_good.len());
}

#[test]
fn all_problems_of_a_document_at_once_and_never_its_values() {
    let house = House::new();
    let good = good_samples();
    let mut json = good.iter().find(|s| s.name == "plan-snapshot/full-ip.json").unwrap().json();
    json["case"]["subject_national_id"] = "17851490028".into();
    json["content"]["plan_period_from"] = "2026-02-30".into();
    json["content"]["participants"] = Value::Array(Vec::new());
    json["written_form"] = "en hemmelighet".into();
    json["case"].as_object_mut().unwrap().remove("lead_name");
    let run = house.feed(["submit", "-", "--json"], json.to_string().as_bytes()).expect(5);
    let answer = run.json();
    let problems = &answer["documents"][0]["problems"];
    let expected = ["date_impossible", "list_too_short", "national_id_check_digit", "required_field_missing", "value_not_allowed"];
    assert_eq!(codes(problems), expected, "{problems}");
    let at = |code: &str| problems.as_array().unwrap().iter().find(|p| p["code"] == code).unwrap()["at"].as_str().unwrap().to_owned();
    assert_eq!(at("date_impossible"), "/content/plan_period_from");
    assert_eq!(at("national_id_check_digit"), "/case/subject_national_id");
    for value in ["17851490028", "2026-02-30", "hemmelighet"] {
        assert!(!run.text().contains(value) && !run.stderr.contains(value), "{value}: {run}");
    }
}
