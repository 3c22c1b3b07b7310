//! The people of a plan: who comes and goes, what they write to each other, how they are reached, who leads.

use pipeline_domain::{PlanType, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Act, Out};
use crate::simulate::{
    calendar::minutes_after,
    people::Person,
    plan::{Message, Plan},
    words,
};

impl Plan {
    pub(super) fn begin(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let needs_consent = self.kind != PlanType::Iop;
        self.status = if needs_consent { "draft" } else { "active" };
        out.send(self.event("plan.created", now, json!({})));
        if needs_consent {
            let asked = self.office_hours(now, 2);
            out.later(asked, Act::AskConsent);
        } else {
            for n in 0..self.members.len() {
                let added = self.office_hours(now, 1);
                out.later(added, Act::Add(n));
            }
        }
    }

    /// Somebody gets access.
    pub(super) fn add_member(&mut self, now: Timestamp, n: usize, out: &mut Out<'_>) {
        let Some(person) = self.members.get(n).filter(|_| self.is_active()).map(|m| told(&m.person)) else { return };
        self.change(now, ("Deltakere", "Deltakarar"));
        out.send(self.event("participant.added", now, json!({ "people": [person] })));
    }

    /// The last who came goes, as long as somebody is left.
    pub(super) fn remove_member(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if !self.is_active() || self.members.len() < 2 {
            return;
        }
        let Some(gone) = self.members.pop() else { return };
        self.change(now, ("Deltakere", "Deltakarar"));
        out.send(self.event("participant.removed", now, json!({ "people": [told(&gone.person)] })));
    }

    /// The lead writes to one or all of the others.
    pub(super) fn write_message(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if !self.is_active() {
            return;
        }
        let lead = self.lead().id;
        let mut to: Vec<_> = self.company(now).into_iter().filter(|c| c.person.id != lead).collect();
        if to.is_empty() {
            return;
        }
        if self.chance.percent(60) {
            let one = self.chance.below(to.len());
            to = vec![to.swap_remove(one)];
        }
        let said = self.chance.pick(&words::MESSAGES);
        let matter = self.id_of(&format!("message {}", self.messages.len()));
        let people: Vec<Value> = to.iter().map(|c| told(&c.person)).collect();
        let names = to.iter().map(|c| c.person.name.clone()).collect();
        self.messages.push(Message { at: now, from: self.lead().name.clone(), to: names, said });
        let role = self.lead_role();
        out.send(self.event("message.sent", now, json!({ "matter": matter, "actor": lead, "role": role, "people": people })));
        self.expect_openings(now, matter, to.iter().map(|c| (c.person.id, c.acts_as)).collect(), out);
    }

    /// The lead marks what was written as worth keeping.
    pub(super) fn log_messages(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if let Some(envelope) = self.message_log(now, "marked_by_lead") {
            out.send(envelope);
        }
    }

    /// Somebody says that their address is right; who moves gives another.
    pub(super) fn confirm_contact(&mut self, now: Timestamp, person: Uuid, moves: bool, out: &mut Out<'_>) {
        let today = now.oslo_date().naive();
        self.moves += u32::from(moves);
        let n = self.moves;
        let mut found = None;
        for one in self.everybody_mut(person).filter(|p| p.email.is_some()) {
            if moves {
                one.moves_to(n, today);
            }
            one.confirmed_on = Some(today);
            found = Some(told(one));
        }
        if let Some(person) = found {
            out.send(self.event("contact.updated", now, json!({ "people": [person] })));
        }
    }

    /// Mail to somebody came back to the source system; some give another address later.
    pub(super) fn bounce(&mut self, now: Timestamp, person: Uuid, out: &mut Out<'_>) {
        let Some(found) = self.everybody_mut(person).find(|p| p.email.is_some()).map(|p| told(p)) else { return };
        out.send(self.event("contact.bounced", now, json!({ "people": [found] })));
        if self.chance.percent(60) {
            let moved = self.office_hours(now, 12);
            out.later(moved, Act::ConfirmContact { person, moves: true });
        }
    }

    /// A copy for the one who decides: of what the archive holds, so not before it holds the plan.
    pub(super) fn ask_for_print(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if self.taken.is_some() && self.is_active() && !self.is_hidden() {
            self.ask_as_decider(now, "print.requested", json!({ "reason": "own_copy", "special_categories": "included" }), out);
        }
    }

    /// All that is kept about the subject (GDPR art. 15).
    pub(super) fn ask_for_export(&mut self, now: Timestamp, out: &mut Out<'_>) {
        if self.taken.is_some() && !self.is_hidden() {
            self.ask_as_decider(now, "export.requested", json!({ "reason": "access_request" }), out);
        }
    }

    /// Of somebody at a strictly confidential address nothing leaves before it is released for the one who asks.
    fn is_hidden(&self) -> bool {
        self.protection == "strictly_confidential"
    }

    fn ask_as_decider(&mut self, now: Timestamp, event: &str, mut with: Value, out: &mut Out<'_>) {
        let Some((person, role)) = self.deciders(now).into_iter().next() else { return };
        (with["actor"], with["role"], with["people"]) = (json!(person.id), json!(role), json!([told(person)]));
        out.send(self.event(event, now, with));
    }

    /// Another leads the plan. The plan as it is handed over is kept first.
    pub(super) fn transfer(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let others = self.office.leads.len() - 1;
        if !self.is_active() || others == 0 {
            return;
        }
        let (from, transferred_at) = (self.lead, minutes_after(now, -120));
        let last = self.up_to_date(transferred_at, Some("plan.responsibility_transferred"), out);
        self.lead = (from + 1 + self.chance.below(others)) % self.office.leads.len();
        self.handovers.push((self.office.leads[from].name.clone(), self.lead().name.clone(), now));
        self.change(now, ("Planansvarlig", "Planansvarleg"));
        out.send(self.responsibility_note(now, from, transferred_at, last));
        // The baton of a stafettlogg passes with a consent of its own.
        if self.kind == PlanType::Sl {
            let asked = self.office_hours(now, 1);
            out.later(asked, Act::AskConsent);
        }
    }

    /// From now on the subject's address is protected.
    pub(super) fn protect(&mut self, now: Timestamp, how: &'static str, out: &mut Out<'_>) {
        self.protection = how;
        self.change(now, ("Adressebeskyttelse", "Adressevern"));
        out.send(self.event("address_protection.changed", now, json!({})));
    }

    /// The D-number is replaced.
    pub(super) fn identify(&mut self, now: Timestamp, out: &mut Out<'_>) {
        let Some(id) = self.later_national_id.take() else { return };
        self.national_id = id;
        self.change(now, ("Fødselsnummer", "Fødselsnummer"));
        out.send(self.event("subject.identified", now, json!({})));
    }
}

/// Somebody as events name them.
fn told(person: &Person) -> Value {
    json!({ "name": person.name, "contact": person.contact() })
}
