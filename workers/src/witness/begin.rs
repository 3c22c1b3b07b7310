//! What an archive held before it had a log is taken into it.

use std::collections::HashMap;

use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, Timestamp};
use pipeline_witness::{Commit, Deed, Leaf};

use super::{Witness, place::Which};
use crate::failure::Failure;

/// Leaves handed in at a time.
const GROUP: usize = 512;

impl Witness {
    /// Gives every version that has no leaf its own: the whole archive when the log begins, and what lacks one after a restore. How many.
    ///
    /// From now on they cannot change unseen; what happened to them before is not known here.
    pub fn take_in(&self, now: Timestamp) -> Result<u64, Failure> {
        let logged = self.logged()?;
        let (mut taken, mut leaves) = (0, Vec::new());
        for folder in CaseArchive::stored_folders(self.place.arkivlager(), self.place.number())? {
            let heads = logged.get(&folder).map_or(&[][..], Vec::as_slice);
            for stored in CaseArchive::stored_versions(self.place.arkivlager(), &folder)? {
                if heads.contains(&stored.version) {
                    continue;
                }
                leaves.push(Leaf::Commit(Commit {
                    time: now,
                    object: folder.clone(),
                    head: stored.version,
                    inventory: stored.inventory,
                    previous: stored.previous,
                    actor: None,
                    job: None,
                    deed: Deed::Placed,
                }));
            }
            if leaves.len() >= GROUP {
                taken += leaves.len() as u64;
                self.append(std::mem::take(&mut leaves))?;
            }
        }
        taken += leaves.len() as u64;
        self.append(leaves)?;
        self.publish()?;
        Ok(taken)
    }

    /// The versions that have a leaf.
    fn logged(&self) -> Result<HashMap<CaseFolderId, Vec<u32>>, Failure> {
        let mut logged: HashMap<CaseFolderId, Vec<u32>> = HashMap::new();
        // Over everything: what is not signed yet cannot be read by its tiles.
        let size = super::publish(&self.place, Which::Archive, &self.log)?.size;
        self.log.reader().for_each_entry(size, |_, entry| {
            if let Ok((_, Leaf::Commit(commit))) = Leaf::parse(entry) {
                logged.entry(commit.object).or_default().push(commit.head);
            }
        })?;
        Ok(logged)
    }
}
