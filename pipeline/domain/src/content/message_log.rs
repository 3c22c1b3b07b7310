//! Messages that belong in the archive (internmeldinger). DOMAIN § 6.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DocumentType, parts::Record};
use crate::{Line, Name, Text, Timestamp, WrittenForm};

/// Messages of the plan, and why just these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageLog {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Meldinger, oldest first.
    #[schemars(length(min = 1, max = 2000))]
    pub messages: Vec<Message>,
    /// Utvalg.
    pub selection_rule: SelectionRule,
}

impl DocumentType for MessageLog {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, form: WrittenForm) -> String {
        match form {
            WrittenForm::Nb => "Internmeldinger",
            WrittenForm::Nn => "Internmeldingar",
        }
        .to_owned()
    }
}

/// Which messages are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectionRule {
    /// Those that the lead marked as record-worthy.
    MarkedByLead,
    /// All that were not archived before, when the plan was closed.
    AtClosing,
}

/// One message (internmelding).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Sendt.
    pub at: Timestamp,
    /// Fra.
    pub from: Name,
    /// Til.
    #[schemars(length(min = 1, max = 200))]
    pub to: Vec<Name>,
    /// Emne.
    pub subject: Line,
    /// Melding.
    pub body: Text,
}
