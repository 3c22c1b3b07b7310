//! One document type's JSON Schema, compiled, and what its complaints mean as problems.
//!
//! Only the kind of a complaint and the schema's own words are used, never its message, which repeats the value.

use std::collections::HashMap;

use jsonschema::error::ValidationErrorKind as Broken;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, Validator};
use pipeline_domain::{
    Date, DocumentId, DocumentKind, EVENT_SCHEMA, EmailAddress, NationalId, NationalIdFault, ProblemCode, Timestamp, envelope_schema,
    event_schema, schema_name,
};
use serde_json::{Map, Value};

use crate::pointer::{FieldNames, Step, closest};
use crate::problems::{MOST_PROBLEMS, Problems};

/// What a schema describes.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Document(DocumentKind),
    Event,
}

/// The schema of one document type, or of events.
pub(crate) struct KindSchema {
    pub(crate) shape: Shape,
    name: String,
    pub(crate) schema: Value,
    validator: Validator,
}

impl KindSchema {
    pub(crate) fn compile(shape: Shape) -> Self {
        let (name, schema) = match shape {
            Shape::Document(kind) => (schema_name(kind), envelope_schema(kind)),
            Shape::Event => (EVENT_SCHEMA.to_owned(), event_schema()),
        };
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .with_format("date", |s: &str| s.parse::<Date>().is_ok())
            .with_format("date-time", |s: &str| s.parse::<Timestamp>().is_ok())
            .with_format("uuid", |s: &str| s.parse::<DocumentId>().is_ok())
            .with_format("arkivflyt-email", |s: &str| s.parse::<EmailAddress>().is_ok())
            .with_format("arkivflyt-national-id", |s: &str| s.parse::<NationalId>().is_ok())
            .build(&schema)
            .expect("our own schemas compile");
        Self { shape, name, schema, validator }
    }

    /// Whether a document with this `schema` field is of this type.
    pub(crate) fn is_named(&self, name: Option<&Value>) -> bool {
        name.and_then(Value::as_str) == Some(&self.name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells every rule of the schema that `value` breaks, and answers whether it fits. `as_sent` is the same document with
    /// its nulls, for counting fields.
    pub(crate) fn check(&self, value: &Value, as_sent: &Value, names: &FieldNames, problems: &mut Problems) -> bool {
        let mut fits = true;
        for error in self.validator.iter_errors(value) {
            fits = false;
            Complaint { of: self, names, error: &error }.tell(as_sent, problems);
        }
        fits
    }
}

/// One complaint of the validator, with what is needed to understand it.
struct Complaint<'a> {
    of: &'a KindSchema,
    names: &'a FieldNames,
    error: &'a ValidationError<'a>,
}

impl Complaint<'_> {
    fn tell(&self, as_sent: &Value, problems: &mut Problems) {
        let at = self.names.pointer(&steps(self.error.instance_path()));
        match self.error.kind() {
            Broken::Required { property } => self.missing(&at, property.as_str().unwrap_or_default(), problems),
            Broken::AdditionalProperties { unexpected } => self.unknown(&at, unexpected, as_sent, problems),
            Broken::Type { .. } => problems.add(ProblemCode::FieldTypeWrong, at, self.rule("type", "type")),
            Broken::Enum { .. } if self.has_wrong_type() => {}
            Broken::Enum { .. } => problems.add(ProblemCode::ValueNotAllowed, at, self.one_of()),
            Broken::Constant { .. } => problems.add(ProblemCode::ValueNotAllowed, at, self.rule("one_of", "const")),
            Broken::MinLength { .. } => problems.add(ProblemCode::TextEmpty, at, self.rule("min_length", "minLength")),
            // A format of its own says all there is to say.
            Broken::MaxLength { .. } if self.rules().contains_key("format") => {}
            Broken::MaxLength { .. } => problems.add(ProblemCode::TextTooLong, at, self.rule("max_length", "maxLength")),
            Broken::Pattern { .. } => self.pattern(at, problems),
            Broken::MinItems { .. } => problems.add(ProblemCode::ListTooShort, at, self.rule("min_items", "minItems")),
            Broken::MaxItems { .. } => problems.add(ProblemCode::ListTooLong, at, self.rule("max_items", "maxItems")),
            Broken::Minimum { .. } => problems.add(ProblemCode::NumberOutOfRange, at, self.rule("min", "minimum")),
            Broken::Maximum { .. } => problems.add(ProblemCode::NumberOutOfRange, at, self.rule("max", "maximum")),
            Broken::Format { format } => problems.add(self.format(format), at, self.rule("format", "format")),
            // Our schemas use no other keyword; a test holds them to it.
            other => problems.add(ProblemCode::FieldTypeWrong, at, other.keyword()),
        }
    }

    fn missing(&self, parent: &str, name: &str, problems: &mut Problems) {
        let definition = self.error.schema_path().as_str().strip_prefix("/$defs/").and_then(|path| path.split('/').next());
        let code = ProblemCode::of_missing(definition.unwrap_or_default(), name);
        problems.add(code, format!("{parent}/{name}"), "required");
    }

    /// Told by position, since the name itself may be a diagnosis.
    fn unknown(&self, at: &str, unexpected: &[String], as_sent: &Value, problems: &mut Problems) {
        let positions = positions(as_sent.pointer(self.error.instance_path().as_str()));
        let known = self.rules().get("properties").and_then(Value::as_object);
        for name in unexpected.iter().take(MOST_PROBLEMS + 1) {
            let mut rule = match positions.get(name.as_str()) {
                Some(n) => format!("field {n} of the object"),
                None => "a field of the object".into(),
            };
            if let Some(meant) = known.and_then(|k| closest(name, k.keys())) {
                rule.push_str(&format!(", close to \"{meant}\""));
            }
            problems.add(ProblemCode::FieldUnknown, at, rule);
        }
    }

    fn pattern(&self, at: String, problems: &mut Problems) {
        let text = self.error.instance().as_str().unwrap_or_default();
        let asks_for_text = self.rules().contains_key("minLength");
        match (asks_for_text, text) {
            // Told by the length already.
            (true, "") => {}
            (true, blank) if blank.trim().is_empty() => problems.add(ProblemCode::TextEmpty, at, "not_blank"),
            _ if self.is_inside("SchoolYear") => problems.add(ProblemCode::SchoolYearInvalid, at, self.rule("pattern", "pattern")),
            _ => problems.add(ProblemCode::TextForm, at, self.rule("pattern", "pattern")),
        }
    }

    fn format(&self, format: &str) -> ProblemCode {
        match format {
            "date" => ProblemCode::DateImpossible,
            "date-time" => ProblemCode::TimeImpossible,
            "uuid" => ProblemCode::IdInvalid,
            "arkivflyt-email" => ProblemCode::EmailInvalid,
            "arkivflyt-national-id" => match self.error.instance().as_str().unwrap_or_default().parse::<NationalId>() {
                Err(NationalIdFault::CheckDigit) => ProblemCode::NationalIdCheckDigit,
                _ => ProblemCode::NationalIdShape,
            },
            _ => ProblemCode::TextForm,
        }
    }

    /// The schema object that the broken keyword stands in.
    fn rules(&self) -> &Map<String, Value> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        let keyword = self.error.schema_path().as_str();
        let parent = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.of.schema.pointer(parent).and_then(Value::as_object).unwrap_or(&NONE)
    }

    fn is_inside(&self, definition: &str) -> bool {
        self.error.schema_path().as_str().split('/').any(|step| step == definition)
    }

    /// `name=…` with the schema's own value of the keyword.
    fn rule(&self, name: &str, keyword: &str) -> String {
        match self.rules().get(keyword) {
            Some(Value::String(s)) => format!("{name}={s}"),
            Some(other) => format!("{name}={other}"),
            None => name.to_owned(),
        }
    }

    fn one_of(&self) -> String {
        let words = self.rules().get("enum").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        one_of(words.iter().filter_map(Value::as_str))
    }

    /// Whether a text was asked for and something else came: its type is wrong, and that is told.
    fn has_wrong_type(&self) -> bool {
        self.rules().get("type").is_some_and(|t| t == "string") && !self.error.instance().is_string()
    }
}

/// `one_of=a|b|c`.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    format!("one_of={}", words.into_iter().collect::<Vec<_>>().join("|"))
}

fn steps(path: &Location) -> Vec<Step> {
    let step = |s| match s {
        LocationSegment::Property(name) => Step::Field(name.into_owned()),
        LocationSegment::Index(n) => Step::Item(n),
    };
    path.segments().map(step).collect()
}

/// Number of each field in an object, from 1.
fn positions(object: Option<&Value>) -> HashMap<&str, usize> {
    let keys = object.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    keys.enumerate().map(|(i, k)| (k.as_str(), i + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each keyword of a schema with the object it stands in.
    fn each_rule(schema: &Value, see: &mut impl FnMut(&str, &Map<String, Value>)) {
        let Value::Object(map) = schema else { return };
        for (keyword, value) in map {
            see(keyword, map);
            match (keyword.as_str(), value) {
                ("properties" | "$defs", Value::Object(named)) => named.values().for_each(|s| each_rule(s, see)),
                ("allOf", Value::Array(all)) => all.iter().for_each(|s| each_rule(s, see)),
                ("items" | "then", s) => each_rule(s, see),
                _ => {}
            }
        }
    }

    fn all_schemas() -> impl Iterator<Item = Value> {
        DocumentKind::ALL.into_iter().map(envelope_schema).chain([event_schema()])
    }

    #[test]
    fn the_schemas_use_only_rules_that_have_a_code() {
        let told = [
            "type",
            "properties",
            "required",
            "additionalProperties",
            "enum",
            "const",
            "minLength",
            "maxLength",
            "pattern",
            "minItems",
            "maxItems",
            "minimum",
            "maximum",
            "format",
            "items",
            "$ref",
            "$defs",
            "$schema",
            "title",
            "description",
            "default",
            "allOf",
            "if",
            "then",
        ];
        for schema in all_schemas() {
            each_rule(&schema, &mut |keyword, _| assert!(told.contains(&keyword), "{keyword}"));
        }
    }

    #[test]
    fn every_list_text_and_number_has_a_limit() {
        for schema in all_schemas() {
            each_rule(&schema, &mut |keyword, map| {
                let any_of = |limits: &[&str]| assert!(limits.iter().any(|l| map.contains_key(*l)), "{map:?}");
                match (keyword, map.get("type").and_then(Value::as_str)) {
                    ("type", Some("array")) => any_of(&["maxItems"]),
                    ("type", Some("integer" | "number")) => any_of(&["maximum"]),
                    ("type", Some("string")) => any_of(&["maxLength", "pattern", "format", "enum"]),
                    _ => {}
                }
            });
        }
    }
}
