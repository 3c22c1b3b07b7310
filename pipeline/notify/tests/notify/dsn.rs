//! Reports as servers write them, and what is no report. Real ones of Postfix are in `postfix.rs`.

use std::time::{Duration, Instant};

use pipeline_notify::{
    BounceKind, DeliveryAction, DeliveryReport, EnvelopeId, LARGEST_RETURNED_BYTES, MailName, MailReference, ReportedReceiver,
    ReturnedKind, ReturnedMail, UnknownReason, read_returned,
};
use proptest::prelude::*;

const KEY: &str = "new_message:made-up";

fn id() -> EnvelopeId {
    EnvelopeId::new(17, KEY)
}

/// A report as most servers write it. `{id}` and `{name}` stand for the mail's own.
const TEMPLATE: &str = "Return-Path: <>\r
Date: Mon, 23 Nov 2026 09:00:05 +0100 (CET)\r
From: MAILER-DAEMON@relay.example.test (Mail Delivery System)\r
Subject: Undelivered Mail Returned to Sender\r
To: ikke-svar@fjellvik.test\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
 boundary=\"A1B2.17/relay.example.test\"\r
Message-Id: <20261123080005.A1B2@relay.example.test>\r
\r
This is a MIME-encapsulated message.\r
\r
--A1B2.17/relay.example.test\r
Content-Description: Notification\r
Content-Type: text/plain; charset=us-ascii\r
\r
<rask.myrull@example.org>: unknown user: \"rask.myrull\"\r
\r
--A1B2.17/relay.example.test\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; relay.example.test\r
Original-Envelope-Id: {id}\r
X-Postfix-Queue-ID: A1B2\r
\r
Final-Recipient: rfc822; rask.myrull@example.org\r
Original-Recipient: rfc822;rask.myrull@example.org\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 <rask.myrull@example.org>:\r
    Recipient address rejected\r
Last-Attempt-Date: Mon, 23 Nov 2026 09:00:03 +0100 (CET)\r
\r
--A1B2.17/relay.example.test\r
Content-Type: text/rfc822-headers\r
\r
From: Fjellvik kommune <ikke-svar@fjellvik.test>\r
Message-ID: <{name}@fjellvik.test>\r
\r
--A1B2.17/relay.example.test--\r
";

fn sample() -> String {
    TEMPLATE.replace("{id}", &id().to_string()).replace("{name}", &MailName::of(KEY).to_string())
}

/// The sample with one thing changed.
#[track_caller]
fn with(old: &str, new: &str) -> String {
    let sample = sample();
    assert!(sample.contains(old), "{old}");
    sample.replace(old, new)
}

fn kind(text: &str) -> ReturnedKind {
    read_returned(text.as_bytes()).kind
}

#[track_caller]
fn only_report(text: &str) -> DeliveryReport {
    match kind(text) {
        ReturnedKind::Reports { reports, .. } if reports.len() == 1 => reports[0],
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn a_report_is_read_and_says_nothing_of_whom() {
    let returned = read_returned(sample().as_bytes());
    let ReturnedKind::Reports { about, reports } = &returned.kind else { panic!("{returned:?}") };
    assert_eq!(*about, MailReference::Envelope(id()));
    let [report] = reports[..] else { panic!("{reports:?}") };
    assert_eq!((report.action, report.bounce()), (DeliveryAction::Failed, Some(BounceKind::Hard)));
    assert_eq!((report.status.to_string().as_str(), report.receiver), ("5.1.1", ReportedReceiver::OurAddress));
    assert_eq!(report.at.unwrap().rfc3339_utc(), "2026-11-23T08:00:03Z");
    assert!(report.condemns_address());
    let shown = format!("{returned:?}");
    for hidden in ["rask", "myrull", "example", "rejected", "fjellvik"] {
        assert!(!shown.to_lowercase().contains(hidden), "{shown}");
    }
    // Line ends as files on a disk have them.
    assert_eq!(read_returned(sample().replace("\r\n", "\n").as_bytes()), returned);
}

#[test]
fn a_report_is_known_again_by_its_message_id() {
    let first = read_returned(sample().as_bytes()).id;
    assert_eq!(read_returned(with("Subject: Un", "X-Hop: 2\r\nSubject: Un").as_bytes()).id, first);
    assert_ne!(read_returned(with("Message-Id: <20261123080005", "Message-Id: <20261123080006").as_bytes()).id, first);
    // One without is known by all of it.
    let anonymous = with("Message-Id: <20261123080005.A1B2@relay.example.test>\r\n", "");
    assert_eq!(read_returned(anonymous.as_bytes()).id, pipeline_domain::Sha256::of(anonymous.as_bytes()));
}

#[test]
fn each_action_and_status_is_told() {
    for (action, status, bounce) in [
        ("delivered", "2.0.0", None),
        ("Relayed", "2.1.9", None),
        ("expanded", "2.1.5 (list)", None),
        ("DELAYED", "4.4.7", None),
        ("failed", "5.1.10", Some(BounceKind::Hard)),
        ("failed", "5.2.1", Some(BounceKind::Hard)),
        ("failed", "5.2.2", Some(BounceKind::Soft)),
        ("failed", "4.4.7", Some(BounceKind::Soft)),
        ("failed", "5.7.1(rule)", Some(BounceKind::Policy)),
    ] {
        let report = only_report(&with("Action: failed\r\nStatus: 5.1.1\r\n", &format!("Action: {action}\r\nStatus: {status}\r\n")));
        assert_eq!((report.action.id(), report.bounce()), (action.to_lowercase().as_str(), bounce), "{action} {status}");
        assert_eq!(report.condemns_address(), bounce == Some(BounceKind::Hard));
    }
}

#[test]
fn an_address_that_mail_is_passed_on_to_is_not_ours() {
    let passed_on = with("Final-Recipient: rfc822; rask.myrull@example.org", "Final-Recipient: rfc822; stille.lyngmo@example.net");
    let report = only_report(&passed_on);
    assert_eq!((report.bounce(), report.receiver), (Some(BounceKind::Hard), ReportedReceiver::PassedOn));
    assert!(!report.condemns_address());
    // A server that was not told the address that we wrote to can only mean that one.
    let untold = with("Original-Recipient: rfc822;rask.myrull@example.org\r\n", "");
    assert_eq!(only_report(&untold).receiver, ReportedReceiver::OurAddress);
}

#[test]
fn reports_on_several_receivers_are_several() {
    let second = "\r\nFinal-Recipient: rfc822; a@example.net\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n--A1B2.17/relay.example.test\r\nContent-Type: text/rfc";
    let both = with("\r\n--A1B2.17/relay.example.test\r\nContent-Type: text/rfc", second);
    let ReturnedKind::Reports { reports, .. } = kind(&both) else { panic!("{both}") };
    assert_eq!(reports.iter().map(|r| r.action.id()).collect::<Vec<_>>(), ["failed", "delivered"]);
    // The report's own date where the attempt's is not told.
    assert_eq!(reports[1].at.unwrap().rfc3339_utc(), "2026-11-23T08:00:05Z");
}

#[test]
fn the_mail_is_found_by_its_message_id_where_servers_forget_the_envelope_id() {
    let named = ReturnedKind::Reports { about: MailReference::Name(MailName::of(KEY)), reports: vec![only_report(&sample())] };
    let line = format!("Original-Envelope-Id: {}\r\n", id());
    assert_eq!(kind(&with(&line, "")), named);
    assert_eq!(kind(&with(&line, "Original-Envelope-Id: theirs-17\r\n")), named);
    // The whole mail instead of its header fields, and one that a gateway has encoded.
    let whole = with(&line, "").replace("text/rfc822-headers", "message/rfc822");
    assert_eq!(kind(&whole), named);
    let from = whole.find("From: Fjellvik").unwrap();
    let to = whole.find("\r\n--A1B2.17/relay.example.test--").unwrap();
    let quoted = whole[from..to].replace('=', "=3D").replace("Message-ID", "Message=\r\n-ID");
    let encoded = format!("{}{quoted}{}", &whole[..from], &whole[to..])
        .replace("message/rfc822\r\n", "message/rfc822\r\nContent-Transfer-Encoding: Quoted-Printable\r\n");
    assert_eq!(kind(&encoded), named);
}

#[test]
fn whatever_is_not_said_plainly_is_left_to_a_person() {
    use UnknownReason::{Malformed, NoReport, NotOurs, OtherReport, TooLarge};
    let line = format!("Original-Envelope-Id: {}\r\n", id());
    let nameless = with(&line, "").replace("Message-ID: <", "X: <");
    let foreign = with(&line, "").replace(&MailName::of(KEY).to_string(), "20261123.17");
    let large = sample().replace("Reporting-MTA", &format!("X-Long: {}\r\nReporting-MTA", "x".repeat(LARGEST_RETURNED_BYTES)));
    let many = "\r\nFinal-Recipient: rfc822; a@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n".repeat(200);
    for (text, reason) in [
        (String::new(), NoReport),
        ("\r\n\r\nno header".to_owned(), NoReport),
        ("Subject: Undelivered\r\n\r\n550 5.1.1 <rask.myrull@example.org> unknown\r\n".to_owned(), NoReport),
        (with("multipart/report", "multipart/mixed"), NoReport),
        (with("report-type=delivery-status", "report-type=disposition-notification"), OtherReport),
        (with("report-type=delivery-status", "report-type=feedback-report"), OtherReport),
        (with("message/delivery-status", "text/plain"), Malformed),
        (with("boundary=\"A1B2.17/relay.example.test\"", "x=y"), Malformed),
        (with("Action: failed\r\n", ""), Malformed),
        (with("Action: failed", "Action: lost"), Malformed),
        (with("Status: 5.1.1\r\n", ""), Malformed),
        (with("Status: 5.1.1", "Status: 550"), Malformed),
        (with("Final-Recipient: rfc822; rask.myrull@example.org\r\n", ""), Malformed),
        (with("\r\nX-Postfix-Queue-ID: A1B2\r\n\r\nFinal", "\r\nX: y\r\nFinal"), Malformed),
        (with("\r\nFinal-Recipient", &format!("{many}\r\nFinal-Recipient")), Malformed),
        (nameless, NotOurs),
        (foreign, NotOurs),
        (large, TooLarge),
    ] {
        assert_eq!(kind(&text), ReturnedKind::Unknown(reason), "{}", text.chars().take(2000).collect::<String>());
    }
}

#[test]
fn a_notice_of_absence_is_none_of_our_business_and_a_bounce_in_free_text_is() {
    let absent =
        "From: Rask Myrull <rask.myrull@example.org>\r\nAuto-Submitted: auto-replied (vacation)\r\nSubject: Borte\r\n\r\nBorte\r\n";
    assert_eq!(kind(absent), ReturnedKind::AutoReply);
    let person = ReturnedKind::Unknown(UnknownReason::NoReport);
    for from in ["MAILER-DAEMON@example.org", "Mail <Postmaster@example.org>"] {
        assert_eq!(kind(&absent.replace("Rask Myrull <rask.myrull@example.org>", from)), person);
    }
    for mark in ["Auto-Submitted: no", "Auto-Submitted: auto-generated", "X: y"] {
        assert_eq!(kind(&absent.replace("Auto-Submitted: auto-replied (vacation)", mark)), person);
    }
}

/// A status that is cut must not become another one: 5.1.10 is hard, and so would be the 5.1.1 that is left of it.
#[test]
fn a_report_that_is_cut_never_says_something_else() {
    let whole = with("Status: 5.1.1\r\n", "Status: 5.2.12\r\n");
    let complete = kind(&whole);
    for end in 0..whole.len() {
        match kind(&whole[..end]) {
            ReturnedKind::Unknown(_) | ReturnedKind::AutoReply => {}
            cut => assert_eq!(cut, complete, "cut at {end}"),
        }
    }
}

/// Messages within messages, parts within parts, endless fields: time and stack stay within bounds.
#[test]
fn monsters_are_read_in_no_time() {
    let fill = |unit: &str| unit.repeat((LARGEST_RETURNED_BYTES - 1000) / unit.len());
    let begin = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n";
    let status = |body: &str| format!("{begin}Content-Type: message/delivery-status\r\n\r\n{body}\r\n--b--\r\n");
    for text in [
        fill("Content-Type: message/rfc822\r\n\r\n"),
        fill("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"),
        fill("Content-Type: multipart/report; boundary=\"=?utf-8?q?"),
        format!("Content-Type: multipart/report; {}", fill("a*0*=x;")),
        format!("Content-Type: ({}", fill("(")),
        format!("From: {}", fill("\r\n =?")),
        format!("Message-ID: {}", fill("<")),
        format!("{begin}{}", fill("--b\r\n")),
        format!("{begin}{}", fill("Content-Type: message/rfc822\r\n\r\n")),
        status(&fill("\r\n\r\n")),
        status(&fill("a: b\r\n\r\n")),
        status(&format!("Original-Envelope-Id: {}", fill("+2B"))),
        status(&format!("a: b\r\n\r\nOriginal-Recipient: x;{0}\r\nFinal-Recipient: x;{0}", "+2B".repeat(LARGEST_RETURNED_BYTES / 7))),
    ] {
        assert!(text.len() <= LARGEST_RETURNED_BYTES, "{}", text.len());
        let begun = Instant::now();
        let returned = read_returned(text.as_bytes());
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?} for {}", begun.elapsed(), &text[..80]);
        assert!(matches!(returned.kind, ReturnedKind::Unknown(_)), "{returned:?} for {}", &text[..80]);
    }
}

/// A sample with some bytes changed, taken out or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let blow = (any::<prop::sample::Index>(), 0..3u8, any::<u8>(), 1..40usize);
    prop::collection::vec(blow, 1..12).prop_map(|blows| {
        let mut bytes = sample().into_bytes();
        for (at, what, byte, length) in blows {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..end)),
                _ => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        bytes
    })
}

/// Words of reports in any order.
fn babble() -> impl Strategy<Value = Vec<u8>> {
    let plain = "Content-Type: multipart/report message/delivery-status message/rfc822 ; boundary= b \" --b -- report-type=delivery-status \
                 Action: failed Status: 5.1.1 Final-Recipient: rfc822; Message-ID: < > @ =? ?= ( ) \\ *0*= % é base64 quoted-printable = \
                 Content-Transfer-Encoding: Auto-Submitted:";
    let words: Vec<&str> = plain.split(' ').chain(["\r\n", "\n", " ", "\t", "\0"]).collect();
    let words = prop::sample::select(words);
    prop::collection::vec(words, 0..120).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn hostile_bytes_never_panic(bytes in prop_oneof![damaged(), babble(), prop::collection::vec(any::<u8>(), 0..600)]) {
        let returned: ReturnedMail = read_returned(&bytes);
        prop_assert_eq!(&read_returned(&bytes), &returned);
        if let ReturnedKind::Reports { reports, .. } = returned.kind {
            prop_assert!(!reports.is_empty());
        }
    }
}
