//! Validation against XML Schemas that the operator names.
//!
//! There is no kept library that builds with Rust and a C compiler alone, streams, and leaves the features of the layout engine's
//! crates as they are, so this is our own: the features of XML Schema 1.0 that the official Noark 5 and ADDML schemas use. It is
//! judged against xmllint (libxml2) on those schemas (`tests/schema.rs`). What it does not read it says.

mod content;
mod model;
mod read;
mod run;
mod simple;
pub mod time;

use std::{fs, path::Path, sync::Arc};

pub use model::Model;
use read::Document;
pub use run::Validator;
pub use simple::Whole;

use crate::{
    InspectError, Limits,
    xml::{Stop, read_tree},
};

/// The official schemas, as the operator has them. Their bytes are never taken from the extract.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    files: Vec<(String, Vec<u8>)>,
    /// All of them, read once.
    model: Arc<Model>,
}

impl Schemas {
    /// No schemas: N5.03 is then not checked, and the report says so.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every `*.xsd` of a folder, not of those below it. For Noark 5: the five of `N5/v5.0`, and one `addml.xsd`. The schemas of a
    /// DIAS package may lie there too: they are for other files, and are passed over.
    pub fn from_folder(folder: &Path) -> Result<Self, InspectError> {
        let mut schemas = Self::none();
        schemas.add_folder(folder)?;
        Ok(schemas)
    }

    /// Adds every `*.xsd` of another folder.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), InspectError> {
        let failed = |source| InspectError::Schemas { source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|e| e == "xsd") && path.is_file() {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let bytes = fs::read(&path).map_err(failed)?;
            if !is_of_the_package(&bytes) {
                self.put(&name, bytes)?;
            }
        }
        self.compile()
    }

    /// Adds one schema, such as that of the own metadata. Its file name is that which extracts give it.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), InspectError> {
        self.put(name, bytes)?;
        self.compile()
    }

    fn put(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), InspectError> {
        let rule = "it is not a well-formed XML file of a reasonable size";
        document(&bytes, &Limits::default()).ok_or(InspectError::Schema { name: name.to_owned(), rule })?;
        self.files.push((name.to_owned(), bytes));
        Ok(())
    }

    fn compile(&mut self) -> Result<(), InspectError> {
        let model = self.with_own(&[], &Limits::default());
        let name = || self.files.last().map(|(name, _)| name.clone()).unwrap_or_default();
        self.model = Arc::new(model.map_err(|rule| InspectError::Schema { name: name(), rule })?);
        Ok(())
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Name and bytes of each.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// All of them as one.
    pub(crate) fn model(&self) -> Arc<Model> {
        Arc::clone(&self.model)
    }

    /// All of them as one, with others' schemas of own metadata.
    pub(crate) fn with_own(&self, own: &[Vec<u8>], limits: &Limits) -> Result<Model, &'static str> {
        let all = self.files.iter().map(|(_, bytes)| bytes).chain(own);
        let documents: Option<Vec<Document>> = all.map(|bytes| document(bytes, limits)).collect();
        read::read(&documents.ok_or("it is not well-formed XML")?)
    }
}

/// METS, PREMIS and what they import: several schemas of one namespace, none of them for a file of the content.
const OF_PACKAGES: [&str; 4] = [
    "http://www.loc.gov/METS/",
    "http://arkivverket.no/standarder/METS",
    "http://arkivverket.no/standarder/PREMIS",
    "http://www.w3.org/1999/xlink",
];

fn is_of_the_package(bytes: &[u8]) -> bool {
    let document = document(bytes, &Limits::default());
    document.is_some_and(|d| d.root.attribute("targetNamespace").is_some_and(|ns| OF_PACKAGES.contains(&ns)))
}

fn document(bytes: &[u8], limits: &Limits) -> Option<Document> {
    let never: Stop<'_> = &|| false;
    match read_tree(bytes, limits, never) {
        (Some(root), outcome) if outcome.fault.is_none() => Some(Document { root }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
