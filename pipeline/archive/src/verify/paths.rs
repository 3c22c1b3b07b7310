//! Rules for paths, dates, addresses and names of version folders.

use std::collections::BTreeSet;

use chrono::NaiveDate;

/// Number of a version folder and its digits where it is padded with zeros (0 where not). `None` for any other name.
pub(super) fn version_name(name: &str) -> Option<(u32, usize)> {
    let digits = name.strip_prefix('v')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    let padded = if digits.starts_with('0') { digits.len() } else { 0 };
    (number > 0).then_some((number, padded))
}

/// What is wrong with a path: an empty, `.` or `..` element, or a slash at an end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathFault {
    Element,
    OuterSlash,
}

/// Faults of a logical or content path, as the standard counts them.
pub(super) fn path_faults(path: &str) -> Vec<PathFault> {
    let mut faults = Vec::new();
    if path.starts_with('/') || path.ends_with('/') {
        faults.push(PathFault::OuterSlash);
    }
    if path.trim_matches('/').split('/').any(|e| matches!(e, "" | "." | "..")) || path.starts_with("//") {
        faults.push(PathFault::Element);
    }
    faults
}

/// Paths that stand twice, or are the beginning of another one.
pub(super) fn conflicting<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut files = BTreeSet::new();
    let mut faults = Vec::new();
    for path in paths {
        if !files.insert(path) {
            faults.push(path);
        }
    }
    for path in &files {
        faults.extend(path.match_indices('/').map(|(at, _)| &path[..at]).filter(|part| files.contains(part)));
    }
    faults
}

/// RFC 3339 with seconds and offset.
pub(super) fn is_rfc3339(text: &str) -> bool {
    let Some((date, rest)) = text.split_once(['T', 't']) else { return false };
    let Some(number) = digits(date, "0000-00-00") else { return false };
    let day = NaiveDate::from_ymd_opt(number(0, 4) as i32, number(5, 7), number(8, 10));
    let Some(clock) = rest.get(..8) else { return false };
    let Some(number) = digits(clock, "00:00:00") else { return false };
    let in_range = number(0, 2) < 24 && number(3, 5) < 60 && number(6, 8) <= 60;
    let mut zone = &rest[8..];
    if let Some(fraction) = zone.strip_prefix('.') {
        zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if zone.len() == fraction.len() {
            return false;
        }
    }
    day.is_some() && in_range && is_offset(zone)
}

fn is_offset(zone: &str) -> bool {
    let signed = zone.strip_prefix(['+', '-']).and_then(|z| digits(z, "00:00").map(|number| number(0, 2) < 24 && number(3, 5) < 60));
    matches!(zone, "Z" | "z") || signed == Some(true)
}

/// A reader of numbers in a text that has digits where the pattern has `0` and the same signs elsewhere.
fn digits<'a>(text: &'a str, pattern: &str) -> Option<impl Fn(usize, usize) -> u32 + 'a> {
    let fits =
        text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(|(t, p)| if p == b'0' { t.is_ascii_digit() } else { t == p });
    fits.then_some(move |from, to| text[from..to].bytes().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
}

/// Has a scheme and only the characters of RFC 3986.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_ok =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    scheme_ok && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

/// Names in the standard's registry of extensions.
pub(super) fn is_registered_extension(name: &str) -> bool {
    const REGISTERED: [&str; 11] = [
        "0001-digest-algorithms",
        "0002-flat-direct-storage-layout",
        "0003-hash-and-id-n-tuple-storage-layout",
        "0004-hashed-n-tuple-storage-layout",
        "0005-mutable-head",
        "0006-flat-omit-prefix-storage-layout",
        "0007-n-tuple-omit-prefix-storage-layout",
        "0008-schema-registry",
        "0009-digest-algorithms",
        "0010-differential-n-tuple-omit-prefix-storage-layout",
        "0011-direct-clean-path-layout",
    ];
    REGISTERED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_names() {
        assert_eq!(version_name("v1"), Some((1, 0)));
        assert_eq!(version_name("v10"), Some((10, 0)));
        assert_eq!(version_name("v0010"), Some((10, 4)));
        for name in ["v0", "v00", "v", "1", "V1", "v-1", "v+1", "v1a", "v99999999999", "v١"] {
            assert_eq!(version_name(name), None, "{name}");
        }
    }

    #[test]
    fn dates() {
        for ok in ["2026-11-23T08:30:00Z", "2026-11-23T08:30:00.123456+01:00", "2016-12-31T23:59:60Z", "2020-02-29t00:00:00z"] {
            assert!(is_rfc3339(ok), "{ok}");
        }
        for bad in [
            "2026-11-23T08:30:00",
            "2026-11-23T08:30Z",
            "2026-11-23",
            "2026-02-30T08:30:00Z",
            "2026-11-23T24:30:00Z",
            "2026-11-23T08:30:00.Z",
            "26-11-23T08:30:00Z",
            "2026-11-23 08:30:00Z",
            "2026-11-23T08:30:00+1:00",
            "",
            "å",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }

    #[test]
    fn uris() {
        for ok in ["ark:123/abc", "urn:arkivflyt:arkiv", "https://x.example/a%20b", "mailto:a@example.org", "info:something/abc"] {
            assert!(is_uri(ok), "{ok}");
        }
        for bad in ["not_a_uri", "alice@example.org", "1 Wonky Way, W", ":x", "x:", "a b:c", "x:a b"] {
            assert!(!is_uri(bad), "{bad}");
        }
    }

    #[test]
    fn paths() {
        let faults = |p: &str| (path_faults(p).contains(&PathFault::OuterSlash), path_faults(p).contains(&PathFault::Element));
        assert_eq!(faults("a/b.txt"), (false, false));
        assert_eq!(faults("/a"), (true, false));
        assert_eq!(faults("a/"), (true, false));
        assert_eq!(faults("//a"), (true, true));
        assert_eq!(faults("a//b"), (false, true));
        assert_eq!(faults("a/../b"), (false, true));
        assert_eq!(faults(""), (false, true));
        assert_eq!(conflicting(["a/b", "a", "c", "c", "d/e"].into_iter()), ["c", "a"]);
    }
}
