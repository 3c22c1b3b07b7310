//! Words of a configuration with places to be filled: `{system} - Person`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArkivmeldingError, model::CaseFolder, target::Target};

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// The target's own `system`.
    System,
    /// Organisation number of the municipality (institusjon).
    OrganisationNumber,
    /// Its name.
    OrganisationName,
    /// Municipality number.
    Municipality,
    /// Plan type: `IP`, `ES`, `SL`, `IOP`.
    PlanType,
    /// Name of the plan type.
    PlanTypeName,
    /// The plan's id.
    Plan,
    /// Number of our own case folder, `2026/123`.
    Case,
    /// National id of whom the plan is about. Personal.
    NationalId,
    /// Name of whom the plan is about. Personal.
    Name,
}

impl Placeholder {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::System,
        Self::OrganisationNumber,
        Self::OrganisationName,
        Self::Municipality,
        Self::PlanType,
        Self::PlanTypeName,
        Self::Plan,
        Self::Case,
        Self::NationalId,
        Self::Name,
    ];

    /// The word between the braces.
    pub fn id(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::OrganisationNumber => "organisation_number",
            Self::OrganisationName => "organisation_name",
            Self::Municipality => "municipality",
            Self::PlanType => "plan_type",
            Self::PlanTypeName => "plan_type_name",
            Self::Plan => "plan",
            Self::Case => "case",
            Self::NationalId => "national_id",
            Self::Name => "name",
        }
    }

    /// Whether it tells who a person is.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::NationalId | Self::Name)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Text with placeholders. Holding one means that every placeholder is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Place(Placeholder),
}

/// A template that cannot be used, explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected text of 1 to 200 characters on one line with placeholders among {}", known())]
pub struct TemplateFault;

fn known() -> String {
    Placeholder::ALL.map(|p| format!("{{{p}}}")).join(", ")
}

impl TryFrom<String> for Template {
    type Error = TemplateFault;
    fn try_from(text: String) -> Result<Self, TemplateFault> {
        if text.trim().is_empty() || text.chars().count() > 200 || text.contains(char::is_control) {
            return Err(TemplateFault);
        }
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((words, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(TemplateFault)?;
            let place = Placeholder::ALL.into_iter().find(|p| p.id() == name).ok_or(TemplateFault)?;
            parts.extend([Part::Words(words.to_owned()), Part::Place(place)]);
            rest = after;
        }
        parts.push(Part::Words(rest.to_owned()));
        if parts.iter().any(|part| matches!(part, Part::Words(words) if words.contains(['{', '}']))) {
            return Err(TemplateFault);
        }
        Ok(Self { text, parts })
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.text
    }
}

impl Template {
    /// What it asks for.
    pub fn asks(&self) -> impl Iterator<Item = Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(place) => Some(*place),
            Part::Words(_) => None,
        })
    }

    /// Whether what it becomes tells who a person is.
    pub fn is_personal(&self) -> bool {
        self.asks().any(Placeholder::is_personal)
    }

    /// With every place filled.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Result<String, ArkivmeldingError> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => filled.push_str(words),
                Part::Place(place) => filled.push_str(&values.get(*place).ok_or(ArkivmeldingError::Asks { placeholder: *place })?),
            }
        }
        Ok(filled)
    }
}

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Municipality number.
    pub municipality: &'a pipeline_domain::MunicipalityNumber,
    /// Organisation number, nine digits.
    pub organisation_number: &'a str,
    /// Name of the municipality.
    pub organisation_name: &'a str,
}

/// What the places of one message are filled with.
pub(crate) struct Values<'a> {
    pub target: &'a Target,
    pub sender: Sender<'a>,
    pub folder: &'a CaseFolder,
}

impl Values<'_> {
    fn get(&self, place: Placeholder) -> Option<String> {
        let folder = self.folder;
        Some(match place {
            Placeholder::System => self.target.system.clone(),
            Placeholder::OrganisationNumber => self.sender.organisation_number.to_owned(),
            Placeholder::OrganisationName => self.sender.organisation_name.to_owned(),
            Placeholder::Municipality => self.sender.municipality.to_string(),
            Placeholder::PlanType => folder.plan_type.id().to_uppercase(),
            Placeholder::PlanTypeName => folder.class.title.clone(),
            Placeholder::Plan => folder.plan.to_string(),
            Placeholder::Case => folder.mappe_id.clone(),
            Placeholder::NationalId => folder.subject()?.national_id.as_ref()?.expose_for_archive_metadata().to_owned(),
            Placeholder::Name => folder.subject()?.name.expose().to_owned(),
        })
    }
}
