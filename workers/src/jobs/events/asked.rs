//! What somebody asks for through the source system: who asks, in which role, and why. The policy's own words, so that the access log
//! holds no others; an event that says it otherwise is not taken.

use pipeline_access::{Part as ScopePart, Role, StatedReason};
use pipeline_domain::{DocumentKind, Event, EventName, Line, Problem, ProblemCode};
use pipeline_render::parts_of;

use crate::asking::Asking;

/// Whether somebody waits for a file.
pub fn is_request(event: EventName) -> bool {
    matches!(event, EventName::PrintRequested | EventName::ExportRequested)
}

/// Whoever asks, as the policy knows them.
pub fn asking(event: &Event) -> Asking {
    let content = &event.content;
    let reason = content.reason.as_ref().and_then(|reason| StatedReason::from_id(reason.expose()));
    Asking { role: role(event), actor: content.actor, reason, facts: Vec::new() }
}

fn role(event: &Event) -> Option<Role> {
    event.content.role.as_deref().and_then(Role::from_id)
}

/// Whether it is one of those who give the consent: their access does not rest on it.
pub fn is_own_side(event: &Event) -> bool {
    matches!(role(event), Some(Role::Subject | Role::PlanOwner | Role::Guardian | Role::LegalGuardian))
}

/// What the consent gives a participant.
pub fn scope(event: &Event) -> Vec<ScopePart> {
    event.content.scope.iter().filter_map(|part| ScopePart::from_id(part.expose())).collect()
}

/// Words of a request that the policy, or the list of parts, does not know.
pub fn problems(event: &Event) -> Vec<Problem> {
    let content = &event.content;
    if !is_request(content.event) {
        return Vec::new();
    }
    let unknown = |at: String, all: Vec<&str>| Problem::new(ProblemCode::ValueNotAllowed, at, format!("one_of={}", all.join("|")));
    let mut problems = Vec::new();
    if role(event).is_none() {
        problems.push(unknown("/content/role".to_owned(), Role::ALL.iter().map(|role| role.id()).collect()));
    }
    if asking(event).reason.is_none() {
        problems.push(unknown("/content/reason".to_owned(), StatedReason::ALL.iter().map(|reason| reason.id()).collect()));
    }
    let mut each = |field: &str, said: &[Line], all: Vec<&str>| {
        let wrong = said.iter().enumerate().filter(|(_, one)| !all.contains(&one.expose()));
        problems.extend(wrong.map(|(n, _)| unknown(format!("/content/{field}/{n}"), all.clone())));
    };
    each("scope", &content.scope, ScopePart::ALL.iter().map(|part| part.id()).collect());
    let parts = known_parts(event);
    each("parts", &content.parts, parts.clone());
    each("withheld", &content.withheld, parts);
    problems
}

/// The parts of every kind of document that such a plan has.
fn known_parts(event: &Event) -> Vec<&'static str> {
    let plan_type = event.case.plan_type;
    let kinds = DocumentKind::ALL.into_iter().filter(|kind| kind.plan_types().contains(&plan_type));
    let all = kinds.flat_map(|kind| parts_of(kind, plan_type));
    let mut names: Vec<&str> = Vec::new();
    for part in all {
        if !names.contains(&part.id) {
            names.push(part.id);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_intake::{Incoming, IntakeRules, Reader};
    use serde_json::{Value, json};

    const PRINT: &[u8] = include_bytes!("../../../../pipeline/intake/tests/event/print_requested.json");

    fn event(edit: impl FnOnce(&mut Value)) -> Event {
        let mut json: Value = serde_json::from_slice(PRINT).unwrap();
        edit(&mut json["content"]);
        match Reader::new(IntakeRules::default()).take(json.to_string().as_bytes()) {
            Incoming::Event(event) => *event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_speaks_in_words_of_the_policy() {
        let check = |edit: &dyn Fn(&mut Value), expected: &[&str]| {
            let problems = problems(&event(edit));
            assert_eq!(problems.iter().map(|p| p.at.as_str()).collect::<Vec<_>>(), expected);
            assert!(problems.iter().all(|p| p.code == ProblemCode::ValueNotAllowed && p.rule.starts_with("one_of=")));
        };
        check(&|_| {}, &[]);
        check(&|content| content["role"] = json!("auntie"), &["/content/role"]);
        check(&|content| content["reason"] = json!("Fordi mor spurte"), &["/content/reason"]);
        check(&|content| content["scope"] = json!(["goals", "everything"]), &["/content/scope/1"]);
        check(&|content| content["parts"] = json!(["goals", "hours", "items"]), &["/content/parts/1"]);
        check(&|content| content["withheld"] = json!(["diagnosis"]), &["/content/withheld/0"]);
        // What is no request may say it as it likes.
        check(&|content| *content = json!({ "event": "plan.updated", "parts": ["Alt mogleg"], "reason": "Ny skule" }), &[]);
    }

    #[test]
    fn whoever_asks_is_known_to_the_policy() {
        let asked = asking(&event(|_| {}));
        assert_eq!((asked.role, asked.reason), (Some(Role::Guardian), Some(StatedReason::OwnCopy)));
        assert_eq!(asked.actor.unwrap().to_string(), "00000000-0000-4000-8000-000000000007");
        assert!(is_own_side(&event(|_| {})));
        assert!(!is_own_side(&event(|content| content["role"] = json!("plan_lead"))));
        let participant = event(|content| {
            content["role"] = json!("participant");
            content["scope"] = json!(["goals", "minutes"]);
        });
        assert_eq!(scope(&participant), [ScopePart::Goals, ScopePart::Minutes]);
    }
}
