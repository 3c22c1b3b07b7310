//! Consent (samtykke) as it was given, changed or withdrawn. DOMAIN § 6.8.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DocumentType, parts::Record};
use crate::{Date, DocumentVersion, Line, Name, Text, Timestamp, WrittenForm};

/// Approval of who takes part, what they see, and until when. Each change is a new version of the same document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConsentRecord {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Samtykkeversjon: counts the consents of the plan, not the documents.
    pub consent_version: DocumentVersion,
    /// Where the consent stands.
    pub state: ConsentState,
    /// Gitt av.
    pub given_by: Name,
    /// Relasjon.
    pub relation: Line,
    /// På vegne av; absent when the subject consents in person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Name>,
    /// Formål.
    pub purpose: Text,
    /// Deles med.
    #[schemars(length(min = 1, max = 200))]
    pub shared_with: Vec<Shared>,
    /// Fritak fra taushetsplikt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrecy_release: Option<Text>,
    /// Godkjent hvordan.
    pub method: ConsentMethod,
    /// Godkjent; absent while it is a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// Gyldig til.
    pub valid_until: Date,
    /// Trukket tilbake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
}

impl DocumentType for ConsentRecord {
    fn record(&self) -> &Record {
        &self.record
    }

    fn title(&self, _: WrittenForm) -> String {
        "Samtykke".to_owned()
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.given_by]
    }

    /// Nothing is archived before it is approved.
    fn is_draft(&self) -> bool {
        self.state == ConsentState::Draft
    }
}

/// Where a consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Utkast: sent for approval, shown with a watermark, never archived.
    Draft,
    /// Godkjent.
    Approved,
    /// Trukket tilbake.
    Withdrawn,
    /// Utløpt.
    Expired,
}

/// How it was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMethod {
    /// Digitalt, etter innlogging.
    Digital,
    /// Signert på papir.
    SignedPaper,
}

/// What is shared with whom, and for how long (deles med).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// Hvem: a person or a service.
    pub who: Line,
    /// Hva.
    pub what: Line,
    /// Fra.
    pub from: Date,
    /// Til.
    pub until: Date,
}
