//! Bags of version 1.0 with one thing wrong, and drafts of before where the RFC is stricter: each thing has its own code.

use std::{collections::BTreeSet, fs, path::Path};

use pipeline_bag::{Code, Limits, judge_folder};
use pipeline_domain::{Sha256, Sha512};

const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// A bag on disk that is changed before it is judged.
struct Bag(tempfile::TempDir);

impl Bag {
    /// Two payload files, both manifests, one tag manifest.
    fn new() -> Self {
        let bag = Self(tempfile::tempdir().unwrap());
        bag.put("bagit.txt", DECLARATION);
        bag.put("data/a.txt", "first");
        bag.put("data/under/b.txt", "second");
        bag.put("bag-info.txt", "Source-Organization: Eksempel kommune\nPayload-Oxum: 11.2\n");
        bag.put("manifest-sha256.txt", format!("{}  data/a.txt\n{}  data/under/b.txt\n", Sha256::of(b"first"), Sha256::of(b"second")));
        bag.put("manifest-sha512.txt", format!("{}  data/a.txt\n{}  data/under/b.txt\n", Sha512::of(b"first"), Sha512::of(b"second")));
        bag.seal();
        bag
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let at = self.path().join(name);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, content).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn append(&self, name: &str, more: &str) {
        self.put(name, self.text(name) + more);
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    /// Writes the tag manifest anew, so that only what was meant to be wrong is wrong.
    fn seal(&self) {
        let mut names: Vec<String> = fs::read_dir(self.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|n| self.path().join(n).is_file() && !n.starts_with("tagmanifest-"));
        names.sort();
        let line = |n: &String| format!("{}  {n}\n", Sha512::of(&fs::read(self.path().join(n)).unwrap()));
        self.put("tagmanifest-sha512.txt", names.iter().map(line).collect::<String>());
    }

    fn codes(&self) -> BTreeSet<Code> {
        judge_folder(self.path(), &Limits::default()).unwrap().findings.iter().map(|f| f.code).collect()
    }
}

/// The whole bag, changed like this and sealed again, has exactly these findings.
#[track_caller]
fn check(change: impl FnOnce(&Bag), expected: &[Code]) {
    let bag = Bag::new();
    change(&bag);
    bag.seal();
    assert_eq!(bag.codes(), expected.iter().copied().collect());
}

/// The same without sealing.
#[track_caller]
fn check_unsealed(change: impl FnOnce(&Bag), expected: &[Code]) {
    let bag = Bag::new();
    change(&bag);
    assert_eq!(bag.codes(), expected.iter().copied().collect());
}

fn digest_of(text: &str) -> (Sha256, Sha512) {
    (Sha256::of(text.as_bytes()), Sha512::of(text.as_bytes()))
}

/// The file is there and in both manifests, written like this.
fn list(bag: &Bag, path: &str, written: &str) {
    bag.put(path, "third");
    let (sha256, sha512) = digest_of("third");
    bag.append("manifest-sha256.txt", &format!("{sha256}  {written}\n"));
    bag.append("manifest-sha512.txt", &format!("{sha512}  {written}\n"));
    bag.put("bag-info.txt", "Payload-Oxum: 16.3\n");
}

#[test]
fn a_whole_bag_is_valid() {
    check(|_| {}, &[]);
    let judgement = judge_folder(Bag::new().path(), &Limits::default()).unwrap();
    assert_eq!((judgement.files, judgement.bytes, judgement.is_valid()), (2, 11, true));
}

#[test]
fn the_declaration() {
    let with = |text: &'static str| move |b: &Bag| b.put("bagit.txt", text);
    check(|b| b.remove("bagit.txt"), &[Code::DeclarationMissing]);
    check(with("\u{feff}BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), &[Code::DeclarationBom]);
    check(with("BagIt-Version: 1.0\n"), &[Code::DeclarationMalformed]);
    check(with("Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n"), &[Code::DeclarationMalformed]);
    // Blanks where the RFC has none.
    check(with("BagIt-Version : 1.0\nTag-File-Character-Encoding: UTF-8\n"), &[Code::DeclarationMalformed]);
    check(with("BagIt-Version:  1.0\nTag-File-Character-Encoding: UTF-8\n"), &[Code::DeclarationMalformed]);
    check(with("BagIt-Version: 1.0 \nTag-File-Character-Encoding: UTF-8\n"), &[Code::DeclarationMalformed]);
    check(with(" BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), &[Code::DeclarationMalformed]);
    check(with("BagIt-Version: 1.0\nTag-File-Character-Encoding:\tUTF-8\n"), &[Code::DeclarationMalformed]);
    check(with("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\nMore: x\n"), &[Code::DeclarationMalformed]);
    check(with("BagIt-Version: .97\nTag-File-Character-Encoding: UTF-8\n"), &[Code::VersionMalformed]);
    check(with("BagIt-Version: 1.+0\nTag-File-Character-Encoding: UTF-8\n"), &[Code::VersionMalformed]);
    check(with("BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n"), &[Code::VersionUnknown]);
    check(with("BagIt-Version: 1.0\nTag-File-Character-Encoding: EBCDIC\n"), &[Code::EncodingUnknown]);
    check(with("BagIt-Version: 1.0\r\nTag-File-Character-Encoding: UTF-8\r\n"), &[]);
}

#[test]
fn encodings_of_tag_files() {
    let declare = |b: &Bag, encoding: &str| b.put("bagit.txt", format!("BagIt-Version: 1.0\nTag-File-Character-Encoding: {encoding}\n"));
    check(|b| b.put("bag-info.txt", b"Contact-Name: \xe5\n"), &[Code::TagEncoding]);
    check(|b| b.append("bag-info.txt", "Contact-Name: Åse Eksempel\n"), &[]);
    let latin = |b: &Bag| {
        declare(b, "ISO-8859-1");
        b.put("bag-info.txt", b"Contact-Name: \xc5se\n");
    };
    check(latin, &[]);
    let wide = |unit: fn(u16) -> [u8; 2], mark: bool| {
        move |b: &Bag| {
            declare(b, "UTF-16");
            for name in ["bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt"] {
                let text = if mark { "\u{feff}" } else { "" }.to_owned() + &b.text(name);
                b.put(name, text.encode_utf16().flat_map(unit).collect::<Vec<u8>>());
            }
            b.put("tagmanifest-sha512.txt", "");
        }
    };
    // The tag manifest of these is empty, and names none of the manifests.
    check_unsealed(wide(u16::to_le_bytes, true), &[Code::TagManifestIncomplete, Code::TagManifestPartial]);
    check_unsealed(wide(u16::to_be_bytes, false), &[Code::TagManifestIncomplete, Code::TagManifestPartial]);
    check(|b| b.put("manifest-sha256.txt", "\u{feff}".to_owned() + &b.text("manifest-sha256.txt")), &[Code::TagBom]);
}

#[test]
fn what_is_there_and_what_is_not() {
    check(|b| b.remove("data/a.txt"), &[Code::PayloadMissing, Code::OxumMismatch]);
    check(|b| b.put("data/c.txt", ""), &[Code::PayloadUnlisted, Code::OxumMismatch]);
    // In one manifest and not in the other: the RFC wants every file in every manifest, the drafts in one.
    let in_one = |b: &Bag| b.put("manifest-sha256.txt", format!("{}  data/a.txt\n", Sha256::of(b"first")));
    check(in_one, &[Code::PayloadUnlisted]);
    let draft = |b: &Bag| {
        in_one(b);
        b.put("bagit.txt", DECLARATION.replace("1.0", "0.97"));
    };
    check(draft, &[]);
    check(|b| b.put("data/a.txt", "FIRST"), &[Code::DigestMismatch]);
    check_unsealed(|b| b.append("bag-info.txt", "X: y\n"), &[Code::DigestMismatch]);
    check_unsealed(|b| b.remove("bag-info.txt"), &[Code::TagMissing]);
    check_unsealed(|b| b.put("note.txt", "x"), &[Code::TagManifestPartial]);
    let none = |b: &Bag| {
        b.remove("manifest-sha256.txt");
        b.remove("manifest-sha512.txt");
    };
    check(none, &[Code::ManifestMissing]);
    let empty = |b: &Bag| {
        fs::remove_dir_all(b.path().join("data")).unwrap();
        ["manifest-sha256.txt", "manifest-sha512.txt", "bag-info.txt"].iter().for_each(|n| b.put(n, ""));
    };
    check(empty, &[Code::PayloadFolderMissing]);
    check(|b| b.put("data/Thumbs.db", ""), &[Code::PayloadUnlisted, Code::OxumMismatch, Code::SystemFile]);
}

#[test]
fn manifests() {
    check(|b| b.append("manifest-sha256.txt", "nonsense\n"), &[Code::ManifestMalformed]);
    check(|b| b.append("manifest-sha256.txt", "abc  data/a.txt\n"), &[Code::ManifestMalformed]);
    check(
        |b| {
            b.put(
                "manifest-sha256.txt",
                b.text("manifest-sha256.txt")
                    .to_uppercase()
                    .replace("DATA/A.TXT", "data/a.txt")
                    .replace("DATA/UNDER/B.TXT", "data/under/b.txt"),
            )
        },
        &[],
    );
    check(|b| b.put("manifest-sha256.txt", b.text("manifest-sha256.txt").replace("  ", "\t \t")), &[]);
    check(|b| b.append("manifest-sha256.txt", &format!("{}  data/a.txt\n", Sha256::of(b"first"))), &[Code::PathTwice]);
    let twice_in_a_draft = |b: &Bag| {
        b.append("manifest-sha256.txt", &format!("{}  data/a.txt\n", Sha256::of(b"first")));
        b.put("bagit.txt", DECLARATION.replace("1.0", "0.97"));
    };
    check(twice_in_a_draft, &[Code::PathTwiceAlike]);
    let only = |name: &'static str, text: String| {
        move |b: &Bag| {
            b.remove("manifest-sha256.txt");
            b.remove("manifest-sha512.txt");
            b.put(name, text);
        }
    };
    check(
        only("manifest-whirlpool.txt", "00  data/a.txt\n00  data/under/b.txt\n".to_owned()),
        &[Code::AlgorithmUnknown, Code::AlgorithmIgnored],
    );
    let md5 = "8b04d5e3775d298e78455efc5ca404d5  data/a.txt\na9f0e61a137d86aa9db53465e0801612  data/under/b.txt\n";
    check(only("manifest-md5.txt", md5.to_owned()), &[Code::AlgorithmWeak]);
    let sha1 = "f2c1d6b1fa5e7e4f4d4e2f6ae5f0c8b0a0f6c7f1  data/a.txt\n";
    check(|b| b.put("manifest-sha1.txt", sha1), &[Code::DigestMismatch, Code::PayloadUnlisted]);
    check(|b| b.put("manifest-whirlpool.txt", "00  data/a.txt\n00  data/under/b.txt\n"), &[Code::AlgorithmIgnored]);
    let (_, sha512) = digest_of("first");
    check_unsealed(|b| b.append("tagmanifest-sha512.txt", &format!("{sha512}  data/a.txt\n")), &[Code::TagManifestListsPayload]);
    check_unsealed(|b| b.append("tagmanifest-sha512.txt", &format!("{sha512}  tagmanifest-sha512.txt\n")), &[Code::TagManifestListsItself]);
    let drop = |b: &Bag| {
        let text = b.text("tagmanifest-sha512.txt");
        b.put(
            "tagmanifest-sha512.txt",
            text.lines().filter(|l| !l.ends_with("manifest-sha256.txt")).map(|l| format!("{l}\n")).collect::<String>(),
        );
    };
    check_unsealed(drop, &[Code::TagManifestIncomplete]);
}

#[test]
fn paths() {
    let bad = |path: &str, expected: Code| {
        let line = format!("{}  {path}\n", Sha256::of(b""));
        check(|b| b.append("manifest-sha256.txt", &line), &[expected]);
    };
    for path in ["../../etc/passwd", "data/../../x", "/etc/passwd", "~/x", "~root/x", "C:\\x", "C:/x", "\\\\server\\x", "data/..\\..\\x"] {
        bad(path, Code::PathOutOfScope);
    }
    bad("note.txt", Code::PathOutsidePayload);
    bad("datax/a", Code::PathOutsidePayload);
    check(|b| list(b, "data/c.txt", "./data/c.txt"), &[Code::PathRelative]);
    check(|b| list(b, "data/c.txt", "*data/c.txt"), &[Code::PathBinaryMark]);
    check(|b| list(b, "data/c\\d.txt", "data/c\\d.txt"), &[Code::PathBackslash]);
    check(|b| list(b, "data/A.txt", "data/A.txt"), &[Code::PathCollision]);
    check(|b| list(b, "data/\u{e5}.txt", "data/a\u{30a}.txt"), &[Code::PathNormalisation]);
    check(|b| list(b, "data/a b  c.txt", "data/a b  c.txt"), &[]);
    // What is percent-encoded, and what only looks so.
    check(|b| list(b, "data/two\nlines.txt", "data/two%0Alines.txt"), &[]);
    check(|b| list(b, "data/two\rlines.txt", "data/two%0dlines.txt"), &[]);
    check(|b| list(b, "data/100%.txt", "data/100%25.txt"), &[]);
    check(|b| list(b, "data/%7Ex.txt", "data/%7Ex.txt"), &[Code::PathPercent]);
    check(|b| list(b, "data/%0", "data/%0"), &[Code::PathPercent]);
    check(|b| list(b, "data/%å", "data/%å"), &[Code::PathPercent]);
}

#[test]
fn links_and_pipes_are_never_followed() {
    let link = |b: &Bag| {
        fs::remove_file(b.path().join("data/a.txt")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", b.path().join("data/a.txt")).unwrap();
    };
    check(link, &[Code::Symlink, Code::PayloadMissing, Code::OxumMismatch]);
    let folder = |b: &Bag| std::os::unix::fs::symlink("/etc", b.path().join("data/etc")).unwrap();
    check(folder, &[Code::Symlink]);
    let socket = |b: &Bag| drop(std::os::unix::net::UnixListener::bind(b.path().join("data/socket")).unwrap());
    check(socket, &[Code::SpecialFile]);
    use std::os::unix::ffi::OsStrExt;
    let name = |b: &Bag| fs::write(b.path().join("data").join(std::ffi::OsStr::from_bytes(b"\xff.txt")), "x").unwrap();
    check(name, &[Code::PathNotUtf8]);
}

#[test]
fn fetch_is_judged_and_not_followed() {
    let with = |text: &'static str| move |b: &Bag| b.put("fetch.txt", text);
    check(with("https://example.org/a 5 data/a.txt\n"), &[Code::FetchPresent]);
    check(with("https://example.org/a - data/a.txt\n"), &[Code::FetchPresent]);
    check(with("no address\n"), &[Code::FetchPresent, Code::FetchMalformed]);
    check(with("https://example.org/a many data/a.txt\n"), &[Code::FetchPresent, Code::FetchMalformed]);
    check(with("https://example.org/a - ../../etc/passwd\n"), &[Code::FetchPresent, Code::PathOutOfScope]);
    check(with("https://example.org/a - bagit.txt\n"), &[Code::FetchPresent, Code::PathOutsidePayload]);
    check(with("https://example.org/a - data/c.txt\n"), &[Code::FetchPresent, Code::FetchUnlisted]);
    let hole = |b: &Bag| {
        b.put("fetch.txt", "https://example.org/a 5 data/a.txt\n");
        b.remove("data/a.txt");
    };
    check(hole, &[Code::FetchPresent, Code::FetchNeeded, Code::OxumMismatch]);
}

#[test]
fn labels_and_sizes() {
    let with = |text: &'static str| move |b: &Bag| b.put("bag-info.txt", text);
    check(with("X: y\n  goes on\n\tand on\n"), &[]);
    check(with("  goes on\n"), &[Code::InfoMalformed]);
    check(with("no colon\n"), &[Code::InfoMalformed]);
    check(with(": no label\n"), &[Code::InfoMalformed]);
    check(with("X : y\n"), &[Code::InfoMalformed]);
    check(with("Payload-Oxum: 11.2\nPayload-Oxum: 11.2\n"), &[Code::OxumTwice]);
    check(with("Payload-Oxum: 11\n"), &[Code::OxumMalformed]);
    check(with("payload-oxum: 12.2\n"), &[Code::OxumMismatch]);
}

#[test]
fn limits() {
    let bag = Bag::new();
    let codes = |limits: Limits| judge_folder(bag.path(), &limits).unwrap().findings.iter().map(|f| f.code).collect::<BTreeSet<_>>();
    assert!(codes(Limits { entries: 3, ..Limits::default() }).contains(&Code::TooManyFiles));
    assert!(codes(Limits { tag_file_bytes: 60, ..Limits::default() }).contains(&Code::TagTooLarge));
    bag.put(&format!("data/{}/x", vec!["d"; 120].join("/")), "x");
    assert!(codes(Limits::default()).contains(&Code::TooDeep));
    assert!(judge_folder(&bag.path().join("nowhere"), &Limits::default()).is_err());
}

#[test]
fn complete_is_less_than_valid() {
    let bag = Bag::new();
    bag.put("data/a.txt", "FIRST");
    let judgement = judge_folder(bag.path(), &Limits::default()).unwrap();
    assert!(judgement.is_complete() && !judgement.is_valid());
    bag.remove("data/a.txt");
    assert!(!judge_folder(bag.path(), &Limits::default()).unwrap().is_complete());
}

#[test]
fn every_code_of_a_bag_has_a_case_here_and_every_code_is_written_down() {
    let source = include_str!("judge.rs");
    let page = include_str!("../CODES.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("| `{}` |", code.id())), "{code} is not in CODES.md");
        let elsewhere = [Code::Unreadable];
        let named = source.contains(&format!("Code::{code:?}"));
        assert!(named || code.id().starts_with("zip_") || elsewhere.contains(code), "{code} has no case");
    }
}
