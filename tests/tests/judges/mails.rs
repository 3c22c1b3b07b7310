//! Every mail, as Python's `email` reads it.

use std::collections::BTreeSet;

use arkivflyt_tests::{files_below, letters};

use crate::{documents, house};

#[test]
fn python_finds_no_fault_with_any_mail() {
    let files = files_below(&house().at("mail/new"));
    let Some(letters) = letters(&files) else { return };
    let list = house().ask(0, ["mail", "list"]);
    let rows = list["mails"].as_array().unwrap();
    assert_eq!(letters.len(), rows.len(), "each notice is one file");
    let ids: BTreeSet<String> = letters.iter().map(|l| l.header("Message-ID").to_owned()).collect();
    assert_eq!(ids, rows.iter().map(|r| r["message_id"].as_str().unwrap().to_owned()).collect());
    for letter in &letters {
        let file = letter.file.display();
        assert!(letter.defects.is_empty(), "{file}: {:?}", letter.defects);
        let calls_to_a_meeting = ["multipart/alternative", "text/plain", "text/calendar"];
        assert!(letter.parts == ["text/plain"] || letter.parts == calls_to_a_meeting, "{file}: {:?}", letter.parts);
        assert_eq!(letter.to.len(), 1, "{file}: one receiver and no other is told");
        for header in ["From", "To", "Date", "Subject", "Message-ID"] {
            assert_eq!(letter.headers.iter().filter(|(n, _)| n == header).count(), 1, "{file}: {header}");
        }
        assert!(letter.header("Cc").is_empty() && letter.header("Bcc").is_empty(), "{file}");
        assert!(letter.header("Auto-Submitted").starts_with("auto-"), "{file}: a machine's mail says so");
        let address = letter.body.split_whitespace().find(|w| w.starts_with("https://")).unwrap_or_default();
        assert!(!address.contains(['?', '#', '=']), "{file}: an address that opens something by itself: {address}");
    }
}

#[test]
fn whoever_can_get_a_mail_gets_one_and_nobody_else() {
    // Worked out from the samples alone: e-mail and not reserved. Reports to the archivist come on top.
    let files = files_below(&house().at("mail/new"));
    let Some(letters) = letters(&files) else { return };
    let mut paper = 0;
    // Annual reports, transfers and closings go to guardians too, counted by their own kinds below.
    let mut reached = |people: &str| {
        let mut addresses: Vec<String> = Vec::new();
        for document in documents() {
            for person in document.sample.json()["content"][people].as_array().into_iter().flatten() {
                let contact = &person["contact"];
                match contact["email"].as_str().filter(|_| contact["reserved"] != true) {
                    Some(address) => addresses.push(address.to_owned()),
                    None => paper += 1,
                }
            }
        }
        addresses
    };
    let (minutes, meetings) = (reached("recipients"), reached("invited"));
    let list = house().ask(0, ["mail", "list"]);
    let kind = |k: &str| kind(&list, k);
    assert_eq!(kind("minutes_ready") + kind("minutes_corrected"), minutes.len(), "{list}");
    assert_eq!(kind("meeting_invited") + kind("meeting_changed") + kind("meeting_cancelled"), meetings.len(), "{list}");
    for kind in ["minutes_corrected", "meeting_changed", "meeting_cancelled", "responsibility_transferred", "plan_closed", "plan_reopened"]
    {
        assert!(self::kind(&list, kind) > 0, "{kind}");
    }
    for address in minutes.iter().chain(&meetings) {
        assert!(letters.iter().any(|l| l.to[0] == *address), "an address that got nothing");
    }
    assert!(list["on_paper"].as_array().unwrap().len() >= paper, "{list}");
    assert!(kind("annual_report_ready") > 0 && kind("archive_report") > 0);
    for letter in &letters {
        assert!(
            letter.to[0].ends_with("example.org") || letter.to[0].ends_with("example.com") || letter.to[0].ends_with("example.net"),
            "{:?}",
            letter.to
        );
    }
}

fn kind(list: &serde_json::Value, kind: &str) -> usize {
    list["mails"].as_array().unwrap().iter().filter(|m| m["kind"] == kind).count()
}
