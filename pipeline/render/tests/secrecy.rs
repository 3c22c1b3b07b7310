//! What may not be seen never reaches a template.

mod support;

use pipeline_render::{Letterhead, NationalIdOnPage, render_job};
use serde_json::{Value, json};
use support::{job, sample, samples, set, snapshot, text_of};

/// Strings under keys that `wanted` picks, at any depth.
fn strings(value: &Value, key: &str, wanted: &dyn Fn(&str) -> bool, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| strings(v, k, wanted, found)),
        Value::Array(items) => items.iter().for_each(|v| strings(v, key, wanted, found)),
        Value::String(s) if wanted(key) => found.push(s.clone()),
        _ => {}
    }
}

#[test]
fn no_address_and_no_national_id_reaches_a_template() {
    let mut seen = 0;
    for (name, json) in samples() {
        let mut secrets = Vec::new();
        strings(&json, "", &|key| key == "email" || key.ends_with("national_id"), &mut secrets);
        let view = String::from_utf8(job(json).data).unwrap();
        for secret in &secrets {
            assert!(!view.contains(secret), "{name}");
        }
        assert!(!view.contains("access_given") && !view.contains("contact\""), "{name}");
        seen += secrets.len();
    }
    assert!(seen > 5, "samples hold addresses and national ids");
}

#[test]
fn the_national_id_is_set_where_a_municipality_wants_it() {
    let mut json = sample("plan-snapshot/full-ip.json");
    json["case"]["subject_national_id"] = json!("17851490027");
    let letterhead = Letterhead { logo: None, national_id_on_page: NationalIdOnPage::Shown };
    let shown = render_job(&snapshot(json.clone()), None, &letterhead);
    let Some(text) = text_of(&set(&shown).bytes) else { return };
    assert!(text.contains("178514 90027"));
    let hidden = text_of(&set(&job(json)).bytes).unwrap();
    assert!(!hidden.contains("90027"));
}

#[test]
fn no_place_is_set_under_strict_protection() {
    for (name, mut json) in samples() {
        json["case"]["address_protection"] = json!("strictly_confidential");
        let mut places = Vec::new();
        let wanted = |key: &str| ["unit_name", "lead_unit", "place", "school", "class", "service", "arena"].contains(&key);
        strings(&json, "", &wanted, &mut places);
        let job = job(json);
        let view: Value = serde_json::from_slice(&job.data).unwrap();
        let mut left = Vec::new();
        strings(&view, "", &wanted, &mut left);
        assert!(!places.is_empty() && left.is_empty(), "{name}: {}", left.len());
        set(&job);
    }
}

#[test]
fn a_consent_under_strict_protection_names_people_and_no_service() {
    let mut json = sample("consent-record/full.json");
    json["case"]["address_protection"] = json!("strictly_confidential");
    json["content"]["shared_with"][0]["who"] = json!(json["case"]["lead_unit"].as_str().unwrap().to_owned() + ", ved Rask Myrull");
    json["case"]["lead_name"] = json!("Rask Myrull");
    let shared: Vec<Value> = json["content"]["shared_with"].as_array().unwrap().clone();
    let Some(text) = text_of(&set(&job(json)).bytes) else { return };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for who in shared.iter().map(|s| s["who"].as_str().unwrap()) {
        assert!(!text.contains(who), "{who}");
    }
    assert!(text.contains("Rask Myrull") && text.contains("Steder og enheter er utelatt"));
}

#[test]
fn a_preview_has_no_folder() {
    let job = render_job(&snapshot(sample("meeting-minutes/minimal.json")), None, &Letterhead::default());
    let Some(text) = text_of(&set(&job).bytes) else { return };
    assert!(text.contains("ikke tildelt"));
}
