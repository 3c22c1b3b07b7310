//! A tar (ustar, pax, GNU long names): its headers are read one by one, the files' bytes are passed over.
//!
//! The headers' fields are read by the crate `tar`; its own walk is not used, since it takes a long name or a pax record of any
//! length into memory.

use std::{fs::File, os::unix::fs::FileExt};

use tar::{EntryType, Header, PaxExtensions};

use super::{Lister, PATH_BYTES, is_safe};
use crate::Rule;

const BLOCK: u64 = 512;
/// Longest record of extensions.
const EXTENSION_BYTES: u64 = 64 << 10;
/// The largest record of blocks that programs fill up with zeros.
const PADDING: u64 = 1 << 20;

/// What extension headers say of the entry that follows.
#[derive(Default)]
struct Said {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    is_unread: bool,
}

/// Lists everything in it.
pub(super) fn list(file: &File, length: u64, lister: &mut Lister<'_>) {
    if walk(file, length, lister).is_none() {
        lister.is_listed = false;
        lister.broken(Rule::TarDamaged, None);
    }
}

/// `None` when the tar is damaged. With too many entries the walk ends, and that has been told.
fn walk(file: &File, length: u64, lister: &mut Lister<'_>) -> Option<()> {
    let (mut at, mut said) = (0, Said::default());
    loop {
        let mut header = Header::new_old();
        file.read_exact_at(header.as_mut_bytes(), at).ok()?;
        if header.as_bytes().iter().all(|b| *b == 0) {
            return is_end(file, at, length).then_some(());
        }
        if header.cksum().ok()? != sum(header.as_bytes()) {
            return None;
        }
        let kind = header.entry_type();
        // What an extension says of a size holds for the file that follows it, not for another extension.
        let is_extension = matches!(kind, EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader);
        let size = said.size.filter(|_| !is_extension).map_or_else(|| header.entry_size().ok(), Some)?;
        let data = at + BLOCK;
        let end = data.checked_add(size)?;
        if end > length {
            return None;
        }
        if !lister.has_room() {
            return Some(());
        }
        if is_extension {
            extend(file, kind, data, size, &mut said)?;
        } else if !entry(&header, std::mem::take(&mut said), data, size, lister) {
            return Some(());
        }
        at = end.checked_next_multiple_of(BLOCK)?;
    }
}

/// Sum of the header's bytes, its own field as blanks.
fn sum(bytes: &[u8; 512]) -> u32 {
    bytes.iter().enumerate().map(|(at, b)| u32::from(if (148..156).contains(&at) { b' ' } else { *b })).sum()
}

/// Two blocks of zeros, and nothing but zeros after them.
fn is_end(file: &File, at: u64, length: u64) -> bool {
    let rest = length.saturating_sub(at);
    if !(2 * BLOCK..=2 * PADDING).contains(&rest) {
        return false;
    }
    let mut bytes = vec![0; rest as usize];
    file.read_exact_at(&mut bytes, at).is_ok() && bytes.iter().all(|b| *b == 0)
}

/// Reads an extension. `None` when it is too long or nonsense.
fn extend(file: &File, kind: EntryType, data: u64, size: u64, said: &mut Said) -> Option<()> {
    if size > EXTENSION_BYTES {
        return None;
    }
    let mut bytes = vec![0; size as usize];
    file.read_exact_at(&mut bytes, data).ok()?;
    match kind {
        EntryType::GNULongName => {
            bytes.truncate(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
            said.path = Some(bytes);
        }
        EntryType::XHeader => pax(&bytes, said)?,
        // One for all that follow: comments are passed over, the rest would change every entry.
        EntryType::XGlobalHeader => {
            let mut every = Said::default();
            pax(&bytes, &mut every)?;
            (every.path.is_none() && every.size.is_none() && !every.is_unread).then_some(())?;
        }
        _ => {}
    }
    Some(())
}

fn pax(bytes: &[u8], said: &mut Said) -> Option<()> {
    for record in PaxExtensions::new(bytes) {
        let record = record.ok()?;
        match record.key_bytes() {
            b"path" => said.path = Some(record.value_bytes().to_vec()),
            b"size" => said.size = Some(record.value().ok()?.parse().ok()?),
            key if key.starts_with(b"GNU.sparse.") => said.is_unread = true,
            _ => {}
        }
    }
    Some(())
}

/// Notes one entry. `false` when there is no room for its name.
fn entry(header: &Header, said: Said, data: u64, size: u64, lister: &mut Lister<'_>) -> bool {
    let bytes = said.path.unwrap_or_else(|| header.path_bytes().into_owned());
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(PATH_BYTES)]).into_owned();
    if !lister.has_room_for(&text) {
        return false;
    }
    let path = text.strip_prefix("./").unwrap_or(&text);
    let is_folder = header.entry_type().is_dir() || path.ends_with('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    if is_folder && (path.is_empty() || path == ".") {
        return true;
    }
    if std::str::from_utf8(&bytes).is_err() || bytes.len() > PATH_BYTES || !is_safe(path) {
        lister.broken(Rule::UnsafeName, Some(path));
    } else if said.is_unread || header.entry_type().is_gnu_sparse() {
        lister.broken(Rule::TarDamaged, Some(path));
    } else if path.split('/').count() > lister.limits.folder_depth {
        lister.broken(Rule::TooMuch, Some(path));
    } else if is_folder {
        lister.index.add_folder(path);
    } else if header.entry_type().is_file() || header.entry_type().is_contiguous() {
        lister.index.add(path, size, data);
    } else {
        lister.broken(Rule::NotAFile, Some(path));
    }
    true
}
