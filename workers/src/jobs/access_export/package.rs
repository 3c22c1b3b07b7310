//! The files of an access export: PDFs and attachments as they lie in the archive, sources without what belongs to third parties,
//! the index and the cover.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Cursor, Read},
    path::PathBuf,
    sync::Arc,
};

use pipeline_archive::CaseArchive;
use pipeline_bag::{BagPath, Expected, Payload, PayloadFile};
use pipeline_domain::{ErrorCode, Sha512, canonical_json};
use pipeline_package::CaseRecord;
use serde_json::{Value, json};

use super::page::COVER;
use crate::failure::Failure;

/// One file of the package.
enum Part {
    /// As it lies in the archive.
    Archived { place: PathBuf, size_bytes: u64, sha512: Sha512 },
    /// A source, cleaned again whenever it is read: sources are large, and there may be hundreds.
    Source { place: PathBuf, size_bytes: u64, sha512: Sha512 },
    /// Made here.
    Made(Vec<u8>),
}

/// All of them, by path.
pub struct Contents(Vec<(BagPath, Part)>);

impl Contents {
    /// Looks at every folder; reads the sources once, to know what becomes of them. `lists` is what the cover tells, as JSON.
    pub fn of(archived: &[(Arc<CaseArchive>, CaseRecord)], lists: &Value, index: Vec<u8>, cover: Vec<u8>) -> Result<Self, Failure> {
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        for (archive, record) in archived {
            let at = archive.folder_path(record.folder());
            for file in archive.tree(record.folder())? {
                let place = at.join(&file.content_path);
                let part = match file.path.as_str().split_once('/') {
                    Some(("dokumenter" | "vedlegg", _)) => Part::Archived { place, size_bytes: file.size_bytes, sha512: file.sha512 },
                    Some(("kilde", _)) => {
                        let damaged = |e| Failure::give_up(ErrorCode::ArchiveDamaged, format!("{}: {}: {e}", record.folder(), file.path));
                        // Checked against its digest before anything is made of it.
                        let bytes = cleaned(&archive.read_file(record.folder(), &file.path)?).map_err(damaged)?;
                        Part::Source { place, size_bytes: bytes.len() as u64, sha512: Sha512::of(&bytes) }
                    }
                    // Metadata and the folder's own record name the national ids of others.
                    _ => continue,
                };
                parts.insert(format!("{}/{}", record.folder().case_number(), file.path), part);
            }
        }
        let list = |key: &str| Part::Made(canonical_json(&json!({ key: lists[key] })));
        parts.insert("index.html".to_owned(), Part::Made(index));
        parts.insert(COVER.to_owned(), Part::Made(cover));
        parts.insert("tilgang.json".to_owned(), list("accesses"));
        parts.insert("varsler.json".to_owned(), list("notices"));
        parts.insert("kontakt.json".to_owned(), list("contacts"));
        let named = |(path, part): (String, Part)| (path.parse().expect("the archive's names are stricter than a bag's"), part);
        Ok(Self(parts.into_iter().map(named).collect()))
    }
}

/// A source without the national ids of others. Contact data is not in the archive in the first place.
fn cleaned(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut source: Value = serde_json::from_slice(bytes).map_err(|_| "not JSON")?;
    without_ids(&mut source);
    Ok(canonical_json(&source))
}

/// The subject's own stands in `subject_national_id`.
fn without_ids(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| key != "national_id" && key != "contact" && (key == "subject_contact" || !key.ends_with("_contact")));
            map.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

impl Payload for Contents {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn file(&self, at: usize) -> PayloadFile {
        let (path, part) = &self.0[at];
        let (size_bytes, sha512) = match part {
            Part::Archived { size_bytes, sha512, .. } | Part::Source { size_bytes, sha512, .. } => (*size_bytes, *sha512),
            Part::Made(bytes) => (bytes.len() as u64, Sha512::of(bytes)),
        };
        PayloadFile { path: path.clone(), size_bytes, expected: Expected::Sha512(sha512) }
    }

    fn open(&self, at: usize) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.0[at].1 {
            Part::Archived { place, .. } => Box::new(fs::File::open(place)?),
            Part::Source { place, .. } => {
                let bytes = cleaned(&fs::read(place)?).map_err(io::Error::other)?;
                Box::new(Cursor::new(bytes))
            }
            Part::Made(bytes) => Box::new(bytes.as_slice()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_and_addresses_of_others_are_taken_out() {
        let source = json!({
            "case": { "subject_national_id": "17851490027", "guardians": [{ "name": "A", "national_id": "09838310009", "contact": { "email": "a@example.org" } }] },
            "content": { "from_contact": { "email": "b@example.org" }, "text": "x" }
        });
        let bytes = cleaned(&serde_json::to_vec(&source).unwrap()).unwrap();
        let left: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            left,
            json!({ "case": { "subject_national_id": "17851490027", "guardians": [{ "name": "A" }] }, "content": { "text": "x" } })
        );
    }
}
