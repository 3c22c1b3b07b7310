//! The keys of a municipality: made once, with the founding notes of both logs, and read whenever something is signed.

use std::path::Path;

use pipeline_domain::{ErrorCode, Timestamp};
use pipeline_witness::{CheckpointKey, KeyHistory, KeyRole, Log, SealKey, TreeHead, WitnessError, empty_root, founding_note};

use super::{
    change,
    place::{Hold, Place, Use, Which},
};
use crate::{failure::Failure, pseudonym::new_key};

/// The history of a log's keys.
pub fn history(place: &Place, which: Which) -> Result<KeyHistory, Failure> {
    Ok(KeyHistory::load(&place.notes(which))?)
}

/// The key that signs a log's checkpoints now. The keys are held.
///
/// Errors: `WitnessKey` when its file is missing, can be read by others, or holds another key than the history names.
pub fn checkpoint_key(place: &Place, which: Which) -> Result<CheckpointKey, Failure> {
    let history = history(place, which)?;
    let key = read(place, KeyRole::Checkpoint, Use::Current, CheckpointKey::load)?.for_log(history.origin())?;
    if key.public() != history.current(KeyRole::Checkpoint) {
        return Err(another(place, KeyRole::Checkpoint));
    }
    Ok(key)
}

/// The key that seals now. The keys are held.
///
/// Errors: as of [`checkpoint_key`].
pub fn seal_key(place: &Place) -> Result<SealKey, Failure> {
    let key = read(place, KeyRole::Seal, Use::Current, SealKey::load)?;
    if key.public() != history(place, Which::Archive)?.current(KeyRole::Seal) {
        return Err(another(place, KeyRole::Seal));
    }
    Ok(key)
}

/// Whether the key of this role that counts now can be used.
pub fn check(place: &Place, role: KeyRole) -> Result<(), Failure> {
    let _held = place.hold(Hold::Signing)?;
    match role {
        KeyRole::Checkpoint => checkpoint_key(place, Which::Archive).map(drop),
        KeyRole::Seal => seal_key(place).map(drop),
    }
}

/// Reads a key file, and tells one that is not there apart from a disk in trouble.
pub fn read<K>(place: &Place, role: KeyRole, r#use: Use, load: impl FnOnce(&Path) -> Result<K, WitnessError>) -> Result<K, Failure> {
    let path = place.key(role, r#use);
    if path.try_exists().is_ok_and(|there| !there) {
        let why = format!("municipality {} has no {} key file: put its copy back", place.number(), role_word(role));
        return Err(Failure::give_up(ErrorCode::WitnessKey, why));
    }
    Ok(load(&path)?)
}

/// What a role is called in messages and on the command line.
pub fn role_word(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Checkpoint => "checkpoint",
        KeyRole::Seal => "seal",
    }
}

/// The file holds another key than the history names.
pub fn another(place: &Place, role: KeyRole) -> Failure {
    let why = format!("the {} key file of municipality {} is not the key that its history names", role_word(role), place.number());
    Failure::give_up(ErrorCode::WitnessKey, format!("{why}: put the right one back"))
}

/// How a log was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It was there.
    Before,
    /// It was begun now.
    Now,
}

/// Begins both logs of a municipality: two keys, and a founding note for each log. What a crash left half done, a change of key too, is done
/// to the end.
///
/// Errors: `WitnessLogDamaged` when there are keys that have signed, and no log that they signed.
pub fn begin(place: &Place, origin: &str, now: Timestamp) -> Result<Begun, Failure> {
    if is_whole(place) {
        return Ok(Begun::Before);
    }
    let _held = place.hold(Hold::Changing)?;
    if is_whole(place) {
        return Ok(Begun::Before);
    }
    let has_key = |role, r#use| place.key(role, r#use).exists();
    let in_use = [KeyRole::Checkpoint, KeyRole::Seal].map(|role| has_key(role, Use::Current));
    let begun = place.is_begun(Which::Archive);
    if !begun && in_use.contains(&true) {
        let why = format!("municipality {} has keys that have signed, and no log: restore `revisjonslogg` from a backup", place.number());
        return Err(Failure::give_up(ErrorCode::WitnessLogDamaged, why));
    }
    if !begun {
        // Left by a beginning that was cut off before anything was signed.
        place.forget_coming(KeyRole::Checkpoint)?;
        place.forget_coming(KeyRole::Seal)?;
        SealKey::from_entropy(new_key()).save_new(&place.key(KeyRole::Seal, Use::Coming))?;
        CheckpointKey::from_entropy(origin, new_key())?.save_new(&place.key(KeyRole::Checkpoint, Use::Coming))?;
    }
    // Cut off between its two logs: neither key is in use then. A log that went away later is not begun again.
    if in_use == [false, false] && Which::ALL.into_iter().any(|which| !place.is_begun(which)) {
        let checkpoint = read(place, KeyRole::Checkpoint, Use::Coming, CheckpointKey::load)?;
        let seal = read(place, KeyRole::Seal, Use::Coming, SealKey::load)?;
        for which in Which::ALL.into_iter().filter(|which| !place.is_begun(*which)) {
            found(place, which, &checkpoint, &seal, now)?;
        }
    }
    change::settle(place, now)?;
    Ok(if begun { Begun::Before } else { Begun::Now })
}

/// Begun, and no change of key is under way. A log of the access log that went away later is not begun again: that is for a person to see.
fn is_whole(place: &Place) -> bool {
    let is_coming = |role| place.key(role, Use::Coming).exists();
    place.is_begun(Which::Archive) && !is_coming(KeyRole::Checkpoint) && !is_coming(KeyRole::Seal)
}

/// An empty log, and then the note that says that it was begun.
fn found(place: &Place, which: Which, checkpoint: &CheckpointKey, seal: &SealKey, now: Timestamp) -> Result<(), Failure> {
    let (log, opening) = Log::open_or_create(&place.log(which))?;
    let key = checkpoint.for_log(&which.origin(checkpoint.origin()))?;
    if opening.size > 0 {
        let why = format!("a log of municipality {} has {} entries and no history of its keys", place.number(), opening.size);
        return Err(Failure::give_up(ErrorCode::WitnessLogDamaged, why));
    }
    let note = founding_note(&key, seal, TreeHead { size: 0, root: empty_root() }, now);
    KeyHistory::read([note.as_str()])?.save_newest(&place.notes(which))?;
    log.publish(&key)?;
    Ok(())
}
