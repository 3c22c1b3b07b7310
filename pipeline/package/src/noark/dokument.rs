//! The document and its file: dokumentbeskrivelse, dokumentobjekt.

use super::{
    Registration, Structure,
    codes::{ARKIVFORMAT, ELEKTRONISK, FERDIGSTILT, HOVEDDOKUMENT, SHA256, SkjermingMetadata},
    mappe::SYSTEM,
    skjerming::{Screening, skjerming},
    xml::Xml,
};
use crate::FormatStyle;

/// Writes the document (`dokumentbeskrivelse`). Its title is the first line only: it needs no name.
///
/// Source: arkivstruktur.xsd v5.0, complexType dokumentbeskrivelse.
pub(super) fn dokumentbeskrivelse(xml: &mut Xml, s: &Structure<'_>, r: &Registration<'_>) {
    let record = r.snapshot.content.record();
    xml.parent("dokumentbeskrivelse", |xml| {
        xml.leaf("systemID", s.ids().dokumentbeskrivelse(r.entry.key()));
        xml.leaf("dokumenttype", r.mapping.dokumenttype);
        xml.leaf("dokumentstatus", FERDIGSTILT);
        xml.leaf("tittel", r.mapping.title.as_str());
        for author in r.snapshot.content.authors() {
            xml.leaf("forfatter", author);
        }
        xml.leaf("opprettetDato", record.produced_at);
        xml.leaf("opprettetAv", &record.produced_by);
        xml.leaf("dokumentmedium", ELEKTRONISK);
        xml.leaf("tilknyttetRegistreringSom", HOVEDDOKUMENT);
        xml.leaf("dokumentnummer", 1u32);
        xml.leaf("tilknyttetDato", r.entry.accepted_at);
        xml.leaf("tilknyttetAv", SYSTEM);
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
        dokumentobjekt(xml, s, r);
    });
}

/// Writes the file (`dokumentobjekt`). One version and one variant per document: a correction is a new registration.
///
/// Source: arkivstruktur.xsd v5.0; M701 format, M705–M707 checksum, algorithm and size.
fn dokumentobjekt(xml: &mut Xml, s: &Structure<'_>, r: &Registration<'_>) {
    let (format, details) = match s.profile.format {
        FormatStyle::Extension => ("pdf", "fmt/476"),
        FormatStyle::Pronom => ("fmt/476", "PDF/A-2a"),
    };
    xml.parent("dokumentobjekt", |xml| {
        xml.leaf("systemID", s.ids().dokumentobjekt(r.entry.key()));
        xml.leaf("versjonsnummer", 1u32);
        xml.leaf("variantformat", ARKIVFORMAT);
        xml.leaf("format", format);
        xml.leaf("formatDetaljer", details);
        xml.leaf("opprettetDato", r.entry.accepted_at);
        xml.leaf("opprettetAv", SYSTEM);
        xml.leaf("referanseDokumentfil", r.entry.pdf.as_str());
        xml.leaf("sjekksum", r.entry.sha256);
        xml.leaf("sjekksumAlgoritme", SHA256);
        xml.leaf("filstoerrelse", r.entry.size_bytes);
    });
}
