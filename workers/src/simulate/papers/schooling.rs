//! Papers that only an IOP has: the plan itself, the annual report, the note on a new school year.

use pipeline_domain::Timestamp;
use serde_json::{Value, json};

use super::{Paper, joined};
use crate::simulate::{
    calendar::{next_school_year, plus, school_year_begins},
    plan::{Plan, Taken},
    words,
};

impl Plan {
    pub(super) fn iop(&self) -> Value {
        let year = &self.schooling;
        let subjects: Vec<Value> = words::SUBJECTS
            .iter()
            .take(1 + self.no as usize % words::SUBJECTS.len())
            .map(|subject| {
                json!({
                    "subject": self.say(*subject),
                    "goals": [self.say(self.goals[0].text)],
                    "content": self.say(("Korte tekster og praktiske oppgaver.", "Korte tekstar og praktiske oppgåver.")),
                    "methods": self.say(self.goals[0].measure),
                    "organisation": self.say(("I klassen, med to timer i liten gruppe.", "I klassen, med to timar i lita gruppe.")),
                    "assessment": self.say(("Samtale om arbeidet hver fjerde uke.", "Samtale om arbeidet kvar fjerde veke.")),
                })
            })
            .collect();
        let pupil = json!({ "name": self.subject.name, "role": self.say(("Elev", "Elev")) });
        let guardians =
            self.guardians.iter().map(|g| json!({ "name": g.person.name, "role": self.say(super::snapshot::relation(g.relation)) }));
        let members =
            self.members.iter().map(|m| json!({ "name": m.person.name, "role": self.say(m.role), "service": self.say(m.service) }));
        let prepared_with: Vec<Value> = [pupil].into_iter().chain(guardians).chain(members).collect();
        let (grade, class) = if self.is_in_kindergarten() {
            ("Barnehage".to_owned(), self.say(("Avdeling Blå", "Avdeling Blå")).to_owned())
        } else {
            (format!("{}. trinn", year.grade), format!("{}A", year.grade))
        };
        json!({
            "school_year": year.year,
            "school": year.school,
            "grade": grade,
            "class": class,
            "contact_teacher": year.teacher.name,
            "iop_lead": self.lead().name,
            "decision_ref": self.decision(),
            "expert_assessment_ref": { "ref": format!("2026/{:05}-2", self.no), "date": plus(year.decided_on, -40) },
            "hours_teacher": 152.0,
            "hours_assistant": 76.5,
            "strengths": self.say(words::NEEDS[2]),
            "needs": self.say(self.needs),
            "main_goals": self.goal_list("main_goal"),
            "subjects": subjects,
            "prepared_with": prepared_with,
        })
    }

    fn is_in_kindergarten(&self) -> bool {
        self.schooling.school == self.town.kindergarten
    }

    fn decision(&self) -> Value {
        let year = &self.schooling;
        json!({
            "ref": format!("2026/{:05}-4", self.no), "date": year.decided_on, "valid_from": plus(year.decided_on, 1),
            "valid_to": plus(year.decided_on, 800),
        })
    }

    /// The report on the school year, each goal assessed.
    pub fn annual_report(&mut self, at: Timestamp, iop: Taken) -> Value {
        let from = school_year_begins(at.oslo_date().naive());
        let to = plus(school_year_begins(plus(from, 370)), -1);
        let assessments: Vec<Value> = self
            .goals
            .iter()
            .zip(words::EFFECTS.iter().cycle().skip(self.no as usize % 5))
            .map(|(goal, effect)| json!({ "goal": self.say(goal.text), "development": self.say(*effect), "status": goal.status }))
            .collect();
        let deciders: Vec<Value> = self.deciders(at).into_iter().map(|(p, _)| json!({ "to": p.name, "at": at })).collect();
        let setting = if self.is_in_kindergarten() { "kindergarten" } else { "school" };
        let overview = (
            "Opplæringen er gitt slik vedtaket sier, i klassen og i liten gruppe. Noen timer falt bort i vår og ble tatt igjen.",
            "Opplæringa er gjeven slik vedtaket seier, i klassen og i lita gruppe. Nokre timar fall bort i vår og vart tekne att.",
        );
        let content = joined(
            self.record(1, at, &self.lead().name),
            json!({
                "setting": setting,
                "period_from": from,
                "period_to": to,
                "school_year": self.schooling.year,
                "decision_ref": self.decision(),
                "iop_ref": { "document_id": self.id_of("snapshot"), "version": iop.version, "hash": iop.hash },
                "provided_overview": self.say(overview),
                "hours_planned": 228.5,
                "hours_given": 214.0,
                "goal_assessments": assessments,
                "pupil_view": self.say(words::VIEWS[self.no as usize % words::VIEWS.len()]),
                "further_need": self.say(("Behovet er det samme neste skoleår.", "Behovet er det same neste skuleår.")),
                "prepared_by": [{ "name": self.lead().name, "role": self.say(("IOP-ansvarlig", "IOP-ansvarleg")) },
                    { "name": self.schooling.teacher.name, "role": self.say(("Kontaktlærer", "Kontaktlærar")) }],
                "finalised_at": at,
                "access_given": deciders,
            }),
        );
        let id = self.id_of(&format!("annual report {}", self.schooling.year));
        self.document(Paper { kind: "iop_annual_report", id, event: Some("annual_report.finalised"), at, content })
    }

    /// The plan goes on in the next school year, here or elsewhere.
    pub fn school_year_note(&mut self, at: Timestamp, old: Taken, to_school: &str, destination: &str) -> Value {
        let basis = if destination == "other_school" { "consent" } else { "law" };
        let content = joined(
            self.record(1, at, &self.lead().name),
            json!({
                "from_year": self.schooling.year,
                "to_year": next_school_year(school_year_begins(at.oslo_date().naive())),
                "from_school": self.schooling.school,
                "to_school": to_school,
                "destination": destination,
                "carried_over": [self.say(("Målene som ikke er nådd.", "Måla som ikkje er nådde.")),
                    self.say(("Vedtak og sakkyndig vurdering.", "Vedtak og sakkunnig vurdering."))],
                "left_behind": [self.say(("Notater fra samtaler.", "Notat frå samtalar."))],
                "basis": basis,
                "snapshot_ref": { "document_id": self.id_of("snapshot"), "version": old.version, "hash": old.hash },
            }),
        );
        let id = self.id_of(&format!("school year note {}", self.schooling.year));
        self.document(Paper { kind: "school_year_transfer_note", id, event: Some("plan.school_year_rolled"), at, content })
    }
}
