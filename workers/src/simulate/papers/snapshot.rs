//! The plan as it is now, one shape for each type of plan.

use pipeline_domain::{PlanType, Timestamp};
use serde_json::{Value, json};

use super::{Paper, joined};
use crate::simulate::{
    calendar::{plus, working_day},
    plan::{Goal, Judged, Plan},
    words::{self, Said},
};

impl Plan {
    /// The next snapshot of the plan.
    pub fn snapshot(&mut self, at: Timestamp, event: Option<&'static str>) -> Value {
        self.snapshots += 1;
        let record = self.record(self.snapshots, at, &self.lead().name);
        let content = match self.kind {
            PlanType::Ip => self.ip(),
            PlanType::Es => self.es(),
            PlanType::Sl => self.sl(),
            PlanType::Iop => self.iop(),
        };
        let id = self.id_of("snapshot");
        self.document(Paper { kind: "plan_snapshot", id, event, at, content: joined(record, content) })
    }

    fn ip(&self) -> Value {
        let from = self.began.oslo_date().naive();
        let revisions: Vec<_> = [120, 250].into_iter().map(|days| working_day(plus(from, days))).collect();
        let mut plan = json!({
            "plan_period_from": from,
            "plan_period_to": plus(from, 364),
            "revision_times": revisions,
            "coordinator": self.lead().name,
            "participants": self.participants(),
            "subject_needs": self.say(self.needs),
            "background": self.say(words::NEEDS[(self.no as usize + 2) % words::NEEDS.len()]),
            "goals": self.goal_list("main_goal"),
            "measures": self.measures(),
            "cooperation_needs": self.say(("Tjenestene deler ukeplanen og ringer koordinator.", "Tenestene deler vekeplanen og ringjer koordinator.")),
            "consent_summary": self.consent_summary(),
        });
        if !self.judged.is_empty() {
            plan["evaluations"] = self.evaluations();
        }
        if !self.files.is_empty() {
            plan["attachment_list"] = self.attachment_list();
        }
        if !self.changes.is_empty() {
            plan["change_log"] = self.change_log();
        }
        plan
    }

    fn es(&self) -> Value {
        let agreements: Vec<Value> = self
            .members
            .iter()
            .zip(words::MEASURES)
            .map(|(member, what)| json!({ "who": member.person.name, "what": self.say(what) }))
            .collect();
        let mut plan = json!({
            "purpose": self.say(self.needs),
            "coordinator": self.lead().name,
            "participants": self.participants(),
            "agreements": agreements,
            "consent_summary": self.consent_summary(),
        });
        let meetings = self.meetings.iter().filter(|m| !m.is_cancelled);
        let meetings: Vec<Value> = meetings.map(|m| json!({ "at": m.begins, "title": self.say(("Møte", "Møte")) })).collect();
        if !meetings.is_empty() {
            plan["meeting_list"] = json!(meetings);
        }
        if !self.files.is_empty() {
            plan["attachment_list"] = self.attachment_list();
        }
        plan
    }

    fn sl(&self) -> Value {
        let measures: Vec<Value> = self
            .goals
            .iter()
            .map(|g| {
                json!({
                    "goal": g.name, "text": self.say(g.measure), "arena": self.say(("Skole", "Skule")), "responsible": self.lead().name,
                    "due": plus(self.began.oslo_date().naive(), 90), "status": g.status,
                })
            })
            .collect();
        let services: Vec<Value> =
            self.members.iter().map(|m| json!({ "name": self.say(m.service), "contact_person": m.person.name })).collect();
        let mut plan = json!({
            "baton_holder": self.lead().name,
            "bti_level": self.no % 4,
            "concern": self.say(self.needs),
            "child_view": self.say(words::VIEWS[self.no as usize % words::VIEWS.len()]),
            "goals": self.goal_list("main_goal"),
            "measures": measures,
            "services": services,
            "consent_summary": self.consent_summary(),
        });
        let effect: Vec<Value> = self
            .judged
            .iter()
            .map(|j| {
                let goal = &self.goals[j.goal];
                json!({ "date": j.on, "goal": goal.name, "result": goal.status, "text": self.say(j.effect) })
            })
            .collect();
        if !effect.is_empty() {
            plan["effect"] = json!(effect);
        }
        let handovers: Vec<Value> =
            self.handovers.iter().map(|(from, to, at)| json!({ "from": from, "to": to, "accepted_at": at })).collect();
        if !handovers.is_empty() {
            plan["handovers"] = json!(handovers);
        }
        if let Some(next) = self.meetings.iter().find(|m| !m.is_held && !m.is_cancelled) {
            plan["next_meeting_at"] = json!(next.begins);
        }
        plan
    }

    /// Those with access, the subject first.
    fn participants(&self) -> Value {
        let subject = json!({ "name": self.subject.name, "role": self.say(("Hovedperson", "Hovudperson")) });
        let guardians = self.guardians.iter().map(|g| json!({ "name": g.person.name, "role": self.say(relation(g.relation)) }));
        let lead = json!({ "name": self.lead().name, "role": self.say(("Koordinator", "Koordinator")), "service": self.unit });
        let members = self.members.iter().map(|m| {
            let contribution = ("Følger opp sine tiltak og kommer på møtene.", "Følgjer opp sine tiltak og kjem på møta.");
            json!({
                "name": m.person.name, "role": self.say(m.role), "service": self.say(m.service), "contribution": self.say(contribution)
            })
        });
        json!([subject].into_iter().chain(guardians).chain([lead]).chain(members).collect::<Vec<_>>())
    }

    pub(super) fn goal_list(&self, field: &str) -> Value {
        json!(self.goals.iter().map(|g| json!({ "id": g.name, field: self.say(g.text), "status": g.status })).collect::<Vec<_>>())
    }

    fn measures(&self) -> Value {
        let (start, due) = (self.began.oslo_date().naive(), plus(self.began.oslo_date().naive(), 150));
        let one = |(n, g): (usize, &Goal)| {
            let responsible = self.members.get(n).map_or(&self.lead().name, |m| &m.person.name);
            json!({
                "goal": g.name, "text": self.say(g.measure), "responsible": responsible, "start": start, "due": due, "status": g.status
            })
        };
        json!(self.goals.iter().enumerate().map(one).collect::<Vec<_>>())
    }

    fn evaluations(&self) -> Value {
        let one = |j: &Judged| {
            let goal = &self.goals[j.goal];
            json!({
                "goal": goal.name, "evaluated_at": j.on, "evaluator": self.lead().name, "result": goal.status,
                "effect": self.say(j.effect), "next_step": self.say(j.next),
            })
        };
        json!(self.judged.iter().map(one).collect::<Vec<_>>())
    }

    pub(super) fn attachment_list(&self) -> Value {
        json!(self.files.iter().map(|f| json!({ "name": f.name, "hash": f.hash, "date": f.on })).collect::<Vec<_>>())
    }

    fn change_log(&self) -> Value {
        let who = &self.lead().name;
        json!(self.changes.iter().map(|(when, what)| json!({ "when": when, "who": who, "what": self.say(*what) })).collect::<Vec<_>>())
    }

    fn consent_summary(&self) -> String {
        let form = self.say(("Samtykket gjelder til", "Samtykket gjeld til"));
        match self.consent.as_ref().filter(|c| c.approved_at.is_some()) {
            Some(consent) if self.is_active() => format!("{form} {}.", consent.valid_until.format("%d.%m.%Y")),
            _ => self.say(("Det finnes ikke noe samtykke som gjelder nå.", "Det finst ikkje noko samtykke som gjeld no.")).to_owned(),
        }
    }
}

/// What a guardian is called.
pub(super) fn relation(id: &str) -> Said {
    if id == "legal_guardian" { ("Verge", "Verje") } else { ("Foresatt", "Føresett") }
}
