//! The official schemas, judged by xmllint (libxml2).

use std::process::Command;

use super::*;

/// Where the official schemas lie.
pub struct Official {
    pub noark5: PathBuf,
    pub dias: PathBuf,
}

/// Skips loudly, or fails when everything must run.
fn skip(reason: &str) {
    assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1, but {reason}");
    eprintln!("SKIPPED: {reason}");
}

impl Official {
    /// `None` when the schemas or xmllint are missing.
    pub fn find() -> Option<Self> {
        let shared = std::env::var_os("ARKIVFLYT_SHARED")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
        let Ok(shared) = shared.canonicalize() else {
            skip("the official schemas are not there (ARKIVFLYT_SHARED)");
            return None;
        };
        let found = Self { noark5: shared.join("noark5"), dias: shared.join("dias") };
        if !found.noark5.join("v5.0/arkivstruktur.xsd").is_file() || !found.dias.join("DIAS_METS.xsd").is_file() {
            skip("the official schemas are not there (ARKIVFLYT_SHARED)");
            return None;
        }
        if Command::new("xmllint").arg("--version").output().is_err() {
            skip("xmllint is not installed");
            return None;
        }
        Some(found)
    }

    pub fn folders(&self) -> Vec<PathBuf> {
        vec![self.noark5.join("v5.0"), self.noark5.join("addml-8.3"), self.dias.clone()]
    }

    /// Panics with what xmllint says.
    pub fn judge(&self, schema: &Path, file: &Path) {
        let out = Command::new("xmllint")
            .current_dir(&self.dias)
            .args(["--nonet", "--noout", "--path", ".", "--schema"])
            .args([schema, file])
            .output()
            .unwrap();
        assert!(out.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&out.stderr));
    }

    /// All files of a content folder against the schemas beside them, and the sets that other tools have.
    pub fn judge_content(&self, content: &Path, scratch: &Path) {
        // Our metadata stands under an `xsi:type`, so both schemas must be known: a wrapper imports them.
        for set in ["v5.0", "v5.0-arkade-builtin"].map(|set| self.noark5.join(set)) {
            let wrapper = scratch.join("wrapper.xsd");
            let text = format!(
                "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n\
                 <xs:import namespace=\"http://www.arkivverket.no/standarder/noark5/arkivstruktur\" schemaLocation=\"{}\"/>\n\
                 <xs:import namespace=\"urn:arkivflyt:noark5:vsm:1\" schemaLocation=\"{}\"/>\n</xs:schema>\n",
                set.join("arkivstruktur.xsd").display(),
                content.join("arkivflyt-vsm.xsd").display()
            );
            fs::write(&wrapper, text).unwrap();
            self.judge(&wrapper, &content.join("arkivstruktur.xml"));
            for name in ["endringslogg", "loependeJournal", "offentligJournal"] {
                self.judge(&set.join(format!("{name}.xsd")), &content.join(format!("{name}.xml")));
            }
        }
        for addml in ["addml-8.2", "addml-8.3"] {
            self.judge(&self.noark5.join(addml).join("addml.xsd"), &content.join("arkivuttrekk.xml"));
        }
        for name in ["arkivstruktur", "endringslogg", "loependeJournal", "offentligJournal", "metadatakatalog"] {
            let (ours, official) = (content.join(format!("{name}.xsd")), self.noark5.join(format!("v5.0/{name}.xsd")));
            assert_eq!(fs::read(ours).unwrap(), fs::read(official).unwrap(), "{name}");
        }
    }
}

#[test]
fn an_extract_fits_every_official_schema() {
    let Some(official) = Official::find() else { return };
    let shelf = Shelf::mixed();
    shelf.make(&order(official.folders())).unwrap();
    official.judge_content(&shelf.target().join("content"), shelf.dir.path());
}

#[test]
fn the_judge_refuses_what_does_not_fit() {
    let Some(official) = Official::find() else { return };
    let shelf = Shelf::mixed();
    shelf.make(&order(official.folders())).unwrap();
    let broken = shelf.target().join("content/endringslogg.xml");
    let text = fs::read_to_string(&broken).unwrap().replacen("<nyVerdi>", "<nyVerdi><b/>", 1);
    fs::write(&broken, text).unwrap();
    let judged = std::panic::catch_unwind(|| official.judge_content(&shelf.target().join("content"), shelf.dir.path()));
    assert!(judged.is_err());
}
