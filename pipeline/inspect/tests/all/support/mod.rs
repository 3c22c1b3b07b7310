//! A whole extract, small and synthetic, and the means to break it.

pub mod addml;
pub mod large;
pub mod whole;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use pipeline_inspect::{Inspection, Limits, Report, Rule, Schemas, inspect};
use sha2::{Digest, Sha256};

pub use addml::XML;
/// Name of the packages that are made here.
pub const PACKAGE: &str = "5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a9000";

/// The n-th systemID.
pub fn id(n: u64) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Skips loudly, or fails when everything must run.
pub fn skip(reason: &str) {
    assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1, but {reason}");
    eprintln!("SKIPPED: {reason}");
}

/// The folder of official schemas and samples. Skips.
pub fn shared(part: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    skip(&format!("{part} is not there (ARKIVFLYT_SHARED)"));
    None
}

/// The official schemas: Noark 5 v5.0 and ADDML 8.3. Skips.
pub fn official() -> Option<Schemas> {
    let mut schemas = Schemas::from_folder(&shared("noark5/v5.0")?).unwrap();
    schemas.add_folder(&shared("noark5/addml-8.3")?).unwrap();
    Some(schemas)
}

/// Checks without limits of time.
pub fn check(path: &Path, schemas: &Schemas) -> Report {
    inspect(path, &Inspection { schemas, limits: &Limits::default(), stop: &|| false }).unwrap()
}

/// The rules that a report says are broken.
pub fn broken(report: &Report) -> BTreeSet<Rule> {
    report.broken.keys().copied().collect()
}

/// An extract in memory: what lies in its content folder.
#[derive(Clone)]
pub struct Extract {
    pub files: BTreeMap<String, Vec<u8>>,
    /// Beside the content, in a package.
    pub beside: BTreeMap<String, Vec<u8>>,
    pub said: addml::Said,
    /// The description is not written.
    pub is_undescribed: bool,
}

impl Extract {
    /// One that breaks no rule. Its schemas are the official ones when `schemas` has any, else stand-ins of a few bytes.
    pub fn whole(with_official: bool) -> Self {
        let mut extract = Self { files: whole::files(), beside: BTreeMap::new(), said: addml::Said::default(), is_undescribed: false };
        for name in XML.iter().chain(&["metadatakatalog", "addml"]) {
            let file = format!("{name}.xsd");
            let folder = if *name == "addml" { "noark5/addml-8.3" } else { "noark5/v5.0" };
            let bytes =
                if with_official { fs::read(shared(folder).unwrap().join(&file)).unwrap() } else { format!("<{name}/>").into_bytes() };
            extract.files.insert(file, bytes);
        }
        for name in ["dias-mets.xml", "dias-mets.xsd", "administrative_metadata/dias-premis.xml", "administrative_metadata/dias-premis.xsd"]
        {
            extract.beside.insert(name.to_owned(), b"<x/>".to_vec());
        }
        extract.beside.insert("descriptive_metadata/ead.xml".to_owned(), b"<x/>".to_vec());
        extract
    }

    pub fn text(&self, file: &str) -> String {
        String::from_utf8(self.files[file].clone()).unwrap()
    }

    /// Replaces the first of what must be there.
    pub fn replace(&mut self, file: &str, from: &str, to: &str) {
        let text = self.text(file);
        assert!(text.contains(from), "{from} is not in {file}");
        self.files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
    }

    pub fn remove(&mut self, file: &str) {
        assert!(self.files.remove(file).is_some(), "{file}");
    }

    /// The description, with checksums of what lies there now. What was put there by a test stays.
    fn described(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files.clone();
        if !self.is_undescribed {
            let text = addml::write(&self.said, |name| self.files.get(name).map(|bytes| hex(bytes)));
            files.insert("arkivuttrekk.xml".to_owned(), text.into_bytes());
        }
        files
    }

    /// Writes the content folder.
    pub fn write(&self, folder: &Path) -> PathBuf {
        write_files(folder, &self.described());
        folder.to_owned()
    }

    /// Writes the root of a package.
    pub fn write_package(&self, folder: &Path) -> PathBuf {
        write_files(folder, &self.beside);
        write_files(&folder.join("content"), &self.described());
        folder.to_owned()
    }

    /// Every file of the package, below one root folder of this name.
    pub fn packed(&self, root: &str) -> Vec<(String, Vec<u8>)> {
        let beside = self.beside.iter().map(|(path, bytes)| (format!("{root}/{path}"), bytes.clone()));
        let content = self.described().into_iter().map(|(path, bytes)| (format!("{root}/content/{path}"), bytes));
        beside.chain(content).collect()
    }

    /// Writes a tar named as its root should be.
    pub fn write_tar(&self, folder: &Path, root: &str) -> PathBuf {
        let path = folder.join(format!("{PACKAGE}.tar"));
        fs::write(&path, tarred(&self.packed(root))).unwrap();
        path
    }
}

fn write_files(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    fs::create_dir_all(folder).unwrap();
    for (path, bytes) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A plain tar of these files.
pub fn tarred(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}
