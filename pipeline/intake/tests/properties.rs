//! Laws: any bytes get an answer; no answer repeats the document; what fits the schema fits the types.

use pipeline_intake::{IntakeRules, Reader, Reading};
use proptest::prelude::*;
use serde_json::{Value, json};

const VALID: [&str; 6] = [
    include_str!("valid/ip.json"),
    include_str!("valid/es.json"),
    include_str!("valid/sl.json"),
    include_str!("valid/iop.json"),
    include_str!("valid/minutes.json"),
    include_str!("valid/report.json"),
];

/// Stands in no schema, no valid document and no message.
const CANARY: &str = "Zvqxj";
const CANARY_DIGITS: u64 = 7_731_904_462;

fn reader() -> &'static Reader {
    static READER: std::sync::OnceLock<Reader> = std::sync::OnceLock::new();
    READER.get_or_init(|| Reader::new(IntakeRules::default()))
}

/// Pointers to every value of a document.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    found.push(at.clone());
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| places(v, format!("{at}/{k}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| places(v, format!("{at}/{i}"), found)),
        _ => {}
    }
}

/// Something that does not belong in a document, or that belongs elsewhere in one.
fn intruder() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(CANARY.to_owned()),
        Just(format!("{CANARY}@example.org\nBcc: {CANARY}")),
        Just(format!("2026-02-30{CANARY}")),
        Just(format!("{CANARY} ").repeat(5_000)),
        Just(CANARY_DIGITS.to_string()),
        Just(format!("{CANARY_DIGITS}5")),
        Just(format!("\u{0}{CANARY}\u{2028}")),
    ];
    let scalar = prop_oneof![
        4 => text.prop_map(Value::String),
        1 => Just(json!(CANARY_DIGITS)),
        1 => Just(json!(-(CANARY_DIGITS as i64))),
        1 => Just(json!(CANARY_DIGITS as f64 + 0.5)),
        1 => Just(json!(1e300)),
        1 => prop_oneof![Just(json!(true)), Just(json!(null)), Just(json!(0)), Just(json!("")), Just(json!(" ")), Just(json!(2.0))],
        1 => prop_oneof![Just(json!("2026-11-02")), Just(json!("m1")), Just(json!("nb")), Just(json!("iop")), Just(json!("2027/2028"))],
        1 => prop_oneof![Just(json!("2026-11-02T09:00:00Z")), Just(json!("2026-12-31T23:59:60Z")), Just(json!("17851490027"))],
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        let key = prop_oneof![Just(CANARY.to_owned()), Just("goals".to_owned()), Just("name".to_owned()), Just(format!("a/~{CANARY}"))];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::hash_map(key, inner, 0..4).prop_map(|m| json!(m))
        ]
    })
}

#[derive(Clone, Debug)]
enum Change {
    /// Another value here.
    Replace(Value),
    /// One field more (or one item) here.
    Add(Value),
    /// The field here under another name.
    Rename(String),
    /// Gone.
    Remove,
    /// As many as that.
    Multiply(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let name =
        prop_oneof![Just(CANARY.to_owned()), Just(format!("{CANARY}/goals")), Just("gaols".to_owned()), Just(format!("name{CANARY}"))];
    prop_oneof![
        4 => intruder().prop_map(Change::Replace),
        2 => intruder().prop_map(Change::Add),
        1 => name.prop_map(Change::Rename),
        2 => Just(Change::Remove),
        1 => (2..700usize).prop_map(Change::Multiply),
    ]
}

fn apply(document: &mut Value, at: &str, change: Change) {
    let Some((parent, last)) = at.rsplit_once('/') else {
        if let Change::Replace(value) = change {
            *document = value;
        }
        return;
    };
    match (change, document.pointer_mut(parent)) {
        (Change::Replace(value), _) => *document.pointer_mut(at).unwrap() = value,
        (Change::Add(value), _) => match document.pointer_mut(at).unwrap() {
            Value::Object(map) => drop(map.insert(format!("{CANARY}é"), value)),
            Value::Array(items) => items.push(value),
            other => *other = value,
        },
        (Change::Rename(name), Some(Value::Object(map))) => {
            let value = map.remove(last).unwrap();
            map.insert(name, value);
        }
        (Change::Remove, Some(Value::Object(map))) => drop(map.remove(last)),
        (Change::Remove, Some(Value::Array(items))) => drop(items.remove(last.parse().unwrap())),
        (Change::Multiply(n), _) => {
            if let Some(Value::Array(items)) = document.pointer_mut(at) {
                *items = items.iter().cycle().take(items.len() * n).cloned().collect();
            }
        }
        _ => {}
    }
}

/// A valid document with one to four changes.
fn changed() -> impl Strategy<Value = Value> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), change()), 1..5);
    (0..VALID.len(), changes).prop_map(|(which, changes)| {
        let mut document: Value = serde_json::from_str(VALID[which]).unwrap();
        for (index, change) in changes {
            let mut found = Vec::new();
            places(&document, String::new(), &mut found);
            // A name with `/` or `~` in it is no pointer.
            found.retain(|at| document.pointer(at).is_some());
            apply(&mut document, &found[index.index(found.len())].clone(), change);
        }
        document
    })
}

fn problems(bytes: &[u8]) -> Vec<String> {
    match reader().read(bytes) {
        Reading::Accepted(_) => vec![],
        Reading::Refused(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            problems.iter().flat_map(|p| [p.to_string(), format!("{p:?}"), serde_json::to_string(p).unwrap()]).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        problems(&bytes);
    }

    #[test]
    fn any_text_that_looks_like_json_gets_an_answer(text in r#"([\[\]{}:,"\\ ]|\\u[0-9a-fD]{0,4}|-?[0-9.eE]{1,4}|true|null|å|"[a-z]{0,3}"){0,60}"#) {
        let ours = problems(text.as_bytes());
        // A judge that we did not write: what serde_json cannot read, we do not read either.
        if serde_json::from_str::<Value>(&text).is_err() {
            prop_assert!(ours.iter().any(|p| p.contains("json_")), "{ours:?}");
        }
    }

    #[test]
    fn a_document_cut_or_flipped_anywhere_gets_an_answer(which in 0..VALID.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = VALID[which].as_bytes().to_vec();
        let at = at.index(bytes.len());
        problems(&bytes[..at]);
        bytes[at] = byte;
        problems(&bytes);
    }

    #[test]
    fn no_answer_repeats_the_document_and_schema_and_types_agree(document in changed()) {
        for problem in problems(document.to_string().as_bytes()) {
            prop_assert!(!problem.contains(CANARY) && !problem.contains(&CANARY_DIGITS.to_string()), "a value leaked");
            prop_assert!(!problem.contains("disagree"), "the schema let through what the types refuse");
        }
    }
}
