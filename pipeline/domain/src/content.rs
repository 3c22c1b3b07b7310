//! The document types. One file each; adding an arm to [`Content`] makes the compiler list the rest of the work.

mod annual_report;
mod attached;
mod attachment;
mod closing_note;
mod consent_record;
mod evaluation_report;
mod folder_overview;
mod meeting_invitation;
mod meeting_minutes;
mod message_log;
mod parts;
mod plan_snapshot;
mod reopening_note;
mod responsibility_transfer_note;
mod school_year_transfer_note;

pub use annual_report::{AnnualReport, GivenAccess, GoalAssessment, PreparedBy, ReportSetting};
pub use attached::{Attached, AttachmentState, CopiedFile, FileFormat, FileOnDisk, PageCopy};
pub use attachment::{Attachment, BelongsTo, DocumentRef};
pub use closing_note::{ClosingNote, ClosingReason, GoalOutcome};
pub use consent_record::{ConsentMethod, ConsentRecord, ConsentState, Shared};
pub use evaluation_report::EvaluationReport;
pub use folder_overview::{FolderItem, FolderOverview, OWN_SYSTEM};
pub use meeting_invitation::{AgendaPoint, Invited, MeetingInvitation, MeetingReply, MeetingState};
pub use meeting_minutes::{AgendaItem, Attendee, Comment, Followup, MeetingAction, MeetingMinutes, MinutesRecipient};
pub use message_log::{Message, MessageLog, SelectionRule};
pub use parts::{
    AttachmentItem, BtiLevel, ChangeLogItem, DecisionRef, Evaluation, Goal, GoalRef, GoalStatus, Informed, Measure, Participant, Record,
    SnapshotRef, SubGoal,
};
pub use plan_snapshot::{
    Agreement, AssessmentRef, Effect, EsPlan, Handover, IopPlan, IpPlan, LinkedPlan, MeetingListItem, PlanSnapshot, Service, SlMeasure,
    SlPlan, SubjectPlan,
};
pub use reopening_note::ReopeningNote;
pub use responsibility_transfer_note::ResponsibilityTransferNote;
pub use school_year_transfer_note::{SchoolYearTransferNote, TransferBasis, TransferDestination};

use serde_json::Value;

use crate::{Case, Contact, Lang, Name, NoticeKind, PlanType, RecipientRef, WrittenForm};

/// Document type (dokumenttype), DOMAIN § 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// Øyeblikksbilde av plan.
    PlanSnapshot,
    /// Møtereferat.
    MeetingMinutes,
    /// Årsrapport for IOP.
    AnnualReport,
    /// Møteinnkalling.
    MeetingInvitation,
    /// Samtykke.
    ConsentRecord,
    /// Evaluering.
    EvaluationReport,
    /// Overføring av planansvar.
    ResponsibilityTransferNote,
    /// Overføring til nytt skoleår.
    SchoolYearTransferNote,
    /// Avslutning av plan.
    ClosingNote,
    /// Gjenåpning.
    ReopeningNote,
    /// Internmeldinger.
    MessageLog,
    /// Vedlegg som kommer for seg selv.
    Attachment,
    /// Innholdsliste.
    FolderOverview,
}

impl DocumentKind {
    /// Every kind, in the order of the domain page.
    pub const ALL: [Self; 13] = [
        Self::PlanSnapshot,
        Self::MeetingMinutes,
        Self::AnnualReport,
        Self::MeetingInvitation,
        Self::ConsentRecord,
        Self::EvaluationReport,
        Self::ResponsibilityTransferNote,
        Self::SchoolYearTransferNote,
        Self::ClosingNote,
        Self::ReopeningNote,
        Self::MessageLog,
        Self::Attachment,
        Self::FolderOverview,
    ];

    /// The published name: `plan_snapshot`, `meeting_minutes`, `iop_annual_report`.
    pub fn id(self) -> &'static str {
        match self {
            Self::PlanSnapshot => "plan_snapshot",
            Self::MeetingMinutes => "meeting_minutes",
            Self::AnnualReport => "iop_annual_report",
            Self::MeetingInvitation => "meeting_invitation",
            Self::ConsentRecord => "consent_record",
            Self::EvaluationReport => "evaluation_report",
            Self::ResponsibilityTransferNote => "responsibility_transfer_note",
            Self::SchoolYearTransferNote => "school_year_transfer_note",
            Self::ClosingNote => "closing_note",
            Self::ReopeningNote => "reopening_note",
            Self::MessageLog => "message_log",
            Self::Attachment => "attachment",
            Self::FolderOverview => "folder_overview",
        }
    }

    /// The kind with this published name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.id() == id)
    }

    /// Folder name of its samples and templates: `plan-snapshot`.
    pub fn folder(self) -> String {
        self.id().replace('_', "-")
    }

    /// The type in plain words.
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::PlanSnapshot, Lang::Nb) => "øyeblikksbilde",
            (Self::PlanSnapshot, Lang::Nn) => "augneblinksbilete",
            (Self::PlanSnapshot, Lang::En) => "plan snapshot",
            (Self::MeetingMinutes, Lang::Nb | Lang::Nn) => "møtereferat",
            (Self::MeetingMinutes, Lang::En) => "meeting minutes",
            (Self::AnnualReport, Lang::Nb | Lang::Nn) => "årsrapport",
            (Self::AnnualReport, Lang::En) => "annual report",
            (Self::MeetingInvitation, Lang::Nb | Lang::Nn) => "møteinnkalling",
            (Self::MeetingInvitation, Lang::En) => "meeting invitation",
            (Self::ConsentRecord, Lang::Nb | Lang::Nn) => "samtykke",
            (Self::ConsentRecord, Lang::En) => "consent",
            (Self::EvaluationReport, Lang::Nb | Lang::Nn) => "evaluering",
            (Self::EvaluationReport, Lang::En) => "evaluation",
            (Self::ResponsibilityTransferNote, Lang::Nb | Lang::Nn) => "overføring av planansvar",
            (Self::ResponsibilityTransferNote, Lang::En) => "transfer of responsibility",
            (Self::SchoolYearTransferNote, Lang::Nb) => "overføring til nytt skoleår",
            (Self::SchoolYearTransferNote, Lang::Nn) => "overføring til nytt skuleår",
            (Self::SchoolYearTransferNote, Lang::En) => "transfer to a new school year",
            (Self::ClosingNote, Lang::Nb | Lang::Nn) => "avslutning av plan",
            (Self::ClosingNote, Lang::En) => "closing of a plan",
            (Self::ReopeningNote, Lang::Nb) => "gjenåpning",
            (Self::ReopeningNote, Lang::Nn) => "gjenopning",
            (Self::ReopeningNote, Lang::En) => "reopening",
            (Self::MessageLog, Lang::Nb) => "internmeldinger",
            (Self::MessageLog, Lang::Nn) => "internmeldingar",
            (Self::MessageLog, Lang::En) => "messages",
            (Self::Attachment, Lang::Nb | Lang::Nn) => "vedlegg",
            (Self::Attachment, Lang::En) => "attachment",
            (Self::FolderOverview, Lang::Nb) => "innholdsliste",
            (Self::FolderOverview, Lang::Nn) => "innhaldsliste",
            (Self::FolderOverview, Lang::En) => "folder overview",
        }
    }

    /// Plan types that can have such a document (DOMAIN § 2).
    pub fn plan_types(self) -> &'static [PlanType] {
        const ALL: &[PlanType] = &[PlanType::Ip, PlanType::Es, PlanType::Sl, PlanType::Iop];
        match self {
            Self::PlanSnapshot | Self::MeetingMinutes | Self::MeetingInvitation | Self::MessageLog | Self::Attachment => ALL,
            Self::ResponsibilityTransferNote | Self::ClosingNote | Self::ReopeningNote | Self::FolderOverview => ALL,
            Self::AnnualReport | Self::SchoolYearTransferNote => &[PlanType::Iop],
            // An IOP rests on an individual decision.
            Self::ConsentRecord => &[PlanType::Ip, PlanType::Es, PlanType::Sl],
            // An ES has no goals.
            Self::EvaluationReport => &[PlanType::Ip, PlanType::Sl, PlanType::Iop],
        }
    }
}

/// Where a document's JSON holds its goals, so that they can be laid out one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoalLists {
    /// No goals, or nothing but the sender's own words about one.
    None,
    /// [`Goal`]s in the field `goals`, with [`Measure`]s in `measures`; the items of the field `judged` point to goals.
    WithMeasures {
        /// Field of the goals.
        goals: &'static str,
        /// Field of the judgements.
        judged: &'static str,
    },
    /// Goals told by their text, each with its assessment and status.
    Assessed {
        /// Field of the goals.
        goals: &'static str,
    },
}

/// What every document type can tell about itself. What is left out has the answer that most give.
trait DocumentType {
    /// Version, instant and producer: the fields that every document has.
    fn record(&self) -> &Record;

    fn title(&self, form: WrittenForm) -> String;

    fn goal_lists(&self) -> GoalLists {
        GoalLists::None
    }

    fn told(&self, _: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        Vec::new()
    }

    /// How number `n` of its own recipients is reached.
    fn recipient(&self, _n: usize) -> Option<&Contact> {
        None
    }

    /// How the subject is reached. A child who does not decide yet is never written to, even where the record has an address.
    fn subject<'a>(&self, case: &'a Case) -> Option<&'a Contact> {
        case.subject_contact.as_ref().filter(|_| case.subject_decides(self.record().snapshot_at.oslo_date()))
    }

    fn authors(&self) -> Vec<&Name> {
        vec![&self.record().produced_by]
    }

    /// The files that come with it, in its own order.
    fn attachments(&self) -> Vec<AttachmentItem> {
        Vec::new()
    }

    fn is_draft(&self) -> bool {
        false
    }
}

/// What a document says. One arm per document type.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Øyeblikksbilde av plan.
    PlanSnapshot(PlanSnapshot),
    /// Møtereferat.
    MeetingMinutes(MeetingMinutes),
    /// Årsrapport for IOP.
    AnnualReport(AnnualReport),
    /// Møteinnkalling.
    MeetingInvitation(MeetingInvitation),
    /// Samtykke.
    ConsentRecord(ConsentRecord),
    /// Evaluering.
    EvaluationReport(EvaluationReport),
    /// Overføring av planansvar.
    ResponsibilityTransferNote(ResponsibilityTransferNote),
    /// Overføring til nytt skoleår.
    SchoolYearTransferNote(SchoolYearTransferNote),
    /// Avslutning av plan.
    ClosingNote(ClosingNote),
    /// Gjenåpning.
    ReopeningNote(ReopeningNote),
    /// Internmeldinger.
    MessageLog(MessageLog),
    /// Vedlegg som kommer for seg selv.
    Attachment(Attachment),
    /// Innholdsliste.
    FolderOverview(FolderOverview),
}

impl Content {
    /// Which document type this is.
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::PlanSnapshot(_) => DocumentKind::PlanSnapshot,
            Self::MeetingMinutes(_) => DocumentKind::MeetingMinutes,
            Self::AnnualReport(_) => DocumentKind::AnnualReport,
            Self::MeetingInvitation(_) => DocumentKind::MeetingInvitation,
            Self::ConsentRecord(_) => DocumentKind::ConsentRecord,
            Self::EvaluationReport(_) => DocumentKind::EvaluationReport,
            Self::ResponsibilityTransferNote(_) => DocumentKind::ResponsibilityTransferNote,
            Self::SchoolYearTransferNote(_) => DocumentKind::SchoolYearTransferNote,
            Self::ClosingNote(_) => DocumentKind::ClosingNote,
            Self::ReopeningNote(_) => DocumentKind::ReopeningNote,
            Self::MessageLog(_) => DocumentKind::MessageLog,
            Self::Attachment(_) => DocumentKind::Attachment,
            Self::FolderOverview(_) => DocumentKind::FolderOverview,
        }
    }

    fn itself(&self) -> &dyn DocumentType {
        match self {
            Self::PlanSnapshot(d) => d,
            Self::MeetingMinutes(d) => d,
            Self::AnnualReport(d) => d,
            Self::MeetingInvitation(d) => d,
            Self::ConsentRecord(d) => d,
            Self::EvaluationReport(d) => d,
            Self::ResponsibilityTransferNote(d) => d,
            Self::SchoolYearTransferNote(d) => d,
            Self::ClosingNote(d) => d,
            Self::ReopeningNote(d) => d,
            Self::MessageLog(d) => d,
            Self::Attachment(d) => d,
            Self::FolderOverview(d) => d,
        }
    }

    /// Version, instant and producer: the fields that every document has.
    pub fn record(&self) -> &Record {
        self.itself().record()
    }

    /// The content as JSON, in the shape it came in.
    pub fn to_json(&self) -> Value {
        let json = match self {
            Self::PlanSnapshot(PlanSnapshot::Ip(d)) => serde_json::to_value(d),
            Self::PlanSnapshot(PlanSnapshot::Es(d)) => serde_json::to_value(d),
            Self::PlanSnapshot(PlanSnapshot::Sl(d)) => serde_json::to_value(d),
            Self::PlanSnapshot(PlanSnapshot::Iop(d)) => serde_json::to_value(d),
            Self::MeetingMinutes(d) => serde_json::to_value(d),
            Self::AnnualReport(d) => serde_json::to_value(d),
            Self::MeetingInvitation(d) => serde_json::to_value(d),
            Self::ConsentRecord(d) => serde_json::to_value(d),
            Self::EvaluationReport(d) => serde_json::to_value(d),
            Self::ResponsibilityTransferNote(d) => serde_json::to_value(d),
            Self::SchoolYearTransferNote(d) => serde_json::to_value(d),
            Self::ClosingNote(d) => serde_json::to_value(d),
            Self::ReopeningNote(d) => serde_json::to_value(d),
            Self::MessageLog(d) => serde_json::to_value(d),
            Self::Attachment(d) => serde_json::to_value(d),
            Self::FolderOverview(d) => serde_json::to_value(d),
        };
        json.expect("content holds nothing that JSON cannot write")
    }

    /// Reads content of a kind and plan type. Intake has checked the value against the schema of the same types, so an
    /// error here means that the two disagree.
    pub fn from_json(kind: DocumentKind, plan_type: PlanType, value: Value) -> serde_json::Result<Self> {
        use serde_json::from_value;
        Ok(match kind {
            DocumentKind::PlanSnapshot => Self::PlanSnapshot(match plan_type {
                PlanType::Ip => PlanSnapshot::Ip(from_value(value)?),
                PlanType::Es => PlanSnapshot::Es(from_value(value)?),
                PlanType::Sl => PlanSnapshot::Sl(from_value(value)?),
                PlanType::Iop => PlanSnapshot::Iop(from_value(value)?),
            }),
            DocumentKind::MeetingMinutes => Self::MeetingMinutes(from_value(value)?),
            DocumentKind::AnnualReport => Self::AnnualReport(from_value(value)?),
            DocumentKind::MeetingInvitation => Self::MeetingInvitation(from_value(value)?),
            DocumentKind::ConsentRecord => Self::ConsentRecord(from_value(value)?),
            DocumentKind::EvaluationReport => Self::EvaluationReport(from_value(value)?),
            DocumentKind::ResponsibilityTransferNote => Self::ResponsibilityTransferNote(from_value(value)?),
            DocumentKind::SchoolYearTransferNote => Self::SchoolYearTransferNote(from_value(value)?),
            DocumentKind::ClosingNote => Self::ClosingNote(from_value(value)?),
            DocumentKind::ReopeningNote => Self::ReopeningNote(from_value(value)?),
            DocumentKind::MessageLog => Self::MessageLog(from_value(value)?),
            DocumentKind::Attachment => Self::Attachment(from_value(value)?),
            DocumentKind::FolderOverview => Self::FolderOverview(from_value(value)?),
        })
    }

    /// Title on paper and in the file's own metadata: type, and school year where there is one. Never a name: type and name
    /// together reveal that the person is a client (DOMAIN § 7).
    pub fn title(&self, form: WrittenForm) -> String {
        self.itself().title(form)
    }

    /// Where its goals are (DOMAIN § 2: not every plan type has goals).
    pub fn goal_lists(&self) -> GoalLists {
        self.itself().goal_lists()
    }

    /// Who is told when the document is archived, and of what (DOMAIN § 8).
    pub fn told(&self, case: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        self.itself().told(case)
    }

    /// How one of the document's people is reached. `None` when there is no contact data, or when they may not be written to.
    pub fn contact<'a>(&'a self, case: &'a Case, recipient: RecipientRef) -> Option<&'a Contact> {
        match recipient {
            RecipientRef::Recipient(n) => self.itself().recipient(usize::from(n)),
            RecipientRef::Subject => self.itself().subject(case),
            RecipientRef::Guardian(n) => case.guardians.get(usize::from(n))?.contact.as_ref(),
            _ => None,
        }
    }

    /// Who wrote it, for Noark `forfatter`.
    pub fn authors(&self) -> Vec<&Name> {
        self.itself().authors()
    }

    /// The files that come with it, in the order of its own list.
    pub fn attachments(&self) -> Vec<AttachmentItem> {
        self.itself().attachments()
    }

    /// Whether it may be looked at but not archived yet.
    pub fn is_draft(&self) -> bool {
        self.itself().is_draft()
    }
}
