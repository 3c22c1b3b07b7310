//! Case folders into a backup, while versions are added to them.
//!
//! A version comes into a case folder whole, by one rename, and is never changed. The inventory at the top is a copy of the newest
//! version's and follows it a moment later. So what is taken are the versions that are there, and the newest one's inventory
//! for the top: that is never torn. It is judged all the same, and taken again when it is not whole.
//!
//! What the database did not know when it was read is left out, also when it is there by now: after a restore its numbers are given
//! to others. Its document waits in the backup, and is placed again.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use pipeline_archive::{CaseArchive, verify_case};
use pipeline_domain::MunicipalityNumber;

use crate::backup::{
    ARCHIVE,
    files::{Backup, Links, walk},
    manifest::Line,
};

const INVENTORY: [&str; 2] = ["inventory.json", "inventory.json.sha512"];
/// The first may link to the backup before, the others write everything anew.
const TRIES: u32 = 3;

/// Case folders that the database knows, by their path in the backup, and the newest version that it has recorded of each; 0 when
/// none of its documents has been placed.
pub type Known = BTreeMap<PathBuf, u32>;

/// What was taken.
#[derive(Debug, Default)]
pub struct Taken {
    pub case_folders: u64,
    /// Case folders that are not whole where they come from, by their path in the backup.
    pub damaged: Vec<String>,
    /// Case folders, and versions of them, that the database did not know: not taken.
    pub later: u64,
}

/// Every municipality that has a store, also one whose settings went away.
pub fn municipalities(archive_root: &Path) -> Vec<MunicipalityNumber> {
    let entries = fs::read_dir(archive_root).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut numbers: Vec<MunicipalityNumber> = entries.iter().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    numbers.sort();
    numbers.retain(|n| CaseArchive::storage_root(archive_root, n).is_dir());
    numbers
}

/// Where a municipality's storage root lies in a backup.
pub fn root_in_backup(number: &MunicipalityNumber) -> PathBuf {
    CaseArchive::storage_root(Path::new(ARCHIVE), number)
}

/// Takes all case folders as far as they are known. `each` is told of every one.
pub fn take(backup: &mut Backup<'_>, archive_root: &Path, mut known: Known, each: &mut dyn FnMut()) -> io::Result<Taken> {
    let mut taken = Taken::default();
    for number in municipalities(archive_root) {
        let from = CaseArchive::storage_root(archive_root, &number);
        folder(backup, &from, &root_in_backup(&number), &mut known, &mut taken, each)?;
    }
    let gone = known.iter().filter(|(_, recorded)| **recorded > 0).map(|(path, _)| path.display().to_string());
    taken.damaged.extend(gone);
    Ok(taken)
}

/// A folder above the case folders: its files, and what lies below. Known ones that are found are struck off.
fn folder(
    backup: &mut Backup<'_>,
    from: &Path,
    path: &Path,
    known: &mut Known,
    taken: &mut Taken,
    each: &mut dyn FnMut(),
) -> io::Result<()> {
    for (name, kind) in entries(from)? {
        let (from, path) = (from.join(&name), path.join(&name));
        match kind {
            Kind::File => {
                let line = backup.take(&from, &path, Links::Allowed)?;
                backup.list(line.as_slice())?;
            }
            Kind::Folder if is_case(&from) => {
                match known.remove(&path) {
                    Some(recorded) if recorded > 0 => case(backup, &from, &path, recorded, taken)?,
                    _ => taken.later += 1,
                }
                each();
            }
            Kind::Folder => folder(backup, &from, &path, known, taken, each)?,
            Kind::Other => backup.left_out += 1,
        }
    }
    Ok(())
}

fn is_case(folder: &Path) -> bool {
    entries(folder).is_ok_and(|all| all.iter().any(|(name, _)| name.starts_with("0=ocfl_object") || version(name).is_some()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Other,
}

/// Names that are text, sorted; others are nobody's of ours.
fn entries(folder: &Path) -> io::Result<Vec<(String, Kind)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = match entry.file_type()? {
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_file() => Kind::File,
            _ => Kind::Other,
        };
        all.extend(entry.file_name().into_string().ok().map(|name| (name, kind)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn version(name: &str) -> Option<u32> {
    name.strip_prefix('v')?.parse().ok()
}

/// One case folder, up to the version that is recorded. What stays torn is damaged, and taken as it is: the other folders need
/// their backup too.
fn case(backup: &mut Backup<'_>, from: &Path, path: &Path, recorded: u32, taken: &mut Taken) -> io::Result<()> {
    taken.case_folders += 1;
    let name = path.display().to_string();
    for attempt in 1..=TRIES {
        let links = if attempt == 1 { Links::Allowed } else { Links::Forbidden };
        let copy = copy(backup, from, path, recorded, links)?;
        let at = backup.root.join(path);
        let known = copy.is_all_linked && backup.earlier.is_some_and(|earlier| earlier.was_whole(&name) && earlier.has_names_of(&at, path));
        let whole = copy.newest == Some(recorded) && (known || verify_case(&at).is_valid());
        if whole || attempt == TRIES {
            backup.list(&copy.lines)?;
            backup.left_out += copy.left_out;
            taken.later += copy.later;
            if !whole {
                taken.damaged.push(name);
            }
            break;
        }
        fs::remove_dir_all(at)?;
    }
    Ok(())
}

/// A case folder as it was copied, before it is listed.
#[derive(Default)]
struct Copy {
    lines: Vec<Line>,
    /// Whose inventory lies at the top.
    newest: Option<u32>,
    is_all_linked: bool,
    left_out: u64,
    later: u64,
}

fn copy(backup: &Backup<'_>, from: &Path, path: &Path, recorded: u32, links: Links) -> io::Result<Copy> {
    let (all, later): (Vec<_>, Vec<_>) = entries(from)?.into_iter().partition(|(name, _)| version(name).is_none_or(|n| n <= recorded));
    let is_whole = |name: &str| INVENTORY.iter().all(|file| from.join(name).join(file).is_file());
    let newest = all.iter().filter_map(|(name, _)| Some((version(name)?, name))).filter(|(_, name)| is_whole(name)).max();
    let mut copy = Copy { newest: newest.map(|(n, _)| n), is_all_linked: true, later: later.len() as u64, ..Copy::default() };
    for (name, kind) in &all {
        let (from, path) = (from.join(name), path.join(name));
        match kind {
            Kind::Folder => {
                let linked = backup.earlier.filter(|_| links == Links::Allowed && version(name).is_some());
                match linked.and_then(|earlier| earlier.link_version(&from, &path, &backup.root)) {
                    Some(lines) => copy.lines.extend(lines),
                    None => copy_below(backup, &from, &path, recorded, links, &mut copy)?,
                }
            }
            Kind::File if newest.is_some() && INVENTORY.contains(&name.as_str()) => {}
            Kind::File => copy.lines.extend(backup.take(&from, &path, links)?),
            Kind::Other => copy.left_out += 1,
        }
    }
    if let Some((_, newest)) = newest {
        for file in INVENTORY {
            copy.lines.extend(backup.take(&from.join(newest).join(file), &path.join(file), links)?);
        }
    }
    Ok(copy)
}

/// A seal bears the name of the version that it is of, and is left out with it.
fn copy_below(backup: &Backup<'_>, from: &Path, path: &Path, recorded: u32, links: Links, copy: &mut Copy) -> io::Result<()> {
    copy.is_all_linked = false;
    let is_later_seal = |file: &Path| {
        let seal = file.extension().is_some_and(|x| x == "tsr" || x == "minisig") && file.components().nth(1).is_none();
        seal && file.file_stem().and_then(|stem| version(stem.to_str()?)).is_some_and(|n| n > recorded)
    };
    let below = walk(from)?;
    copy.left_out += below.others;
    for file in below.files.iter().filter(|file| !is_later_seal(file)) {
        copy.lines.extend(backup.take(&from.join(file), &path.join(file), links)?);
    }
    Ok(())
}
