//! Annual report of an IOP (årsrapport). DOMAIN § 6.5.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType, GoalLists,
    parts::{DecisionRef, GoalStatus, Record, SnapshotRef},
};
use crate::{Case, Contact, Date, Hours, Line, Name, NoticeKind, RecipientRef, SchoolYear, Text, Timestamp, WrittenForm};

/// Yearly overview and assessment for an IOP (opplæringslova § 11-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnnualReport {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// School or kindergarten wording.
    #[serde(default)]
    pub setting: ReportSetting,
    /// Rapportperiode fra.
    pub period_from: Date,
    /// Rapportperiode til.
    pub period_to: Date,
    /// Skoleår.
    pub school_year: SchoolYear,
    /// Enkeltvedtak.
    pub decision_ref: DecisionRef,
    /// IOP.
    pub iop_ref: SnapshotRef,
    /// Oversikt over opplæringen eleven har fått.
    pub provided_overview: Text,
    /// Timer vedtatt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_planned: Option<Hours>,
    /// Timer gitt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_given: Option<Hours>,
    /// Vurdering av utviklingen opp mot målene, one per goal.
    #[schemars(length(min = 1, max = 500))]
    pub goal_assessments: Vec<GoalAssessment>,
    /// Elevens syn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pupil_view: Option<Text>,
    /// Foresattes syn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardian_view: Option<Text>,
    /// Behov videre.
    pub further_need: Text,
    /// Utarbeidet av.
    #[schemars(length(min = 1, max = 30))]
    pub prepared_by: Vec<PreparedBy>,
    /// Ferdigstilt.
    pub finalised_at: Timestamp,
    /// Gjort tilgjengelig for: kept in the register, not on the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub access_given: Vec<GivenAccess>,
}

impl AnnualReport {
    /// Whether the pupil gets the report in person: 15 or older on the day it was finalised. A younger child is never
    /// written to, even where the record has an address.
    pub fn is_for_the_pupil(&self, case: &Case) -> bool {
        case.subject_decides(self.finalised_at.oslo_date())
    }
}

impl DocumentType for AnnualReport {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        format!("Årsrapport {}", self.school_year.as_str())
    }

    fn goal_lists(&self) -> GoalLists {
        GoalLists::Assessed { goals: "goal_assessments" }
    }

    /// The pupil from 15, else every guardian. With no guardian on record the child's own entry stays, and ends on the paper
    /// list: nobody's report is left untold.
    fn told(&self, case: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        let told = if self.is_for_the_pupil(case) || case.guardians.is_empty() {
            vec![RecipientRef::Subject]
        } else {
            (0..).take(case.guardians.len()).map(RecipientRef::Guardian).collect()
        };
        told.into_iter().map(|who| (NoticeKind::AnnualReportReady, who)).collect()
    }

    fn subject<'a>(&self, case: &'a Case) -> Option<&'a Contact> {
        case.subject_contact.as_ref().filter(|_| self.is_for_the_pupil(case))
    }

    fn authors(&self) -> Vec<&Name> {
        self.prepared_by.iter().map(|p| &p.name).collect()
    }
}

/// Where the child is taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportSetting {
    /// Skole.
    #[default]
    School,
    /// Barnehage.
    Kindergarten,
}

/// Development against one goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalAssessment {
    /// Mål.
    pub goal: Text,
    /// Utvikling.
    pub development: Text,
    /// Status.
    pub status: GoalStatus,
}

/// Who wrote the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreparedBy {
    /// Name.
    pub name: Name,
    /// Rolle.
    pub role: Line,
}

/// Who got access, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GivenAccess {
    /// Til.
    pub to: Name,
    /// Når.
    pub at: Timestamp,
}
