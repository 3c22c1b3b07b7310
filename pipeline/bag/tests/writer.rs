//! What the writer promises: the same bytes twice, nothing that looks whole when it is not.

mod support;

use std::io::{self, Cursor, Read, Write};

use pipeline_bag::{
    BagError, BagPath, BagSpec, Expected, Limits, Password, Payload, PayloadFile, TagFile, inspect_zip, judge_zip, write_streamed,
    write_to_file,
};
use pipeline_domain::{Sha256, Sha512};
use support::{Files, Way, bag, modified, password, path, sample};

#[test]
fn a_bag_of_ours_is_valid_and_comes_out_the_same_twice() {
    for way in Way::ALL {
        let (bytes, written) = bag(&sample(), way).unwrap();
        assert_eq!(written.zip_bytes, bytes.len() as u64, "{way:?}");
        let secret = password();
        let password = (way == Way::Encrypted).then_some(&secret);
        assert_eq!(inspect_zip(Cursor::new(&bytes), password, &Limits::default()).unwrap(), [], "{way:?}");
        let judgement = judge_zip(Cursor::new(&bytes), password, &Limits::default()).unwrap();
        assert_eq!(judgement.findings, [], "{way:?}");
        assert_eq!((judgement.files, judgement.bytes), (written.files as u64, written.payload_bytes), "{way:?}");
        let again = bag(&sample(), way).unwrap().0;
        // Only salts differ, and must.
        assert_eq!(again == bytes, way != Way::Encrypted, "{way:?}");
    }
}

#[test]
fn the_bag_holds_what_the_standard_asks_for() {
    let (bytes, _) = bag(&sample(), Way::File).unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(|n| n.unwrap().into_owned()).collect();
    assert!(names.iter().all(|n| n.starts_with("2026-000123_v3/")), "{names:?}");
    let mut text = |name: &str| {
        let mut text = String::new();
        zip.by_name(&format!("2026-000123_v3/{name}")).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(text("bagit.txt"), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    let info = text("bag-info.txt");
    let octets: usize = sample().0.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(info, format!("Source-Organization: Eksempel kommune\nBagging-Date: 2026-11-23\nPayload-Oxum: {octets}.6\n"));
    for (manifest, digest) in
        [("manifest-sha256.txt", Sha256::of(b"{\"a\":1}").to_string()), ("manifest-sha512.txt", Sha512::of(b"{\"a\":1}").to_string())]
    {
        let text = text(manifest);
        assert_eq!(text.lines().count(), 6, "{text}");
        assert!(text.contains(&format!("{digest}  data/kilde/01.json\n")), "{text}");
    }
    let tags = text("tagmanifest-sha512.txt");
    let listed: Vec<&str> = tags.lines().map(|l| l.split_once("  ").unwrap().1).collect();
    assert_eq!(listed, ["bagit.txt", "bag-info.txt", "LESMEG.txt", "manifest-sha256.txt", "manifest-sha512.txt"]);
}

/// What was written cannot be taken for a zip.
#[track_caller]
fn no_zip(bytes: &[u8]) {
    assert!(zip::ZipArchive::new(Cursor::new(bytes)).is_err(), "a whole zip of {} bytes", bytes.len());
    assert!(!bytes.windows(4).any(|w| w == b"PK\x05\x06"), "an end of a directory");
}

/// Writes, expects an error, and looks that neither way leaves a zip.
#[track_caller]
fn refused(payload: &impl Payload) -> BagError {
    let base = path("bag");
    let spec = BagSpec { base: &base, info: &[], tag_files: &[], modified: modified(), password: None };
    let (mut file, mut stream) = (Cursor::new(Vec::new()), Vec::new());
    let error = write_to_file(&spec, payload, &mut file).unwrap_err();
    assert_eq!(write_streamed(&spec, payload, &mut stream).unwrap_err().to_string(), error.to_string());
    no_zip(file.get_ref());
    no_zip(&stream);
    error
}

#[test]
fn a_wrong_digest_leaves_no_zip_and_names_only_the_number() {
    for wrong in [Expected::Sha256(Sha256::of(b"other")), Expected::Sha512(Sha512::of(b"other"))] {
        let mut files = sample();
        files.0[3].0.expected = wrong;
        let error = refused(&files);
        assert!(matches!(error, BagError::Digest { file: 4 }), "{error:?}");
        assert_eq!(error.to_string(), "payload file 4 does not match its expected digest");
        assert_eq!(error.code().id(), "export_damaged");
    }
}

#[test]
fn a_wrong_size_leaves_no_zip() {
    for change in [-1, 1] {
        let mut files = sample();
        files.0[1].0.size_bytes = files.0[1].0.size_bytes.checked_add_signed(change).unwrap();
        assert!(matches!(refused(&files), BagError::Size { file: 2 }));
    }
}

/// A file that never ends, and one that breaks off.
struct Odd(fn() -> Box<dyn Read>);

impl Payload for Odd {
    fn count(&self) -> usize {
        1
    }

    fn file(&self, _: usize) -> PayloadFile {
        PayloadFile { path: path("a.pdf"), size_bytes: 10, expected: Expected::Sha256(Sha256::of(b"")) }
    }

    fn open(&self, _: usize) -> io::Result<Box<dyn Read + '_>> {
        Ok(self.0())
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("made up"))
    }
}

#[test]
fn a_file_without_end_is_left_after_its_size_and_a_broken_one_at_once() {
    assert!(matches!(refused(&Odd(|| Box::new(io::repeat(7)))), BagError::Size { file: 1 }));
    assert!(matches!(refused(&Odd(|| Box::new(Broken))), BagError::Read { file: 1, .. }));
}

/// A target with so much room.
struct Full(Vec<u8>, usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Room comes back at once, as when somebody else tidies: the writer must not go on and finish.
        let room = std::mem::replace(&mut self.1, usize::MAX);
        if room < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.1 = room.saturating_sub(bytes.len()).max(if room == usize::MAX { usize::MAX } else { 0 });
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_was_full_once_gets_no_directory() {
    let base = path("bag");
    let spec = BagSpec { base: &base, info: &[], tag_files: &[], modified: modified(), password: None };
    let mut failures = 0;
    for room in (0..220_000).step_by(9_973).chain([220_300, 220_500]) {
        let mut target = Full(Vec::new(), room);
        let result = write_streamed(&spec, &sample(), &mut target);
        let Err(error) = result else { continue };
        failures += 1;
        assert!(matches!(error, BagError::Write { .. }), "{error:?}");
        no_zip(&target.0);
    }
    assert!(failures > 10, "{failures}");
}

#[test]
fn names_that_clash_are_refused() {
    let order = |names: &[&str]| {
        let mut files = Files::new(&names.iter().map(|n| (*n, &b"x"[..])).collect::<Vec<_>>());
        files.0.sort_by_key(|(file, _)| names.iter().position(|n| *n == file.path.as_str()));
        refused(&files)
    };
    assert!(matches!(order(&["b", "a"]), BagError::Order { file: 2 }));
    assert!(matches!(order(&["A.txt", "a.txt"]), BagError::Collision { file: 2, other: 1 }));
    assert!(matches!(order(&["Å", "å"]), BagError::Collision { file: 2, other: 1 }));
    assert!(matches!(order(&["a", "A/b", "c"]), BagError::Order { .. }));
    assert!(matches!(order(&["A/b", "a", "c"]), BagError::Collision { file: 2, other: 1 }));
    assert!(matches!(refused(&Files(Vec::new())), BagError::NoPayload));
}

#[test]
fn paths_that_would_not_survive_elsewhere_are_refused() {
    for bad in ["", "/a", "../a", "a/../b", "a\\b", "a:b", "con", "a.", "a ", "a\nb", "100%.txt", "a\u{30a}b", "~a", "a//b", "./a"] {
        assert!(bad.parse::<BagPath>().is_err(), "{bad:?}");
    }
    assert!("dokumenter/01 Planbeskrivelse – Årstad.pdf".parse::<BagPath>().is_ok());
}

#[test]
fn descriptions_that_would_break_the_bag_are_refused() {
    let files = sample();
    let check = |base: &str, info: &[(&str, String)], tags: &[&str]| {
        let base = path(base);
        let names: Vec<BagPath> = tags.iter().map(|t| path(t)).collect();
        let tag_files: Vec<TagFile<'_>> = names.iter().map(|name| TagFile { name, bytes: b"x" }).collect();
        let spec = BagSpec { base: &base, info, tag_files: &tag_files, modified: modified(), password: None };
        let error = write_to_file(&spec, &files, Cursor::new(Vec::new())).unwrap_err();
        assert!(matches!(error, BagError::Description { .. }), "{error:?}");
    };
    check("a/b", &[], &[]);
    check("a", &[("x: y", "z".to_owned())], &[]);
    check("a", &[("x", "two\nlines".to_owned())], &[]);
    check("a", &[("payload-oxum", "1.1".to_owned())], &[]);
    check("a", &[("x", String::new())], &[]);
    check("a", &[], &["BagIt.txt"]);
    check("a", &[], &["data"]);
    check("a", &[], &["fetch.txt"]);
    check("a", &[], &["manifest-sha256.txt"]);
    check("a", &[], &["sub/note.txt"]);
    check("a", &[], &["note.txt", "NOTE.txt"]);
}

#[test]
fn passwords_have_rules_and_are_never_printed() {
    for bad in [&b"short"[..], b"", b"two lines here\nand more", "blåbærsyltetøy".as_bytes(), &[b'a'; 100]] {
        assert!(matches!(Password::from_file(bad), Err(BagError::Password { .. })));
    }
    assert_eq!(format!("{:?}", Password::from_file(b"a made-up phrase\r\n").unwrap()), "Password(***)");
}

#[test]
fn an_encrypted_bag_opens_with_its_password_only() {
    let (bytes, _) = bag(&sample(), Way::Encrypted).unwrap();
    let codes = |password: Option<&Password>| {
        let judgement = judge_zip(Cursor::new(&bytes), password, &Limits::default()).unwrap();
        judgement.errors().map(|f| f.code.id()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(codes(None).into_iter().collect::<Vec<_>>(), ["zip_encrypted"]);
    assert!(codes(Some(&Password::from_file(b"another phrase").unwrap())).contains("zip_wrong_password"));
    assert!(codes(Some(&password())).is_empty());
    assert!(!bytes.windows(9).any(|w| w == b"%PDF-1.7 "), "the content is hidden");
}
