//! JSON Schema (draft 2020-12) of the envelope, made from the same types that the pipeline works with.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    AnnualReport, Attachment, ClosingNote, ConsentRecord, DocumentKind, EVENT_SCHEMA, Envelope, EsPlan, EvaluationReport, FolderOverview,
    IopPlan, IpPlan, MeetingInvitation, MeetingMinutes, MessageLog, PlanEvent, PlanType, ReopeningNote, ResponsibilityTransferNote,
    SchoolYearTransferNote, SlPlan,
};

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
    finish(root, &schema_name(kind), definitions)
}

/// JSON Schema for an event. Which fields which event needs is intake's to say.
pub fn event_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = envelope(&mut generator);
    let content = generator.subschema_for::<PlanEvent>();
    let definitions = generator.take_definitions(true);
    let properties = root["properties"].as_object_mut().expect("an envelope has properties");
    properties.insert("schema".into(), json!({ "const": EVENT_SCHEMA }));
    properties.insert("content".into(), content.to_value());
    finish(root, EVENT_SCHEMA, definitions)
}

fn finish(mut root: Value, title: &str, definitions: Map<String, Value>) -> Value {
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!(title);
    root["$defs"] = Value::Object(definitions);
    plain(&mut root);
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
        (DocumentKind::MeetingInvitation, _) => generator.subschema_for::<MeetingInvitation>(),
        (DocumentKind::ConsentRecord, _) => generator.subschema_for::<ConsentRecord>(),
        (DocumentKind::EvaluationReport, _) => generator.subschema_for::<EvaluationReport>(),
        (DocumentKind::ResponsibilityTransferNote, _) => generator.subschema_for::<ResponsibilityTransferNote>(),
        (DocumentKind::SchoolYearTransferNote, _) => generator.subschema_for::<SchoolYearTransferNote>(),
        (DocumentKind::ClosingNote, _) => generator.subschema_for::<ClosingNote>(),
        (DocumentKind::ReopeningNote, _) => generator.subschema_for::<ReopeningNote>(),
        (DocumentKind::MessageLog, _) => generator.subschema_for::<MessageLog>(),
        (DocumentKind::Attachment, _) => generator.subschema_for::<Attachment>(),
        (DocumentKind::FolderOverview, _) => generator.subschema_for::<FolderOverview>(),
    }
}

fn for_plan_type(plan_type: PlanType, content: &Schema) -> Value {
    json!({
        "if": { "properties": { "case": { "properties": { "plan_type": { "const": plan_type.id() } }, "required": ["plan_type"] } }, "required": ["case"] },
        "then": { "properties": { "content": content } }
    })
}

/// Says the same with fewer words, so that a checker can name the broken rule instead of «no alternative fits»: an optional
/// value is simply its value (a null is read as absent), and a choice of constants is an `enum`.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            optional_is_its_value(map);
            choice_is_enum(map);
            map.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

fn optional_is_its_value(map: &mut Map<String, Value>) {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(choices)) = map.get("anyOf")
        && let [value, last] = &choices[..]
        && *last == null
    {
        let value = value.as_object().cloned().unwrap_or_default();
        map.remove("anyOf");
        map.extend(value);
    }
    if let Some(Value::Array(types)) = map.get("type")
        && let [only, last] = &types[..]
        && *last == json!("null")
    {
        let only = only.clone();
        map.insert("type".into(), only);
    }
}

fn choice_is_enum(map: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("oneOf") else { return };
    let Some(values) = choices.iter().map(|c| c.get("const").cloned()).collect::<Option<Vec<_>>>() else { return };
    map.remove("oneOf");
    map.insert("type".into(), json!("string"));
    map.insert("enum".into(), Value::Array(values));
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
        for schema in DocumentKind::ALL.map(envelope_schema).into_iter().chain([event_schema()]) {
            assert_eq!(schema["additionalProperties"], json!(false), "{}", schema["title"]);
            let defs = schema["$defs"].as_object().unwrap();
            for (name, def) in defs {
                if def.get("properties").is_some() {
                    assert_eq!(def["additionalProperties"], json!(false), "{name}");
                }
            }
        }
    }
}
