//! Which files a version has, and what they may not hold.

use serde_json::json;

use super::support::{Folder, PERSONAL, corrected, iop_plan, ip_plan, minutes, personal_values, report, samples, try_snapshot, with};
use crate::Packaging;

fn paths(folder: &Folder, version: usize) -> Vec<&str> {
    folder.versions[version - 1].files.iter().map(|f| f.path.as_str()).collect()
}

#[test]
fn files_of_each_version() {
    let folder = Folder::of([ip_plan(1), minutes(2), corrected(minutes(2), 2)]);
    assert_eq!(
        paths(&folder, 1),
        [
            "dokumenter/01_plan.pdf",
            "kilde/01.json",
            "metadata/01.xml",
            "metadata/mappe.xml",
            "metadata/endringslogg.xml",
            "innhold.html",
            "metadata/sak.json",
            "LESMEG.txt",
            "metadata/arkivflyt-vsm.xsd"
        ]
    );
    // Nothing about the folder changed: only the document and the two lists.
    assert_eq!(
        paths(&folder, 2),
        ["dokumenter/02_motereferat.pdf", "kilde/02.json", "metadata/02.xml", "innhold.html", "metadata/sak.json"]
    );
    assert_eq!(paths(&folder, 3)[0], "dokumenter/03_motereferat-v2.pdf");
    let changed = Folder::of([ip_plan(1), with(minutes(2), "/case/lead_name", json!("Klok Bjørkeved"))]);
    assert!(paths(&changed, 2).contains(&"metadata/mappe.xml") && paths(&changed, 2).contains(&"metadata/endringslogg.xml"));
}

#[test]
fn the_source_is_kept_as_the_snapshot_gives_it() {
    let folder = Folder::of([minutes(1)]);
    assert_eq!(folder.text("kilde/01.json").into_bytes(), try_snapshot(minutes(1)).unwrap().archival_json());
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    let documents = || [iop_plan(1), report(2, 1), with(minutes_in_iop(3), "/case/lead_name", json!("Klok Bjørkeved"))];
    let (one, two) = (Folder::of(documents()), Folder::of(documents()));
    for (a, b) in one.versions.iter().zip(&two.versions) {
        assert_eq!((a.created, &a.message, &a.object_id, a.based_on), (b.created, &b.message, &b.object_id, b.based_on));
        for (x, y) in a.files.iter().zip(&b.files) {
            assert_eq!((&x.path, &x.bytes), (&y.path, &y.bytes));
        }
    }
}

fn minutes_in_iop(n: u32) -> serde_json::Value {
    with(minutes(n), "/case/plan_type", json!("iop"))
}

#[test]
fn nothing_personal_in_names_message_or_object_id() {
    let mut all = vec![(ip_plan(1), PERSONAL.map(str::to_owned).to_vec()), (report(1, 9), PERSONAL.map(str::to_owned).to_vec())];
    all.extend(samples().into_iter().map(|(_, document)| (document.clone(), personal_values(&document))));
    for (document, secrets) in all {
        let folder = Folder::of([document.clone(), corrected(document, 99)]);
        for version in &folder.versions {
            let mut seen = format!("{} {} {} {}", version.message, version.object_id, version.folder, version.pdf).to_lowercase();
            version.files.iter().for_each(|f| seen += f.path.as_str());
            for secret in secrets.iter().map(|s| s.to_lowercase()).filter(|s| s.len() > 2) {
                assert!(!seen.contains(&secret));
            }
            for plan in ["individuell", "samspill", "samspel", "stafett", "iop"] {
                assert!(!seen.contains(plan), "a plan type in {seen}");
            }
        }
    }
}

#[test]
fn contact_data_is_archived_nowhere() {
    let folder = Folder::of([minutes(1), ip_plan(2)]);
    for (path, bytes) in &folder.current {
        assert!(!String::from_utf8_lossy(bytes).contains("example.org"), "{path}");
    }
}

#[test]
fn packaged_says_what_and_where() {
    let mut folder = Folder::of([ip_plan(1)]);
    let first = folder.versions[0].clone();
    assert_eq!(first.object_id, "https://arkiv.example.test/9901/sak/2026-000123");
    assert_eq!((first.based_on, first.message.as_str(), first.pdf.as_str()), (None, "document added", "dokumenter/01_plan.pdf"));
    let Packaging::New(second) = folder.try_add(corrected(ip_plan(1), 2)).unwrap() else { panic!("a correction is new") };
    assert_eq!(
        (second.based_on, second.message.as_str(), second.pdf.as_str()),
        (Some(1), "document corrected", "dokumenter/02_plan-v2.pdf")
    );
    assert!(second.created > first.created);
}

#[test]
fn debug_shows_no_names() {
    let shown = format!("{:?}", Folder::of([ip_plan(1), minutes(2)]).record());
    for secret in PERSONAL {
        assert!(!shown.contains(secret), "{secret}");
    }
}
