//! Who a document came from and went to.

use serde_json::{Value, json};

use super::support::{Folder, consent, iop_plan, ip_plan, minutes, report, with};

/// `kind: name` of every korrespondansepart of the first document.
fn check(document: Value, expected: &[&str]) {
    let xml = Folder::of([document]).text("metadata/01.xml");
    let found: Vec<String> = xml
        .split("<korrespondanseparttype>")
        .skip(1)
        .map(|rest| {
            let kind = rest.split('<').next().unwrap();
            let name = rest.split("<korrespondansepartNavn>").nth(1).unwrap().split('<').next().unwrap();
            format!("{kind}: {name}")
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn snapshots_and_minutes() {
    check(ip_plan(1), &["Intern avsender: Rask Myrull"]);
    check(
        minutes(1),
        &["Mottaker: Mild Fjellbekk", "Intern mottaker: Stille Lyngmo", "Intern mottaker: Prøveteamet", "Intern avsender: Rask Myrull"],
    );
}

#[test]
fn a_consent_comes_from_the_one_who_gave_it() {
    check(consent(1), &["Avsender: Mild Fjellbekk", "Intern mottaker: Rask Myrull"]);
    let xml = Folder::of([consent(1)]).text("metadata/01.xml");
    assert!(xml.contains("<journalposttype>Inngående dokument</journalposttype>"), "{xml}");
    assert!(xml.contains("<mottattDato>2026-09-02T09:00:01</mottattDato>"), "{xml}");
    assert!(!xml.contains("sendtDato"), "{xml}");
}

#[test]
fn an_annual_report_goes_to_the_pupil_from_fifteen() {
    let guardians = ["Mottaker: Mild Fjellbekk", "Mottaker: Trygg O'Havbris-Ŋ &amp; sønn", "Intern avsender: Rask Myrull"];
    let pupil = ["Mottaker: Blid Fjellbekk", "Intern avsender: Rask Myrull"];
    // The report is finalised on 2 September 2026.
    check(with(report(1, 9), "/case/subject_birth_date", json!("2011-09-03")), &guardians);
    check(with(report(1, 9), "/case/subject_birth_date", json!("2011-09-02")), &pupil);
    check(with(report(1, 9), "/case/guardians", json!([])), &pupil);
}

#[test]
fn a_kindergarten_report_also_goes_to_the_municipality() {
    let kindergarten = with(report(1, 9), "/content/setting", json!("kindergarten"));
    check(
        kindergarten,
        &[
            "Mottaker: Mild Fjellbekk",
            "Mottaker: Trygg O'Havbris-Ŋ &amp; sønn",
            "Mottaker: Fjellvik kommune",
            "Intern avsender: Rask Myrull",
        ],
    );
}

#[test]
fn parties_of_the_folder() {
    let xml = Folder::of([iop_plan(1)]).text("metadata/mappe.xml");
    for (id, name, role) in [
        ("      <partID>17851490027</partID>\n", "Blid Fjellbekk", "Hovedperson"),
        ("      <partID>09838310009</partID>\n", "Mild Fjellbekk", "Foresatt"),
        ("", "Trygg O'Havbris-Ŋ &amp; sønn", "Verge"),
        ("", "Rask Myrull", "Planansvarlig"),
    ] {
        let part = format!("<partNavn>{name}</partNavn>\n            <partRolle>{role}</partRolle>");
        assert!(xml.contains(&part), "{part}\nnot in\n{xml}");
        assert!(xml.contains(id.trim()));
    }
    assert_eq!(xml.matches("<partID>").count(), 2);
}
