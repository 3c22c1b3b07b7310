//! Shared by the tests of this crate: made-up payloads, official bags, tools of others.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    fs,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    process::Command,
};

use pipeline_bag::{BagError, BagPath, BagSpec, Expected, Password, Payload, PayloadFile, TagFile, Written, write_streamed, write_to_file};
use pipeline_domain::{Sha256, Sha512, Timestamp};

/// Files in memory; the expected digests may be made to lie.
pub struct Files(pub Vec<(PayloadFile, Vec<u8>)>);

impl Files {
    /// Every second file is known by SHA-256, the others by SHA-512.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let mut files: Vec<(PayloadFile, Vec<u8>)> = files
            .iter()
            .enumerate()
            .map(|(i, (path, bytes))| {
                let expected = if i % 2 == 0 { Expected::Sha512(Sha512::of(bytes)) } else { Expected::Sha256(Sha256::of(bytes)) };
                (PayloadFile { path: path.parse().unwrap(), size_bytes: bytes.len() as u64, expected }, bytes.to_vec())
            })
            .collect();
        files.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        Self(files)
    }
}

impl Payload for Files {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn file(&self, at: usize) -> PayloadFile {
        self.0[at].0.clone()
    }

    fn open(&self, at: usize) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(&self.0[at].1[..]))
    }
}

/// A few files with names and content of several kinds.
pub fn sample() -> Files {
    let noise: Vec<u8> = (0..200_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    Files::new(&[
        ("dokumenter/01 Planbeskrivelse – Årstad.pdf", &noise),
        ("dokumenter/02_moteprotokoll.pdf", b"%PDF-1.7 made up"),
        ("innhold.html", b"<!doctype html><title>Innhold</title>"),
        ("kilde/01.json", b"{\"a\":1}"),
        ("metadata/tom.xml", b""),
        ("tekst/nynorsk.txt", "Ærleg talt, eit øve i året".repeat(500).as_bytes()),
    ])
}

pub fn path(path: &str) -> BagPath {
    path.parse().unwrap()
}

pub fn modified() -> Timestamp {
    "2026-11-23T09:00:00+01:00".parse().unwrap()
}

pub fn password() -> Password {
    Password::from_file(b"synthetic pass phrase\n").unwrap()
}

/// How a bag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    File,
    Stream,
    Encrypted,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::File, Self::Stream, Self::Encrypted];
}

/// A bag with two labels and a note beside the payload.
pub fn bag(payload: &Files, way: Way) -> Result<(Vec<u8>, Written), BagError> {
    let (base, note, secret) = (path("2026-000123_v3"), path("LESMEG.txt"), password());
    let spec = BagSpec {
        base: &base,
        info: &[("Source-Organization", "Eksempel kommune".to_owned()), ("Bagging-Date", "2026-11-23".to_owned())],
        tag_files: &[TagFile { name: &note, bytes: "Slik kontrolleres pakken\n".as_bytes() }],
        modified: modified(),
        password: (way == Way::Encrypted).then_some(&secret),
    };
    let mut out = Cursor::new(Vec::new());
    let written = match way {
        Way::Stream => write_streamed(&spec, payload, Trickle(out.get_mut()))?,
        Way::File | Way::Encrypted => write_to_file(&spec, payload, &mut out)?,
    };
    Ok((out.into_inner(), written))
}

/// Takes a few bytes at a time, as sockets do.
pub struct Trickle<'a>(pub &'a mut Vec<u8>);

impl io::Write for Trickle<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.len().min(1_000);
        self.0.extend_from_slice(&bytes[..some]);
        Ok(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn is_strict() -> bool {
    std::env::var_os("ARKIVFLYT_STRICT").is_some_and(|v| v == "1")
}

/// Says that a test does not run, or fails where everything must be there.
pub fn skip(reason: &str) {
    assert!(!is_strict(), "not to be skipped: {reason}");
    eprintln!("SKIPPED: {reason}");
}

/// The folder of official bags.
pub fn suite() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from);
    let suite = shared.join("bagit-suite");
    if suite.is_dir() {
        return Some(suite);
    }
    skip("no bagit-suite beside the workspace or under ARKIVFLYT_SHARED");
    None
}

/// A tool on the path, or a skip.
pub fn tool(name: &str) -> Option<String> {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(name).is_file());
    if !found {
        skip(&format!("{name} is not on PATH"));
    }
    found.then(|| name.to_owned())
}

/// Runs a tool; its exit code and all it wrote.
pub fn run<S: AsRef<std::ffi::OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> (Option<i32>, String) {
    let output = Command::new(program).args(args).env("LC_ALL", "C.UTF-8").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Folders in a folder, sorted.
pub fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}
