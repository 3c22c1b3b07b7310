//! The plan's case as every document names it (DOMAIN § 6.0).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ActorId, DECIDES_IN_SCHOOL_FROM, DECIDES_IN_WELFARE_FROM, Date, EmailAddress, Line, MunicipalityNumber, Name, NationalId, PlanId,
    RecipientRef, WrittenForm,
};

/// Where a document came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Short name of the source system, such as `samspill`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,31}$"))]
    pub system: String,
    /// The record's id in the source system: opaque, no names.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._:-]{1,100}$"))]
    pub record: String,
    /// The event that sent it, such as `meeting.minutes_sent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z_]+\.[a-z_]+$"), length(max = 64))]
    pub event: Option<String>,
}

/// Plan type (plantype).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanType {
    /// Individuell plan.
    Ip,
    /// Enkelt samspill.
    Es,
    /// Stafettlogg.
    Sl,
    /// Individuell opplæringsplan.
    Iop,
}

impl PlanType {
    /// `ip`, `es`, `sl`, `iop`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Es => "es",
            Self::Sl => "sl",
            Self::Iop => "iop",
        }
    }
}

/// State of the plan (DOMAIN § 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// Being written.
    Draft,
    /// Sent for approval.
    AwaitingConsent,
    /// In use.
    Active,
    /// No valid consent.
    Suspended,
    /// Closed (passivert).
    Passive,
}

/// Address protection (adressebeskyttelse), the stricter the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressProtection {
    /// None.
    #[default]
    None,
    /// Fortrolig (formerly code 7): the address is left out everywhere.
    Confidential,
    /// Strengt fortrolig (formerly code 6): no address, school, unit or place anywhere; mail carries no link.
    StrictlyConfidential,
}

impl AddressProtection {
    /// Whether units, schools and places must be left out.
    pub fn hides_places(self) -> bool {
        self == Self::StrictlyConfidential
    }
}

/// How one person is reached. Never printed, never archived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Address for notices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// The person's own written form.
    pub written_form: WrittenForm,
    /// Reserved against digital contact: told on paper.
    #[serde(default)]
    pub reserved: bool,
    /// Whose it is: a pseudonym, so that one person with two hats is told once, and that what they opened is known as theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<ActorId>,
    /// When they last said that it is right. Not said: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_on: Option<Date>,
}

impl Contact {
    /// Whether it is one and the same person's: by the pseudonym, or by the address alone where one of them has none.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self.person, other.person) {
            (Some(a), Some(b)) => a == b,
            _ => self.email.is_some() && self.email == other.email,
        }
    }
}

/// A guardian's relation to the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuardianRelation {
    /// Foresatt.
    Guardian,
    /// Verge.
    LegalGuardian,
}

/// Parent or other with parental responsibility, or appointed guardian (foresatt, verge).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Guardian {
    /// Name.
    pub name: Name,
    /// Foresatt or verge.
    pub relation: GuardianRelation,
    /// Goes into archive metadata only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_id: Option<NationalId>,
    /// How to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// The case that a document belongs to. Field names are those of DOMAIN § 6.0; `case_folder_ref`, `page_x_of_y` and
/// the produced fields are Arkivflyt's own to fill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Kommune.
    pub municipality_name: Line,
    /// Kommunenummer.
    pub municipality_number: MunicipalityNumber,
    /// Enhet.
    pub unit_name: Line,
    /// The living plan; its case folder is found by this id.
    pub plan_id: PlanId,
    /// Plantype.
    pub plan_type: PlanType,
    /// Status.
    pub plan_status: PlanStatus,
    /// Adressebeskyttelse for the subject.
    #[serde(default)]
    pub address_protection: AddressProtection,
    /// Hovedperson.
    pub subject_name: Name,
    /// Fødselsdato.
    pub subject_birth_date: Date,
    /// Fødselsnummer. Goes into archive metadata only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_national_id: Option<NationalId>,
    /// How to reach the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_contact: Option<Contact>,
    /// Foresatte og verger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub guardians: Vec<Guardian>,
    /// Planansvarlig.
    pub lead_name: Name,
    /// Planansvarligs enhet.
    pub lead_unit: Line,
    /// Unntatt offentlighet: the mark on paper.
    pub screening_mark: Line,
    /// Hjemmel.
    pub screening_basis: Line,
}

impl Case {
    /// Whether the subject decides in person on the day: from 15 in matters of schooling, else from 16 (DOMAIN § 4).
    pub fn subject_decides(&self, on: Date) -> bool {
        let age = if self.plan_type == PlanType::Iop { DECIDES_IN_SCHOOL_FROM } else { DECIDES_IN_WELFARE_FROM };
        self.subject_birth_date.age_at(on) >= age
    }

    /// Whether it is the subject's, or a guardian's: of those who give the consent, under whatever hat they are told.
    pub fn is_of_those_who_consent(&self, contact: &Contact) -> bool {
        let guardians = self.guardians.iter().filter_map(|g| g.contact.as_ref());
        self.subject_contact.iter().chain(guardians).any(|own| own.is_same_as(contact))
    }

    /// Who is told of what happens to the plan itself: the subject who decides in person, with an appointed guardian (verge)
    /// if there is one; else every guardian. With no guardian on record the child's own entry stays, and ends on the paper
    /// list: nobody is left untold.
    pub fn deciders(&self, on: Date) -> Vec<RecipientRef> {
        let decides = self.subject_decides(on);
        let told = |g: &Guardian| !decides || g.relation == GuardianRelation::LegalGuardian;
        let guardians = (0..).zip(&self.guardians).filter(|(_, g)| told(g)).map(|(n, _)| RecipientRef::Guardian(n));
        let subject = (decides || self.guardians.is_empty()).then_some(RecipientRef::Subject);
        subject.into_iter().chain(guardians).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case(plan_type: &str, guardians: &[&str]) -> Case {
        let guardians: Vec<_> = guardians.iter().map(|relation| json!({ "name": "Mild Fjellbekk", "relation": relation })).collect();
        serde_json::from_value(json!({
            "municipality_name": "Fjellvik kommune", "municipality_number": "9901", "unit_name": "Prøveteamet",
            "plan_id": "ed53c194-d665-5a81-b530-e28dc82fd7b6", "plan_type": plan_type, "plan_status": "active",
            "subject_name": "Blid Fjellbekk", "subject_birth_date": "2010-03-01", "guardians": guardians,
            "lead_name": "Rask Myrull", "lead_unit": "Prøveteamet", "screening_mark": "Unntatt offentlighet",
            "screening_basis": "Offl. § 13 jf. fvl. § 13"
        }))
        .unwrap()
    }

    #[test]
    fn who_decides_follows_age_and_matter() {
        use RecipientRef::{Guardian, Subject};
        let check = |plan_type: &str, guardians: &[&str], on: &str, expected: &[RecipientRef]| {
            assert_eq!(case(plan_type, guardians).deciders(on.parse().unwrap()), expected, "{plan_type} {guardians:?} {on}");
        };
        check("iop", &["guardian", "guardian"], "2025-02-28", &[Guardian(0), Guardian(1)]);
        check("iop", &["guardian", "guardian"], "2025-03-01", &[Subject]);
        check("ip", &["guardian"], "2026-02-28", &[Guardian(0)]);
        check("ip", &["guardian"], "2026-03-01", &[Subject]);
        check("es", &["guardian", "legal_guardian"], "2040-01-01", &[Subject, Guardian(1)]);
        check("sl", &[], "2020-01-01", &[Subject]);
    }
}
