//! What shows that nobody has rewritten the archive: each version that is placed gets a leaf in its municipality's log before it is
//! recorded, closed folders get a seal, and the newest signed checkpoint goes out with every mail and every package.
//!
//! A crash between placing and appending loses nothing: the document is carried again, its version is found in its place, and the
//! leaf is appended then. Two equal leaves say nothing new. Appending needs no key, so a lost one stops no document; signing does.

mod begin;
pub mod change;
pub mod keys;
pub mod place;
mod seals;
pub mod stamps;

use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use pipeline_archive::CaseArchive;
use pipeline_domain::{Archived, CaseFolderId, Clock, ErrorCode, MunicipalityNumber, Sha512};
use pipeline_witness::{AccessHead, Checkpoint, Commit, Deed, KeyRole, Leaf, Log, WitnessError};

use crate::{access_log::AccessLog, config::Municipalities, data::DataFolder, failure::Failure};

use place::{Hold, Place, Which};

/// While leaves come fast, the tree is signed so often. Whoever needs a checkpoint asks for it and gets one over all leaves.
const BETWEEN_SIGNATURES: Duration = Duration::from_millis(250);
/// Whole logs are read for it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(24 * 3600);

/// The logs of all municipalities, each opened when it is first needed.
pub struct Witnesses {
    arkivlager: PathBuf,
    keys: PathBuf,
    data: DataFolder,
    origins: HashMap<MunicipalityNumber, String>,
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<MunicipalityNumber, Arc<Witness>>>,
    looked: Mutex<Option<Instant>>,
}

impl Witnesses {
    /// Nothing is opened yet.
    pub fn new(data: DataFolder, arkivlager: PathBuf, keys: PathBuf, municipalities: &Municipalities, clock: Arc<dyn Clock>) -> Self {
        let origins = municipalities.values().map(|m| (m.number.clone(), origin_of(&m.archive.object_id_base, &m.number))).collect();
        Self { arkivlager, keys, data, origins, clock, open: Mutex::default(), looked: Mutex::default() }
    }

    /// Where a municipality's logs and keys lie.
    pub fn place(&self, number: &MunicipalityNumber) -> Place {
        Place::of(&self.arkivlager, &self.keys, number)
    }

    /// A municipality's log, opened once in the life of this process. An archive that has none gets one, with all its versions.
    pub fn of(&self, number: &MunicipalityNumber) -> Result<Arc<Witness>, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(witness) = open.get(number) {
            return Ok(witness.clone());
        }
        let place = self.place(number);
        let missing = || Failure::give_up(ErrorCode::ConfigInvalid, format!("municipality {number} has no settings"));
        let now = self.clock.now();
        let begun = match self.origins.get(number) {
            Some(origin) => keys::begin(&place, origin, now)?,
            None if place.is_begun(Which::Archive) => keys::Begun::Before,
            None => return Err(missing()),
        };
        let (log, opening) = Log::open_or_create(&place.log(Which::Archive))?;
        if opening.torn_bytes > 0 || opening.is_mended {
            tracing::warn!(municipality = %number, opening = ?opening, "mended the log of the archive after a stop");
        }
        let newest = log.reader().checkpoint_note()?.and_then(|note| Checkpoint::parse(&note).ok());
        let witness = Arc::new(Witness { place, log, signed: Mutex::new(Signed { newest, at: None, is_troubled: false }) });
        // Also when the beginning was cut off: what is logged already is left alone.
        if begun == keys::Begun::Now || opening.size == 0 {
            let taken = witness.take_in(now)?;
            let fingerprint = keys::history(&witness.place, Which::Archive)?.fingerprint();
            tracing::info!(municipality = %number, versions = taken, %fingerprint, "began the log of the archive");
        }
        open.insert(number.clone(), witness.clone());
        Ok(witness)
    }

    /// The same, where a log was begun.
    pub fn begun(&self, number: &MunicipalityNumber) -> Option<Arc<Witness>> {
        if !self.place(number).is_begun(Which::Archive) {
            return None;
        }
        let told = |failure: &Failure| tracing::error!(municipality = %number, code = %failure.code, "the log of the archive cannot be opened: {}", failure.detail);
        self.of(number).inspect_err(told).ok()
    }

    /// The newest checkpoint over everything that is logged, or the newest that there is when it cannot be signed.
    pub fn checkpoint(&self, number: &MunicipalityNumber) -> Option<Checkpoint> {
        self.begun(number)?.checkpoint()
    }

    /// Writes down how far the access log has come, in its own log and in the archive's, whose checkpoints go out.
    pub fn anchor_access(&self, number: &MunicipalityNumber) -> Result<(), Failure> {
        let Some(witness) = self.begun(number) else { return Ok(()) };
        if !self.data.access().join(number.as_str()).is_dir() {
            return Ok(());
        }
        // One after the other: a log that went back and forth would look shortened.
        let _held = witness.place.hold(Hold::Anchoring)?;
        let now = self.clock.now();
        let head = AccessLog::of(&self.data, number).append(&[], now)?;
        if head.rows == 0 { Ok(()) } else { witness.anchor(AccessHead { time: now, rows: head.rows, digest: head.digest }) }
    }

    /// The leaf of a version that was just placed, or that a crash left without one; and its seal, where it closes the folder.
    /// Returns when it is on the disk. Blocks.
    pub fn attest(&self, archive: &CaseArchive, placed: &PlacedVersion, job: Option<i64>) -> Result<(), Failure> {
        let PlacedVersion { folder, version, inventory, .. } = placed;
        let witness = self.of(&folder.municipality)?;
        let stored = CaseArchive::stored_version(&self.arkivlager, folder, *version)?;
        let commit = Commit {
            time: self.clock.now(),
            object: folder.clone(),
            head: *version,
            inventory: *inventory,
            previous: stored.and_then(|s| s.previous),
            actor: None,
            job,
            deed: Deed::Placed,
        };
        let seq = witness.append(vec![Leaf::Commit(commit.clone())])?.start;
        if placed.closing == Closing::Possible && seals::is_closed_by(archive, folder, *version)? {
            // The document is in its place and stays there: `audit begin` makes a seal that is missing.
            if let Err(failure) = witness.seal(archive, &commit, seq) {
                tracing::error!(folder.id = %folder, code = %failure.code, "a closed case folder is not sealed: {}", failure.detail);
            }
        }
        Ok(())
    }

    /// Whether it is time to look for folders without a seal: once in the life of this process, and then once a day.
    pub fn is_time_to_look(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = looked.is_none_or(|at| at.elapsed() >= BETWEEN_LOOKS);
        if is_time {
            *looked = Some(Instant::now());
        }
        is_time
    }

    /// Seals what is closed and has no seal: the key was away, or the folder was closed before there were seals. How many it sealed.
    pub fn seal_closed(&self, archive: &CaseArchive, number: &MunicipalityNumber) -> Result<u64, Failure> {
        match self.begun(number) {
            Some(witness) => witness.seal_closed(archive, self.clock.now()),
            None => Ok(0),
        }
    }
}

/// Whether a version may have closed its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Its plan is over: the folder's record says the rest.
    Possible,
    /// Its plan goes on.
    No,
}

/// A version in its place.
#[derive(Clone, Debug)]
pub struct PlacedVersion {
    pub folder: CaseFolderId,
    pub version: u32,
    pub inventory: Sha512,
    pub closing: Closing,
}

impl PlacedVersion {
    /// That of a document.
    pub fn of(archived: &Archived, closing: Closing) -> Self {
        Self { folder: archived.folder.clone(), version: archived.folder_version, inventory: archived.inventory, closing }
    }
}

/// One municipality's log of its archive.
pub struct Witness {
    place: Place,
    log: Log,
    signed: Mutex<Signed>,
}

/// What was signed last, as far as this process knows.
struct Signed {
    newest: Option<Checkpoint>,
    at: Option<Instant>,
    /// Told already, so that not every mail tells it again.
    is_troubled: bool,
}

impl Witness {
    /// Where it lies.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Adds leaves; their numbers when they are on the disk. Those who come at the same time share one barrier. The tree is signed
    /// when it is time.
    pub fn append(&self, leaves: Vec<Leaf>) -> Result<Range<u64>, Failure> {
        let range = self.log.append(leaves)?;
        match self.signed.try_lock() {
            Ok(mut signed) if signed.at.is_none_or(|at| at.elapsed() >= BETWEEN_SIGNATURES) => self.sign(&mut signed),
            Ok(_) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Poisoned(mut lock)) => self.sign(lock.get_mut()),
        }
        Ok(range)
    }

    /// The newest checkpoint over everything that is logged, or the newest that there is when it cannot be signed.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let mut signed = self.locked();
        self.sign(&mut signed);
        signed.newest.clone()
    }

    /// The same, for those who must know why not.
    pub fn publish(&self) -> Result<Checkpoint, Failure> {
        let mut signed = self.locked();
        let checkpoint = publish(&self.place, Which::Archive, &self.log)?;
        signed.newest = Some(checkpoint.clone());
        Ok(checkpoint)
    }

    fn sign(&self, signed: &mut Signed) {
        let size = self.log.size();
        // By the key that counts now: another process may have exchanged it.
        let is_current = |newest: &Checkpoint| {
            let key = keys::history(&self.place, Which::Archive).map(|history| history.current(KeyRole::Checkpoint));
            key.is_ok_and(|key| newest.is_signed_by(&key))
        };
        if signed.newest.as_ref().is_some_and(|newest| matches!(size, Ok(size) if size == newest.size) && is_current(newest)) {
            return;
        }
        match publish(&self.place, Which::Archive, &self.log) {
            Ok(checkpoint) => *signed = Signed { newest: Some(checkpoint), at: Some(Instant::now()), is_troubled: false },
            Err(failure) => {
                if !signed.is_troubled {
                    let number = self.place.number();
                    tracing::error!(municipality = %number, code = %failure.code, "the log of the archive is not signed: {}", failure.detail);
                }
                (signed.at, signed.is_troubled) = (Some(Instant::now()), true);
            }
        }
    }

    fn anchor(&self, head: AccessHead) -> Result<(), Failure> {
        let place = &self.place;
        if !place.is_begun(Which::Access) {
            let why = format!("the log of the access log of municipality {} is gone: restore it from a backup", place.number());
            return Err(Failure::give_up(ErrorCode::WitnessLogDamaged, why));
        }
        let (log, _) = Log::open_or_create(&place.log(Which::Access))?;
        let newest = newest_access(&log)?;
        if newest.is_some_and(|n| n.rows >= head.rows) {
            return Ok(());
        }
        log.append(vec![Leaf::Access(head)])?;
        publish(place, Which::Access, &log)?;
        self.append(vec![Leaf::Access(head)]).map(drop)
    }

    fn locked(&self) -> MutexGuard<'_, Signed> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs a log as it is now. Nobody changes the keys meanwhile.
pub fn publish(place: &Place, which: Which, log: &Log) -> Result<Checkpoint, Failure> {
    let _held = place.hold(Hold::Signing)?;
    let key = keys::checkpoint_key(place, which)?;
    Ok(log.publish(&key)?)
}

/// How far the access log had come when that was last written down and signed.
fn newest_access(log: &Log) -> Result<Option<AccessHead>, WitnessError> {
    let (reader, size) = (log.reader(), log.size()?);
    let Some(index) = size.checked_sub(1) else { return Ok(None) };
    let signed = reader.checkpoint_note()?.and_then(|note| Checkpoint::parse(&note).ok()).map_or(0, |c| c.size);
    if signed < size {
        // Cut off between appending and signing: written down once more, which says nothing new.
        return Ok(None);
    }
    match Leaf::parse(&reader.entry(index, size)?)? {
        (_, Leaf::Access(head)) => Ok(Some(head)),
        (_, Leaf::Commit(_)) => Err(WitnessError::Malformed { what: "leaf of the access log" }),
    }
}

/// The log's name: the host and path under which the municipality's folders have their ids, and its number.
pub fn origin_of(object_id_base: &str, number: &MunicipalityNumber) -> String {
    let base = object_id_base.strip_prefix("https://").unwrap_or(object_id_base);
    let plain: String = base.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_/".contains(c) { c } else { '-' }).take(80).collect();
    format!("{}/{number}", plain.trim_end_matches('/'))
}

/// Every municipality that has a store or a log, also one whose settings went away.
pub fn municipalities(arkivlager: &Path) -> Vec<MunicipalityNumber> {
    let entries = std::fs::read_dir(arkivlager).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut numbers: Vec<MunicipalityNumber> = entries.iter().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    numbers.sort();
    numbers
}
