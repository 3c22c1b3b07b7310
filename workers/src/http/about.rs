//! What this program is, for `/version`.

use pipeline_domain::{DocumentKind, schema_name};
use serde::Serialize;

/// What this program is. Worked out once, at start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// Of the program.
    pub version: &'static str,
    /// How it was built: `release` or `debug`, and for what.
    pub build: Build,
    /// Digest of all templates (SHA-256, hexadecimal).
    pub templates_sha256: String,
    /// Document types that it reads.
    pub document_schemas: Vec<String>,
    /// `sqlite` or `postgresql`.
    pub database: &'static str,
    /// Newest migration of the database that the program knows.
    pub database_schema: i64,
}

/// How the program was built. Nothing that differs between two builds of the same source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Build {
    /// `release` or `debug`.
    pub profile: &'static str,
    /// Processor, such as `x86_64`.
    pub architecture: &'static str,
    /// Operating system, such as `linux`.
    pub system: &'static str,
}

impl About {
    /// Of this program on such a database. `database_schema` is the newest migration it knows.
    pub fn this_program(database: &'static str, database_schema: i64) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            build: Build {
                profile: if cfg!(debug_assertions) { "debug" } else { "release" },
                architecture: std::env::consts::ARCH,
                system: std::env::consts::OS,
            },
            templates_sha256: pipeline_render::template_set_digest().to_string(),
            document_schemas: DocumentKind::ALL.map(|kind| schema_name(kind).to_string()).to_vec(),
            database,
            database_schema,
        }
    }
}
