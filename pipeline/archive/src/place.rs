//! Placing a package: build beside, one `syncfs`, one rename that must not replace, one folder sync. Then, and only then, the
//! receipt. The root inventory is brought up after that; it is derived, and an opening makes it again if we die before.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::PoisonError,
};

use pipeline_domain::{Archived, CaseFolderId, LogicalPath, Packaged, Placement, Sha512};

use crate::{
    ArchiveError,
    barrier::Epoch,
    disk,
    fault::{self, Step},
    inventory::{AGENT_ADDRESS, AGENT_NAME, Digests, Inventory, Manifest, User, Version, chain, sidecar},
    layout::{self, CHAIN_PATH, CONTENT, INVENTORY, OBJECT_DECLARATION, SIDECAR},
    recover::move_root_files,
    staging::Build,
    store::{CaseArchive, Head, version_numbers},
};

/// A version that is ready to be written.
struct Draft<'a> {
    number: u32,
    inventory: Vec<u8>,
    sha512: Sha512,
    /// What is not in the folder yet, by logical path.
    stored: Vec<(&'a str, Content<'a>)>,
}

/// What a file of a package holds.
#[derive(Clone, Copy)]
enum Content<'a> {
    Bytes(&'a [u8]),
    /// Copied from there when the version is staged, and then looked at: it must still be what it was.
    Copied(&'a Path, Digests),
}

/// One file of a package with its digests.
struct Brought<'a> {
    path: &'a LogicalPath,
    content: Content<'a>,
    digests: Digests,
}

/// Every file of a package. What is to be copied is read once for its digests, and must be what the package says.
fn brought(packaged: &Packaged) -> io::Result<Vec<Brought<'_>>> {
    let carried = packaged.files.iter().map(|f| {
        let digests = Digests::of(&f.bytes);
        Ok(Brought { path: &f.path, content: Content::Bytes(&f.bytes), digests })
    });
    let copied = packaged.copies.iter().map(|c| {
        let digests = disk::digests_of(&c.from.at)?;
        if digests.sha256 != c.from.sha256 {
            return Err(changed());
        }
        Ok(Brought { path: &c.path, content: Content::Copied(&c.from.at, digests), digests })
    });
    carried.chain(copied).collect()
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a file to be copied is not what it was")
}

impl CaseArchive {
    /// Places a package as the next version of its case folder. When this returns `Ok`, power may fail.
    ///
    /// The same package twice is placed once: the second answer is [`Placement::AlreadyThere`] with the first one's version
    /// and receipt. `Conflict` if another version came in between; `DiskFull` and `Write` leave nothing staged.
    pub fn place(&self, packaged: &Packaged) -> Result<Archived, ArchiveError> {
        let folder = &packaged.folder;
        self.check(packaged)?;
        let files = brought(packaged).map_err(ArchiveError::io("read a file to be copied", folder))?;
        let head = self.head(folder)?;
        if let Some(head) = &head
            && head.inventory.id != packaged.object_id
        {
            return Err(refused(folder, "object id is not the folder's"));
        }
        if let Some(version) = head.as_ref().and_then(|h| already_in(h, packaged, &files)) {
            return self.confirm(packaged, version);
        }
        if head.as_ref().map(|h| h.version) != packaged.based_on {
            return Err(self.conflict(packaged)?);
        }
        let chained = head.as_ref().map(|h| chain(h.version, &h.sha512));
        let draft = draft(packaged, &files, head.as_ref(), chained.as_deref())?;
        match self.commit(folder, &draft) {
            Ok(()) => Ok(receipt(packaged, draft.number, draft.sha512, Placement::Written)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(self.conflict(packaged)?),
            Err(e) => Err(ArchiveError::io("write version", folder)(e)),
        }
    }

    /// Rules that no retry will mend.
    fn check(&self, packaged: &Packaged) -> Result<(), ArchiveError> {
        let folder = &packaged.folder;
        if folder.municipality != self.municipality {
            return Err(refused(folder, "folder is another municipality's"));
        }
        if !packaged.object_id.ends_with(&format!("/{}", folder.case_number())) {
            return Err(refused(folder, "object id does not end in the case number"));
        }
        if packaged.files.is_empty() {
            return Err(refused(folder, "package without files"));
        }
        let mut seen = BTreeSet::new();
        let mut paths = packaged.files.iter().map(|f| &f.path).chain(packaged.copies.iter().map(|c| &c.path));
        if !paths.all(|path| path.as_str() != CHAIN_PATH && seen.insert(path)) {
            return Err(refused(folder, "a path stands twice or is reserved"));
        }
        Ok(())
    }

    /// The answer to a package that is in place. Whoever put it there may have died before its names were on the disk.
    fn confirm(&self, packaged: &Packaged, version: u32) -> Result<Archived, ArchiveError> {
        let folder = &packaged.folder;
        let head = self.version(folder, version)?;
        let head = head.ok_or_else(|| ArchiveError::Damaged { folder: folder.clone(), fault: "a version is not whole" })?;
        let case = self.folder_path(folder);
        for at in [Some(case.as_path()), case.parent(), Some(&self.ocfl)].into_iter().flatten() {
            disk::sync_dir(at).map_err(ArchiveError::io("sync folder", folder))?;
        }
        Ok(receipt(packaged, version, head.sha512, Placement::AlreadyThere))
    }

    /// Names what is in the way: a newer version, or the remains of one.
    fn conflict(&self, packaged: &Packaged) -> Result<ArchiveError, ArchiveError> {
        let folder = packaged.folder.clone();
        let head = self.head(&folder)?.map(|h| h.version);
        Ok(if head == packaged.based_on {
            ArchiveError::Damaged { folder, fault: "the next version's name is taken by something that is not whole" }
        } else {
            ArchiveError::Conflict { folder, based_on: packaged.based_on, head }
        })
    }

    fn commit(&self, folder: &CaseFolderId, draft: &Draft) -> io::Result<()> {
        if draft.number == 1 { self.commit_case(folder, draft) } else { self.commit_version(folder, draft) }
    }

    fn commit_case(&self, folder: &CaseFolderId, draft: &Draft) -> io::Result<()> {
        let began = self.barrier.begin();
        let build = self.staging.build(&folder.case_number())?;
        let version = build.path().join("v1");
        disk::make_dir(&version)?;
        stage_version(&version, draft)?;
        stage_inventory(build.path(), draft)?;
        disk::write_new(&build.path().join(OBJECT_DECLARATION.0), OBJECT_DECLARATION.1.as_bytes())?;
        fault::pass(Step::Staged)?;
        self.barrier.sync(began)?;
        fault::pass(Step::Synced)?;
        self.move_new_case(folder, &build, began)?;
        fault::pass(Step::Committed)
    }

    fn commit_version(&self, folder: &CaseFolderId, draft: &Draft) -> io::Result<()> {
        let began = self.barrier.begin();
        let version = self.staging.build(&format!("{}.v{}", folder.case_number(), draft.number))?;
        let root = self.staging.build(&format!("{}.root", folder.case_number()))?;
        stage_version(version.path(), draft)?;
        stage_inventory(root.path(), draft)?;
        fault::pass(Step::Staged)?;
        self.barrier.sync(began)?;
        fault::pass(Step::Synced)?;
        let case = self.folder_path(folder);
        disk::rename_new(version.path(), &case.join(format!("v{}", draft.number)))?;
        fault::pass(Step::Moved)?;
        disk::sync_dir(&case)?;
        fault::pass(Step::Committed)?;
        // Committed. What follows is derived, so its failure is not the package's.
        let _ = bring_up_root(&case, root.path(), draft.number);
        fault::pass(Step::Root)
    }

    /// Moves a staged case in. A year folder is never seen empty: a new one is moved in with its first case.
    fn move_new_case(&self, folder: &CaseFolderId, build: &Build, began: Epoch) -> io::Result<()> {
        let (year, case) = (self.ocfl.join(layout::year_name(folder)), folder.case_number());
        if let Err(e) = disk::rename_new(build.path(), &year.join(&case)) {
            if e.kind() != io::ErrorKind::NotFound {
                return Err(e);
            }
            let staged = self.staging.build(&layout::year_name(folder))?;
            disk::rename_new(build.path(), &staged.path().join(&case))?;
            self.barrier.sync(began)?;
            match disk::rename_new(staged.path(), &year) {
                // Somebody else's first case came first.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => disk::rename_new(&staged.path().join(&case), &year.join(&case))?,
                other => other?,
            }
        }
        fault::pass(Step::Moved)?;
        disk::sync_dir(&year)?;
        if !self.durable_years.lock().unwrap_or_else(PoisonError::into_inner).contains(&folder.year) {
            disk::sync_dir(&self.ocfl)?;
            self.durable_years.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.year);
        }
        Ok(())
    }
}

/// Puts the staged root files in place, unless a later version has come meanwhile and brought its own.
fn bring_up_root(case: &Path, staged: &Path, number: u32) -> io::Result<()> {
    let _held = disk::lock(case)?;
    if version_numbers(case)?.last() == Some(&number) { move_root_files(staged, case) } else { Ok(()) }
}

fn stage_version(version: &Path, draft: &Draft) -> io::Result<()> {
    let content = version.join(CONTENT);
    let mut made: BTreeSet<&Path> = BTreeSet::new();
    if !draft.stored.is_empty() {
        disk::make_dir(&content)?;
    }
    for (path, stored) in &draft.stored {
        if let Some(parent) = Path::new(path).parent()
            && made.insert(parent)
        {
            disk::make_dirs(&content.join(parent))?;
        }
        match stored {
            Content::Bytes(bytes) => disk::write_new(&content.join(path), bytes)?,
            Content::Copied(from, digests) if disk::copy_new(from, &content.join(path))? != *digests => return Err(changed()),
            Content::Copied(..) => {}
        }
        fault::pass(Step::FileStaged)?;
    }
    stage_inventory(version, draft)
}

fn stage_inventory(folder: &Path, draft: &Draft) -> io::Result<()> {
    disk::write_new(&folder.join(INVENTORY), &draft.inventory)?;
    disk::write_new(&folder.join(SIDECAR), sidecar(&draft.sha512).as_bytes())
}

/// The version that already holds the package: the one that would have come of it, or the newest if nothing would change.
fn already_in(head: &Head, packaged: &Packaged, files: &[Brought<'_>]) -> Option<u32> {
    let next = packaged.based_on.unwrap_or(0) + 1;
    let holds = |version: u32| {
        let state = head.inventory.state(&format!("v{version}"));
        files.iter().all(|f| state.get(f.path.as_str()).is_some_and(|d| *d == f.digests.sha512.to_string()))
    };
    [next, head.version].into_iter().find(|v| *v <= head.version && holds(*v))
}

/// Works out the next version: what is new, and the inventory that says so.
fn draft<'a>(
    packaged: &'a Packaged,
    files: &'a [Brought<'a>],
    head: Option<&Head>,
    chained: Option<&'a str>,
) -> Result<Draft<'a>, ArchiveError> {
    let number = head.map_or(1, |h| h.version + 1);
    let name = format!("v{number}");
    let mut inventory = head.map_or_else(|| Inventory::new(&packaged.object_id), |h| h.inventory.clone());
    let mut state: BTreeMap<String, String> =
        inventory.state(&inventory.head).into_iter().map(|(p, d)| (p.to_owned(), d.to_owned())).collect();
    let mut stored = Vec::new();
    let brought = files.iter().map(|f| (f.path.as_str(), f.content, f.digests));
    let chained = chained.map(|text| (CHAIN_PATH, Content::Bytes(text.as_bytes()), Digests::of(text.as_bytes())));
    for (path, content, digests) in brought.chain(chained) {
        let sha512 = digests.sha512.to_string();
        if !inventory.manifest.contains_key(&sha512) {
            inventory.add_content(&digests, format!("{name}/{CONTENT}/{path}"));
            stored.push((path, content));
        }
        state.insert(path.to_owned(), sha512);
    }
    if has_folder_named_as_file(state.keys()) {
        return Err(refused(&packaged.folder, "a path is a file here and a folder there"));
    }
    let mut by_digest = Manifest::new();
    for (path, digest) in state {
        by_digest.entry(digest).or_default().push(path);
    }
    let user = User { address: AGENT_ADDRESS.to_owned(), name: AGENT_NAME.to_owned() };
    let version = Version { created: packaged.created.to_string(), message: packaged.message.clone(), state: by_digest, user };
    inventory.versions.insert(name.clone(), version);
    inventory.head = name;
    let inventory = inventory.to_json();
    let sha512 = Sha512::of(&inventory);
    Ok(Draft { number, inventory, sha512, stored })
}

/// OCFL E095: no path may be the beginning of another one.
fn has_folder_named_as_file<'a>(paths: impl Iterator<Item = &'a String> + Clone) -> bool {
    let files: BTreeSet<&str> = paths.clone().map(String::as_str).collect();
    paths.clone().any(|path| path.match_indices('/').any(|(at, _)| files.contains(&path[..at])))
}

fn receipt(packaged: &Packaged, folder_version: u32, inventory: Sha512, placement: Placement) -> Archived {
    Archived {
        document: packaged.document,
        folder: packaged.folder.clone(),
        folder_version,
        pdf: packaged.pdf.clone(),
        inventory,
        placement,
    }
}

fn refused(folder: &CaseFolderId, rule: &'static str) -> ArchiveError {
    ArchiveError::Refused { folder: folder.clone(), rule }
}
