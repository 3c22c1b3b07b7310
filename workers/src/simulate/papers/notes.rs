//! Evaluations, attachments, messages, and the notes on what becomes of a plan.

use pipeline_domain::Timestamp;
use serde_json::{Value, json};

use super::{Paper, joined};
use crate::simulate::{
    plan::{File, Judged, Plan, Taken},
    words,
};

impl Plan {
    /// What came of a goal, as judged against this snapshot.
    pub fn evaluation_report(&mut self, at: Timestamp, judged: &Judged, of: Taken) -> Value {
        let (goal, lead) = (self.goals[judged.goal].clone(), self.lead().name.clone());
        let content = joined(
            self.record(1, at, &lead),
            json!({
                "snapshot_ref": self.reference(of),
                "goal_ref": goal.name,
                "goal_text": self.say(goal.text),
                "measure_text": self.say(goal.measure),
                "evaluated_at": judged.on,
                "evaluator": lead,
                "result": goal.status,
                "effect": self.say(judged.effect),
                "subject_view": self.say(words::VIEWS[judged.goal % words::VIEWS.len()]),
                "next_step": self.say(judged.next),
            }),
        );
        let id = self.id_of(&format!("evaluation {}", self.judged.len()));
        self.document(Paper { kind: "evaluation_report", id, event: Some("goal.evaluated"), at, content })
    }

    fn reference(&self, taken: Taken) -> Value {
        json!({ "document_id": self.id_of("snapshot"), "version": taken.version, "hash": taken.hash })
    }

    /// A file that was added to the plan.
    pub fn attachment(&mut self, at: Timestamp, file: &File, media_type: &str) -> Value {
        let lead = self.lead().name.clone();
        let content = joined(
            self.record(1, at, &lead),
            json!({
                "file_name": file.name, "sha256": file.hash, "media_type": media_type, "uploaded_by": lead, "uploaded_at": at,
                "belongs_to": "plan",
            }),
        );
        let id = self.id_of(&format!("attachment {}", self.files.len()));
        self.document(Paper { kind: "attachment", id, event: Some("attachment.added"), at, content })
    }

    /// Messages of the plan; nothing when there are none.
    pub fn message_log(&mut self, at: Timestamp, rule: &str) -> Option<Value> {
        let messages: Vec<Value> = self
            .messages
            .iter()
            .map(|m| {
                let (subject, body) = m.said;
                json!({ "at": m.at, "from": m.from, "to": m.to, "subject": self.say(subject), "body": self.say(body) })
            })
            .collect();
        if messages.is_empty() {
            return None;
        }
        let content = joined(self.record(1, at, &self.lead().name), json!({ "messages": messages, "selection_rule": rule }));
        let id = self.id_of(&format!("message log {rule} {at}"));
        Some(self.document(Paper { kind: "message_log", id, event: None, at, content }))
    }

    /// Somebody else leads the plan from now on; who did is `from`.
    pub fn responsibility_note(&mut self, at: Timestamp, from: usize, transferred_at: Timestamp, last: Taken) -> Value {
        let (from, to) = (self.office.leads[from].clone(), self.lead().clone());
        let content = joined(
            self.record(1, at, &to.name),
            json!({
                "from_lead": from.name,
                "from_unit": self.unit,
                "from_contact": from.contact(),
                "to_lead": to.name,
                "to_unit": self.unit,
                "to_contact": to.contact(),
                "transferred_at": transferred_at,
                "accepted_at": at,
                "reason": self.say(("Går over i annen stilling.", "Går over i anna stilling.")),
                "open_tasks": [self.say(("Neste møte er avtalt.", "Neste møte er avtalt."))],
                "snapshot_ref": self.reference(last),
            }),
        );
        let id = self.id_of(&format!("transfer {}", self.handovers.len()));
        self.document(Paper { kind: "responsibility_transfer_note", id, event: Some("plan.responsibility_transferred"), at, content })
    }

    /// The plan is closed.
    pub fn closing_note(&mut self, at: Timestamp, reason: &str, outstanding: &[words::Said], last: Taken, n: u32) -> Value {
        let lead = self.lead().name.clone();
        let requested_by = self.deciders(at).first().map_or_else(|| lead.clone(), |(p, _)| p.name.clone());
        let goals: Vec<Value> = self.goals.iter().map(|g| json!({ "goal": self.say(g.text), "status": g.status })).collect();
        let is_without_goals = self.kind == pipeline_domain::PlanType::Es;
        let mut content = joined(
            self.record(1, at, &lead),
            json!({
                "closed_at": at,
                "closed_by": lead,
                "requested_by": requested_by,
                "reason": reason,
                "goals_status": if is_without_goals { Vec::new() } else { goals },
                "last_snapshot_ref": self.reference(last),
                "access_after_closing": self.say((
                    "De som bestemmer, kan lese planen. Ingen kan endre den.",
                    "Dei som bestemmer, kan lese planen. Ingen kan endre han.",
                )),
                "informed": self.informed(),
            }),
        );
        if !outstanding.is_empty() {
            content["outstanding"] = json!(outstanding.iter().map(|o| self.say(*o)).collect::<Vec<_>>());
        }
        let id = self.id_of(&format!("closing {n}"));
        self.document(Paper { kind: "closing_note", id, event: Some("plan.passivised"), at, content })
    }

    /// The plan is taken up again.
    pub fn reopening_note(&mut self, at: Timestamp, n: u32) -> Value {
        let admin = self.office.local_admin.name.clone();
        let content = joined(
            self.record(1, at, &admin),
            json!({
                "reopened_at": at, "reopened_by": admin,
                "reason": self.say(("Behovet er kommet tilbake.", "Behovet er kome tilbake.")), "informed": self.informed(),
            }),
        );
        let id = self.id_of(&format!("reopening {n}"));
        self.document(Paper { kind: "reopening_note", id, event: Some("plan.reopened"), at, content })
    }

    /// Those who take part. A guardian on duty stands here too: whoever tells them tells them once.
    fn informed(&self) -> Vec<Value> {
        self.members.iter().map(|m| json!({ "name": m.person.name, "role": self.say(m.role), "contact": m.person.contact() })).collect()
    }
}
