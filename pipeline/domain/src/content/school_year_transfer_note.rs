//! An IOP goes on in a new school year (overføring til nytt skoleår). DOMAIN § 6.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType,
    parts::{Record, SnapshotRef},
};
use crate::{Line, SchoolYear, Text, WrittenForm};

/// What went along to the new year, what stayed, and by what right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SchoolYearTransferNote {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Fra skoleår.
    pub from_year: SchoolYear,
    /// Til skoleår.
    pub to_year: SchoolYear,
    /// Fra skole.
    pub from_school: Line,
    /// Til skole.
    pub to_school: Line,
    /// How far it goes.
    pub destination: TransferDestination,
    /// Tatt med.
    #[schemars(length(max = 200))]
    pub carried_over: Vec<Text>,
    /// Ikke tatt med.
    #[schemars(length(max = 200))]
    pub left_behind: Vec<Text>,
    /// Grunnlag.
    pub basis: TransferBasis,
    /// The old year's plan.
    pub snapshot_ref: SnapshotRef,
}

impl DocumentType for SchoolYearTransferNote {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, form: WrittenForm) -> String {
        let title = match form {
            WrittenForm::Nb => "Overføring til nytt skoleår",
            WrittenForm::Nn => "Overføring til nytt skuleår",
        };
        format!("{title} {}", self.to_year.as_str())
    }
}

/// How far the plan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferDestination {
    /// Samme skole.
    SameSchool,
    /// Annen skole i kommunen.
    OtherSchool,
    /// Annen kommune.
    OtherMunicipality,
}

/// By what right the plan goes along (opplæringslova § 25-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferBasis {
    /// Lov: only what is necessary.
    Law,
    /// Samtykke: what the pupil or the guardian allows.
    Consent,
}
