//! How fast an extract is, and how much memory it takes, beside `cp -r` and `sha256sum` of the same files on the same disk.
//!
//! `cargo bench -p pipeline-deposit`. Small runs have files of 60 KiB; `ARKIVFLYT_BENCH_LARGE=1` adds one of 200,000 registrations with
//! stubs (`only` runs that alone). `ARKIVFLYT_BENCH_DIR` names the folder to work in. Each run is a process of its own, so that its memory can be told.

#![expect(clippy::disallowed_methods, reason = "a benchmark has no configuration")]

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../src/tests/kit.rs"]
mod kit;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use kit::{Folder, Registration};
use pipeline_deposit::{CaseFolder, FolderFile, Gate, Order, Release, Store, extract};
use pipeline_domain::{CaseFolderId, Sha512};

/// Registrations of one folder.
const IN_A_FOLDER: usize = 10;
const KIB: usize = 1024;

fn main() {
    let base = std::env::var_os("ARKIVFLYT_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from).join("arkivflyt-bench-extract");
    if let Ok(folders) = std::env::var("ARKIVFLYT_BENCH_CHILD") {
        return child(&base, folders.parse().unwrap());
    }
    let (small, large) = ([(2_000, 60 * KIB, 3), (20_000, 60 * KIB, 3)], [(200_000, 200, 1)]);
    let sizes = match std::env::var("ARKIVFLYT_BENCH_LARGE").as_deref() {
        Ok("1") => [&small[..], &large].concat(),
        Ok("only") => large.to_vec(),
        _ => small.to_vec(),
    };
    println!(
        "| registrations | file | cp + sha256sum | the same + sync | extract | of cp + sha256sum | of the same + sync | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (registrations, bytes, rounds) in sizes {
        let _ = fs::remove_dir_all(&base);
        measure(&base, registrations, bytes, rounds);
    }
    let _ = fs::remove_dir_all(&base);
}

fn measure(base: &Path, registrations: usize, bytes: usize, rounds: usize) {
    let folders = registrations / IN_A_FOLDER;
    make_store(base, folders, bytes);
    let total = (registrations * bytes) as f64 / (1024.0 * 1024.0);
    let (mut plain, mut synced, mut ours, mut peak) = (f64::MAX, f64::MAX, f64::MAX, 0);
    for _ in 0..rounds {
        let (without, with) = floor(base);
        plain = plain.min(without);
        synced = synced.min(with);
        let (seconds, kib) = run_child(base, folders);
        ours = ours.min(seconds);
        peak = peak.max(kib);
    }
    println!(
        "| {registrations} | {bytes} B | {:.0} MiB/s | {:.0} MiB/s | {:.0} MiB/s ({ours:.1} s) | {:.2} | {:.2} | {:.0} MiB |",
        total / plain,
        total / synced,
        total / ours,
        plain / ours,
        synced / ours,
        peak as f64 / 1024.0
    );
}

/// Documents alone lie in `store/*/dokumenter`, as the folders have them.
fn make_store(base: &Path, folders: usize, bytes: usize) {
    for at in 0..folders {
        folder(at, bytes).write(&base.join("store"));
    }
    let schemas = base.join("skjema");
    fs::create_dir_all(&schemas).unwrap();
    for name in ["arkivstruktur.xsd", "endringslogg.xsd", "loependeJournal.xsd", "offentligJournal.xsd", "metadatakatalog.xsd", "addml.xsd"]
    {
        fs::write(schemas.join(name), "<x/>").unwrap();
    }
    sync(base);
}

fn folder(at: usize, bytes: usize) -> Folder {
    let registrations = (0..IN_A_FOLDER).map(|no| {
        let sequence = u32::try_from(at * IN_A_FOLDER + no + 1).unwrap();
        Registration { bytes, ..Registration::plain(sequence, "2024-03-01") }
    });
    Folder::closed(u32::try_from(at + 1).unwrap(), "2024-10-01T12:00:00", registrations.collect())
}

/// Seconds for `cp -r` and `sha256sum` of the documents, without and with a `sync` of the copy.
fn floor(base: &Path) -> (f64, f64) {
    let copy = base.join("kopi");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir(&copy).unwrap();
    sync(base);
    let began = Instant::now();
    let sums = "find kopi -type f -print0 | xargs -0 sha256sum > summer.txt";
    // A list of folders may be longer than one command takes.
    let script = format!("find store -name dokumenter -print0 | xargs -0 cp -r --parents -t kopi && {sums}");
    assert!(Command::new("sh").arg("-c").arg(script).current_dir(base).status().unwrap().success());
    let without = began.elapsed().as_secs_f64();
    sync(base);
    let with = began.elapsed().as_secs_f64();
    fs::remove_dir_all(&copy).unwrap();
    (without, with)
}

fn sync(base: &Path) {
    assert!(Command::new("sync").arg("-f").arg(base).status().unwrap().success());
}

/// Seconds and KiB of a process that makes the extract.
fn run_child(base: &Path, folders: usize) -> (f64, u64) {
    let _ = fs::remove_dir_all(base.join("ut"));
    sync(base);
    let out = Command::new(std::env::current_exe().unwrap())
        .env("ARKIVFLYT_BENCH_CHILD", folders.to_string())
        .env("ARKIVFLYT_BENCH_DIR", base.parent().unwrap())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let told = String::from_utf8(out.stdout).unwrap();
    let mut fields = told.split_whitespace();
    (fields.next().unwrap().parse().unwrap(), fields.next().unwrap().parse().unwrap())
}

fn child(base: &Path, folders: usize) {
    let order = Order {
        municipality: "9901".parse().unwrap(),
        period: "2024-01-01..2024-12-31".parse().unwrap(),
        parts: Vec::new(),
        created_at: "2025-01-10T12:00:00+01:00".parse().unwrap(),
        made_by: "Arkivtjenesten".to_owned(),
        system_name: "Samspill".to_owned(),
        program: ("Arkivflyt".to_owned(), "0".to_owned()),
        skeleton: kit::skeleton(),
        schemas: vec![base.join("skjema")],
        package: None,
        checkpoint: None,
        threads: std::thread::available_parallelism().map_or(2, usize::from).min(4),
    };
    let began = Instant::now();
    let made = extract(&order, &Shelf { base: base.join("store"), folders }, &Unchecked, &base.join("ut"), &mut |_| {}).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(made.report().folders, folders as u64);
    println!("{seconds} {}", peak_kib());
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The check is another room's, with a benchmark of its own.
struct Unchecked;

impl Gate for Unchecked {
    fn judge(&self, _: &Path) -> io::Result<u64> {
        Ok(0)
    }
}

/// The store on disk; digests of the metadata are made when a folder is opened, as an archive's inventory would hold them.
struct Shelf {
    base: PathBuf,
    folders: usize,
}

impl Store for Shelf {
    fn count(&self) -> usize {
        self.folders
    }

    fn open(&self, at: usize) -> io::Result<CaseFolder> {
        let sequence = u32::try_from(at + 1).unwrap();
        let root = self.base.join(format!("2024-{sequence:06}"));
        let mut files = BTreeMap::new();
        for kind in ["dokumenter", "metadata"] {
            for entry in fs::read_dir(root.join(kind))? {
                let path = entry?.path();
                let name = format!("{kind}/{}", path.file_name().unwrap().to_str().unwrap());
                let sha512 = if kind == "metadata" { Sha512::of(&fs::read(&path)?) } else { Sha512::of(b"") };
                files.insert(name, FolderFile { path, sha512 });
            }
        }
        Ok(CaseFolder { id: CaseFolderId { municipality: "9901".parse().unwrap(), year: 2024, sequence }, version: 1, files })
    }

    fn release(&self, _: &CaseFolder) -> io::Result<Release> {
        Ok(Release::Granted)
    }
}
