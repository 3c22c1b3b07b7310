//! dokumentbeskrivelse, dokumentobjekt.

use super::{journalpost::merknad, mappe::skjerming};
use crate::{
    codes::ELEKTRONISK,
    draft::Draft,
    model::{Document, Object},
    xml::Xml,
};

/// Writes a document (`dokumentbeskrivelse`).
///
/// Source: complexType dokumentbeskrivelse.
pub(super) fn dokumentbeskrivelse(xml: &mut Xml, draft: &Draft<'_>, document: &Document) {
    xml.parent("dokumentbeskrivelse", |xml| {
        xml.leaf("systemID", document.system_id);
        xml.leaf("dokumenttype", &document.kind);
        xml.leaf("dokumentstatus", document.status.word());
        xml.leaf("tittel", &document.title);
        for author in &document.authors {
            xml.leaf("forfatter", author);
        }
        xml.leaf("opprettetDato", document.created_at);
        xml.leaf("opprettetAv", &document.created_by);
        xml.leaf("dokumentmedium", ELEKTRONISK.1);
        xml.leaf("tilknyttetRegistreringSom", document.role.word());
        xml.leaf("dokumentnummer", document.number);
        xml.leaf("tilknyttetDato", document.attached_at);
        xml.leaf("tilknyttetAv", &document.attached_by);
        for remark in &document.remarks {
            merknad(xml, remark);
        }
        if let Some(screening) = &document.screening {
            skjerming(xml, screening, &[]);
        }
        for object in &document.objects {
            dokumentobjekt(xml, draft, object);
        }
    });
}

/// Writes a file (`dokumentobjekt`). The dialect has no format, checksum or size; `referanseDokumentfil` is its name in the message.
///
/// Source: complexType dokumentobjekt.
fn dokumentobjekt(xml: &mut Xml, draft: &Draft<'_>, object: &Object) {
    xml.parent("dokumentobjekt", |xml| {
        xml.leaf("versjonsnummer", object.version);
        xml.leaf("variantformat", object.variant.word());
        xml.leaf("opprettetDato", object.created_at);
        xml.leaf("opprettetAv", &object.created_by);
        xml.leaf("referanseDokumentfil", draft.name_of(object).as_str());
    });
}
