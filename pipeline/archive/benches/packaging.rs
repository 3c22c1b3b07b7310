//! Durable packaging and verification, as ratios to what the system's own tools need for the same bytes on the same disk in
//! the same run: `cp -r` + `sha512sum` + `sync -f`, and `sha512sum`. Rounds are interleaved, since a shared machine is never
//! the same twice.
//!
//! `cargo bench -p pipeline-archive`; `ARKIVFLYT_BENCH_CASES` and `ARKIVFLYT_BENCH_ROUNDS` make it smaller or longer.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use pipeline_archive::{CaseArchive, verify_root};
use pipeline_domain::PackagedFile;
use support::{bare_package, file, folder, open};

const FILES: u32 = 5;
const FILE_BYTES: usize = 60 * 1024;

fn main() {
    // `cargo test --all-targets` runs benches too: small, to see that they work.
    let is_trial = cfg!(debug_assertions);
    let number = |key: &str, usual: u32| std::env::var_os(key).and_then(|v| v.to_str()?.parse().ok()).unwrap_or(usual);
    let cases = number("ARKIVFLYT_BENCH_CASES", if is_trial { 5 } else { 1000 });
    let threads = number("ARKIVFLYT_BENCH_THREADS", 32);
    let rounds = number("ARKIVFLYT_BENCH_ROUNDS", if is_trial { 1 } else { 5 });
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let source = dir.path().join("source");
    write_source(&source, cases);
    println!("{cases} cases x {FILES} files x {} KiB, {rounds} rounds", FILE_BYTES / 1024);
    packaging(dir.path(), &source, cases, rounds, threads);
    appending(dir.path(), if is_trial { 1 } else { 20 });
}

/// Some 70 % noise, the rest text that repeats: a PDF's mixture.
fn content(seed: u64) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(FILE_BYTES);
    while bytes.len() < FILE_BYTES * 7 / 10 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes.extend_from_slice(&x.to_le_bytes());
    }
    while bytes.len() < FILE_BYTES {
        bytes.extend_from_slice(b"0 0 0 rg BT /F1 11 Tf ET\n");
    }
    bytes.truncate(FILE_BYTES);
    bytes
}

fn write_source(source: &Path, cases: u32) {
    for case in 0..cases {
        let at = source.join(case.to_string());
        fs::create_dir_all(&at).unwrap();
        for n in 0..FILES {
            fs::write(at.join(format!("{n}.pdf")), content(u64::from(case * FILES + n) + 1)).unwrap();
        }
    }
    system("sync", &["-f"], source);
}

fn system(program: &str, arguments: &[&str], last: &Path) {
    assert!(Command::new(program).args(arguments).arg(last).status().unwrap().success(), "{program}");
}

fn sha512sum(folder: &Path, only: &str) {
    let script = format!("find '{}' -type f -path '{only}' -print0 | xargs -0 sha512sum > /dev/null", folder.display());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn place_case(archive: &CaseArchive, source: &Path, case: u32) {
    let files: Vec<PackagedFile> =
        (0..FILES).map(|n| file(&format!("dokumenter/{n}.pdf"), &fs::read(source.join(format!("{case}/{n}.pdf"))).unwrap())).collect();
    archive.place(&bare_package(&folder(case + 1), None, files)).unwrap();
}

fn packaging(dir: &Path, source: &Path, cases: u32, rounds: u32, threads: u32) {
    let mut ratios: [Vec<f64>; 3] = Default::default();
    for round in 0..rounds {
        // Nothing is removed between rounds: freeing blocks costs the next writer on some disks.
        let dir = dir.join(format!("round-{round}"));
        fs::create_dir(&dir).unwrap();
        let (copy, one, many) = (dir.join("copy"), dir.join("one"), dir.join("many"));
        system("sync", &["-f"], &dir);
        let floor = seconds(|| {
            system("cp", &["-r", source.to_str().unwrap()], &copy);
            sha512sum(&copy, "*");
            system("sync", &["-f"], &copy);
        });
        let ours = seconds(|| {
            let archive = open(&one);
            (0..cases).for_each(|case| place_case(&archive, source, case));
        });
        let shared = seconds(|| {
            let (archive, next) = (open(&many), AtomicU32::new(0));
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| while place_next(&archive, source, &next, cases) {});
                }
            });
        });
        let root = one.join("9901/ocfl");
        let floor_verify = seconds(|| sha512sum(&root, "*/content/*"));
        let mut told = 0;
        let verify = seconds(|| assert!(verify_root(&root, &mut |_, v| told += v.files).is_valid()));
        assert_eq!(told, u64::from(cases * FILES));
        println!(
            "round {round}: floor {floor:.2} s, place {ours:.2} s ({:.2}), {threads} threads {shared:.2} s ({:.2}); sha512sum {floor_verify:.2} s, verify {verify:.2} s ({:.2})",
            ours / floor,
            shared / floor,
            verify / floor_verify
        );
        for (all, ratio) in ratios.iter_mut().zip([ours / floor, shared / floor, verify / floor_verify]) {
            all.push(ratio);
        }
    }
    for (what, mut ratios) in ["place, 1 thread", "place, many threads", "verify"].iter().zip(ratios) {
        ratios.sort_by(f64::total_cmp);
        println!("{what}: {:.2} x at best, {:.2} x in the middle", ratios[0], ratios[ratios.len() / 2]);
    }
}

fn place_next(archive: &CaseArchive, source: &Path, next: &AtomicU32, cases: u32) -> bool {
    let case = next.fetch_add(1, Ordering::Relaxed);
    if case < cases {
        place_case(archive, source, case);
    }
    case < cases
}

/// One more document for a case with few and one with many, by turns.
fn appending(dir: &Path, times: u32) {
    let archive = open(&dir.join("append"));
    let sizes = [5_u32, 500];
    for (case, size) in sizes.iter().enumerate() {
        let files = (0..*size).map(|n| file(&format!("dokumenter/{n}.pdf"), &content(u64::from(n) + 1))).collect();
        archive.place(&bare_package(&folder(case as u32 + 1), None, files)).unwrap();
    }
    let mut took: [Vec<f64>; 2] = Default::default();
    for n in 0..times {
        for (case, took) in took.iter_mut().enumerate() {
            let packaged =
                bare_package(&folder(case as u32 + 1), Some(n + 1), vec![file(&format!("nye/{n}.pdf"), &content(u64::from(n) + 10_000))]);
            took.push(seconds(|| drop(archive.place(&packaged).unwrap())) * 1000.0);
        }
    }
    for ((size, mut took), case) in sizes.iter().zip(took).zip(1..) {
        took.sort_by(f64::total_cmp);
        let inventory = fs::metadata(archive.folder_path(&folder(case)).join("inventory.json")).unwrap().len();
        let middle = took[took.len() / 2];
        println!(
            "one document to a case with {size}: {:.1} ms at best, {middle:.1} ms in the middle; inventory now {} KiB",
            took[0],
            inventory / 1024
        );
    }
}
