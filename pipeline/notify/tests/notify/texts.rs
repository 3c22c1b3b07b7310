//! What people read.

use std::collections::BTreeSet;

use pipeline_domain::{AddressProtection, Line, NoticeKind, WrittenForm};
use pipeline_notify::{
    English, LoginLink, Mail, MailFacts, MeetingTimes, ReportFacts, Sender, address_of, compose, notices, run_report_notice,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    fixture::{
        Variant, address, annual_report, at, counts, facts, folder, mail_for, minutes, notice, one_of_each, samples, sender, snapshot,
        variant,
    },
    python,
};

fn is_plain_ascii(mail: &Mail) {
    assert!(mail.bytes.is_ascii());
    let text = std::str::from_utf8(&mail.bytes).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])));
    assert!(text.ends_with("\r\n"));
}

#[test]
fn every_kind_in_every_language() {
    for Variant { name, mail, .. } in one_of_each() {
        is_plain_ascii(&mail);
        insta::assert_snapshot!(name, String::from_utf8(mail.bytes).unwrap().replace("\r\n", "\n"));
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    assert_eq!(one_of_each(), one_of_each());
}

fn text(kind: NoticeKind, file: &str) -> String {
    std::fs::read_to_string(format!("{}/../../templates/mail/{}/{file}.txt", env!("CARGO_MANIFEST_DIR"), kind.id())).unwrap()
}

#[test]
fn a_notice_does_not_say_what_kind_of_document_waits() {
    for (file, sentence) in [
        ("nb", "Du har en ny melding fra {municipality}. Logg inn som vanlig for å lese den."),
        ("nn", "Du har ei ny melding frå {municipality}. Logg inn som vanleg for å lese ho."),
        ("en", "You have a new message from {municipality}. Log in as usual to read it."),
        ("nb-second", "Påminnelse: du har en ulest melding fra {municipality}."),
        ("nn-second", "Påminning: du har ei ulesen melding frå {municipality}."),
        ("en-second", "Reminder: you have an unread message from {municipality}."),
    ] {
        assert_eq!(text(NoticeKind::MinutesReady, file), text(NoticeKind::AnnualReportReady, file));
        for kind in [NoticeKind::MinutesReady, NoticeKind::NewMessage] {
            assert!(text(kind, file).contains(sentence), "{kind:?} {file}");
        }
    }
}

/// What the municipality has a duty to tell, and what comes until it is settled.
const NOT_TO_BE_STOPPED: [NoticeKind; 10] = [
    NoticeKind::ConsentRequest,
    NoticeKind::ConsentExpiring,
    NoticeKind::ConsentExpired,
    NoticeKind::MinutesReady,
    NoticeKind::MinutesCorrected,
    NoticeKind::AnnualReportReady,
    NoticeKind::ResponsibilityTransferred,
    NoticeKind::PlanClosed,
    NoticeKind::PlanReopened,
    NoticeKind::ArchiveFailed,
];

#[test]
fn every_text_says_who_to_ask_and_whether_it_can_be_stopped() {
    for kind in NoticeKind::ALL {
        for (lang, hello, cannot, can) in [
            ("nb", "Hei!", "kan ikke slås av", "vil du ikke ha slike"),
            ("nn", "Hei!", "kan ikkje slåast av", "vil du ikkje ha slike"),
            ("en", "Hello!", "cannot be turned off", "do you not want"),
        ] {
            let files = [lang.to_owned(), format!("{lang}-second")];
            for file in files.iter().take(if kind.has_second() { 2 } else { 1 }) {
                let text = text(kind, file);
                let must = NOT_TO_BE_STOPPED.contains(&kind);
                assert_eq!((text.contains(cannot), text.contains(can)), (must, !must), "{kind:?} {file}");
                assert!(text.contains(hello) && text.contains(": {contact_point}") && text.contains("{municipality}"), "{kind:?} {file}");
                // On the archivist's own machine there is nothing to log in to.
                assert_eq!(text.contains("{login_url}"), kind != NoticeKind::ArchiveReport, "{kind:?} {file}");
                let reminder = text.starts_with("Påminn") || text.starts_with("Reminder");
                assert_eq!(reminder, file.ends_with("second") || kind == NoticeKind::MeetingReminder, "{kind:?} {file}");
            }
        }
    }
}

#[test]
fn a_mail_reader_finds_no_defect_and_each_header_once() {
    let variants = one_of_each();
    let Some(seen) = python::read(&variants.iter().map(|v| &v.mail).collect::<Vec<_>>()) else { return };
    for (Variant { name, mail, readable, .. }, seen) in variants.iter().zip(seen) {
        assert_eq!(seen["defects"], Value::Array(vec![]), "{name}");
        assert_eq!((seen["parts"].to_string(), seen["charset"].as_str()), (r#"["text/plain"]"#.to_owned(), Some("utf-8")), "{name}");
        let mut names: Vec<String> = seen["headers"].as_array().unwrap().iter().map(|h| h[0].as_str().unwrap().to_owned()).collect();
        names.sort();
        let expected = [
            "Auto-Submitted",
            "Content-Language",
            "Content-Transfer-Encoding",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Reply-To",
            "Subject",
            "To",
            "X-Auto-Response-Suppress",
        ];
        assert_eq!(names, expected, "{name}");
        assert_eq!(header(&seen, "Message-ID"), mail.message_id);
        assert_eq!(header(&seen, "Date"), "Mon, 23 Nov 2026 07:30:00 +0000");
        assert_eq!(header(&seen, "Auto-Submitted"), "auto-generated");
        assert_eq!(seen["from_name"], "Fjellvik kommune");
        assert_eq!(seen["to"].to_string(), r#"["stille.regnbue@example.org"]"#);
        let body = seen["body"].as_str().unwrap();
        assert!(body.contains("Fjellvik kommune") && body.contains("68 05 00 00") && body.contains("Hei!"), "{name}");
        // What `mail preview` shows is what a mail program sees.
        let shown = (readable.subject.as_str(), readable.languages.as_str(), readable.text.as_str());
        assert_eq!(shown, (header(&seen, "Subject"), header(&seen, "Content-Language"), body.replace("\r\n", "\n").as_str()), "{name}");
        assert_eq!(unquoted(&json!(readable.headers)), unquoted(&seen["headers"]), "{name}");
        assert_eq!(readable.calendar, None, "{name}: no time is told unless the municipality lets it be");
    }
}

#[test]
fn english_comes_below_when_the_municipality_wants_it() {
    for (form, own) in [(WrittenForm::Nb, "Hei!\n"), (WrittenForm::Nn, "Hei!\n")] {
        let both = variant(notice(NoticeKind::NewMessage, form), &MailFacts { english: English::Below, ..facts() });
        let text = both.readable.text;
        assert!(text.starts_with("(English text below)\n\nHei!\n") && text.find(own) < text.find("Hello!\n"), "{text}");
        assert!(text.contains("7. desember 2026") && text.contains("Please read it by 7 December 2026."), "{text}");
        assert!(both.readable.subject.ends_with(" / New message from Fjellvik kommune"), "{}", both.readable.subject);
        assert_eq!(both.readable.languages, format!("{}, en", form.tag()));
    }
}

#[test]
fn the_time_of_a_meeting_is_told_only_where_it_may_be() {
    for kind in NoticeKind::ALL {
        let quiet = variant(notice(kind, WrittenForm::Nb), &facts());
        assert!(!quiet.readable.text.contains("8. desember") && quiet.readable.calendar.is_none(), "{}", quiet.name);
        let told = variant(notice(kind, WrittenForm::Nn), &MailFacts { meeting_times: MeetingTimes::Shown, ..facts() });
        let says = told.readable.text.contains("tysdag 8. desember 2026 kl. 08.30–10.00");
        assert_eq!(says, kind.is_about_a_meeting(), "{}", told.name);
        let calendar = told.readable.calendar.is_some();
        assert_eq!(calendar, kind.is_about_a_meeting() && kind != NoticeKind::MeetingReminder, "{}", told.name);
    }
}

/// Headers without the quotes that Python puts around a parameter.
pub fn unquoted(headers: &Value) -> String {
    headers.to_string().replace("\\\"", "")
}

fn header<'a>(seen: &'a Value, name: &str) -> &'a str {
    let headers = seen["headers"].as_array().unwrap();
    headers.iter().find(|h| h[0] == name).map(|h| h[1].as_str().unwrap()).unwrap()
}

#[test]
fn a_strictly_confidential_address_takes_the_login_address_away() {
    let mut protected = snapshot(minutes());
    assert_eq!(MailFacts::of(&protected).login_link, LoginLink::Shown);
    protected.screened_as = AddressProtection::StrictlyConfidential;
    let facts = MailFacts::of(&protected);
    let notice = notices(&protected, &folder()).by_mail.remove(0);
    let mail = compose(&notice, &address("stille@example.org"), &sender(), at(), &facts).unwrap();
    let text = String::from_utf8(mail.bytes).unwrap();
    assert!(!text.contains("minside") && !text.contains("https:") && !text.contains("Innlogging"), "{text}");
}

#[test]
fn a_report_or_an_overview_without_its_counts_is_not_sent() {
    for notice in [run_report_notice("run-1", WrittenForm::Nb), notice(NoticeKind::LeadDigest, WrittenForm::Nb)] {
        let error = compose(&notice, &address("arkiv@example.org"), &sender(), at(), &MailFacts::default()).unwrap_err();
        assert_eq!(error.code().id(), "mail_config");
    }
}

#[test]
fn a_scheduled_run_says_that_a_report_lies_there_and_no_more() {
    for (form, place) in [(WrittenForm::Nb, "i mappen «reports»"), (WrittenForm::Nn, "i mappa «reports»")] {
        let mail = compose(&run_report_notice("run-1", form), &address("arkiv@example.org"), &sender(), at(), &report_facts()).unwrap();
        is_plain_ascii(&mail);
        let Some(seen) = python::read(&[&mail]) else { return };
        let body = seen[0]["body"].as_str().unwrap();
        assert!(body.contains("Til oppfølging: 3") && body.contains(place), "{body}");
        assert!(!body.contains("Avvist") && !body.contains('{'), "the counts of run-once are left out: {body}");
    }
    let of_run_once =
        compose(&run_report_notice("run-1", WrittenForm::Nb), &address("arkiv@example.org"), &sender(), at(), &facts()).unwrap();
    assert!(!String::from_utf8(of_run_once.bytes).unwrap().contains("reports"));
}

fn report_facts() -> MailFacts {
    MailFacts::of_report(ReportFacts { to_follow_up: 3 })
}

#[test]
fn a_domain_in_norwegian_letters_becomes_ascii() {
    let sender = Sender { from_address: address("post@blåbær.test"), message_id_domain: "blåbær.test".to_owned(), ..sender() };
    let notice = run_report_notice("run-1", WrittenForm::Nn);
    let mail = compose(&notice, &address("arkiv@ærlig.test"), &sender, at(), &MailFacts::of_run(counts())).unwrap();
    is_plain_ascii(&mail);
    assert_eq!((mail.from.expose(), mail.to.expose()), ("post@xn--blbr-roah.test", "arkiv@xn--rlig-uoa.test"));
    assert!(mail.message_id.ends_with("@xn--blbr-roah.test>"));
}

const HOSTILE: [&str; 12] = [
    "Fjellvik\r\nBcc: alle@example.org",
    "Fjellvik\nX-Evil: 1\n\nny tekst",
    "Fjellvik\r\n.\r\nMAIL FROM:<x@example.org>",
    "Fjell\0vik",
    "\u{202e}enummok kivllejF\u{202c}",
    "Fjellvik\u{2028}kommune\u{2029}",
    "\"Fjellvik\", kommune <a@example.org>; \\",
    "=?utf-8?B?RmplbGx2aWs=?=",
    "{login_url} {municipality} {archived}",
    "Fjellvik\u{7f}\t\u{85}kommune",
    "<script>alert(1)</script>",
    "👍🏽 Fjellvik 🏔️",
];

#[test]
fn hostile_names_add_no_header_and_no_recipient() {
    let long = "Fjellvik ".repeat(1200);
    let unbroken = "ø".repeat(10_000);
    let hostile = HOSTILE.iter().copied().chain([long.as_str(), unbroken.as_str()]);
    let notice = notices(&snapshot(minutes()), &folder()).by_mail.remove(0);
    let mut mails = Vec::new();
    for text in hostile {
        let sender = Sender { municipality_name: Line::new(text), contact_point: Line::new(text), ..sender() };
        let mail = compose(&notice, &address("stille@example.org"), &sender, at(), &facts()).unwrap();
        is_plain_ascii(&mail);
        mails.push(mail);
    }
    let Some(seen) = python::read(&mails.iter().collect::<Vec<_>>()) else { return };
    for seen in seen {
        assert_eq!(seen["defects"], Value::Array(vec![]), "{seen}");
        assert_eq!(seen["headers"].as_array().unwrap().len(), 12, "{seen}");
        assert_eq!(seen["to"].to_string(), r#"["stille@example.org"]"#);
        let shown = format!("{} {}", seen["from_name"], seen["body"]);
        assert!(!shown.contains(['\0', '\u{202e}', '\u{2028}', '\u{7f}']), "{shown}");
    }
}

#[test]
fn a_name_with_nothing_to_show_and_a_login_address_with_a_token_are_refused() {
    let bad = [
        (Sender { municipality_name: Line::new("\u{200b}\r\n"), ..sender() }, "municipality_name"),
        (Sender { contact_point: Line::new("\0"), ..sender() }, "contact_point"),
        (Sender { login_url: "https://fjellvik.test/?t=1".to_owned(), ..sender() }, "login_url"),
        (Sender { from_address: address("blåbær@fjellvik.test"), ..sender() }, "from_address"),
        (Sender { message_id_domain: "vert".to_owned(), ..sender() }, "message_id_domain"),
    ];
    for (sender, field) in bad {
        let error = sender.check().unwrap_err();
        assert_eq!((error.code().id(), error.to_string()), ("mail_config", format!("sender field {field} cannot be used in a mail")));
    }
    sender().check().unwrap();
}

proptest! {
    #[test]
    fn no_name_breaks_a_mail(name in any::<String>(), contact in "\\PC{0,300}") {
        let sender = Sender { municipality_name: Line::new(name), contact_point: Line::new(contact), ..sender() };
        let notice = run_report_notice("run-1", WrittenForm::Nb);
        if let Ok(mail) = compose(&notice, &address("arkiv@example.org"), &sender, at(), &facts()) {
            is_plain_ascii(&mail);
            let head = String::from_utf8(mail.bytes).unwrap().split("\r\n\r\n").next().unwrap().to_owned();
            let headers = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).count();
            prop_assert_eq!(headers, 12);
        }
    }
}

/// Every string of the JSON with four letters or more, and every such word of a name.
fn personal_values(json: &Value, into: &mut BTreeSet<String>) {
    match json {
        Value::String(s) if s.chars().count() >= 4 => {
            into.insert(s.clone());
        }
        Value::Array(items) => items.iter().for_each(|v| personal_values(v, into)),
        Value::Object(map) => {
            for (key, value) in map {
                personal_values(value, into);
                if let (true, Some(name)) = (key.ends_with("name"), value.as_str()) {
                    into.extend(name.split_whitespace().filter(|w| w.chars().count() >= 4).map(str::to_owned));
                }
            }
        }
        _ => {}
    }
}

#[test]
fn no_mail_holds_anything_from_its_document_but_the_recipients_own_address() {
    let mut mails = Vec::new();
    let own = [minutes(), annual_report("2001-01-01"), annual_report("2017-01-01")];
    for json in own.into_iter().chain(samples().into_iter().map(|(_, json)| json)) {
        let document = snapshot(json.clone());
        let sender = Sender { municipality_name: document.case.municipality_name.clone(), ..sender() };
        for notice in notices(&document, &folder()).by_mail {
            let to = address_of(&notice, &document).unwrap();
            let mail = compose(&notice, &to, &sender, at(), &MailFacts::of(&document)).unwrap();
            assert!(!mail.file_name.contains(&document.document.to_string()[..8]));
            mails.push((mail, json.clone()));
        }
    }
    assert!(mails.len() > 10, "only {} mails: have the samples moved?", mails.len());
    let Some(seen) = python::read(&mails.iter().map(|(m, _)| m).collect::<Vec<_>>()) else { return };
    for ((mail, json), seen) in mails.iter().zip(seen) {
        let municipality = json["case"]["municipality_name"].as_str().unwrap();
        let decoded = format!("{} {} {}", seen["headers"], seen["body"], String::from_utf8_lossy(&mail.bytes));
        let decoded = decoded.replace(mail.to.expose(), "").replace(municipality, "");
        let mut values = BTreeSet::new();
        personal_values(json, &mut values);
        for value in values.iter().filter(|v| *v != municipality && !municipality.split(' ').any(|w| w == *v)) {
            assert!(!decoded.contains(value.as_str()), "{} leaks a value of {} letters", mail.message_id, value.len());
        }
    }
}

#[test]
fn debug_shows_neither_address_nor_text() {
    let mail = mail_for(&run_report_notice("run-1", WrittenForm::Nb));
    let shown = format!("{mail:?}");
    assert!(!shown.contains("stille") && !shown.contains("Fjellvik"), "{shown}");
}
