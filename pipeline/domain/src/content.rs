//! The document types. One file each; adding an arm to [`Content`] makes the compiler list the rest of the work.

mod annual_report;
mod meeting_minutes;
mod parts;
mod plan_snapshot;

pub use annual_report::{AnnualReport, GivenAccess, GoalAssessment, IopRef, PreparedBy, ReportSetting};
pub use meeting_minutes::{AgendaItem, Attendee, Comment, Followup, MeetingAction, MeetingMinutes, MinutesRecipient};
pub use parts::{
    AttachmentItem, BtiLevel, ChangeLogItem, DecisionRef, Evaluation, Goal, GoalRef, GoalStatus, Measure, Participant, Record, SubGoal,
};
pub use plan_snapshot::{
    Agreement, AssessmentRef, Effect, EsPlan, Handover, IopPlan, IpPlan, LinkedPlan, MeetingListItem, PlanSnapshot, Service, SlMeasure,
    SlPlan, SubjectPlan,
};

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
}

impl DocumentKind {
    /// Every kind, in the order of the domain page.
    pub const ALL: [Self; 3] = [Self::PlanSnapshot, Self::MeetingMinutes, Self::AnnualReport];

    /// The published name: `plan_snapshot`, `meeting_minutes`, `iop_annual_report`.
    pub fn id(self) -> &'static str {
        match self {
            Self::PlanSnapshot => "plan_snapshot",
            Self::MeetingMinutes => "meeting_minutes",
            Self::AnnualReport => "iop_annual_report",
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
        }
    }

    /// Plan types that can have such a document (DOMAIN § 2).
    pub fn plan_types(self) -> &'static [PlanType] {
        match self {
            Self::PlanSnapshot => &[PlanType::Ip, PlanType::Es, PlanType::Sl, PlanType::Iop],
            Self::MeetingMinutes => &[PlanType::Ip, PlanType::Es, PlanType::Sl, PlanType::Iop],
            Self::AnnualReport => &[PlanType::Iop],
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

/// What a document says. One arm per document type.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Øyeblikksbilde av plan.
    PlanSnapshot(PlanSnapshot),
    /// Møtereferat.
    MeetingMinutes(MeetingMinutes),
    /// Årsrapport for IOP.
    AnnualReport(AnnualReport),
}

impl Content {
    /// Which document type this is.
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::PlanSnapshot(_) => DocumentKind::PlanSnapshot,
            Self::MeetingMinutes(_) => DocumentKind::MeetingMinutes,
            Self::AnnualReport(_) => DocumentKind::AnnualReport,
        }
    }

    /// Version, instant and producer: the fields that every document has.
    pub fn record(&self) -> &Record {
        match self {
            Self::PlanSnapshot(p) => p.record(),
            Self::MeetingMinutes(m) => &m.record,
            Self::AnnualReport(r) => &r.record,
        }
    }

    /// The content as JSON, in the shape it came in.
    pub fn to_json(&self) -> Value {
        let json = match self {
            Self::PlanSnapshot(PlanSnapshot::Ip(p)) => serde_json::to_value(p),
            Self::PlanSnapshot(PlanSnapshot::Es(p)) => serde_json::to_value(p),
            Self::PlanSnapshot(PlanSnapshot::Sl(p)) => serde_json::to_value(p),
            Self::PlanSnapshot(PlanSnapshot::Iop(p)) => serde_json::to_value(p),
            Self::MeetingMinutes(m) => serde_json::to_value(m),
            Self::AnnualReport(r) => serde_json::to_value(r),
        };
        json.expect("content holds nothing that JSON cannot write")
    }

    /// Reads content of a kind and plan type. Intake has checked the value against the schema of the same types, so an
    /// error here means that the two disagree.
    pub fn from_json(kind: DocumentKind, plan_type: PlanType, value: Value) -> serde_json::Result<Self> {
        use serde_json::from_value;
        Ok(match (kind, plan_type) {
            (DocumentKind::PlanSnapshot, PlanType::Ip) => Self::PlanSnapshot(PlanSnapshot::Ip(from_value(value)?)),
            (DocumentKind::PlanSnapshot, PlanType::Es) => Self::PlanSnapshot(PlanSnapshot::Es(from_value(value)?)),
            (DocumentKind::PlanSnapshot, PlanType::Sl) => Self::PlanSnapshot(PlanSnapshot::Sl(from_value(value)?)),
            (DocumentKind::PlanSnapshot, PlanType::Iop) => Self::PlanSnapshot(PlanSnapshot::Iop(from_value(value)?)),
            (DocumentKind::MeetingMinutes, _) => Self::MeetingMinutes(from_value(value)?),
            (DocumentKind::AnnualReport, _) => Self::AnnualReport(from_value(value)?),
        })
    }

    /// Title on paper and in the file's own metadata: type, and school year where there is one. Never a name: type and name
    /// together reveal that the person is a client (DOMAIN § 7).
    pub fn title(&self, form: WrittenForm) -> String {
        match self {
            Self::PlanSnapshot(plan) => plan.title(form),
            Self::MeetingMinutes(_) => "Møtereferat".to_owned(),
            Self::AnnualReport(report) => format!("Årsrapport {}", report.school_year.as_str()),
        }
    }

    /// Where its goals are (DOMAIN § 2: not every plan type has goals).
    pub fn goal_lists(&self) -> GoalLists {
        match self {
            Self::PlanSnapshot(plan) => plan.goal_lists(),
            Self::MeetingMinutes(_) => GoalLists::None,
            Self::AnnualReport(_) => GoalLists::Assessed { goals: "goal_assessments" },
        }
    }

    /// Who is told when the document is archived, and of what (DOMAIN § 8).
    pub fn told(&self, case: &Case) -> Vec<(NoticeKind, RecipientRef)> {
        match self {
            Self::PlanSnapshot(_) => Vec::new(),
            Self::MeetingMinutes(minutes) => minutes.told(),
            Self::AnnualReport(report) => report.told(case),
        }
    }

    /// How one of the document's people is reached. `None` when there is no contact data, or when they may not be written to.
    pub fn contact<'a>(&'a self, case: &'a Case, recipient: RecipientRef) -> Option<&'a Contact> {
        match (self, recipient) {
            (Self::MeetingMinutes(minutes), RecipientRef::Recipient(n)) => minutes.recipients.get(usize::from(n))?.contact.as_ref(),
            (Self::AnnualReport(report), RecipientRef::Subject) => case.subject_contact.as_ref().filter(|_| report.is_for_the_pupil(case)),
            (_, RecipientRef::Subject) => case.subject_contact.as_ref(),
            (_, RecipientRef::Guardian(n)) => case.guardians.get(usize::from(n))?.contact.as_ref(),
            (
                _,
                RecipientRef::Participant(_)
                | RecipientRef::Invited(_)
                | RecipientRef::Recipient(_)
                | RecipientRef::Lead
                | RecipientRef::FormerLead
                | RecipientRef::NewLead
                | RecipientRef::ProfessionalLead
                | RecipientRef::LocalAdmin
                | RecipientRef::Requester
                | RecipientRef::Archivist,
            ) => None,
        }
    }

    /// Who wrote it, for Noark `forfatter`.
    pub fn authors(&self) -> Vec<&Name> {
        match self {
            Self::PlanSnapshot(_) => vec![&self.record().produced_by],
            Self::MeetingMinutes(m) => vec![&m.minute_taker],
            Self::AnnualReport(r) => r.prepared_by.iter().map(|p| &p.name).collect(),
        }
    }
}
