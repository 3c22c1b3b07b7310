//! Seals of closed case folders: `logs/vN.minisig` over `vN/inventory.json`, and a leaf that says so.

use std::collections::HashMap;

use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, Sha512, Timestamp};
use pipeline_package::CaseRecord;
use pipeline_witness::{Commit, Deed, Leaf, SealTerms};

use super::{
    Witness, keys,
    place::{Hold, Which},
};
use crate::failure::Failure;

/// `v3.minisig`.
pub fn seal_name(version: u32) -> String {
    format!("v{version}.minisig")
}

/// Whether the folder is closed, and this is its newest version.
pub fn is_closed_by(archive: &CaseArchive, folder: &CaseFolderId, version: u32) -> Result<bool, Failure> {
    let Some(head) = archive.read_head(folder)? else { return Ok(false) };
    Ok(head.version == version && CaseRecord::read(&head.case_record)?.closed_at().is_some())
}

impl Witness {
    /// Seals the version of this leaf, which is number `seq`. Done again after a crash, it finds its own seal.
    pub fn seal(&self, archive: &CaseArchive, placed: &Commit, seq: u64) -> Result<(), Failure> {
        let name = seal_name(placed.head);
        let arkivlager = self.place.arkivlager();
        let read = || CaseArchive::read_log(arkivlager, &placed.object, &name);
        let seal = match read()? {
            Some(there) => there,
            None => {
                let made = self.make(placed, seq)?;
                // Somebody else may be quicker: what lies there counts.
                if archive.put_log(&placed.object, &name, made.as_bytes())? { made.into_bytes() } else { read()?.unwrap_or_default() }
            }
        };
        let leaf = Commit { deed: Deed::Sealed(Sha512::of(&seal)), ..placed.clone() };
        self.append(vec![Leaf::Commit(leaf)]).map(drop)
    }

    fn make(&self, placed: &Commit, seq: u64) -> Result<String, Failure> {
        let inventory = CaseArchive::stored_inventory(self.place.arkivlager(), &placed.object, placed.head)?.unwrap_or_default();
        let _held = self.place.hold(Hold::Signing)?;
        let key = keys::seal_key(&self.place)?;
        let origin = keys::history(&self.place, Which::Archive)?.origin().to_owned();
        let terms = SealTerms { origin, object: placed.object.clone(), head: placed.head, seq, time: placed.time };
        Ok(key.seal(&inventory, &terms).print())
    }

    /// Seals every closed folder whose newest version has no seal, or has one that the log does not know. How many.
    pub fn seal_closed(&self, archive: &CaseArchive, now: Timestamp) -> Result<u64, Failure> {
        let known = self.known()?;
        let mut sealed = 0;
        for folder in CaseArchive::stored_folders(self.place.arkivlager(), self.place.number())? {
            let Some(newest) = known.get(&folder) else { continue };
            if newest.is_sealed || !is_closed_by(archive, &folder, newest.placed.head)? {
                continue;
            }
            self.seal(archive, &Commit { time: now, ..newest.placed.clone() }, newest.seq)?;
            sealed += 1;
        }
        Ok(sealed)
    }

    /// The newest version of each folder as the log has it.
    fn known(&self) -> Result<HashMap<CaseFolderId, Newest>, Failure> {
        let mut known: HashMap<CaseFolderId, Newest> = HashMap::new();
        let size = self.publish()?.size;
        self.log.reader().for_each_entry(size, |seq, entry| {
            let Ok((_, Leaf::Commit(commit))) = Leaf::parse(entry) else { return };
            match (commit.deed, known.get_mut(&commit.object)) {
                (Deed::Placed, Some(newest)) if newest.placed.head >= commit.head => {}
                (Deed::Placed, _) => {
                    known.insert(commit.object.clone(), Newest { placed: commit, seq, is_sealed: false });
                }
                (Deed::Sealed(_), Some(newest)) if newest.placed.head == commit.head => newest.is_sealed = true,
                (Deed::Sealed(_) | Deed::Disposed, _) => {}
            }
        })?;
        Ok(known)
    }
}

struct Newest {
    placed: Commit,
    seq: u64,
    is_sealed: bool,
}
