//! Alerts and the dashboard: they ask only for numbers that there are, and the alerts ring when they should.

use std::{collections::BTreeSet, fs};

use arkivflyt_tests::{Tool, files_below, workspace};
use serde_json::{Value, json};

/// Words that begin as our numbers do.
fn numbers(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|w| w.starts_with("afl_") || w.starts_with("process_")).map(family).collect()
}

/// A histogram is three numbers under one name.
fn family(name: &str) -> String {
    let ends = ["_bucket", "_count", "_sum"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
}

/// Those that the program describes.
fn described() -> BTreeSet<String> {
    numbers(&fs::read_to_string(workspace().join("workers/src/metrics/list.rs")).unwrap())
}

fn config(path: &str) -> String {
    fs::read_to_string(workspace().join("config").join(path)).unwrap()
}

#[test]
fn nobody_asks_for_a_number_that_is_not_there() {
    let there = described();
    assert!(there.len() > 20, "{there:?}");
    let dashboard = config("grafana/arkivflyt.json");
    for (what, text) in [("alerts", config("alerts/arkivflyt.rules.yml")), ("dashboard", dashboard.clone())] {
        let asked = numbers(&text);
        assert!(asked.len() >= 8 && asked.is_subset(&there), "{what}: {:?}", asked.difference(&there));
    }
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|p| p["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels with one number");
    let empty = |p: &&Value| p["targets"].as_array().is_none_or(|t| t.iter().any(|t| t["expr"].as_str().is_none_or(str::is_empty)));
    assert_eq!(panels.iter().filter(empty).count(), 0);
}

#[test]
fn prometheus_reads_what_the_dashboard_asks() {
    let Some(judge) = Tool::find("promtool") else { return };
    let dashboard: Value = serde_json::from_str(&config("grafana/arkivflyt.json")).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|p| p["targets"].as_array().unwrap());
    let rules: Vec<Value> = targets.enumerate().map(|(n, t)| json!({ "record": format!("r{n}"), "expr": t["expr"] })).collect();
    let folder = tempfile::tempdir().unwrap();
    // JSON is YAML.
    let file = json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    fs::write(folder.path().join("rules.yml"), file.to_string()).unwrap();
    judge.pass(["check".as_ref(), "rules".as_ref(), folder.path().join("rules.yml").as_os_str()]);
}

/// Each room records under names that the list describes.
#[test]
fn nobody_records_a_number_that_is_not_described() {
    let there = described();
    let rooms = [workspace().join("pipeline"), workspace().join("workers/src")];
    for file in rooms.iter().flat_map(|room| files_below(room)).filter(|f| f.extension().is_some_and(|x| x == "rs")) {
        let text = fs::read_to_string(&file).unwrap();
        let quoted = text.split('"').filter(|part| part.starts_with("afl_") && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        for name in quoted {
            assert!(there.contains(name), "{} records {name}", file.display());
        }
    }
}

#[test]
fn they_ring_when_they_should_and_only_then() {
    let Some(judge) = Tool::find("promtool") else { return };
    let folder = workspace().join("config/alerts");
    for args in [["check", "rules", "arkivflyt.rules.yml"], ["test", "rules", "arkivflyt.rules.test.yml"]] {
        let run = judge.run_in(&folder, args);
        let said = [run.stdout, run.stderr].concat();
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&said));
    }
    let (rules, tests) = (config("alerts/arkivflyt.rules.yml"), config("alerts/arkivflyt.rules.test.yml"));
    let names: Vec<&str> = rules.lines().filter_map(|l| l.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(names.len(), 8);
    for name in names {
        assert!(tests.contains(&format!("alertname: {name}, exp_alerts: []")), "{name} is never seen to be silent");
        assert!(tests.contains(&format!("alertname: {name}\n        exp_alerts:\n")), "{name} is never seen to ring");
    }
}
