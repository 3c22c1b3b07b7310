//! `schema`: JSON Schema of a document type, made from the types that the pipeline itself works with.

use pipeline_domain::{DocumentKind, envelope_schema};

use crate::{exit::Exit, output::Output};

/// Print a JSON Schema (draft 2020-12).
#[derive(Debug, clap::Args)]
pub struct SchemaOf {
    /// Document type.
    #[arg(value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(DocumentKind::ALL.map(DocumentKind::id)))]
    pub kind: String,
}

pub fn run(schema: &SchemaOf, output: &Output) -> Exit {
    let kind = DocumentKind::from_id(&schema.kind).expect("the parser takes known kinds only");
    output.line(&serde_json::to_string_pretty(&envelope_schema(kind)).expect("a schema is writable as JSON"));
    Exit::Ok
}
