//! `version`: of the program, the shapes it reads and the templates it sets.

use pipeline_domain::{DocumentKind, schema_name};
use serde_json::json;

use crate::{exit::Exit, output::Output};

pub fn run(output: &Output) -> Exit {
    let schemas = DocumentKind::ALL.map(schema_name);
    let templates = pipeline_render::template_set_digest();
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"), "document_schemas": schemas, "templates_sha256": templates,
        "pdf": "PDF/A-2a, PDF/UA-1", "noark": "Noark 5 v5.0", "case_folders": "OCFL 1.1",
    });
    if !output.answer("version", body) {
        output.line(&format!("arkivflyt {}", env!("CARGO_PKG_VERSION")));
        output.line(&format!("document schemas  {}", schemas.join(", ")));
        output.line(&format!("templates sha256  {templates}"));
        output.line("PDF/A-2a and PDF/UA-1 · Noark 5 v5.0 · OCFL 1.1");
    }
    Exit::Ok
}
