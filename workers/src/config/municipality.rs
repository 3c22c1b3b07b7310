//! One municipality's settings: its name on papers, its mail, its archive.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use pipeline_arkivmelding::Target;
use pipeline_domain::{EmailAddress, Line, MunicipalityNumber, Timestamp, WrittenForm};
use serde::{Deserialize, Serialize};

use super::{ConfigError, error};

/// One file in `municipalities/`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Municipality {
    pub number: MunicipalityNumber,
    pub name: String,
    pub organisation_number: String,
    pub written_form: WrittenForm,
    pub mail: MunicipalityMail,
    pub archive: MunicipalityArchive,
    pub page: MunicipalityPage,
    /// The case archive that documents are delivered to as well; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<MunicipalityDelivery>,
    /// Where the file lies; the logo is found beside it.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Who the mail is from and where it points.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MunicipalityMail {
    pub from: EmailAddress,
    pub reply_to: EmailAddress,
    pub login_url: String,
    pub contact_point: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archivist: Option<EmailAddress>,
    /// Whether mails about meetings tell date and time of day, and carry a calendar entry.
    #[serde(default)]
    pub meeting_times: bool,
    /// Whether every mail has its English text below the Norwegian.
    #[serde(default)]
    pub english: bool,
}

/// How the archive is described.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MunicipalityArchive {
    pub title: String,
    pub part: String,
    pub opened_at: Timestamp,
    pub object_id_base: String,
    pub screening_years: u32,
    pub format: FormatStyle,
}

/// Noark `format` as extension or as PRONOM id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatStyle {
    Extension,
    Pronom,
}

/// What stands on the page.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MunicipalityPage {
    pub national_id: NationalIdSetting,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_alt: Option<String>,
}

/// Where archived documents go beside the archive itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MunicipalityDelivery {
    /// The folder that messages are dropped in and receipts picked up from; relative to the data folder.
    pub exchange: PathBuf,
    /// The receiver, and how it wants to have it.
    pub target: Target,
}

/// Whether the national id is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NationalIdSetting {
    Never,
    Shown,
}

/// All that are set up, by number.
pub type Municipalities = BTreeMap<MunicipalityNumber, Municipality>;

impl Municipality {
    /// Reads one file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| error(path.display(), format!("cannot be read: {e}")))?;
        Self::parse(&text, path)
    }

    /// From the text of the file at `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut read: Self = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(0, |s| text[..s.start].lines().count().max(1));
            error(format!("{}, line {line}", path.display()), e.message().to_owned())
        })?;
        read.folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        read.check(path)?;
        Ok(read)
    }

    fn check(&self, path: &Path) -> Result<(), ConfigError> {
        let wrong = |key: &str, expected: &str| Err(error(path.display(), format!("{key}: expected {expected}")));
        if !is_organisation_number(&self.organisation_number) {
            return wrong("organisation_number", "nine digits whose last is the check digit");
        }
        if !self.archive.object_id_base.starts_with("https://") || self.archive.object_id_base.ends_with('/') {
            return wrong("archive.object_id_base", "a web address that begins with https:// and has no slash at the end");
        }
        if !self.mail.login_url.starts_with("https://") || self.mail.login_url.contains(['?', '#']) {
            return wrong("mail.login_url", "a plain https address without ? or #");
        }
        if self.page.logo.is_some() != self.page.logo_alt.is_some() {
            return wrong("page.logo", "logo and logo_alt together, or neither");
        }
        if let Some(delivery) = &self.delivery {
            if delivery.exchange.as_os_str().is_empty() {
                return wrong("delivery.exchange", "a folder");
            }
            if let Err(fault) = delivery.target.check() {
                return wrong(&format!("delivery.target.{}", fault.key), fault.expected);
            }
        }
        Ok(())
    }
}

/// Every `*.toml` in a folder; two files for one number are an error.
pub fn read_all(folder: &Path) -> Result<Municipalities, ConfigError> {
    let mut all = Municipalities::new();
    let entries = std::fs::read_dir(folder).map_err(|e| error(folder.display(), format!("cannot be read: {e}")))?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|x| x == "toml")).collect();
    paths.sort();
    for path in paths {
        let one = Municipality::read(&path)?;
        if all.contains_key(&one.number) {
            return Err(error(path.display(), format!("municipality {} has a file already", one.number)));
        }
        let exchange = |m: &Municipality| m.delivery.as_ref().map(|d| d.exchange.clone());
        if exchange(&one).is_some() && all.values().any(|other| exchange(other) == exchange(&one)) {
            let text = "delivery.exchange: expected a folder of its own; another municipality has it, and would take its receipts";
            return Err(error(path.display(), text.to_owned()));
        }
        all.insert(one.number.clone(), one);
    }
    Ok(all)
}

/// Nine digits, weights 3 2 7 6 5 4 3 2, modulus 11 (DOMAIN § 11).
fn is_organisation_number(s: &str) -> bool {
    let d: Vec<u32> = s.chars().filter_map(|c| c.to_digit(10)).collect();
    if d.len() != 9 || s.len() != 9 {
        return false;
    }
    let sum: u32 = [3, 2, 7, 6, 5, 4, 3, 2].iter().zip(&d).map(|(w, x)| w * x).sum();
    match 11 - sum % 11 {
        11 => d[8] == 0,
        k => k == d[8],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_numbers() {
        for good in ["310000019", "310000027", "310000035"] {
            assert!(is_organisation_number(good), "{good}");
        }
        for bad in ["310000018", "31000001", "31000001x", "3100000199"] {
            assert!(!is_organisation_number(bad), "{bad}");
        }
    }

    #[test]
    fn the_shipped_municipalities_are_valid() {
        let all = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/municipalities")).unwrap();
        assert_eq!(all.keys().map(|n| n.as_str()).collect::<Vec<_>>(), ["9901", "9902", "9903"]);
    }
}
