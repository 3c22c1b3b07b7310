//! A plan is closed (avslutning av plan). DOMAIN § 6.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType, GoalLists,
    parts::{GoalStatus, Informed, Record, SnapshotRef, informed},
};
use crate::{Case, Contact, Name, NoticeKind, RecipientRef, Text, Timestamp, WrittenForm};

/// Why a plan was closed, how its goals stood, and who may still read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClosingNote {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Avsluttet.
    pub closed_at: Timestamp,
    /// Avsluttet av.
    pub closed_by: Name,
    /// Etter ønske fra.
    pub requested_by: Name,
    /// Årsak.
    pub reason: ClosingReason,
    /// Status for målene; empty for a plan without goals.
    #[schemars(length(max = 500))]
    pub goals_status: Vec<GoalOutcome>,
    /// Utestående.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub outstanding: Vec<Text>,
    /// The plan as it was closed.
    pub last_snapshot_ref: SnapshotRef,
    /// Tilgang etter avslutning.
    pub access_after_closing: Text,
    /// The participants, who are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub informed: Vec<Informed>,
}

impl DocumentType for ClosingNote {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        "Avslutning av plan".to_owned()
    }

    fn goal_lists(&self) -> GoalLists {
        if self.goals_status.is_empty() { GoalLists::None } else { GoalLists::Assessed { goals: "goals_status" } }
    }

    /// Those who decide for the subject, and the participants. After a death a person speaks with the family, not a program.
    fn told(&self, case: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        let all = informed(case, self.closed_at, self.informed.len());
        let is_told = |who: &RecipientRef| self.reason != ClosingReason::Deceased || matches!(who, RecipientRef::Recipient(_));
        all.filter(is_told).map(|who| (NoticeKind::PlanClosed, who)).collect()
    }

    fn recipient(&self, n: usize) -> Option<&Contact> {
        self.informed.get(n)?.contact.as_ref()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.closed_by]
    }
}

/// Why a plan was closed (closing_reason).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosingReason {
    /// Målene er nådd.
    GoalsReached,
    /// Ønsket av hovedpersonen.
    SubjectWish,
    /// Samtykke trukket.
    ConsentWithdrawn,
    /// Flyttet.
    Moved,
    /// Tjenesten er avsluttet.
    ServiceEnded,
    /// Død.
    Deceased,
    /// Erstattet av annen plan.
    Replaced,
    /// Opprettet ved feil.
    Error,
}

/// A goal as it stood in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalOutcome {
    /// Mål.
    pub goal: Text,
    /// Status.
    pub status: GoalStatus,
}
