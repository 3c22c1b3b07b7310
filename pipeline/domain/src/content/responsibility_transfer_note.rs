//! The plan gets another lead (overføring av planansvar). DOMAIN § 6.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DocumentType,
    parts::{Record, SnapshotRef},
};
use crate::{Case, Contact, Line, Name, NoticeKind, RecipientRef, Text, Timestamp, WrittenForm};

/// Who handed the plan to whom. The old lead's access ends when the new one has accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponsibilityTransferNote {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Fra.
    pub from_lead: Name,
    /// Enheten til den som gir fra seg ansvaret.
    pub from_unit: Line,
    /// How to reach the old lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_contact: Option<Contact>,
    /// Til.
    pub to_lead: Name,
    /// Enheten til den som tar over.
    pub to_unit: Line,
    /// How to reach the new lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_contact: Option<Contact>,
    /// Overført.
    pub transferred_at: Timestamp,
    /// Godtatt.
    pub accepted_at: Timestamp,
    /// Begrunnelse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Åpne oppgaver.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub open_tasks: Vec<Text>,
    /// The plan as it was handed over.
    pub snapshot_ref: SnapshotRef,
}

/// Positions among the note's own recipients.
const OLD_LEAD: u16 = 0;
const NEW_LEAD: u16 = 1;

impl DocumentType for ResponsibilityTransferNote {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        "Overføring av planansvar".to_owned()
    }

    /// Both leads, and those who decide for the subject.
    fn told(&self, case: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        let mut told = vec![RecipientRef::Recipient(OLD_LEAD), RecipientRef::Recipient(NEW_LEAD)];
        told.extend(case.deciders(self.transferred_at.oslo_date()));
        told.into_iter().map(|who| (NoticeKind::ResponsibilityTransferred, who)).collect()
    }

    fn recipient(&self, n: usize) -> Option<&Contact> {
        match u16::try_from(n).ok()? {
            OLD_LEAD => self.from_contact.as_ref(),
            NEW_LEAD => self.to_contact.as_ref(),
            _ => None,
        }
    }
}
