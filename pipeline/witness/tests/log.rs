//! The log in use: groups, several writers, readers while it grows, proofs as files.

mod support;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use pipeline_witness::{Checkpoint, Deed, FindingCode, Leaf, Log, Proof, Reader, WitnessError, verify_consistency};
use proptest::prelude::*;
use support::{Case, access, history, key};

#[test]
fn several_writers_on_one_folder_divide_their_turns() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Log::open_or_create(dir.path()).unwrap().0;
    let taken: Vec<u64> = std::thread::scope(|s| {
        let writers: Vec<_> = (0..6)
            .map(|n| {
                let shared = &shared;
                let folder = dir.path();
                s.spawn(move || {
                    // Half of them share a handle, the others have one each, as other processes would.
                    let own = (n % 2 == 0).then(|| Log::open_or_create(folder).unwrap().0);
                    let log = own.as_ref().unwrap_or(shared);
                    (0..50)
                        .flat_map(|k| {
                            let range = log.append((0..1 + k % 4).map(|i| access(1000 * n + 10 * k + i)).collect()).unwrap();
                            if k % 20 == 7 {
                                log.publish(&key(1)).unwrap();
                            }
                            range
                        })
                        .collect::<Vec<u64>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    let numbers: BTreeSet<u64> = taken.iter().copied().collect();
    assert_eq!(numbers.len(), taken.len(), "no number is given twice");
    assert_eq!(numbers.last().copied(), Some(taken.len() as u64 - 1));
    let checkpoint = shared.publish(&key(1)).unwrap();
    assert_eq!(checkpoint.size, taken.len() as u64);
    shared.reader().for_each_entry(checkpoint.size, |at, entry| assert_eq!(Leaf::parse(entry).unwrap().0, at)).unwrap();
}

#[test]
fn readers_see_whole_trees_while_it_grows() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = Log::open_or_create(dir.path()).unwrap();
    log.publish(&key(1)).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                let (reader, mut last): (Reader, Option<Checkpoint>) = (Reader::open(dir.path()), None);
                while !is_over.load(Ordering::Relaxed) {
                    let now = reader.trusted_checkpoint(&history()).unwrap();
                    if let Some(before) = &last {
                        let path = reader.consistency(before.size, now.size).unwrap();
                        assert!(verify_consistency(before.size, now.size, &before.root, &now.root, &path));
                    }
                    if now.size > 0 {
                        assert!(reader.prove(now.size / 2, &now).unwrap().leads_to_root());
                    }
                    last = Some(now);
                }
            });
        }
        for n in 0..60 {
            log.append((0..25).map(|i| access(25 * n + i)).collect()).unwrap();
            log.publish(&key(1)).unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(log.size().unwrap(), 1500);
}

#[test]
fn a_proof_stands_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = Log::open_or_create(dir.path()).unwrap();
    let case = Case::new(1, 3);
    log.append(case.leaves()).unwrap();
    log.append((0..400).map(access).collect()).unwrap();
    let checkpoint = log.publish(&key(1)).unwrap();
    let reader = log.reader();
    let newest = reader.find_last(checkpoint.size, |leaf| matches!(leaf, Leaf::Commit(c) if c.object == case.object)).unwrap().unwrap();
    assert_eq!(newest, 2);
    assert_eq!(reader.find_last(checkpoint.size, |leaf| matches!(leaf, Leaf::Commit(c) if c.head == 9)).unwrap(), None);
    let text = reader.prove(newest, &checkpoint).unwrap().print();
    let proof = Proof::parse(&text).unwrap();
    assert!(proof.leads_to_root());
    assert_eq!(proof.leaf().unwrap(), case.leaf(3, Deed::Placed));
    assert!(history().judge(&proof.checkpoint).is_ok());
    // Another leaf, place, hash or root, and it proves nothing.
    let other = Proof { entry: case.leaf(2, Deed::Placed).entry(2), ..proof.clone() };
    assert!(!other.leads_to_root());
    assert!(!Proof { index: 3, ..proof.clone() }.leads_to_root());
    assert!(Proof { index: 3, ..proof.clone() }.leaf().is_err());
    let mut path = proof.path.clone();
    path.pop();
    assert!(!Proof { path, ..proof.clone() }.leads_to_root());
    let spoilt = Proof::parse(&text.replace("\n403\n", "\n404\n")).unwrap();
    assert_eq!(history().judge(&spoilt.checkpoint), Err(FindingCode::CheckpointUnsigned));
    for bad in ["", "c2sp.org/tlog-proof@v1\nindex 1\n\n", &text.replace("index 2", "index 02"), &text.replace("@v1", "@v2")] {
        assert!(Proof::parse(bad).is_err(), "{bad}");
    }
    assert!(matches!(reader.prove(403, &checkpoint), Err(WitnessError::NotThere { size: 403, asked: 403 })));
    assert!(matches!(reader.consistency(5, 4), Err(WitnessError::NotThere { .. })));
}

#[test]
fn a_lost_journal_is_begun_again_at_a_believed_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = Log::open_or_create(dir.path()).unwrap();
    log.append((0..700).map(access).collect()).unwrap();
    let checkpoint = log.publish(&key(1)).unwrap();
    assert!(Log::restore(dir.path(), &checkpoint).is_err(), "the journal is there");
    log.append((700..703).map(access).collect()).unwrap();
    drop(log);
    std::fs::remove_file(dir.path().join("journal")).unwrap();
    std::fs::write(dir.path().join("tile/0/002.p/188"), b"").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = Log::open_or_create(elsewhere.path()).unwrap();
    other.append((1..701).map(access).collect()).unwrap();
    assert!(Log::restore(dir.path(), &other.publish(&key(1)).unwrap()).is_err(), "another log of the same size");
    Log::restore(dir.path(), &checkpoint).unwrap();
    let (log, opening) = Log::open_or_create(dir.path()).unwrap();
    assert_eq!((opening.size, opening.is_mended), (700, false));
    assert_eq!(log.append(vec![access(700)]).unwrap(), 700..701);
    let next = log.publish(&key(1)).unwrap();
    assert!(log.reader().prove(699, &next).unwrap().leads_to_root());
}

#[test]
fn an_empty_log_is_signed_too() {
    let dir = tempfile::tempdir().unwrap();
    let (log, opening) = Log::open_or_create(dir.path()).unwrap();
    assert_eq!(opening, pipeline_witness::Opening::default());
    assert_eq!(log.append(Vec::new()).unwrap(), 0..0);
    let checkpoint = log.publish(&key(1)).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (0, pipeline_witness::empty_root()));
    assert_eq!(Reader::open(dir.path()).trusted_checkpoint(&history()).unwrap(), checkpoint);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn however_it_is_grouped_the_root_is_the_same(groups in prop::collection::vec(0u64..90, 1..12), reopened in any::<u16>()) {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = Log::open_or_create(dir.path()).unwrap();
        let mut peaks = pipeline_witness::Peaks::default();
        for (turn, group) in groups.iter().enumerate() {
            let first = peaks.size();
            log.append((first..first + group).map(access).collect()).unwrap();
            (first..first + group).for_each(|n| peaks.push(pipeline_witness::leaf_hash(&access(n).entry(n))));
            let checkpoint = log.publish(&key(1)).unwrap();
            prop_assert_eq!((checkpoint.size, checkpoint.root), (peaks.size(), peaks.root()));
            if reopened & (1 << (turn % 16)) != 0 {
                drop(log);
                let (again, opening) = Log::open_or_create(dir.path()).unwrap();
                prop_assert_eq!(opening.size, peaks.size());
                log = again;
            }
        }
    }
}
