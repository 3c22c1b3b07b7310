//! A writer dies at each step. An opening afterwards finds every acknowledged leaf, whole tiles, and the old size or the new one.

use std::{fs, path::Path};

use pipeline_domain::{Sha256, Timestamp};

use crate::{
    AccessHead, CheckpointKey, Leaf, Log, Opening, Peaks, WitnessError,
    fault::{self, Step},
    leaf_hash,
    log::set_page_bytes,
};

const STEPS: [Step; 9] = [
    Step::HalfGroup,
    Step::GroupWritten,
    Step::Committed,
    Step::HalfTile,
    Step::TilesWritten,
    Step::Published,
    Step::Synced,
    Step::NextJournal,
    Step::Turned,
];

fn leaf(n: u64) -> Leaf {
    let time = Timestamp::from_unix_seconds(1_700_000_000).unwrap();
    Leaf::Access(AccessHead { time, rows: n, digest: Sha256::of(&n.to_be_bytes()) })
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Leaf> {
    range.map(leaf).collect()
}

fn key() -> CheckpointKey {
    CheckpointKey::from_entropy("arkiv.example.no/9901", [1; 32]).unwrap()
}

/// Small pages, so that each of the few groups here meets every step.
fn open(folder: &Path) -> (Log, Opening) {
    let (mut log, opening) = Log::open_or_create(folder).unwrap();
    set_page_bytes(&mut log, 3_000);
    (log, opening)
}

/// Everything there is leads to the root that these leaves have by the definition.
fn assert_sound(log: &Log, size: u64) {
    assert_eq!(log.size().unwrap(), size);
    let checkpoint = log.publish(&key()).unwrap();
    let mut peaks = Peaks::default();
    (0..size).for_each(|n| peaks.push(leaf_hash(&leaf(n).entry(n))));
    assert_eq!((checkpoint.size, checkpoint.root), (size, peaks.root()));
    let reader = log.reader();
    assert_eq!(reader.root_at(size).unwrap(), peaks.root());
    let mut seen = 0;
    reader
        .for_each_entry(size, |n, entry| {
            assert_eq!(entry, leaf(n).entry(n));
            seen += 1;
        })
        .unwrap();
    assert_eq!(seen, size);
    for index in [0, size / 2, size.saturating_sub(1)].into_iter().filter(|i| *i < size) {
        assert!(reader.prove(index, &checkpoint).unwrap().leads_to_root());
    }
}

/// What the thread had been told is there when it died at `step`, in its `turn`-th group.
fn die_at(step: Step, folder: &Path, groups: u64, group: u64) -> u64 {
    let (log, _) = open(folder);
    let mut acknowledged = log.size().unwrap();
    fault::arm(step);
    for _ in 0..groups {
        if log.append(leaves(acknowledged..acknowledged + group)).is_ok() {
            acknowledged += group;
        }
        let _ = log.publish(&key());
    }
    drop(log);
    assert!(fault::revive(), "{step:?} was never met");
    acknowledged
}

#[test]
fn a_crash_leaves_the_old_size_or_the_new() {
    for group in [1, 60, 300] {
        for step in STEPS {
            let dir = tempfile::tempdir().unwrap();
            let (log, _) = open(dir.path());
            log.append(leaves(0..130)).unwrap();
            log.publish(&key()).unwrap();
            drop(log);
            let acknowledged = die_at(step, dir.path(), 40 / group + 3, group);
            let (log, opening) = open(dir.path());
            assert!([acknowledged, acknowledged + group].contains(&opening.size), "{step:?} {acknowledged} {opening:?}");
            assert_sound(&log, opening.size);
            log.append(leaves(opening.size..opening.size + 300)).unwrap();
            assert_sound(&log, opening.size + 300);
            drop(log);
            let (log, again) = open(dir.path());
            assert_eq!((again.torn_bytes, again.is_mended), (0, false), "{step:?}");
            assert_sound(&log, opening.size + 300);
        }
    }
}

/// What was never waited for may be lost in any way: here all of it is emptied, halved or removed.
#[test]
fn tiles_that_the_power_took_are_written_again() {
    for loss in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = open(dir.path());
        set_page_bytes(&mut log, 1 << 30);
        log.append(leaves(0..70)).unwrap();
        log.publish(&key()).unwrap();
        log.append(leaves(70..1000)).unwrap();
        log.publish(&key()).unwrap();
        drop(log);
        // Nothing has turned the page, so nothing below `tile/` was waited for, and the checkpoint neither.
        for path in files(&dir.path().join("tile")).into_iter().chain([dir.path().join("checkpoint")]) {
            let bytes = fs::read(&path).unwrap();
            match loss {
                0 => fs::remove_file(&path).unwrap(),
                1 => fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
                _ => fs::write(&path, vec![0; bytes.len()]).unwrap(),
            }
        }
        let (log, opening) = open(dir.path());
        assert_eq!((opening.size, opening.replayed), (1000, 1000));
        assert_sound(&log, 1000);
    }
}

#[test]
fn partial_tiles_are_mended_from_entries() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path());
    set_page_bytes(&mut log, 0);
    log.append(leaves(0..600)).unwrap();
    // Turns the page at 600, so that 600 leaves lie in tiles alone.
    log.append(leaves(600..601)).unwrap();
    log.publish(&key()).unwrap();
    drop(log);
    for name in ["tile/0/002.p/88", "tile/1/000.p/2", "tile/0/002.p/89"] {
        fs::write(dir.path().join(name), b"").unwrap();
    }
    let (log, opening) = open(dir.path());
    assert!(opening.is_mended, "{opening:?}");
    assert_sound(&log, 601);
    drop(log);
    // Without the entries there is nothing to mend from, and nothing is made up.
    for name in ["tile/entries/002.p/88", "tile/entries/002.p/89", "tile/0/002.p/88", "tile/0/002.p/89"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    assert!(matches!(Log::open_or_create(dir.path()), Err(WitnessError::Damaged { .. })));
}

#[test]
fn a_failed_write_is_no_leaf() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    log.append(leaves(0..3)).unwrap();
    for step in [Step::HalfGroup, Step::GroupWritten] {
        fault::arm(step);
        let failed = log.append(leaves(3..5));
        fault::revive();
        assert!(matches!(failed, Err(WitnessError::Disk { .. })));
        assert_eq!(log.size().unwrap(), 3);
    }
    log.append(leaves(3..4)).unwrap();
    assert_sound(&log, 4);
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect()
}
