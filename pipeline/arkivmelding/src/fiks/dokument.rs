//! dokumentbeskrivelse, dokumentobjekt.

use super::{
    journalpost::merknad,
    kode::{kode, kode_alone},
    mappe::skjerming,
};
use crate::{
    codes::{self, ELEKTRONISK},
    draft::Draft,
    model::{Document, Object},
    xml::Xml,
};

/// Writes a document (`dokumentbeskrivelse`). `dokumentnummer` always: the receipt tells by it which is which.
///
/// Source: complexType dokumentbeskrivelse.
pub(super) fn dokumentbeskrivelse(xml: &mut Xml, draft: &Draft<'_>, document: &Document) {
    xml.parent("dokumentbeskrivelse", |xml| {
        kode(xml, "dokumenttype", codes::dokumenttype(&document.kind));
        kode(xml, "dokumentstatus", document.status.kode());
        xml.leaf("tittel", &document.title);
        for author in &document.authors {
            xml.leaf("forfatter", author);
        }
        xml.leaf("opprettetDato", document.created_at);
        xml.leaf("opprettetAv", &document.created_by);
        kode(xml, "dokumentmedium", ELEKTRONISK);
        kode(xml, "tilknyttetRegistreringSom", document.role.kode());
        xml.leaf("dokumentnummer", document.number);
        xml.leaf("tilknyttetDato", document.attached_at);
        xml.leaf("tilknyttetAv", &document.attached_by);
        for remark in &document.remarks {
            merknad(xml, remark);
        }
        if let Some(screening) = &document.screening {
            skjerming(xml, screening);
        }
        for object in &document.objects {
            dokumentobjekt(xml, draft, object);
        }
    });
}

/// Writes a file (`dokumentobjekt`). `filnavn` and `referanseDokumentfil` are mandatory; both are the opaque name in the message,
/// for a file name holds no personal data. Format by its code `PDF`, as the worked case of an elevmappe has it (NOARK.md § 6.3),
/// and the PRONOM id beside it.
///
/// Source: complexType dokumentobjekt. `filstoerrelse` is an `xs:int` and left out where it does not fit.
fn dokumentobjekt(xml: &mut Xml, draft: &Draft<'_>, object: &Object) {
    let name = draft.name_of(object).as_str();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_uppercase());
    xml.parent("dokumentobjekt", |xml| {
        xml.leaf("versjonsnummer", object.version);
        kode(xml, "variantformat", object.variant.kode());
        if let Some(extension) = &extension {
            kode_alone(xml, "format", extension);
        }
        xml.optional("formatDetaljer", object.puid.as_ref());
        xml.optional("mimeType", extension.as_deref().and_then(mime_type));
        xml.leaf("opprettetDato", object.created_at);
        xml.leaf("opprettetAv", &object.created_by);
        xml.leaf("filnavn", name);
        xml.leaf("referanseDokumentfil", name);
        xml.leaf("sjekksum", object.sha256);
        xml.leaf("sjekksumAlgoritme", "SHA256");
        xml.optional("filstoerrelse", i32::try_from(object.size_bytes).ok().map(|_| object.size_bytes));
    });
}

/// Media type of the formats that attachments mostly have (IANA registry).
fn mime_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "PDF" => "application/pdf",
        "JPG" | "JPEG" => "image/jpeg",
        "PNG" => "image/png",
        "TIF" | "TIFF" => "image/tiff",
        "TXT" => "text/plain",
        "XML" => "application/xml",
        "DOCX" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "XLSX" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "PPTX" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "ODT" => "application/vnd.oasis.opendocument.text",
        _ => return None,
    })
}
