//! KS Fiks Arkiv, version 1 of the protocol. One function per element, named after it, children in the schema's order. Types of
//! the metadata catalogue have children in its namespace, prefix `mdk`; codes are `{kode, beskrivelse}`.
//!
//! Source: ks-no/fiks-arkiv-specification `Schema/V1/`; NOARK.md § 6.2.

mod dokument;
mod journalpost;
mod kode;
mod mappe;
mod oppdatering;

#[cfg(test)]
pub(crate) use mappe::REVIEWED;
pub(crate) use oppdatering::arkivmelding_oppdatering;

use crate::{
    TargetFolder,
    draft::Draft,
    xml::{EmptyElement, Xml},
};

/// Namespace of the create message.
const NAMESPACE: &str = "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/arkivmelding/opprett/v1";
/// Namespace of the metadata catalogue.
const CATALOGUE: &str = "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/metadatakatalog/v1";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The root element: one mappe and one registrering, side by side. The same mappe is sent with every document; the receipt says
/// whether it was made or there. A folder that is there already is only referred to.
///
/// Source: `….arkivmelding.opprett.xsd`, complexType arkivmelding.
pub(crate) fn arkivmelding(draft: &Draft<'_>) -> Result<Vec<u8>, EmptyElement> {
    let attributes = [("xmlns", NAMESPACE), ("xmlns:mdk", CATALOGUE), ("xmlns:xsi", XSI)];
    Xml::document("arkivmelding", &attributes, |xml| {
        xml.leaf("system", &draft.target.system);
        xml.optional("regel", draft.target.rule.as_ref());
        xml.leaf("antallFiler", draft.names.len());
        if !matches!(draft.target.folder, TargetFolder::ByKey { .. }) {
            mappe::mappe(xml, draft);
        }
        journalpost::registrering(xml, draft);
    })
}
