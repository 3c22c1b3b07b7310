//! arkivmeldingOppdatering: the closing of our own folder, and its reopening.

use super::{
    CATALOGUE, XSI,
    kode::{kode, referanse},
};
use crate::{
    keys::ExternalKey,
    model::CaseFolder,
    xml::{EmptyElement, Xml},
};

/// Namespace of the update message.
const NAMESPACE: &str = "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/arkivmelding/oppdater/v1";

/// The root element. A folder that is there is not changed by sending it again, so its closing is an update. An open folder is told
/// as open; `avsluttetDato` cannot be taken back in this protocol, only `saksstatus` changed.
///
/// Source: `….arkivmelding.oppdater.xsd`, complexTypes arkivmeldingOppdatering, mappeOppdatering and saksmappeOppdatering.
pub(crate) fn arkivmelding_oppdatering(key: &ExternalKey, folder: &CaseFolder) -> Result<Vec<u8>, EmptyElement> {
    let attributes = [("xmlns", NAMESPACE), ("xmlns:mdk", CATALOGUE), ("xmlns:xsi", XSI)];
    Xml::document("arkivmeldingOppdatering", &attributes, |xml| {
        xml.parent_with("mappeOppdateringer", &[("xsi:type", "saksmappeOppdatering")], |xml| {
            referanse(xml, "referanseTilMappe", key);
            if let Some(closed) = &folder.closed {
                xml.leaf("avsluttetDato", closed.at);
                xml.leaf("avsluttetAv", &closed.by);
            }
            kode(xml, "saksstatus", folder.status.kode());
        });
    })
}
