//! At most 32 MiB, however large the files and however many: measured in a process that does nothing else.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/peak.rs"]
mod peak;

use std::{io, process::Command};

use made_up::MadeUp;
use peak::peak_kib;
use pipeline_bag::{BagPath, BagSpec, Written, write_streamed, write_to_file};

/// What issue and design promise.
const MOST_KIB: u64 = 32 << 10;
/// `file|stream <files> <bytes of each>`, for the process that is measured.
const SHAPE: &str = "ARKIVFLYT_BAG_SHAPE";

/// Runs as it stands on a small bag; the tests below run it on larger ones, each alone in a process of its own.
#[test]
fn a_bag_is_written_in_little_memory() {
    let shape = std::env::var_os(SHAPE).map_or_else(|| "stream 1000 1000".to_owned(), |s| s.into_string().unwrap());
    let [way, count, size] = shape.split(' ').collect::<Vec<_>>()[..] else { panic!("{shape}") };
    let payload = MadeUp::new(count.parse().unwrap(), size.parse().unwrap());
    let written = write(way, &payload);
    assert_eq!((written.files, written.payload_bytes), (payload.count, payload.count as u64 * payload.size_bytes));
    println!("PEAK {}", peak_kib());
    assert!(peak_kib() < MOST_KIB, "{} KiB for {shape}", peak_kib());
}

fn write(way: &str, payload: &MadeUp) -> Written {
    let base: BagPath = "2026-000123_v3".parse().unwrap();
    let modified = "2026-11-23T09:00:00+01:00".parse().unwrap();
    let spec = BagSpec { base: &base, info: &[], tag_files: &[], modified, password: None };
    match way {
        "stream" => write_streamed(&spec, payload, io::sink()).unwrap(),
        _ => write_to_file(&spec, payload, tempfile::tempfile().unwrap()).unwrap(),
    }
}

fn measured(shape: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let out = child.args(["--exact", "a_bag_is_written_in_little_memory", "--nocapture"]).env(SHAPE, shape).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{shape}: {text}");
    let (_, peak) = text.split_once("PEAK ").unwrap_or_else(|| panic!("{shape}: {text}"));
    let peak: u64 = peak.split_whitespace().next().unwrap().parse().unwrap();
    println!("{shape}: {} KiB", peak);
    assert!((1_000..MOST_KIB).contains(&peak), "{shape}: {peak} KiB");
}

#[test]
fn seventy_thousand_files_take_no_more() {
    measured("stream 70000 100");
    measured("file 70000 100");
}

#[test]
fn a_large_file_takes_no_more() {
    measured("stream 1 67108864");
    measured("file 1 67108864");
}
