//! Noark 5 v5.0. One function per element, named after the element, writing its children in the schema's order; code
//! lists are enums whose `noark()` gives the exact word. `RULES.md` beside this file is the ledger of rules.
//!
//! An own metadata file is a whole arkivstruktur document: arkiv › arkivdel › klassifikasjonssystem › klasse › mappe ›
//! registrering. Living folders lack closing dates, so they fit the schema that Nasjonalarkivet publishes for open material;
//! [`Structure::closed`] writes the same model with the dates that the strict schema of an extract asks for.

mod arkiv;
mod codes;
mod dokument;
mod endringslogg;
mod mappe;
mod mapping;
mod registrering;
mod skjerming;
mod system_id;
mod variant;
mod vedlegg;
mod vsm;
mod xml;

pub(crate) use arkiv::skeleton;
pub(crate) use codes::{DELER_AV_DOKUMENTET, HELE_DOKUMENTET, Kassasjonsvedtak, PartRolle, Saksstatus, UNNTATT};
pub(crate) use endringslogg::endringslogg;
pub(crate) use mappe::{parts, system};
pub(crate) use mapping::{Mapping, kind_label, mapping};
pub(crate) use registrering::{Registration, screened_metadata};
pub(crate) use system_id::SystemIds;
pub(crate) use variant::with_redacted;
pub(crate) use vsm::SCHEMA as OWN_SCHEMA;
pub(crate) use xml::{EmptyElement, xml_text};

use crate::{
    ArchiveProfile,
    record::{CaseRecord, Closing},
};

/// One arkivstruktur document: a folder, with or without one of its registrations.
pub(crate) struct Structure<'a> {
    pub profile: &'a ArchiveProfile,
    pub case: &'a CaseRecord,
    pub registration: Option<&'a Registration<'a>>,
    /// Closing of arkiv and arkivdel: `None` while we live. An extract says when, and then «Bevares» needs no kassasjon.
    pub closed: Option<&'a Closing>,
}

impl Structure<'_> {
    /// The document, UTF-8.
    pub fn to_xml(&self) -> Result<Vec<u8>, EmptyElement> {
        arkiv::arkivstruktur(self)
    }

    fn ids(&self) -> SystemIds<'_> {
        SystemIds::of(&self.profile.municipality)
    }
}
