//! `schema`: JSON Schema of what is taken in, made from the types that the pipeline itself works with.

use clap::builder::PossibleValuesParser;
use pipeline_domain::{DocumentKind, envelope_schema, event_schema};

use crate::{exit::Exit, output::Output};

/// What events of the source system are called beside the document types.
const EVENT: &str = "event";

/// Print a JSON Schema (draft 2020-12).
#[derive(Debug, clap::Args)]
pub struct SchemaOf {
    /// Document type, or `event` for the events of the source system.
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(DocumentKind::ALL.iter().map(|kind| kind.id()).chain([EVENT])))]
    pub kind: String,
}

pub fn run(schema: &SchemaOf, output: &Output) -> Exit {
    let schema = match DocumentKind::from_id(&schema.kind) {
        Some(kind) => envelope_schema(kind),
        None => event_schema(),
    };
    output.line(&serde_json::to_string_pretty(&schema).expect("a schema is writable as JSON"));
    Exit::Ok
}
