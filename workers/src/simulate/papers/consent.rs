//! The consent as a document, in each of its states.

use pipeline_domain::Timestamp;
use serde_json::{Value, json};

use super::{Paper, joined, snapshot::relation};
use crate::simulate::{calendar::plus, plan::Plan};

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentStep {
    Approved,
    Changed,
    Withdrawn,
    Expired,
}

impl Plan {
    /// The next version of the consent's record. Nothing before the consent was asked for.
    pub fn consent_record(&mut self, at: Timestamp, step: ConsentStep) -> Option<Value> {
        let decider = self.deciders(at).first().map(|(p, role)| (p.name.clone(), *role))?;
        let (state, event) = match step {
            ConsentStep::Approved => ("approved", "consent.approved"),
            ConsentStep::Changed => ("approved", "consent.changed"),
            ConsentStep::Withdrawn => ("withdrawn", "consent.withdrawn"),
            ConsentStep::Expired => ("expired", "consent.expired"),
        };
        let consent = self.consent.as_mut()?;
        consent.version += 1;
        let approved_at = consent.approved_at.unwrap_or(at);
        let (id, version, edition, valid_until) = (consent.id, consent.version, consent.edition, consent.valid_until);
        let (name, role) = decider;
        let mut content = joined(
            self.record(version, at, &name),
            json!({
                "consent_version": edition,
                "state": state,
                "given_by": name,
                "relation": if role == "subject" { self.say(("Hovedperson", "Hovudperson")) } else { self.say(relation(role)) },
                "purpose": self.say((
                    "De som hjelper, skal kunne samarbeide om hverdagen uten at hjemmet må være bindeleddet.",
                    "Dei som hjelper, skal kunne samarbeide om kvardagen utan at heimen må vere bindeleddet.",
                )),
                "shared_with": self.shared_with(approved_at, valid_until),
                "method": if self.no.is_multiple_of(6) { "signed_paper" } else { "digital" },
                "approved_at": approved_at,
                "valid_until": valid_until,
            }),
        );
        if role != "subject" {
            content["on_behalf_of"] = json!(self.subject.name);
        }
        if step == ConsentStep::Withdrawn {
            content["withdrawn_at"] = json!(at);
        }
        Some(self.document(Paper { kind: "consent_record", id, event: Some(event), at, content }))
    }

    fn shared_with(&self, approved_at: Timestamp, valid_until: chrono::NaiveDate) -> Vec<Value> {
        let from = approved_at.oslo_date().naive();
        let what = self.say(("Hele planen, referater og vedlegg", "Heile planen, referat og vedlegg"));
        let some = self.say(("Mål og tiltak", "Mål og tiltak"));
        let lead = json!({ "who": self.unit, "what": what, "from": from, "until": valid_until });
        let members = self.members.iter().map(|m| {
            let until = valid_until.min(plus(from, 500));
            json!({ "who": m.person.name, "what": some, "from": from, "until": until })
        });
        [lead].into_iter().chain(members).collect()
    }
}
