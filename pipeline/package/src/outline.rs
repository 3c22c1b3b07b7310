//! What would become of a document, told before it is archived: words only, no names.

use pipeline_domain::{Date, PlanStatus, Snapshot};
use serde::Serialize;

use crate::{
    ArchiveProfile, CaseRecord, Retention, folder,
    noark::{self, HELE_DOKUMENTET, UNNTATT},
    record::Facts,
};

/// How a document would be registered and screened. The words are those of Noark 5 v5.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// What it does to its folder.
    pub effect: Effect,
    /// `offentligTittel` (M025): all that the public sees.
    pub public_title: String,
    /// `dokumenttype` (M083).
    pub document_type: &'static str,
    /// `journalposttype` (M082).
    pub registration_type: &'static str,
    /// `dokumentetsDato` (M103).
    pub document_date: Date,
    /// `korrespondanseparttype` (M087) of every sender and receiver. Their names are archived, and screened.
    pub parties: Vec<&'static str>,
    /// `kassasjonsvedtak` (M450).
    pub retention: &'static str,
    /// `tilgangsrestriksjon` (M500).
    pub access_restriction: &'static str,
    /// `skjermingshjemmel` (M501).
    pub legal_basis: String,
    /// `skjermingMetadata` (M502).
    pub screened_metadata: Vec<&'static str>,
    /// `skjermingDokument` (M503).
    pub screened_document: &'static str,
    /// `skjermingsvarighet` (M504), in years.
    pub screened_years: u32,
    /// Whether units, schools and places are left out on paper and in the metadata (strengt fortrolig).
    pub places_left_out: bool,
}

/// What a document does to its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "no")]
pub enum Effect {
    /// The first of its folder.
    Opens,
    /// One more.
    Adds,
    /// Corrects the document with this number.
    Corrects(u32),
    /// The same content is there under this number: nothing is written.
    AlreadyThere(u32),
    /// Adds, and closes the folder.
    Closes,
    /// Adds, and opens the folder again.
    Reopens,
    /// The folder is closed and does not take it.
    RefusedClosed,
}

/// What would become of a document, with what its folder says of itself now.
pub fn outline(snapshot: &Snapshot, record: Option<&CaseRecord>, profile: &ArchiveProfile) -> Outline {
    let facts = Facts::of(snapshot);
    let mapping = noark::mapping(snapshot, &facts, profile);
    Outline {
        effect: effect(snapshot, record),
        public_title: mapping.title.public(),
        document_type: mapping.dokumenttype,
        registration_type: mapping.journalposttype.noark(),
        document_date: mapping.document_date,
        parties: mapping.parties.iter().map(|p| p.kind.noark()).collect(),
        retention: match mapping.retention {
            Retention::Preserve => noark::Kassasjonsvedtak::Bevares.noark(),
            Retention::AssessLater { .. } => noark::Kassasjonsvedtak::VurderesSenere.noark(),
            Retention::Dispose { .. } => noark::Kassasjonsvedtak::Kasseres.noark(),
        },
        access_restriction: UNNTATT,
        legal_basis: facts.screening_basis.expose().to_owned(),
        screened_metadata: noark::screened_metadata(mapping.journalposttype).iter().map(|word| word.noark()).collect(),
        screened_document: HELE_DOKUMENTET,
        screened_years: profile.screening_years,
        places_left_out: facts.address_protection.hides_places(),
    }
}

fn effect(snapshot: &Snapshot, record: Option<&CaseRecord>) -> Effect {
    let Some(record) = record else { return Effect::Opens };
    if let Some(there) = record.documents().iter().find(|d| d.content == snapshot.digest) {
        return Effect::AlreadyThere(there.no);
    }
    let is_closed = record.closed_at().is_some();
    if is_closed && !folder::taken_when_closed(record, snapshot) {
        return Effect::RefusedClosed;
    }
    let is_passive = snapshot.case.plan_status == PlanStatus::Passive;
    let key = snapshot.key();
    let older = record.documents().iter().filter(|d| d.document == key.id && d.version < key.version);
    match older.max_by_key(|d| d.version) {
        _ if is_closed && folder::reopens(record, snapshot) => Effect::Reopens,
        _ if !is_closed && is_passive && folder::is_news(record, snapshot) => Effect::Closes,
        Some(older) => Effect::Corrects(older.no),
        None => Effect::Adds,
    }
}
