//! DigDir's arkivmelding (eFormidling), on Noark 5 v3.1. One function per element, named after it, children in the schema's order.
//!
//! Source: felleslosninger/efm-integrasjonspunkt `nextmove/src/main/xsd/arkivmelding.xsd`; NOARK.md § 6.1. There are two published
//! schemas: what is written here fits both.

mod dokument;
mod journalpost;
mod mappe;

use crate::{
    draft::Draft,
    xml::{EmptyElement, Xml},
};

/// Namespace of arkivmelding.xsd.
const NAMESPACE: &str = "http://www.arkivverket.no/standarder/noark5/arkivmelding";

/// The root element. `tidspunkt` is when the document was archived and not now: a message that is made again is the same message.
///
/// Source: complexType arkivmelding.
pub(crate) fn arkivmelding(draft: &Draft<'_>) -> Result<Vec<u8>, EmptyElement> {
    let attributes = [("xmlns", NAMESPACE), ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")];
    Xml::document("arkivmelding", &attributes, |xml| {
        xml.leaf("system", &draft.target.system);
        xml.leaf("meldingId", draft.id.uuid());
        xml.leaf("tidspunkt", draft.registration.archived_at);
        xml.leaf("antallFiler", draft.names.len());
        mappe::mappe(xml, draft);
    })
}
