//! Prints: the chosen parts and nothing else, in every kind of document.

mod support;

use page_validation::{ValidationOptions, ValidationProfile, validate_pdf_bytes};
use pipeline_domain::{AddressProtection, CaseFolderId, Snapshot, WrittenForm};
use pipeline_render::{Letterhead, Part, Print, PrintedDocument, RenderJob, Typesetter, has_part, parts_of, print_job, typesetting_thread};
use serde_json::Value;
use support::{assert_in_place, flat, samples, snapshot, text_of};

/// Says that the length of a stream is wrong when compressed data happens to end with a carriage return.
const FALSE_ALARM: &str = "ISO 19005-2:2011:6.1.7.1:1";

/// The parts that a document says something in.
fn said(snapshot: &Snapshot) -> Vec<&'static Part> {
    let all = parts_of(snapshot.kind(), snapshot.case.plan_type).iter();
    all.filter(|part| has_part(snapshot, part, None)).collect()
}

fn print(snapshot: &Snapshot, form: WrittenForm, parts: Vec<&'static Part>) -> RenderJob {
    let folder: CaseFolderId = "9901/2026/000123".parse().unwrap();
    let left_out = said(snapshot).into_iter().filter(|part| !parts.contains(part)).collect();
    let print = Print {
        ident: "018f2f4e-0000-7000-8000-000000000001".to_owned(),
        written_form: form,
        folder: Some(&folder),
        requested_by: "00000000-0000-4000-8000-00000000000a".to_owned(),
        requested_role: "Planansvarlig".to_owned(),
        requested_at: "2026-11-23T09:00:00+01:00".parse().unwrap(),
        reason: "Til et møte".to_owned(),
        protection: AddressProtection::None,
        documents: vec![PrintedDocument { snapshot, parts, left_out, former: None }],
    };
    print_job(&print, &Letterhead::default())
}

/// Every sample whose kind is printed by parts.
fn printed() -> Vec<(String, Snapshot)> {
    let all = samples().into_iter().map(|(name, json)| (name, snapshot(json)));
    let printed: Vec<_> = all.filter(|(_, s)| !parts_of(s.kind(), s.case.plan_type).is_empty()).collect();
    assert!(printed.len() > 40, "{}", printed.len());
    printed
}

#[test]
fn every_sample_is_printed_whole_and_is_pdf_a_2a_and_pdf_ua_1() {
    typesetting_thread(|| {
        let typesetter = Typesetter::new();
        for (name, snapshot) in printed() {
            // In the other written form than its own: every label must be there in both.
            let form = if snapshot.written_form == WrittenForm::Nb { WrittenForm::Nn } else { WrittenForm::Nb };
            let pdf = typesetter.set(&print(&snapshot, form, said(&snapshot))).unwrap_or_else(|e| panic!("{name}: {e}"));
            for profile in ["2a", "ua1"] {
                let profile: ValidationProfile = profile.parse().unwrap();
                let report = validate_pdf_bytes(&pdf.bytes, &ValidationOptions::default().profile(profile)).unwrap();
                let failures: Vec<&str> = report.failures.iter().map(|f| f.rule_id.as_ref()).filter(|id| *id != FALSE_ALARM).collect();
                assert!(failures.is_empty(), "{name}: {failures:?}");
            }
            assert_in_place(&name, &pdf.bytes);
            let Some(text) = text_of(&pdf.bytes) else { continue };
            let mark = if form == WrittenForm::Nb { "Utskrift – ikke arkivkopi" } else { "Utskrift – ikkje arkivkopi" };
            let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
            assert!(pages.len() == pdf.pages as usize && pages.iter().all(|page| flat(page).contains(mark)), "{name}");
        }
    });
}

#[test]
fn each_part_alone_brings_its_own_fields_and_no_others() {
    for (name, snapshot) in printed() {
        for part in said(&snapshot) {
            let view: Value = serde_json::from_slice(&print(&snapshot, WrittenForm::Nb, vec![part]).data).unwrap();
            let content = view["content"]["documents"][0]["content"].as_object().unwrap();
            let others = said(&snapshot).into_iter().filter(|other| other.id != part.id);
            let text = view["content"]["documents"].to_string();
            for other in others {
                let theirs = only(&snapshot, other);
                for (key, value) in theirs.iter().filter(|(key, _)| !content.contains_key(*key)) {
                    let long = value.as_str().filter(|words| words.len() > 40);
                    assert!(long.is_none_or(|words| !text.contains(words)), "{name}: {key} of {} is with {}", other.id, part.id);
                }
                let brought: Vec<&String> =
                    content.keys().filter(|key| theirs.contains_key(*key) && !only(&snapshot, part).contains_key(*key)).collect();
                assert!(brought.is_empty(), "{name}: {} brings {brought:?} of {}", part.id, other.id);
            }
        }
    }
}

/// What a part alone brings.
fn only(snapshot: &Snapshot, part: &'static Part) -> serde_json::Map<String, Value> {
    let view: Value = serde_json::from_slice(&print(snapshot, WrittenForm::Nb, vec![part]).data).unwrap();
    view["content"]["documents"][0]["content"].as_object().unwrap().clone()
}

#[test]
fn goals_and_measures_are_shown_apart_or_together() {
    let (_, snapshot) = printed().into_iter().find(|(name, _)| name == "plan-snapshot/full-ip.json").unwrap();
    let of = |ids: &[&str]| {
        let parts = said(&snapshot).into_iter().filter(|part| ids.contains(&part.id)).collect();
        let view: Value = serde_json::from_slice(&print(&snapshot, WrittenForm::Nb, parts).data).unwrap();
        view["content"]["documents"][0].clone()
    };
    let (both, goals, measures) = (of(&["goals", "measures"]), of(&["goals"]), of(&["measures"]));
    assert_eq!((both["parts"].as_array().unwrap().len(), &both["parts"][0]["term"]), (1, &Value::from("goals_and_measures")));
    assert!(!goals.to_string().contains("Mikrofon til alle"), "a measure is no goal");
    assert!(!measures.to_string().contains("kreftene rekker") && !measures.to_string().contains("goal_no"), "a goal is no measure");
    let count = |document: &Value| document["content"]["measures"].as_array().unwrap().len();
    assert_eq!((count(&both), count(&goals), count(&measures)), (0, 0, 11), "under their goals, not at all, on their own");
}

#[test]
fn nobodys_national_id_or_address_is_printed() {
    for (name, json) in samples() {
        let snapshot = snapshot(json);
        if parts_of(snapshot.kind(), snapshot.case.plan_type).is_empty() {
            continue;
        }
        let view = String::from_utf8(print(&snapshot, WrittenForm::Nb, said(&snapshot)).data).unwrap();
        let ids = snapshot.case.subject_national_id.iter().chain(snapshot.case.guardians.iter().filter_map(|g| g.national_id.as_ref()));
        for id in ids {
            let digits = serde_json::to_value(id).unwrap();
            assert!(!view.contains(digits.as_str().unwrap()), "{name}");
        }
        assert!(!view.contains("@example.") && !view.contains("contact\""), "{name}");
    }
}
