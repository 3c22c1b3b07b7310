//! Writes a bag of made-up files and says how much memory that took:
//!
//! ```text
//! cargo run --release -p pipeline-bag --example large_bag -- 1 5368709120 [OUT.zip]
//! cargo run --release -p pipeline-bag --example large_bag -- 70000 1000 [OUT.zip]
//! ```
//!
//! The numbers are files and bytes of each. Without a name the zip is streamed to nowhere.

#[path = "../tests/support/made_up.rs"]
mod made_up;
#[path = "../tests/support/peak.rs"]
mod peak;

use std::{fs::File, io, time::Instant};

use made_up::MadeUp;
use peak::peak_kib;
use pipeline_bag::{BagPath, BagSpec, write_streamed, write_to_file};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|a| a.parse::<u64>().ok()).expect("two numbers: files, bytes of each");
    let payload = MadeUp::new(usize::try_from(number(0)).expect("so many files fit"), number(1));
    let base: BagPath = "2026-000123_v3".parse().expect("a sound path");
    let modified = "2026-11-23T09:00:00+01:00".parse().expect("a time");
    let spec = BagSpec { base: &base, info: &[], tag_files: &[], modified, password: None };
    let began = Instant::now();
    let written = match args.get(2) {
        Some(out) => write_to_file(&spec, &payload, File::create_new(out).expect("a new file")),
        None => write_streamed(&spec, &payload, io::sink()),
    }
    .expect("the bag is written");
    let seconds = began.elapsed().as_secs_f64();
    let mib_per_s = written.payload_bytes as f64 / f64::from(1 << 20) / seconds;
    println!("{} files, {} bytes, zip of {} bytes", written.files, written.payload_bytes, written.zip_bytes);
    println!("{seconds:.1} s, {mib_per_s:.0} MiB/s, peak {} KiB", peak_kib());
}
