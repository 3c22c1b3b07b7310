//! Settings of the files that come with documents.

use pipeline_attach::{Limits, OnApplication};
use serde::{Deserialize, Serialize};

use super::{ConfigError, error};

const MIB: u64 = 1 << 20;

/// How much of a file is taken and looked at. Named for what a person counts; [`AttachmentsConfig::limits`] counts bytes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentsConfig {
    pub max_file_mib: u64,
    pub max_case_files: u32,
    pub max_case_mib: u64,
    pub max_image_megapixels: u64,
    pub max_image_side: u32,
    pub max_pdf_pages: u32,
    pub max_archive_entries: u32,
    pub max_archive_entry_mib: u64,
    pub max_archive_total_mib: u64,
    pub max_archive_ratio: u64,
    pub max_archive_depth: u32,
    pub pdfa_3: OnApplication,
}

impl AttachmentsConfig {
    /// The bounds of one examination, and of what a case may hold.
    pub fn limits(&self) -> Limits {
        Limits {
            file_bytes: self.max_file_mib * MIB,
            case_files: self.max_case_files,
            case_bytes: self.max_case_mib * MIB,
            image_pixels: self.max_image_megapixels * 1_000_000,
            image_side: self.max_image_side,
            pdf_pages: self.max_pdf_pages,
            zip_entries: self.max_archive_entries,
            zip_entry_bytes: self.max_archive_entry_mib * MIB,
            zip_total_bytes: self.max_archive_total_mib * MIB,
            zip_ratio: self.max_archive_ratio,
            archive_depth: self.max_archive_depth,
            on_application: self.pdfa_3,
            ..Limits::default()
        }
    }

    /// A file is handed to a child in one piece, and what it expands to must fit into the child's memory.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let within = |key: &str, value: u64, most: u64| {
            let wrong = || error(format!("attachments.{key}"), format!("expected 1 to {most}"));
            if (1..=most).contains(&value) { Ok(()) } else { Err(wrong()) }
        };
        within("max_file_mib", self.max_file_mib, 60)?;
        within("max_case_files", self.max_case_files.into(), 10_000)?;
        within("max_case_mib", self.max_case_mib, 10_240)?;
        within("max_image_megapixels", self.max_image_megapixels, 100)?;
        within("max_image_side", self.max_image_side.into(), 65_535)?;
        within("max_pdf_pages", self.max_pdf_pages.into(), 100_000)?;
        within("max_archive_entries", self.max_archive_entries.into(), 100_000)?;
        within("max_archive_entry_mib", self.max_archive_entry_mib, 1024)?;
        within("max_archive_total_mib", self.max_archive_total_mib, 10_240)?;
        within("max_archive_ratio", self.max_archive_ratio, 100_000)?;
        within("max_archive_depth", self.max_archive_depth.into(), 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULT_TOML;

    fn defaults() -> AttachmentsConfig {
        #[derive(Deserialize)]
        struct Part {
            attachments: AttachmentsConfig,
        }
        toml::from_str::<Part>(DEFAULT_TOML).unwrap().attachments
    }

    #[test]
    fn the_defaults_are_those_of_the_room() {
        assert_eq!(defaults().limits(), Limits::default());
        assert!(defaults().check().is_ok());
    }

    #[test]
    fn what_no_child_could_take_is_refused() {
        for (max_file_mib, fits) in [(0, false), (1, true), (60, true), (61, false)] {
            assert_eq!(AttachmentsConfig { max_file_mib, ..defaults() }.check().is_ok(), fits, "{max_file_mib}");
        }
        let told = AttachmentsConfig { max_archive_depth: 11, ..defaults() }.check().unwrap_err().to_string();
        assert!(told.contains("attachments.max_archive_depth"), "{told}");
    }
}
