//! mappe as saksmappe, klassifikasjon, skjerming, sakspart.

use super::journalpost::basisregistrering;
use crate::{
    codes::{ELEKTRONISK, Saksstatus, UNNTATT},
    draft::{Draft, Klasse},
    model::{Closed, Party, Screening},
    xml::Xml,
};

/// skjermingMetadata (M502) of a class that tells who a person is.
const CLASS_SCREENED: [&str; 2] = ["Skjerming klasseID", "Skjerming tittel klasse"];

/// Writes the folder (`mappe`, `xsi:type="saksmappe"`). What a saksmappe has beyond a mappe stands after the registration.
///
/// Source: complexTypes mappe and saksmappe. The receiver numbers its own folders: no mappeID, saksaar, sakssekvensnummer.
pub(super) fn mappe(xml: &mut Xml, draft: &Draft<'_>) {
    let folder = draft.folder;
    xml.parent_with("mappe", &[("xsi:type", "saksmappe")], |xml| {
        xml.leaf("systemID", draft.folder_id);
        xml.leaf("tittel", draft.folder_title());
        xml.leaf("offentligTittel", draft.folder_public_title());
        xml.leaf("dokumentmedium", ELEKTRONISK.1);
        xml.leaf("opprettetDato", folder.created_at);
        xml.leaf("opprettetAv", &folder.created_by);
        avsluttet(xml, draft.closing());
        xml.optional("referanseArkivdel", draft.target.archive_part.as_ref());
        let classes = if draft.classes.iter().any(|c| c.is_personal) { &CLASS_SCREENED[..] } else { &[] };
        skjerming(xml, &folder.screening, classes);
        for class in &draft.classes {
            klassifikasjon(xml, class);
        }
        basisregistrering(xml, draft);
        saksmappe(xml, draft);
    });
}

/// Writes `avsluttetDato` (M602) and `avsluttetAv` (M603).
fn avsluttet(xml: &mut Xml, closed: Option<&Closed>) {
    if let Some(closed) = closed {
        xml.leaf("avsluttetDato", closed.at);
        xml.leaf("avsluttetAv", &closed.by);
    }
}

/// Writes what a `saksmappe` has beyond a `mappe`.
fn saksmappe(xml: &mut Xml, draft: &Draft<'_>) {
    let folder = draft.folder;
    let status = if draft.closing().is_some() { folder.status } else { Saksstatus::UnderBehandling };
    xml.leaf("saksdato", folder.opened_on);
    xml.leaf("administrativEnhet", &folder.unit);
    xml.leaf("saksansvarlig", &folder.officer);
    xml.leaf("saksstatus", status.word());
    for party in draft.parties() {
        sakspart(xml, party);
    }
}

/// Writes a party (`sakspart`). Never `sakspartID`: a national id goes only where a class asks for it.
///
/// Source: complexType sakspart; `part` in Noark 5 v5.
fn sakspart(xml: &mut Xml, party: &Party) {
    xml.parent("sakspart", |xml| {
        xml.leaf("sakspartNavn", &party.name);
        xml.leaf("sakspartRolle", &party.role);
    });
}

/// Writes a class (`klassifikasjon`). `tittel` is mandatory; the configuration sees to it.
///
/// Source: complexType klassifikasjon.
fn klassifikasjon(xml: &mut Xml, class: &Klasse) {
    xml.parent("klassifikasjon", |xml| {
        xml.leaf("referanseKlassifikasjonssystem", &class.system);
        xml.leaf("klasseID", &class.id);
        xml.leaf("tittel", class.title.as_deref().unwrap_or_default());
    });
}

/// Writes `skjerming`, on folder, registration and document alike: receivers do not always inherit it (DOMAIN § 7).
///
/// Source: complexType skjerming; M500–M505.
pub(super) fn skjerming(xml: &mut Xml, screening: &Screening, more: &[&'static str]) {
    xml.parent("skjerming", |xml| {
        xml.leaf("tilgangsrestriksjon", UNNTATT.1);
        xml.leaf("skjermingshjemmel", &screening.basis);
        for word in screening.metadata.iter().map(String::as_str).chain(more.iter().copied()) {
            xml.leaf("skjermingMetadata", word);
        }
        xml.optional("skjermingDokument", screening.document.map(|d| d.word()));
        xml.optional("skjermingsvarighet", screening.years);
        xml.optional("skjermingOpphoererDato", screening.until);
    });
}
