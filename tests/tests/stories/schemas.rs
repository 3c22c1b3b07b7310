//! The published schemas: real JSON Schema, and every sample fits its own.

use std::path::Path;

use arkivflyt_tests::{House, Sample, broken_samples, good_samples, kind_folders};
use serde_json::Value;

/// `plan_snapshot` and its like: the folders of the samples are named after them.
fn kinds() -> Vec<String> {
    let name = |folder: &Path| folder.file_name().unwrap().to_str().unwrap().replace('-', "_");
    kind_folders().iter().map(|folder| name(folder)).collect()
}

fn schema(house: &House, kind: &str) -> Value {
    let schema = house.run(["schema", kind]).expect(0).json();
    assert_eq!(house.run(["schema", kind, "--json"]).expect(0).json(), schema);
    schema
}

/// With formats such as `uuid` and `date-time` looked at.
fn strict(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_sample_fits_its_schema() {
    let house = House::bare();
    let samples = good_samples();
    let mut judged = 0;
    for kind in kinds() {
        let schema = schema(&house, &kind);
        jsonschema::meta::validate(&schema).unwrap_or_else(|e| panic!("{kind}: {e}"));
        let validator = strict(&schema);
        let folder = kind.replace('_', "-");
        for sample in samples.iter().filter(|s| s.folder() == folder) {
            let errors: Vec<String> = validator.iter_errors(&sample.json()).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", sample.name);
            judged += 1;
        }
        for sample in samples.iter().filter(|s| s.folder() != folder) {
            assert!(!validator.is_valid(&sample.json()), "{} is not a {kind}", sample.name);
        }
    }
    assert_eq!(judged, samples.len());
    assert!(!house.data().exists(), "a schema needs no data folder");
}

#[test]
fn what_a_schema_can_say_it_says() {
    const BY_SCHEMA: [&str; 9] = [
        "field_unknown",
        "required_field_missing",
        "value_not_allowed",
        "field_type_wrong",
        "list_too_short",
        "list_too_long",
        "number_out_of_range",
        "text_too_long",
        "id_invalid",
    ];
    let house = House::bare();
    let mut judged = 0;
    for kind in kinds() {
        let validator = strict(&schema(&house, &kind));
        let folder = kind.replace('_', "-");
        let readable = |s: &&Sample| serde_json::from_slice::<Value>(&s.bytes).is_ok();
        // Rules between fields, whatever their code is called.
        let is_between_fields = |s: &Sample| s.name.ends_with("__no_twice.json") || s.name.ends_with("__other_system.json");
        for sample in broken_samples()
            .iter()
            .filter(|s| !is_between_fields(s) && s.folder() == folder && BY_SCHEMA.contains(&s.code()))
            .filter(readable)
        {
            assert!(!validator.is_valid(&sample.json()), "{} fits the published schema", sample.name);
            judged += 1;
        }
    }
    assert!(judged > 40, "{judged}");
}

#[test]
fn an_unknown_kind_is_wrong_usage() {
    let run = House::bare().run(["schema", "shopping_list"]).expect(2);
    assert!(kinds().iter().all(|k| run.stderr.contains(k)), "{run}");
}
