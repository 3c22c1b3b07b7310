//! ZIP archives and packages: every entry is expanded within one budget, identified, and looked at.

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
            ZipFault::Prefixed => Self::Suspicious,
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
        for entry in &archive.entries {
            check_path(entry)?;
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

/// Names that leave the folder an archive is unpacked in, or that no system can write.
fn check_path(entry: &Entry) -> Result<(), Fault> {
    let name = entry.name.as_str();
    let leaves = name.starts_with('/') || name.split('/').any(|part| part == "..") || name.get(1..2) == Some(":");
    if leaves || name.is_empty() || name.contains('\0') { Err(Fault::Suspicious) } else { Ok(()) }
}
