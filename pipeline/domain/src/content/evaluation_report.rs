//! Judgement of one goal at one time (evaluering). DOMAIN § 6.9.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType,
    parts::{GoalRef, GoalStatus, Record, SnapshotRef},
};
use crate::{Date, Name, Text, WrittenForm};

/// What came of a goal, tied to the version of the plan that was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvaluationReport {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// The archived plan that was judged.
    pub snapshot_ref: SnapshotRef,
    /// The goal's name in that plan.
    pub goal_ref: GoalRef,
    /// Mål, as it read in that version.
    pub goal_text: Text,
    /// Tiltak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure_text: Option<Text>,
    /// Evaluert.
    pub evaluated_at: Date,
    /// Evaluert av.
    pub evaluator: Name,
    /// Resultat.
    pub result: GoalStatus,
    /// Vurdering.
    pub effect: Text,
    /// Hovedpersonens syn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_view: Option<Text>,
    /// Veien videre.
    pub next_step: Text,
}

impl DocumentType for EvaluationReport {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        "Evaluering".to_owned()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.evaluator]
    }
}
