//! What is remembered of an event or a document when it has been dealt with: ids, instants and words of ours, never a name, a
//! text or an address. All that schedules know of a plan is made from these.

use serde::{Deserialize, Serialize};

use crate::{
    ActorId, AddressProtection, ClosingReason, ConsentState, Content, Date, DocumentId, DocumentKind, Event, EventName, MeetingReply,
    MeetingState, PlanSnapshot, PlanStatus, SchoolYear, Snapshot, Timestamp, TransferDestination, UnitId,
};

/// What happened: an event by its name, or a document by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// `consent.requested`.
    Event(EventName),
    /// `document.consent_record`.
    Document(DocumentKind),
}

impl FactKind {
    const DOCUMENT: &str = "document.";

    /// The word in rows.
    pub fn id(self) -> String {
        match self {
            Self::Event(event) => event.id().to_owned(),
            Self::Document(kind) => format!("{}{}", Self::DOCUMENT, kind.id()),
        }
    }

    /// The kind with this word.
    pub fn from_id(id: &str) -> Option<Self> {
        match id.strip_prefix(Self::DOCUMENT) {
            Some(kind) => DocumentKind::from_id(kind).map(Self::Document),
            None => EventName::from_id(id).map(Self::Event),
        }
    }
}

/// One thing that happened to a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub kind: FactKind,
    /// When, in the source system: of a plan snapshot, when it was taken.
    pub at: Timestamp,
    /// The rest.
    pub about: About,
}

/// What goes with a fact. Absent is what the kind does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The consent, meeting, message or document that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<DocumentId>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorId>,
    /// Who leads the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<ActorId>,
    /// The plan's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Answer by; last day of a consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Days on which the plan is to be evaluated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Date>,
    /// A meeting begins, or began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// It ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// Of a consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentState>,
    /// Of a meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting: Option<MeetingState>,
    /// To the invitation to a meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<MeetingReply>,
    /// School year of an IOP, of its annual report, or the one that it goes on in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school_year: Option<SchoolYear>,
    /// How far an IOP goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<TransferDestination>,
    /// Why the plan was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosingReason>,
    /// The plan's own status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PlanStatus>,
    /// The subject's address protection.
    #[serde(skip_serializing_if = "is_none")]
    pub protection: AddressProtection,
}

/// The shape is serde's.
fn is_none(protection: &AddressProtection) -> bool {
    *protection == AddressProtection::None
}

impl Fact {
    /// A document of which no more is remembered than its type.
    pub fn of_kind(kind: DocumentKind, at: Timestamp) -> Self {
        Self { kind: FactKind::Document(kind), at, about: About::default() }
    }

    /// What is remembered of an event.
    pub fn of_event(event: &Event) -> Self {
        let content = &event.content;
        let about = About {
            matter: content.matter,
            actor: content.actor,
            lead: content.standing.lead,
            unit: content.standing.unit,
            due: content.due,
            begins: content.begins,
            reply: content.reply,
            status: Some(event.case.plan_status),
            protection: event.case.address_protection,
            ..About::default()
        };
        Self { kind: FactKind::Event(content.event), at: event.occurred_at, about }
    }

    /// What is remembered of a document.
    pub fn of_document(snapshot: &Snapshot) -> Self {
        let record = snapshot.content.record();
        let common = About {
            matter: Some(snapshot.document),
            status: Some(snapshot.case.plan_status),
            protection: snapshot.case.address_protection,
            ..About::default()
        };
        let about = match &snapshot.content {
            Content::PlanSnapshot(PlanSnapshot::Ip(plan)) => About { revisions: plan.revision_times.clone(), ..common },
            Content::PlanSnapshot(PlanSnapshot::Iop(plan)) => About { school_year: Some(plan.school_year.clone()), ..common },
            Content::MeetingMinutes(minutes) => About { begins: Some(minutes.held_at), ..common },
            Content::MeetingInvitation(invitation) => {
                let (begins, ends) = (Some(invitation.starts_at), Some(invitation.ends_at));
                About { begins, ends, meeting: Some(invitation.state), ..common }
            }
            Content::ConsentRecord(consent) => About { consent: Some(consent.state), due: Some(consent.valid_until), ..common },
            Content::AnnualReport(report) => About { school_year: Some(report.school_year.clone()), ..common },
            Content::SchoolYearTransferNote(note) => {
                About { school_year: Some(note.to_year.clone()), destination: Some(note.destination), ..common }
            }
            Content::ClosingNote(note) => About { closed: Some(note.reason), ..common },
            _ => common,
        };
        Self { kind: FactKind::Document(snapshot.kind()), at: record.snapshot_at, about }
    }
}
