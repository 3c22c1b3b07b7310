//! Entries of a zip, judged by what the directory and their own headers say, before anything is unpacked.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Seek},
};

use zip::{ZipArchive, ZipReadOptions, read::ZipFileEntry, result::ZipError};

use super::Limits;
use crate::{
    Code,
    judge::Findings,
    names::{self, NameFault},
};

/// The flag that says that names are UTF-8 (APPNOTE 4.4.4, bit 11).
const UTF_8: u16 = 1 << 11;

/// An ordinary file of a zip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub index: usize,
    pub size_bytes: u64,
}

/// What a sound zip holds.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub files: BTreeMap<String, Entry>,
    /// Names of folders, without the `/` at their end.
    pub folders: BTreeSet<String>,
}

/// Judges every entry. What is given back is to be used only when no error was found.
pub(super) fn judge<R: Read + Seek>(zip: &mut ZipArchive<R>, has_password: bool, limits: &Limits, findings: &mut Findings) -> Entries {
    let mut entries = Entries::default();
    if zip.len() > limits.entries {
        findings.add(Code::ZipTooManyEntries, None);
        return entries;
    }
    let mut total = 0u64;
    let mut keys = BTreeMap::new();
    for index in 0..zip.len() {
        let Ok(entry) = zip.by_index_data(index) else {
            findings.add(Code::ZipMalformed, None);
            continue;
        };
        let name = name(&entry, findings);
        kind(&entry, &name, has_password, findings);
        size(&entry, &name, limits, findings);
        total = total.saturating_add(entry.size());
        let bare = name.trim_end_matches('/').to_owned();
        collide(&mut keys, &bare, entry.is_dir(), findings);
        if entry.is_dir() {
            entries.folders.insert(bare);
        } else {
            entries.files.insert(bare, Entry { index, size_bytes: entry.size() });
        }
    }
    if total > limits.total_bytes {
        findings.add(Code::ZipTotalTooLarge, None);
    }
    files_as_folders(&keys, findings);
    headers(zip, findings);
    entries
}

fn name(entry: &ZipFileEntry<'_>, findings: &mut Findings) -> String {
    let raw = entry.name_raw();
    let name = String::from_utf8_lossy(raw).into_owned();
    // The flag, or the field with the name in UTF-8 that some write instead (APPNOTE 4.6.9), which the library turns into it.
    let is_marked = entry.flags().as_u16() & UTF_8 != 0;
    if std::str::from_utf8(raw).is_err() {
        findings.at(Code::ZipNameEncoding, &name);
    } else if !raw.is_ascii() && !is_marked {
        findings.at(Code::ZipNameUnmarked, &name);
    }
    let bare = if entry.is_dir() { name.strip_suffix('/').unwrap_or(&name) } else { &name };
    for fault in names::faults(bare) {
        let code = match fault {
            NameFault::Traversal => Code::ZipPathTraversal,
            NameFault::Absolute | NameFault::Home => Code::ZipPathAbsolute,
            NameFault::Backslash => Code::ZipPathBackslash,
            NameFault::Control => Code::ZipControlCharacter,
            NameFault::Reserved => Code::ZipReservedName,
            NameFault::TrailingDotOrBlank => Code::ZipTrailingDotOrBlank,
            NameFault::Forbidden => Code::ZipForbiddenCharacter,
            NameFault::EmptyPart => Code::ZipPathEmptyPart,
            NameFault::TooLong => Code::ZipNameTooLong,
        };
        findings.at(code, &name);
    }
    name
}

fn kind(entry: &ZipFileEntry<'_>, name: &str, has_password: bool, findings: &mut Findings) {
    const KIND: u32 = 0o170_000;
    const ORDINARY: [u32; 3] = [0, 0o100_000, 0o040_000];
    if entry.is_symlink() {
        findings.at(Code::ZipSymlink, name);
    } else if entry.unix_mode().is_some_and(|mode| !ORDINARY.contains(&(mode & KIND))) {
        findings.at(Code::ZipSpecialFile, name);
    }
    if entry.encrypted() && !has_password {
        findings.at(Code::ZipEncrypted, name);
    }
    if !zip::SUPPORTED_COMPRESSION_METHODS.contains(&entry.compression()) {
        findings.at(Code::ZipMethod, name);
    }
}

fn size(entry: &ZipFileEntry<'_>, name: &str, limits: &Limits, findings: &mut Findings) {
    if entry.size() > limits.entry_bytes {
        findings.at(Code::ZipEntryTooLarge, name);
    }
    if entry.size() > Limits::RATIO_FROM && entry.size() / entry.compressed_size().max(1) > limits.ratio {
        findings.at(Code::ZipRatio, name);
    }
    if entry.is_dir() && entry.size() > 0 {
        findings.at(Code::ZipSizeLie, name);
    }
}

/// Folded name → whether it is a folder.
fn collide(keys: &mut BTreeMap<String, bool>, name: &str, is_folder: bool, findings: &mut Findings) {
    let code = match keys.insert(names::key(name), is_folder) {
        None => return,
        Some(was_folder) if was_folder != is_folder => Code::ZipFileAndFolder,
        Some(_) => Code::ZipNameCollision,
    };
    findings.at(code, name);
}

fn files_as_folders(keys: &BTreeMap<String, bool>, findings: &mut Findings) {
    for name in keys.keys() {
        for above in names::folders_above(name).filter(|above| keys.get(*above) == Some(&false)) {
            findings.at(Code::ZipFileAndFolder, above);
        }
    }
}

/// The directory against the headers before the entries, and both against the bytes between.
fn headers<R: Read + Seek>(zip: &mut ZipArchive<R>, findings: &mut Findings) {
    let mut sound = true;
    if zip.has_duplicate_names() {
        findings.add(Code::ZipDuplicateName, None);
        sound = false;
    }
    match zip.has_overlapping_entries() {
        Ok(false) => {}
        Ok(true) => {
            findings.add(Code::ZipOverlap, None);
            sound = false;
        }
        Err(_) => {
            findings.add(Code::ZipHeaderMismatch, None);
            sound = false;
        }
    }
    for index in 0..zip.len() {
        let name = zip.by_index_data(index).map(|e| String::from_utf8_lossy(e.name_raw()).into_owned()).unwrap_or_default();
        if sound && mismatch(zip, index) {
            findings.at(Code::ZipHeaderMismatch, &name);
            sound = false;
        }
    }
    // Everything else was seen above: what remains is an entry that the directory does not name.
    if sound && matches!(zip.validate_header_consistency(), Err(ZipError::InvalidArchive(_))) {
        findings.add(Code::ZipHiddenEntry, None);
    }
}

/// Only the check is wanted: encryption and compression are passed over.
fn mismatch<R: Read + Seek>(zip: &mut ZipArchive<R>, index: usize) -> bool {
    let options = ZipReadOptions::new().ignore_encryption_flag(true).enforce_header_consistency(true);
    matches!(zip.by_index_with_options(index, options), Err(ZipError::InvalidArchive(_) | ZipError::Io(_)))
}
