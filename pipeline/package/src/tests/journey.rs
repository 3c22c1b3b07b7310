//! What happens to a folder over time.

use pipeline_domain::{ErrorCode, Verdict};
use serde_json::{Value, json};

use super::support::{
    Folder, PERSONAL, at, closing_note, corrected, iop_plan, ip_plan, minutes, rendered, reopening_note, report, try_snapshot, with,
};
use crate::{ArchiveProfile, CaseRecord, Head, PackageError, Packaging, package};

fn passive(document: Value) -> Value {
    with(document, "/case/plan_status", json!("passive"))
}

fn there(packaging: Packaging) -> (u32, String) {
    match packaging {
        Packaging::AlreadyThere { folder_version, pdf } => (folder_version, pdf.to_string()),
        Packaging::New(_) => panic!("packaged again"),
    }
}

#[test]
fn the_same_content_is_never_archived_twice() {
    let mut folder = Folder::of([ip_plan(1), minutes(2)]);
    assert_eq!(there(folder.try_add(minutes(2)).unwrap()), (2, "dokumenter/02_motereferat.pdf".to_owned()));
    let other_id = with(ip_plan(1), "/id", json!("00000000-0000-4000-8000-000000000777"));
    assert_eq!(there(folder.try_add(other_id).unwrap()), (1, "dokumenter/01_plan.pdf".to_owned()));
    // Also when the folder is closed: there is nothing to do.
    folder.add(passive(ip_plan(3)));
    assert_eq!(there(folder.try_add(minutes(2)).unwrap()).0, 2);
}

fn refused(folder: &mut Folder, document: Value, code: ErrorCode) {
    let before = folder.text("metadata/sak.json");
    let error = folder.try_add(document).unwrap_err();
    assert_eq!((error.code(), error.verdict()), (code, Verdict::GiveUp));
    for secret in PERSONAL {
        assert!(!error.to_string().contains(secret));
    }
    assert_eq!(folder.text("metadata/sak.json"), before);
}

#[test]
fn a_document_id_is_not_used_for_other_content() {
    let mut folder = Folder::of([minutes(1)]);
    refused(&mut folder, with(minutes(1), "/content/chair", json!("Klok Bjørkeved")), ErrorCode::DocumentIdReused);
}

#[test]
fn a_closed_folder_takes_only_documents_of_a_reopened_plan() {
    let mut folder = Folder::of([ip_plan(1), passive(ip_plan(5))]);
    assert_eq!(folder.record().closed_at(), Some(at(2)));
    refused(&mut folder, passive(minutes(6)), ErrorCode::FolderClosed);
    refused(&mut folder, with(minutes(6), "/case/plan_status", json!("suspended")), ErrorCode::FolderClosed);
    folder.add(minutes(7));
    assert_eq!(folder.record().closed_at(), None);
    let log = folder.text("metadata/endringslogg.xml");
    assert!(log.contains("<tidligereVerdi>Avsluttet</tidligereVerdi>\n    <nyVerdi>Under behandling</nyVerdi>"), "{log}");
    assert!(folder.text("metadata/mappe.xml").contains("<saksstatus>Under behandling</saksstatus>"));
}

#[test]
fn what_happened_before_the_closing_may_come_late() {
    let mut folder = Folder::of([ip_plan(1), passive(ip_plan(5))]);
    // Active, but from before the closing: it is kept, and the plan is not reopened by it.
    folder.add(minutes(4));
    assert_eq!(folder.record().closed_at(), Some(at(3)), "nothing in the folder is younger than its closing");
    assert!(folder.text("metadata/mappe.xml").contains("<saksstatus>Avsluttet</saksstatus>"));
}

#[test]
fn a_closing_brings_its_documents_one_after_the_other() {
    let mut folder = Folder::of([ip_plan(1), passive(ip_plan(5)), closing_note(6, "moved")]);
    assert_eq!(folder.record().closed_at(), Some(at(3)));
    let xml = folder.text("metadata/mappe.xml");
    assert!(xml.contains("<avsluttetAv>Varm Skogsti</avsluttetAv>") && xml.contains("<saksstatus>Avsluttet</saksstatus>"), "{xml}");
    refused(&mut folder, passive(minutes(7)), ErrorCode::FolderClosed);
    folder.add(reopening_note(8));
    assert_eq!(folder.record().closed_at(), None);
    assert!(folder.text("metadata/mappe.xml").contains("<saksstatus>Under behandling</saksstatus>"));
}

#[test]
fn the_note_reopens_a_plan_that_still_waits_for_its_consent() {
    let waiting = |document| with(document, "/case/plan_status", json!("suspended"));
    let mut folder = Folder::of([ip_plan(1), passive(ip_plan(5)), closing_note(6, "consent_withdrawn")]);
    refused(&mut folder, waiting(minutes(7)), ErrorCode::FolderClosed);
    folder.add(waiting(reopening_note(8)));
    assert_eq!(folder.record().closed_at(), None);
    folder.add(waiting(minutes(9)));
    assert!(folder.text("metadata/mappe.xml").contains("<saksstatus>Under behandling</saksstatus>"));
}

#[test]
fn a_plan_that_was_made_by_mistake_lapses() {
    let folder = Folder::of([ip_plan(1), closing_note(2, "error")]);
    assert!(folder.text("metadata/mappe.xml").contains("<saksstatus>Utgår</saksstatus>"));
    assert!(folder.text("metadata/endringslogg.xml").contains("<nyVerdi>Utgår</nyVerdi>"));
}

#[test]
fn a_folder_opens_with_its_change_log() {
    let record = Folder::of([ip_plan(1)]).record();
    assert_eq!(record.change_count(), 3);
    // A plan that is passive at once was opened, then closed.
    let log = Folder::of([passive(ip_plan(1))]).text("metadata/endringslogg.xml");
    assert_eq!(log.matches("<referanseMetadata>saksstatus</referanseMetadata>").count(), 2);
}

#[test]
fn every_new_value_is_logged_with_the_old_one() {
    let mut changed = minutes(2);
    for (pointer, value) in [
        ("/case/lead_name", json!("Klok Bjørkeved")),
        ("/case/lead_unit", json!("Testteamet")),
        ("/case/subject_name", json!("Blid Elvesus")),
        ("/case/screening_basis", json!("Offl. § 13")),
        ("/case/guardians", json!([{"name": "Mild Elvesus", "relation": "guardian"}])),
    ] {
        changed = with(changed, pointer, value);
    }
    let log = Folder::of([ip_plan(1), changed]).text("metadata/endringslogg.xml");
    for (field, old, new) in [
        ("saksansvarlig", "Rask Myrull", "Klok Bjørkeved"),
        ("administrativEnhet", "Prøveteamet", "Testteamet"),
        ("tittel", "Individuell plan 2026\nBlid Fjellbekk", "Individuell plan 2026\nBlid Elvesus"),
        ("skjermingshjemmel", "Offl. § 13 jf. fvl. § 13", "Offl. § 13"),
        ("partNavn", "Blid Fjellbekk", "Blid Elvesus"),
        ("partNavn", "Mild Fjellbekk", "Mild Elvesus"),
        ("partNavn", "Trygg O'Havbris-Ŋ &amp; sønn", "(ingen)"),
    ] {
        let at = format!(
            "<referanseMetadata>{field}</referanseMetadata>\n    <endretDato>2026-09-03T09:00:02</endretDato>\n    \
             <endretAv>Varm Skogsti</endretAv>\n    <tidligereVerdi>{old}</tidligereVerdi>\n    <nyVerdi>{new}</nyVerdi>"
        );
        assert!(log.contains(&at), "{at}\nnot in\n{log}");
    }
    assert_eq!(log.matches("<endring>").count(), 3 + 7);
}

#[test]
fn a_document_that_comes_late_does_not_turn_the_folder_back() {
    let mut folder = Folder::of([ip_plan(1), with(minutes(9), "/case/lead_name", json!("Klok Bjørkeved"))]);
    folder.add(minutes(5));
    assert!(folder.text("metadata/mappe.xml").contains("<saksansvarlig>Klok Bjørkeved</saksansvarlig>"));
    assert_eq!(folder.record().change_count(), 4);
    // The late document's own registration says what was so then.
    assert!(folder.text("metadata/03.xml").contains("<korrespondansepartNavn>Rask Myrull</korrespondansepartNavn>"));
}

#[test]
fn a_correction_points_to_what_it_corrects() {
    let mut folder = Folder::of([minutes(1), ip_plan(2)]);
    let old_id = system_id(&folder.text("metadata/01.xml")).to_owned();
    folder.add(corrected(minutes(1), 2));
    let xml = folder.text("metadata/03.xml");
    assert!(xml.contains(&format!("<referanseTilRegistrering>{old_id}</referanseTilRegistrering>")));
    assert!(xml.contains("<beskrivelse>Versjon 2. Retter dokument 1 i mappen.</beskrivelse>"));
    assert_eq!(folder.record().documents()[0].corrected_by, Some(3));
    // Versions in the wrong order end with the same links.
    let record = Folder::of([corrected(minutes(1), 2), minutes(1)]).record();
    assert_eq!(record.documents()[1].corrected_by, Some(1));
}

fn system_id(xml: &str) -> &str {
    let registration = &xml[xml.find("<registrering").unwrap()..];
    let start = registration.find("<systemID>").unwrap() + 10;
    &registration[start..start + 36]
}

#[test]
fn an_annual_report_points_to_its_plan_only_when_the_folder_holds_it() {
    let folder = Folder::of([iop_plan(1), report(2, 1)]);
    let plan = system_id(&folder.text("metadata/01.xml")).to_owned();
    assert!(folder.text("metadata/02.xml").contains(&format!("<referanseTilRegistrering>{plan}</referanseTilRegistrering>")));
    assert!(!Folder::of([report(1, 9)]).text("metadata/01.xml").contains("kryssreferanse"));
}

#[test]
fn system_ids_are_unique_in_a_file_and_the_same_in_every_file() {
    let folder = Folder::of([ip_plan(1), minutes(2)]);
    let ids = |path: &str| -> Vec<String> { folder.text(path).split("<systemID>").skip(1).map(|rest| rest[..36].to_owned()).collect() };
    let (one, two, alone) = (ids("metadata/01.xml"), ids("metadata/02.xml"), ids("metadata/mappe.xml"));
    let mut unique = one.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((unique.len(), one.len()), (8, 8));
    assert!(one.iter().all(|id| *id == id.to_lowercase()));
    assert_eq!((&one[..5], &two[..5]), (&alone[..], &alone[..]));
    assert!(one[5..].iter().all(|id| !two.contains(id)));
}

#[test]
fn a_record_that_is_not_ours_is_refused() {
    let document = rendered(try_snapshot(minutes(1)).unwrap(), 2);
    let profile = ArchiveProfile::example();
    let with_head = |case_record: &[u8]| package(&document, Some(Head { version: 1, case_record }), &profile).unwrap_err();
    assert!(matches!(with_head(b"{\"schema\": \"arkivflyt/case_record/1\", \"x"), PackageError::RecordUnreadable { .. }));
    assert_eq!(with_head(br#"{"schema": "arkivflyt/case_record/2"}"#), PackageError::RecordNewer);
    let other_plan = with(minutes(1), "/case/plan_id", json!("0d9f9f0e-5a0e-4a86-9a0e-6b1d8c1f0002"));
    let record = Folder::of([other_plan]).text("metadata/sak.json");
    assert!(matches!(with_head(record.as_bytes()), PackageError::OtherCase { .. }));
    let elsewhere = ArchiveProfile { municipality: "9902".parse().unwrap(), ..ArchiveProfile::example() };
    assert!(matches!(package(&document, None, &elsewhere).unwrap_err(), PackageError::OtherMunicipality { .. }));
}

#[test]
fn a_damaged_record_is_refused_without_quoting_it() {
    let whole = Folder::of([minutes(1)]).text("metadata/sak.json");
    let wrong = whole.replace("\"subject_name\":\"Blid Fjellbekk\"", "\"subject_name\":{\"Blid\":\"Fjellbekk\"}");
    assert_ne!(wrong, whole);
    let error = CaseRecord::read(wrong.as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("Blid"));
    assert_eq!(error.code(), ErrorCode::ArchiveDamaged);
}

#[test]
fn a_record_reads_as_it_was_written() {
    let folder = Folder::of([iop_plan(1), report(2, 1), passive(iop_plan(3))]);
    let text = folder.text("metadata/sak.json");
    assert_eq!(String::from_utf8(folder.record().to_bytes()).unwrap(), text);
    let record = folder.record();
    assert_eq!((record.folder_version(), record.documents().len(), record.plan_type().id()), (3, 3, "iop"));
    assert_eq!(record.documents()[1].title, "Årsrapport for individuell opplæringsplan 2026/2027");
    assert!(record.is_synthetic());
}
