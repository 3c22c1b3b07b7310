//! registrering as journalpost, merknad, kryssreferanse, korrespondansepart.

use super::{
    dokument::dokumentbeskrivelse,
    kode::{ekstern_noekkel, kode, navn, referanse},
    mappe::skjerming,
};
use crate::{
    archived::HIDDEN_UNIT,
    codes::{ARKIVMERKNAD, ELEKTRONISK},
    draft::Draft,
    keys::ExternalKey,
    model::{Correspondent, Reference, Remark},
    xml::Xml,
};

/// Writes the registration (`registrering`, `xsi:type="journalpost"`) beside its folder: `referanseForelderMappe` by external key
/// joins the two. `tittel` stands after the documents.
///
/// Source: complexTypes registrering and journalpost.
pub(super) fn registrering(xml: &mut Xml, draft: &Draft<'_>) {
    let r = draft.registration;
    let system = draft.target.system.as_str();
    xml.parent_with("registrering", &[("xsi:type", "journalpost")], |xml| {
        xml.leaf("opprettetDato", r.created_at);
        xml.leaf("opprettetAv", &r.created_by);
        xml.leaf("arkivertDato", r.archived_at);
        xml.leaf("arkivertAv", &r.archived_by);
        referanse(xml, "referanseForelderMappe", &draft.folder_key);
        skjerming(xml, &r.screening);
        for document in &r.documents {
            dokumentbeskrivelse(xml, draft, document);
        }
        xml.leaf("tittel", &r.title);
        xml.leaf("offentligTittel", &r.public_title);
        xml.optional("beskrivelse", r.description.as_ref());
        for author in &r.authors {
            xml.leaf("forfatter", author);
        }
        kode(xml, "dokumentmedium", ELEKTRONISK);
        for remark in &r.remarks {
            merknad(xml, remark);
        }
        for reference in &r.references {
            kryssreferanse(xml, system, reference);
        }
        for party in &r.correspondents {
            korrespondansepart(xml, party);
        }
        ekstern_noekkel(xml, "referanseEksternNoekkel", &ExternalKey::of_document(system, r.key));
        journalpost(xml, draft);
    });
}

/// Writes what a `journalpost` has beyond a `registrering`. The receiver keeps the journal: no journal numbers of ours.
fn journalpost(xml: &mut Xml, draft: &Draft<'_>) {
    let r = draft.registration;
    kode(xml, "journalposttype", draft.journalposttype().kode());
    kode(xml, "journalstatus", draft.target.journal_status.kode());
    xml.leaf("journaldato", r.journal_date);
    xml.optional("dokumentetsDato", r.document_date);
    xml.optional("mottattDato", r.received_at);
    xml.optional("sendtDato", r.sent_at);
    xml.leaf("antallVedlegg", r.attachments);
}

/// Writes a reference to another registration (`kryssreferanse`) by the external key that it was sent under.
fn kryssreferanse(xml: &mut Xml, system: &str, reference: &Reference) {
    xml.parent("kryssreferanse", |xml| referanse(xml, "referanseTilRegistrering", &ExternalKey::of_document(system, reference.key)));
}

/// Writes a remark (`merknad`).
///
/// Source: complexType merknad.
pub(super) fn merknad(xml: &mut Xml, remark: &Remark) {
    xml.parent("merknad", |xml| {
        xml.leaf("merknadstekst", &remark.text);
        kode(xml, "merknadstype", ARKIVMERKNAD);
        xml.leaf("merknadsdato", remark.at);
        xml.leaf("merknadRegistrertAv", &remark.by);
    });
}

/// Writes a sender or receiver (`korrespondansepart`), which in this dialect belongs to the registrering. Never an address, never
/// `personid`. Every name is screened; a unit is no person's name.
///
/// Source: complexType korrespondansepart.
fn korrespondansepart(xml: &mut Xml, party: &Correspondent) {
    let is_person = party.name.expose() != HIDDEN_UNIT;
    xml.parent("korrespondansepart", |xml| {
        kode(xml, "korrespondanseparttype", party.kind.kode());
        xml.leaf("korrespondansepartNavn", &party.name);
        if let Some(unit) = &party.unit {
            navn(xml, "administrativEnhet", unit);
        }
        if let Some(officer) = &party.officer {
            navn(xml, "saksbehandler", officer);
        }
        xml.leaf("erSkjermet", "true");
        xml.leaf("erPersonnavn", if is_person { "true" } else { "false" });
    });
}
