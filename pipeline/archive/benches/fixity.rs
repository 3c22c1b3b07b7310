//! A whole check of a store, every byte, as a ratio to what `sha256sum` in as many processes takes for the same files. Rounds are
//! interleaved, since a shared machine is never the same twice. The files are in the page cache: what is measured is the work.
//!
//! `cargo bench -p pipeline-archive --bench fixity`; `ARKIVFLYT_BENCH_CASES` and `ARKIVFLYT_BENCH_ROUNDS` make it smaller or longer.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{path::Path, process::Command, time::Instant};

use pipeline_archive::verify_root;
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
    let mut ratios = Vec::new();
    for round in 0..rounds {
        let theirs = seconds(|| sha256sum(root));
        let mut files = 0;
        let ours = seconds(|| assert!(verify_root(root, &mut |_, v| files += v.files).is_valid()));
        assert_eq!(files, u64::from(cases * FILES));
        println!(
            "round {round}: sha256sum -P{PROCESSES} {theirs:.2} s ({:.0} MiB/s), verify {ours:.2} s ({:.0} MiB/s), ratio {:.2}",
            total / theirs,
            total / ours,
            theirs / ours
        );
        ratios.push(theirs / ours);
    }
    ratios.sort_by(f64::total_cmp);
    println!("bytes a second of verify, of parallel sha256sum: {:.2} at least, {:.2} in the middle", ratios[0], ratios[ratios.len() / 2]);
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
