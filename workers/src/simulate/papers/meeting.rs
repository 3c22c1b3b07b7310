//! Calls to meetings and the minutes of them.

use pipeline_domain::Timestamp;
use serde_json::{Value, json};

use super::{Paper, joined, snapshot::relation};
use crate::simulate::{
    calendar::{day_after, minutes_after},
    people::Person,
    plan::{Meeting, Plan},
    words,
};

/// Somebody who is called, or written to.
pub struct Called {
    pub person: Person,
    pub role: String,
    pub service: Option<&'static str>,
    pub internal: bool,
    /// In which role they open what they are told of.
    pub acts_as: &'static str,
}

impl Plan {
    /// Who comes: the subject who decides in person, guardians, the lead, and those who take part. Nobody twice, whatever hats they
    /// wear.
    pub fn company(&self, at: Timestamp) -> Vec<Called> {
        let plain =
            |person: &Person, role: String, acts_as| Called { person: person.clone(), role, service: None, internal: false, acts_as };
        let mut company = Vec::new();
        if self.subject_decides(at) {
            company.push(plain(&self.subject, self.say(("Hovedperson", "Hovudperson")).to_owned(), "subject"));
        }
        for guardian in &self.guardians {
            let is_on_duty = self.members.iter().any(|m| m.person.id == guardian.person.id);
            let role = self.say(relation(guardian.relation));
            let both = if is_on_duty { self.say((" og tjenesteyter", " og tenesteytar")) } else { "" };
            company.push(plain(&guardian.person, format!("{role}{both}"), guardian.relation));
        }
        let lead = plain(self.lead(), self.say(("Koordinator", "Koordinator")).to_owned(), self.lead_role());
        company.push(Called { service: Some(self.unit), internal: true, ..lead });
        let others = self.members.iter().filter(|m| self.guardians.iter().all(|g| g.person.id != m.person.id));
        company.extend(others.map(|m| Called {
            service: Some(self.say(m.service)),
            internal: m.internal,
            ..plain(&m.person, self.say(m.role).to_owned(), "participant")
        }));
        company
    }

    /// The next version of a meeting's invitation.
    pub fn invitation(&mut self, at: Timestamp, n: usize, event: &'static str) -> Value {
        self.meetings[n].version += 1;
        let meeting = self.meetings[n].clone();
        let lead = self.lead().name.clone();
        let invited: Vec<Value> = self
            .company(at)
            .into_iter()
            .map(|c| {
                let mut one = json!({ "name": c.person.name, "role": c.role, "contact": c.person.contact(), "internal": c.internal });
                if let Some(service) = c.service {
                    one["service"] = json!(service);
                }
                let said = meeting.replies.iter().find(|(who, _)| *who == c.person.id).map(|(_, reply)| *reply);
                one["reply"] = json!(if c.person.id == self.lead().id { "accepted" } else { said.unwrap_or("none") });
                one
            })
            .collect();
        let (items, _) = self.agenda(n);
        let agenda: Vec<Value> =
            items.iter().zip(1..).map(|((title, ..), no)| json!({ "no": no.to_string(), "title": self.say(*title) })).collect();
        let room = n + 1 + usize::try_from(meeting.version).expect("few versions") % 2;
        let content = joined(
            self.record(meeting.version, at, &lead),
            json!({
                "state": if meeting.is_cancelled { "cancelled" } else { "planned" },
                "meeting_title": self.say(("Samarbeidsmøte", "Samarbeidsmøte")),
                "starts_at": meeting.begins,
                "ends_at": meeting.ends,
                "place": format!("{} {room}, {}", self.say(("Møterom", "Møterom")), self.unit),
                "organiser": lead,
                "chair": lead,
                "invited": invited,
                "agenda": agenda,
                "reply_by": day_after(meeting.begins, -3),
            }),
        );
        self.document(Paper { kind: "meeting_invitation", id: meeting.id, event: Some(event), at, content })
    }

    fn agenda(&self, n: usize) -> (Vec<(words::Said, words::Said, words::Said)>, usize) {
        let first = (self.no as usize + n) % words::ITEMS.len();
        let count = 2 + (self.no as usize + n) % 3;
        (words::ITEMS.iter().cycle().skip(first).take(count).copied().collect(), first)
    }

    /// The minutes of a meeting, the next time that they are sent.
    pub fn minutes(&mut self, at: Timestamp, n: usize) -> Value {
        self.meetings[n].minutes += 1;
        let Meeting { begins, minutes: version, .. } = self.meetings[n];
        let lead = self.lead().name.clone();
        let company = self.company(at);
        let (items, first) = self.agenda(n);
        let absent_one = (company.len() > 3 && first.is_multiple_of(2)).then_some(company.len() - 1);
        let attendee = |c: &Called| {
            let mut one = json!({ "name": c.person.name, "role": c.role });
            if let Some(service) = c.service {
                one["service"] = json!(service);
            }
            one
        };
        let (absent, present): (Vec<_>, Vec<_>) = company.iter().enumerate().partition(|(i, _)| Some(*i) == absent_one);
        let of = |list: Vec<(usize, &Called)>| list.into_iter().map(|(_, c)| attendee(c)).collect::<Vec<_>>();
        let corrected = self.say(("Rettet: avtalen gjelder fra mandag.", "Retta: avtalen gjeld frå måndag."));
        let items: Vec<Value> = items
            .iter()
            .zip(1..)
            .map(|((title, discussion, conclusion), no)| {
                let conclusion = self.say(*conclusion);
                let conclusion = if version > 1 && no == 1 { format!("{conclusion} {corrected}") } else { conclusion.to_owned() };
                json!({ "no": no.to_string(), "title": self.say(*title), "discussion": self.say(*discussion), "conclusion": conclusion })
            })
            .collect();
        let recipients: Vec<Value> = company
            .iter()
            .map(|c| json!({ "name": c.person.name, "role": c.role, "contact": c.person.contact(), "internal": c.internal }))
            .collect();
        let content = joined(
            self.record(version, at, &lead),
            json!({
                "held_at": begins,
                "place": format!("{} {}, {}", self.say(("Møterom", "Møterom")), n + 1, self.unit),
                "present": of(present),
                "absent": of(absent),
                "chair": lead,
                "minute_taker": lead,
                "items": items,
                "actions": [{ "what": self.say(words::MEASURES[first]), "responsible": lead, "due": day_after(begins, 21) }],
                "sent_at": minutes_after(at, 0),
                "recipients": recipients,
            }),
        );
        let event = if version > 1 { "meeting.minutes_corrected" } else { "meeting.minutes_sent" };
        let id = self.id_of(&format!("minutes {n}"));
        self.document(Paper { kind: "meeting_minutes", id, event: Some(event), at, content })
    }
}
