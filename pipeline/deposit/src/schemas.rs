//! The official schemas. Nobody may ship variants (6.4.18), so the operator names the folder that holds them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use pipeline_domain::Sha256;
use sha2::Digest;

use crate::{
    DepositError,
    output::{HashedFile, Made},
};

/// In every content folder. The first five are listed in arkivuttrekk.xml, which addml.xsd describes.
pub(crate) const CONTENT: [&str; 6] =
    ["arkivstruktur.xsd", "endringslogg.xsd", "loependeJournal.xsd", "offentligJournal.xsd", "metadatakatalog.xsd", "addml.xsd"];

/// In every package: the name there, and what the official file is called.
pub(crate) const PACKAGE: [(&str, &str); 2] = [("dias-mets.xsd", "DIAS_METS.xsd"), ("dias-premis.xsd", "DIAS_PREMIS.xsd")];

/// Schemas by the name that they get.
pub(crate) struct Schemas(Vec<(&'static str, Vec<u8>)>);

impl Schemas {
    /// Finds all that are needed in the folders.
    pub fn find(folders: &[PathBuf], with_package: bool) -> Result<Self, DepositError> {
        let mut found = Vec::new();
        for name in CONTENT {
            found.push((name, read(folders, &[name])?.ok_or(DepositError::SchemaMissing { name })?));
        }
        for (name, official) in PACKAGE.into_iter().filter(|_| with_package) {
            found.push((name, read(folders, &[official, name])?.ok_or(DepositError::SchemaMissing { name: official })?));
        }
        Ok(Self(found))
    }

    /// Of all of them.
    pub fn digest(&self) -> Sha256 {
        let mut digest = sha2::Sha256::new();
        self.0.iter().for_each(|(_, bytes)| digest.update(Sha256::of(bytes).as_bytes()));
        Sha256::from_bytes(digest.finalize().into())
    }

    /// Writes one of them into a folder.
    pub fn write(&self, name: &str, folder: &Path) -> io::Result<Made> {
        let (_, bytes) = self.0.iter().find(|(known, _)| *known == name).expect("every schema that is written was found");
        HashedFile::write_whole(&folder.join(name), bytes)
    }
}

fn read(folders: &[PathBuf], names: &[&str]) -> Result<Option<Vec<u8>>, DepositError> {
    for path in folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name))) {
        match fs::read(path) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(source) => return Err(DepositError::Store { source }),
        }
    }
    Ok(None)
}
