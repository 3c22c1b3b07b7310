//! One meeting for one recipient's calendar: iCalendar (RFC 5545) as iTIP asks for it (RFC 5546 §§ 3.2.2, 3.2.5).
//!
//! Written by hand, and not with a crate: what stands here is a closed list of lines, the same bytes for the same arguments, and
//! nothing that says where the meeting is, about what, or who else comes.

mod line;
mod time;

use line::{Calendar, mailto};
use pipeline_domain::{Lang, NoticeKind, Timestamp};

use crate::facts::MeetingFacts;

/// What the calendar does with the entry. Also the `method` of the MIME part, which must be the same (RFC 6047 § 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Puts it in, or changes it.
    Request,
    /// Takes it out.
    Cancel,
}

impl Method {
    /// What a notice of this kind does; `None` for those that do nothing.
    pub(crate) fn of(kind: NoticeKind) -> Option<Self> {
        match kind {
            NoticeKind::MeetingInvited | NoticeKind::MeetingChanged => Some(Self::Request),
            NoticeKind::MeetingCancelled => Some(Self::Cancel),
            _ => None,
        }
    }

    /// In capitals, as some readers need it.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// What an entry says.
pub(crate) struct Entry<'a> {
    pub(crate) method: Method,
    pub(crate) meeting: &'a MeetingFacts,
    /// Right side of the UID.
    pub(crate) domain: &'a str,
    /// Who calls: the From address. Receivers match the two.
    pub(crate) organiser: &'a str,
    /// The one recipient.
    pub(crate) attendee: &'a str,
    pub(crate) lang: Lang,
    /// Neutral: how one logs in and whom to ask.
    pub(crate) description: &'a str,
}

/// Europe/Oslo since 1980, with rules and not with lists of dates: some readers ignore the lists (MAIL § 2.1).
const OSLO: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Oslo\r\n\
    BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n\
    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n\
    TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD\r\n\
    END:VTIMEZONE\r\n";

/// Writes the calendar: UTF-8, CRLF, no line over 75 octets. The zone stands in cancellations too: Exchange needs it there.
pub(crate) fn write(entry: &Entry<'_>) -> String {
    let meeting = entry.meeting;
    let mut calendar = Calendar::default();
    calendar.line("BEGIN", "VCALENDAR");
    calendar.line("PRODID", "-//Arkivflyt//Arkivflyt//NO");
    calendar.line("VERSION", "2.0");
    calendar.line("CALSCALE", "GREGORIAN");
    calendar.line("METHOD", entry.method.id());
    calendar.raw(OSLO);
    calendar.line("BEGIN", "VEVENT");
    calendar.line("UID", &uid(entry));
    calendar.line("SEQUENCE", &meeting.sequence.to_string());
    calendar.line("DTSTAMP", &time::utc(meeting.revised_at));
    calendar.line("LAST-MODIFIED", &time::utc(meeting.revised_at));
    let form = time::Form::of(meeting.starts_at, meeting.ends_at);
    for (name, at) in [("DTSTART", meeting.starts_at), ("DTEND", meeting.ends_at)] {
        calendar.line(&format!("{name}{}", form.parameter()), &form.write(at));
    }
    calendar.text("SUMMARY", summary(entry.lang));
    calendar.text("DESCRIPTION", entry.description);
    calendar.line("ORGANIZER", &mailto(entry.organiser));
    calendar.line(attendee(entry.method), &mailto(entry.attendee));
    calendar.line("CLASS", "CONFIDENTIAL");
    for (name, value) in state(entry.method) {
        calendar.line(name, value);
    }
    calendar.line("END", "VEVENT");
    calendar.line("END", "VCALENDAR");
    calendar.finish()
}

/// Made from what never changes, so every state of the meeting has the same.
fn uid(entry: &Entry<'_>) -> String {
    format!("moteinnkalling-{}@{}", entry.meeting.invitation, entry.domain)
}

/// The closed list of titles.
fn summary(lang: Lang) -> &'static str {
    match lang {
        Lang::Nb | Lang::Nn => "Møte",
        Lang::En => "Meeting",
    }
}

/// The recipient, without a name. `RSVP=FALSE`, for as long as nobody reads the answers that calendars send: people answer where
/// they log in, and an answer that is lost would be worse than none.
fn attendee(method: Method) -> &'static str {
    match method {
        Method::Request => "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE",
        Method::Cancel => "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT",
    }
}

fn state(method: Method) -> [(&'static str, &'static str); 3] {
    match method {
        Method::Request => [("STATUS", "CONFIRMED"), ("TRANSP", "OPAQUE"), ("X-MICROSOFT-CDO-BUSYSTATUS", "BUSY")],
        Method::Cancel => [("STATUS", "CANCELLED"), ("TRANSP", "TRANSPARENT"), ("X-MICROSOFT-CDO-BUSYSTATUS", "FREE")],
    }
}

/// Whether the two instants can stand in a calendar as a meeting.
pub(crate) fn is_a_span(starts_at: Timestamp, ends_at: Timestamp) -> bool {
    starts_at < ends_at
}
