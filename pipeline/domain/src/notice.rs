//! What people are told about: that something waits, never what.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{CaseFolderId, DocumentKey, EventId, NotValid, WrittenForm};

/// Kind of notice (DOMAIN § 8). A new kind is one arm here and its texts under `templates/mail/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A consent waits for an answer.
    ConsentRequest,
    /// A consent ends soon.
    ConsentExpiring,
    /// A consent has ended.
    ConsentExpired,
    /// Access was given, to the one who got it.
    ParticipantAdded,
    /// Access was ended, to the one who had it.
    ParticipantRemoved,
    /// A meeting was called.
    MeetingInvited,
    /// A meeting was moved, or changed otherwise.
    MeetingChanged,
    /// A meeting was called off.
    MeetingCancelled,
    /// A meeting is two days away.
    MeetingReminder,
    /// Minutes can be read.
    MinutesReady,
    /// Minutes that were sent have a new version.
    MinutesCorrected,
    /// A message in the source system waits.
    NewMessage,
    /// An annual report is not finalised yet, to those who must see to it.
    AnnualReportDue,
    /// An annual report can be read.
    AnnualReportReady,
    /// Somebody else leads the plan.
    ResponsibilityTransferred,
    /// A plan was closed.
    PlanClosed,
    /// A closed plan was taken up again.
    PlanReopened,
    /// A print or export can be fetched, to the one who asked for it.
    PrintReady,
    /// Something could not be archived; told every day until it is mended.
    ArchiveFailed,
    /// What a run archived, to the archivist.
    ArchiveReport,
    /// Contact data was not confirmed for 18 months.
    ContactStale,
    /// What waits for a lead, once a week instead of a mail each.
    LeadDigest,
    /// An address does not take mail and is blocked, to the lead.
    AddressBounced,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::ConsentRequest,
        Self::ConsentExpiring,
        Self::ConsentExpired,
        Self::ParticipantAdded,
        Self::ParticipantRemoved,
        Self::MeetingInvited,
        Self::MeetingChanged,
        Self::MeetingCancelled,
        Self::MeetingReminder,
        Self::MinutesReady,
        Self::MinutesCorrected,
        Self::NewMessage,
        Self::AnnualReportDue,
        Self::AnnualReportReady,
        Self::ResponsibilityTransferred,
        Self::PlanClosed,
        Self::PlanReopened,
        Self::PrintReady,
        Self::ArchiveFailed,
        Self::ArchiveReport,
        Self::ContactStale,
        Self::LeadDigest,
        Self::AddressBounced,
    ];

    /// The published name.
    pub fn id(self) -> &'static str {
        match self {
            Self::ConsentRequest => "consent_request",
            Self::ConsentExpiring => "consent_expiring",
            Self::ConsentExpired => "consent_expired",
            Self::ParticipantAdded => "participant_added",
            Self::ParticipantRemoved => "participant_removed",
            Self::MeetingInvited => "meeting_invited",
            Self::MeetingChanged => "meeting_changed",
            Self::MeetingCancelled => "meeting_cancelled",
            Self::MeetingReminder => "meeting_reminder",
            Self::MinutesReady => "minutes_ready",
            Self::MinutesCorrected => "minutes_corrected",
            Self::NewMessage => "new_message",
            Self::AnnualReportDue => "annual_report_due",
            Self::AnnualReportReady => "annual_report_ready",
            Self::ResponsibilityTransferred => "responsibility_transferred",
            Self::PlanClosed => "plan_closed",
            Self::PlanReopened => "plan_reopened",
            Self::PrintReady => "print_ready",
            Self::ArchiveFailed => "archive_failed",
            Self::ArchiveReport => "archive_report",
            Self::ContactStale => "contact_stale",
            Self::LeadDigest => "lead_digest",
            Self::AddressBounced => "address_bounced",
        }
    }

    /// The kind with this published name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.id() == id)
    }

    /// Whether what waits is told of again, once, when it lies unopened (after 7 days: DOMAIN § 8, eForvaltningsforskriften § 8).
    pub fn has_second(self) -> bool {
        matches!(self, Self::ConsentRequest | Self::MinutesReady | Self::MinutesCorrected | Self::NewMessage | Self::AnnualReportReady)
    }

    /// Whether it is about one meeting, which passes: such a notice is worth nothing afterwards.
    pub fn is_about_a_meeting(self) -> bool {
        matches!(self, Self::MeetingInvited | Self::MeetingChanged | Self::MeetingCancelled | Self::MeetingReminder)
    }
}

/// Whether a notice is the first about its matter or the one that follows when nobody opened it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The first.
    #[default]
    First,
    /// The reminder, once (DOMAIN § 8).
    Second,
}

/// Ends the dedupe key of a second notice, after a colon.
const SECOND: &str = "second";

/// Which of a document's people a notice goes to. The address itself stays in the document: rows hold no personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "who", content = "index")]
pub enum RecipientRef {
    /// The subject of the plan.
    Subject,
    /// Guardian number n (from 0) of the case.
    Guardian(u16),
    /// Participant number n (from 0) of the plan.
    Participant(u16),
    /// Person number n (from 0) called to the meeting.
    Invited(u16),
    /// Recipient number n (from 0) of the document: of the minutes, of a message.
    Recipient(u16),
    /// Who leads the plan.
    Lead,
    /// Who led it before a transfer. Until the new lead accepts, this is also the one who leads.
    FormerLead,
    /// Who takes over in a transfer, accepted or not.
    NewLead,
    /// The professional lead of the plan's unit (faglig ansvarlig).
    ProfessionalLead,
    /// The local administrator of the plan's area.
    LocalAdmin,
    /// Who asked for the print or export.
    Requester,
    /// The municipality's archivist, from the configuration.
    Archivist,
}

/// `subject`, `guardian:1`, `recipient:0`, `lead`, `lead:former`, `archivist`: as rows and lists write it, in the letters that the
/// databases let through (`a-z`, digits, colon).
impl fmt::Display for RecipientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject => f.write_str("subject"),
            Self::Guardian(n) => write!(f, "guardian:{n}"),
            Self::Participant(n) => write!(f, "participant:{n}"),
            Self::Invited(n) => write!(f, "invited:{n}"),
            Self::Recipient(n) => write!(f, "recipient:{n}"),
            Self::Lead => f.write_str("lead"),
            Self::FormerLead => f.write_str("lead:former"),
            Self::NewLead => f.write_str("lead:new"),
            Self::ProfessionalLead => f.write_str("lead:professional"),
            Self::LocalAdmin => f.write_str("admin:local"),
            Self::Requester => f.write_str("requester"),
            Self::Archivist => f.write_str("archivist"),
        }
    }
}

impl FromStr for RecipientRef {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("recipient reference");
        let number = |n: &str| n.parse().map_err(|_| bad);
        let recipient = match s.split_once(':') {
            None if s == "subject" => Self::Subject,
            None if s == "lead" => Self::Lead,
            None if s == "requester" => Self::Requester,
            None if s == "archivist" => Self::Archivist,
            Some(("guardian", n)) => Self::Guardian(number(n)?),
            Some(("participant", n)) => Self::Participant(number(n)?),
            Some(("invited", n)) => Self::Invited(number(n)?),
            Some(("recipient", n)) => Self::Recipient(number(n)?),
            Some(("lead", "former")) => Self::FormerLead,
            Some(("lead", "new")) => Self::NewLead,
            Some(("lead", "professional")) => Self::ProfessionalLead,
            Some(("admin", "local")) => Self::LocalAdmin,
            _ => return Err(bad),
        };
        // One reference has one spelling: `guardian:01` and `guardian:+1` are refused.
        if recipient.to_string() == s { Ok(recipient) } else { Err(bad) }
    }
}

/// One notice to one person, before it has a text. Small enough for a row: ids only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it tells.
    pub kind: NoticeKind,
    /// The document it tells about; `None` for reports on a run, and for what an event or a schedule tells of.
    pub document: Option<DocumentKey>,
    /// The event that it tells about, or that holds the address; `None` where a document does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The document's folder; `None` for reports on a run.
    pub folder: Option<CaseFolderId>,
    /// Who gets it.
    pub recipient: RecipientRef,
    /// Language of the mail.
    pub written_form: WrittenForm,
    /// The same key is never sent twice: kind, document, version and recipient (or run), and `:second` on a second notice.
    pub dedupe_key: String,
}

impl Notice {
    /// First or second, from the dedupe key: rows need no column for it.
    pub fn turn(&self) -> Turn {
        match self.dedupe_key.rsplit_once(':') {
            Some((_, SECOND)) => Turn::Second,
            _ => Turn::First,
        }
    }

    /// The notice that follows this one when what waits lies unopened. `None` when its kind has none, and for a second notice:
    /// there is never a third.
    pub fn second(&self) -> Option<Self> {
        let again = || Self { dedupe_key: format!("{}:{SECOND}", self.dedupe_key), ..self.clone() };
        (self.kind.has_second() && self.turn() == Turn::First).then(again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipient_is_read_back_from_what_rows_hold() {
        use RecipientRef::*;
        let all = [
            Subject,
            Guardian(0),
            Participant(12),
            Invited(3),
            Recipient(65_535),
            Lead,
            FormerLead,
            NewLead,
            ProfessionalLead,
            LocalAdmin,
            Requester,
            Archivist,
        ];
        for who in all {
            let text = who.to_string();
            assert_eq!(text.parse(), Ok(who));
            assert!(text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b':')), "the databases refuse {text}");
        }
        for bad in
            ["", "lead:", "lead:old", "participant", "participant:01", "invited:+1", "invited:65536", "Lead", "former_lead", "subject:0"]
        {
            assert!(bad.parse::<RecipientRef>().is_err(), "{bad}");
        }
    }

    #[test]
    fn kinds_are_named_once_and_as_json_names_them() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::from_id(kind.id()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.id());
        }
        assert_eq!(NoticeKind::from_id("meeting"), None);
    }

    #[test]
    fn a_second_notice_has_a_key_of_its_own_and_no_third() {
        let first = Notice {
            kind: NoticeKind::NewMessage,
            document: None,
            event: None,
            folder: None,
            recipient: RecipientRef::Recipient(0),
            written_form: WrittenForm::Nn,
            dedupe_key: "new_message:m1:recipient-0".to_owned(),
        };
        assert_eq!(first.turn(), Turn::First);
        let second = first.second().unwrap();
        assert_eq!((second.turn(), second.dedupe_key.as_str()), (Turn::Second, "new_message:m1:recipient-0:second"));
        assert_eq!(second.second(), None);
        assert_eq!(Notice { kind: NoticeKind::MeetingChanged, ..first }.second(), None);
    }
}
