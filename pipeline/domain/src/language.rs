//! Languages of papers (nb, nn) and of the tool's own messages (nb, nn, en).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Written form of a document or of one recipient's mail (målform).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WrittenForm {
    /// Bokmål.
    Nb,
    /// Nynorsk.
    Nn,
}

impl WrittenForm {
    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Nb => "nb",
            Self::Nn => "nn",
        }
    }

    /// The reader's language for messages.
    pub fn lang(self) -> Lang {
        match self {
            Self::Nb => Lang::Nb,
            Self::Nn => Lang::Nn,
        }
    }
}

/// Language of messages on screen and in problem lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Bokmål.
    #[default]
    Nb,
    /// Nynorsk.
    Nn,
    /// English.
    En,
}
