//! A bag in a folder.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    finding::{Code, Findings},
    place::{Listing, Place, read_pieces},
};
use crate::{BagError, Limits};

/// Folders within folders that are followed.
const DEEPEST: usize = 100;

/// The files below one folder.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    listing: Listing,
}

impl Folder {
    /// Lists everything. Links are noted and never followed.
    pub fn open(root: &Path, limits: &Limits, findings: &mut Findings) -> Result<Self, BagError> {
        let mut folder = Self { root: root.to_owned(), listing: Listing::default() };
        let mut open = vec![(String::new(), 0)];
        while let Some((above, depth)) = open.pop() {
            let entries = match fs::read_dir(root.join(&above)) {
                Ok(entries) => entries,
                Err(source) if above.is_empty() => return Err(BagError::Open { source }),
                Err(_) => {
                    findings.at(Code::Unreadable, &above);
                    continue;
                }
            };
            for entry in entries {
                let Ok(entry) = entry else {
                    findings.at(Code::Unreadable, &above);
                    continue;
                };
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    findings.at(Code::PathNotUtf8, &format!("{above}{}", name.to_string_lossy()));
                    continue;
                };
                let path = format!("{above}{name}");
                if let Some(below) = folder.note(&entry, path, findings) {
                    match depth < DEEPEST {
                        true => open.push((below, depth + 1)),
                        false => findings.at(Code::TooDeep, &below),
                    }
                }
                if folder.listing.files.len() > limits.entries {
                    findings.add(Code::TooManyFiles, None);
                    return Ok(folder);
                }
            }
        }
        Ok(folder)
    }

    /// A file is listed; a folder is given back with a `/` at its end.
    fn note(&mut self, entry: &fs::DirEntry, path: String, findings: &mut Findings) -> Option<String> {
        // The entry's own kind: a link stays a link.
        match entry.metadata() {
            Ok(data) if data.is_dir() => {
                self.listing.has_payload_folder |= path == "data";
                return Some(path + "/");
            }
            Ok(data) if data.is_file() => {
                self.listing.files.insert(path, data.len());
            }
            Ok(data) if data.is_symlink() => findings.at(Code::Symlink, &path),
            Ok(_) => findings.at(Code::SpecialFile, &path),
            Err(_) => findings.at(Code::Unreadable, &path),
        }
        None
    }
}

impl Place for Folder {
    fn listing(&self) -> &Listing {
        &self.listing
    }

    fn read(&mut self, path: &str, with: &mut dyn FnMut(&[u8])) -> Result<(), Code> {
        let size = self.listing.files.get(path).copied().unwrap_or_default();
        let file = File::open(self.root.join(path)).map_err(|_| Code::Unreadable)?;
        // One that grows while it is read is not read to an end that may never come.
        match read_pieces(&mut file.take(size + 1), with) {
            Ok(read) if read == size => Ok(()),
            _ => Err(Code::Unreadable),
        }
    }
}
