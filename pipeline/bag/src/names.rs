//! What is wrong with a path, wherever it came from: one list of faults for what we write and for what we are handed.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// Longest part of a path, in bytes: what every common file system takes.
const LONGEST_PART: usize = 255;
/// Longest path, in bytes.
const LONGEST_PATH: usize = 1_000;

/// One thing that makes a path unsafe or unportable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameFault {
    /// `..` as a part.
    Traversal,
    /// Begins with `/`, `\` or a drive letter.
    Absolute,
    /// Begins with `~`, which a shell takes for somebody's home.
    Home,
    /// `\`, a separator on Windows.
    Backslash,
    /// Control characters, and marks that change the reading direction.
    Control,
    /// A device name of Windows, such as `con.txt`.
    Reserved,
    /// A part that ends with a full stop or a blank, which Windows cuts off.
    TrailingDotOrBlank,
    /// One of `: * ? " < > |`, which Windows refuses.
    Forbidden,
    /// Nothing at all, an empty part (`a//b`) or `.` as a part.
    EmptyPart,
    /// Longer than file systems take.
    TooLong,
}

/// Everything that is wrong with a path whose parts are joined with `/`.
pub(crate) fn faults(path: &str) -> BTreeSet<NameFault> {
    let mut found = BTreeSet::new();
    let mut note = |is: bool, fault: NameFault| {
        if is {
            found.insert(fault);
        }
    };
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    note(path.starts_with(['/', '\\']) || drive, NameFault::Absolute);
    note(path.starts_with('~'), NameFault::Home);
    note(path.contains('\\'), NameFault::Backslash);
    note(path.chars().any(is_control), NameFault::Control);
    note(path.contains([':', '*', '?', '"', '<', '>', '|']), NameFault::Forbidden);
    note(path.len() > LONGEST_PATH, NameFault::TooLong);
    // Where `\` separates, `..\x` climbs just as `../x` does.
    note(path.split(['/', '\\']).any(|part| part == ".."), NameFault::Traversal);
    for part in path.split('/') {
        note(part.is_empty() || part == ".", NameFault::EmptyPart);
        note(part != "." && part != ".." && part.ends_with(['.', ' ']), NameFault::TrailingDotOrBlank);
        note(is_device(part), NameFault::Reserved);
        note(part.len() > LONGEST_PART, NameFault::TooLong);
    }
    found
}

/// C0, DEL, C1, and the characters that make a name look like another one.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    match stem.as_str() {
        "con" | "prn" | "aux" | "nul" => true,
        _ => {
            let digit = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
            digit.is_some_and(|d| matches!(d, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"))
        }
    }
}

/// Two paths with the same key are one file on some computer: letters are folded, accents composed.
pub(crate) fn key(path: &str) -> String {
    path.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// The folders above a path, nearest first: `a/b/c` gives `a/b`, then `a`.
pub(crate) fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/').map(|(above, _)| above), |at| at.rsplit_once('/').map(|(above, _)| above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &[NameFault]) {
        assert_eq!(faults(path).into_iter().collect::<Vec<_>>(), expected, "{path:?}");
    }

    #[test]
    fn every_fault_is_seen() {
        use NameFault::*;
        check("data/dokumenter/01 Planbeskrivelse – Årstad.pdf", &[]);
        check("../x", &[Traversal]);
        check("a/../x", &[Traversal]);
        check("a/..b", &[]);
        check("..\\x", &[Traversal, Backslash]);
        check("/x", &[Absolute, EmptyPart]);
        check("C:/x", &[Absolute, Forbidden]);
        check("\\\\server\\x", &[Absolute, Backslash]);
        check("~root/x", &[Home]);
        check("a/~x", &[]);
        check("a\u{1b}b", &[Control]);
        check("a\u{202e}fdp.exe", &[Control]);
        check("CON.txt", &[Reserved]);
        check("a/lpt1", &[Reserved]);
        check("a/lpt10", &[]);
        check("a./b", &[TrailingDotOrBlank]);
        check("a ", &[TrailingDotOrBlank]);
        check("what?", &[Forbidden]);
        check("", &[EmptyPart]);
        check("a//b", &[EmptyPart]);
        check("./a", &[EmptyPart]);
        check(&"a".repeat(256), &[TooLong]);
        check(&vec!["ab"; 400].join("/"), &[TooLong]);
    }

    #[test]
    fn names_that_are_one_file_elsewhere_have_one_key() {
        assert_eq!(key("data/A\u{030a}r.TXT"), key("data/år.txt"));
        assert_ne!(key("data/aar.txt"), key("data/år.txt"));
        assert_eq!(folders_above("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(folders_above("a").count(), 0);
    }
}
