//! Call to a meeting (innkalling). DOMAIN § 6.6.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType,
    parts::{AttachmentItem, Record},
};
use crate::{Case, Contact, Date, Line, Name, NoticeKind, RecipientRef, Text, Timestamp, WrittenForm};

/// Invitation to one meeting. A change or a cancellation is a new version of the same document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingInvitation {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Whether the meeting is held.
    #[serde(default)]
    pub state: MeetingState,
    /// Møte: a neutral title.
    pub meeting_title: Line,
    /// Tid, fra.
    pub starts_at: Timestamp,
    /// Tid, til.
    pub ends_at: Timestamp,
    /// Sted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Line>,
    /// Digital lenke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_link: Option<Line>,
    /// Innkalt av.
    pub organiser: Name,
    /// Møteleder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chair: Option<Name>,
    /// Innkalte.
    #[schemars(length(min = 1, max = 200))]
    pub invited: Vec<Invited>,
    /// Saksliste.
    #[schemars(length(min = 1, max = 100))]
    pub agenda: Vec<AgendaPoint>,
    /// Forberedelse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Text>,
    /// Svarfrist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_by: Option<Date>,
    /// Tolk: the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter_needed: Option<Line>,
    /// Vedlegg.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub attachment_list: Vec<AttachmentItem>,
}

impl DocumentType for MeetingInvitation {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, form: WrittenForm) -> String {
        match (self.state, form) {
            (MeetingState::Planned, _) => "Møteinnkalling",
            (MeetingState::Cancelled, WrittenForm::Nb) => "Avlysning av møte",
            (MeetingState::Cancelled, WrittenForm::Nn) => "Avlysing av møte",
        }
        .to_owned()
    }

    /// Everyone invited; those who said no are told of changes all the same.
    fn told(&self, _: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        let kind = match (self.state, self.record.version.0) {
            (MeetingState::Cancelled, _) => NoticeKind::MeetingCancelled,
            (MeetingState::Planned, 1) => NoticeKind::MeetingInvited,
            (MeetingState::Planned, _) => NoticeKind::MeetingChanged,
        };
        (0..).take(self.invited.len()).map(|n| (kind, RecipientRef::Recipient(n))).collect()
    }

    fn recipient(&self, n: usize) -> Option<&Contact> {
        self.invited.get(n)?.contact.as_ref()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.organiser]
    }

    fn attachments(&self) -> Vec<AttachmentItem> {
        self.attachment_list.clone()
    }
}

/// Whether a meeting is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    /// Planlagt.
    #[default]
    Planned,
    /// Avlyst.
    Cancelled,
}

/// Someone called to the meeting (innkalt).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Invited {
    /// Name.
    pub name: Name,
    /// Rolle.
    pub role: Line,
    /// Tjeneste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Line>,
    /// How to reach them; without it they go on the paper list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Own staff: «Intern mottaker» in the archive.
    #[serde(default)]
    pub internal: bool,
    /// What they answered.
    #[serde(default)]
    pub reply: MeetingReply,
}

/// Answer to an invitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingReply {
    /// Ikke svart.
    #[default]
    None,
    /// Kommer.
    Accepted,
    /// Kommer kanskje.
    Tentative,
    /// Kommer ikke.
    Declined,
}

/// One item of the agenda (sak).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaPoint {
    /// Number, such as `1` or `12/26`.
    pub no: Line,
    /// Title.
    pub title: Line,
    /// Who brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
}
