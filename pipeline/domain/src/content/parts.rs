//! Pieces that several document types share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Case, Contact, Date, DocumentId, DocumentKey, DocumentVersion, Line, Name, RecipientRef, Sha256, Text, Timestamp};

/// The fields of DOMAIN § 6.0 that belong to the document and not to its case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Versjon.
    pub version: DocumentVersion,
    /// Øyeblikksbilde tatt.
    pub snapshot_at: Timestamp,
    /// Utskriftstidspunkt.
    pub produced_at: Timestamp,
    /// Skrevet ut av.
    pub produced_by: Name,
}

/// A goal's name inside its document, such as `m1`. Measures and evaluations point to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct GoalRef(#[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{0,31}$"))] pub String);

/// State of a goal or measure (DOMAIN § 6.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoalStatus {
    /// Ikke startet.
    NotStarted,
    /// Pågår.
    InProgress,
    /// Delvis nådd.
    PartlyReached,
    /// Nådd.
    Reached,
    /// Avsluttet.
    Stopped,
}

/// Main goal with its sub-goals (hovedmål, delmål).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    /// What measures and evaluations call it.
    pub id: GoalRef,
    /// Hovedmål.
    pub main_goal: Text,
    /// Status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<GoalStatus>,
    /// Delmål.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub sub_goals: Vec<SubGoal>,
}

/// Sub-goal (delmål).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubGoal {
    /// What measures and evaluations call it.
    pub id: GoalRef,
    /// Delmål.
    pub sub_goal: Text,
    /// Status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<GoalStatus>,
}

/// Measure (tiltak).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// The goal it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalRef>,
    /// Tiltak.
    pub text: Text,
    /// Omfang.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Line>,
    /// Ansvarlig.
    pub responsible: Line,
    /// Gjennomføring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<Text>,
    /// Start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Date>,
    /// Frist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Status.
    pub status: GoalStatus,
}

/// Someone who takes part (deltaker). Contact data is never printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// Name.
    pub name: Name,
    /// Rolle.
    pub role: Line,
    /// Tjeneste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Line>,
    /// Bidrag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution: Option<Text>,
}

/// Dated judgement of a goal (evaluering).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// The goal that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalRef>,
    /// Evaluert.
    pub evaluated_at: Date,
    /// Evaluert av.
    pub evaluator: Name,
    /// Status.
    pub result: GoalStatus,
    /// Vurdering.
    pub effect: Text,
    /// Hovedpersonens syn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_view: Option<Text>,
    /// Veien videre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<Text>,
}

/// An attachment named on the paper (vedlegg).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentItem {
    /// Its name.
    pub name: Line,
    /// SHA-256 of its bytes.
    pub hash: Sha256,
    /// Its date.
    pub date: Date,
}

/// Who changed what, and when (endringslogg).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeLogItem {
    /// Når.
    pub when: Timestamp,
    /// Hvem.
    pub who: Name,
    /// Hva.
    pub what: Line,
}

/// Individual decision (enkeltvedtak).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionRef {
    /// Reference in the case archive.
    #[serde(rename = "ref")]
    pub reference: Line,
    /// Date of the decision.
    pub date: Date,
    /// Valid from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Valid to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
}

/// An archived plan that a document leans on: exactly this version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotRef {
    /// The plan snapshot.
    pub document_id: DocumentId,
    /// Its version.
    pub version: DocumentVersion,
    /// SHA-256 of its content.
    pub hash: Sha256,
}

impl SnapshotRef {
    /// Which document this is.
    pub fn key(&self) -> DocumentKey {
        DocumentKey { id: self.document_id, version: self.version }
    }
}

/// A participant who is told that something happened to the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Informed {
    /// Name.
    pub name: Name,
    /// Rolle.
    pub role: Line,
    /// How to reach them; without it they go on the paper list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// Those who decide for the subject on the day, then so many participants.
pub(super) fn informed(case: &Case, at: Timestamp, participants: usize) -> impl Iterator<Item = RecipientRef> {
    case.deciders(at.oslo_date()).into_iter().chain((0..).take(participants).map(RecipientRef::Recipient))
}

/// Level in the BTI model, 0–3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BtiLevel(#[schemars(range(min = 0, max = 3))] pub u8);
