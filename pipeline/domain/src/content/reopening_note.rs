//! A closed plan is opened again (gjenåpning). DOMAIN § 6.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType,
    parts::{Informed, Record, informed},
};
use crate::{Case, Contact, Name, NoticeKind, RecipientRef, Text, Timestamp, WrittenForm};

/// Who opened the plan again, when and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReopeningNote {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Gjenåpnet.
    pub reopened_at: Timestamp,
    /// Gjenåpnet av.
    pub reopened_by: Name,
    /// Begrunnelse.
    pub reason: Text,
    /// The participants, who are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub informed: Vec<Informed>,
}

impl DocumentType for ReopeningNote {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, form: WrittenForm) -> String {
        match form {
            WrittenForm::Nb => "Gjenåpning",
            WrittenForm::Nn => "Gjenopning",
        }
        .to_owned()
    }

    /// Those who decide for the subject, and the participants.
    fn told(&self, case: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        informed(case, self.reopened_at, self.informed.len()).map(|who| (NoticeKind::PlanReopened, who)).collect()
    }

    fn recipient(&self, n: usize) -> Option<&Contact> {
        self.informed.get(n)?.contact.as_ref()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.reopened_by]
    }
}
