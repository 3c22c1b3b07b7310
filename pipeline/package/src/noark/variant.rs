//! A redacted copy beside the archive copy: one more dokumentobjekt in a registration that is archived already.
//!
//! The registration is not written again from today's facts: it stays as it was archived, letter by letter, but for the new file and
//! for the words on what is screened of the document (M503), which would contradict it. Our own files have one form (`xml.rs`), so
//! the places are found as text.

use super::{
    codes::{DELER_AV_DOKUMENTET, HELE_DOKUMENTET, SHA256, SKJERMET_VARIANT},
    mappe::SYSTEM,
    system_id::SystemIds,
    xml::Xml,
};
use crate::{ArchiveProfile, DocumentEntry, FormatStyle, RedactedEntry};

const REGISTRATION: &str = "<registrering ";
const DOCUMENT_ENDS: &str = "</dokumentbeskrivelse>";
/// Depth of a dokumentobjekt below arkiv, arkivdel, klassifikasjonssystem, klasse, mappe, registrering and dokumentbeskrivelse.
const INDENT: &str = "              ";

/// The registration's file with one more variant of the main document, which comes first in it. `None` when it is not of our form.
///
/// Source: Noark 5 v5.0, M700 variantformat; M503 «Skjerming av deler av dokumentet» demands a redacted variant.
pub(crate) fn with_redacted(xml: &[u8], entry: &DocumentEntry, copy: &RedactedEntry, profile: &ArchiveProfile) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(xml).ok()?;
    let begins = text.find(REGISTRATION)?;
    let ends = begins + text[begins..].find(DOCUMENT_ENDS)?;
    // The closing tag stands in a line of its own.
    let line = text[..ends].rfind('\n')? + 1;
    let screened = |words: &str| format!("<skjermingDokument>{words}</skjermingDokument>");
    let document = text[begins..line].replace(&screened(HELE_DOKUMENTET), &screened(DELER_AV_DOKUMENTET));
    if !document.contains(&screened(DELER_AV_DOKUMENTET)) {
        return None;
    }
    let object = dokumentobjekt(entry, copy, profile);
    Some([&text[..begins], &document, &object, &text[line..]].concat().into_bytes())
}

/// Writes the copy's file (`dokumentobjekt`). Its number counts the redacted copies: one file for each version and variant (6.4.37–38).
fn dokumentobjekt(entry: &DocumentEntry, copy: &RedactedEntry, profile: &ArchiveProfile) -> String {
    let (format, details) = match profile.format {
        FormatStyle::Extension => ("pdf", "fmt/476"),
        FormatStyle::Pronom => ("fmt/476", "PDF/A-2a"),
    };
    let alone = Xml::document("dokumentobjekt", &[], |xml| {
        xml.leaf("systemID", SystemIds::of(&profile.municipality).skjermet_variant(entry.key(), copy.no));
        xml.leaf("versjonsnummer", copy.no);
        xml.leaf("variantformat", SKJERMET_VARIANT);
        xml.leaf("format", format);
        xml.leaf("formatDetaljer", details);
        xml.leaf("opprettetDato", copy.made_at);
        xml.leaf("opprettetAv", SYSTEM);
        xml.leaf("referanseDokumentfil", copy.pdf.as_str());
        xml.leaf("sjekksum", copy.sha256);
        xml.leaf("sjekksumAlgoritme", SHA256);
        xml.leaf("filstoerrelse", copy.size_bytes);
    });
    let alone = String::from_utf8(alone.expect("nothing of it is empty")).expect("we write UTF-8");
    // Without its XML declaration.
    alone.lines().skip(1).map(|line| format!("{INDENT}{line}\n")).collect()
}
