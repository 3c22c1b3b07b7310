//! The proof that goes out: read back, refused when one byte is changed, and judged by the keys that came with it and by newer ones.

mod support;

use pipeline_witness::{AnyKey, Deed, Evidence, FindingCode, KeyChange, KeyHistory, KeyReason, Log, TreeHead};
use support::{Case, ORIGIN, access, history, key, seal_key, time};

/// A log of some leaves, and the evidence of a version that stands among them.
fn evidence(history: &KeyHistory) -> (tempfile::TempDir, Log, Evidence) {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = Log::open_or_create(dir.path()).unwrap();
    log.append((0..5).map(access).collect()).unwrap();
    let at = log.append(vec![Case::new(7, 1).leaf(1, Deed::Placed)]).unwrap().start;
    log.append((6..9).map(access).collect()).unwrap();
    let checkpoint = log.publish(&key(1)).unwrap();
    let made = Evidence::new(log.reader().prove(at, &checkpoint).unwrap(), history.clone()).unwrap();
    (dir, log, made)
}

#[test]
fn evidence_is_read_back_and_says_what_it_proves() {
    let (_dir, _log, made) = evidence(&history());
    let read = Evidence::parse(&made.print()).unwrap();
    assert_eq!(read, made);
    assert_eq!((read.commit().head, read.index(), read.checkpoint().size), (1, 5, 9));
    assert_eq!(read.commit().object.to_string(), "9901/2026/000007");
    assert_eq!(read.verifier_key(), Some(key(1).public().verifier_key(ORIGIN)));
    assert_eq!(read.judge(None), Ok(()));
}

#[test]
fn one_changed_byte_anywhere_is_refused() {
    let (_dir, _log, made) = evidence(&history());
    let whole = made.print().into_bytes();
    for at in 0..whole.len() {
        for bit in [1, 0x20] {
            let mut spoilt = whole.clone();
            spoilt[at] ^= bit;
            let is_refused = String::from_utf8(spoilt).map_or(true, |text| Evidence::parse(&text).is_err());
            assert!(is_refused, "byte {at}, bit {bit}");
        }
    }
    assert!(Evidence::parse(&String::from_utf8_lossy(&whole[..whole.len() - 1])).is_err());
}

#[test]
fn a_leaf_of_something_else_is_no_evidence() {
    let (_dir, log, made) = evidence(&history());
    let other = log.reader().prove(2, made.checkpoint()).unwrap();
    assert!(Evidence::new(other.clone(), history()).is_err(), "the access log's leaf is of no version");
    let moved = pipeline_witness::Proof { path: other.path, ..log.reader().prove(5, made.checkpoint()).unwrap() };
    assert!(Evidence::new(moved, history()).is_err());
}

#[test]
fn evidence_by_a_key_that_leaked_later_is_told_by_whoever_has_the_newer_keys() {
    let (_dir, _log, made) = evidence(&history());
    let head = TreeHead::from(made.checkpoint());
    let new = key(2);
    for (reason, voucher, verdict) in [
        (KeyReason::Rotated, AnyKey::Checkpoint(&key(1)), Ok(())),
        (KeyReason::Lost, AnyKey::Seal(&seal_key(1)), Ok(())),
        (KeyReason::Leaked, AnyKey::Seal(&seal_key(1)), Err(FindingCode::CheckpointKeyRetired)),
    ] {
        let mut newer = history();
        let change = KeyChange { reason, old: key(1).public(), new: AnyKey::Checkpoint(&new), voucher, head, time: time() };
        newer.change(&change).unwrap();
        assert_eq!(made.judge(Some(&newer)), verdict, "{reason:?}");
        assert_eq!(made.judge(None), Ok(()), "alone, it cannot know");
    }
}
