//! The access log (tilgangslogg): one line of JSON for each row, each carrying the digest of the line before.
//!
//! Nobody can change, drop or move a line in the middle without every later digest betraying it. Lines missing at the end betray
//! nothing by themselves: for that, keep a [`Head`] somewhere else and give it to [`verify`].

use pipeline_domain::{ActorId, AreaId, CaseFolderId, DocumentKey, MunicipalityNumber, PlanId, Sha256, Timestamp, UnitId, codes};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{AccessError, Action, Consent, DenyReason, Part, Role};

codes! {
    /// A reason as it stands in the log: one of a list, since free text would sooner or later hold a name.
    StatedReason {
        FollowUp "follow_up":
            "oppfølging av planen" | "oppfølging av planen" | "following up the plan";
        Meeting "meeting":
            "til et møte" | "til eit møte" | "for a meeting";
        OwnCopy "own_copy":
            "eget eksemplar" | "eige eksemplar" | "own copy";
        SubjectRequest "subject_request":
            "ønsket av hovedpersonen eller foresatte" | "ønskt av hovudpersonen eller føresette" | "asked for by the subject or a guardian";
        AccessRequest "access_request":
            "krav om innsyn" | "krav om innsyn" | "a request for access";
        Complaint "complaint":
            "behandling av klage" | "behandling av klage" | "handling a complaint";
        Supervision "supervision":
            "kontroll og tilsyn" | "kontroll og tilsyn" | "control and supervision";
        Deputy "deputy":
            "vikar for planansvarlig" | "vikar for planansvarleg" | "standing in for the plan lead";
        Correction "correction":
            "retting av feil" | "retting av feil" | "correcting an error";
        ArchiveWork "archive_work":
            "arkivarbeid" | "arkivarbeid" | "work on the archive";
        Reopening "reopening":
            "nye behov etter avslutning" | "nye behov etter avslutning" | "new needs after closing";
    }
}

codes! {
    /// On what ground somebody had the access (grunnlag).
    Basis {
        OwnCase "own_case":
            "egen sak" | "eiga sak" | "own case";
        OnBehalf "on_behalf":
            "på vegne av hovedpersonen" | "på vegner av hovudpersonen" | "on the subject's behalf";
        Consent "consent":
            "samtykke" | "samtykke" | "consent";
        IndividualDecision "individual_decision":
            "enkeltvedtak" | "enkeltvedtak" | "individual decision";
        LeadDuty "lead_duty":
            "ansvar for planen" | "ansvar for planen" | "responsibility for the plan";
        Oversight "oversight":
            "tilsyn med planer" | "tilsyn med planar" | "oversight of plans";
        ArchiveDuty "archive_duty":
            "arkivansvar" | "arkivansvar" | "responsibility for the archive";
        Job "job":
            "jobb i systemet" | "jobb i systemet" | "job of the system";
    }
}

impl Basis {
    /// The ground on which a role acts. A participant's is the consent, or the individual decision where none is needed.
    pub fn of(role: Role, consent: Consent) -> Self {
        match role {
            Role::Subject | Role::PlanOwner => Self::OwnCase,
            Role::Guardian | Role::LegalGuardian => Self::OnBehalf,
            Role::Participant if consent == Consent::NotNeeded => Self::IndividualDecision,
            Role::Participant => Self::Consent,
            Role::PlanLead | Role::IopLead => Self::LeadDuty,
            Role::ProfessionalLead | Role::LocalAdmin | Role::Admin => Self::Oversight,
            Role::Archivist => Self::ArchiveDuty,
            Role::Pipeline => Self::Job,
        }
    }
}

macro_rules! read_by_id {
    ($($name:ident $what:literal),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                // The text is not repeated in the error: somebody may have written a name there.
                Self::from_id(&String::deserialize(from)?).ok_or_else(|| D::Error::custom(concat!("not a ", $what)))
            }
        }
    )+};
}
read_by_id!(Role "role", Action "action", DenyReason "reason for denying", StatedReason "stated reason", Basis "basis", Part "part of a plan");

/// What a row is about: in JSON one key, such as `"folder":"9901/2026/000123"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A case folder, or a document in it.
    Folder(#[serde(serialize_with = "as_text", deserialize_with = "from_text")] CaseFolderId),
    /// A plan that has no case folder yet.
    Plan(PlanId),
    /// An overview of the plans of a unit.
    Unit(UnitId),
    /// An overview of the plans of an area.
    Area(AreaId),
    /// Something of the whole municipality, such as its register of access.
    Municipality(MunicipalityNumber),
}

impl About {
    /// The case folder, if it is about one.
    pub fn folder(&self) -> Option<&CaseFolderId> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Plan(_) | Self::Unit(_) | Self::Area(_) | Self::Municipality(_) => None,
        }
    }
}

/// One look, print, export or change, or an attempt that was denied. Ids and codes only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: ActorId,
    /// In which role.
    pub role: Role,
    /// What.
    pub action: Action,
    /// With what.
    #[serde(flatten)]
    pub about: About,
    /// Which document, when it was one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentKey>,
    /// Why, where a reason is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StatedReason>,
    /// On what ground.
    pub basis: Basis,
    /// Why it was denied; absent when it was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<DenyReason>,
}

fn as_text<S: Serializer>(folder: &CaseFolderId, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(folder)
}

fn from_text<'de, D: Deserializer<'de>>(from: D) -> Result<CaseFolderId, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// A row in its place.
#[derive(Serialize, Deserialize)]
struct Line {
    n: u64,
    previous: Sha256,
    #[serde(flatten)]
    row: AccessRow,
}

/// How far a log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Rows so far, over all files of the log.
    pub rows: u64,
    /// SHA-256 of the last line without its line feed. Before the first row: of the name of the format.
    pub digest: Sha256,
}

impl Head {
    /// Of a log without rows.
    pub fn start() -> Self {
        Self { rows: 0, digest: Sha256::of(b"arkivflyt.access/1") }
    }
}

/// A log, read or written row by row. A new file of the same log goes on from the head of the one before.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    head: Head,
}

impl Chain {
    /// Goes on from here.
    pub fn from(head: Head) -> Self {
        Self { head }
    }

    /// How far it has come.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The next line, with its line feed. Whoever appends it writes it in one piece and syncs before the action is carried out.
    pub fn write(&mut self, row: &AccessRow) -> String {
        let n = self.head.rows + 1;
        let line = Line { n, previous: self.head.digest, row: row.clone() };
        let mut text = serde_json::to_string(&line).expect("a row is writable as JSON");
        self.head = Head { rows: n, digest: Sha256::of(text.as_bytes()) };
        text.push('\n');
        text
    }

    /// Reads the next line, without its line feed.
    ///
    /// # Errors
    /// [`AccessError::RowUnreadable`] for what this program would not have written so, to the byte;
    /// [`AccessError::ChainBroken`] for a row that belongs elsewhere. The chain does not move then.
    pub fn read(&mut self, line: &[u8]) -> Result<AccessRow, AccessError> {
        let n = self.head.rows + 1;
        let unreadable = AccessError::RowUnreadable { line: n };
        let found: Line = serde_json::from_slice(line).map_err(|_| unreadable)?;
        if serde_json::to_vec(&found).expect("a row is writable as JSON") != line {
            return Err(unreadable);
        }
        if found.n != n || found.previous != self.head.digest {
            return Err(AccessError::ChainBroken { line: n });
        }
        self.head = Head { rows: n, digest: Sha256::of(line) };
        Ok(found.row)
    }
}

/// Reads a whole file of the log that goes on from `from`: its rows and its head.
///
/// `known` is a head that was kept elsewhere. The log must have passed it; without one, lines missing at the end go unnoticed.
///
/// # Errors
/// The first row at fault, counted from the beginning of the log: changed lines show in the row after them, the last line (and
/// a whole log that was written anew) only against `known`. A last line without line feed was torn, and is unreadable.
pub fn verify(file: &[u8], from: Head, known: Option<Head>) -> Result<(Vec<AccessRow>, Head), AccessError> {
    let mut chain = Chain::from(from);
    let mut rows = Vec::new();
    let passes = |head: Head| match known {
        Some(known) if known.rows == head.rows && known.digest != head.digest => Err(AccessError::ChainBroken { line: head.rows }),
        _ => Ok(()),
    };
    passes(from)?;
    let mut rest = file;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'\n').ok_or(AccessError::RowUnreadable { line: chain.head().rows + 1 })?;
        rows.push(chain.read(&rest[..end])?);
        passes(chain.head())?;
        rest = &rest[end + 1..];
    }
    match known {
        Some(known) if known.rows > chain.head().rows => Err(AccessError::LogCutShort { line: chain.head().rows }),
        _ => Ok((rows, chain.head())),
    }
}
