//! The keys of the archive's log, and who stamps it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What signs the log of the archive.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Folder of the keys, one folder below it for each municipality.
    pub keys: PathBuf,
}
