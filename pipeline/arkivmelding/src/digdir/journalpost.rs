//! basisregistrering as journalpost, kryssreferanse, merknad, korrespondansepart.

use super::{dokument::dokumentbeskrivelse, mappe::skjerming};
use crate::{
    codes::ELEKTRONISK,
    draft::Draft,
    model::{Correspondent, Reference, Remark},
    xml::Xml,
};

/// Writes the registration. Inside a mappe it is called `basisregistrering`, with `xsi:type="journalpost"`.
///
/// `arkivertDato` and `arkivertAv` are mandatory in one of the two schemas; one of three parents is in both.
///
/// Source: complexTypes registrering, basisregistrering and journalpost.
pub(super) fn basisregistrering(xml: &mut Xml, draft: &Draft<'_>) {
    let r = draft.registration;
    xml.parent_with("basisregistrering", &[("xsi:type", "journalpost")], |xml| {
        xml.leaf("systemID", r.system_id);
        xml.leaf("opprettetDato", r.created_at);
        xml.leaf("opprettetAv", &r.created_by);
        xml.leaf("arkivertDato", r.archived_at);
        xml.leaf("arkivertAv", &r.archived_by);
        xml.leaf("registreringsID", &r.registration_id);
        xml.leaf("referanseForelderMappe", draft.folder_id);
        skjerming(xml, &r.screening, &[]);
        for document in &r.documents {
            dokumentbeskrivelse(xml, draft, document);
        }
        xml.leaf("tittel", &r.title);
        xml.leaf("offentligTittel", &r.public_title);
        xml.optional("beskrivelse", r.description.as_ref());
        for author in &r.authors {
            xml.leaf("forfatter", author);
        }
        xml.leaf("dokumentmedium", ELEKTRONISK.1);
        for remark in &r.remarks {
            merknad(xml, remark);
        }
        for reference in &r.references {
            kryssreferanse(xml, reference);
        }
        journalpost(xml, draft);
    });
}

/// Writes what a `journalpost` has beyond a `basisregistrering`. The receiver keeps the journal: no journal numbers of ours.
fn journalpost(xml: &mut Xml, draft: &Draft<'_>) {
    let r = draft.registration;
    xml.leaf("journalposttype", draft.journalposttype().word());
    xml.leaf("journalstatus", draft.target.journal_status.word());
    xml.leaf("journaldato", r.journal_date);
    xml.optional("dokumentetsDato", r.document_date);
    xml.optional("mottattDato", r.received_at);
    xml.optional("sendtDato", r.sent_at);
    xml.leaf("antallVedlegg", r.attachments);
    for party in &r.correspondents {
        korrespondansepart(xml, party);
    }
}

/// Writes a reference to another registration (`kryssreferanse`), by the `systemID` that it was sent under.
fn kryssreferanse(xml: &mut Xml, reference: &Reference) {
    xml.parent("kryssreferanse", |xml| xml.leaf("referanseTilRegistrering", reference.system_id));
}

/// Writes a remark (`merknad`).
///
/// Source: complexType merknad; `merknadsdato` and `merknadRegistrertAv` are mandatory.
pub(super) fn merknad(xml: &mut Xml, remark: &Remark) {
    xml.parent("merknad", |xml| {
        xml.leaf("merknadstekst", &remark.text);
        xml.optional("merknadstype", remark.kind.as_ref());
        xml.leaf("merknadsdato", remark.at);
        xml.leaf("merknadRegistrertAv", &remark.by);
    });
}

/// Writes a sender or receiver (`korrespondansepart`), which in this dialect stands after `antallVedlegg`. Never an address.
///
/// Source: complexType korrespondansepart; the six types are enumerated and another one is refused.
fn korrespondansepart(xml: &mut Xml, party: &Correspondent) {
    xml.parent("korrespondansepart", |xml| {
        xml.leaf("korrespondanseparttype", party.kind.word());
        xml.leaf("korrespondansepartNavn", &party.name);
        xml.optional("administrativEnhet", party.unit.as_ref());
        xml.optional("saksbehandler", party.officer.as_ref());
    });
}
