//! The change log (endringslogg.xml).

use super::xml::{EmptyElement, Xml};
use crate::change_log::Change;

/// The log, oldest entry first.
///
/// Source: endringslogg.xsd v5.0; M680–M685.
pub(crate) fn endringslogg(log: &[Change]) -> Result<Vec<u8>, EmptyElement> {
    const NAMESPACE: &str = "http://www.arkivverket.no/standarder/noark5/endringslogg";
    let attributes = [
        ("xmlns", NAMESPACE),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xsi:schemaLocation", "http://www.arkivverket.no/standarder/noark5/endringslogg endringslogg.xsd"),
    ];
    Xml::document("endringslogg", &attributes, |xml| log.iter().for_each(|change| endring(xml, change)))
}

/// Writes one change (`endring`).
fn endring(xml: &mut Xml, change: &Change) {
    xml.parent("endring", |xml| {
        xml.leaf("referanseArkivenhet", change.unit);
        xml.leaf("referanseMetadata", change.field.noark());
        xml.leaf("endretDato", change.at);
        xml.leaf("endretAv", &change.by);
        xml.leaf("tidligereVerdi", &change.old);
        xml.leaf("nyVerdi", &change.new);
    });
}
