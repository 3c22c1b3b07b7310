//! A PDF as poppler sees it.

use std::path::{Path, PathBuf};

use crate::Tool;

/// One file, read.
#[derive(Clone, Debug)]
pub struct Pdf {
    /// Where it lies.
    pub path: PathBuf,
    /// Its text in reading order, page after page.
    pub text: String,
    /// What `pdfinfo` prints.
    pub info: String,
    /// One line for each font.
    pub fonts: Vec<String>,
}

impl Pdf {
    /// Reads it; `None` without poppler.
    pub fn read(path: &Path) -> Option<Self> {
        let (text, info, fonts) = (Tool::find("pdftotext")?, Tool::find("pdfinfo")?, Tool::find("pdffonts")?);
        let file = path.as_os_str();
        Some(Self {
            path: path.to_owned(),
            text: text.pass([file, "-".as_ref()]),
            info: info.pass([file]),
            fonts: fonts.pass([file]).lines().skip(2).map(str::to_owned).collect(),
        })
    }

    /// A line of `pdfinfo`.
    pub fn fact(&self, name: &str) -> &str {
        let line = self.info.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        line.map_or("", str::trim)
    }
}

/// Letters and digits only: line breaks and hyphens of the page do not count.
pub fn essence(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
