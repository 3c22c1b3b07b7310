//! Names and fixed files of a storage root: OCFL 1.1, layout extension 0007 (n-tuple, prefix omitted).
//!
//! `https://…/4601/sak/2026-000123` lies in `2026/2026-000123`: what follows the last `/`, under its first four characters.

use std::{
    io,
    path::{Path, PathBuf},
};

use pipeline_domain::CaseFolderId;

use crate::disk;

pub(crate) const INVENTORY: &str = "inventory.json";
pub(crate) const SIDECAR: &str = "inventory.json.sha512";
pub(crate) const CONTENT: &str = "content";
pub(crate) const OBJECT_DECLARATION: (&str, &str) = ("0=ocfl_object_1.1", "ocfl_object_1.1\n");
/// Where each version from the second names the digest of the version before it.
pub(crate) const CHAIN_PATH: &str = "metadata/forrige-versjon.sha512";

pub(crate) const ROOT_DECLARATION: (&str, &str) = ("0=ocfl_1.1", "ocfl_1.1\n");
const LAYOUT: (&str, &str) =
    ("ocfl_layout.json", "{\"extension\":\"0007-n-tuple-omit-prefix-storage-layout\",\"description\":\"<år>/<saksnummer>\"}\n");
const EXTENSION_FOLDER: &str = "extensions/0007-n-tuple-omit-prefix-storage-layout";
const EXTENSION_CONFIG: &str = "{\"extensionName\":\"0007-n-tuple-omit-prefix-storage-layout\",\"delimiter\":\"/\",\"tupleSize\":4,\
     \"numberOfTuples\":1,\"zeroPadding\":\"right\",\"reverseObjectRoot\":false}\n";
const READ_ME: (&str, &str) = ("LESMEG.txt", include_str!("LESMEG.txt"));

/// `2026/2026-000123`.
pub(crate) fn case_path(ocfl: &Path, folder: &CaseFolderId) -> PathBuf {
    ocfl.join(year_name(folder)).join(folder.case_number())
}

/// `2026`.
pub(crate) fn year_name(folder: &CaseFolderId) -> String {
    format!("{:04}", folder.year)
}

/// Number of a version folder named as we name them: `v1`, `v2` … without padding.
pub(crate) fn version_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('v')?;
    let n: u32 = digits.parse().ok()?;
    (n > 0 && n.to_string() == digits).then_some(n)
}

/// Fills an empty folder with the fixed files of a storage root.
pub(crate) fn write_root_files(root: &Path) -> io::Result<()> {
    disk::make_dirs(&root.join(EXTENSION_FOLDER))?;
    disk::write_new(&root.join(EXTENSION_FOLDER).join("config.json"), EXTENSION_CONFIG.as_bytes())?;
    for (name, text) in [READ_ME, LAYOUT, ROOT_DECLARATION] {
        disk::write_new(&root.join(name), text.as_bytes())?;
    }
    Ok(())
}
