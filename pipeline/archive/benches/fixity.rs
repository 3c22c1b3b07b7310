//! A check of a store, every byte, as a ratio to what `sha256sum` in as many processes takes for the same files: by every digest (`verify`),
//! and by SHA-256 alone (`verify --all --read-data`), with as many threads as there are processes beside it. Rounds are interleaved, since a shared machine is never the same twice. The files are in the page cache: what is measured is the work.
//!
//! `cargo bench -p pipeline-archive --bench fixity`; `ARKIVFLYT_BENCH_CASES` and `ARKIVFLYT_BENCH_ROUNDS` make it smaller or longer.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use pipeline_archive::{Manner, Sums, survey_root, verify_root, verify_stored_in};
use pipeline_domain::PackagedFile;
use support::{bare_package, file, folder, open};

const FILES: u32 = 8;
const FILE_BYTES: usize = 90 * 1024;
/// As many as judge objects side by side.
const PROCESSES: u32 = 2;

fn main() {
    // `cargo test --all-targets` runs benches too: small, to see that they work.
    let is_trial = cfg!(debug_assertions);
    let number = |key: &str, usual: u32| std::env::var_os(key).and_then(|v| v.to_str()?.parse().ok()).unwrap_or(usual);
    let cases = number("ARKIVFLYT_BENCH_CASES", if is_trial { 3 } else { 1000 });
    let rounds = number("ARKIVFLYT_BENCH_ROUNDS", if is_trial { 1 } else { 5 });
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let archive = open(dir.path());
    (1..=cases).for_each(|case| place(&archive, case));
    let root = archive.root_path();
    let total = f64::from(cases * FILES) * FILE_BYTES as f64 / (1024.0 * 1024.0);
    println!("{cases} cases x {FILES} files x {} KiB = {total:.0} MiB, {rounds} rounds", FILE_BYTES / 1024);
    let (mut ratios, mut quick_ratios) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let theirs = seconds(|| sha256sum(root));
        let mut files = 0;
        let ours = seconds(|| assert!(verify_root(root, &mut |_, v| files += v.files).is_valid()));
        assert_eq!(files, u64::from(cases * FILES));
        let quick = seconds(|| assert_eq!(by_sha256(root), (cases * FILES) as usize));
        println!(
            "round {round}: sha256sum -P{PROCESSES} {theirs:.2} s ({:.0} MiB/s), verify {ours:.2} s ({:.0} MiB/s), ratio {:.2}; by SHA-256 {quick:.2} s ({:.0} MiB/s), ratio {:.2}",
            total / theirs,
            total / ours,
            theirs / ours,
            total / quick,
            theirs / quick
        );
        ratios.push(theirs / ours);
        quick_ratios.push(theirs / quick);
    }
    for (name, mut ratios) in [("verify", ratios), ("verify --all --read-data", quick_ratios)] {
        ratios.sort_by(f64::total_cmp);
        println!(
            "bytes a second of {name}, of parallel sha256sum: {:.2} at least, {:.2} in the middle",
            ratios[0],
            ratios[ratios.len() / 2]
        );
    }
}

/// As a round of `verify --all --read-data` does it. The answer is the number of files.
fn by_sha256(root: &Path) -> usize {
    let objects = survey_root(root).objects;
    let (next, files) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| {
                while let Some(at) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verification = verify_stored_in(&root.join(at), Manner { sums: Sums::Sha256, ..Manner::default() });
                    assert!(verification.is_valid());
                    files.fetch_add(verification.files as usize, Ordering::Relaxed);
                }
            });
        }
    });
    files.into_inner()
}

fn place(archive: &pipeline_archive::CaseArchive, case: u32) {
    let paper = |n: u32| file(&format!("dokumenter/{n}.pdf"), &noise(u64::from(case * FILES + n)));
    let files: Vec<PackagedFile> = (0..FILES).map(paper).collect();
    archive.place(&bare_package(&folder(case), None, files)).unwrap();
}

fn noise(seed: u64) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x.to_le_bytes()
    };
    (0..FILE_BYTES / 8).flat_map(|_| next()).collect()
}

fn sha256sum(root: &Path) {
    let script =
        format!("find '{}' -type f -path '*/content/*' -print0 | xargs -0 -P {PROCESSES} -n 100 sha256sum > /dev/null", root.display());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}
