//! The named parts of every document: what a reader may choose among, and which of them are special categories of personal data
//! (DOMAIN § 6, column Sens = S). Short notes have no such column there; their free texts are held to be sensitive.

use Area::{Attachments, Background, Consent, Evaluations, Goals, Messages, Minutes, Plan};
use Sensitivity::{Ordinary, Special};
use pipeline_domain::{DocumentKind, PlanType};
use serde::Serialize;

/// Whether a part is a special category of personal data (særlige kategorier, GDPR art. 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sensitivity {
    /// It is not.
    Ordinary,
    /// It is: marked on paper, and left out of prints unless it is asked for.
    Special,
}

/// What a part belongs to, as a consent speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The plan's content.
    Plan,
    /// Background, resources, challenges.
    Background,
    /// Goals and measures.
    Goals,
    /// Evaluations.
    Evaluations,
    /// Invitations and minutes.
    Minutes,
    /// Attachments.
    Attachments,
    /// Messages.
    Messages,
    /// What was consented to.
    Consent,
}

/// One named part of a document.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// Its published name, such as `goals`.
    pub id: &'static str,
    /// What it belongs to.
    pub area: Area,
    /// Whether it is a special category.
    pub sensitivity: Sensitivity,
    /// Label of its heading, in the catalogue of terms.
    pub(crate) term: &'static str,
    /// Fields of the content that it shows.
    pub(crate) fields: &'static [&'static str],
}

impl Part {
    /// Whether it is a special category.
    pub fn is_sensitive(&self) -> bool {
        self.sensitivity == Special
    }

    /// The name of its label in the catalogue of terms, `templates/shared/terms.toml`.
    pub fn label(&self) -> &'static str {
        self.term
    }
}

/// A part that shows the one field of its name, under the label of its name.
const fn field(id: &'static str, of: &'static [&'static str; 1], area: Area, sensitivity: Sensitivity) -> Part {
    Part { id, area, sensitivity, term: id, fields: of }
}

const fn part(id: &'static str, term: &'static str, fields: &'static [&'static str], area: Area, sensitivity: Sensitivity) -> Part {
    Part { id, area, sensitivity, term, fields }
}

/// The facts of a document that stand in a card.
const fn facts(fields: &'static [&'static str], area: Area) -> Part {
    Part { id: KEY_FACTS, area, sensitivity: Ordinary, term: "key_facts", fields }
}

/// The part that every document has.
pub(crate) const KEY_FACTS: &str = "key_facts";
/// What a plan snapshot tells of the one that was archived before it. Made from the two, so it has no field.
pub(crate) const CHANGES: &str = "changes";

const CHANGES_PART: Part = part(CHANGES, "changes", &[], Goals, Special);

const IP: &[Part] = &[
    facts(&["plan_period_from", "plan_period_to", "coordinator", "child_coordinator"], Plan),
    CHANGES_PART,
    field("subject_needs", &["subject_needs"], Background, Special),
    field("background", &["background"], Background, Special),
    field("resources", &["resources"], Background, Special),
    field("challenges", &["challenges"], Background, Special),
    field("goals", &["goals"], Goals, Special),
    field("measures", &["measures"], Goals, Special),
    field("evaluations", &["evaluations"], Evaluations, Special),
    part("participants", "participants_and_contributions", &["participants"], Plan, Ordinary),
    field("cooperation_needs", &["cooperation_needs"], Plan, Ordinary),
    field("revision_times", &["revision_times"], Plan, Ordinary),
    field("linked_plans", &["linked_plans"], Plan, Special),
    field("consent_summary", &["consent_summary"], Consent, Ordinary),
    field("attachment_list", &["attachment_list"], Attachments, Ordinary),
    field("change_log", &["change_log"], Plan, Ordinary),
];

const ES: &[Part] = &[
    facts(&["coordinator"], Plan),
    CHANGES_PART,
    field("purpose", &["purpose"], Plan, Ordinary),
    field("participants", &["participants"], Plan, Ordinary),
    field("agreements", &["agreements"], Goals, Special),
    field("meeting_list", &["meeting_list"], Minutes, Ordinary),
    field("consent_summary", &["consent_summary"], Consent, Ordinary),
    field("attachment_list", &["attachment_list"], Attachments, Ordinary),
];

const SL: &[Part] = &[
    facts(&["baton_holder", "bti_level", "next_meeting_at"], Plan),
    CHANGES_PART,
    field("concern", &["concern"], Background, Special),
    field("child_view", &["child_view"], Background, Special),
    field("goals", &["goals"], Goals, Special),
    field("measures", &["measures"], Goals, Special),
    field("effect", &["effect"], Evaluations, Special),
    field("services", &["services"], Plan, Ordinary),
    field("handovers", &["handovers"], Plan, Ordinary),
    field("consent_summary", &["consent_summary"], Consent, Ordinary),
];

const IOP: &[Part] = &[
    facts(&["school_year", "school", "grade", "class", "contact_teacher", "iop_lead", "decision_ref"], Plan),
    CHANGES_PART,
    field("expert_assessment_ref", &["expert_assessment_ref"], Background, Special),
    field("strengths", &["strengths"], Background, Special),
    field("needs", &["needs"], Background, Special),
    part("hours", "hours_in_plan", &["hours_teacher", "hours_assistant"], Plan, Ordinary),
    part("goals", "main_goals", &["main_goals"], Goals, Special),
    field("subjects", &["subjects"], Goals, Special),
    field("aac_needs", &["aac_needs"], Background, Special),
    field("prepared_with", &["prepared_with"], Plan, Ordinary),
];

const ANNUAL_REPORT: &[Part] = &[
    facts(&["setting", "school_year", "period_from", "period_to", "decision_ref", "finalised_at"], Plan),
    field("provided_overview", &["provided_overview"], Evaluations, Special),
    part("hours", "hours_compared", &["hours_planned", "hours_given", "hours_share"], Plan, Ordinary),
    part("goal_assessments", "goal_assessments", &["goal_assessments", "goal_states"], Evaluations, Special),
    field("pupil_view", &["pupil_view"], Evaluations, Special),
    field("guardian_view", &["guardian_view"], Evaluations, Special),
    field("further_need", &["further_need"], Evaluations, Special),
    field("prepared_by", &["prepared_by"], Plan, Ordinary),
];

const MINUTES: &[Part] = &[
    facts(&["held_at", "place", "chair", "minute_taker", "next_meeting_at"], Minutes),
    field("present", &["present"], Minutes, Ordinary),
    field("absent", &["absent"], Minutes, Ordinary),
    field("previous_followup", &["previous_followup"], Minutes, Special),
    field("items", &["items"], Minutes, Special),
    field("actions", &["actions"], Minutes, Special),
    field("comments", &["comments"], Minutes, Special),
    part("recipients", "recipients", &["recipients", "sent_at"], Minutes, Ordinary),
];

const INVITATION: &[Part] = &[
    facts(
        &[
            "meeting_title",
            "state",
            "starts_at",
            "ends_at",
            "place",
            "digital_link",
            "organiser",
            "chair",
            "reply_by",
            "interpreter_needed",
        ],
        Minutes,
    ),
    field("agenda", &["agenda"], Minutes, Special),
    field("preparation", &["preparation"], Minutes, Special),
    field("invited", &["invited"], Minutes, Ordinary),
    field("attachment_list", &["attachment_list"], Attachments, Ordinary),
];

const CONSENT: &[Part] = &[
    facts(
        &["given_by", "relation", "on_behalf_of", "state", "approved_at", "valid_until", "withdrawn_at", "method", "consent_version"],
        Consent,
    ),
    part("purpose", "consent_purpose", &["purpose"], Consent, Ordinary),
    field("shared_with", &["shared_with"], Consent, Ordinary),
    field("secrecy_release", &["secrecy_release"], Consent, Ordinary),
];

const EVALUATION: &[Part] = &[
    facts(&["evaluated_at", "evaluator"], Evaluations),
    part("goal", "goal", &["goal_text"], Evaluations, Special),
    part("measure", "measure", &["measure_text"], Evaluations, Special),
    part("assessment", "assessment_text", &["result", "effect"], Evaluations, Special),
    field("subject_view", &["subject_view"], Evaluations, Special),
    field("next_step", &["next_step"], Evaluations, Special),
];

const RESPONSIBILITY: &[Part] = &[
    facts(&["transferred_at", "accepted_at"], Plan),
    part("change_of_lead", "change_of_lead", &["from_lead", "from_unit", "to_lead", "to_unit"], Plan, Ordinary),
    field("reason", &["reason"], Plan, Special),
    field("open_tasks", &["open_tasks"], Plan, Special),
];

const SCHOOL_YEAR: &[Part] = &[
    facts(&["destination"], Plan),
    part("change_of_year", "change_of_year", &["from_year", "from_school", "to_year", "to_school"], Plan, Ordinary),
    part("basis", "transfer_basis", &["basis"], Plan, Ordinary),
    field("carried_over", &["carried_over"], Plan, Special),
    field("left_behind", &["left_behind"], Plan, Special),
];

const CLOSING: &[Part] = &[
    facts(&["closed_at", "closed_by", "requested_by"], Plan),
    part("reason", "closing_reason", &["reason"], Plan, Special),
    part("goals_status", "goals_status", &["goals_status", "goal_states"], Goals, Special),
    field("outstanding", &["outstanding"], Plan, Special),
    field("access_after_closing", &["access_after_closing"], Plan, Ordinary),
];

const REOPENING: &[Part] = &[facts(&["reopened_at", "reopened_by"], Plan), field("reason", &["reason"], Plan, Special)];

const MESSAGE_LOG: &[Part] = &[
    // How many there are is told by the list itself.
    facts(&[], Messages),
    field("selection_rule", &["selection_rule"], Messages, Ordinary),
    field("messages", &["messages"], Messages, Special),
];

const FOLDER_OVERVIEW: &[Part] = &[
    // How many there are is told by the list itself.
    facts(&[], Plan),
    part("documents", "documents_in_folder", &["items"], Plan, Ordinary),
];

/// The parts of a document, in the order of the page. A kind without parts is not printed by parts.
pub fn parts_of(kind: DocumentKind, plan_type: PlanType) -> &'static [Part] {
    match (kind, plan_type) {
        (DocumentKind::PlanSnapshot, PlanType::Ip) => IP,
        (DocumentKind::PlanSnapshot, PlanType::Es) => ES,
        (DocumentKind::PlanSnapshot, PlanType::Sl) => SL,
        (DocumentKind::PlanSnapshot, PlanType::Iop) => IOP,
        (DocumentKind::MeetingMinutes, _) => MINUTES,
        (DocumentKind::AnnualReport, _) => ANNUAL_REPORT,
        (DocumentKind::MeetingInvitation, _) => INVITATION,
        (DocumentKind::ConsentRecord, _) => CONSENT,
        (DocumentKind::EvaluationReport, _) => EVALUATION,
        (DocumentKind::ResponsibilityTransferNote, _) => RESPONSIBILITY,
        (DocumentKind::SchoolYearTransferNote, _) => SCHOOL_YEAR,
        (DocumentKind::ClosingNote, _) => CLOSING,
        (DocumentKind::ReopeningNote, _) => REOPENING,
        (DocumentKind::MessageLog, _) => MESSAGE_LOG,
        // A sheet about a file: whoever wants a print wants the file.
        (DocumentKind::Attachment, _) => &[],
        (DocumentKind::FolderOverview, _) => FOLDER_OVERVIEW,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use pipeline_domain::envelope_schema;
    use serde_json::Value;

    use super::*;

    /// Fields that no part shows: what every document has, references of the archive's own, what is never printed, and what
    /// orders lists.
    const NO_PART: [&str; 15] = [
        "version",
        "snapshot_at",
        "produced_at",
        "produced_by",
        "iop_ref",
        "snapshot_ref",
        "last_snapshot_ref",
        "goal_ref",
        "access_given",
        "informed",
        "from_contact",
        "to_contact",
        "goal_states",
        "hours_share",
        "plan_system",
    ];

    /// Kinds that have parts.
    fn printed() -> impl Iterator<Item = DocumentKind> {
        let has_parts = |kind: &DocumentKind| !parts_of(*kind, kind.plan_types()[0]).is_empty();
        let kinds: Vec<DocumentKind> = DocumentKind::ALL.into_iter().filter(has_parts).collect();
        assert!(kinds.len() >= 11, "{kinds:?}");
        kinds.into_iter()
    }

    /// Every field of a document type, by the schema that documents are checked against.
    fn fields(kind: DocumentKind, plan_type: PlanType) -> BTreeSet<String> {
        let schema = envelope_schema(kind);
        let of = |content: &Value| {
            let name = content["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            schema["$defs"][name]["properties"].as_object().unwrap().keys().cloned().collect()
        };
        let Some(by_type) = schema["allOf"].as_array() else { return of(&schema["properties"]["content"]) };
        let wanted = |branch: &&Value| branch["if"]["properties"]["case"]["properties"]["plan_type"]["const"] == plan_type.id();
        of(&by_type.iter().find(wanted).unwrap()["then"]["properties"]["content"])
    }

    #[test]
    fn every_field_is_shown_by_one_part_or_by_none_on_purpose() {
        for kind in printed() {
            for &plan_type in kind.plan_types() {
                let mut shown: BTreeMap<&str, &str> = BTreeMap::new();
                for part in parts_of(kind, plan_type) {
                    for field in part.fields {
                        assert_eq!(shown.insert(field, part.id), None, "{} {field} is in two parts", kind.id());
                    }
                }
                for field in fields(kind, plan_type) {
                    let (part, none) = (shown.remove(field.as_str()), NO_PART.contains(&field.as_str()));
                    assert!(part.is_some() != none, "{} {plan_type:?}: {field} {part:?}", kind.id());
                }
                // What the view adds to the content.
                shown.retain(|field, _| !NO_PART.contains(field));
                assert!(shown.is_empty(), "{} has no {shown:?}", kind.id());
            }
        }
    }

    #[test]
    fn ids_are_each_their_own_and_the_facts_come_first() {
        for kind in printed() {
            for &plan_type in kind.plan_types() {
                let parts = parts_of(kind, plan_type);
                let ids: BTreeSet<&str> = parts.iter().map(|p| p.id).collect();
                assert_eq!(ids.len(), parts.len(), "{}", kind.id());
                assert_eq!((parts[0].id, parts[0].sensitivity), (KEY_FACTS, Ordinary), "{}", kind.id());
            }
        }
    }

    /// DOMAIN § 6, letter for letter: the fields of column Sens = S.
    #[test]
    fn special_categories_are_those_of_the_dictionary() {
        let check = |kind: DocumentKind, plan_type: PlanType, expected: &[&str]| {
            let special: Vec<&str> =
                parts_of(kind, plan_type).iter().filter(|p| p.is_sensitive() && p.id != CHANGES).map(|p| p.id).collect();
            assert_eq!(special, expected, "{} {plan_type:?}", kind.id());
        };
        let background = ["subject_needs", "background", "resources", "challenges", "goals", "measures", "evaluations", "linked_plans"];
        check(DocumentKind::PlanSnapshot, PlanType::Ip, &background);
        check(DocumentKind::PlanSnapshot, PlanType::Es, &["agreements"]);
        check(DocumentKind::PlanSnapshot, PlanType::Sl, &["concern", "child_view", "goals", "measures", "effect"]);
        let iop = ["expert_assessment_ref", "strengths", "needs", "goals", "subjects", "aac_needs"];
        check(DocumentKind::PlanSnapshot, PlanType::Iop, &iop);
        let report = ["provided_overview", "goal_assessments", "pupil_view", "guardian_view", "further_need"];
        check(DocumentKind::AnnualReport, PlanType::Iop, &report);
        check(DocumentKind::MeetingMinutes, PlanType::Ip, &["previous_followup", "items", "actions", "comments"]);
        check(DocumentKind::MeetingInvitation, PlanType::Ip, &["agenda", "preparation"]);
        check(DocumentKind::ConsentRecord, PlanType::Ip, &[]);
        check(DocumentKind::EvaluationReport, PlanType::Ip, &["goal", "measure", "assessment", "subject_view", "next_step"]);
    }
}
