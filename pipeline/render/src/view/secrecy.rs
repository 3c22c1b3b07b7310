//! What never reaches a template.

use std::collections::BTreeSet;

use pipeline_domain::{AddressProtection, Case, Snapshot};
use serde_json::Value;

use super::{Object, object};

/// Kept in the register, not on the page: ways to reach people, who was given access, marks for the archive's own use.
const NEVER: [&str; 4] = ["contact", "access_given", "internal", "informed"];

/// Where a person can be found: units, schools, places and the services of a place (DOMAIN § 7, strengt fortrolig).
const PLACES: [&str; 13] = [
    "place",
    "school",
    "class",
    "unit_name",
    "lead_unit",
    "service",
    "services",
    "arena", // in plans and minutes
    "digital_link",
    "from_unit",
    "to_unit",
    "from_school",
    "to_school", // in invitations and transfers
];

/// Fields that name a person or a service, as the writer likes, and the lists that they do so in; no list stands for all of them.
const EITHER: [(&str, &[&str]); 2] = [("who", &["shared_with", "agreements"]), ("responsible", &[])];

/// Fields that name a person and nothing else.
const PEOPLE: [&str; 19] = [
    "name",
    "produced_by",
    "given_by",
    "on_behalf_of",
    "evaluator",
    "coordinator",
    "child_coordinator",
    "baton_holder",
    "contact_teacher",
    "iop_lead",
    "organiser",
    "chair",
    "owner",
    "minute_taker",
    "closed_by",
    "requested_by",
    "reopened_by",
    "from_lead",
    "to_lead",
];
/// Lists whose `name` is that of a file or a service.
const OF_THINGS: [&str; 2] = ["services", "attachment_list"];

/// The content of a document without what may not be seen, at any depth.
pub(super) fn seen(snapshot: &Snapshot, protection: AddressProtection) -> Object {
    leave_out(object(snapshot.content.to_json()), &snapshot.case, protection)
}

fn leave_out(mut content: Object, case: &Case, protection: AddressProtection) -> Object {
    let known = protection.hides_places().then(|| known_people(&content, case));
    inside_object(&mut content, "", known.as_ref());
    content
}

/// People whom the case or the document names in a field of their own.
fn known_people(content: &Object, case: &Case) -> BTreeSet<String> {
    let guardians = case.guardians.iter().map(|g| &g.name);
    let names = guardians.chain([&case.subject_name, &case.lead_name]);
    let mut known = names.map(|name| name.expose().to_owned()).collect();
    collect(content, "", &mut known);
    known
}

fn collect(map: &Object, list: &str, known: &mut BTreeSet<String>) {
    for (key, value) in map {
        match value {
            Value::String(name) if PEOPLE.contains(&key.as_str()) && !OF_THINGS.contains(&list) => drop(known.insert(name.clone())),
            Value::Object(map) => collect(map, key, known),
            Value::Array(items) => items.iter().filter_map(Value::as_object).for_each(|item| collect(item, key, known)),
            _ => {}
        }
    }
}

/// `known` are those who may be named where places may not be told; none where places are no secret. `list` is the field that the object stands in.
fn inside_object(map: &mut Object, list: &str, known: Option<&BTreeSet<String>>) {
    let hidden = |key: &str| NEVER.contains(&key) || key.ends_with("_contact") || (known.is_some() && PLACES.contains(&key));
    map.retain(|key, _| !hidden(key));
    if let Some(known) = known {
        for (field, lists) in EITHER {
            if lists.is_empty() || lists.contains(&list) {
                keep_people(map, field, known);
            }
        }
    }
    for (key, value) in map {
        inside(value, key, known);
    }
}

fn inside(value: &mut Value, list: &str, known: Option<&BTreeSet<String>>) {
    match value {
        Value::Object(map) => inside_object(map, list, known),
        Value::Array(items) => items.iter_mut().for_each(|item| inside(item, list, known)),
        _ => {}
    }
}

/// What is left of such a field is the people in it: whatever else it says may be a place. «Prøveteamet, ved Rask Myrull» becomes «Rask Myrull».
fn keep_people(map: &mut Object, field: &str, known: &BTreeSet<String>) {
    let Some(said) = map.get(field).and_then(Value::as_str) else { return };
    let mut found: Vec<(usize, &str)> = known.iter().filter_map(|name| Some((said.find(name.as_str())?, name.as_str()))).collect();
    found.sort_unstable();
    if found.is_empty() {
        map.remove(field);
    } else {
        let names: Vec<&str> = found.into_iter().map(|(_, name)| name).collect();
        map.insert(field.to_owned(), names.join(", ").into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case() -> Case {
        let case = json!({
            "municipality_name": "Fjellvik kommune", "municipality_number": "9901", "unit_name": "Testtunet barnehage",
            "plan_id": "72fa3afe-746a-5539-be02-f3fba30db3e7", "plan_type": "es", "plan_status": "active",
            "subject_name": "Lett Marihøne", "subject_birth_date": "2021-09-03",
            "guardians": [{ "name": "Ærlig Marihøne", "relation": "guardian" }],
            "lead_name": "Glad Tåkeheim", "lead_unit": "Testtunet barnehage",
            "screening_mark": "Unntatt offentlighet", "screening_basis": "Offl. § 13 jf. fvl. § 13"
        });
        serde_json::from_value(case).unwrap()
    }

    fn left(content: Value, protection: AddressProtection) -> Value {
        Value::Object(leave_out(object(content), &case(), protection))
    }

    fn of_a_meeting() -> Value {
        json!({
            "place": "Rom 2", "recipients": [{ "name": "A", "contact": { "email": "a@example.org" }, "internal": true }],
            "present": [{ "name": "A", "service": "Prøveteamet" }], "access_given": [{ "to": "A" }]
        })
    }

    #[test]
    fn contacts_and_access_are_never_seen() {
        let expected = json!({ "place": "Rom 2", "recipients": [{ "name": "A" }], "present": [{ "name": "A", "service": "Prøveteamet" }] });
        assert_eq!(left(of_a_meeting(), AddressProtection::None), expected);
        assert_eq!(left(of_a_meeting(), AddressProtection::Confidential), expected);
    }

    #[test]
    fn places_are_left_out_under_strict_protection() {
        let expected = json!({ "recipients": [{ "name": "A" }], "present": [{ "name": "A" }] });
        assert_eq!(left(of_a_meeting(), AddressProtection::StrictlyConfidential), expected);
    }

    #[test]
    fn of_fields_that_name_a_person_or_a_service_the_people_are_left() {
        let content = json!({
            "shared_with": [
                { "who": "Testtunet barnehage", "what": "Alt" },
                { "who": "Helsestasjonen, ved Glad Tåkeheim og Klar Høstløv", "what": "Mål" },
                { "who": "Ærlig Marihøne", "what": "Alt" }
            ],
            "participants": [{ "name": "Klar Høstløv", "role": "Helsesykepleier" }],
            "attachment_list": [{ "name": "Kart over Prøvebukta" }], "services": [{ "name": "Prøvebukta" }],
            "measures": [{ "responsible": "Koordinator Glad Tåkeheim" }, { "responsible": "Prøvebukta" }],
            "comments": [{ "who": "Fri Kanelkvist", "text": "Enig." }]
        });
        assert_eq!(left(content.clone(), AddressProtection::None), content);
        let expected = json!({
            "shared_with": [{ "what": "Alt" }, { "who": "Glad Tåkeheim, Klar Høstløv", "what": "Mål" }, { "who": "Ærlig Marihøne", "what": "Alt" }],
            "participants": [{ "name": "Klar Høstløv", "role": "Helsesykepleier" }],
            "attachment_list": [{ "name": "Kart over Prøvebukta" }],
            "measures": [{ "responsible": "Glad Tåkeheim" }, {}],
            "comments": [{ "who": "Fri Kanelkvist", "text": "Enig." }]
        });
        assert_eq!(left(content, AddressProtection::StrictlyConfidential), expected);
    }
}
