//! The backup before this one: what has not changed since is linked to, and not written again.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use pipeline_domain::Sha256;

use crate::backup::{
    about::About,
    files::walk,
    manifest::{self, Line},
};

/// A backup with its digests: 48 bytes for each of its files.
pub struct Earlier {
    root: PathBuf,
    about: About,
    /// The first half of the path's digest, and the file's digest; sorted.
    digests: Vec<([u8; 16], Sha256)>,
}

impl Earlier {
    /// `None` when it cannot be read: then everything is written anew.
    pub fn read(root: PathBuf) -> Option<Self> {
        let about = About::read(&root).ok()?;
        let mut digests = Vec::new();
        for line in manifest::lines(&root).ok()? {
            let line = line.ok()?;
            digests.push((short(&line.path), line.digest));
        }
        digests.sort_unstable_by_key(|(path, _)| *path);
        Some(Self { root, about, digests })
    }

    fn digest(&self, path: &Path) -> Option<Sha256> {
        let found = self.digests.binary_search_by_key(&short(path), |(path, _)| *path).ok()?;
        Some(self.digests[found].1)
    }

    /// Whether this case folder was whole then.
    pub fn was_whole(&self, folder: &str) -> bool {
        !self.about.damaged.iter().any(|d| d == folder)
    }

    /// Whether a folder held the same names then as this one does.
    pub fn has_names_of(&self, folder: &Path, path: &Path) -> bool {
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).ok()?;
            entries.map(|e| e.ok().map(|e| e.file_name())).collect::<Option<BTreeSet<_>>>()
        };
        names(folder).is_some_and(|now| names(&self.root.join(path)) == Some(now))
    }

    /// Links a file that is as it was then, by size and time of change. `None`: it is not, or the file system has no links.
    pub fn link(&self, source: &fs::Metadata, path: &Path, to: &Path) -> Option<Line> {
        let there = fs::symlink_metadata(self.root.join(path)).ok()?;
        let same =
            there.is_file() && there.len() == source.len() && (there.mtime(), there.mtime_nsec()) == (source.mtime(), source.mtime_nsec());
        if same { self.link_file(path, to) } else { None }
    }

    fn link_file(&self, path: &Path, to: &Path) -> Option<Line> {
        let digest = self.digest(path)?;
        fs::hard_link(self.root.join(path), to).ok()?;
        Some(Line { path: path.to_owned(), digest })
    }

    /// Links a whole version of a case folder. Its sidecar is the digest of all that is in it, so an equal sidecar and equal sizes
    /// mean the same version. `None`, and nothing is left: it is not the same.
    pub fn link_version(&self, source: &Path, path: &Path, backup: &Path) -> Option<Vec<Line>> {
        const SIDECAR: &str = "inventory.json.sha512";
        let there = self.root.join(path);
        let sidecar = fs::read(source.join(SIDECAR)).ok().filter(|bytes| !bytes.is_empty())?;
        if fs::read(there.join(SIDECAR)).ok()? != sidecar {
            return None;
        }
        let (now, then) = (walk(source).ok()?, walk(&there).ok()?);
        let size = |root: &Path, file: &PathBuf| fs::symlink_metadata(root.join(file)).map(|m| m.len()).ok();
        let same = now.others == 0 && now.files == then.files && now.files.iter().all(|f| size(source, f) == size(&there, f));
        if !same {
            return None;
        }
        let linked = self.link_all(&now.files, path, backup);
        if linked.is_none() {
            let _ = fs::remove_dir_all(backup.join(path));
        }
        linked
    }

    fn link_all(&self, files: &[PathBuf], path: &Path, backup: &Path) -> Option<Vec<Line>> {
        files
            .iter()
            .map(|file| {
                let file = path.join(file);
                let to = backup.join(&file);
                make_parent(&to).ok()?;
                self.link_file(&file, &to)
            })
            .collect()
    }
}

/// Makes the folder that a file is to lie in.
pub fn make_parent(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), super::files::make_folder)
}

/// Tells a path from every other, in 16 bytes.
pub fn short(path: &Path) -> [u8; 16] {
    let digest = Sha256::of(path.as_os_str().as_bytes());
    digest.as_bytes()[..16].try_into().expect("a digest has 32 bytes")
}
