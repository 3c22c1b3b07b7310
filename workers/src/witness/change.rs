//! A change of key, and what a change that was cut off needs.
//!
//! The steps are: the new key lies beside the old one (`.ny`); the archive's history names it, which is the change; the access log's history
//! names it; it takes the old one's place; both logs are signed. A crash after any of them leaves what [`settle`] takes back (before the
//! history names the key) or to its end (after that). Nobody signs meanwhile: the keys are held, and whoever signs reads them anew.

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_witness::{AnyKey, CheckpointKey, KeyChange, KeyHistory, KeyReason, KeyRole, Leaf, Log, PublicKey, Reader, SealKey, TreeHead};

use super::{
    keys::{self, role_word},
    place::{Hold, Place, Use, Which},
};
use crate::{failure::Failure, pseudonym::new_key};

/// What is to change.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub role: KeyRole,
    pub reason: KeyReason,
    /// Of a leaked key: the size of the log at which it was last known to be safe. `None`: as the log is now.
    pub safe_size: Option<u64>,
}

/// What is done when a test may let the process die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    KeyMade,
    ArchiveNoted,
    AccessNoted,
    BroughtIn,
}

/// A secret of either role.
enum Secret {
    Checkpoint(CheckpointKey),
    Seal(SealKey),
}

impl Secret {
    fn new(role: KeyRole, origin: &str) -> Result<Self, Failure> {
        Ok(match role {
            KeyRole::Checkpoint => Self::Checkpoint(CheckpointKey::from_entropy(origin, new_key())?),
            KeyRole::Seal => Self::Seal(SealKey::from_entropy(new_key())),
        })
    }

    fn read(place: &Place, role: KeyRole, r#use: Use) -> Result<Self, Failure> {
        Ok(match role {
            KeyRole::Checkpoint => Self::Checkpoint(keys::read(place, role, r#use, CheckpointKey::load)?),
            KeyRole::Seal => Self::Seal(keys::read(place, role, r#use, SealKey::load)?),
        })
    }

    /// The one that the history names.
    fn current(place: &Place, role: KeyRole, history: &KeyHistory) -> Result<Self, Failure> {
        let secret = Self::read(place, role, Use::Current)?;
        if secret.public() == history.current(role) { Ok(secret) } else { Err(keys::another(place, role)) }
    }

    fn save(&self, place: &Place) -> Result<(), Failure> {
        let path = place.key(self.any().role(), Use::Coming);
        let saved = match self {
            Self::Checkpoint(key) => key.save_new(&path),
            Self::Seal(key) => key.save_new(&path),
        };
        saved.map_err(Failure::from)
    }

    fn any(&self) -> AnyKey<'_> {
        match self {
            Self::Checkpoint(key) => AnyKey::Checkpoint(key),
            Self::Seal(key) => AnyKey::Seal(key),
        }
    }

    fn public(&self) -> PublicKey {
        self.any().public()
    }
}

/// The key of the other role, which vouches when a key cannot.
pub fn other(role: KeyRole) -> KeyRole {
    match role {
        KeyRole::Checkpoint => KeyRole::Seal,
        KeyRole::Seal => KeyRole::Checkpoint,
    }
}

/// Exchanges a key, from the first step to the last. What was cut off before is settled first.
///
/// Errors: `WitnessKey` when nobody who may do so can vouch for the new key, or when a key that is said to be lost is there;
/// `WitnessLogDamaged` when a log is not what it signed.
pub fn exchange(place: &Place, order: Order, now: Timestamp, step: &mut dyn FnMut(Step) -> Result<(), Failure>) -> Result<(), Failure> {
    let _held = place.hold(Hold::Changing)?;
    settle(place, now)?;
    let history = keys::history(place, Which::Archive)?;
    let Order { role, reason, safe_size } = order;
    if reason == KeyReason::Lost && Secret::current(place, role, &history).is_ok() {
        let why = format!("the {} key of municipality {} is there: it can be rotated", role_word(role), place.number());
        return Err(Failure::give_up(ErrorCode::WitnessKey, why));
    }
    let voucher = Secret::current(place, if reason == KeyReason::Rotated { role } else { other(role) }, &history)?;
    let heads = [archive_head(place, &history, safe_size)?, access_head(place, safe_size)?];
    let new = Secret::new(role, history.origin())?;
    new.save(place)?;
    step(Step::KeyMade)?;
    for (which, head, done) in [(Which::Archive, heads[0], Step::ArchiveNoted), (Which::Access, heads[1], Step::AccessNoted)] {
        note(place, which, reason, &new, &voucher, head, now)?;
        step(done)?;
    }
    place.bring_in(role)?;
    step(Step::BroughtIn)?;
    sign(place)
}

/// [`settle`], for who does not hold the keys; and signs where a change was finished.
pub fn finish(place: &Place, now: Timestamp) -> Result<Vec<KeyRole>, Failure> {
    let _held = place.hold(Hold::Changing)?;
    let finished = settle(place, now)?;
    if !finished.is_empty() {
        sign(place)?;
    }
    Ok(finished)
}

/// Takes changes that were cut off to their end, or back to their beginning. The roles whose new key came into use by that.
///
/// The keys are held for changing.
pub fn settle(place: &Place, now: Timestamp) -> Result<Vec<KeyRole>, Failure> {
    let mut finished = Vec::new();
    for role in [KeyRole::Checkpoint, KeyRole::Seal] {
        if !place.key(role, Use::Coming).exists() {
            continue;
        }
        let (coming, history) = (Secret::read(place, role, Use::Coming)?, keys::history(place, Which::Archive)?);
        if coming.public() != history.current(role) {
            // Nothing was ever signed with it.
            place.forget_coming(role)?;
            continue;
        }
        if keys::history(place, Which::Access)?.current(role) != coming.public() {
            note_access(place, role, &history, &coming, now)?;
        }
        place.bring_in(role)?;
        finished.push(role);
    }
    Ok(finished)
}

/// Says in the access log's history what stands in the archive's already.
fn note_access(place: &Place, role: KeyRole, history: &KeyHistory, new: &Secret, now: Timestamp) -> Result<(), Failure> {
    let [.., old, _] = history.terms(role) else { return Err(keys::another(place, role)) };
    let in_place = Secret::read(place, role, Use::Current).ok().filter(|secret| secret.public() == old.key);
    let (reason, safe_size) = match (&in_place, old.is_leaked) {
        (_, true) => (KeyReason::Leaked, old.until),
        (Some(_), false) => (KeyReason::Rotated, None),
        (None, false) => (KeyReason::Lost, None),
    };
    let voucher = match in_place {
        Some(old) if reason == KeyReason::Rotated => old,
        _ => Secret::current(place, other(role), history)?,
    };
    let head = access_head(place, safe_size)?;
    note(place, Which::Access, reason, new, &voucher, head, now)
}

/// Writes a change into the history of one log.
fn note(
    place: &Place,
    which: Which,
    reason: KeyReason,
    new: &Secret,
    voucher: &Secret,
    head: TreeHead,
    time: Timestamp,
) -> Result<(), Failure> {
    let mut history = keys::history(place, which)?;
    let old = history.current(new.any().role());
    history.change(&KeyChange { reason, old, new: new.any(), voucher: voucher.any(), head, time })?;
    Ok(history.save_newest(&place.notes(which))?)
}

/// Size and root up to which the old key counts for the archive's log.
fn archive_head(place: &Place, history: &KeyHistory, safe_size: Option<u64>) -> Result<TreeHead, Failure> {
    let reader = Reader::open(&place.log(Which::Archive));
    let newest = TreeHead::from(&reader.trusted_checkpoint(history)?);
    match safe_size {
        Some(size) if size < newest.size => Ok(TreeHead { size, root: reader.root_at(size)? }),
        _ => Ok(newest),
    }
}

/// The same for the access log's: how far it had come when the archive's had that size.
fn access_head(place: &Place, safe_size: Option<u64>) -> Result<TreeHead, Failure> {
    if !place.is_begun(Which::Access) {
        let why = format!("the log of the access log of municipality {} is gone: restore it from a backup", place.number());
        return Err(Failure::give_up(ErrorCode::WitnessLogDamaged, why));
    }
    let history = keys::history(place, Which::Access)?;
    let reader = Reader::open(&place.log(Which::Access));
    let newest = TreeHead::from(&reader.trusted_checkpoint(&history)?);
    let Some(safe_size) = safe_size else { return Ok(newest) };
    let archive = Reader::open(&place.log(Which::Archive));
    let rows = match archive.find_last(safe_size, |leaf| matches!(leaf, Leaf::Access(_)))? {
        Some(at) => rows_of(&archive.entry(at, safe_size)?),
        None => 0,
    };
    let reached = reader.find_last(newest.size, |leaf| matches!(leaf, Leaf::Access(head) if head.rows <= rows))?;
    // The keys' terms begin together in both logs; none is cut to before its beginning.
    let least = history.terms(KeyRole::Checkpoint).iter().chain(history.terms(KeyRole::Seal)).filter(|term| term.until.is_none());
    let least = least.map(|term| term.from).max().unwrap_or_default();
    let size = reached.map_or(0, |at| at + 1).max(least);
    Ok(TreeHead { size, root: reader.root_at(size)? })
}

fn rows_of(entry: &[u8]) -> u64 {
    match Leaf::parse(entry) {
        Ok((_, Leaf::Access(head))) => head.rows,
        _ => 0,
    }
}

/// Signs both logs as they are now, if their key is there: readers find nothing any more that only a leaked key has signed.
fn sign(place: &Place) -> Result<(), Failure> {
    for which in Which::ALL {
        match keys::checkpoint_key(place, which) {
            Ok(key) => drop(Log::open_or_create(&place.log(which))?.0.publish(&key)?),
            Err(failure) => {
                tracing::warn!(municipality = %place.number(), code = %failure.code, "the log is not signed: {}", failure.detail);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pipeline_domain::{MunicipalityNumber, Verdict};

    use super::*;

    const STEPS: [Step; 4] = [Step::KeyMade, Step::ArchiveNoted, Step::AccessNoted, Step::BroughtIn];

    fn now() -> Timestamp {
        "2026-11-23T08:30:00Z".parse().unwrap()
    }

    fn begun(dir: &std::path::Path) -> Place {
        let number: MunicipalityNumber = "9901".parse().unwrap();
        let place = Place::of(&dir.join("arkivlager"), &dir.join("keys"), &number);
        keys::begin(&place, "arkiv.example.no/9901", now()).unwrap();
        place
    }

    fn current(place: &Place, which: Which, role: KeyRole) -> PublicKey {
        keys::history(place, which).unwrap().current(role)
    }

    /// Dies at one step of a change; then the change is asked for once more, as a person does.
    fn dies_and_is_asked_again(order: Order, at: Step) {
        let dir = tempfile::tempdir().unwrap();
        let (place, role) = (begun(dir.path()), order.role);
        let first = current(&place, Which::Archive, role);
        if order.reason == KeyReason::Lost {
            std::fs::remove_file(place.key(role, Use::Current)).unwrap();
        }
        let mut die = |step| if step == at { Err(Failure::retry(ErrorCode::WitnessWrite, "dead")) } else { Ok(()) };
        let died = exchange(&place, order, now(), &mut die).unwrap_err();
        assert_eq!((died.verdict, died.detail.as_str()), (Verdict::Retry, "dead"));
        let is_through = at == Step::BroughtIn;
        let finished = finish(&place, now()).unwrap();
        assert_eq!(finished, if matches!(at, Step::ArchiveNoted | Step::AccessNoted) { vec![role] } else { vec![] }, "{order:?} {at:?}");
        if finished.is_empty() && !is_through {
            assert_eq!(current(&place, Which::Archive, role), first, "taken back");
            exchange(&place, order, now(), &mut |_| Ok(())).unwrap();
        }
        assert_eq!(keys::history(&place, Which::Archive).unwrap().terms(role).len(), 2, "{order:?} {at:?}");
        assert_eq!(current(&place, Which::Archive, role), current(&place, Which::Access, role), "{order:?} {at:?}");
        assert!(!place.key(role, Use::Coming).exists());
        keys::check(&place, role).unwrap();
        for which in Which::ALL {
            let (log, _) = Log::open_or_create(&place.log(which)).unwrap();
            super::super::publish(&place, which, &log).unwrap();
            let history = keys::history(&place, which).unwrap();
            assert!(log.reader().trusted_checkpoint(&history).unwrap().is_signed_by(&history.current(KeyRole::Checkpoint)));
            assert!(pipeline_witness::audit_log(&log.reader(), &history, &[]).unwrap().findings.is_empty());
        }
    }

    #[test]
    fn a_change_that_dies_at_any_step_is_taken_back_or_to_its_end() {
        for role in [KeyRole::Checkpoint, KeyRole::Seal] {
            for reason in [KeyReason::Rotated, KeyReason::Lost, KeyReason::Leaked] {
                for at in STEPS {
                    dies_and_is_asked_again(Order { role, reason, safe_size: None }, at);
                }
            }
        }
    }

    #[test]
    fn a_beginning_after_a_change_that_was_cut_off_brings_no_unnamed_key_in() {
        let dir = tempfile::tempdir().unwrap();
        let place = begun(dir.path());
        let (role, first) = (KeyRole::Checkpoint, current(&place, Which::Archive, KeyRole::Checkpoint));
        std::fs::remove_file(place.key(role, Use::Current)).unwrap();
        let order = Order { role, reason: KeyReason::Lost, safe_size: None };
        exchange(&place, order, now(), &mut |_| Err(Failure::retry(ErrorCode::WitnessWrite, "dead"))).unwrap_err();
        assert_eq!(keys::begin(&place, "arkiv.example.no/9901", now()).unwrap(), keys::Begun::Before);
        assert!(!place.key(role, Use::Current).exists() && !place.key(role, Use::Coming).exists());
        assert_eq!(current(&place, Which::Archive, role), first);
    }

    #[test]
    fn a_key_that_is_there_is_not_lost_and_one_that_is_gone_vouches_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let place = begun(dir.path());
        let order = |role, reason| Order { role, reason, safe_size: None };
        let mut go = |_| Ok(());
        let lost = exchange(&place, order(KeyRole::Seal, KeyReason::Lost), now(), &mut go).unwrap_err();
        assert_eq!(lost.code, ErrorCode::WitnessKey);
        std::fs::remove_file(place.key(KeyRole::Seal, Use::Current)).unwrap();
        for refused in [order(KeyRole::Seal, KeyReason::Rotated), order(KeyRole::Checkpoint, KeyReason::Leaked)] {
            assert_eq!(exchange(&place, refused, now(), &mut go).unwrap_err().code, ErrorCode::WitnessKey);
            assert!(!place.key(refused.role, Use::Coming).exists(), "no key is made that nobody vouches for");
        }
        exchange(&place, order(KeyRole::Seal, KeyReason::Lost), now(), &mut go).unwrap();
        exchange(&place, order(KeyRole::Checkpoint, KeyReason::Leaked), now(), &mut go).unwrap();
        assert!(keys::history(&place, Which::Access).unwrap().terms(KeyRole::Checkpoint)[0].is_leaked);
    }
}
