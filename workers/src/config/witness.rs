//! The keys of the archive's log, and who stamps it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ConfigError, error};

/// What signs the log of the archive.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Folder of the keys, one folder below it for each municipality.
    pub keys: PathBuf,
    /// Who stamps the seals of closed folders. Nobody when it is not set.
    pub time_stamp: Option<TimeStampConfig>,
}

/// A time-stamp authority (RFC 3161).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStampConfig {
    /// Where it is asked: http or https. Only digests go there.
    pub url: String,
    /// Certificates (PEM) that its answers must lead to.
    pub anchors: PathBuf,
}

impl WitnessConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match &self.time_stamp {
            Some(stamp) if !["http://", "https://"].iter().any(|scheme| stamp.url.starts_with(scheme)) => {
                Err(error("witness.time_stamp.url", "expected an address that begins with http:// or https://".to_owned()))
            }
            _ => Ok(()),
        }
    }
}
