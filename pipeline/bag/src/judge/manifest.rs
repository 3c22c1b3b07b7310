//! Manifests of payload and tag files (RFC 8493 §§ 2.1.3, 2.2.1).

use std::collections::BTreeMap;

use super::{
    algorithm::Algorithm,
    declaration::{Declaration, Version},
    encoding,
    finding::{Code, Findings},
    place::{Listing, Place},
};
use crate::names::{self, NameFault};

/// What a manifest lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Payload,
    Tags,
}

/// One manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    pub name: String,
    pub kind: Kind,
    /// `None` when we do not know it: then the digests are not checked.
    pub algorithm: Option<Algorithm>,
    /// Digest in lower-case hexadecimal, by path as it is on disk where the file is there.
    pub entries: BTreeMap<String, String>,
}

/// Every manifest in the base folder, read.
pub(super) fn read_all(place: &mut dyn Place, declaration: &Declaration, at_most: u64, findings: &mut Findings) -> Vec<Manifest> {
    let named: Vec<(String, Kind, String)> = place
        .listing()
        .tags()
        .filter_map(|path| {
            let (kind, id) = kind_of(path)?;
            Some((path.to_owned(), kind, id.to_owned()))
        })
        .collect();
    let by_nfc = composed(place.listing());
    let mut manifests = Vec::new();
    for (name, kind, id) in named {
        let algorithm = Algorithm::from_id(&id);
        if algorithm.is_none() {
            findings.at(Code::AlgorithmIgnored, &name);
        }
        let mut reading = Reading {
            manifest: Manifest { name, kind, algorithm, entries: BTreeMap::new() },
            version: declaration.version,
            keys: BTreeMap::new(),
            by_nfc: &by_nfc,
        };
        let name = reading.manifest.name.clone();
        for line in encoding::lines(place, &name, declaration.encoding, at_most, findings).unwrap_or_default() {
            reading.line(&line, place.listing(), findings);
        }
        manifests.push(reading.manifest);
    }
    if manifests.iter().all(|m| m.kind != Kind::Payload) {
        findings.add(Code::ManifestMissing, None);
    } else {
        let known: Vec<Algorithm> = manifests.iter().filter(|m| m.kind == Kind::Payload).filter_map(|m| m.algorithm).collect();
        if known.is_empty() {
            findings.add(Code::AlgorithmUnknown, None);
        } else if known.iter().all(|a| a.is_weak()) {
            findings.add(Code::AlgorithmWeak, None);
        }
    }
    manifests
}

/// `manifest-<algorithm>.txt` and `tagmanifest-<algorithm>.txt`.
pub(super) fn kind_of(path: &str) -> Option<(Kind, &str)> {
    let stem = path.strip_suffix(".txt")?;
    let (kind, id) = match stem.strip_prefix("manifest-") {
        Some(id) => (Kind::Payload, id),
        None => (Kind::Tags, stem.strip_prefix("tagmanifest-")?),
    };
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))).then_some((kind, id))
}

/// Names on disk by their composed form.
fn composed(listing: &Listing) -> BTreeMap<String, String> {
    use unicode_normalization::UnicodeNormalization;
    listing.files.keys().filter(|path| !path.is_ascii()).map(|path| (path.nfc().collect(), path.clone())).collect()
}

struct Reading<'a> {
    manifest: Manifest,
    version: Version,
    /// Folded path → path as listed.
    keys: BTreeMap<String, String>,
    by_nfc: &'a BTreeMap<String, String>,
}

impl Reading<'_> {
    fn line(&mut self, line: &str, listing: &Listing, findings: &mut Findings) {
        if line.trim().is_empty() {
            return;
        }
        let blank = |c: char| c == ' ' || c == '\t';
        let Some((digest, path)) = line.split_once(blank).map(|(digest, rest)| (digest, rest.trim_start_matches(blank))) else {
            return findings.at(Code::ManifestMalformed, &self.manifest.name);
        };
        let fits = self.manifest.algorithm.is_none_or(|a| digest.len() == a.length());
        if path.is_empty() || !fits || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return findings.at(Code::ManifestMalformed, &self.manifest.name);
        }
        let Some(path) = self.listed_path(path, findings) else { return };
        let path = self.on_disk(path, listing, findings);
        self.enter(path, digest.to_ascii_lowercase(), findings);
    }

    /// The path as the line means it, if it stays in the bag and where this manifest may point.
    fn listed_path(&self, written: &str, findings: &mut Findings) -> Option<String> {
        let mut path = written;
        if let Some(rest) = path.strip_prefix('*') {
            findings.at(Code::PathBinaryMark, rest);
            path = rest;
        }
        while let Some(rest) = path.strip_prefix("./") {
            findings.at(Code::PathRelative, written);
            path = rest;
        }
        let path = decoded(path, self.version, findings);
        if is_out_of_scope(&path) {
            findings.at(Code::PathOutOfScope, &path);
            return None;
        }
        if path.contains('\\') {
            findings.at(Code::PathBackslash, &path);
        }
        let is_payload = Listing::is_payload(&path);
        let fault = match self.manifest.kind {
            Kind::Payload if !is_payload => Some(Code::PathOutsidePayload),
            Kind::Tags if is_payload => Some(Code::TagManifestListsPayload),
            Kind::Tags if matches!(kind_of(&path), Some((Kind::Tags, _))) => Some(Code::TagManifestListsItself),
            _ => None,
        };
        match fault {
            Some(code) => {
                findings.at(code, &path);
                None
            }
            None => Some(path),
        }
    }

    /// The file's own name, where the path means it in other Unicode characters (RFC 8493 § 5.3).
    fn on_disk(&self, path: String, listing: &Listing, findings: &mut Findings) -> String {
        use unicode_normalization::UnicodeNormalization;
        if path.is_ascii() || listing.files.contains_key(&path) {
            return path;
        }
        match self.by_nfc.get(&path.nfc().collect::<String>()) {
            Some(name) => {
                findings.at(Code::PathNormalisation, &path);
                name.clone()
            }
            None => path,
        }
    }

    fn enter(&mut self, path: String, digest: String, findings: &mut Findings) {
        if let Some(other) = self.keys.insert(names::key(&path), path.clone())
            && other != path
        {
            findings.at(Code::PathCollision, &path);
        }
        if let Some(other) = self.manifest.entries.get(&path) {
            // The RFC: every path exactly once. The drafts said nothing, and the same digest twice does no harm.
            let alike = *other == digest && !self.version.is_rfc();
            return findings.at(if alike { Code::PathTwiceAlike } else { Code::PathTwice }, &path);
        }
        self.manifest.entries.insert(path, digest);
    }
}

/// Leads out of the bag, here or on another system.
pub(super) fn is_out_of_scope(path: &str) -> bool {
    let faults = names::faults(path);
    [NameFault::Traversal, NameFault::Absolute, NameFault::Home].iter().any(|f| faults.contains(f))
}

/// Undoes the percent encoding: of line ends in every version, of the percent sign itself since the RFC; of nothing else.
pub(super) fn decoded(path: &str, version: Version, findings: &mut Findings) -> String {
    if !path.contains('%') {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).map(str::to_ascii_uppercase);
        let (meant, taken) = match code.as_deref() {
            Some("0A") => ('\n', 3),
            Some("0D") => ('\r', 3),
            Some("25") if version.is_rfc() => ('%', 3),
            _ => {
                if version.is_rfc() {
                    findings.at(Code::PathPercent, path);
                }
                ('%', 1)
            }
        };
        out.push(meant);
        rest = &rest[at + taken..];
    }
    out + rest
}
