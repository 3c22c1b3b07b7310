//! The official schemas, judged by xmllint (libxml2).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::noark::OWN_SCHEMA;

/// Which set of official schemas.
#[derive(Clone, Copy)]
pub enum Schemas {
    /// `v5.0`: closed material, closing dates mandatory.
    Strict,
    /// `v5.0-testdata`: open material.
    Open,
}

/// A folder of XML files to be judged.
pub struct Bench {
    dir: tempfile::TempDir,
    noark5: PathBuf,
    files: Vec<PathBuf>,
}

/// Skips loudly, or fails when everything must run.
fn skip(reason: &str) {
    assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1, but {reason}");
    eprintln!("SKIPPED: {reason}");
}

impl Bench {
    /// `None` when the schemas or xmllint are missing.
    pub fn new() -> Option<Self> {
        let shared = std::env::var_os("ARKIVFLYT_SHARED")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
        let noark5 = shared.join("noark5");
        if !noark5.join("v5.0/arkivstruktur.xsd").is_file() {
            skip("the official Noark 5 schemas are not there (ARKIVFLYT_SHARED)");
            return None;
        }
        if Command::new("xmllint").arg("--version").output().is_err() {
            skip("xmllint is not installed");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("arkivflyt-vsm.xsd"), OWN_SCHEMA).unwrap();
        Some(Self { dir, noark5: noark5.canonicalize().unwrap(), files: Vec::new() })
    }

    pub fn add(&mut self, name: &str, xml: &[u8]) {
        let path = self.dir.path().join(format!("{:04}-{}.xml", self.files.len(), name.replace(['/', '.'], "_")));
        fs::write(&path, xml).unwrap();
        self.files.push(path);
    }

    fn set(&self, schemas: Schemas) -> PathBuf {
        self.noark5.join(match schemas {
            Schemas::Strict => "v5.0",
            Schemas::Open => "v5.0-testdata",
        })
    }

    /// Our metadata stands under an `xsi:type`, so both schemas must be known: a wrapper imports them.
    pub fn arkivstruktur(&self, schemas: Schemas) -> Result<(), String> {
        let wrapper = self.dir.path().join("wrapper.xsd");
        let official = self.set(schemas).join("arkivstruktur.xsd");
        let text = format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n\
             <xs:import namespace=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" schemaLocation=\"{}\"/>\n\
             <xs:import namespace=\"urn:arkivflyt:noark5:vsm:1\" schemaLocation=\"arkivflyt-vsm.xsd\"/>\n</xs:schema>\n",
            official.display()
        );
        fs::write(&wrapper, text).unwrap();
        self.judge(&["--schema", wrapper.to_str().unwrap()])
    }

    pub fn endringslogg(&self, schemas: Schemas) -> Result<(), String> {
        self.judge(&["--schema", self.set(schemas).join("endringslogg.xsd").to_str().unwrap()])
    }

    /// Only whether the files are XML.
    pub fn well_formed(&self) -> Result<(), String> {
        self.judge(&[])
    }

    fn judge(&self, options: &[&str]) -> Result<(), String> {
        assert!(!self.files.is_empty(), "nothing to judge");
        let out = Command::new("xmllint").args(["--nonet", "--noout"]).args(options).args(&self.files).output().unwrap();
        if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
    }
}
