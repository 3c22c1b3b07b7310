//! Paths that we write.

use std::{fmt, str::FromStr};

use pipeline_domain::NotValid;
use unicode_normalization::is_nfc;

use crate::names;

/// Path of a file in a bag that we write, seen from the payload folder or from the bag's base folder; parts joined with `/`.
///
/// Stricter than RFC 8493, so that the file comes out under the same name on every system: NFC, no control characters, none
/// of `\ : * ? " < > |`, no device name of Windows, no part that ends with a full stop or a blank, at most 255 bytes a part
/// and 1,000 in all. No `%` either: RFC 8493 § 2.1.3 wants it written as `%25`, which widespread readers do not undo.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BagPath(String);

impl BagPath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BagPath {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let ok = names::faults(s).is_empty() && !s.contains('%') && is_nfc(s);
        if ok { Ok(Self(s.to_owned())) } else { Err(NotValid("path in a bag")) }
    }
}

impl fmt::Display for BagPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
