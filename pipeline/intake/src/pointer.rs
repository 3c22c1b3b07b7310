//! Places in a document, told without repeating anything that a person wrote: known field names and positions only.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

/// One step down into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A field, under whatever name the document gives it.
    Field(String),
    /// A position in a list, from 0.
    Item(usize),
}

/// Every field name of every document type.
pub(crate) struct FieldNames(BTreeSet<String>);

impl FieldNames {
    /// The names in these schemas.
    pub(crate) fn of<'a>(schemas: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut names = BTreeSet::new();
        schemas.into_iter().for_each(|s| collect(s, &mut names));
        Self(names)
    }

    /// JSON pointer to the place, cut before the first name that is not ours: such a name may hold anything.
    pub(crate) fn pointer<'a>(&self, steps: impl IntoIterator<Item = &'a Step>) -> String {
        let mut pointer = String::new();
        for step in steps {
            match step {
                Step::Field(name) if self.0.contains(name) => write!(pointer, "/{name}"),
                Step::Item(n) => write!(pointer, "/{n}"),
                Step::Field(_) => break,
            }
            .expect("a String takes all text");
        }
        pointer
    }
}

fn collect(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                names.extend(properties.keys().cloned());
            }
            map.values().for_each(|v| collect(v, names));
        }
        Value::Array(items) => items.iter().for_each(|v| collect(v, names)),
        _ => {}
    }
}

/// The known name that a mistyped one was probably meant to be: at most two letters off, and no more than half of it.
pub(crate) fn closest<'a>(mistyped: &str, known: impl IntoIterator<Item = &'a String>) -> Option<&'a str> {
    known
        .into_iter()
        .filter(|name| mistyped.len().abs_diff(name.len()) <= 8)
        .map(|name| (letters_off(mistyped, name), name.as_str()))
        .filter(|(off, name)| *off <= 2 && off * 2 <= name.len())
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance.
fn letters_off(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let here = (diagonal + usize::from(ca != *cb)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = here;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_stop_at_strange_names() {
        let names = FieldNames::of([&json!({ "properties": { "goals": { "items": { "properties": { "id": {} } } } } })]);
        let field = |name: &str| Step::Field(name.into());
        let check = |steps: &[Step], expected: &str| assert_eq!(names.pointer(steps), expected);
        check(&[], "");
        check(&[field("goals"), Step::Item(3), field("id")], "/goals/3/id");
        check(&[field("goals"), Step::Item(3), field("properties"), field("id")], "/goals/3");
    }

    #[test]
    fn mistyped_names() {
        let known: Vec<String> = ["goals", "measures", "no", "role"].map(String::from).into();
        let check = |mistyped: &str, expected: Option<&str>| assert_eq!(closest(mistyped, &known), expected, "{mistyped}");
        check("gaols", Some("goals"));
        check("Goals", Some("goals"));
        check("measure", Some("measures"));
        check("mål", None);
        check("nr", Some("no"));
        check("xy", None);
        check("diagnosis", None);
    }
}
