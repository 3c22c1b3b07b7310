//! Meeting minutes (møtereferat). DOMAIN § 6.7.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DocumentType, parts::Record};
use crate::{Case, Contact, Date, Line, Name, NoticeKind, RecipientRef, Text, Timestamp, WrittenForm};

/// Record of one meeting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingMinutes {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Møtedato.
    pub held_at: Timestamp,
    /// Sted.
    pub place: Line,
    /// Til stede.
    #[schemars(length(min = 1, max = 200))]
    pub present: Vec<Attendee>,
    /// Forfall; empty when nobody was away.
    #[schemars(length(max = 200))]
    pub absent: Vec<Attendee>,
    /// Møteleder.
    pub chair: Name,
    /// Referent.
    pub minute_taker: Name,
    /// Oppfølging fra forrige referat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub previous_followup: Vec<Followup>,
    /// Saker.
    #[schemars(length(min = 1, max = 200))]
    pub items: Vec<AgendaItem>,
    /// Oppfølging.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub actions: Vec<MeetingAction>,
    /// Neste møte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_meeting_at: Option<Timestamp>,
    /// Merknader til referatet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub comments: Vec<Comment>,
    /// Sendt.
    pub sent_at: Timestamp,
    /// Mottakere.
    #[schemars(length(min = 1, max = 200))]
    pub recipients: Vec<MinutesRecipient>,
}

impl DocumentType for MeetingMinutes {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        "Møtereferat".to_owned()
    }

    /// Every recipient, those who were away too. From the second version on it is a correction.
    fn told(&self, _: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        let kind = if self.record.version.0 > 1 { NoticeKind::MinutesCorrected } else { NoticeKind::MinutesReady };
        (0..).take(self.recipients.len()).map(|n| (kind, RecipientRef::Recipient(n))).collect()
    }

    fn recipient(&self, n: usize) -> Option<&Contact> {
        self.recipients.get(n)?.contact.as_ref()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.minute_taker]
    }
}

/// Someone who was present or away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attendee {
    /// Name.
    pub name: Name,
    /// Rolle.
    pub role: Line,
    /// Tjeneste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Line>,
}

/// What came of an action from last time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Followup {
    /// Sak.
    pub what: Text,
    /// Ansvarlig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<Line>,
    /// Resultat.
    pub outcome: Text,
}

/// One item of the agenda (sak).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaItem {
    /// Number, such as `1` or `12/26`.
    pub no: Line,
    /// Title.
    pub title: Line,
    /// Drøfting.
    pub discussion: Text,
    /// Konklusjon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<Text>,
}

/// Who does what, by when (oppfølging).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingAction {
    /// Hva.
    pub what: Text,
    /// Ansvarlig.
    pub responsible: Line,
    /// Frist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// Comment on the minutes (merknad).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// Hvem.
    pub who: Name,
    /// Når.
    pub when: Timestamp,
    /// Merknad.
    pub text: Text,
}

/// Someone the minutes went to (mottaker).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MinutesRecipient {
    /// Name.
    pub name: Name,
    /// Rolle.
    pub role: Line,
    /// How to reach them; without it they go on the paper list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Own staff: «Intern mottaker» in the archive.
    #[serde(default)]
    pub internal: bool,
}
