//! One municipality's store: opening and reading.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use pipeline_domain::{CaseFolderId, LogicalPath, MunicipalityNumber, Sha512};

use crate::{
    ArchiveError,
    barrier::Barrier,
    disk,
    inventory::{Inventory, sidecar},
    layout::{self, INVENTORY, SIDECAR},
    recover::{self, Recovery},
    staging::Staging,
};

/// Logical path of the case's own record, which the packager reads back before the next version.
pub const CASE_RECORD_PATH: &str = "metadata/sak.json";

/// One municipality's store: `<arkivlager>/<municipality>/{ocfl,staging}`. May be open in several processes at once.
pub struct CaseArchive {
    pub(crate) municipality: MunicipalityNumber,
    pub(crate) ocfl: PathBuf,
    pub(crate) staging: Staging,
    pub(crate) barrier: Barrier,
    /// Years whose folder this process has seen on the disk, and not only in memory.
    pub(crate) durable_years: Mutex<BTreeSet<u16>>,
}

/// The newest version of a case folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseHead {
    /// Its number.
    pub version: u32,
    /// OCFL id of the folder.
    pub object_id: String,
    /// Digest of the version's inventory: the receipt, and what the next version's chain file names.
    pub inventory_sha512: Sha512,
    /// Bytes of [`CASE_RECORD_PATH`].
    pub case_record: Vec<u8>,
    /// Every file of the version.
    pub state: BTreeMap<LogicalPath, Sha512>,
}

/// One file of a case folder's newest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its name in the folder.
    pub path: LogicalPath,
    /// Version that brought its bytes.
    pub version: u32,
    /// Where the bytes lie, from the case folder: `v2/content/…`.
    pub content_path: String,
    /// Size on disk.
    pub size_bytes: u64,
    /// Digest by the inventory; not computed again here.
    pub sha512: Sha512,
}

/// A whole version's inventory as it lies on disk.
pub(crate) struct Head {
    pub version: u32,
    pub inventory: Inventory,
    pub sha512: Sha512,
}

impl CaseArchive {
    /// Opens the store, or founds it. Then mends what an interrupted writer left: newest versions are rolled forward, dead
    /// writers' build folders swept, empty year folders removed. Nothing that was acknowledged is ever touched.
    pub fn open_or_create(arkivlager: &Path, municipality: &MunicipalityNumber) -> Result<(Self, Recovery), ArchiveError> {
        let base = arkivlager.join(municipality.as_str());
        let failed = |action| ArchiveError::io(action, "storage root");
        disk::make_dirs(&base).map_err(failed("make folder"))?;
        let (staging, swept) = Staging::open(&base.join("staging")).map_err(failed("open staging"))?;
        let barrier = Barrier::new(&base).map_err(failed("open barrier"))?;
        let ocfl = Self::storage_root(arkivlager, municipality);
        let archive = Self { municipality: municipality.clone(), ocfl, staging, barrier, durable_years: Mutex::default() };
        if !archive.ocfl.exists() {
            archive.found(&base).map_err(failed("found store"))?;
        }
        let (name, text) = layout::ROOT_DECLARATION;
        match disk::read_if_there(&archive.ocfl.join(name)).map_err(failed("read declaration"))? {
            Some(found) if found == text.as_bytes() => {}
            _ => return Err(ArchiveError::NotAStorageRoot { municipality: municipality.to_string() }),
        }
        let recovery = recover::recover(&archive, swept)?;
        Ok((archive, recovery))
    }

    /// Where a municipality's storage root lies. Opens nothing and so mends nothing: for those who judge.
    pub fn storage_root(arkivlager: &Path, municipality: &MunicipalityNumber) -> PathBuf {
        arkivlager.join(municipality.as_str()).join("ocfl")
    }

    /// Where a case folder lies in a store that need not be open.
    pub fn case_folder(arkivlager: &Path, folder: &CaseFolderId) -> PathBuf {
        layout::case_path(&Self::storage_root(arkivlager, &folder.municipality), folder)
    }

    /// Builds the storage root beside and moves it in whole, so that nobody ever meets half of one.
    fn found(&self, base: &Path) -> io::Result<()> {
        let began = self.barrier.begin();
        let build = self.staging.build("ocfl")?;
        layout::write_root_files(build.path())?;
        self.barrier.sync(began)?;
        match disk::rename_new(build.path(), &self.ocfl) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        disk::sync_dir(base)?;
        base.parent().map_or(Ok(()), disk::sync_dir)
    }

    /// Where a case folder lies, or would lie.
    pub fn folder_path(&self, folder: &CaseFolderId) -> PathBuf {
        layout::case_path(&self.ocfl, folder)
    }

    /// The storage root, for [`crate::verify_root`].
    pub fn root_path(&self) -> &Path {
        &self.ocfl
    }

    /// Every case folder, in order.
    pub fn folders(&self) -> Result<Vec<CaseFolderId>, ArchiveError> {
        folders_below(&self.ocfl, &self.municipality)
    }

    /// Names of the year folders.
    pub(crate) fn years(&self) -> Result<Vec<String>, ArchiveError> {
        years_below(&self.ocfl)
    }

    /// The newest version, or `None` for a folder that is not there. `Damaged` if it cannot be read or has no case record.
    pub fn read_head(&self, folder: &CaseFolderId) -> Result<Option<CaseHead>, ArchiveError> {
        let Some(head) = self.head(folder)? else { return Ok(None) };
        let state = head.state(folder)?;
        let record = state.iter().find(|(path, _)| path.as_str() == CASE_RECORD_PATH);
        let Some((_, sha512)) = record else {
            return Err(ArchiveError::Damaged { folder: folder.clone(), fault: "no case record" });
        };
        let case_record = self.read_content(folder, &head.inventory, sha512)?;
        Ok(Some(CaseHead { version: head.version, object_id: head.inventory.id, inventory_sha512: head.sha512, case_record, state }))
    }

    /// Every file of the newest version, by path.
    pub fn tree(&self, folder: &CaseFolderId) -> Result<Vec<TreeEntry>, ArchiveError> {
        let head = self.head(folder)?.ok_or_else(|| ArchiveError::NotThere { folder: folder.clone() })?;
        let base = self.folder_path(folder);
        let mut tree = Vec::new();
        for (path, sha512) in head.state(folder)? {
            let damaged = |fault| ArchiveError::Damaged { folder: folder.clone(), fault };
            let content_path =
                head.inventory.content_path(&sha512.to_string()).ok_or_else(|| damaged("file without content path"))?.to_owned();
            let version =
                content_path.split('/').next().and_then(layout::version_number).ok_or_else(|| damaged("content path without version"))?;
            let size_bytes = fs::symlink_metadata(base.join(&content_path)).map_err(ArchiveError::io("look at file", folder))?.len();
            tree.push(TreeEntry { path, version, content_path, size_bytes, sha512 });
        }
        Ok(tree)
    }

    /// One file of the newest version, checked against its digest.
    pub fn read_file(&self, folder: &CaseFolderId, path: &LogicalPath) -> Result<Vec<u8>, ArchiveError> {
        let head = self.head(folder)?.ok_or_else(|| ArchiveError::NotThere { folder: folder.clone() })?;
        let state = head.state(folder)?;
        let sha512 = state.get(path).ok_or_else(|| ArchiveError::NotThere { folder: folder.clone() })?;
        self.read_content(folder, &head.inventory, sha512)
    }

    fn read_content(&self, folder: &CaseFolderId, inventory: &Inventory, sha512: &Sha512) -> Result<Vec<u8>, ArchiveError> {
        let damaged = |fault| ArchiveError::Damaged { folder: folder.clone(), fault };
        let content_path = inventory.content_path(&sha512.to_string()).ok_or_else(|| damaged("file without content path"))?;
        let bytes = disk::read_if_there(&self.folder_path(folder).join(content_path)).map_err(ArchiveError::io("read file", folder))?;
        let bytes = bytes.ok_or_else(|| damaged("file is missing"))?;
        if Sha512::of(&bytes) == *sha512 { Ok(bytes) } else { Err(damaged("file does not match its digest")) }
    }

    /// The highest version that is whole.
    pub(crate) fn head(&self, folder: &CaseFolderId) -> Result<Option<Head>, ArchiveError> {
        let case = self.folder_path(folder);
        let numbers = match version_numbers(&case) {
            Ok(numbers) => numbers,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(ArchiveError::io("list versions", folder)(e)),
        };
        for version in numbers.into_iter().rev() {
            if let Some(head) = self.version(folder, version)? {
                return Ok(Some(head));
            }
        }
        Err(ArchiveError::Damaged { folder: folder.clone(), fault: "no whole version" })
    }

    /// One version's inventory, checked against its sidecar. `None` if either is missing.
    pub(crate) fn version(&self, folder: &CaseFolderId, version: u32) -> Result<Option<Head>, ArchiveError> {
        let at = self.folder_path(folder).join(format!("v{version}"));
        let read = |name| disk::read_if_there(&at.join(name)).map_err(ArchiveError::io("read inventory", folder));
        let (Some(bytes), Some(digest)) = (read(INVENTORY)?, read(SIDECAR)?) else { return Ok(None) };
        let damaged = |fault| ArchiveError::Damaged { folder: folder.clone(), fault };
        let sha512 = Sha512::of(&bytes);
        if sidecar(&sha512).as_bytes() != digest {
            return Err(damaged("inventory does not match its sidecar"));
        }
        let inventory = Inventory::from_json(&bytes).ok_or_else(|| damaged("inventory cannot be read"))?;
        if inventory.head != format!("v{version}") {
            return Err(damaged("inventory lies in another version's folder"));
        }
        Ok(Some(Head { version, inventory, sha512 }))
    }
}

impl Head {
    /// Files of the version with their digests.
    fn state(&self, folder: &CaseFolderId) -> Result<BTreeMap<LogicalPath, Sha512>, ArchiveError> {
        let parse = |(path, digest): (&str, &str)| Some((path.parse().ok()?, digest.parse().ok()?));
        let state: Option<_> = self.inventory.state(&self.inventory.head).into_iter().map(parse).collect();
        state.ok_or_else(|| ArchiveError::Damaged { folder: folder.clone(), fault: "inventory cannot be read" })
    }
}

/// Numbers of a case folder's version folders, rising.
pub(crate) fn version_numbers(case: &Path) -> io::Result<Vec<u32>> {
    let mut numbers: Vec<u32> = disk::names(case)?.iter().filter_map(|n| layout::version_number(n)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The case folders of a storage root, in order.
pub(crate) fn folders_below(ocfl: &Path, municipality: &MunicipalityNumber) -> Result<Vec<CaseFolderId>, ArchiveError> {
    let mut folders = Vec::new();
    for year in years_below(ocfl)? {
        for name in disk::names(&ocfl.join(&year)).map_err(ArchiveError::io("list cases", "storage root"))? {
            folders.extend(folder_named(municipality, &year, &name));
        }
    }
    folders.sort();
    Ok(folders)
}

fn years_below(ocfl: &Path) -> Result<Vec<String>, ArchiveError> {
    let mut names = disk::names(ocfl).map_err(ArchiveError::io("list years", "storage root"))?;
    names.retain(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit()));
    Ok(names)
}

/// The case folder of this name on disk; `None` for a name that we do not give.
fn folder_named(municipality: &MunicipalityNumber, year: &str, name: &str) -> Option<CaseFolderId> {
    let sequence = name.strip_prefix(year)?.strip_prefix('-')?.parse().ok()?;
    let id = CaseFolderId { municipality: municipality.clone(), year: year.parse().ok()?, sequence };
    (id.case_number() == name).then_some(id)
}
