//! Plan snapshot (øyeblikksbilde av plan), one shape per plan type. DOMAIN §§ 6.1–6.4.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::{
    AttachmentItem, BtiLevel, ChangeLogItem, DecisionRef, Evaluation, Goal, GoalRef, GoalStatus, Measure, Participant, Record,
};
use super::{DocumentType, GoalLists};
use crate::{Date, Hours, Line, Name, PlanType, SchoolYear, Text, Timestamp, WrittenForm};

/// A plan at one instant.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanSnapshot {
    /// Individuell plan.
    Ip(Box<IpPlan>),
    /// Enkelt samspill.
    Es(Box<EsPlan>),
    /// Stafettlogg.
    Sl(Box<SlPlan>),
    /// Individuell opplæringsplan.
    Iop(Box<IopPlan>),
}

impl PlanSnapshot {
    /// Which plan type this is.
    pub fn plan_type(&self) -> PlanType {
        match self {
            Self::Ip(_) => PlanType::Ip,
            Self::Es(_) => PlanType::Es,
            Self::Sl(_) => PlanType::Sl,
            Self::Iop(_) => PlanType::Iop,
        }
    }

    /// Version, instant and producer.
    pub fn record(&self) -> &Record {
        match self {
            Self::Ip(p) => &p.record,
            Self::Es(p) => &p.record,
            Self::Sl(p) => &p.record,
            Self::Iop(p) => &p.record,
        }
    }
}

impl DocumentType for PlanSnapshot {
    fn record(&self) -> &Record {
        self.record()
    }

    fn title(&self, form: WrittenForm) -> String {
        match (self, form) {
            (Self::Ip(_), _) => "Individuell plan".to_owned(),
            (Self::Es(_), WrittenForm::Nb) => "Enkelt samspill".to_owned(),
            (Self::Es(_), WrittenForm::Nn) => "Enkelt samspel".to_owned(),
            (Self::Sl(_), _) => "Stafettlogg".to_owned(),
            (Self::Iop(plan), _) => format!("Individuell opplæringsplan {}", plan.school_year.as_str()),
        }
    }

    fn goal_lists(&self) -> GoalLists {
        match self {
            Self::Ip(_) => GoalLists::WithMeasures { goals: "goals", judged: "evaluations" },
            Self::Es(_) => GoalLists::None,
            Self::Sl(_) => GoalLists::WithMeasures { goals: "goals", judged: "effect" },
            Self::Iop(_) => GoalLists::WithMeasures { goals: "main_goals", judged: "evaluations" },
        }
    }

    fn attachments(&self) -> Vec<AttachmentItem> {
        match self {
            Self::Ip(plan) => plan.attachment_list.clone(),
            Self::Es(plan) => plan.attachment_list.clone(),
            Self::Sl(_) | Self::Iop(_) => Vec::new(),
        }
    }
}

/// Individuell plan. The required fields cover the nine content points of the regulation on individual plans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IpPlan {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Planperiode fra.
    pub plan_period_from: Date,
    /// Planperiode til.
    pub plan_period_to: Date,
    /// Tidspunkt for justering og revisjon.
    #[schemars(length(min = 1, max = 50))]
    pub revision_times: Vec<Date>,
    /// Koordinator.
    pub coordinator: Name,
    /// Barnekoordinator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_coordinator: Option<Name>,
    /// Deltakere og bidrag.
    #[schemars(length(min = 1, max = 200))]
    pub participants: Vec<Participant>,
    /// Mål, ressurser og behov for tjenester.
    pub subject_needs: Text,
    /// Bakgrunn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Text>,
    /// Ressurser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Text>,
    /// Utfordringer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenges: Option<Text>,
    /// Hovedmål og delmål.
    #[schemars(length(min = 1, max = 500))]
    pub goals: Vec<Goal>,
    /// Tiltak.
    #[schemars(length(min = 1, max = 1000))]
    pub measures: Vec<Measure>,
    /// Nødvendig eller ønsket samarbeid med andre.
    pub cooperation_needs: Text,
    /// Fagplaner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub linked_plans: Vec<LinkedPlan>,
    /// Samtykke.
    pub consent_summary: Text,
    /// Evalueringer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub evaluations: Vec<Evaluation>,
    /// Vedlegg.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub attachment_list: Vec<AttachmentItem>,
    /// Endringslogg.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub change_log: Vec<ChangeLogItem>,
}

/// A plan of one service that this plan leans on (fagplan).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkedPlan {
    /// Its title.
    pub title: Line,
    /// The service that owns it.
    pub service: Line,
    /// Its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

/// Enkelt samspill: a coordinated team without goals and evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EsPlan {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Formål med samspillet.
    pub purpose: Text,
    /// Koordinator.
    pub coordinator: Name,
    /// Deltakere.
    #[schemars(length(min = 1, max = 200))]
    pub participants: Vec<Participant>,
    /// Avtaler.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub agreements: Vec<Agreement>,
    /// Møter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub meeting_list: Vec<MeetingListItem>,
    /// Samtykke.
    pub consent_summary: Text,
    /// Vedlegg.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub attachment_list: Vec<AttachmentItem>,
}

/// Who does what, by when (avtale).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// Hvem.
    pub who: Line,
    /// Hva.
    pub what: Text,
    /// Frist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// A meeting held or planned (møte).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingListItem {
    /// Tid.
    pub at: Timestamp,
    /// Neutral title.
    pub title: Line,
}

/// Stafettlogg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlPlan {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Stafettholder.
    pub baton_holder: Name,
    /// Nivå i BTI-modellen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bti_level: Option<BtiLevel>,
    /// Undring eller bekymring.
    pub concern: Text,
    /// Barnets eller ungdommens syn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_view: Option<Text>,
    /// Mål.
    #[schemars(length(min = 1, max = 500))]
    pub goals: Vec<Goal>,
    /// Tiltak.
    #[schemars(length(min = 1, max = 1000))]
    pub measures: Vec<SlMeasure>,
    /// Vurdering av effekt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub effect: Vec<Effect>,
    /// Tjenester involvert.
    #[schemars(length(min = 1, max = 100))]
    pub services: Vec<Service>,
    /// Overlevering av stafettpinnen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub handovers: Vec<Handover>,
    /// Neste møte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_meeting_at: Option<Timestamp>,
    /// Samtykke.
    pub consent_summary: Text,
}

/// Measure in a stafettlogg (tiltak).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlMeasure {
    /// The goal it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalRef>,
    /// Tiltak.
    pub text: Text,
    /// Arena.
    pub arena: Line,
    /// Ansvarlig.
    pub responsible: Line,
    /// Frist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<GoalStatus>,
}

/// Judgement of what the measures did (vurdering av effekt).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// Dato.
    pub date: Date,
    /// The goal that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalRef>,
    /// Status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<GoalStatus>,
    /// Vurdering.
    pub text: Text,
}

/// A service that takes part (tjeneste).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Tjeneste.
    pub name: Line,
    /// Kontaktperson.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_person: Option<Name>,
}

/// The baton passes on (overlevering av stafettpinnen).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handover {
    /// Fra.
    pub from: Name,
    /// Til.
    pub to: Name,
    /// Mottatt.
    pub accepted_at: Timestamp,
}

/// Individuell opplæringsplan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IopPlan {
    /// Version, instant and producer.
    #[serde(flatten)]
    pub record: Record,
    /// Skoleår.
    pub school_year: SchoolYear,
    /// Skole.
    pub school: Line,
    /// Trinn.
    pub grade: Line,
    /// Klasse.
    pub class: Line,
    /// Kontaktlærer.
    pub contact_teacher: Name,
    /// IOP-ansvarlig.
    pub iop_lead: Name,
    /// Enkeltvedtak.
    pub decision_ref: DecisionRef,
    /// Sakkyndig vurdering.
    pub expert_assessment_ref: AssessmentRef,
    /// Timer med lærer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_teacher: Option<Hours>,
    /// Timer med assistent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_assistant: Option<Hours>,
    /// Ressurser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strengths: Option<Text>,
    /// Behov.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Text>,
    /// Hovedmål for opplæringen.
    #[schemars(length(min = 1, max = 500))]
    pub main_goals: Vec<Goal>,
    /// Fag.
    #[schemars(length(min = 1, max = 60))]
    pub subjects: Vec<SubjectPlan>,
    /// Alternativ og supplerende kommunikasjon (ASK).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aac_needs: Option<Text>,
    /// Utarbeidet i samarbeid med.
    #[schemars(length(min = 1, max = 50))]
    pub prepared_with: Vec<Participant>,
}

/// Expert assessment (sakkyndig vurdering).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssessmentRef {
    /// Reference in the case archive.
    #[serde(rename = "ref")]
    pub reference: Line,
    /// Its date.
    pub date: Date,
}

/// What the plan says for one school subject (fag).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectPlan {
    /// Fag.
    pub subject: Line,
    /// Mål.
    #[schemars(length(min = 1, max = 200))]
    pub goals: Vec<Text>,
    /// Innhold.
    pub content: Text,
    /// Arbeidsmåter.
    pub methods: Text,
    /// Organisering.
    pub organisation: Text,
    /// Læremidler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aids: Option<Text>,
    /// Vurdering.
    pub assessment: Text,
    /// Avvik fra læreplan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviates: Option<Text>,
}
