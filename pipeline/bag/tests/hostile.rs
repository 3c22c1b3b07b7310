//! Zips made to harm: each is refused with its own code. What zips are made of is written out by hand here.

use std::{
    collections::BTreeSet,
    io::{Cursor, Write},
};

use pipeline_bag::{Code, Limits, inspect_zip, judge_zip};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Header and directory entry of one file of a zip, told apart so that they can lie.
#[derive(Clone)]
struct Raw {
    local_name: Vec<u8>,
    central_name: Vec<u8>,
    data: Vec<u8>,
    /// CRC-32, size in the zip, size unpacked.
    local: (u32, u32, u32),
    central: (u32, u32, u32),
    method: u16,
    flags: u16,
    /// Unix mode.
    mode: u32,
    /// Where the directory says that the entry begins, when it lies about it.
    offset: Option<u32>,
    in_directory: bool,
}

const UTF_8: u16 = 1 << 11;

fn stored(name: &str, data: &[u8]) -> Raw {
    let size = u32::try_from(data.len()).unwrap();
    let told = (crc32(data), size, size);
    Raw {
        local_name: name.into(),
        central_name: name.into(),
        data: data.to_vec(),
        local: told,
        central: told,
        method: 0,
        flags: UTF_8,
        mode: 0o100_644,
        offset: None,
        in_directory: true,
    }
}

fn crc32(data: &[u8]) -> u32 {
    !data
        .iter()
        .fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }))
}

fn put(out: &mut Vec<u8>, fields: &[(u32, usize)]) {
    for (value, bytes) in fields {
        out.extend_from_slice(&value.to_le_bytes()[..*bytes]);
    }
}

fn zip_of(entries: &[Raw]) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0);
    for e in entries {
        let offset = e.offset.unwrap_or(u32::try_from(out.len()).unwrap());
        let (crc, packed, size) = e.local;
        put(&mut out, &[(0x0403_4b50, 4), (20, 2), (e.flags.into(), 2), (e.method.into(), 2), (0, 2), (33, 2)]);
        put(&mut out, &[(crc, 4), (packed, 4), (size, 4), (e.local_name.len() as u32, 2), (0, 2)]);
        out.extend_from_slice(&e.local_name);
        out.extend_from_slice(&e.data);
        if !e.in_directory {
            continue;
        }
        count += 1;
        let (crc, packed, size) = e.central;
        put(&mut directory, &[(0x0201_4b50, 4), (0x031e, 2), (20, 2), (e.flags.into(), 2), (e.method.into(), 2), (0, 2), (33, 2)]);
        put(&mut directory, &[(crc, 4), (packed, 4), (size, 4), (e.central_name.len() as u32, 2), (0, 2), (0, 2), (0, 2), (0, 2)]);
        put(&mut directory, &[(e.mode << 16, 4), (offset, 4)]);
        directory.extend_from_slice(&e.central_name);
    }
    let start = u32::try_from(out.len()).unwrap();
    out.extend_from_slice(&directory);
    put(&mut out, &[(0x0605_4b50, 4), (0, 2), (0, 2), (count, 2), (count, 2)]);
    put(&mut out, &[(directory.len() as u32, 4), (start, 4), (0, 2)]);
    out
}

fn codes_within(bytes: &[u8], limits: &Limits) -> BTreeSet<&'static str> {
    inspect_zip(Cursor::new(bytes), None, limits).unwrap().iter().map(|f| f.code.id()).collect()
}

/// Exactly these codes; and as a bag it is refused with the same, unless it is only unpacking that shows it.
#[track_caller]
fn check(entries: &[Raw], expected: &[&str]) {
    let bytes = zip_of(entries);
    let found = codes_within(&bytes, &Limits::default());
    assert_eq!(found, expected.iter().copied().collect(), "{:?}", String::from_utf8_lossy(&entries[0].central_name));
    assert!(!judge_zip(Cursor::new(&bytes), None, &Limits::default()).unwrap().is_valid());
}

#[test]
fn an_ordinary_zip_is_let_through() {
    let bytes = zip_of(&[stored("a/b.txt", b"x"), stored("a/Årstad – c.txt", b"yy"), Raw { mode: 0o040_755, ..stored("mappe/", b"") }]);
    assert_eq!(codes_within(&bytes, &Limits::default()), BTreeSet::new());
}

#[test]
fn names_that_lead_elsewhere() {
    check(&[stored("../../evil", b"x")], &["zip_path_traversal"]);
    check(&[stored("..\\..\\evil", b"x")], &["zip_path_backslash", "zip_path_traversal"]);
    check(&[stored("/etc/evil", b"x")], &["zip_path_absolute", "zip_path_empty_part"]);
    check(&[stored("C:/evil", b"x")], &["zip_forbidden_character", "zip_path_absolute"]);
    check(&[stored("\\\\server\\evil", b"x")], &["zip_path_absolute", "zip_path_backslash"]);
    check(&[stored("~root/evil", b"x")], &["zip_path_absolute"]);
    check(&[stored("a//b", b"x")], &["zip_path_empty_part"]);
    check(&[stored("./a", b"x")], &["zip_path_empty_part"]);
}

#[test]
fn names_that_mean_something_else() {
    check(&[stored("a\u{1b}[2Jb", b"x")], &["zip_control_character"]);
    check(&[stored("a\u{202e}fdp.exe", b"x")], &["zip_control_character"]);
    check(&[stored("con.txt", b"x")], &["zip_reserved_name"]);
    check(&[stored("trail. ", b"x")], &["zip_trailing_dot_or_blank"]);
    check(&[stored("what?.txt", b"x")], &["zip_forbidden_character"]);
    check(&[stored(&"a".repeat(300), b"x")], &["zip_name_too_long"]);
    let latin = Raw { local_name: b"\xe5r".to_vec(), central_name: b"\xe5r".to_vec(), flags: 0, ..stored("x", b"x") };
    check(&[latin], &["zip_name_encoding"]);
    check(&[Raw { flags: 0, ..stored("år", b"x") }], &["zip_name_unmarked"]);
}

#[test]
fn names_that_are_one() {
    check(&[stored("a", b"x"), stored("a", b"y")], &["zip_duplicate_name"]);
    check(&[stored("A.txt", b"x"), stored("a.txt", b"y")], &["zip_name_collision"]);
    check(&[stored("\u{e5}", b"x"), stored("a\u{30a}", b"y")], &["zip_name_collision"]);
    check(&[stored("a", b"x"), stored("a/b", b"y")], &["zip_file_and_folder"]);
    check(&[stored("a", b"x"), Raw { mode: 0o040_755, ..stored("a/", b"") }], &["zip_file_and_folder"]);
}

#[test]
fn links_and_devices() {
    check(&[Raw { mode: 0o120_777, ..stored("link", b"/etc/passwd") }], &["zip_symlink"]);
    check(&[Raw { mode: 0o020_666, ..stored("tty", b"") }], &["zip_special_file"]);
}

#[test]
fn headers_that_contradict_each_other() {
    check(&[Raw { local_name: b"good".to_vec(), ..stored("evil", b"x") }], &["zip_header_mismatch"]);
    let lying = Raw { central: (crc32(&[0; 100]), 100, 10), ..stored("a", &[0; 100]) };
    check(&[lying], &["zip_header_mismatch"]);
    check(&[stored("seen", b"x"), Raw { in_directory: false, ..stored("hidden", b"y") }], &["zip_hidden_entry"]);
    let first = stored("a", b"x");
    check(&[first.clone(), Raw { offset: Some(0), ..stored("b", b"y") }], &["zip_overlap"]);
}

#[test]
fn what_only_unpacking_shows() {
    check(&[Raw { local: (1, 1, 1), central: (1, 1, 1), ..stored("a", b"x") }], &["zip_checksum"]);
    // Deflated, and both headers lie about the size: too small and too large.
    for lie in [10, 100_000] {
        let data = deflated(&[b'a'; 1_000]);
        let told = (crc32(&[b'a'; 1_000]), data.len() as u32, lie);
        let raw = Raw { local: told, central: told, method: 8, data, ..stored("a", b"") };
        check(&[raw], &["zip_size_lie"]);
    }
    check(&[Raw { method: 12, ..stored("a", b"BZh9") }], &["zip_method"]);
    check(&[Raw { flags: UTF_8 | 1, ..stored("a", &[0; 20]) }], &["zip_encrypted"]);
}

/// As the library deflates it.
fn deflated(data: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
    zip.write_all(data).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let packed = u32::from_le_bytes(bytes[18..22].try_into().unwrap()) as usize;
    let start = 30 + usize::from(bytes[26]) + usize::from(bytes[28]);
    bytes[start..start + packed].to_vec()
}

#[test]
fn bombs() {
    let data = deflated(&vec![0; 20 << 20]);
    let told = (0, data.len() as u32, 20 << 20);
    let bomb = Raw { local: told, central: told, method: 8, data, ..stored("zeros", b"") };
    check(std::slice::from_ref(&bomb), &["zip_ratio"]);
    let few = |limits: Limits, entries: &[Raw]| codes_within(&zip_of(entries), &limits);
    let some = [stored("a", &[1; 1_000]), stored("b", &[2; 1_000])];
    let default = Limits::default();
    assert_eq!(few(Limits { entry_bytes: 999, ..default.clone() }, &some), BTreeSet::from(["zip_entry_too_large"]));
    assert_eq!(few(Limits { total_bytes: 1_999, ..default.clone() }, &some), BTreeSet::from(["zip_total_too_large"]));
    assert_eq!(few(Limits { total_bytes: 2_000, entry_bytes: 1_000, entries: 2, ..default.clone() }, &some), BTreeSet::new());
    assert_eq!(few(Limits { entries: 1, ..default.clone() }, &some), BTreeSet::from(["zip_too_many_entries"]));
    // So many that the directory is not even read to its end.
    let many: Vec<Raw> = (0..30_000).map(|i| stored(&format!("{i:0>100}"), b"")).collect();
    assert_eq!(few(Limits { entries: 10, ..default }, &many), BTreeSet::from(["zip_too_many_entries"]));
}

#[test]
fn what_is_no_zip_is_refused() {
    let whole = zip_of(&[stored("bag/a", b"x")]);
    for bytes in [&b""[..], b"PK", b"not a zip at all", &whole[..whole.len() - 1], &whole[..10]] {
        assert_eq!(codes_within(bytes, &Limits::default()), BTreeSet::from(["zip_malformed"]), "{bytes:?}");
    }
}

#[test]
fn a_zip_that_holds_no_bag_or_more_than_one_is_no_bag() {
    for entries in [&[stored("bagit.txt", b"x")][..], &[stored("a/bagit.txt", b"x"), stored("b/bagit.txt", b"x")], &[]] {
        let judgement = judge_zip(Cursor::new(zip_of(entries)), None, &Limits::default()).unwrap();
        assert_eq!(judgement.errors().map(|f| f.code).collect::<Vec<_>>(), [Code::ZipBaseFolder]);
    }
}

/// No byte that is changed, cut or doubled makes a judge panic, hang or find a bag valid that it should not.
#[test]
fn damage_anywhere_is_found_or_harmless() {
    let bytes = zip_of(&[stored("a/b.txt", b"some text"), stored("a/c.txt", &[7; 100])]);
    for at in 0..bytes.len() {
        for change in [0x00, 0x01, 0x80, 0xFF] {
            let mut hurt = bytes.clone();
            hurt[at] ^= change;
            inspect_zip(Cursor::new(&hurt), None, &Limits::default()).unwrap();
            hurt.truncate(at);
            assert!(!codes_within(&hurt, &Limits::default()).is_empty(), "cut at {at}");
        }
    }
}

#[test]
fn every_code_of_a_zip_has_a_case_here() {
    let source = include_str!("hostile.rs");
    let elsewhere = [Code::ZipWrongPassword];
    for code in Code::ALL.iter().filter(|c| c.id().starts_with("zip_") && !elsewhere.contains(c)) {
        let told = format!("\"{}\"", code.id());
        let named = format!("Code::{code:?}");
        assert!(source.contains(&told) || source.contains(&named), "{code} has no case");
    }
}
