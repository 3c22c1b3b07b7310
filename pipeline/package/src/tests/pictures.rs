//! Pictures of what is written, to be read by a person when they change.

use serde_json::json;

use super::support::{Folder, corrected, es_plan, iop_plan, ip_plan, minutes, report, with};

#[test]
fn plan_snapshot() {
    insta::assert_snapshot!(Folder::of([ip_plan(1)]).text("metadata/01.xml"));
}

#[test]
fn plan_snapshot_nynorsk() {
    insta::assert_snapshot!(Folder::of([with(es_plan(1), "/written_form", json!("nn"))]).text("metadata/01.xml"));
}

#[test]
fn meeting_minutes_corrected() {
    insta::assert_snapshot!(Folder::of([minutes(1), corrected(minutes(1), 2)]).text("metadata/02.xml"));
}

#[test]
fn annual_report() {
    insta::assert_snapshot!(Folder::of([iop_plan(1), report(2, 1)]).text("metadata/02.xml"));
}

#[test]
fn closed_folder() {
    insta::assert_snapshot!(Folder::of([with(ip_plan(1), "/case/plan_status", json!("passive"))]).text("metadata/mappe.xml"));
}

#[test]
fn change_log() {
    let lead = with(minutes(2), "/case/lead_name", json!("Klok Bjørkeved"));
    insta::assert_snapshot!(Folder::of([ip_plan(1), lead]).text("metadata/endringslogg.xml"));
}

#[test]
fn case_record() {
    insta::assert_snapshot!(Folder::of([minutes(1), corrected(minutes(1), 2)]).text("metadata/sak.json"));
}

#[test]
fn overview() {
    let html = Folder::of([minutes(1), corrected(minutes(1), 2)]).text("innhold.html");
    insta::assert_snapshot!(&html[html.find("<body>").unwrap()..]);
}
