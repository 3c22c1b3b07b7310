//! The password of an encrypted export.

use std::fmt;

use crate::BagError;

/// A password of 12 to 99 printable ASCII characters. Printable ASCII, since programs disagree on how other letters become
/// bytes; at most 99, since 7-Zip takes no more. Prints as `***`.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The content of a password file: one line, with or without its line end.
    pub fn from_file(content: &[u8]) -> Result<Self, BagError> {
        let line = content.strip_suffix(b"\n").unwrap_or(content);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.iter().all(|b| (b' '..=b'~').contains(b)) {
            return Err(BagError::Password { rule: "one line of printable ASCII characters" });
        }
        if !(12..=99).contains(&line.len()) {
            return Err(BagError::Password { rule: "12 to 99 characters" });
        }
        Ok(Self(line.iter().map(|b| char::from(*b)).collect()))
    }

    /// Its characters, for the one place that encrypts and the one that decrypts.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}
