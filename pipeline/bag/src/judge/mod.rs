//! What is wrong with a bag that somebody handed us: RFC 8493, and the drafts 0.93 to 0.97 where they allowed more.
//!
//! Files are opened by the names that the folder or the zip lists, never by those that a manifest names, so no path in a bag
//! leads anywhere.

mod algorithm;
mod declaration;
mod encoding;
mod fetch;
mod finding;
mod folder;
mod info;
mod manifest;
mod place;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Seek},
    path::Path,
};

use algorithm::{Algorithm, Hasher};
use declaration::Declaration;
pub(crate) use finding::Findings;
pub use finding::{Code, Finding, Judgement, Severity};
use folder::Folder;
use manifest::{Kind, Manifest};
pub(crate) use place::{Listing, Place, read_pieces};

use crate::{BagError, Limits, Password, zip::ZipPlace};

/// Judges the bag whose base folder this is. Fails only when there is no folder that can be listed.
pub fn judge_folder(base: &Path, limits: &Limits) -> Result<Judgement, BagError> {
    let mut findings = Findings::default();
    let mut folder = Folder::open(base, limits, &mut findings)?;
    Ok(judge(&mut folder, limits, findings))
}

/// Judges the one bag in a zip. A zip that breaks a rule of [`crate::inspect_zip`] is not looked into: its findings are those.
/// Fails only when the zip's bytes cannot be read.
pub fn judge_zip<R: Read + Seek>(zip: R, password: Option<&Password>, limits: &Limits) -> Result<Judgement, BagError> {
    let mut findings = Findings::default();
    match ZipPlace::open(zip, password, limits, &mut findings)? {
        Some(mut place) => Ok(judge(&mut place, limits, findings)),
        None => Ok(Judgement { findings: findings.into_sorted(), ..Judgement::default() }),
    }
}

fn judge(place: &mut dyn Place, limits: &Limits, mut findings: Findings) -> Judgement {
    let at_most = limits.tag_file_bytes;
    let declaration = Declaration::read(place, at_most, &mut findings);
    let manifests = manifest::read_all(place, &declaration, at_most, &mut findings);
    let to_fetch = fetch::read(place, &declaration, &manifests, at_most, &mut findings);
    info::read(place, &declaration, at_most, &mut findings);
    payload(place.listing(), &declaration, &manifests, &to_fetch, &mut findings);
    tags(place.listing(), &declaration, &manifests, &mut findings);
    digests(place, &manifests, &mut findings);
    let (mut files, mut bytes) = (0, 0u64);
    for (path, size) in place.listing().payload() {
        files += 1;
        bytes = bytes.saturating_add(size);
        if is_system_file(path) {
            findings.at(Code::SystemFile, path);
        }
    }
    Judgement { findings: findings.into_sorted(), files, bytes }
}

/// Everything that the payload manifests list is there, and nothing else.
fn payload(listing: &Listing, declaration: &Declaration, manifests: &[Manifest], to_fetch: &[String], findings: &mut Findings) {
    if !listing.has_payload_folder {
        findings.at(Code::PayloadFolderMissing, "data");
    }
    let of_payload: Vec<&Manifest> = manifests.iter().filter(|m| m.kind == Kind::Payload).collect();
    let listed: BTreeSet<&str> = of_payload.iter().flat_map(|m| m.entries.keys()).map(String::as_str).collect();
    for path in listed.iter().filter(|path| !listing.files.contains_key(**path)) {
        let code = if to_fetch.iter().any(|p| p == path) { Code::FetchNeeded } else { Code::PayloadMissing };
        findings.at(code, path);
    }
    for (path, _) in listing.payload() {
        // The RFC: in every payload manifest. The drafts: in one of them.
        let mut holding = of_payload.iter().map(|m| m.entries.contains_key(path));
        let is_listed = if declaration.version.is_rfc() { holding.all(|is| is) } else { holding.any(|is| is) };
        if !is_listed {
            findings.at(Code::PayloadUnlisted, path);
        }
    }
    // A file that is listed and not there may also be missing from another manifest.
    if declaration.version.is_rfc() {
        for path in listed.iter().filter(|path| of_payload.iter().any(|m| !m.entries.contains_key(**path))) {
            findings.at(Code::PayloadUnlisted, path);
        }
    }
}

/// Everything that the tag manifests list is there, and they list what they must.
fn tags(listing: &Listing, declaration: &Declaration, manifests: &[Manifest], findings: &mut Findings) {
    for manifest in manifests.iter().filter(|m| m.kind == Kind::Tags) {
        for path in manifest.entries.keys().filter(|path| !listing.files.contains_key(*path)) {
            findings.at(Code::TagMissing, path);
        }
        for path in listing.tags().filter(|path| !manifest.entries.contains_key(*path)) {
            match manifest::kind_of(path) {
                Some((Kind::Tags, _)) => {}
                Some((Kind::Payload, _)) if declaration.version.is_rfc() => findings.at(Code::TagManifestIncomplete, path),
                _ => findings.at(Code::TagManifestPartial, path),
            }
        }
    }
}

/// Every listed file that is there, against all its digests, in one reading.
fn digests(place: &mut dyn Place, manifests: &[Manifest], findings: &mut Findings) {
    let mut wanted: BTreeMap<&str, Vec<(Algorithm, &str)>> = BTreeMap::new();
    for manifest in manifests {
        let Some(algorithm) = manifest.algorithm else { continue };
        for (path, digest) in manifest.entries.iter().filter(|(path, _)| place.listing().files.contains_key(*path)) {
            wanted.entry(path).or_default().push((algorithm, digest));
        }
    }
    for (path, expected) in wanted {
        let mut hashers: Vec<Hasher> = expected.iter().map(|(algorithm, _)| algorithm.hasher()).collect();
        match place.read(path, &mut |piece| hashers.iter_mut().for_each(|h| h.update(piece))) {
            Ok(()) if hashers.into_iter().zip(&expected).all(|(h, (_, digest))| h.finish() == *digest) => {}
            Ok(()) => findings.at(Code::DigestMismatch, path),
            Err(code) => findings.at(code, path),
        }
    }
}

/// Files that a desktop makes when a folder is looked at.
fn is_system_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".DS_Store", "Thumbs.db", "desktop.ini", ".Spotlight-V100", ".Trashes"].contains(&name) || name.starts_with("._")
}
