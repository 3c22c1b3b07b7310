//! Keys through the years: rotated, lost, leaked, both leaked. Old proofs stay valid, and whoever has an old key gains nothing.

mod support;

use pipeline_domain::Sha512;
use pipeline_witness::{
    AnyKey, Checkpoint, CheckpointKey, Deed, FindingCode, HeldSeal, KeyChange, KeyHistory, KeyReason, KeyRole, Log, Reader, SealTerms,
    Standing, TreeHead, WitnessError, audit_log, founding_note,
};
use support::{Case, ORIGIN, access, empty, history, key, seal_key, time};

/// A log that is signed at every ten leaves.
struct Years {
    dir: tempfile::TempDir,
    log: Log,
}

impl Years {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = Log::open_or_create(dir.path()).unwrap();
        Self { dir, log }
    }

    fn signed(&self, key: &CheckpointKey) -> Checkpoint {
        let size = self.log.size().unwrap();
        self.log.append((size..size + 10).map(access).collect()).unwrap();
        self.log.publish(key).unwrap()
    }

    fn codes(&self, history: &KeyHistory, known: &[Checkpoint]) -> Vec<FindingCode> {
        let audited = audit_log(&Reader::open(self.dir.path()), history, known).unwrap();
        audited.findings.into_iter().map(|f| f.code).collect()
    }
}

fn change<'a>(reason: KeyReason, old: &CheckpointKey, new: &'a CheckpointKey, voucher: AnyKey<'a>, head: TreeHead) -> KeyChange<'a> {
    KeyChange { reason, old: old.public(), new: AnyKey::Checkpoint(new), voucher, head, time: time() }
}

fn refused(result: Result<(), WitnessError>) -> &'static str {
    match result {
        Err(WitnessError::History { fault, .. }) => fault,
        other => panic!("expected a refused note, got {other:?}"),
    }
}

#[test]
fn rotation_keeps_old_proofs() {
    let (years, mut history) = (Years::new(), history());
    let (old, new) = (key(1), key(2));
    let first = years.signed(&old);
    let proof = years.log.reader().prove(3, &first).unwrap().print();
    history.change(&change(KeyReason::Rotated, &old, &new, AnyKey::Checkpoint(&old), (&first).into())).unwrap();
    let second = years.signed(&new);
    assert_eq!(history.current(KeyRole::Checkpoint), new.public());
    assert_eq!((history.judge(&first), history.judge(&second)), (Ok(Standing::Good), Ok(Standing::Good)));
    assert_eq!(years.codes(&history, &[first]), []);
    // A proof from before the rotation is good with all that is known after it.
    let proof = pipeline_witness::Proof::parse(&proof).unwrap();
    assert!(proof.leads_to_root() && proof.leaf().is_ok());
    assert_eq!(history.judge(&proof.checkpoint), Ok(Standing::Good));
    // The old key signs nothing more, and the new one nothing older.
    let by_old = years.signed(&old);
    assert_eq!(history.judge(&by_old), Err(FindingCode::CheckpointKeyRetired));
    let fresh = Years::new();
    assert_eq!(history.judge(&fresh.log.publish(&new).unwrap()), Err(FindingCode::CheckpointKeyRetired));
    // Another reads the same from the notes alone, from the folder too.
    assert_eq!(KeyHistory::read(history.notes().iter().map(String::as_str)).unwrap(), history);
    let dir = tempfile::tempdir().unwrap();
    KeyHistory::read([history.notes()[0].as_str()]).unwrap().save_newest(dir.path()).unwrap();
    history.save_newest(dir.path()).unwrap();
    assert_eq!(KeyHistory::load(dir.path()).unwrap(), history);
    assert!(history.save_newest(dir.path()).is_err(), "a note is never written over another");
}

#[test]
fn a_lost_key_is_replaced_with_the_other_roles_word() {
    let (years, mut history) = (Years::new(), history());
    let first = years.signed(&key(1));
    let new = key(2);
    history.change(&change(KeyReason::Lost, &key(1), &new, AnyKey::Seal(&seal_key(1)), (&first).into())).unwrap();
    assert_eq!(history.judge(&first), Ok(Standing::Good));
    assert_eq!(history.judge(&years.signed(&new)), Ok(Standing::Good));
    // The same for the seal key, with the new checkpoint key's word.
    let head = (&years.signed(&new)).into();
    let seal = seal_key(2);
    let lost = KeyChange {
        reason: KeyReason::Lost,
        old: seal_key(1).public(),
        new: AnyKey::Seal(&seal),
        voucher: AnyKey::Checkpoint(&new),
        head,
        time: time(),
    };
    history.change(&lost).unwrap();
    assert_eq!(history.current(KeyRole::Seal), seal.public());
}

#[test]
fn a_leaked_key_is_revoked_from_a_size_on() {
    let (years, mut history) = (Years::new(), history());
    let (ours, thief) = (key(1), key(66));
    let safe = years.signed(&ours);
    let after = years.signed(&ours);
    // The thief hands over to a key of his own, and signs another log of an earlier size.
    let mut stolen = history.clone();
    stolen.change(&change(KeyReason::Rotated, &ours, &thief, AnyKey::Checkpoint(&ours), (&after).into())).unwrap();
    let elsewhere = Years::new();
    elsewhere.log.append((100..105).map(access).collect()).unwrap();
    let fake = elsewhere.log.publish(&ours).unwrap();
    assert_eq!(
        years.codes(&history, std::slice::from_ref(&fake)),
        [FindingCode::LogRewritten],
        "before the revocation it looks like proof"
    );
    // The seal key vouches for the new one, whether or not the thief's note stands in the history.
    let new = key(2);
    for mut revoked in [history.clone(), stolen] {
        revoked.change(&change(KeyReason::Leaked, &ours, &new, AnyKey::Seal(&seal_key(1)), (&safe).into())).unwrap();
        assert_eq!(revoked.judge(&safe), Ok(Standing::Doubtful));
        assert_eq!(revoked.judge(&after), Err(FindingCode::CheckpointKeyRetired));
        assert_eq!(revoked.judge(&fake), Ok(Standing::Doubtful));
        assert_eq!(revoked.current(KeyRole::Checkpoint), new.public());
        assert!(revoked.terms(KeyRole::Checkpoint).iter().all(|t| t.key != thief.public()), "what the thief vouched for is void");
        // What the log agrees with is no finding; what it contradicts proves nothing by itself.
        years.log.publish(&new).unwrap();
        assert_eq!(years.codes(&revoked, std::slice::from_ref(&safe)), []);
        assert_eq!(years.codes(&revoked, std::slice::from_ref(&fake)), [FindingCode::CheckpointDoubtful]);
    }
    // The thief cannot revoke: he has no key of the other role.
    let by_thief = change(KeyReason::Leaked, &ours, &thief, AnyKey::Checkpoint(&ours), (&safe).into());
    assert_eq!(refused(history.change(&by_thief)), "nobody who may do so vouches for it");
}

#[test]
fn a_leaked_seal_key_leaves_logged_seals_standing() {
    let (years, mut history) = (Years::new(), history());
    let (case, checkpoint_key) = (Case::new(1, 1), key(1));
    years.log.append(case.leaves()).unwrap();
    let terms = SealTerms { origin: ORIGIN.to_owned(), object: case.object.clone(), head: 1, seq: 0, time: time() };
    let seal = seal_key(1).seal(&case.inventories[0], &terms).print();
    years.log.append(vec![case.leaf(1, Deed::Sealed(Sha512::of(seal.as_bytes())))]).unwrap();
    let safe = years.signed(&checkpoint_key);
    let new = seal_key(2);
    let leaked = KeyChange {
        reason: KeyReason::Leaked,
        old: seal_key(1).public(),
        new: AnyKey::Seal(&new),
        voucher: AnyKey::Checkpoint(&checkpoint_key),
        head: (&safe).into(),
        time: time(),
    };
    history.change(&leaked).unwrap();
    let codes = |text: String| {
        let mut ledger = audit_log(&years.log.reader(), &history, &[]).unwrap().ledger;
        let mut held = case.held();
        held.seals = vec![HeldSeal { head: 1, text, inventory: case.inventories[0].clone() }];
        ledger.check(&held, &history).into_iter().map(|f| f.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(seal), []);
    // A seal that the thief makes today and dates back stands in no leaf.
    let later = seal_key(1).seal(&case.inventories[0], &SealTerms { time: "2026-11-22T08:30:00Z".parse().unwrap(), ..terms.clone() });
    assert_eq!(codes(later.print()), [FindingCode::SealMissing, FindingCode::SealKeyRetired]);
    let beyond = seal_key(1).seal(&case.inventories[0], &SealTerms { seq: 400, ..terms });
    assert_eq!(history.judge_seal(&beyond, &case.inventories[0]), Err(FindingCode::SealKeyRetired));
}

#[test]
fn when_both_keys_have_leaked_a_new_beginning_is_told_by_another_way() {
    let (years, mut history) = (Years::new(), history());
    let safe = years.signed(&key(1));
    let old_fingerprint = history.fingerprint();
    history.accept(&founding_note(&key(3), &seal_key(3), (&safe).into(), time())).unwrap();
    assert_ne!(history.fingerprint(), old_fingerprint, "whoever trusts the old one must be told");
    assert_eq!(history.judge(&safe), Ok(Standing::Doubtful));
    let now = years.signed(&key(3));
    assert_eq!(history.judge(&now), Ok(Standing::Good));
    assert_eq!(years.codes(&history, &[safe]), []);
    assert_eq!(KeyHistory::read(history.notes().iter().map(String::as_str)).unwrap(), history);
    let foreign = CheckpointKey::from_entropy("arkiv.example.no/9902", [4; 32]).unwrap();
    let other = founding_note(&foreign, &seal_key(4), empty(), time());
    assert_eq!(refused(history.accept(&other)), "of another log");
}

#[test]
fn notes_that_are_not_entitled_are_refused() {
    let years = Years::new();
    let head: TreeHead = (&years.signed(&key(1))).into();
    let (one, two, three, seal) = (key(1), key(2), key(3), seal_key(1));
    let cases = [
        (change(KeyReason::Rotated, &one, &two, AnyKey::Checkpoint(&two), head), "nobody who may do so vouches for it"),
        (change(KeyReason::Rotated, &one, &two, AnyKey::Seal(&seal), head), "nobody who may do so vouches for it"),
        (change(KeyReason::Lost, &one, &two, AnyKey::Checkpoint(&one), head), "nobody who may do so vouches for it"),
        (change(KeyReason::Rotated, &one, &one, AnyKey::Checkpoint(&one), head), "the new key is an old one"),
        (change(KeyReason::Lost, &two, &three, AnyKey::Seal(&seal), head), "the old key does not count at that size"),
    ];
    for (change, expected) in cases {
        assert_eq!(refused(history().change(&change)), expected, "{change:?}");
    }
    // A key that was retired changes nothing any more, unless it has leaked.
    let mut rotated = history();
    rotated.change(&change(KeyReason::Rotated, &one, &two, AnyKey::Checkpoint(&one), head)).unwrap();
    let again = change(KeyReason::Rotated, &one, &three, AnyKey::Checkpoint(&one), head);
    assert_eq!(refused(rotated.change(&again)), "the old key does not count at that size");
    // One letter changed in any note spoils it.
    let note = rotated.notes()[1].clone();
    for (from, to) in [("size 10", "size 11"), ("rotated", "leaked"), (ORIGIN, "arkiv.example.no/9902"), ("time 2026", "time 2027")] {
        assert!(history().accept(&note.replace(from, to)).is_err(), "{from}");
    }
    assert!(KeyHistory::read([]).is_err());
    assert!(KeyHistory::read([note.as_str()]).is_err());
    let founding = rotated.notes()[0].replace("size 0", "size 1");
    assert!(KeyHistory::read([founding.as_str()]).is_err());
}
