//! Attachments: dokumentbeskrivelse «Vedlegg», its dokumentobjekter, konvertering, merknad.

use pipeline_domain::{ErrorCode, Lang};

use super::{
    Registration, Structure,
    codes::{ARKIVFORMAT, ELEKTRONISK, FERDIGSTILT, PRODUKSJONSFORMAT, SHA256, SkjermingMetadata, VEDLEGG},
    mappe::SYSTEM,
    skjerming::{Screening, skjerming},
    xml::Xml,
};
use crate::{AttachmentEntry, FormatStyle, StoredFile};

/// `dokumenttype` (M083) of an attachment, from the local list.
const DOKUMENTTYPE: &str = "Vedlegg";
/// `merknadstype` (M084), an open list.
const MERKNADSTYPE: &str = "Merknad fra arkivsystemet";
/// What our pages are: PRONOM id and name.
const PDFA_2A: (&str, &str) = ("fmt/476", "PDF/A-2a");

/// Attachments that the folder holds a file of.
fn held<'r>(r: &'r Registration<'_>) -> impl Iterator<Item = &'r AttachmentEntry> {
    r.entry.attachments.iter().filter(|a| a.state.keeps_original())
}

/// `antallVedlegg` (M104).
pub(super) fn antall(r: &Registration<'_>) -> u32 {
    held(r).zip(1..).last().map_or(0, |(_, n)| n)
}

/// Writes every attachment that the folder holds, after the main document.
pub(super) fn dokumentbeskrivelser(xml: &mut Xml, s: &Structure<'_>, r: &Registration<'_>) {
    for (attachment, number) in held(r).zip(2u32..) {
        dokumentbeskrivelse(xml, s, r, attachment, number);
    }
}

/// Writes a `merknad` on the registration for every attachment that the folder does not hold. No name: the number finds it in the
/// source and on paper.
pub(super) fn merknader(xml: &mut Xml, r: &Registration<'_>) {
    for missing in r.entry.attachments.iter().filter(|a| !a.state.keeps_original()) {
        merknad(xml, r, &format!("Vedlegg {} er ikke arkivert. {}", missing.no, reason(missing)));
    }
}

/// Writes one attachment. Its title is the sender's own name for it, which is screened.
///
/// Source: arkivstruktur.xsd v5.0, complexType dokumentbeskrivelse.
fn dokumentbeskrivelse(xml: &mut Xml, s: &Structure<'_>, r: &Registration<'_>, attachment: &AttachmentEntry, number: u32) {
    xml.parent("dokumentbeskrivelse", |xml| {
        xml.leaf("systemID", s.ids().vedlegg(r.entry.key(), attachment.no));
        xml.leaf("dokumenttype", DOKUMENTTYPE);
        xml.leaf("dokumentstatus", FERDIGSTILT);
        xml.leaf("tittel", title(attachment));
        xml.leaf("opprettetDato", r.entry.accepted_at);
        xml.leaf("opprettetAv", SYSTEM);
        xml.leaf("dokumentmedium", ELEKTRONISK);
        xml.leaf("tilknyttetRegistreringSom", VEDLEGG);
        xml.leaf("dokumentnummer", number);
        xml.leaf("tilknyttetDato", r.entry.accepted_at);
        xml.leaf("tilknyttetAv", SYSTEM);
        if attachment.state.wants_a_person() {
            merknad(xml, r, &reason(attachment));
        }
        skjerming(
            xml,
            &Screening {
                basis: &r.facts.screening_basis,
                metadata: &[SkjermingMetadata::TittelDokument],
                years: s.profile.screening_years,
                whole_document: true,
                from: Some(r.mapping.document_date),
            },
        );
        dokumentobjekter(xml, s, r, attachment);
    });
}

/// A name of white space only would be an empty element.
fn title(attachment: &AttachmentEntry) -> String {
    let name = attachment.name.expose();
    if name.trim().is_empty() { format!("Vedlegg {}", attachment.no) } else { name.to_owned() }
}

/// Writes the file as it came, and before it the page that was made of it.
fn dokumentobjekter(xml: &mut Xml, s: &Structure<'_>, r: &Registration<'_>, attachment: &AttachmentEntry) {
    let name = attachment.format.as_ref().map(|f| f.name.as_str());
    if let Some(page) = &attachment.page {
        let object = Object { variant: ARKIVFORMAT, file: page, extension: "pdf", format: Some(PDFA_2A) };
        dokumentobjekt(xml, s, r, attachment, &object, |xml| {
            konvertering(xml, r, name.unwrap_or("ukjent"), attachment.page_made_by.as_deref());
        });
    }
    if let Some(original) = &attachment.original {
        let variant = if attachment.state.original_is_archival() { ARKIVFORMAT } else { PRODUKSJONSFORMAT };
        let format = attachment.format.as_ref().map(|f| (f.puid.as_str(), f.name.as_str()));
        let extension = attachment.format.as_ref().map_or("bin", |f| f.extension.as_str());
        dokumentobjekt(xml, s, r, attachment, &Object { variant, file: original, extension, format }, |_| {});
    }
}

/// One file with what it is.
struct Object<'a> {
    variant: &'static str,
    file: &'a StoredFile,
    extension: &'a str,
    /// PRONOM id and name.
    format: Option<(&'a str, &'a str)>,
}

/// Writes a file (`dokumentobjekt`).
///
/// Source: arkivstruktur.xsd v5.0; M700 variantformat, M701 format, M705–M707 checksum, algorithm and size.
fn dokumentobjekt(
    xml: &mut Xml,
    s: &Structure<'_>,
    r: &Registration<'_>,
    attachment: &AttachmentEntry,
    object: &Object<'_>,
    konvertering: impl FnOnce(&mut Xml),
) {
    let (format, details) = match (s.profile.format, object.format) {
        (FormatStyle::Extension, found) => (object.extension, found.map(|(puid, _)| puid)),
        (FormatStyle::Pronom, Some((puid, name))) => (puid, Some(name)),
        (FormatStyle::Pronom, None) => (object.extension, None),
    };
    xml.parent("dokumentobjekt", |xml| {
        xml.leaf("systemID", s.ids().vedleggsfil(r.entry.key(), attachment.no, object.variant));
        xml.leaf("versjonsnummer", 1u32);
        xml.leaf("variantformat", object.variant);
        xml.leaf("format", format);
        xml.optional("formatDetaljer", details);
        xml.leaf("opprettetDato", r.entry.accepted_at);
        xml.leaf("opprettetAv", SYSTEM);
        xml.leaf("referanseDokumentfil", object.file.path.as_str());
        xml.leaf("sjekksum", object.file.sha256);
        xml.leaf("sjekksumAlgoritme", SHA256);
        xml.leaf("filstoerrelse", object.file.size_bytes);
        konvertering(xml);
    });
}

/// Writes how the page was made (`konvertering`).
///
/// Source: arkivstruktur.xsd v5.0; M615, M616, M712–M715; requirement 6.4.42.
fn konvertering(xml: &mut Xml, r: &Registration<'_>, from: &str, tool: Option<&str>) {
    xml.parent("konvertering", |xml| {
        xml.leaf("konvertertDato", r.entry.accepted_at);
        xml.leaf("konvertertAv", SYSTEM);
        xml.leaf("konvertertFraFormat", from);
        xml.leaf("konvertertTilFormat", PDFA_2A.1);
        xml.optional("konverteringsverktoey", tool);
        xml.leaf("konverteringskommentar", "Bildet er lagt på en side uten Exif, GPS og andre metadata. Filen slik den kom, er bevart.");
    });
}

/// Writes a remark (`merknad`). Never a name and nothing of a file's content.
fn merknad(xml: &mut Xml, r: &Registration<'_>, text: &str) {
    xml.parent("merknad", |xml| {
        xml.leaf("merknadstekst", text);
        xml.leaf("merknadstype", MERKNADSTYPE);
        xml.leaf("merknadsdato", r.archived_at);
        xml.leaf("merknadRegistrertAv", SYSTEM);
    });
}

/// The code's text and the code, for the archivist. A record of a later version may hold a code that this one does not know.
fn reason(attachment: &AttachmentEntry) -> String {
    let code = attachment.code.as_deref().unwrap_or(attachment.state.id());
    match ErrorCode::from_id(code) {
        Some(known) => format!("{} ({code})", known.text(Lang::Nb)),
        None => format!("({code})"),
    }
}
