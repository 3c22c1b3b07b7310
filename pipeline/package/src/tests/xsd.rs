//! Every XML file fits its schema.

use super::{
    support::{Folder, corrected, es_plan, iop_plan, ip_plan, minutes, report, samples, with},
    xmllint::{Bench, Schemas},
};
use crate::{
    ArchiveProfile, CaseRecord, FormatStyle, Retention, RetentionRule,
    noark::{Registration, Structure, mapping},
    record::{Closing, Facts},
    tests::support::{rendered, try_snapshot},
};
use pipeline_domain::{DocumentKind, Name};
use serde_json::{Value, json};

/// A folder of every plan type, with corrections, a change of lead, a closing and a reopening.
fn folders() -> Vec<Folder> {
    let ip = [
        ip_plan(1),
        minutes(2),
        corrected(minutes(2), 2),
        with(minutes(4), "/case/lead_name", json!("Klok Bjørkeved")),
        with(with(ip_plan(5), "/case/plan_status", json!("passive")), "/case/lead_name", json!("Klok Bjørkeved")),
        ip_plan(6),
    ];
    let iop = [iop_plan(1), report(2, 1), with(iop_plan(3), "/case/guardians", json!([]))];
    vec![Folder::of(ip), Folder::of(iop), Folder::of([es_plan(1)])]
}

fn is_structure(path: &str) -> bool {
    path.starts_with("metadata/") && path.ends_with(".xml") && !path.ends_with("endringslogg.xml")
}

#[test]
fn every_structure_file_fits_the_open_schema() {
    let Some(mut bench) = Bench::new() else { return };
    for folder in folders().iter().chain(&sample_folders()) {
        for file in folder.versions.iter().flat_map(|v| &v.files).filter(|f| is_structure(f.path.as_str())) {
            bench.add(file.path.as_str(), &file.bytes);
        }
    }
    bench.arkivstruktur(Schemas::Open).unwrap();
}

#[test]
fn every_change_log_fits_both_schemas() {
    let Some(mut bench) = Bench::new() else { return };
    for folder in folders().iter().chain(&sample_folders()) {
        for file in folder.versions.iter().flat_map(|v| &v.files).filter(|f| f.path.as_str().ends_with("endringslogg.xml")) {
            bench.add(file.path.as_str(), &file.bytes);
        }
    }
    bench.endringslogg(Schemas::Open).unwrap();
    bench.endringslogg(Schemas::Strict).unwrap();
}

/// One folder for each sample.
fn sample_folders() -> Vec<Folder> {
    let samples = samples();
    if samples.is_empty() {
        eprintln!("SKIPPED: no samples in the workspace");
    }
    samples.into_iter().map(|(_, document)| Folder::of([document])).collect()
}

/// The same model and writer, with everything above the folder closed, as an extract of closed cases will write it.
fn closed_structure(document: Value, profile: &ArchiveProfile) -> Vec<u8> {
    let passive = with(document, "/case/plan_status", json!("passive"));
    let record: CaseRecord = Folder::of([passive.clone()]).record();
    let rendered = rendered(try_snapshot(passive).unwrap(), 1);
    let facts = Facts::of(rendered.snapshot());
    let mapping = mapping(rendered.snapshot(), &facts, profile);
    let registration = Registration {
        snapshot: rendered.snapshot(),
        entry: &record.documents[0],
        mapping: &mapping,
        facts: &facts,
        archived_at: record.updated_at,
        corrects: None,
        about: None,
    };
    let closing = Closing { at: "2027-12-31T15:00:00+01:00".parse().unwrap(), by: Name::new("Arkivtjenesten"), reason: None };
    Structure { profile, case: &record, registration: Some(&registration), closed: Some(&closing) }.to_xml().unwrap()
}

#[test]
fn a_closed_case_fits_the_strict_schema() {
    let Some(mut bench) = Bench::new() else { return };
    for document in [ip_plan(1), es_plan(1), iop_plan(1), minutes(1), report(1, 9)] {
        let xml = closed_structure(document, &ArchiveProfile::example());
        let text = String::from_utf8(xml.clone()).unwrap();
        assert_eq!(text.matches("<avsluttetDato>").count(), 3, "arkiv, arkivdel and mappe");
        assert!(text.contains("<saksstatus>Avsluttet</saksstatus>"));
        bench.add("closed", &xml);
    }
    for (_, document) in samples() {
        bench.add("sample", &closed_structure(document, &ArchiveProfile::example()));
    }
    bench.arkivstruktur(Schemas::Strict).unwrap();
}

#[test]
fn a_living_case_lacks_only_the_closing_dates() {
    let Some(mut bench) = Bench::new() else { return };
    bench.add("living", Folder::of([minutes(1)]).text("metadata/01.xml").as_bytes());
    let why = bench.arkivstruktur(Schemas::Strict).unwrap_err();
    for line in why.lines().filter(|l| l.contains("error")) {
        assert!(line.contains("avsluttetDato"), "{line}");
    }
}

#[test]
fn our_own_schema_is_really_used() {
    let Some(mut bench) = Bench::new() else { return };
    let xml = Folder::of([minutes(1)]).text("metadata/01.xml");
    bench.add("wrong", xml.replace("<vsm:plantype>ip<", "<vsm:plantype>xx<").as_bytes());
    let why = bench.arkivstruktur(Schemas::Open).unwrap_err();
    assert!(why.contains("plantype"), "{why}");
}

#[test]
fn preserved_documents_have_kassasjon_alive_but_not_in_an_extract() {
    let living = Folder::of([iop_plan(1)]).text("metadata/01.xml");
    assert!(living.contains("<kassasjonsvedtak>Bevares</kassasjonsvedtak>"));
    assert!(living.contains("<kassasjonsdato>9999-12-31</kassasjonsdato>"));
    let closed = String::from_utf8(closed_structure(iop_plan(1), &ArchiveProfile::example())).unwrap();
    assert!(!closed.contains("<kassasjon>"));
    let later = String::from_utf8(closed_structure(ip_plan(1), &ArchiveProfile::example())).unwrap();
    assert!(later.contains("<kassasjonsvedtak>Vurderes senere</kassasjonsvedtak>"));
    assert!(later.contains("<kassasjonsdato>2086-09-02</kassasjonsdato>"), "sixty years after the document's date");
}

#[test]
fn the_municipality_decides_on_retention_and_format() {
    let dispose = Retention::Dispose { after_years: 10, legal_basis: "Vedtak 7".to_owned() };
    let rule = RetentionRule { document: DocumentKind::MeetingMinutes, plan_type: None, retention: dispose };
    let profile = ArchiveProfile { retention: vec![rule], format: FormatStyle::Pronom, ..ArchiveProfile::example() };
    let xml = String::from_utf8(closed_structure(minutes(1), &profile)).unwrap();
    for expected in [
        "<kassasjonsvedtak>Kasseres</kassasjonsvedtak>",
        "<kassasjonshjemmel>Vedtak 7</kassasjonshjemmel>",
        "<bevaringstid>10</bevaringstid>",
        "<kassasjonsdato>2036-09-02</kassasjonsdato>",
        "<format>fmt/476</format>",
        "<formatDetaljer>PDF/A-2a</formatDetaljer>",
    ] {
        assert!(xml.contains(expected), "{expected}");
    }
    if let Some(mut bench) = Bench::new() {
        bench.add("own", xml.as_bytes());
        bench.arkivstruktur(Schemas::Strict).unwrap();
    }
}

#[test]
fn a_profile_is_read_with_defaults_and_refuses_unknown_keys() {
    let written = serde_json::to_value(ArchiveProfile::example()).unwrap();
    assert_eq!(serde_json::from_value::<ArchiveProfile>(written.clone()).unwrap(), ArchiveProfile::example());
    let mut small = written.clone();
    small
        .as_object_mut()
        .unwrap()
        .retain(|k, _| !["archive_title", "archive_part_title", "screening_years", "format"].contains(&k.as_str()));
    assert_eq!(serde_json::from_value::<ArchiveProfile>(small).unwrap(), ArchiveProfile::example());
    let unknown = with(json!({ "p": written }), "/p/screening_year", json!(60))["p"].take();
    assert!(serde_json::from_value::<ArchiveProfile>(unknown).is_err());
    let rule: RetentionRule =
        serde_json::from_value(json!({"document": "meeting_minutes", "retention": {"decision": "assess_later", "after_years": 5}}))
            .unwrap();
    assert_eq!(rule.retention, Retention::AssessLater { after_years: 5 });
}
