//! A folder. Every part of every path is opened by itself without following links.

use std::{fs::File, io, path::Path};

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat},
};

use super::{Lister, is_safe};
use crate::Rule;

/// Opens the folder that somebody named; the name itself may be a link.
pub(super) fn open_root(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn open_folder(root: &OwnedFd, path: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folder = root.try_clone()?;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        folder = openat(&folder, part, flags, Mode::empty())?;
    }
    Ok(folder)
}

/// Opens a regular file below the root.
pub(super) fn open_file(root: &OwnedFd, path: &str) -> io::Result<File> {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = open_folder(root, above)?;
    // A pipe would wait for somebody to write to it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(&folder, name, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Lists everything below.
pub(super) fn list(root: &OwnedFd, lister: &mut Lister<'_>) {
    // Paths, not open folders: a tree may have more of them than a process may open.
    let mut waiting = vec![(String::new(), 0)];
    while let Some((above, depth)) = waiting.pop() {
        let Ok((folder, entries)) = open_folder(root, &above).and_then(|f| Dir::read_from(&f).map(|d| (f, d)).map_err(Into::into)) else {
            lister.broken(Rule::Unreadable, Some(&above));
            continue;
        };
        for entry in entries {
            let Ok(entry) = entry else {
                lister.broken(Rule::Unreadable, Some(&above));
                break;
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let path = format!("{above}{}", name.to_string_lossy());
            if !lister.has_room() || !lister.has_room_for(&path) {
                return;
            }
            if name.to_str().is_err() || !is_safe(&path) {
                lister.broken(Rule::UnsafeName, Some(&path));
                continue;
            }
            if note(&folder, name, &path, lister) {
                lister.index.add_folder(&path);
                match depth < lister.limits.folder_depth {
                    true => waiting.push((path + "/", depth + 1)),
                    false => lister.broken(Rule::TooMuch, Some(&path)),
                }
            }
        }
    }
}

/// Notes a file; tells of a folder.
fn note(folder: &impl AsFd, name: &std::ffi::CStr, path: &str, lister: &mut Lister<'_>) -> bool {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => return true,
            FileType::RegularFile => lister.index.add(path, u64::try_from(stat.st_size).unwrap_or_default(), 0),
            _ => lister.broken(Rule::NotAFile, Some(path)),
        },
        Err(_) => lister.broken(Rule::Unreadable, Some(path)),
    }
    false
}
