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
        assert_eq!(letter.parts, ["text/plain"], "{file}");
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
    let mut expected: Vec<String> = Vec::new();
    let mut paper = 0;
    for document in documents() {
        let json = document.sample.json();
        // Annual reports go to guardians instead, counted by their own kind below.
        let people = json["content"]["recipients"].as_array().into_iter().flatten();
        for person in people {
            let contact = &person["contact"];
            match contact["email"].as_str().filter(|_| contact["reserved"] != true) {
                Some(address) => expected.push(address.to_owned()),
                None => paper += 1,
            }
        }
    }
    let minutes: Vec<&arkivflyt_tests::Letter> = letters.iter().filter(|l| expected.contains(&l.to[0])).collect();
    let list = house().ask(0, ["mail", "list"]);
    let kind = |k: &str| list["mails"].as_array().unwrap().iter().filter(|m| m["kind"] == k).count();
    assert_eq!(kind("minutes_ready"), expected.len(), "{list}");
    assert!(minutes.len() >= expected.len());
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
