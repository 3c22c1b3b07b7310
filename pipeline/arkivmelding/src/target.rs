//! Where a municipality's documents go: one part of its configuration.

use serde::{Deserialize, Serialize};

use crate::{Template, codes::Kode};

/// A case archive that receives arkivmelding. Everything but the first two has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Which of the two formats the receiver reads.
    pub dialect: Dialect,
    /// The folder there that documents are put in.
    pub folder: TargetFolder,
    /// What we call ourselves: `system`, and `fagsystem` of every external key. Changed later, everything is new to the receiver.
    #[serde(default = "default_system")]
    pub system: String,
    /// `regel`: a name that was agreed with the archive, which fills in the rest. Fiks Arkiv only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The receiver's own arkivdel: a code (Fiks Arkiv), a systemID (DigDir).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_part: Option<String>,
    /// `journalstatus` that the registration gets there.
    #[serde(default)]
    pub journal_status: JournalStatus,
    /// `journalposttype` that the registration gets there.
    #[serde(default)]
    pub journal_post_type: JournalPostType,
    /// Classes of the folder, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classification: Vec<Classification>,
    /// Hours without a receipt before a person is told, 1–720.
    #[serde(default = "default_doubtful_after_hours")]
    pub doubtful_after_hours: u32,
}

fn default_system() -> String {
    "Arkivflyt".to_owned()
}

fn default_doubtful_after_hours() -> u32 {
    72
}

/// Two schemas that share a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// DigDir's, carried by eFormidling; on Noark 5 v3.1.
    Digdir,
    /// KS Fiks Arkiv, version 1 of the protocol.
    FiksArkivV1,
}

impl Dialect {
    /// The published name.
    pub fn id(self) -> &'static str {
        match self {
            Self::Digdir => "digdir",
            Self::FiksArkivV1 => "fiks_arkiv_v1",
        }
    }
}

/// The folder that documents are put in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetFolder {
    /// A saksmappe of the plan's own, made with its first document and closed with the plan.
    Own {},
    /// A folder that is there (elevmappe), by its external key. Never made and never closed by us. Fiks Arkiv only.
    ByKey {
        /// `fagsystem` of the key; our own `system` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system: Option<String>,
        /// `noekkel`, which must hold `{plan}` or `{case}` and nothing personal.
        key: Template,
    },
    /// The person's folder (elevmappe), found by the receiver through the classification; made when there is none. Never closed by us.
    ByClass {
        /// First line of its title, in case it is made: «Elevmappe».
        #[serde(default = "default_folder_title")]
        title: String,
    },
}

fn default_folder_title() -> String {
    "Elevmappe".to_owned()
}

/// `journalstatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalStatus {
    /// «Journalført».
    #[default]
    Registered,
    /// «Ferdigstilt fra saksbehandler»: somebody in the archive looks at it.
    Finalised,
    /// «Godkjent av leder».
    Approved,
    /// «Ekspedert».
    Dispatched,
    /// «Arkivert».
    Archived,
}

impl JournalStatus {
    /// The word of DigDir.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Finalised => "Ferdigstilt fra saksbehandler",
            _ => self.kode().1,
        }
    }

    /// The code of Fiks Arkiv, whose word for `F` is another than DigDir's.
    pub(crate) fn kode(self) -> Kode {
        match self {
            Self::Registered => Kode("J", "Journalført"),
            Self::Finalised => Kode("F", "Ferdigstilt av saksbehandler"),
            Self::Approved => Kode("G", "Godkjent av leder"),
            Self::Dispatched => Kode("E", "Ekspedert"),
            Self::Archived => Kode("A", "Arkivert"),
        }
    }
}

/// `journalposttype`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalPostType {
    /// The type that the document has in our own archive.
    #[default]
    AsArchived,
    /// «Organinternt dokument uten oppfølging» for all, as logs on pupils are often sent.
    InternalWithoutFollowUp,
}

/// One class of the folder (klassifikasjon). The only place where a national id can go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// `klassifikasjonssystemID` (Fiks Arkiv), `referanseKlassifikasjonssystem` (DigDir): «{system} - Person».
    pub system: Template,
    /// `klasseID`: «{national_id}».
    pub class: Template,
    /// `tittel`: «{name}». DigDir demands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Template>,
}

impl Classification {
    /// Whether the class tells who a person is: then it is screened.
    pub(crate) fn is_personal(&self) -> bool {
        self.class.is_personal() || self.title.as_ref().is_some_and(Template::is_personal)
    }
}

/// A key of the configuration that cannot be used, and what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: expected {expected}")]
pub struct TargetFault {
    /// The key, seen from the target.
    pub key: &'static str,
    /// What was expected.
    pub expected: &'static str,
}

/// How the closing of a plan reaches the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingTravels {
    /// In the message of the last document, which is sent when all others are accepted ([`crate::Occasion::LastDocument`]).
    WithLastDocument,
    /// As a message of its own, after the last document ([`crate::closing_message`]); so does a reopening, before the first.
    Alone,
    /// Not at all: the folder is not ours.
    Never,
}

impl Target {
    /// Every rule between the fields.
    ///
    /// # Errors
    /// The first [`TargetFault`].
    pub fn check(&self) -> Result<(), TargetFault> {
        let fault = |key, expected| Err(TargetFault { key, expected });
        if !is_short_line(&self.system) {
            return fault("system", "a name of 1 to 100 characters on one line");
        }
        if self.rule.as_deref().is_some_and(|rule| !is_short_line(rule)) {
            return fault("rule", "a name of 1 to 100 characters on one line");
        }
        if self.archive_part.as_deref().is_some_and(|part| !is_short_line(part)) {
            return fault("archive_part", "a code or id of 1 to 100 characters on one line");
        }
        if !(1..=720).contains(&self.doubtful_after_hours) {
            return fault("doubtful_after_hours", "a number from 1 to 720");
        }
        if self.classification.iter().any(|c| c.system.is_personal()) {
            return fault("classification.system", "a name without {national_id} and {name}: they belong in class and title");
        }
        self.check_folder()?;
        if self.dialect == Dialect::Digdir { self.check_digdir() } else { Ok(()) }
    }

    fn check_folder(&self) -> Result<(), TargetFault> {
        let fault = |key, expected| Err(TargetFault { key, expected });
        match &self.folder {
            TargetFolder::Own {} => Ok(()),
            TargetFolder::ByKey { system, key } => {
                use crate::Placeholder::{Case, Plan};
                if key.is_personal() || !key.asks().any(|p| matches!(p, Plan | Case)) {
                    return fault("folder.key", "a key with {plan} or {case}, and without {national_id} and {name}");
                }
                if system.as_deref().is_some_and(|s| !is_short_line(s)) {
                    return fault("folder.system", "a name of 1 to 100 characters on one line");
                }
                if !self.classification.is_empty() || self.archive_part.is_some() {
                    return fault("folder.kind", "no classification and no archive_part: a folder that is there has its own");
                }
                Ok(())
            }
            TargetFolder::ByClass { title } => {
                if !is_short_line(title) {
                    return fault("folder.title", "a title of 1 to 100 characters on one line");
                }
                if !self.classification.iter().any(|c| c.class.asks().any(|p| p == crate::Placeholder::NationalId)) {
                    return fault("classification", "a class with {national_id}, by which the receiver finds the person's folder");
                }
                Ok(())
            }
        }
    }

    fn check_digdir(&self) -> Result<(), TargetFault> {
        let fault = |key, expected| Err(TargetFault { key, expected });
        if self.rule.is_some() {
            return fault("rule", "no rule: the dialect digdir has no place for it");
        }
        if matches!(self.folder, TargetFolder::ByKey { .. }) {
            return fault("folder.kind", "own or by_class: the dialect digdir has no external keys");
        }
        if self.classification.iter().any(|c| c.title.is_none()) {
            return fault("classification.title", "a title on every class: the dialect digdir demands it");
        }
        Ok(())
    }

    /// How the closing of a plan reaches the receiver.
    pub fn closing(&self) -> ClosingTravels {
        match (&self.folder, self.dialect) {
            (TargetFolder::Own {}, Dialect::Digdir) => ClosingTravels::WithLastDocument,
            (TargetFolder::Own {}, Dialect::FiksArkivV1) => ClosingTravels::Alone,
            (TargetFolder::ByKey { .. } | TargetFolder::ByClass { .. }, _) => ClosingTravels::Never,
        }
    }
}

fn is_short_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control)
}
