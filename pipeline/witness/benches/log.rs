//! How fast the log is: appends in groups, each group on the disk before the next; publishing; opening; proofs; a whole audit.
//!
//! `cargo bench -p pipeline-witness` prints one line each. `-- --leaves 100000` makes the long log shorter.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use pipeline_domain::{Sha512, Timestamp};
use pipeline_witness::{CheckpointKey, Commit, Deed, KeyHistory, Leaf, Log, SealKey, TreeHead, audit_log, empty_root, founding_note};

const ORIGIN: &str = "arkiv.example.no/9901";

fn leaf(n: u64) -> Leaf {
    let folder = format!("9901/2026/{:06}", n / 5 % 900_000 + 1);
    Leaf::Commit(Commit {
        time: Timestamp::from_unix_seconds(1_700_000_000).expect("a day in the calendar"),
        object: folder.parse().expect("a folder"),
        head: u32::try_from(n % 5 + 1).expect("at most five"),
        inventory: Sha512::of(&n.to_be_bytes()),
        previous: (!n.is_multiple_of(5)).then(|| Sha512::of(&(n - 1).to_be_bytes())),
        actor: None,
        job: i64::try_from(n).ok(),
        deed: Deed::Placed,
    })
}

fn leaves(from: u64, count: u64) -> Vec<Leaf> {
    (from..from + count).map(leaf).collect()
}

fn key() -> CheckpointKey {
    CheckpointKey::from_entropy(ORIGIN, [1; 32]).expect("an origin")
}

/// Runs for about this long and tells how many a second.
fn rate(what: &str, unit: u64, mut act: impl FnMut(u64)) {
    let (begun, mut turns) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(3) {
        act(turns);
        turns += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what:<44} {:>12.0} a second   ({:.3} ms each turn)", (turns * unit) as f64 / seconds, seconds * 1e3 / turns as f64);
}

fn appends(dir: &Path) {
    for group in [1, 32, 1000] {
        let (log, _) = Log::open_or_create(&dir.join(format!("group-{group}"))).expect("a log");
        rate(&format!("leaves appended in groups of {group}"), group, |turn| {
            log.append(leaves(turn * group, group)).expect("appended");
        });
    }
    let (log, _) = Log::open_or_create(&dir.join("shared")).expect("a log");
    let begun = Instant::now();
    std::thread::scope(|s| {
        for _ in 0..32 {
            s.spawn(|| {
                for n in 0..40 {
                    log.append(leaves(n, 1)).expect("appended");
                }
            });
        }
    });
    println!("{:<44} {:>12.0} a second", "leaves appended by 32 threads, one at a time", 1280.0 / begun.elapsed().as_secs_f64());
    rate("leaves appended and published, one at a time", 1, |turn| {
        log.append(leaves(turn, 1)).expect("appended");
        log.publish(&key()).expect("published");
    });
}

/// Resident memory now, MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn long_log(dir: &Path, size: u64) {
    let (log, _) = Log::open_or_create(dir).expect("a log");
    let begun = Instant::now();
    for from in (0..size).step_by(10_000) {
        log.append(leaves(from, 10_000.min(size - from))).expect("appended");
    }
    let checkpoint = log.publish(&key()).expect("published");
    println!("{:<44} {:>12.1} seconds   (most memory {} MiB)", format!("a log of {size} made"), begun.elapsed().as_secs_f64(), memory());
    drop(log);
    rate(&format!("openings of a log of {size}"), 1, |_| {
        Log::open_or_create(dir).expect("opened");
    });
    let reader = Log::open_or_create(dir).expect("opened").0.reader();
    rate("inclusion proofs, entry and checks with them", 1, |turn| {
        reader.prove(turn * 7919 % size, &checkpoint).expect("proven");
    });
    rate("consistency proofs", 1, |turn| {
        reader.consistency(turn * 7919 % size + 1, size).expect("shown");
    });
    let seal = SealKey::from_entropy([2; 32]);
    let head = TreeHead { size: 0, root: empty_root() };
    let founding = founding_note(&key(), &seal, head, Timestamp::from_unix_seconds(1_700_000_000).expect("a day in the calendar"));
    let history = KeyHistory::read([founding.as_str()]).expect("a history");
    let begun = Instant::now();
    let audited = audit_log(&reader, &history, &[]).expect("audited");
    assert!(audited.findings.is_empty() && audited.ledger.versions() as u64 == size);
    println!("{:<44} {:>12.1} seconds   (most memory {} MiB)", format!("a log of {size} audited"), begun.elapsed().as_secs_f64(), memory());
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let asked = args.iter().position(|a| a == "--leaves").and_then(|at| args.get(at + 1)?.parse().ok());
    let dir = tempfile::tempdir().expect("a folder");
    appends(dir.path());
    long_log(&dir.path().join("long"), asked.unwrap_or(1_000_000));
}
