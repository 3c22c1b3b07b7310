//! What a calendar gets, and what parsers that we did not write make of it.

use std::collections::BTreeSet;

use pipeline_domain::{Line, NoticeKind, Timestamp, WrittenForm};
use pipeline_notify::{MailFacts, MeetingFacts, MeetingTimes, Readable, Sender, compose, compose_readable};
use serde_json::{Value, json};

use crate::{
    fixture::{Variant, address, at, facts, meeting, notice, sender, variant},
    python,
    texts::unquoted,
};

const FORMS: [WrittenForm; 2] = [WrittenForm::Nb, WrittenForm::Nn];

/// Called, moved a week and called off.
fn course() -> [(NoticeKind, MeetingFacts); 3] {
    let called = meeting();
    let moved = MeetingFacts {
        sequence: 1,
        revised_at: moment("2026-11-22T09:15:00+01:00"),
        starts_at: moment("2026-12-15T08:30:00+01:00"),
        ends_at: moment("2026-12-15T10:00:00+01:00"),
        ..called
    };
    let called_off = MeetingFacts { sequence: 2, revised_at: moment("2026-11-23T08:00:00+01:00"), ..moved };
    [(NoticeKind::MeetingInvited, called), (NoticeKind::MeetingChanged, moved), (NoticeKind::MeetingCancelled, called_off)]
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn told(meeting: MeetingFacts) -> MailFacts {
    MailFacts { meeting: Some(meeting), meeting_times: MeetingTimes::Shown, ..facts() }
}

fn the_course() -> Vec<Variant> {
    FORMS.iter().flat_map(|form| course().map(|(kind, meeting)| variant(notice(kind, *form), &told(meeting)))).collect()
}

#[test]
fn called_changed_and_called_off_in_both_forms() {
    for Variant { name, mail, readable, .. } in the_course() {
        let text = String::from_utf8(mail.bytes).unwrap();
        assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        insta::assert_snapshot!(format!("calendar_{name}_eml"), text.replace("\r\n", "\n"));
        insta::assert_snapshot!(format!("calendar_{name}_ics"), readable.calendar.unwrap().replace("\r\n", "\n"));
    }
}

#[test]
fn a_mail_that_is_made_again_has_the_same_bytes() {
    assert_eq!(the_course(), the_course());
}

#[test]
fn the_shape_is_the_one_that_calendars_understand() {
    let variants = the_course();
    let Some(seen) = python::read(&variants.iter().map(|v| &v.mail).collect::<Vec<_>>()) else { return };
    for (Variant { name, readable, notice, .. }, seen) in variants.iter().zip(seen) {
        assert_eq!(seen["defects"], json!([]), "{name}");
        assert_eq!(unquoted(&json!(readable.headers)), unquoted(&seen["headers"]), "{name}");
        assert_eq!(seen["parts"], json!(["multipart/alternative", "text/plain", "text/calendar"]), "{name}");
        let method = if notice.kind == NoticeKind::MeetingCancelled { "CANCEL" } else { "REQUEST" };
        let text = readable.calendar.as_deref().unwrap();
        // No disposition: some programs show the invitation only without one (MAIL § 2.1).
        let expected = json!([{ "method": method, "charset": "utf-8", "disposition": null, "text": text }]);
        assert_eq!(seen["calendars"], expected, "{name}");
        assert!(text.contains(&format!("\r\nMETHOD:{method}\r\n")), "{name}");
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{name}: {text}");
        assert!(text.ends_with("END:VCALENDAR\r\n"), "{name}");
        let once = |name: &str| text.split("\r\n").filter(|l| l.starts_with(name)).count();
        for property in
            ["UID:", "DTSTAMP:", "SEQUENCE:", "ORGANIZER:mailto:", "ATTENDEE;", "DTSTART;", "DTEND;", "SUMMARY:", "BEGIN:VTIMEZONE"]
        {
            assert_eq!(once(property), 1, "{name}: {property}");
        }
        assert_eq!((once("LOCATION"), once("BEGIN:VALARM"), once("CATEGORIES")), (0, 0, 0), "{name}");
        assert_eq!(text.matches("mailto:").count(), 2, "{name}: the organiser and the one recipient");
    }
}

#[test]
fn an_entry_is_found_again_and_each_state_is_newer() {
    let course: Vec<Variant> = the_course().into_iter().take(3).collect();
    let Some(seen) = python::read_calendars(&course.iter().map(|v| &v.mail).collect::<Vec<_>>()) else { return };
    let of = |field: &str| seen.iter().map(|s| s["vobject"][field].clone()).collect::<Vec<_>>();
    let uid = "moteinnkalling-5c9b1a70-1f3e-5a52-8f6e-0a7f5a3d9b11@fjellvik.test";
    assert_eq!(of("uid"), [uid, uid, uid]);
    assert_eq!(of("sequence"), [0, 1, 2]);
    assert_eq!(of("method"), ["REQUEST", "REQUEST", "CANCEL"]);
    assert_eq!(of("status"), ["CONFIRMED", "CONFIRMED", "CANCELLED"]);
}

/// One case for the parsers.
struct Case {
    sender: Sender,
    to: &'static str,
    form: WrittenForm,
    kind: NoticeKind,
    meeting: MeetingFacts,
}

/// Start, end, and what a clock on the wall in Oslo shows.
const HOURS: [(&str, &str, [&str; 2]); 13] = [
    // Clocks go forward: the hour from 02 to 03 is not there.
    ("2026-03-29T01:00:00+01:00", "2026-03-29T01:59:59+01:00", ["2026-03-29T01:00:00", "2026-03-29T01:59:59"]),
    ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", ["2026-03-29T01:30:00", "2026-03-29T03:30:00"]),
    ("2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", ["2026-03-29T03:00:00", "2026-03-29T04:00:00"]),
    ("2026-03-28T22:00:00+01:00", "2026-03-29T08:00:00+02:00", ["2026-03-28T22:00:00", "2026-03-29T08:00:00"]),
    // Clocks go back: the hour from 02 to 03 comes twice.
    ("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", ["2026-10-25T01:30:00", "2026-10-25T02:30:00"]),
    ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", ["2026-10-25T02:30:00", "2026-10-25T02:30:00"]),
    ("2026-10-25T02:15:00+01:00", "2026-10-25T03:15:00+01:00", ["2026-10-25T02:15:00", "2026-10-25T03:15:00"]),
    ("2026-10-25T03:00:00+01:00", "2026-10-25T04:00:00+01:00", ["2026-10-25T03:00:00", "2026-10-25T04:00:00"]),
    ("2026-10-24T23:00:00+02:00", "2026-10-25T09:00:00+01:00", ["2026-10-24T23:00:00", "2026-10-25T09:00:00"]),
    // Past midnight, over New Year, and the day that most years lack.
    ("2026-06-18T23:15:00+02:00", "2026-06-19T00:45:00+02:00", ["2026-06-18T23:15:00", "2026-06-19T00:45:00"]),
    ("2026-12-31T23:30:00+01:00", "2027-01-01T00:30:00+01:00", ["2026-12-31T23:30:00", "2027-01-01T00:30:00"]),
    ("2028-02-29T09:00:00+01:00", "2028-02-29T10:30:00+01:00", ["2028-02-29T09:00:00", "2028-02-29T10:30:00"]),
    ("2028-02-28T23:30:00+01:00", "2028-03-01T00:30:00+01:00", ["2028-02-28T23:30:00", "2028-03-01T00:30:00"]),
];

/// Long, Sámi, and full of what iCalendar gives a meaning.
const SENDERS: [(&str, &str); 5] = [
    ("Fjellvik kommune", "Servicetorget, telefon 68 05 00 00"),
    ("Kárášjoga gielda – Čáhppes Biegga suohkan ŊŦŽ đšžŋŧ", "Bálvalusguovddáš, telefovdna 68 05 00 00; boađe, jeara\\ ráđđe"),
    (
        "Øvre Blåbærøya og Ytre Ærfuglåsen samarbeidskommune for prøving av svært lange navn",
        "Åpent «alle» dager; spør i \"luka\": 68 05 00 00, eller kom innom, det er ærlig talt alltid noen her som kan hjelpe deg videre: ærlig, ærlig, ærlig",
    ),
    ("Fjellvik\r\nATTENDEE:mailto:x@example.org", "BEGIN:VEVENT\nEND:VCALENDAR\u{2028}SUMMARY:x"),
    // A backslash stands before a space only: `ics` 0.7.3 reads the next letter as an escape. It stops at characters above U+FFFF.
    ("\\, kommune", "\\; ;; ,, : \\\\"),
];

fn cases() -> Vec<Case> {
    let case = |sender, to, kind, form, meeting| Case { sender, to, form, kind, meeting };
    let mut cases = Vec::new();
    for (kind, state) in course() {
        for form in FORMS {
            for (from, until, _) in HOURS {
                let meeting = MeetingFacts { starts_at: moment(from), ends_at: moment(until), ..state };
                cases.push(case(sender(), "stille.regnbue@example.org", kind, form, meeting));
            }
            for (name, contact) in SENDERS {
                let sender = Sender { municipality_name: Line::new(name), contact_point: Line::new(contact), ..sender() };
                cases.push(case(sender, "o'neil+mote_1/a=b@blåbær.test", kind, form, state));
            }
        }
    }
    cases
}

/// What every parser must see, worked out from the arguments and not from what was written.
fn expected(case: &Case, readable: &Readable) -> Value {
    let meeting = &case.meeting;
    let cancelled = case.kind == NoticeKind::MeetingCancelled;
    let wall = |at: Timestamp| at.oslo_local().format("%Y-%m-%dT%H:%M:%S").to_string();
    let note = if case.form == WrittenForm::Nb {
        "Logg inn som vanlig for å se innkallingen."
    } else {
        "Logg inn som vanleg for å sjå innkallinga."
    };
    // The two lines that come from the configuration stand in the text of the mail as they do here.
    let line = |start: &str| readable.text.lines().find_map(|l| l.strip_prefix(start)).unwrap().to_owned();
    let (contact, municipality) = (line("Ta kontakt: "), readable.text.trim_end().lines().last().unwrap());
    let description = format!("{note}\nInnlogging: https://minside.fjellvik.test/\nSpørsmål? Ta kontakt: {contact}\n{municipality}");
    let to = case.to.replace("blåbær.test", "xn--blbr-roah.test");
    json!({
        "method": if cancelled { "CANCEL" } else { "REQUEST" },
        "uid": "moteinnkalling-5c9b1a70-1f3e-5a52-8f6e-0a7f5a3d9b11@fjellvik.test",
        "sequence": meeting.sequence,
        "stamp": meeting.revised_at.rfc3339_utc(),
        "modified": meeting.revised_at.rfc3339_utc(),
        "start": meeting.starts_at.rfc3339_utc(),
        "end": meeting.ends_at.rfc3339_utc(),
        "wall": [wall(meeting.starts_at), wall(meeting.ends_at)],
        "summary": "Møte",
        "description": description,
        "status": if cancelled { "CANCELLED" } else { "CONFIRMED" },
        "class": "CONFIDENTIAL",
        "transparency": if cancelled { "TRANSPARENT" } else { "OPAQUE" },
        "organizer": "mailto:ikke-svar@fjellvik.test",
        "attendees": [format!("mailto:{to}")],
    })
}

#[test]
fn four_parsers_read_every_invitation_change_and_cancellation_alike() {
    let cases = cases();
    assert_eq!(cases.len(), 3 * 2 * (HOURS.len() + SENDERS.len()));
    let made: Vec<_> = cases
        .iter()
        .map(|c| compose_readable(&notice(c.kind, c.form), &address(c.to), &c.sender, at(), &told(c.meeting)).unwrap())
        .collect();
    let Some(seen) = python::read_calendars(&made.iter().map(|(mail, _)| mail).collect::<Vec<_>>()) else { return };
    for ((case, (_, readable)), seen) in cases.iter().zip(&made).zip(seen) {
        let expected = expected(case, readable);
        let parsers = seen.as_object().unwrap();
        let names: BTreeSet<&str> = parsers.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["ical", "icalendar", "ics", "vobject"]));
        for (parser, fields) in parsers {
            assert_eq!(*fields, expected, "{parser} reads\n{}", readable.calendar.as_deref().unwrap());
        }
    }
}

#[test]
fn the_hours_of_the_cases_are_what_the_wall_shows() {
    for (from, until, wall) in HOURS {
        let shown = [from, until].map(|t| moment(t).oslo_local().format("%Y-%m-%dT%H:%M:%S").to_string());
        assert_eq!(shown, wall);
    }
}

#[test]
fn a_meeting_that_ends_before_it_begins_is_refused() {
    let good = meeting();
    for ends_at in [good.starts_at, good.revised_at] {
        let facts = told(MeetingFacts { ends_at, ..good });
        let notice = notice(NoticeKind::MeetingInvited, WrittenForm::Nb);
        let error = compose(&notice, &address("stille@example.org"), &sender(), at(), &facts).unwrap_err();
        assert_eq!(error.code().id(), "metadata_invalid");
        assert!(!error.to_string().contains('@'), "{error}");
    }
}
