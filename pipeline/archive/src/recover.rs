//! What is mended when a store is opened. The root inventory is derived from the newest version, so it can always be made
//! again; only `vN/` itself is the truth.

use std::{fs, io, path::Path};

use pipeline_domain::CaseFolderId;

use crate::{
    ArchiveError, disk,
    layout::{INVENTORY, SIDECAR},
    store::{CaseArchive, version_numbers},
};

/// What an opening found to mend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Case folders whose root inventory was behind their newest version.
    pub rolled_forward: Vec<CaseFolderId>,
    /// Build folders of dead writers that were removed. What they held was never acknowledged.
    pub swept: u64,
    /// Year folders without cases that were removed.
    pub pruned_years: u64,
}

impl Recovery {
    /// Whether everything was in order.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

pub(crate) fn recover(archive: &CaseArchive, swept: u64) -> Result<Recovery, ArchiveError> {
    let mut recovery = Recovery { swept, ..Recovery::default() };
    for year in archive.years()? {
        // Succeeds only on an empty folder.
        if fs::remove_dir(archive.ocfl.join(&year)).is_ok() {
            recovery.pruned_years += 1;
        }
    }
    for folder in archive.folders()? {
        if roll_forward(archive, &folder).map_err(ArchiveError::io("roll forward", &folder))? {
            recovery.rolled_forward.push(folder);
        }
    }
    Ok(recovery)
}

/// Copies the newest whole version's inventory to the case folder's root if another one lies there. Returns whether it did.
///
/// Sidecars are compared, and sizes: the two files are always moved in that order, both synced before, so an equal sidecar
/// means an equal inventory unless something damaged it, which is for `verify` to say and not for us to hide.
fn roll_forward(archive: &CaseArchive, folder: &CaseFolderId) -> io::Result<bool> {
    let case = archive.folder_path(folder);
    if !needs_roll_forward(&case)? {
        return Ok(false);
    }
    // Another process may be at it: look again when nobody else is.
    let _held = disk::lock(&case)?;
    let Some(newest) = newest_whole(&case)? else { return Ok(false) };
    if !needs_roll_forward(&case)? {
        return Ok(false);
    }
    let began = archive.barrier.begin();
    let build = archive.staging.build(&format!("{}.root", folder.case_number()))?;
    let from = case.join(format!("v{newest}"));
    for name in [INVENTORY, SIDECAR] {
        disk::write_new(&build.path().join(name), &fs::read(from.join(name))?)?;
    }
    archive.barrier.sync(began)?;
    move_root_files(build.path(), &case)?;
    disk::sync_dir(&case)?;
    Ok(true)
}

/// Puts a staged pair of root files over the old pair. The caller holds the case folder's lock.
pub(crate) fn move_root_files(from: &Path, case: &Path) -> io::Result<()> {
    fs::rename(from.join(INVENTORY), case.join(INVENTORY))?;
    crate::fault::pass(crate::fault::Step::HalfRoot)?;
    fs::rename(from.join(SIDECAR), case.join(SIDECAR))
}

fn needs_roll_forward(case: &Path) -> io::Result<bool> {
    let Some(newest) = newest_whole(case)? else { return Ok(false) };
    let newest = case.join(format!("v{newest}"));
    let size = |folder: &Path| fs::symlink_metadata(folder.join(INVENTORY)).map(|m| m.len()).ok();
    let sidecar = |folder: &Path| disk::read_if_there(&folder.join(SIDECAR));
    Ok(size(case) != size(&newest) || sidecar(case)? != sidecar(&newest)?)
}

fn newest_whole(case: &Path) -> io::Result<Option<u32>> {
    let numbers = match version_numbers(case) {
        // A stray file among the cases; `verify` names it.
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        other => other?,
    };
    let whole = |n: &u32| [INVENTORY, SIDECAR].iter().all(|name| case.join(format!("v{n}")).join(name).is_file());
    Ok(numbers.into_iter().rev().find(whole))
}
