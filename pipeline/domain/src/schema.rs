//! JSON Schema (draft 2020-12) of the envelope, made from the same types that the pipeline works with.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{AnnualReport, DocumentKind, Envelope, EsPlan, IopPlan, IpPlan, MeetingMinutes, PlanType, SlPlan};

/// Value of the envelope's `schema` field: `arkivflyt/plan_snapshot/1`.
pub fn schema_name(kind: DocumentKind) -> String {
    format!("arkivflyt/{}/1", kind.id())
}

/// JSON Schema for one document type. Unknown fields are refused everywhere; the shape of a plan snapshot's `content`
/// follows `case.plan_type`.
pub fn envelope_schema(kind: DocumentKind) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = envelope(&mut generator);
    let contents: Vec<(PlanType, Schema)> =
        kind.plan_types().iter().map(|&plan_type| (plan_type, content(&mut generator, kind, plan_type))).collect();
    let definitions = generator.take_definitions(true);

    let properties = root["properties"].as_object_mut().expect("an envelope has properties");
    properties.insert("schema".into(), json!({ "const": schema_name(kind) }));
    if contents.windows(2).all(|w| w[0].1 == w[1].1) {
        properties.insert("content".into(), contents[0].1.clone().to_value());
    } else {
        properties.insert("content".into(), json!({ "type": "object" }));
        let by_plan_type: Vec<Value> = contents.iter().map(|(t, c)| for_plan_type(*t, c)).collect();
        root["allOf"] = Value::Array(by_plan_type);
    }
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!(schema_name(kind));
    root["$defs"] = Value::Object(definitions);
    refuse_unknown_fields(&mut root);
    root
}

fn envelope(generator: &mut SchemaGenerator) -> Value {
    Envelope::<Value>::json_schema(generator).to_value()
}

fn content(generator: &mut SchemaGenerator, kind: DocumentKind, plan_type: PlanType) -> Schema {
    match (kind, plan_type) {
        (DocumentKind::PlanSnapshot, PlanType::Ip) => generator.subschema_for::<IpPlan>(),
        (DocumentKind::PlanSnapshot, PlanType::Es) => generator.subschema_for::<EsPlan>(),
        (DocumentKind::PlanSnapshot, PlanType::Sl) => generator.subschema_for::<SlPlan>(),
        (DocumentKind::PlanSnapshot, PlanType::Iop) => generator.subschema_for::<IopPlan>(),
        (DocumentKind::MeetingMinutes, _) => generator.subschema_for::<MeetingMinutes>(),
        (DocumentKind::AnnualReport, _) => generator.subschema_for::<AnnualReport>(),
    }
}

fn for_plan_type(plan_type: PlanType, content: &Schema) -> Value {
    json!({
        "if": { "properties": { "case": { "properties": { "plan_type": { "const": plan_type.id() } }, "required": ["plan_type"] } }, "required": ["case"] },
        "then": { "properties": { "content": content } }
    })
}

/// Objects with named fields take no others. The `if` branches are left alone: they only look.
fn refuse_unknown_fields(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("type") == Some(&json!("object")) && map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".into(), json!(false));
            }
            for (key, value) in map.iter_mut() {
                if key != "if" {
                    refuse_unknown_fields(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refuse_unknown_fields),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_schema_that_refuses_unknown_fields() {
        for kind in DocumentKind::ALL {
            let schema = envelope_schema(kind);
            assert_eq!(schema["additionalProperties"], json!(false), "{}", kind.id());
            let defs = schema["$defs"].as_object().unwrap();
            for (name, def) in defs {
                if def.get("properties").is_some() {
                    assert_eq!(def["additionalProperties"], json!(false), "{name}");
                }
            }
        }
    }
}
