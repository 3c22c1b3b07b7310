//! `bag-info.txt` (RFC 8493 § 2.2.2).

use super::{
    declaration::Declaration,
    encoding,
    finding::{Code, Findings},
    place::Place,
};

/// Judges the labels, and the size of the payload where it is told.
pub(super) fn read(place: &mut dyn Place, declaration: &Declaration, at_most: u64, findings: &mut Findings) {
    let name = declaration.version.info_name();
    if !place.listing().files.contains_key(name) {
        return;
    }
    let lines = encoding::lines(place, name, declaration.encoding, at_most, findings).unwrap_or_default();
    let mut oxums = Vec::new();
    let mut before_any = true;
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        if line.starts_with([' ', '\t']) {
            // The value of the line before goes on.
            if before_any {
                findings.at(Code::InfoMalformed, name);
            }
            continue;
        }
        before_any = false;
        let Some((label, value)) = line.split_once(':') else {
            findings.at(Code::InfoMalformed, name);
            continue;
        };
        // The RFC: no blank at either end of a label. The drafts let it pass.
        if label.trim().is_empty() || declaration.version.is_rfc() && label.trim() != label {
            findings.at(Code::InfoMalformed, name);
        }
        if label.trim().eq_ignore_ascii_case("Payload-Oxum") {
            oxums.push(value.trim().to_owned());
        }
    }
    if oxums.len() > 1 {
        findings.at(Code::OxumTwice, name);
    }
    let (bytes, files) = place.listing().payload().fold((0u64, 0u64), |(bytes, files), (_, size)| (bytes.saturating_add(size), files + 1));
    for oxum in oxums {
        let number = |part: &str| part.parse::<u64>().ok();
        match oxum.split_once('.').map(|(b, f)| (number(b), number(f))) {
            Some((Some(b), Some(f))) if (b, f) == (bytes, files) => {}
            Some((Some(_), Some(_))) => findings.at(Code::OxumMismatch, name),
            _ => findings.at(Code::OxumMalformed, name),
        }
    }
}
