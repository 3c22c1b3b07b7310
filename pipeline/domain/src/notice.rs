//! What people are told about: that something waits, never what.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{CaseFolderId, DocumentKey, NotValid, WrittenForm};

/// Kind of notice (DOMAIN § 8). A new kind is one arm here and two text files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Minutes can be read.
    MinutesReady,
    /// An annual report can be read.
    AnnualReportReady,
    /// What a run archived, to the archivist.
    ArchiveReport,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::MinutesReady, Self::AnnualReportReady, Self::ArchiveReport];

    /// The published name.
    pub fn id(self) -> &'static str {
        match self {
            Self::MinutesReady => "minutes_ready",
            Self::AnnualReportReady => "annual_report_ready",
            Self::ArchiveReport => "archive_report",
        }
    }

    /// The kind with this published name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.id() == id)
    }
}

/// Which of a document's people a notice goes to. The address itself stays in the document: rows hold no personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "who", content = "index")]
pub enum RecipientRef {
    /// The subject of the plan.
    Subject,
    /// Guardian number n (from 0) of the case.
    Guardian(u16),
    /// Recipient number n (from 0) of the minutes.
    Recipient(u16),
    /// The municipality's archivist, from the configuration.
    Archivist,
}

/// `subject`, `guardian:1`, `recipient:0`, `archivist`: as rows and lists write it.
impl fmt::Display for RecipientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject => f.write_str("subject"),
            Self::Guardian(n) => write!(f, "guardian:{n}"),
            Self::Recipient(n) => write!(f, "recipient:{n}"),
            Self::Archivist => f.write_str("archivist"),
        }
    }
}

impl FromStr for RecipientRef {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("recipient reference");
        let recipient = match s.split_once(':') {
            None if s == "subject" => Self::Subject,
            None if s == "archivist" => Self::Archivist,
            Some(("guardian", n)) => Self::Guardian(n.parse().map_err(|_| bad)?),
            Some(("recipient", n)) => Self::Recipient(n.parse().map_err(|_| bad)?),
            _ => return Err(bad),
        };
        // One reference has one spelling: `guardian:01` and `guardian:+1` are refused.
        if recipient.to_string() == s { Ok(recipient) } else { Err(bad) }
    }
}

/// One notice to one person, before it has a text. Small enough for a row: ids only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it tells.
    pub kind: NoticeKind,
    /// The document it tells about; `None` for reports on a run.
    pub document: Option<DocumentKey>,
    /// The document's folder; `None` for reports on a run.
    pub folder: Option<CaseFolderId>,
    /// Who gets it.
    pub recipient: RecipientRef,
    /// Language of the mail.
    pub written_form: WrittenForm,
    /// The same key is never sent twice: kind, document, version and recipient (or run).
    pub dedupe_key: String,
}
