//! The registration: registrering as journalpost, korrespondansepart, kryssreferanse.

use pipeline_domain::{Date, Line, Name, Snapshot, Timestamp};
use uuid::Uuid;

use super::{
    Mapping, Structure,
    codes::{ARKIVERT, ELEKTRONISK, Journalposttype, Korrespondanseparttype, SkjermingMetadata},
    dokument::dokumentbeskrivelse,
    mappe::SYSTEM,
    skjerming::{Screening, kassasjon, skjerming},
    vedlegg, vsm,
    xml::Xml,
};
use crate::{
    Retention,
    record::{DocumentEntry, Facts},
};

/// One document of the folder with all that its registration says.
pub(crate) struct Registration<'a> {
    pub snapshot: &'a Snapshot,
    pub entry: &'a DocumentEntry,
    pub mapping: &'a Mapping,
    /// The case as this document saw it.
    pub facts: &'a Facts,
    /// When the folder's version was made.
    pub archived_at: Timestamp,
    /// The registration that this one corrects: number and `systemID`.
    pub corrects: Option<(u32, Uuid)>,
    /// `systemID` of the registration that this one reports on.
    pub about: Option<Uuid>,
}

/// A sender or receiver.
pub(crate) struct Korrespondansepart {
    pub kind: Korrespondanseparttype,
    pub name: String,
    pub unit: Option<Line>,
    pub officer: Option<Name>,
}

/// Writes the registration (`registrering`, `xsi:type="journalpost"`). `tittel` stands after the documents.
///
/// Source: arkivstruktur.xsd v5.0, complexTypes registrering and journalpost.
pub(super) fn registrering(xml: &mut Xml, s: &Structure<'_>, r: &Registration<'_>) {
    xml.parent_with("registrering", &[("xsi:type", "journalpost")], |xml| {
        xml.leaf("systemID", s.ids().registrering(r.entry.key()));
        xml.leaf("opprettetDato", r.entry.accepted_at);
        xml.leaf("opprettetAv", SYSTEM);
        xml.leaf("arkivertDato", r.archived_at);
        xml.leaf("arkivertAv", SYSTEM);
        xml.leaf("referanseArkivdel", s.ids().arkivdel(&s.profile.archive_part_title));
        // N5.44 counts every kassasjon element of an extract as something to be disposed of.
        if s.closed.is_none() || r.mapping.retention != Retention::Preserve {
            kassasjon(xml, &r.mapping.retention, r.mapping.document_date);
        }
        skjerming(xml, &r.screening(s.profile.screening_years));
        dokumentbeskrivelse(xml, s, r);
        vedlegg::dokumentbeskrivelser(xml, s, r);
        xml.leaf("registreringsID", format!("{}-{}", s.case.folder.mappe_id(), r.entry.no));
        xml.leaf("tittel", r.mapping.title.with_name(&r.facts.subject_name));
        xml.leaf("offentligTittel", r.mapping.title.public());
        xml.optional("beskrivelse", r.corrects.map(|(no, _)| format!("Versjon {}. Retter dokument {no} i mappen.", r.entry.version)));
        for author in r.snapshot.content.authors() {
            xml.leaf("forfatter", author);
        }
        xml.leaf("dokumentmedium", ELEKTRONISK);
        vsm::source(xml, r.snapshot);
        vedlegg::merknader(xml, r);
        for id in r.corrects.map(|(_, id)| id).into_iter().chain(r.about) {
            kryssreferanse(xml, id);
        }
        for party in &r.mapping.parties {
            korrespondansepart(xml, party);
        }
        journalpost(xml, r);
    });
}

impl Registration<'_> {
    fn screening(&self, years: u32) -> Screening<'_> {
        let metadata = screened_metadata(self.mapping.journalposttype);
        let from: Option<Date> = Some(self.mapping.document_date);
        Screening { basis: &self.facts.screening_basis, metadata, years, whole_document: true, from }
    }
}

/// What is hidden of a registration's metadata: the name in its title, and whoever is outside.
pub(crate) fn screened_metadata(of: Journalposttype) -> &'static [SkjermingMetadata] {
    match of {
        Journalposttype::Utgaaende => &[SkjermingMetadata::TittelRegistrering, SkjermingMetadata::NavnMottaker],
        Journalposttype::Inngaaende | Journalposttype::OrganinterntUtenOppfoelging => {
            &[SkjermingMetadata::TittelRegistrering, SkjermingMetadata::NavnAvsender]
        }
    }
}

/// Writes what a `journalpost` has beyond a `registrering`.
fn journalpost(xml: &mut Xml, r: &Registration<'_>) {
    xml.leaf("journalaar", r.entry.journal.year);
    xml.leaf("journalsekvensnummer", r.entry.journal.sequence);
    xml.leaf("journalpostnummer", r.entry.no);
    xml.leaf("journalposttype", r.mapping.journalposttype.noark());
    xml.leaf("journalstatus", ARKIVERT);
    xml.leaf("journaldato", r.entry.accepted_at.oslo_date());
    xml.leaf("dokumentetsDato", r.mapping.document_date);
    xml.optional("mottattDato", r.mapping.received_at);
    xml.optional("sendtDato", r.mapping.sent_at);
    xml.leaf("antallVedlegg", vedlegg::antall(r));
}

/// Writes a reference to another registration of the folder (`kryssreferanse`).
fn kryssreferanse(xml: &mut Xml, registration: Uuid) {
    xml.parent("kryssreferanse", |xml| xml.leaf("referanseTilRegistrering", registration));
}

/// Writes a sender or receiver (`korrespondansepart`). Never an address: how people are reached is not archived.
fn korrespondansepart(xml: &mut Xml, party: &Korrespondansepart) {
    xml.parent("korrespondansepart", |xml| {
        xml.leaf("korrespondanseparttype", party.kind.noark());
        xml.leaf("korrespondansepartNavn", &party.name);
        xml.optional("administrativEnhet", party.unit.as_ref());
        xml.optional("saksbehandler", party.officer.as_ref());
    });
}
