//! The next version of a case folder: what it says about itself, and its files.

use std::sync::Arc;

use pipeline_domain::{
    Content, CopiedFile, DocumentKind, LogicalPath, Name, NationalId, Packaged, PackagedFile, PlanStatus, Rendered, Sha256, Snapshot,
    Timestamp,
};

use crate::{
    ArchiveProfile, CaseRecord, DocumentEntry, Head, PackageError, Packaging, attachments,
    change_log::{self, Occasion},
    names,
    noark::{self, EmptyElement, Mapping, Registration, Structure, SystemIds},
    overview,
    record::{Closing, Facts, SCHEMA},
    titles,
};

/// Plain words on what the folder is and how to check it. The same in every folder.
const READ_ME: &[u8] = include_bytes!("lesmeg.txt");

/// See [`crate::package`].
pub fn next_version(rendered: &Rendered, head: Option<Head<'_>>, profile: &ArchiveProfile) -> Result<Packaging, PackageError> {
    let snapshot = rendered.snapshot();
    let folder = &rendered.reservation().folder;
    if folder.municipality != profile.municipality {
        return Err(PackageError::OtherMunicipality { folder: folder.clone(), municipality: profile.municipality.clone() });
    }
    let old = head.map(|h| CaseRecord::read(h.case_record)).transpose()?;
    if let Some(record) = &old {
        if let Some(there) = already_there(record, rendered)? {
            return Ok(Packaging::AlreadyThere { folder_version: there.folder_version, pdf: there.pdf.clone() });
        }
        if record.closed.is_some() && !taken_when_closed(record, snapshot) {
            return Err(PackageError::FolderClosed { folder: folder.clone(), document: snapshot.key() });
        }
    }
    let version = Version { rendered, profile, number: head.map_or(1, |h| h.version + 1) };
    let packaged = version.pack(old, head.map(|h| h.version));
    packaged.map(Packaging::New).map_err(|EmptyElement(element)| PackageError::EmptyElement { element, document: snapshot.key() })
}

/// The entry that holds the document's content, under this or another id.
fn already_there<'r>(record: &'r CaseRecord, rendered: &Rendered) -> Result<Option<&'r DocumentEntry>, PackageError> {
    let (snapshot, folder) = (rendered.snapshot(), &rendered.reservation().folder);
    let case = &snapshot.case;
    if record.folder != *folder || record.plan_id != case.plan_id || record.plan_type != case.plan_type {
        return Err(PackageError::OtherCase { folder: folder.clone(), document: snapshot.key() });
    }
    match record.document(snapshot.key()) {
        Some(entry) if entry.content != snapshot.digest => {
            Err(PackageError::DocumentIdReused { folder: folder.clone(), document: snapshot.key() })
        }
        Some(entry) => Ok(Some(entry)),
        None => Ok(record.documents.iter().find(|d| d.content == snapshot.digest)),
    }
}

/// A closed folder takes what reopens it, what belongs to the closing itself, and what happened before it and comes late: a
/// record that is refused is lost.
pub fn taken_when_closed(record: &CaseRecord, snapshot: &Snapshot) -> bool {
    reopens(record, snapshot) || is_of_the_closing(snapshot) || !is_news(record, snapshot)
}

/// The last snapshot, the closing note and the log of the messages come one after the other (DOMAIN § 5, `plan.passivised`), and
/// the list of all that the folder holds ends it; an IOP that moves to another municipality ends with the note of its transfer.
fn is_of_the_closing(snapshot: &Snapshot) -> bool {
    use DocumentKind::{ClosingNote, FolderOverview, MessageLog, PlanSnapshot, SchoolYearTransferNote};
    let kinds = [PlanSnapshot, ClosingNote, MessageLog, SchoolYearTransferNote, FolderOverview];
    snapshot.case.plan_status == PlanStatus::Passive && kinds.contains(&snapshot.kind())
}

/// The reopening note opens the folder again, whatever the plan waits for then (a consent that was withdrawn is still to be given);
/// so does any document of a plan that is active again. Only what is from after the closing does.
pub fn reopens(record: &CaseRecord, snapshot: &Snapshot) -> bool {
    let is_open_again = snapshot.kind() == DocumentKind::ReopeningNote || snapshot.case.plan_status == PlanStatus::Active;
    is_open_again && is_news(record, snapshot)
}

/// Whether a document knows the case better than the record: one that comes late changes nothing about the folder.
pub fn is_news(record: &CaseRecord, snapshot: &Snapshot) -> bool {
    snapshot.occurred_at >= record.facts_as_of
}

impl CaseRecord {
    /// Whether the plan's closing note is what closed the folder: then a list of what it holds is all that may lack.
    pub fn is_closed_by_a_note(&self) -> bool {
        self.closed.as_ref().is_some_and(|closing| closing.reason.is_some())
    }

    /// When the newest document happened in the source system: the one that the folder's facts are from.
    pub fn facts_as_of(&self) -> Timestamp {
        self.facts_as_of
    }

    /// The subject's name, by the newest document.
    pub fn subject_name(&self) -> &Name {
        &self.facts.subject_name
    }

    /// The subject's national id, by the newest document.
    pub fn subject_id(&self) -> Option<&NationalId> {
        self.facts.subject_national_id.as_ref()
    }

    /// The source system of the plan.
    pub fn source_system(&self) -> &str {
        &self.source_system
    }
}

/// What came of entering a document.
struct Made {
    /// Number of the document that it corrects.
    corrects: Option<u32>,
    /// Its attachments' files.
    copies: Vec<CopiedFile>,
}

/// The version in the making.
struct Version<'a> {
    rendered: &'a Rendered,
    profile: &'a ArchiveProfile,
    number: u32,
}

impl Version<'_> {
    fn pack(&self, old: Option<CaseRecord>, based_on: Option<u32>) -> Result<Packaged, EmptyElement> {
        let snapshot = self.rendered.snapshot();
        let facts = facts(snapshot, old.as_ref());
        let mapping = noark::mapping(snapshot, &facts, self.profile);
        let mut record = match &old {
            Some(old) => self.moved_on(old, &facts),
            None => self.opened(&facts),
        };
        let Made { corrects, copies } = self.enter(&mut record, &facts, &mapping);
        self.log(&mut record, old.as_ref());

        let folder_xml = self.structure(&record, None)?;
        record.folder_xml = Sha256::of(&folder_xml);
        let registration = self.registration(&record, &facts, &mapping, corrects)?;
        let entry = record.documents.last().expect("the document was entered above");

        let mut files = Files::default();
        files.add(entry.pdf.clone(), self.rendered.pdf().clone());
        files.add(names::source(entry.no), snapshot.archival_json());
        files.add(names::registration(entry.no), registration);
        if old.as_ref().is_none_or(|o| o.folder_xml != record.folder_xml) {
            files.add(names::fixed(names::FOLDER_XML), folder_xml);
        }
        if old.as_ref().is_none_or(|o| o.changes != record.changes) {
            files.add(names::fixed(names::CHANGE_LOG), noark::endringslogg(&record.changes)?);
        }
        files.add(names::fixed(names::OVERVIEW), overview::html(&record, self.profile));
        files.add(names::fixed(names::CASE_RECORD), record.to_bytes());
        if old.is_none() {
            files.add(names::fixed(names::READ_ME), READ_ME);
            files.add(names::fixed(names::OWN_SCHEMA), noark::OWN_SCHEMA);
        }
        Ok(Packaged {
            folder: record.folder.clone(),
            object_id: record.object_id.clone(),
            document: snapshot.key(),
            based_on,
            pdf: entry.pdf.clone(),
            files: files.0,
            copies,
            created: record.updated_at,
            message: if corrects.is_some() { "document corrected" } else { "document added" }.to_owned(),
        })
    }

    /// The record of a folder that opens with this document, still without it.
    fn opened(&self, facts: &Facts) -> CaseRecord {
        let (snapshot, reservation) = (self.rendered.snapshot(), self.rendered.reservation());
        let at = reservation.accepted_at.max(reservation.folder_opened_at);
        CaseRecord {
            schema: SCHEMA.to_owned(),
            folder: reservation.folder.clone(),
            object_id: self.profile.object_id(&reservation.folder),
            folder_version: self.number,
            plan_id: snapshot.case.plan_id,
            plan_type: snapshot.case.plan_type,
            source_system: snapshot.plan_system().to_owned(),
            opened_at: reservation.folder_opened_at,
            updated_at: at,
            facts_as_of: snapshot.occurred_at,
            closed: closing(None, snapshot, facts, at),
            facts: facts.clone(),
            folder_xml: Sha256::of(b""),
            documents: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// The record after one more version, still without the document.
    fn moved_on(&self, old: &CaseRecord, facts: &Facts) -> CaseRecord {
        let snapshot = self.rendered.snapshot();
        let mut record = old.clone();
        record.folder_version = self.number;
        record.updated_at = old.updated_at.max(self.rendered.reservation().accepted_at);
        if is_news(old, snapshot) {
            record.facts_as_of = snapshot.occurred_at;
            record.closed = closing(old.closed.as_ref(), snapshot, facts, record.updated_at);
            record.facts = facts.clone();
        }
        // Nothing in the folder is younger than its closing.
        if let Some(closed) = &mut record.closed {
            closed.at = record.updated_at;
        }
        record
    }

    /// Enters the document as the last.
    fn enter(&self, record: &mut CaseRecord, facts: &Facts, mapping: &Mapping) -> Made {
        let (snapshot, reservation, key) = (self.rendered.snapshot(), self.rendered.reservation(), self.rendered.snapshot().key());
        let no = u32::try_from(record.documents.len()).expect("a folder holds fewer than four billion documents") + 1;
        let versions = || record.documents.iter().filter(|d| d.document == key.id);
        let older = versions().filter(|d| d.version < key.version).max_by_key(|d| d.version).map(|d| d.no);
        let newer = versions().filter(|d| d.version > key.version).min_by_key(|d| d.version).map(|d| d.no);
        if let Some(corrected) = record.documents.iter_mut().find(|d| Some(d.no) == older) {
            corrected.corrected_by = Some(no);
        }
        let attached = attachments::enter(self.rendered.attached(), no, self.number, facts, &record.documents);
        record.documents.push(DocumentEntry {
            no,
            document: key.id,
            version: key.version,
            kind: snapshot.kind(),
            title: mapping.title.as_str().to_owned(),
            date: mapping.document_date,
            content: snapshot.digest,
            pdf: names::pdf(no, mapping.slug, key.version),
            sha256: self.rendered.sha256(),
            size_bytes: self.rendered.pdf().len() as u64,
            pages: self.rendered.pages(),
            folder_version: self.number,
            journal: reservation.journal,
            accepted_at: reservation.accepted_at,
            corrected_by: newer,
            attachments: attached.entries,
            redacted: Vec::new(),
        });
        Made { corrects: older, copies: attached.copies }
    }

    fn log(&self, record: &mut CaseRecord, old: Option<&CaseRecord>) {
        let title = titles::folder(record.plan_type, record.opened_at, self.profile.folder_language);
        let by = &self.rendered.snapshot().content.record().produced_by;
        let unit = SystemIds::of(&self.profile.municipality).mappe(record.plan_id);
        let occasion = Occasion { unit, at: record.updated_at, by };
        let news = match old {
            Some(old) => change_log::differences(old, record, &title, occasion),
            None => change_log::opening(record, &title, occasion),
        };
        record.changes.extend(news);
        if record.facts.address_protection.hides_places() {
            change_log::hide_units(&mut record.changes);
        }
    }

    fn registration(&self, record: &CaseRecord, facts: &Facts, mapping: &Mapping, corrects: Option<u32>) -> Result<Vec<u8>, EmptyElement> {
        let ids = SystemIds::of(&self.profile.municipality);
        let by_no = |no: u32| record.documents.iter().find(|d| d.no == no).map(|d| (no, ids.registrering(d.key())));
        let registration = Registration {
            snapshot: self.rendered.snapshot(),
            entry: record.documents.last().expect("the document was entered before"),
            mapping,
            facts,
            archived_at: record.updated_at,
            corrects: corrects.and_then(by_no),
            // Only what is in the folder: a reference must point to a unit that exists.
            about: mapping.about.and_then(|key| record.document(key)).map(|d| ids.registrering(d.key())),
        };
        self.structure(record, Some(&registration))
    }

    fn structure(&self, case: &CaseRecord, registration: Option<&Registration<'_>>) -> Result<Vec<u8>, EmptyElement> {
        Structure { profile: self.profile, case, registration, closed: None }.to_xml()
    }
}

/// The case as the document tells it. One that comes late may be from before the subject got address protection: what is
/// written now must keep to it all the same.
fn facts(snapshot: &Snapshot, old: Option<&CaseRecord>) -> Facts {
    let facts = Facts::of(snapshot);
    let protected_since = old.is_some_and(|o| !is_news(o, snapshot) && o.facts.address_protection.hides_places());
    if protected_since { facts.without_places() } else { facts }
}

/// A folder is closed while its plan is passive, from the first document that says so. The closing note knows best who closed it
/// and why; until it comes, it was the lead.
fn closing(old: Option<&Closing>, snapshot: &Snapshot, facts: &Facts, at: Timestamp) -> Option<Closing> {
    match (facts.plan_status, &snapshot.content) {
        (PlanStatus::Passive, Content::ClosingNote(note)) => Some(Closing { at, by: note.closed_by.clone(), reason: Some(note.reason) }),
        (PlanStatus::Passive, _) => Some(old.cloned().unwrap_or_else(|| Closing { at, by: facts.lead_name.clone(), reason: None })),
        (PlanStatus::Draft | PlanStatus::AwaitingConsent | PlanStatus::Active | PlanStatus::Suspended, _) => None,
    }
}

#[derive(Default)]
struct Files(Vec<PackagedFile>);

impl Files {
    fn add(&mut self, path: LogicalPath, bytes: impl Into<Arc<[u8]>>) {
        self.0.push(PackagedFile { path, bytes: bytes.into() });
    }
}
