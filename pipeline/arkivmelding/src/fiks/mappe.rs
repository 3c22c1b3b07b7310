//! mappe as saksmappe, part, klassifikasjon, skjerming.

use super::kode::{ekstern_noekkel, kode, kode_alone, navn};
use crate::{
    codes::{self, ELEKTRONISK, Kode, Saksstatus, UNNTATT},
    draft::{Draft, Klasse},
    model::{Party, Screening},
    xml::Xml,
};

/// Writes the folder (`mappe`, `xsi:type="saksmappe"`). The receiver gives systemID and number; `referanseEksternNoekkel` is how it
/// knows the folder again.
///
/// Source: complexTypes mappe and saksmappe. Never closed here: see `oppdatering.rs`.
pub(super) fn mappe(xml: &mut Xml, draft: &Draft<'_>) {
    let folder = draft.folder;
    xml.parent_with("mappe", &[("xsi:type", "saksmappe")], |xml| {
        xml.leaf("tittel", draft.folder_title());
        xml.leaf("offentligTittel", draft.folder_public_title());
        kode(xml, "dokumentmedium", ELEKTRONISK);
        xml.leaf("opprettetDato", folder.created_at);
        xml.leaf("opprettetAv", &folder.created_by);
        if let Some(archive_part) = &draft.target.archive_part {
            kode_alone(xml, "arkivdel", archive_part);
        }
        for party in draft.parties() {
            part(xml, party);
        }
        skjerming(xml, &folder.screening);
        for class in &draft.classes {
            klassifikasjon(xml, class);
        }
        ekstern_noekkel(xml, "referanseEksternNoekkel", &draft.folder_key);
        saksmappe(xml, draft);
    });
}

/// Writes what a `saksmappe` has beyond a `mappe`.
fn saksmappe(xml: &mut Xml, draft: &Draft<'_>) {
    xml.leaf("saksdato", draft.folder.opened_on);
    navn(xml, "administrativEnhet", &draft.folder.unit);
    navn(xml, "saksansvarlig", &draft.folder.officer);
    kode(xml, "saksstatus", Saksstatus::UnderBehandling.kode());
}

/// Writes a party (`part`) whose role the receiver's list has. Never `personID` or `partID`: a national id goes only where a class
/// asks for it.
///
/// Source: complexType part.
fn part(xml: &mut Xml, party: &Party) {
    let Some(role) = codes::part_rolle(&party.role) else { return };
    xml.parent("part", |xml| {
        xml.leaf("partNavn", &party.name);
        kode(xml, "partRolle", role);
        xml.leaf("erSkjermet", "true");
        xml.leaf("erPersonnavn", "true");
    });
}

/// Writes a class (`klassifikasjon`), screened when it tells who a person is.
///
/// Source: complexType klassifikasjon.
fn klassifikasjon(xml: &mut Xml, class: &Klasse) {
    xml.parent("klassifikasjon", |xml| {
        xml.leaf("klassifikasjonssystemID", &class.system);
        xml.leaf("klasseID", &class.id);
        xml.optional("tittel", class.title.as_ref());
        xml.leaf("erSkjermet", if class.is_personal { "true" } else { "false" });
    });
}

/// When the screening ends, somebody looks (G), it does not end by itself.
pub(crate) const REVIEWED: Kode = Kode("G", "Gjennomgås for vurdering av avgradering når angitt avgraderingstidspunkt nås");

/// Writes `skjerming`, on folder, registration and document alike (DOMAIN § 7). The type has no `skjermingMetadata`: names carry
/// `erSkjermet` instead.
///
/// Source: complexType skjerming.
pub(super) fn skjerming(xml: &mut Xml, screening: &Screening) {
    xml.parent("skjerming", |xml| {
        kode(xml, "tilgangsrestriksjon", UNNTATT);
        xml.leaf("skjermingshjemmel", &screening.basis);
        if let Some(until) = screening.until {
            xml.leaf("skjermingOpphoererDato", until);
            kode(xml, "skjermingOpphoererAksjon", REVIEWED);
        }
    });
}
