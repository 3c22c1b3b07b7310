//! What a bag says about itself.

use std::fmt::Write;

use pipeline_domain::Timestamp;

use super::Password;
use crate::{BagError, BagPath};

/// A small file beside the payload, such as a note to whoever opens the bag. Listed in the tag manifests.
#[derive(Clone, Copy, Debug)]
pub struct TagFile<'a> {
    /// Seen from the base folder. Not in `data/`, and none of the names that BagIt gives.
    pub name: &'a BagPath,
    /// Its content, UTF-8.
    pub bytes: &'a [u8],
}

/// Everything about a bag but its payload.
#[derive(Clone, Debug)]
pub struct BagSpec<'a> {
    /// Base folder of the bag inside the zip (RFC 8493 § 4): one part, such as `2026-000123_v3`.
    pub base: &'a BagPath,
    /// Labels and values of `bag-info.txt`, in order (RFC 8493 § 2.2.2). `Payload-Oxum` is added.
    pub info: &'a [(&'a str, String)],
    /// Tag files of our own.
    pub tag_files: &'a [TagFile<'a>],
    /// Time of every entry: the wall clock in Oslo, as zip files have no zones; from 1980 to 2107, two seconds exact.
    pub modified: Timestamp,
    /// Encrypts every entry with AES-256 (AE-2). Names stay readable, and each writing draws new salts.
    pub password: Option<&'a Password>,
}

impl BagSpec<'_> {
    /// Everything that can be wrong here.
    pub(super) fn check(&self) -> Result<(), BagError> {
        let rule = |ok: bool, rule: &'static str| if ok { Ok(()) } else { Err(BagError::Description { rule }) };
        rule(!self.base.as_str().contains('/'), "the base folder is one part")?;
        for (label, value) in self.info {
            let plain = |text: &str| !text.chars().any(char::is_control) && text.trim() == text && !text.is_empty();
            rule(plain(label) && !label.contains(':'), "a label has no colon and begins and ends with a character")?;
            rule(!label.eq_ignore_ascii_case("Payload-Oxum"), "Payload-Oxum is ours to write")?;
            rule(plain(value), "a value is one line that is not empty")?;
        }
        for (i, file) in self.tag_files.iter().enumerate() {
            let name = file.name.as_str().to_lowercase();
            let given = name.contains('/')
                || matches!(name.as_str(), "bagit.txt" | "bag-info.txt" | "fetch.txt" | "data")
                || name.starts_with("manifest-")
                || name.starts_with("tagmanifest-");
            rule(!given, "a tag file lies beside bagit.txt and has a name that BagIt does not give")?;
            rule(self.tag_files[..i].iter().all(|other| other.name.as_str().to_lowercase() != name), "two tag files have one name")?;
        }
        Ok(())
    }

    /// `bag-info.txt`.
    pub(super) fn info_text(&self, payload_bytes: u64, files: usize) -> String {
        let mut text = String::new();
        for (label, value) in self.info {
            writeln!(text, "{label}: {value}").expect("a string takes everything");
        }
        writeln!(text, "Payload-Oxum: {payload_bytes}.{files}").expect("a string takes everything");
        text
    }
}
