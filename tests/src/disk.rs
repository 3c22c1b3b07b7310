//! A small file system of its own, for what must hold when a disk is full.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::judges::skip;

/// A tmpfs over a folder. Taken away when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Over a folder, with what lies there; made where it is not. `None` (said aloud) where nothing can be mounted.
    pub fn over(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).expect("a folder can be made");
        let aside = tempfile::tempdir().expect("there is room");
        copy_all(&at, aside.path());
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            copy_all(aside.path(), &at);
            return Some(Self(at));
        }
        skip("the right to mount a small file system");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Gives it another size, such as `64m`. Not smaller than what lies there.
    pub fn resize(&self, size: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "the disk cannot be made {size}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Everything below a folder, as it is.
fn copy_all(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(done.is_ok_and(|status| status.success()), "a folder can be copied");
}
