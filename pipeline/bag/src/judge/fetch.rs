//! `fetch.txt` (RFC 8493 § 2.2.3). Nothing is ever fetched: a bag from outside does not decide where we call.

use super::{
    declaration::Declaration,
    encoding,
    finding::{Code, Findings},
    manifest::{Kind, Manifest, decoded, is_out_of_scope},
    place::{Listing, Place},
};

/// Name of the file.
pub(super) const NAME: &str = "fetch.txt";

/// Judges the file, and gives the paths that it names.
pub(super) fn read(
    place: &mut dyn Place,
    declaration: &Declaration,
    manifests: &[Manifest],
    at_most: u64,
    findings: &mut Findings,
) -> Vec<String> {
    if !place.listing().files.contains_key(NAME) {
        return Vec::new();
    }
    findings.at(Code::FetchPresent, NAME);
    let lines = encoding::lines(place, NAME, declaration.encoding, at_most, findings).unwrap_or_default();
    let mut paths = Vec::new();
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        let Some(written) = path_of(line) else {
            findings.at(Code::FetchMalformed, NAME);
            continue;
        };
        let path = decoded(written.strip_prefix("./").unwrap_or(written), declaration.version, findings);
        let listed = |m: &Manifest| m.kind == Kind::Tags || m.entries.contains_key(&path);
        if is_out_of_scope(&path) {
            findings.at(Code::PathOutOfScope, &path);
        } else if !Listing::is_payload(&path) {
            findings.at(Code::PathOutsidePayload, &path);
        } else if !manifests.iter().all(listed) {
            findings.at(Code::FetchUnlisted, &path);
        } else {
            paths.push(path);
        }
    }
    paths
}

/// The path of `address length path`, where the length is a number or `-`.
fn path_of(line: &str) -> Option<&str> {
    let blank = |c: char| c == ' ' || c == '\t';
    let (address, rest) = line.split_once(blank)?;
    let (length, path) = rest.trim_start_matches(blank).split_once(blank)?;
    let scheme = address.split_once(':')?.0;
    let is_scheme =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_length = length == "-" || length.bytes().all(|b| b.is_ascii_digit());
    let path = path.trim_start_matches(blank);
    (is_scheme && is_length && !path.is_empty()).then_some(path)
}
