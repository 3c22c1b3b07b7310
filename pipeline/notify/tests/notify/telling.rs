//! Who is told.

use pipeline_domain::{NoticeKind, RecipientRef, Verdict, WrittenForm};
use pipeline_notify::{MailFacts, NotifyError, address_of, compose, notices, run_report_notice};
use serde_json::json;

use crate::fixture::{address, annual_report, at, folder, minutes, plan, sender, snapshot};

fn who(telling: &pipeline_notify::Telling) -> Vec<RecipientRef> {
    telling.by_mail.iter().map(|n| n.recipient).collect()
}

#[test]
fn minutes_go_to_each_recipient_who_can_be_mailed_and_the_rest_are_told_on_paper() {
    use RecipientRef::Recipient;
    let snapshot = snapshot(minutes());
    let telling = notices(&snapshot, &folder());
    assert_eq!(who(&telling), [Recipient(0), Recipient(1), Recipient(6)]);
    assert_eq!(telling.on_paper, [Recipient(2), Recipient(3), Recipient(4), Recipient(5)], "no contact, reserved, no address, not ASCII");
    let forms: Vec<WrittenForm> = telling.by_mail.iter().map(|n| n.written_form).collect();
    assert_eq!(forms, [WrittenForm::Nb, WrittenForm::Nn, WrittenForm::Nn], "the recipient's own form, not the document's");
    let first = &telling.by_mail[0];
    assert_eq!(first.kind, NoticeKind::MinutesReady);
    assert_eq!((first.document, first.folder.clone()), (Some(snapshot.key()), Some(folder())));
    assert_eq!(first.dedupe_key, "minutes_ready:11a3cd13-6038-590f-a8ae-32f9047686f4.v1:recipient-0");
    assert_eq!(address_of(first, &snapshot), Some(address("stille.regnbue@example.org")));
}

#[test]
fn the_annual_report_goes_to_the_pupil_from_the_fifteenth_birthday() {
    let cases = [
        ("2011-06-15", vec![RecipientRef::Subject], vec![]),
        ("2011-06-16", vec![RecipientRef::Guardian(0)], vec![RecipientRef::Guardian(1)]),
        ("2001-01-01", vec![RecipientRef::Subject], vec![]),
        ("2020-01-01", vec![RecipientRef::Guardian(0)], vec![RecipientRef::Guardian(1)]),
    ];
    for (born, by_mail, on_paper) in cases {
        let telling = notices(&snapshot(annual_report(born)), &folder());
        assert_eq!((who(&telling), telling.on_paper.clone()), (by_mail, on_paper), "born {born}");
        assert!(telling.by_mail.iter().all(|n| n.kind == NoticeKind::AnnualReportReady));
    }
}

#[test]
fn a_child_without_guardians_on_record_is_never_written_to_but_not_forgotten() {
    let mut json = annual_report("2017-01-25");
    json["case"]["guardians"] = json!([]);
    let telling = notices(&snapshot(json), &folder());
    assert_eq!((who(&telling), telling.on_paper), (vec![], vec![RecipientRef::Subject]));
}

#[test]
fn nobody_is_told_about_a_plan_snapshot() {
    assert_eq!(notices(&snapshot(plan()), &folder()), pipeline_notify::Telling::default());
}

#[test]
fn keys_differ_between_people_and_versions_and_not_between_runs() {
    let mut keys = Vec::new();
    for version in [1, 2] {
        let mut json = minutes();
        json["content"]["version"] = json!(version);
        let telling = notices(&snapshot(json.clone()), &folder());
        assert_eq!(telling, notices(&snapshot(json), &folder()));
        keys.extend(telling.by_mail.into_iter().map(|n| n.dedupe_key));
    }
    keys.push(run_report_notice("a", WrittenForm::Nb).dedupe_key);
    keys.push(run_report_notice("b", WrittenForm::Nb).dedupe_key);
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[test]
fn an_address_is_looked_up_only_where_there_is_one() {
    let minutes = snapshot(minutes());
    let mut notice = notices(&minutes, &folder()).by_mail.remove(0);
    for nobody in [RecipientRef::Recipient(3), RecipientRef::Recipient(99), RecipientRef::Guardian(0), RecipientRef::Archivist] {
        notice.recipient = nobody;
        assert_eq!(address_of(&notice, &minutes), None, "{nobody:?}");
    }
}

#[test]
fn an_address_that_servers_cannot_carry_is_an_error_without_the_address() {
    let notice = notices(&snapshot(minutes()), &folder()).by_mail.remove(0);
    let error = compose(&notice, &address("bærtue@example.org"), &sender(), at(), &MailFacts::default()).unwrap_err();
    assert_eq!((error.code().id(), error.verdict()), ("recipient_without_address", Verdict::GiveUp));
    assert!(!format!("{error} {error:?}").contains("bærtue"));
    assert!(matches!(error, NotifyError::Address { .. }));
}
