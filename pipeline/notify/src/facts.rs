//! The little that a mail may say beside its fixed text.

use pipeline_domain::{Content, Date, DocumentId, Event, MeetingState, NoticeKind, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether the mail shows where one logs in. Never a link to the document itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginLink {
    /// Shown as text.
    #[default]
    Shown,
    /// Left out: the subject's address is strictly confidential (DOMAIN § 7).
    LeftOut,
}

/// Whether a mail about a meeting says when it is (DOMAIN § 8: only if the municipality allows it). A calendar part cannot be made
/// without the time, so this decides on both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeetingTimes {
    /// One logs in to see it.
    #[default]
    LeftOut,
    /// Date and time of day, in words and as a calendar part.
    Shown,
}

/// Whether the English text follows the Norwegian one. Nobody's language is known beyond their written form, so it is the
/// municipality that decides, for all its mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum English {
    /// Norwegian alone.
    #[default]
    LeftOut,
    /// Below the Norwegian text, and in the subject line.
    Below,
}

/// What a run did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Documents archived now.
    pub archived: u32,
    /// Documents that were archived before.
    pub already_there: u32,
    /// Documents refused by intake.
    pub refused: u32,
    /// Documents that failed on the way.
    pub failed: u32,
    /// People to be told on paper.
    pub on_paper: u32,
}

/// What the report on a scheduled run says of it. The report itself stays on the archive's own machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportFacts {
    /// Things that a person should look at.
    pub to_follow_up: u32,
}

/// What waits for a lead, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestCounts {
    /// Consents without an answer.
    pub unanswered_consents: u32,
    /// Minutes that are not sent.
    pub unsent_minutes: u32,
    /// Evaluations past their deadline.
    pub overdue_evaluations: u32,
    /// Plans that were not archived in time (DOMAIN § 9: 190 days).
    pub overdue_archiving: u32,
}

/// One meeting as a calendar knows it: when it is and which state of it this is, never where, about what or with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeetingFacts {
    /// The invitation: the same through every change, so that the calendar finds its entry again.
    pub invitation: DocumentId,
    /// Higher for each change and for the cancellation, the same when a mail is sent again (RFC 5546 § 2.1.4).
    pub sequence: u32,
    /// When this state of it was made. Stored, not the clock: a mail that is sent again has the same bytes.
    pub revised_at: Timestamp,
    /// Start.
    pub starts_at: Timestamp,
    /// End, after the start.
    pub ends_at: Timestamp,
}

/// The little that a mail may say beside its fixed text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailFacts {
    /// Whether the login address is shown.
    pub login_link: LoginLink,
    /// Day to read, answer or act by.
    pub read_by: Option<Date>,
    /// What a run of `run-once` did. An `archive_report` needs this or `report`; the rest ignore both.
    pub run: Option<RunCounts>,
    /// That a scheduled run left a report.
    pub report: Option<ReportFacts>,
    /// What waits for a lead. A `lead_digest` needs it; the rest ignore it.
    pub digest: Option<DigestCounts>,
    /// The meeting that the notice is about.
    pub meeting: Option<MeetingFacts>,
    /// Whether the mail says when it is.
    pub meeting_times: MeetingTimes,
    /// Whether the English text follows.
    pub english: English,
    /// From this instant on the mail is worth nothing; see [`is_still_worth_sending`].
    pub expires_at: Option<Timestamp>,
}

impl MailFacts {
    /// Facts for a notice about this document: no login address when the subject's address is strictly confidential; of an
    /// invitation, when the meeting is and by when one answers.
    pub fn of(snapshot: &Snapshot) -> Self {
        let hidden = snapshot.screened_as.hides_places();
        let facts = Self { login_link: if hidden { LoginLink::LeftOut } else { LoginLink::Shown }, ..Self::default() };
        match &snapshot.content {
            Content::MeetingInvitation(invitation) => Self {
                read_by: invitation.reply_by.filter(|_| invitation.state == MeetingState::Planned),
                meeting: Some(MeetingFacts {
                    invitation: snapshot.document,
                    // The first version of the document is the first state of the meeting.
                    sequence: invitation.record.version.0 - 1,
                    revised_at: invitation.record.produced_at,
                    starts_at: invitation.starts_at,
                    ends_at: invitation.ends_at,
                }),
                ..facts
            },
            _ => facts,
        }
    }

    /// Facts for a notice about this event: by when one answers, and no login address when the subject's is strictly confidential.
    pub fn of_event(event: &Event) -> Self {
        let hidden = event.case.address_protection.hides_places();
        let login_link = if hidden { LoginLink::LeftOut } else { LoginLink::Shown };
        Self { login_link, read_by: event.content.due, ..Self::default() }
    }

    /// Facts for the report on a run.
    pub fn of_run(counts: RunCounts) -> Self {
        Self { run: Some(counts), ..Self::default() }
    }

    /// Facts for the word that a scheduled run left a report.
    pub fn of_report(report: ReportFacts) -> Self {
        Self { report: Some(report), ..Self::default() }
    }

    /// Facts for a lead's weekly overview.
    pub fn of_digest(counts: DigestCounts) -> Self {
        Self { digest: Some(counts), ..Self::default() }
    }
}

/// Whether the notice still helps the one who gets it, at the moment of sending. An invitation or a reminder is worth nothing once
/// the meeting has begun; that it was changed or called off, once it would have been over; anything, once it has expired.
pub fn is_still_worth_sending(kind: NoticeKind, facts: &MailFacts, now: Timestamp) -> bool {
    let meeting = facts.meeting.as_ref();
    let last = match kind {
        NoticeKind::MeetingInvited | NoticeKind::MeetingReminder => meeting.map(|m| m.starts_at),
        NoticeKind::MeetingChanged | NoticeKind::MeetingCancelled => meeting.map(|m| m.ends_at),
        _ => None,
    };
    [last, facts.expires_at].into_iter().flatten().all(|end| now < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn facts() -> MailFacts {
        let meeting = MeetingFacts {
            invitation: "11a3cd13-6038-590f-a8ae-32f9047686f4".parse().unwrap(),
            sequence: 0,
            revised_at: at("2026-11-02T14:20:00+01:00"),
            starts_at: at("2026-11-30T09:00:00+01:00"),
            ends_at: at("2026-11-30T10:00:00+01:00"),
        };
        MailFacts { meeting: Some(meeting), ..MailFacts::default() }
    }

    /// The first second at which the notice is not sent any more.
    fn check(kind: NoticeKind, facts: &MailFacts, end: &str) {
        let end = at(end);
        let before = Timestamp::from_unix_seconds(end.unix_seconds() - 1).unwrap();
        assert!(is_still_worth_sending(kind, facts, before), "{kind:?}");
        assert!(!is_still_worth_sending(kind, facts, end), "{kind:?}");
    }

    #[test]
    fn nobody_is_called_to_a_meeting_that_has_begun() {
        check(NoticeKind::MeetingInvited, &facts(), "2026-11-30T09:00:00+01:00");
        check(NoticeKind::MeetingReminder, &facts(), "2026-11-30T09:00:00+01:00");
        check(NoticeKind::MeetingChanged, &facts(), "2026-11-30T10:00:00+01:00");
        check(NoticeKind::MeetingCancelled, &facts(), "2026-11-30T10:00:00+01:00");
    }

    #[test]
    fn what_expires_earlier_ends_earlier_and_later_changes_nothing() {
        let sooner = MailFacts { expires_at: Some(at("2026-11-29T00:00:00+01:00")), ..facts() };
        check(NoticeKind::MeetingInvited, &sooner, "2026-11-29T00:00:00+01:00");
        let later = MailFacts { expires_at: Some(at("2026-12-24T00:00:00+01:00")), ..facts() };
        check(NoticeKind::MeetingInvited, &later, "2026-11-30T09:00:00+01:00");
        check(NoticeKind::PrintReady, &later, "2026-12-24T00:00:00+01:00");
    }

    #[test]
    fn what_has_no_end_is_always_worth_sending() {
        let far = at("2099-01-01T00:00:00+01:00");
        for kind in NoticeKind::ALL {
            assert!(is_still_worth_sending(kind, &MailFacts::default(), far), "{kind:?}");
            assert_eq!(is_still_worth_sending(kind, &facts(), far), !kind.is_about_a_meeting(), "{kind:?}");
        }
    }
}
