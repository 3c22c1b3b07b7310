//! Row 21: an invitation, its change and its cancellation are one entry of a calendar.

use std::{collections::BTreeSet, ffi::OsString, fs, path::PathBuf};

use arkivflyt_tests::{House, Tool, files_below, sample_json};
use serde_json::{Value, json};

use crate::in_folder::{edited, sound, submitted, told};

/// All mail as it is read: headers, text and calendars, decoded. `None` without Python.
fn mail_text(house: &House) -> Option<String> {
    const SCRIPT: &str = "import email, email.policy, sys
for name in sys.argv[1:]:
    mail = email.message_from_binary_file(open(name, 'rb'), policy=email.policy.default)
    print(*(f'{k}: {v}' for k, v in mail.items()), sep='\\n')
    for part in mail.walk():
        if not part.is_multipart():
            print(part.get_content().replace('\\r\\n ', '').replace('\\r', ''))";
    let files = files_below(&house.at("mail"));
    let args = ["-c".into(), SCRIPT.into()].into_iter().chain(files.into_iter().map(PathBuf::into_os_string));
    Some(Tool::find("python3")?.pass(args.collect::<Vec<OsString>>()))
}

#[test]
fn row_21_an_invitation_its_change_and_its_cancellation_reach_the_calendar() {
    let house = House::new();
    let municipality = house.at("municipalities/9901.toml");
    let text = fs::read_to_string(&municipality).unwrap();
    assert!(text.contains("meeting_times"), "the setting is explained in the file");
    fs::write(&municipality, text.replace("meeting_times = false", "meeting_times = true")).unwrap();
    for version in ["full", "changed", "cancelled"] {
        submitted(&house, 0, &sample_json(&format!("meeting-invitation/{version}.json")));
    }
    let everybody: BTreeSet<Vec<String>> =
        ["meeting_invited", "meeting_changed", "meeting_cancelled"].iter().map(|kind| told(&house, kind)).collect();
    assert!(everybody.len() == 1 && everybody.iter().all(|told| told.len() > 2), "{everybody:?}");
    sound(&house);
    let Some(mail) = mail_text(&house) else { return };
    for (method, sequence) in [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)] {
        assert!(
            mail.contains(&format!("METHOD:{method}")) && mail.contains(&format!("SEQUENCE:{sequence}")),
            "{method} {sequence}\n{mail}"
        );
    }
    let uids: BTreeSet<&str> = mail.lines().filter_map(|l| l.strip_prefix("UID:")).collect();
    assert_eq!(uids.len(), 1, "one meeting is one entry: {uids:?}");
}

#[test]
fn row_21_nobody_is_called_to_a_meeting_that_is_over() {
    let house = House::new();
    let past = [
        ("/content/starts_at", json!("2026-11-20T12:00:00+01:00")),
        ("/content/ends_at", json!("2026-11-20T13:00:00+01:00")),
        ("/content/reply_by", Value::Null),
    ];
    let invitation = edited(sample_json("meeting-invitation/full.json"), &past);
    house.feed(["submit", "-"], invitation.to_string().as_bytes()).expect(0);
    house.run(["run-once"]).expect(0);
    let list = house.ask(0, ["mail", "list"]);
    let called: Vec<&Value> = list["mails"].as_array().unwrap().iter().filter(|m| m["kind"] == "meeting_invited").collect();
    assert!(called.len() > 1, "{list}");
    assert!(called.iter().all(|m| m["state"] == "failed" && m["last_code"] == "notice_expired"), "{list}");
    assert_eq!(files_below(&house.at("mail")).len(), told(&house, "archive_report").len(), "only the archivist's report was sent");
    assert_eq!(house.case_folders().len(), 1, "the invitation itself is archived");
}
