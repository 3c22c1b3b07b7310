//! One message: what is written, under which id, with which files.

use std::collections::BTreeMap;

use pipeline_domain::{FileName, LogicalPath, Sha256};

use crate::{
    ArkivmeldingError, Dialect, MessageId, Sender, Sending, Subject, Target, digdir,
    draft::{self, Draft, Names},
    fiks,
    keys::ExternalKey,
    model::{CaseFolder, Registration},
    target::ClosingTravels,
    xml::EmptyElement,
};

/// Name of the payload in both dialects.
pub const PAYLOAD: &str = "arkivmelding.xml";

/// Whether a document is the one that closes its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A document of a living plan. The folder is told as open even if it was closed since: a receiver would close it, and refuse
    /// the documents that come after.
    Document,
    /// The last document of a closed folder, sent when all others are accepted. Where [`Target::closing`] says so, it closes.
    LastDocument,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// eFormidling's document type `arkivmelding`.
    Digdir,
    /// Fiks Arkiv: make a registration (and its folder).
    FiksOpprett,
    /// Fiks Arkiv: change a folder.
    FiksOppdater,
}

impl MessageKind {
    /// The receiver's name for it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Digdir => "urn:no:difi:arkivmelding:xsd::arkivmelding",
            Self::FiksOpprett => "no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett",
            Self::FiksOppdater => "no.ks.fiks.arkiv.v1.arkivering.arkivmelding.oppdater",
        }
    }
}

/// A message that can be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `meldingId`.
    pub id: MessageId,
    /// What it is about.
    pub subject: Subject,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// Bytes of [`PAYLOAD`]. Full of people.
    pub payload: Vec<u8>,
    /// The files that go with it, by their name in the message.
    pub files: Vec<SentFile>,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({}, {:?}, {} bytes, {} files)", self.id, self.kind, self.payload.len(), self.files.len())
    }
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Its name in the message (`referanseDokumentfil`).
    pub name: FileName,
    /// Its path in the case folder.
    pub path: LogicalPath,
    /// Of its bytes.
    pub sha256: Sha256,
    /// Number of its bytes.
    pub size_bytes: u64,
}

/// The message about one document.
///
/// # Errors
/// [`ArkivmeldingError::Asks`] when the target asks for what the case does not have, [`ArkivmeldingError::Empty`].
pub fn document_message(
    folder: &CaseFolder,
    registration: &Registration,
    target: &Target,
    sender: Sender<'_>,
    occasion: Occasion,
    sending: Sending,
) -> Result<Outgoing, ArkivmeldingError> {
    let subject = Subject::Document(registration.key);
    let names = draft::names(registration);
    let (folder_key, folder_id) = draft::folder_identity(folder, target, sender)?;
    let draft = Draft {
        id: MessageId::of(subject, target.dialect, sending),
        target,
        folder,
        folder_key,
        folder_id,
        registration,
        classes: draft::classes(folder, target, sender)?,
        closes: occasion == Occasion::LastDocument && target.closing() == ClosingTravels::WithLastDocument && folder.is_closed(),
        names,
    };
    let (kind, payload) = match target.dialect {
        Dialect::Digdir => (MessageKind::Digdir, digdir::arkivmelding(&draft)),
        Dialect::FiksArkivV1 => (MessageKind::FiksOpprett, fiks::arkivmelding(&draft)),
    };
    let payload = payload.map_err(|EmptyElement(element)| ArkivmeldingError::Empty { element })?;
    Ok(Outgoing { id: draft.id, subject, kind, payload, files: files(registration, &draft.names) })
}

/// The message that closes the plan's own folder, where that is a message of its own ([`ClosingTravels::Alone`]) and the folder is
/// closed; `None` otherwise. `by` is the folder's newest document; its message goes first.
///
/// # Errors
/// As [`document_message`].
pub fn closing_message(
    folder: &CaseFolder,
    by: &Registration,
    target: &Target,
    sending: Sending,
) -> Result<Option<Outgoing>, ArkivmeldingError> {
    if target.closing() == ClosingTravels::Alone && folder.is_closed() {
        update(folder, Subject::Closing(by.key), target, sending).map(Some)
    } else {
        Ok(None)
    }
}

/// The message that opens the plan's own folder again, where its closing was a message of its own; `None` otherwise, and for a folder
/// that was closed since. `by` is the document that reopened the plan; its message goes last.
///
/// # Errors
/// As [`document_message`].
pub fn reopening_message(
    folder: &CaseFolder,
    by: &Registration,
    target: &Target,
    sending: Sending,
) -> Result<Option<Outgoing>, ArkivmeldingError> {
    if target.closing() == ClosingTravels::Alone && !folder.is_closed() {
        update(folder, Subject::Reopening(by.key), target, sending).map(Some)
    } else {
        Ok(None)
    }
}

fn update(folder: &CaseFolder, subject: Subject, target: &Target, sending: Sending) -> Result<Outgoing, ArkivmeldingError> {
    let key = ExternalKey::of_plan(&target.system, folder.plan);
    let payload = fiks::arkivmelding_oppdatering(&key, folder).map_err(|EmptyElement(element)| ArkivmeldingError::Empty { element })?;
    let id = MessageId::of(subject, target.dialect, sending);
    Ok(Outgoing { id, subject, kind: MessageKind::FiksOppdater, payload, files: Vec::new() })
}

fn files(registration: &Registration, names: &Names) -> Vec<SentFile> {
    let mut files = BTreeMap::new();
    for object in registration.objects() {
        if let Some(name) = names.get(&object.path) {
            let file = SentFile { name: name.clone(), path: object.path.clone(), sha256: object.sha256, size_bytes: object.size_bytes };
            files.insert(name.clone(), file);
        }
    }
    files.into_values().collect()
}
