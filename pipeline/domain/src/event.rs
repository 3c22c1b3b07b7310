//! What happened to a plan that is no document of its own (DOMAIN § 5). It brings no page into the archive: it opens the case
//! folder, tells people, or is remembered until a document or a schedule needs it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ActorId, Case, Contact, Date, DocumentId, EmailAddress, Envelope, EventId, Line, MeetingReply, Name, NoticeKind, RecipientRef, Sha256,
    Timestamp, canonical_json,
};

/// Value of the envelope's `schema` field for an event.
pub const EVENT_SCHEMA: &str = "arkivflyt/event/1";

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident $id:literal,)+) => {
        /// Which event (hendelse), as DOMAIN § 5 names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum EventName {
            $($(#[$doc])* #[serde(rename = $id)] $variant,)+
        }

        impl EventName {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The published name.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// The event with this published name.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|e| e.id() == id)
            }
        }
    };
}

events! {
    /// A plan was begun: its case folder is reserved.
    PlanCreated "plan.created",
    /// Something in the plan was changed.
    PlanUpdated "plan.updated",
    /// A goal or measure was evaluated.
    GoalEvaluated "goal.evaluated",
    /// Background, resources or challenges were changed.
    BackgroundUpdated "background.updated",
    /// Somebody asks to close the plan; it is closed by the closing note.
    ClosingRequested "plan.closing_requested",
    /// A consent waits for an answer.
    ConsentRequested "consent.requested",
    /// A consent was withdrawn; its record follows.
    ConsentWithdrawn "consent.withdrawn",
    /// A consent has ended by its own date.
    ConsentExpired "consent.expired",
    /// Somebody got access to the plan.
    ParticipantAdded "participant.added",
    /// Somebody's access was ended.
    ParticipantRemoved "participant.removed",
    /// A meeting was held: minutes are owed.
    MeetingHeld "meeting.held",
    /// Somebody answered an invitation.
    MeetingAnswered "meeting.answered",
    /// A meeting begins soon: the plan is to be archived before it changes.
    MeetingStartsSoon "meeting.starts_soon",
    /// A message inside the source system.
    MessageSent "message.sent",
    /// Somebody opened what a notice told of.
    ContentOpened "content.opened",
    /// Somebody asks for a print of the plan.
    PrintRequested "print.requested",
    /// Somebody asks for all that is kept about the subject.
    ExportRequested "export.requested",
    /// Somebody asks for the plan to be archived now.
    ArchiveRequested "archive.requested",
    /// Contact data was confirmed or changed.
    ContactUpdated "contact.updated",
    /// Mail to an address came back.
    ContactBounced "contact.bounced",
    /// The subject's address protection was changed.
    ProtectionChanged "address_protection.changed",
    /// The subject's national id was replaced, such as a D-number by a birth number.
    SubjectIdentified "subject.identified",
}

/// What an event says. Which fields an event needs stands in `intake/src/event.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanEvent {
    /// What happened.
    pub event: EventName,
    /// Who runs the plan.
    #[serde(default)]
    pub standing: Standing,
    /// What it is about: the consent, meeting, message or other document, by the id it has in its own document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<DocumentId>,
    /// Who did it: a pseudonym.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorId>,
    /// In which role they did it, as DOMAIN § 4 names it: `guardian`, `plan_lead`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z_]+$"), length(max = 40))]
    pub role: Option<String>,
    /// Whom it is about or addressed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub people: Vec<Person>,
    /// Day to answer by, or from which something holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// When a meeting begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// What somebody answered to the invitation to a meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<MeetingReply>,
    /// Parts of the plan that were changed, or that a print shall have (`print --list-parts`); without any, a print has all that its
    /// reader may see and that is no special category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40))]
    pub parts: Vec<Line>,
    /// Of a print: whether special categories of personal data may be on it.
    #[serde(default, skip_serializing_if = "SpecialCategories::are_left_out")]
    pub special_categories: SpecialCategories,
    /// Of a print for a participant: the areas that the consent gives them (`plan`, `background`, `goals`, `evaluations`, `minutes`,
    /// `attachments`, `messages`). Without any, nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40))]
    pub scope: Vec<Line>,
    /// Of a print or an export for the subject's side: parts that are held back from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40))]
    pub withheld: Vec<Line>,
    /// Why, in the words of the one who asks. Of a print or an export it stands in the access log, so it is one of the list there
    /// (`own_copy`, `meeting`, `access_request`): free text would sooner or later hold a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
}

/// Whether special categories of personal data (GDPR art. 9) may be on a print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpecialCategories {
    /// They are left out, and may not be asked for by name.
    #[default]
    LeftOut,
    /// They are there where they were asked for, or where nothing was.
    Included,
}

impl SpecialCategories {
    fn are_left_out(&self) -> bool {
        *self == Self::LeftOut
    }
}

/// Who runs a plan, and how they are reached. Never archived.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// Who leads the plan: a pseudonym, the same in every plan of the same lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<ActorId>,
    /// The unit that the plan belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<crate::UnitId>,
    /// How the lead is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_contact: Option<Contact>,
    /// How the professional lead of the unit is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub professional_lead_contact: Option<Contact>,
    /// How the local administrator is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_admin_contact: Option<Contact>,
}

/// Somebody whom an event is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Name.
    pub name: Name,
    /// How to reach them; without it they go on the paper list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// One event, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id: the same event is taken once.
    pub id: EventId,
    /// When it happened in the source system.
    pub occurred_at: Timestamp,
    /// Short name of the source system.
    pub system: String,
    /// The plan's case as it stands now.
    pub case: Case,
    /// What happened.
    pub content: PlanEvent,
    /// Whether the people in it are made up.
    pub synthetic: bool,
    /// Of the whole event: an event is not archived, so nothing in it counts less than the rest.
    pub digest: Sha256,
}

impl Event {
    /// Freezes an envelope and works out its digest.
    pub fn new(envelope: Envelope<PlanEvent>) -> Self {
        let json = serde_json::to_value(&envelope).expect("an event is writable as JSON");
        let Envelope { id, occurred_at, source, case, content, synthetic, .. } = envelope;
        let digest = Sha256::of(&canonical_json(&json));
        Self { id: EventId::from_uuid(id.uuid()), occurred_at, system: source.system, case, content, synthetic, digest }
    }

    /// Who is told of the event itself. What a schedule tells of later is not among it.
    pub fn told(&self) -> Vec<(NoticeKind, RecipientRef)> {
        let people = || (0..).take(self.content.people.len()).map(RecipientRef::Recipient);
        let each = |kind, who: Vec<RecipientRef>| who.into_iter().map(|who| (kind, who)).collect();
        match self.content.event {
            EventName::ConsentRequested => each(NoticeKind::ConsentRequest, self.case.deciders(self.occurred_at.oslo_date())),
            EventName::ConsentExpired => each(NoticeKind::ConsentExpired, vec![RecipientRef::Lead]),
            EventName::ParticipantAdded => each(NoticeKind::ParticipantAdded, people().collect()),
            EventName::ParticipantRemoved => each(NoticeKind::ParticipantRemoved, people().collect()),
            EventName::MessageSent => each(NoticeKind::NewMessage, people().collect()),
            EventName::ContactBounced => each(NoticeKind::AddressBounced, vec![RecipientRef::Lead]),
            _ => Vec::new(),
        }
    }

    /// How somebody whom the event knows is reached. A child who does not decide yet is never written to.
    pub fn contact(&self, who: RecipientRef) -> Option<&Contact> {
        let standing = &self.content.standing;
        match who {
            RecipientRef::Subject => self.case.subject_contact.as_ref().filter(|_| self.case.subject_decides(self.occurred_at.oslo_date())),
            RecipientRef::Guardian(n) => self.case.guardians.get(usize::from(n))?.contact.as_ref(),
            RecipientRef::Recipient(n) => self.content.people.get(usize::from(n))?.contact.as_ref(),
            RecipientRef::Requester => self.content.people.first()?.contact.as_ref(),
            RecipientRef::Lead => standing.lead_contact.as_ref(),
            RecipientRef::ProfessionalLead => standing.professional_lead_contact.as_ref(),
            RecipientRef::LocalAdmin => standing.local_admin_contact.as_ref(),
            _ => None,
        }
    }

    /// Every address that the event knows, for when one of them is confirmed or comes back.
    pub fn addresses(&self) -> impl Iterator<Item = &EmailAddress> {
        self.content.people.iter().filter_map(|p| p.contact.as_ref()?.email.as_ref())
    }
}
