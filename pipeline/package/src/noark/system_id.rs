//! `systemID` (M001): made from stable names, so that the same unit has the same id in every file and every run.

use pipeline_domain::{DocumentKey, MunicipalityNumber, PlanId, PlanType};
use uuid::Uuid;

/// Ids of one municipality's units. UUID version 5 (RFC 9562 § 5.5), lower case.
#[derive(Clone, Copy)]
pub(crate) struct SystemIds<'a> {
    municipality: &'a MunicipalityNumber,
}

impl<'a> SystemIds<'a> {
    /// For the units of this municipality's archive.
    pub fn of(municipality: &'a MunicipalityNumber) -> Self {
        Self { municipality }
    }

    /// Changing the name space or a name gives every unit a new id: don't.
    fn made(self, name: &str) -> Uuid {
        let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:arkivflyt:noark5:systemid:1");
        Uuid::new_v5(&space, format!("{}/{name}", self.municipality).as_bytes())
    }

    pub fn arkiv(self) -> Uuid {
        self.made("arkiv")
    }

    pub fn arkivdel(self, title: &str) -> Uuid {
        self.made(&format!("arkivdel/{title}"))
    }

    pub fn klassifikasjonssystem(self) -> Uuid {
        self.made("klassifikasjonssystem/plantype")
    }

    pub fn klasse(self, plan: PlanType) -> Uuid {
        self.made(&format!("klasse/{}", plan.id()))
    }

    pub fn mappe(self, plan: PlanId) -> Uuid {
        self.made(&format!("mappe/{plan}"))
    }

    pub fn registrering(self, document: DocumentKey) -> Uuid {
        self.made(&format!("registrering/{document}"))
    }

    pub fn dokumentbeskrivelse(self, document: DocumentKey) -> Uuid {
        self.made(&format!("dokumentbeskrivelse/{document}"))
    }

    pub fn dokumentobjekt(self, document: DocumentKey) -> Uuid {
        self.made(&format!("dokumentobjekt/{document}"))
    }

    pub fn skjermet_variant(self, document: DocumentKey, no: u32) -> Uuid {
        self.made(&format!("dokumentobjekt/{document}/skjermet/{no}"))
    }

    pub fn vedlegg(self, document: DocumentKey, no: u32) -> Uuid {
        self.made(&format!("dokumentbeskrivelse/{document}/vedlegg/{no}"))
    }

    pub fn vedleggsfil(self, document: DocumentKey, no: u32, variant: &str) -> Uuid {
        self.made(&format!("dokumentobjekt/{document}/vedlegg/{no}/{variant}"))
    }
}
