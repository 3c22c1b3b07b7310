//! What never reaches a template.

use pipeline_domain::AddressProtection;
use serde_json::Value;

use super::Object;

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

/// Takes away what may not be seen, at any depth.
pub(super) fn leave_out(content: &mut Object, protection: AddressProtection) {
    let hidden = |key: &str| NEVER.contains(&key) || key.ends_with("_contact") || (protection.hides_places() && PLACES.contains(&key));
    content.retain(|key, _| !hidden(key));
    for value in content.values_mut() {
        inside(value, protection);
    }
}

fn inside(value: &mut Value, protection: AddressProtection) {
    match value {
        Value::Object(map) => leave_out(map, protection),
        Value::Array(items) => items.iter_mut().for_each(|item| inside(item, protection)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn left(protection: AddressProtection) -> Value {
        let mut content = super::super::object(json!({
            "place": "Rom 2", "recipients": [{ "name": "A", "contact": { "email": "a@example.org" }, "internal": true }],
            "present": [{ "name": "A", "service": "Prøveteamet" }], "access_given": [{ "to": "A" }]
        }));
        leave_out(&mut content, protection);
        Value::Object(content)
    }

    #[test]
    fn contacts_and_access_are_never_seen() {
        let expected = json!({ "place": "Rom 2", "recipients": [{ "name": "A" }], "present": [{ "name": "A", "service": "Prøveteamet" }] });
        assert_eq!(left(AddressProtection::None), expected);
        assert_eq!(left(AddressProtection::Confidential), expected);
    }

    #[test]
    fn places_are_left_out_under_strict_protection() {
        let expected = json!({ "recipients": [{ "name": "A" }], "present": [{ "name": "A" }] });
        assert_eq!(left(AddressProtection::StrictlyConfidential), expected);
    }
}
