//! Lines of manifests.

use std::io::{self, Write};

use pipeline_domain::{Sha256, Sha512};

use super::{
    copy::Digests,
    payload::{Expected, Payload},
};

/// Digests that a bag of ours carries. RFC 8493 § 2.4 wants SHA-512; Noark and the depots ask for SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    pub const BOTH: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// As in the manifest's name.
    pub fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// The digests that were not known beforehand: of each file the one that the payload does not tell. At 70,000 files that is
/// 2 MiB, or 4 where only SHA-256 was known.
pub(super) struct Kept {
    sha256: Vec<Sha256>,
    sha512: Vec<Sha512>,
}

impl Kept {
    /// With room for every file: a list that grows doubles, and both halves count against the memory we promise.
    pub fn for_payload(payload: &impl Payload) -> Self {
        let known_512 = (0..payload.count()).filter(|at| matches!(payload.file(*at).expected, Expected::Sha512(_))).count();
        Self { sha256: Vec::with_capacity(known_512), sha512: Vec::with_capacity(payload.count() - known_512) }
    }

    /// Keeps what file after file turned out to be.
    pub fn keep(&mut self, expected: &Expected, found: Digests) {
        match expected {
            Expected::Sha256(_) => self.sha512.push(found.sha512),
            Expected::Sha512(_) => self.sha256.push(found.sha256),
        }
    }

    /// Writes `<digest>  data/<path>` for every file: what `sha256sum -c` and `sha512sum -c` read as well.
    pub fn write_manifest(&self, algorithm: Algorithm, payload: &impl Payload, out: &mut dyn Write) -> io::Result<()> {
        let (mut sha256, mut sha512) = (self.sha256.iter(), self.sha512.iter());
        for at in 0..payload.count() {
            let file = payload.file(at);
            let digests = match file.expected {
                Expected::Sha256(known) => sha512.next().map(|kept| Digests { sha256: known, sha512: *kept }),
                Expected::Sha512(known) => sha256.next().map(|kept| Digests { sha256: *kept, sha512: known }),
            };
            let digests = digests.ok_or_else(|| io::Error::other("the payload changed while it was written"))?;
            write_line(out, algorithm, &digests, &format!("data/{}", file.path))?;
        }
        Ok(())
    }
}

/// One line of a manifest.
pub(super) fn write_line(out: &mut dyn Write, algorithm: Algorithm, digests: &Digests, path: &str) -> io::Result<()> {
    match algorithm {
        Algorithm::Sha256 => writeln!(out, "{}  {path}", digests.sha256),
        Algorithm::Sha512 => writeln!(out, "{}  {path}", digests.sha512),
    }
}
