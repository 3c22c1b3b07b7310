//! Seconds and peak memory of a whole check, with the official schemas, of 2,000 and 200,000 registrations with a stub document
//! each. Each check runs in a process of its own, so that its memory is its own.
//!
//! `cargo bench -p pipeline-inspect`; `ARKIVFLYT_BENCH_RECORDS=2000,20000` asks for other sizes. The official schemas are found by
//! `ARKIVFLYT_SHARED` or in `../shared`; without them everything else is measured.

#[path = "../tests/all/support/addml.rs"]
mod addml;
#[path = "../tests/all/support/large.rs"]
mod large;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use pipeline_inspect::{Inspection, Limits, Schemas, inspect};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|a| a == "--one") {
        return one(Path::new(&arguments.next().unwrap()));
    }
    // `cargo test --all-targets` runs benches too: small, to see that they work.
    let usual = if cfg!(debug_assertions) { "200" } else { "2000,200000" };
    let sizes = std::env::var_os("ARKIVFLYT_BENCH_RECORDS").map_or_else(|| usual.to_owned(), |v| v.into_string().unwrap());
    for records in sizes.split(',').map(|size| size.parse::<u64>().unwrap()) {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let said = addml::Said { documents: records, folders: records / 20, records: Some(records), ..addml::Said::default() };
        large::write(dir.path(), records, |digest| addml::write(&said, digest));
        let xml: u64 = addml::XML.iter().map(|name| fs::metadata(dir.path().join(format!("{name}.xml"))).unwrap().len()).sum();
        println!("{records} registrations, {} MiB of XML", xml >> 20);
        for round in 1..=2 {
            let status = Command::new(std::env::current_exe().unwrap()).arg("--one").arg(dir.path()).status().unwrap();
            assert!(status.success(), "round {round}");
        }
    }
}

fn shared(part: &str) -> PathBuf {
    let root =
        std::env::var_os("ARKIVFLYT_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    root.join(part)
}

/// Checks one folder and tells what it took.
fn one(folder: &Path) {
    let mut schemas = Schemas::none();
    for part in ["noark5/v5.0", "noark5/addml-8.3"].map(shared).iter().filter(|path| path.is_dir()) {
        schemas.add_folder(part).unwrap();
    }
    let start = Instant::now();
    let inspection = Inspection { schemas: &schemas, limits: &Limits::default(), stop: &|| false };
    let report = inspect(folder, &inspection).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    // Its schemas are left out: six files are missing, and nothing else is wrong.
    assert!(report.broken.keys().all(|rule| rule.id() == "N5.01"), "{:#?}", report.findings);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|l| l.starts_with("VmHWM:")).and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap();
    let rate = report.facts.records as f64 / seconds;
    let judged = if schemas.is_empty() { "without schemas" } else { "with the official schemas" };
    println!("  {judged}: {seconds:.1} s, {rate:.0} registrations a second, peak {:.1} MiB", peak as f64 / 1024.0);
}
