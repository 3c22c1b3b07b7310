//! ZIP archives and packages: every entry is expanded within one budget, identified, and looked at.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use crate::examine::Fault;
use crate::identify::identify;
use crate::office::PackageFacts;
use crate::zip::{Archive, Budget, Entry, ZipFault};
use crate::{Kind, Limits, Policy, Warning, name};

impl From<ZipFault> for Fault {
    fn from(fault: ZipFault) -> Self {
        match fault {
            ZipFault::Broken | ZipFault::Unsupported => Self::Broken,
            ZipFault::Encrypted => Self::Encrypted,
            ZipFault::Bomb => Self::Expands,
            ZipFault::Prefixed | ZipFault::TwoNames => Self::Suspicious,
        }
    }
}

/// Looks into a ZIP archive, or a package that is one.
pub(crate) fn probe(data: &[u8], limits: &Limits) -> Result<Vec<Warning>, Fault> {
    let mut walk = Walk { limits, budget: Budget::of(limits), remote: false };
    walk.archive(data, 1)?;
    Ok(if walk.remote { vec![Warning::RemoteReference] } else { Vec::new() })
}

struct Walk<'a> {
    limits: &'a Limits,
    budget: Budget,
    remote: bool,
}

impl Walk<'_> {
    /// One archive, the attachment itself being at depth 1.
    fn archive(&mut self, data: &[u8], depth: u32) -> Result<(), Fault> {
        if depth > self.limits.archive_depth {
            return Err(Fault::Expands);
        }
        let archive = Archive::read(data, self.limits)?;
        if archive.is_encrypted() {
            return Err(Fault::Encrypted);
        }
        let mut facts = PackageFacts::default();
        let (mut names, mut doubled) = (HashSet::new(), false);
        for entry in &archive.entries {
            check_path(entry)?;
            doubled |= !names.insert(folded(&entry.name));
            if entry.is_folder() {
                continue;
            }
            let bytes = archive.expand(entry, &mut self.budget, self.limits)?;
            facts.see(&entry.name, &bytes);
            self.entry(&entry.name, &bytes, depth)?;
        }
        self.remote |= facts.remote;
        match facts {
            PackageFacts { encrypted: true, .. } => Err(Fault::Encrypted),
            PackageFacts { macros: true, .. } => Err(Fault::Macros),
            // One name for two entries: whoever unpacks gets one of them, and does not know which.
            _ if doubled => Err(Fault::Suspicious),
            _ => Ok(()),
        }
    }

    fn entry(&mut self, name: &str, bytes: &[u8], depth: u32) -> Result<(), Fault> {
        let identity = identify(bytes, self.limits);
        let format = identity.format();
        if identity.is_script || name::judge(name, format) == name::NameVerdict::Runs {
            return Err(Fault::TypeRefused);
        }
        match format.map(|f| f.policy) {
            Some(Policy::Refuse) => return Err(Fault::TypeRefused),
            Some(Policy::Macros) => return Err(Fault::Macros),
            _ => {}
        }
        match identity.kind {
            _ if bytes.starts_with(b"PK\x03\x04") => self.archive(bytes, depth + 1),
            // Packed in a way we do not unpack: as deep as archives may go, nothing may hide in one.
            Some(Kind::Archive) if depth >= self.limits.archive_depth => Err(Fault::Expands),
            Some(Kind::Office) if bytes.starts_with(b"\xd0\xcf\x11\xe0") => crate::office::probe_ole(bytes, identity.puid).map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// Names that leave the folder an archive is unpacked in, that stand for other files, or that some system cannot write as they are.
fn check_path(entry: &Entry) -> Result<(), Fault> {
    let name = entry.name.as_str();
    let leaves = name.starts_with('/') || name.split('/').any(|part| part == "..") || name.get(1..2) == Some(":");
    let parts = || name.trim_end_matches('/').split('/');
    let unwritable = name.is_empty() || name.chars().any(char::is_control) || parts().any(is_unwritable);
    if leaves || entry.is_link || unwritable { Err(Fault::Suspicious) } else { Ok(()) }
}

/// Windows drops a blank or a full stop at the end of a name, and keeps some names for itself.
fn is_unwritable(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |name: &str| stem.strip_prefix(name).is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()));
    (part != "." && part.ends_with([' ', '.']))
        || ["con", "prn", "aux", "nul"].contains(&stem.as_str())
        || numbered("com")
        || numbered("lpt")
}

/// One spelling for names that some file system takes for the same: composed, and in small letters.
fn folded(name: &str) -> String {
    name.trim_end_matches('/').nfc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_one_file_are_one() {
        for (a, b) in [("A.txt", "a.txt"), ("\u{e5}.txt", "a\u{30a}.txt"), ("\u{c5}/", "a\u{30a}"), ("Æ", "æ")] {
            assert_eq!(folded(a), folded(b));
        }
        assert_ne!(folded("a.txt"), folded("b.txt"));
    }

    #[test]
    fn names_that_windows_cannot_write() {
        for bad in ["con", "CON.txt", "nul", "com1.doc", "LPT9", "brev.", "brev "] {
            assert!(is_unwritable(bad), "{bad}");
        }
        for good in ["konto.txt", "com.txt", "com10", "console", ".", "[Content_Types].xml", ".rels", "brev.docx"] {
            assert!(!is_unwritable(good), "{good}");
        }
    }
}
