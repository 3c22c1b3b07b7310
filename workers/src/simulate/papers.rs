//! What the source system writes of a plan: the envelope that all documents and events have, and the case in it.

mod consent;
mod meeting;
mod notes;
mod schooling;
mod snapshot;

pub use self::consent::ConsentStep;

use pipeline_domain::{Timestamp, WrittenForm};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{people::form_id, plan::Plan};

/// Short name of the source system.
const SYSTEM: &str = "samspill";

/// A document to be: its kind, its id through all versions, what sent it.
pub struct Paper {
    pub kind: &'static str,
    pub id: Uuid,
    pub event: Option<&'static str>,
    pub at: Timestamp,
    pub content: Value,
}

impl Plan {
    /// A document as it is handed in.
    pub fn document(&mut self, paper: Paper) -> Value {
        let Paper { kind, id, event, at, content } = paper;
        self.documents += 1;
        let mut source = json!({ "system": SYSTEM, "record": format!("{kind}-{}-{}", self.no, self.documents) });
        if let Some(event) = event {
            source["event"] = json!(event);
        }
        self.envelope(kind, id, at, source, content)
    }

    /// An event as it is handed in, with what goes with it.
    pub fn event(&mut self, name: &str, at: Timestamp, with: Value) -> Value {
        self.events += 1;
        let source = json!({ "system": SYSTEM, "record": format!("event-{}-{}", self.no, self.events), "event": name });
        let id = self.id_of(&format!("event {}", self.events));
        let standing = self.office.standing(self.lead, self.town.unit_id(self.seed, self.unit));
        self.envelope("event", id, at, source, joined(json!({ "event": name, "standing": standing }), with))
    }

    fn envelope(&self, kind: &str, id: Uuid, at: Timestamp, source: Value, content: Value) -> Value {
        json!({
            "schema": format!("arkivflyt/{kind}/1"),
            "id": id,
            "occurred_at": at,
            "source": source,
            "case": self.case(),
            "written_form": form_id(self.form),
            "synthetic": true,
            "content": content,
        })
    }

    /// The case as it stands now.
    fn case(&self) -> Value {
        let (mark, basis) = match self.form {
            WrittenForm::Nb => ("Unntatt offentlighet", "Offl. § 13 jf. fvl. § 13"),
            WrittenForm::Nn => ("Unnateke offentlegheit", "Offl. § 13 jf. fvl. § 13"),
        };
        let guardians: Vec<Value> = self
            .guardians
            .iter()
            .map(|g| json!({ "name": g.person.name, "relation": g.relation, "national_id": g.national_id, "contact": g.person.contact() }))
            .collect();
        let mut case = json!({
            "municipality_name": self.town.name,
            "municipality_number": self.town.number,
            "unit_name": self.unit,
            "plan_id": self.id,
            "plan_type": self.kind.id(),
            "plan_status": self.status,
            "address_protection": self.protection,
            "subject_name": self.subject.name,
            "subject_birth_date": self.born,
            "subject_national_id": self.national_id,
            "guardians": guardians,
            "lead_name": self.lead().name,
            "lead_unit": self.unit,
            "screening_mark": mark,
            "screening_basis": basis,
        });
        if self.subject.email.is_some() {
            case["subject_contact"] = self.subject.contact();
        }
        case
    }

    /// The fields that each document begins with.
    fn record(&self, version: u32, at: Timestamp, by: &str) -> Value {
        json!({ "version": version, "snapshot_at": at, "produced_at": at, "produced_by": by })
    }
}

/// The fields of both.
fn joined(mut first: Value, second: Value) -> Value {
    let fields = first.as_object_mut().expect("an object");
    if let Value::Object(more) = second {
        fields.extend(more);
    }
    first
}
