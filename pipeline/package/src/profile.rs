//! How one municipality archives.

use pipeline_domain::{CaseFolderId, DocumentKind, MunicipalityNumber, PlanType, Timestamp, WrittenForm};
use serde::{Deserialize, Serialize};

/// How one municipality archives: from the configuration. Everything but the first block has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveProfile {
    /// Whose archive: folders of other municipalities are refused.
    pub municipality: MunicipalityNumber,
    /// Name of the municipality, such as «Fjellvik kommune».
    pub municipality_name: String,
    /// `arkivskaperID` (M006): organisation number of the archive's creator.
    pub archive_creator_id: String,
    /// `arkivskaperNavn` (M023).
    pub archive_creator_name: String,
    /// When the archive was opened: `opprettetDato` of arkiv, arkivdel and classification. Never changed later.
    pub opened_at: Timestamp,
    /// Start of every folder's object id, an absolute URI without a slash at the end. Never changed later.
    pub object_id_base: String,

    /// `tittel` of arkiv.
    #[serde(default = "default_archive_title")]
    pub archive_title: String,
    /// `tittel` of arkivdel. A new title is a new arkivdel with a new `systemID`.
    #[serde(default = "default_archive_part_title")]
    pub archive_part_title: String,
    /// `skjermingsvarighet` (M504) in years; fvl. § 13 c gives 60.
    #[serde(default = "default_screening_years")]
    pub screening_years: u32,
    /// What is kept, for document types where the municipality has decided otherwise than DOMAIN § 7. First match wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retention: Vec<RetentionRule>,
    /// What `format` (M701) holds.
    #[serde(default)]
    pub format: FormatStyle,
    /// Language of the folder's title and of `innhold.html`. Documents keep their own.
    #[serde(default = "default_folder_language")]
    pub folder_language: WrittenForm,
}

fn default_archive_title() -> String {
    "Planer og samarbeid rundt enkeltpersoner".to_owned()
}

fn default_archive_part_title() -> String {
    "Plansaker".to_owned()
}

fn default_screening_years() -> u32 {
    60
}

fn default_folder_language() -> WrittenForm {
    WrittenForm::Nb
}

/// What `format` (M701) holds. The catalogue says PRONOM, Arkade's test N5.29 wants the file extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatStyle {
    /// `format` is `pdf`, `formatDetaljer` is the PRONOM id.
    #[default]
    Extension,
    /// `format` is the PRONOM id, `formatDetaljer` is the name of the format.
    Pronom,
}

/// A municipality's own decision for one document type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// The document type.
    #[serde(with = "crate::record::kind_by_id")]
    pub document: DocumentKind,
    /// Only in folders of this plan type; in all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_type: Option<PlanType>,
    /// What is decided.
    pub retention: Retention,
}

/// Whether a registration is kept (`kassasjon`, M450–M453). Only metadata: nothing here destroys anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum Retention {
    /// «Bevares».
    Preserve,
    /// «Vurderes senere»: looked at again when this many years have passed since the document's date.
    AssessLater {
        /// Years from the document's date.
        after_years: u32,
    },
    /// «Kasseres» after this many years, by this authority. Never a default.
    Dispose {
        /// Years from the document's date.
        after_years: u32,
        /// `kassasjonshjemmel` (M453).
        legal_basis: String,
    },
}

impl ArchiveProfile {
    /// A profile with the defaults, from what a municipality must say itself.
    pub fn new(
        municipality: MunicipalityNumber,
        municipality_name: impl Into<String>,
        archive_creator_id: impl Into<String>,
        opened_at: Timestamp,
        object_id_base: impl Into<String>,
    ) -> Self {
        let municipality_name = municipality_name.into();
        Self {
            municipality,
            archive_creator_id: archive_creator_id.into(),
            archive_creator_name: municipality_name.clone(),
            municipality_name,
            opened_at,
            object_id_base: object_id_base.into(),
            archive_title: default_archive_title(),
            archive_part_title: default_archive_part_title(),
            screening_years: default_screening_years(),
            retention: Vec::new(),
            format: FormatStyle::default(),
            folder_language: default_folder_language(),
        }
    }

    /// The made-up municipality of the samples: 9901 Fjellvik kommune, opened 1 January 2026.
    pub fn example() -> Self {
        Self::new(
            "9901".parse().expect("four digits"),
            "Fjellvik kommune",
            "310000019",
            "2026-01-01T08:00:00+01:00".parse().expect("RFC 3339"),
            "https://arkiv.example.test",
        )
    }

    /// OCFL object id of a folder.
    pub fn object_id(&self, folder: &CaseFolderId) -> String {
        format!("{}/{}/sak/{}", self.object_id_base.trim_end_matches('/'), folder.municipality, folder.case_number())
    }

    /// The municipality's own decision, if it has one.
    pub(crate) fn retention_for(&self, document: DocumentKind, plan_type: PlanType) -> Option<&Retention> {
        self.retention
            .iter()
            .find(|rule| rule.document == document && rule.plan_type.is_none_or(|t| t == plan_type))
            .map(|rule| &rule.retention)
    }
}
