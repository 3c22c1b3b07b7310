//! What is asked for: its place, and the facts that the decision rests on.

use pipeline_access::{About, Age, Consent, Folder, Matter, Release, Resource, Scope, Withholding};
use pipeline_domain::{Case, CaseFolderId, Date, DocumentKey, MunicipalityNumber, PlanId, PlanStatus, PlanType, Snapshot, UnitId};
use pipeline_package::CaseRecord;
use uuid::Uuid;

/// A case folder, a document, or an overview, as it stands now.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Whose archive, and so whose access log.
    pub municipality: MunicipalityNumber,
    /// What the row will be about.
    pub about: About,
    /// One document of it.
    pub document: Option<DocumentKey>,
    /// The plan, if it is about one.
    pub plan: Option<PlanId>,
    /// The unit it belongs to, if it belongs to one.
    pub unit: Option<UnitId>,
    /// The subject's birth date. Without it, the answer is the strictest of all ages.
    pub born: Option<Date>,
    /// The other facts. A caller who knows better (a withdrawn consent, a part outside the scope) changes them.
    pub resource: Resource,
}

impl Thing {
    /// A case folder, by what it says about itself. It does not know the birth date.
    pub fn of_folder(record: &CaseRecord) -> Self {
        let folder = record.folder();
        let mut resource = facts(record.plan_type(), record.plan_status());
        resource.protection = record.address_protection();
        resource.folder = if record.closed_at().is_some() { Folder::Closed } else { Folder::Open };
        Self {
            municipality: folder.municipality.clone(),
            about: About::Folder(folder.clone()),
            document: None,
            plan: Some(record.plan_id()),
            unit: Some(unit_id(&folder.municipality, record.unit().expose())),
            born: None,
            resource,
        }
    }

    /// A document that is read from its JSON, in its folder if the plan has one.
    pub fn of_snapshot(snapshot: &Snapshot, folder: Option<&CaseFolderId>) -> Self {
        Self::of_case(&snapshot.case, folder).document(snapshot.key())
    }

    /// A plan as its source system tells of it, in its folder if it has one.
    pub fn of_case(case: &Case, folder: Option<&CaseFolderId>) -> Self {
        let mut resource = facts(case.plan_type, case.plan_status);
        resource.protection = case.address_protection;
        resource.folder = if case.plan_status == PlanStatus::Passive { Folder::Closed } else { Folder::Open };
        Self {
            municipality: case.municipality_number.clone(),
            about: folder.map_or(About::Plan(case.plan_id), |folder| About::Folder(folder.clone())),
            document: None,
            plan: Some(case.plan_id),
            unit: Some(unit_id(&case.municipality_number, case.lead_unit.expose())),
            born: Some(case.subject_birth_date),
            resource,
        }
    }

    /// An overview of the plans of a unit, named as on the plans.
    pub fn of_unit(municipality: &MunicipalityNumber, name: &str) -> Self {
        let unit = unit_id(municipality, name);
        Self { about: About::Unit(unit), unit: Some(unit), ..Self::of_municipality(municipality) }
    }

    /// Something of the whole municipality.
    pub fn of_municipality(municipality: &MunicipalityNumber) -> Self {
        Self {
            municipality: municipality.clone(),
            about: About::Municipality(municipality.clone()),
            document: None,
            plan: None,
            unit: None,
            born: None,
            resource: facts(PlanType::Ip, PlanStatus::Active),
        }
    }

    /// One document of it.
    #[must_use]
    pub fn document(self, document: DocumentKey) -> Self {
        Self { document: Some(document), ..self }
    }

    /// The ages that the subject may have on a day.
    pub fn ages(&self, on: Date) -> Vec<Age> {
        self.born.map_or_else(|| Age::ALL.to_vec(), |born| vec![Age::at(born, on)])
    }
}

/// What a plan's type and status say. A suspended plan has no valid consent; which of the two reasons is the source system's to know.
fn facts(plan: PlanType, status: PlanStatus) -> Resource {
    let consent = match (plan, status) {
        (PlanType::Iop, _) => Consent::NotNeeded,
        (_, PlanStatus::Draft | PlanStatus::AwaitingConsent) => Consent::NotGiven,
        (_, PlanStatus::Suspended) => Consent::Withdrawn,
        (_, PlanStatus::Active | PlanStatus::Passive) => Consent::Valid,
    };
    Resource {
        matter: Matter::of(plan),
        age: Age::From18,
        consent,
        folder: Folder::Open,
        scope: Scope::Within,
        withholding: Withholding::Shown,
        release: Release::NotReleased,
        ..Resource::PLAIN
    }
}

/// A unit's pseudonym: made from its name, since plans name their unit in words. The same name in the same municipality is the same unit.
pub fn unit_id(municipality: &MunicipalityNumber, name: &str) -> UnitId {
    let text = format!("arkivflyt.unit/{municipality}/{}", name.trim().to_lowercase());
    UnitId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_id_follows_its_name_and_municipality() {
        let (one, other): (MunicipalityNumber, MunicipalityNumber) = ("9901".parse().unwrap(), "9902".parse().unwrap());
        assert_eq!(unit_id(&one, "Prøveteamet"), unit_id(&one, " prøveteamet "));
        assert_ne!(unit_id(&one, "Prøveteamet"), unit_id(&other, "Prøveteamet"));
        assert_ne!(unit_id(&one, "Prøveteamet"), unit_id(&one, "Prøvebakken skole"));
    }

    #[test]
    fn consent_follows_type_and_status() {
        let check = |plan, status, expected| assert_eq!(facts(plan, status).consent, expected, "{plan:?} {status:?}");
        check(PlanType::Iop, PlanStatus::Draft, Consent::NotNeeded);
        check(PlanType::Ip, PlanStatus::Draft, Consent::NotGiven);
        check(PlanType::Es, PlanStatus::AwaitingConsent, Consent::NotGiven);
        check(PlanType::Sl, PlanStatus::Suspended, Consent::Withdrawn);
        check(PlanType::Ip, PlanStatus::Active, Consent::Valid);
        check(PlanType::Ip, PlanStatus::Passive, Consent::Valid);
        assert_eq!(Thing::of_municipality(&"9901".parse().unwrap()).ages("2026-11-23".parse().unwrap()), Age::ALL);
    }
}
